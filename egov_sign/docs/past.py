"""What time-stamps prove about the past: past signature validation with proofs of existence.

Source: ETSI EN 319 102-1 V1.3.1, clauses 5.5.4 (signatures with time) and 5.6 (long-term availability).

1. *Extraction of proofs* (5.6.2.3): the time-stamps are judged from the last to the first. A valid archive time-stamp
   proves that all it covers existed by its time: the signature, and every time-stamp, certificate and revocation value
   that stands before it. So the authority of an earlier time-stamp may have expired since, if a later time-stamp
   covers it that is still good (5.6.2.4).
2. *Best signature time* (5.5.4): the earliest time that a valid time-stamp proves, over the signature or as archive.
3. *Order*: a time-stamp over the content is not later than one over the signature, and neither is later than an archive
   time-stamp that covers it; else TIMESTAMP_ORDER_FAILURE.
4. *Paths* (5.6.2.1, control time): an authority on a path may have expired since, if what it says of revocation is
   proven to have existed before.

A time-stamp that cannot be judged proves nothing and does no harm; one that is wrong makes the whole INVALID.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from egov_sign.certs.certificate import Certificate
from egov_sign.docs.cms import SignedData
from egov_sign.docs.existence import Past
from egov_sign.docs.refusal import Refusal
from egov_sign.docs.timestamp import TimestampInfo
from egov_sign.docs.timestamp_validation import JudgedTimestamp, TimestampValidator
from egov_sign.docs.xades import Over, Properties, Timestamp, Unsigned
from egov_sign.docs.xades_imprint import Imprints
from egov_sign.errors import InputError
from egov_sign.limits import Limits
from egov_sign.verdict import Indication, Report, SubIndication


def judge_timestamps(
    validator: TimestampValidator,
    properties: Properties,
    imprints: Imprints,
    report: Report,
    *,
    at: datetime,
    candidates: Sequence[Certificate],
    limits: Limits,
) -> Past:
    """Judge all time-stamps of a signature and return what they prove.

    Args:
        validator: judges time-stamps.
        properties: of the signature.
        imprints: what the time-stamps should be over.
        report: on the signature; the verdicts on the time-stamps become its children.
        at: the validation time.
        candidates: certificates that may be on the paths.
        limits: how many time-stamps are judged.
    """
    count = len(properties.content_timestamps) + sum(len(one.timestamps) for one in properties.unsigned)
    if count > limits.signature_timestamps:
        report.fail("TIMESTAMP_TOO_MANY", SubIndication.SIG_CONSTRAINTS_FAILURE, limit=limits.signature_timestamps)
        return Past(at)
    return _Work(validator, imprints, report, at=at, candidates=candidates).judge(properties)


class _Work:
    """The judgement of the time-stamps of one signature."""

    def __init__(
        self,
        validator: TimestampValidator,
        imprints: Imprints,
        report: Report,
        *,
        at: datetime,
        candidates: Sequence[Certificate],
    ) -> None:
        self._validator = validator
        self._imprints = imprints
        self._at = at
        self._report = report
        self._candidates = candidates
        self._past = Past(at)
        self._good: list[tuple[Over, TimestampInfo]] = []

    def judge(self, properties: Properties) -> Past:
        verdicts: list[Report] = []
        for position in range(len(properties.unsigned) - 1, -1, -1):
            for stamp in reversed(properties.unsigned[position].timestamps):
                proven = self._judge(stamp, self._past.existed_by(stamp.token), verdicts)
                if proven is None:
                    continue
                self._past.best = min(self._past.best, proven)
                if stamp.over is Over.ARCHIVE:
                    self._past.prove(_objects(properties.unsigned[:position]), proven)
        for stamp in reversed(properties.content_timestamps):
            self._judge(stamp, self._past.best, verdicts)
        self._report.children += reversed(verdicts)
        self._check_order()
        return self._past

    def _judge(self, stamp: Timestamp, existed_by: datetime, verdicts: list[Report]) -> datetime | None:
        """Return what ``stamp`` proves, ``None`` if nothing."""
        if stamp.over is not Over.SIGNATURE and not self._imprints.is_complete:
            self._report.warn("TIMESTAMP_PROVES_NOTHING", reason=", ".join(self._report.codes))
            return None
        try:
            stamped = self._imprints.stamped(stamp)
        except Refusal as refusal:
            refusal.report_to(self._report)
            return None
        judged = self._validator.validate(
            stamp.token, stamped, self._at, candidates=self._candidates, existed_by=existed_by
        )
        judged.report.facts["over"] = stamp.over.value
        self._past.check_path(judged.report)
        verdicts.append(judged.report)
        if judged.report.indication is Indication.INDETERMINATE:
            judged.report.counts = False
            self._report.warn("TIMESTAMP_PROVES_NOTHING", reason=", ".join(judged.report.codes))
        return self._proven(stamp, judged)

    def _proven(self, stamp: Timestamp, judged: JudgedTimestamp) -> datetime | None:
        if judged.proves is not None and judged.token is not None:
            self._good.append((stamp.over, judged.token.info))
        return judged.proves

    def _check_order(self) -> None:
        """Compare the good time-stamps (step 3); they stand here last first."""
        earliest: dict[Over, datetime] = {}
        for over, info in self._good:
            later = [Over.ARCHIVE, Over.SIGNATURE] if over is Over.CONTENT else [Over.ARCHIVE]
            if any(other in earliest and info.gen_time > earliest[other] for other in later):
                self._report.fail("TIMESTAMP_ORDER", SubIndication.TIMESTAMP_ORDER_FAILURE)
                return
            earliest[over] = min(info.latest, earliest.get(over, info.latest))


def _objects(properties: Iterable[Unsigned]) -> Iterable[bytes]:
    """Yield all tokens, certificates and revocation values in ``properties``, those inside tokens included."""
    for one in properties:
        yield from (*one.evidence.certificates, *one.evidence.crls, *one.evidence.ocsps)
        for stamp in one.timestamps:
            yield stamp.token
            try:
                inside = SignedData.load(stamp.token)
            except InputError:
                continue  # reported where it is judged
            yield from (*inside.certificates, *inside.crls, *inside.ocsps)
