"""Whether a time-stamp is to be believed (RFC 3161, 2.3 and 2.4.2; ETSI EN 319 102-1, 5.4).

The steps of :meth:`TimestampValidator.validate`:

1. Format: a token, signed by exactly one authority, without critical extensions nobody here knows.
2. Signature: as for any CMS signature; the signing-certificate attribute must name the authority's certificate.
3. Authority: its certificate is for time-stamping and for nothing else, and is the one the token says.
4. Imprint: the token stamps these bytes and no others.
5. Policy: it was issued under one that the caller accepts.
6. Time: it does not come from after the moment of judgement.
7. Certificate and algorithms: path, validity and revocation of the authority at the time of the token, with all that is
   known of it since. At the time by which the token is proven to have existed (the moment of judgement, unless a later
   time-stamp covers it), the certificate had not expired, nor been revoked for a reason that puts the date of its
   tokens in doubt, and digests and key size were good by the dated policy: whoever has the key could stamp any time
   afterwards (ETSI EN 319 102-1, 5.6.2.2 and 5.6.2.4).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from egov_sign.certs.algorithm_policy import AlgorithmPolicy, algorithm_policy
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.extension_ids import EXTENDED_KEY_USAGE
from egov_sign.certs.name import Name
from egov_sign.certs.reasons import Reason
from egov_sign.clock import format_time, parse_time
from egov_sign.docs.acceptance import CertificateJudge, accept_algorithms, judge_certificate
from egov_sign.docs.cms_verify import CheckedSigner, Content, check_signer
from egov_sign.docs.evidence import Evidence, judge_with, read_certificates
from egov_sign.docs.timestamp import MessageImprint, TimestampInfo, TimestampRequest, TimestampResponse, TimestampToken
from egov_sign.errors import InputError, UnsupportedError
from egov_sign.limits import DEFAULT_LIMITS, Limits
from egov_sign.verdict import Indication, Json, Report, SubIndication

TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
_ORDERLY = {
    reason.label
    for reason in (
        Reason.UNSPECIFIED,
        Reason.AFFILIATION_CHANGED,
        Reason.SUPERSEDED,
        Reason.CESSATION_OF_OPERATION,
    )
}


@dataclass(frozen=True, slots=True)
class JudgedTimestamp:
    """A time-stamp and what is to be thought of it.

    Attributes:
        report: the verdict, subject ``timestamp``.
        token: the token; ``None`` if it cannot be read.
    """

    report: Report
    token: TimestampToken | None

    @property
    def proves(self) -> datetime | None:
        """The time by which what was stamped existed, UTC; ``None`` unless the verdict is VALID."""
        if self.token is None or self.report.indication is not Indication.VALID:
            return None
        return self.token.info.latest


class TimestampValidator:
    """Judges time-stamp tokens.

    Args:
        judge: judges the authorities' certificates; without one they are not trusted, and no token is VALID.
        policies: the authorities' policies that are accepted; empty accepts every policy.
        policy: which algorithms are accepted until when; by default the country's.
        limits: bounds of what is read.
    """

    def __init__(
        self,
        judge: CertificateJudge | None,
        *,
        policies: Collection[str] = (),
        policy: AlgorithmPolicy | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._judge = judge
        self._policies = frozenset(policies)
        self._policy = policy or algorithm_policy()
        self._limits = limits

    def validate(
        self,
        encoded: bytes,
        stamped: bytes | MessageImprint,
        at: datetime,
        *,
        candidates: Iterable[Certificate] = (),
        existed_by: datetime | None = None,
    ) -> JudgedTimestamp:
        """Judge a DER token over ``stamped`` at the moment ``at``.

        Args:
            encoded: the token.
            stamped: what it should stamp, or its digest where the data is elsewhere.
            at: the moment of judgement, timezone-aware.
            candidates: certificates beside those in the token, for its signer and the path.
            existed_by: when the token is proven to have existed; ``at`` if nothing is proven.
        """
        proven = at if existed_by is None else min(existed_by, at)
        report = Report("timestamp")
        # 1. Format.
        token = self._read(encoded, report)
        if token is None:
            return JudgedTimestamp(report, None)
        info = token.info
        # 2. Signature, and 3. the authority.
        known = [*read_certificates(token.signed_data.certificates, report, self._limits), *candidates]
        checked = _check_authority(token, known, report)
        # 4. Imprint.
        if info.imprint != _imprint_of(stamped, info.imprint.digest):
            report.fail("TIMESTAMP_IMPRINT", SubIndication.HASH_FAILURE, digest=info.imprint.digest)
        # 5. Policy.
        if self._policies and info.policy not in self._policies:
            report.fail("TIMESTAMP_POLICY", SubIndication.SIG_CONSTRAINTS_FAILURE, policy=info.policy)
        # 6. Time.
        if info.gen_time > at:
            report.fail("TIMESTAMP_FUTURE", SubIndication.NO_POE, time=format_time(info.gen_time))
        # 7. Certificate and algorithms.
        if checked is not None and checked.certificate is not None:
            self._accept(checked, checked.certificate, info, proven, report)
            sent = Evidence(crls=token.signed_data.crls, ocsps=token.signed_data.ocsps)
            judge = judge_with(self._judge, sent, at)
            judge_certificate(judge, checked.certificate, info.gen_time, report, known, made_at=info.gen_time)
            _check_expiry(checked.certificate, info.gen_time, proven, report)
            _check_later_revocation(checked.certificate, proven, report)
        return JudgedTimestamp(report, token)

    def _read(self, encoded: bytes, report: Report) -> TimestampToken | None:
        try:
            token = TimestampToken.load(encoded, self._limits)
        except UnsupportedError as error:
            report.fail("TIMESTAMP_UNREADABLE", SubIndication.CRYPTO_CONSTRAINTS_FAILURE, reason=error.message)
            return None
        except InputError as error:
            report.fail("TIMESTAMP_UNREADABLE", SubIndication.FORMAT_FAILURE, reason=error.message)
            return None
        _describe(token.info, report)
        if token.info.critical_extensions:
            oids = ", ".join(token.info.critical_extensions)
            report.fail("TIMESTAMP_EXTENSION", SubIndication.SIG_CONSTRAINTS_FAILURE, extensions=oids)
        return token

    def _accept(
        self, checked: CheckedSigner, certificate: Certificate, info: TimestampInfo, at: datetime, report: Report
    ) -> None:
        """Hold the algorithms against the policy at ``at``: a broken one could stamp any time."""
        names = (checked.digest, info.imprint.digest, checked.algorithm.digest if checked.algorithm else "")
        try:
            key = certificate.public_key
        except InputError:
            return  # reported with the signature
        accept_algorithms(self._policy, names, key, at, report)


def _check_expiry(certificate: Certificate, made: datetime, proven: datetime, report: Report) -> None:
    """Refuse the token if nothing proves that it existed before the authority's certificate expired.

    That it had expired when the token was ``made`` is told with the certificate.
    """
    if made.replace(microsecond=0) <= certificate.not_after < proven.replace(microsecond=0):
        expired = format_time(certificate.not_after)
        report.fail("TIMESTAMP_AUTHORITY_EXPIRED", SubIndication.OUT_OF_BOUNDS_NO_POE, expired=expired)


def _check_later_revocation(certificate: Certificate, proven: datetime, report: Report) -> None:
    """Refuse the token if the authority was revoked after it for a reason that leaves its date in doubt.

    Only tokens of an authority that was replaced or given up stay good; where the reason is missing, or the key was
    compromised, any token may have been made with another date on it (RFC 3161, section 4), unless it is ``proven``
    to have existed before.
    """
    for facts in _revocation_facts(report, f"{certificate.serial:x}"):
        if facts.get("status") == "good" and facts.get("revoked_at") and facts.get("reason") not in _ORDERLY:
            when, why = str(facts["revoked_at"]), str(facts.get("reason") or "—")
            if proven < parse_time(when):
                continue
            report.fail("TIMESTAMP_AUTHORITY_REVOKED", SubIndication.REVOKED_NO_POE, revoked_at=when, reason=why)
            return


def _revocation_facts(report: Report, serial: str) -> Iterator[dict[str, Json]]:
    """Yield what the revocation reports under ``report`` say of the judged certificate, the first of each path."""
    for path in report.children:
        for revocation in path.children[0].children if path.children else ():
            if revocation.subject == "revocation" and revocation.facts.get("serial") == serial:
                yield revocation.facts


def _imprint_of(stamped: bytes | MessageImprint, digest: str) -> MessageImprint:
    return stamped if isinstance(stamped, MessageImprint) else MessageImprint.of(stamped, digest)


def check_response(response: TimestampResponse, request: TimestampRequest) -> Report:
    """Tell whether ``response`` answers ``request`` (RFC 3161, 2.2): granted, same imprint, nonce and policy.

    Nothing is said about its signature.
    """
    report = Report("timestamp")
    if response.token is None:
        reasons = ", ".join((response.status.name, *response.failures, *filter(None, (response.text,))))
        report.fail("TIMESTAMP_NOT_GRANTED", SubIndication.TRY_LATER, reason=reasons)
        return report
    info = response.token.info
    _describe(info, report)
    if info.imprint != request.imprint:
        report.fail("TIMESTAMP_IMPRINT", SubIndication.HASH_FAILURE, digest=info.imprint.digest)
    if info.nonce != request.nonce:
        report.fail("TIMESTAMP_NONCE", SubIndication.SIG_CONSTRAINTS_FAILURE)
    if request.policy and info.policy != request.policy:
        report.fail("TIMESTAMP_POLICY", SubIndication.SIG_CONSTRAINTS_FAILURE, policy=info.policy)
    return report


def _describe(info: TimestampInfo, report: Report) -> None:
    report.facts["gen_time"] = format_time(info.gen_time)
    report.facts["policy"] = info.policy
    report.facts["serial"] = f"{info.serial:x}"
    report.facts["digest"] = info.imprint.digest
    if info.accuracy is not None:
        report.facts["accuracy_seconds"] = info.accuracy.total_seconds()


def _check_authority(token: TimestampToken, known: Sequence[Certificate], report: Report) -> CheckedSigner | None:
    signed_data = token.signed_data
    if len(signed_data.signers) != 1:
        report.fail("TIMESTAMP_SIGNERS", SubIndication.FORMAT_FAILURE, count=len(signed_data.signers))
        return None
    content = Content(signed_data.content or b"", signed_data.content_type)
    checked = check_signer(signed_data.signers[0], content, known, report, require_signing_certificate=True)
    if checked.certificate is not None:
        report.name = str(checked.certificate.subject)
        report.facts["tsa"] = report.name
        _check_purpose(checked.certificate, report)
        if token.info.tsa is not None and not _same_name(token.info.tsa, checked.certificate):
            report.fail("TIMESTAMP_AUTHORITY", SubIndication.SIG_CONSTRAINTS_FAILURE, name=str(Name(token.info.tsa)))
    return checked


def _check_purpose(certificate: Certificate, report: Report) -> None:
    """Refuse a certificate that is not for time-stamping alone, critically so (RFC 3161, 2.3)."""
    try:
        purposes, usage = certificate.eku, certificate.key_usage
    except InputError:
        purposes, usage = None, None
    sole = purposes == (TIME_STAMPING,) and EXTENDED_KEY_USAGE in certificate.critical_extensions
    signs = usage is None or (usage and usage <= {"digitalSignature", "nonRepudiation"})
    if not sole or not signs:
        report.fail("TIMESTAMP_PURPOSE", SubIndication.CHAIN_CONSTRAINTS_FAILURE)


def _same_name(encoded: bytes, certificate: Certificate) -> bool:
    try:
        return Name(encoded) == certificate.subject
    except InputError:
        return False
