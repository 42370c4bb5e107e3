"""The part of a verdict on a signature that is the same for every format: certificate, algorithms, requirements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from egov_sign.certs.algorithm_policy import AlgorithmPolicy
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.profile import Identity
from egov_sign.clock import format_time, parse_time
from egov_sign.crypto.keys import PublicKey
from egov_sign.docs.judged import Required
from egov_sign.errors import InputError
from egov_sign.verdict import Finding, Report, Severity, SubIndication


class CertificateJudge(Protocol):
    """Judges certificates: :class:`egov_sign.certs.validator.CertificateValidator`, or a stand-in."""

    def validate(self, certificate: Certificate, at: datetime, *, candidates: Sequence[Certificate] = ()) -> Report:
        """Return a report with the subject ``certificate``."""
        ...


def judge_certificate(
    judge: CertificateJudge | None,
    certificate: Certificate,
    at: datetime,
    report: Report,
    candidates: Sequence[Certificate] = (),
    *,
    made_at: datetime | None = None,
) -> None:
    """Add the verdict on ``certificate`` at ``at`` to ``report`` (ETSI EN 319 102-1, 5.2.6 and 5.3.4).

    A certificate that has expired by ``at`` does not refute the signature, which may have been made before: that is
    INDETERMINATE, OUT_OF_BOUNDS_NO_POE, unless the signature itself says that it was made afterwards. A revocation by
    ``at`` does refute it, unless the signature says that it was made before: a claim proves nothing, but it leaves the
    matter open: INDETERMINATE, REVOKED_NO_POE.

    Args:
        judge: judges it; without one, nothing is known of it.
        certificate: the signer's.
        at: the time by which the signature is proven to have existed.
        report: on the signature.
        candidates: certificates that may be on the path.
        made_at: when the signature says it was made, if it says so.
    """
    if judge is None:
        report.fail("CERT_NOT_JUDGED", SubIndication.NO_CERTIFICATE_CHAIN_FOUND)
        return
    verdict = judge.validate(certificate, at, candidates=candidates)
    report.children.append(verdict)
    if made_at is not None:
        _excuse_later_revocation(verdict, made_at)
    if at <= certificate.not_after or (made_at is not None and made_at > certificate.not_after):
        return
    _excuse_expiry(verdict)
    report.fail(
        "SIGNATURE_TIME_UNPROVEN",
        SubIndication.OUT_OF_BOUNDS_NO_POE,
        expired=format_time(certificate.not_after),
        at=format_time(at),
    )


def _excuse_expiry(verdict: Report) -> None:
    """Turn EXPIRED, which is final for a certificate, into what it means for a signature of unproven time."""
    for part, finding in list(verdict.walk()):
        if finding.sub_indication is SubIndication.EXPIRED:
            _excuse(part, finding, SubIndication.OUT_OF_BOUNDS_NO_POE)


def _excuse_later_revocation(verdict: Report, made_at: datetime) -> None:
    """Turn REVOKED into REVOKED_NO_POE where the revocation is later than the time that the signature claims."""
    for depth, certificate in enumerate(verdict.children):
        sub = SubIndication.REVOKED_CA_NO_POE if depth else SubIndication.REVOKED_NO_POE
        for part, finding in list(certificate.walk()):
            revoked_at = finding.params.get("revoked_at")
            if finding.sub_indication is SubIndication.REVOKED and revoked_at and made_at < parse_time(str(revoked_at)):
                _excuse(part, finding, sub)


def _excuse(part: Report, finding: Finding, sub: SubIndication) -> None:
    place = part.findings.index(finding)
    part.findings[place] = replace(finding, severity=Severity.INDETERMINATE, sub_indication=sub)


def accept_algorithms(
    policy: AlgorithmPolicy, digests: Iterable[str], key: PublicKey, at: datetime, report: Report
) -> None:
    """Hold digests and key size against the dated ``policy`` (ETSI EN 319 102-1, 5.2.8); an empty name is no digest."""
    for name in dict.fromkeys(digests):
        if name and at >= policy.digest_end(name):
            report.fail(
                "ALGORITHM_WEAK",
                SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
                algorithm=name,
                at=format_time(at),
            )
    if at >= policy.key_end(key.key_type.value, key.bits):
        report.fail("KEY_WEAK", SubIndication.CRYPTO_CONSTRAINTS_FAILURE, kind=key.key_type.value, bits=key.bits)


def accept_purpose(certificate: Certificate, identity: Identity, report: Report) -> None:
    """Refuse a certificate whose key is not for signing documents (R406)."""
    try:
        unfit = certificate.key_usage is not None and not identity.can_sign
    except InputError:
        unfit = True
    if unfit:
        report.fail("SIGNER_CERT_USAGE", SubIndication.SIG_CONSTRAINTS_FAILURE, str(certificate.subject))


def report_signers(signers: Sequence[Identity], required: Required, report: Report) -> None:
    """Hold the signers of a document against what is ``required`` of one of them."""
    if required.iin and not any(signer.iin and signer.iin.digits == required.iin for signer in signers):
        found = ", ".join(signer.iin.masked() for signer in signers if signer.iin)
        report.fail("SIGNER_IIN_MISMATCH", SubIndication.CUSTOM, required=_masked(required.iin), found=found or "—")
    if required.bin and not any(signer.bin and signer.bin.digits == required.bin for signer in signers):
        found = ", ".join(signer.bin.digits for signer in signers if signer.bin)
        report.fail("SIGNER_BIN_MISMATCH", SubIndication.CUSTOM, required=required.bin, found=found or "—")
    if required.roles and not any(signer.roles & required.roles for signer in signers):
        roles = ", ".join(sorted(required.roles))
        report.fail("SIGNER_ROLE_MISMATCH", SubIndication.CUSTOM, required=roles)


def _masked(number: str) -> str:
    return f"{number[:4]}******{number[10:]}"
