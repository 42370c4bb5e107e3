"""What time-stamps on a CMS signature prove about the past (ETSI EN 319 102-1, 5.5.4 and 5.6.2.3; EN 319 122-1, 5.5).

They are judged from the last to the first. A good archive time-stamp proves that all it lists existed by its time,
earlier time-stamps included. The earliest time that a good one over the signature proves is the best signature time;
without one it is the time of validation. Time-stamps over the content must not be later than those over the signature,
nor these later than archive time-stamps. For XML, :mod:`egov_sign.docs.past` does the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

from egov_sign.certs.certificate import Certificate
from egov_sign.crypto import der_write, digests
from egov_sign.docs import cms
from egov_sign.docs.cades_archive import HashIndex, covered_revocations, stamped_octets
from egov_sign.docs.cms import SignedData, SignerInfo
from egov_sign.docs.cms_verify import Content
from egov_sign.docs.existence import Past
from egov_sign.docs.timestamp import TimestampInfo, TimestampToken
from egov_sign.docs.timestamp_validation import JudgedTimestamp, TimestampValidator
from egov_sign.errors import InputError, UnsupportedError
from egov_sign.limits import Limits
from egov_sign.verdict import Indication, Report, SubIndication

_SIGNED_DATA = der_write.oid(cms.SIGNED_DATA)
_TYPE_SEARCHED = 32
"""Octets within which a message shows its type."""


@dataclass(slots=True)
class _Judged:
    """The time-stamps of one signature, as far as they are judged: what they prove, and the report on it."""

    report: Report
    past: Past
    timestamps: list[JudgedTimestamp] = field(default_factory=list)


class CmsTimestamps:
    """Judges the time-stamps on all signatures of a message, which may not be too many together.

    Args:
        validator: judges a time-stamp.
        message: where the signatures stand.
        at: the validation time, UTC.
        known: certificates that may be on the paths.
        limits: how many time-stamps are judged.
    """

    def __init__(
        self,
        validator: TimestampValidator,
        message: SignedData,
        at: datetime,
        known: Sequence[Certificate],
        limits: Limits,
    ) -> None:
        self._validator = validator
        self._message = message
        self._at = at
        self._known = known
        self._limits = limits
        self._left = limits.signature_timestamps
        self._digest = cache(digests.digest)

    def judge(self, signer: SignerInfo, content: Content, report: Report) -> tuple[Past, list[JudgedTimestamp]]:
        """Judge the time-stamps on ``signer`` over ``content``; return what they prove, and the verdicts on them.

        Those are children of ``report``, the verdict on the signature, too.
        """
        past = Past(self._at)
        judged = _Judged(report, past)
        signed, unsigned = signer.signed or cms.Attributes(), signer.unsigned
        if cms.ARCHIVE_TIMESTAMP_V2 in unsigned:
            report.warn("TIMESTAMP_KIND_UNSUPPORTED", kind="archive-time-stamp-v2")
        archived = self._judge_archives(signer, content, judged)
        after = self._judge_tokens(unsigned.all(cms.SIGNATURE_TIMESTAMP), signer.signature, "signature", judged)
        past.best = min((past.best, *(info.latest for info in after)))
        before = self._judge_tokens(signed.all(cms.CONTENT_TIMESTAMP), content.data, "content", judged)
        if _is_later(before, after) or _is_later((*before, *after), archived):
            report.fail("TIMESTAMP_ORDER", SubIndication.TIMESTAMP_ORDER_FAILURE)
        return past, judged.timestamps

    def _judge_archives(self, signer: SignerInfo, content: Content, judged: _Judged) -> list[TimestampInfo]:
        """Judge the archive time-stamps, the last one first, and note what they prove."""
        good = []
        for encoded in sorted(signer.unsigned.all(cms.ARCHIVE_TIMESTAMP), key=_made_at, reverse=True):
            if not self._has_timestamps_left(judged.report):
                break
            objects, stamped = [], b""
            try:
                index = HashIndex.read(TimestampToken.load(encoded, self._limits))
                objects = index.objects(self._message, signer, self._digest)
                stamped = stamped_octets(self._message, signer, content.digest(index.digest), index)
            except UnsupportedError:
                pass  # told with the token
            except InputError as error:
                _report_broken(error, judged.report)
                continue
            info = self._judge_token(encoded, stamped, "archive", judged)
            if info is not None:
                judged.past.best = min(judged.past.best, info.latest)
                judged.past.prove(_and_inside(objects), info.latest)
                good.append(info)
        return good

    def _judge_tokens(self, tokens: Sequence[bytes], data: bytes, over: str, judged: _Judged) -> list[TimestampInfo]:
        """Judge the time-stamps ``tokens`` over ``data``; return what the good ones say."""
        good = []
        for token in tokens:
            if not self._has_timestamps_left(judged.report):
                break
            info = self._judge_token(token, data, over, judged)
            if info is not None:
                good.append(info)
        return good

    def _has_timestamps_left(self, report: Report) -> bool:
        """Count one more time-stamp, and tell whether it is judged; say in ``report`` if not."""
        self._left -= 1
        if self._left < 0:
            limit = self._limits.signature_timestamps
            report.fail("TIMESTAMP_TOO_MANY", SubIndication.SIG_CONSTRAINTS_FAILURE, limit=limit)
        return self._left >= 0

    def _judge_token(self, token: bytes, data: bytes, over: str, judged: _Judged) -> TimestampInfo | None:
        """Judge one time-stamp over ``data``; return what it says if it is good."""
        past = judged.past
        proven = past.best if over == "content" else past.existed_by(token)
        one = self._validator.validate(token, data, self._at, candidates=self._known, existed_by=proven)
        one.report.facts["over"] = over
        past.check_path(one.report)
        judged.timestamps.append(one)
        judged.report.children.append(one.report)
        if one.report.indication is Indication.INDETERMINATE:
            one.report.counts = False
            judged.report.warn("TIMESTAMP_PROVES_NOTHING", reason=", ".join(one.report.codes))
        return one.token.info if one.proves is not None and one.token is not None else None


def _is_later(stamps: Sequence[TimestampInfo], others: Sequence[TimestampInfo]) -> bool:
    """Tell whether one of ``stamps`` was made after one of ``others``."""
    return bool(stamps and others) and max(one.gen_time for one in stamps) > min(one.latest for one in others)


def _made_at(token: bytes) -> datetime:
    """Return when ``token`` says it was made; the beginning of time if it cannot be read."""
    try:
        return TimestampToken.load(token).info.gen_time
    except InputError:
        return datetime.min.replace(tzinfo=UTC)


def _report_broken(error: InputError, report: Report) -> None:
    """Add to ``report`` an archive time-stamp that cannot be read, or that lists what is not there."""
    broken = Report("timestamp", facts={"over": "archive"})
    if error.code == "ARCHIVE_INDEX_BROKEN":
        broken.fail(error.code, SubIndication.HASH_FAILURE)
    else:
        broken.fail("TIMESTAMP_UNREADABLE", SubIndication.FORMAT_FAILURE, reason=error.message)
    report.children.append(broken)


def _and_inside(objects: Iterable[bytes]) -> Iterator[bytes]:
    """Yield ``objects``, and the certificates and revocation values in those that are time-stamps."""
    for item in covered_revocations(objects):
        yield item
        if _SIGNED_DATA not in item[:_TYPE_SEARCHED]:
            continue  # a large list is not read through to find out that it is none
        try:
            inside = SignedData.load(item)
        except InputError:
            continue
        yield from (*inside.certificates, *inside.crls, *inside.ocsps)
