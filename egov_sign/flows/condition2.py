"""Condition 2: is the certificate valid, not revoked, for signing, trusted, and the person's own (R106, R403–R407).

All that is wrong is told, not only the first thing. What cannot be established counts as wrong (R404). The same check
serves the certificates of employees (R411) and of those who sign results (R408).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.iin import Iin
from egov_sign.certs.profile import Holder, Identity, Role, identify
from egov_sign.clock import format_time
from egov_sign.flows.refusals import reason
from egov_sign.flows.services import Relying
from egov_sign.verdict import Finding, Report, Severity, SubIndication

SIGNING_ROLES = frozenset({Role.HEAD, Role.RIGHT_TO_SIGN})
"""Who may sign results and refusals for a provider (R408)."""
_REVOKED = frozenset({SubIndication.REVOKED, SubIndication.REVOKED_NO_POE})
_UNKNOWN = frozenset({SubIndication.TRY_LATER, SubIndication.REVOCATION_OUT_OF_BOUNDS_NO_POE, SubIndication.NO_POE})
_VALIDITY = frozenset(
    {
        SubIndication.EXPIRED,
        SubIndication.NOT_YET_VALID,
        SubIndication.OUT_OF_BOUNDS_NO_POE,
        SubIndication.OUT_OF_BOUNDS_NOT_REVOKED,
    }
)


@dataclass(frozen=True, slots=True)
class CertificateCheck:
    """What was found out about a certificate.

    Attributes:
        certificate: the certificate.
        identity: whom it names.
        at: the time it was judged for.
        reasons: what stands against it; nothing if it may be used.
        report: the verdict with its details.
    """

    certificate: Certificate
    identity: Identity
    at: datetime
    reasons: tuple[Finding, ...]
    report: Report


def check_recipient(
    services: Relying, certificate: Certificate, iin: Iin, at: datetime, *, report: Report | None = None
) -> CertificateCheck:
    """Judge the certificate with which the recipient ``iin`` is going to sign, or has signed, at ``at``.

    A ``report`` on it that was made already is used as it is.

    Reasons: ``SIG_CERT_NOT_YET_VALID``, ``SIG_CERT_EXPIRED``, ``SIG_CERT_REVOKED``, ``SIG_CERT_REVOCATION_UNKNOWN``,
    ``SIG_CERT_UNTRUSTED``, ``SIG_CERT_USAGE``, ``SIG_IIN_MISMATCH``.
    """
    check = _check(services, certificate, at, report)
    reasons = [*check.reasons]
    if check.identity.iin != iin:
        reasons.append(reason("SIG_IIN_MISMATCH"))
    allowed = {Holder.PERSON, Holder.ORGANISATION} if services.settings.employee_certificates else {Holder.PERSON}
    if not check.identity.can_sign or check.identity.holder not in allowed:
        reasons.append(reason("SIG_CERT_USAGE"))
    return _with(check, reasons)


def check_employee(
    services: Relying,
    certificate: Certificate,
    iin: Iin,
    provider_bin: str,
    at: datetime,
    *,
    roles: frozenset[Role] = frozenset(),
    report: Report | None = None,
) -> CertificateCheck:
    """Judge the certificate of the employee ``iin`` of the provider ``provider_bin`` (R408, R411).

    A ``report`` on it that was made already is used as it is.

    Reasons: as :func:`check_recipient`, and ``SIG_BIN_MISMATCH``; a role that is not among ``roles`` is
    ``SIG_CERT_USAGE``.
    """
    check = _check(services, certificate, at, report)
    reasons = [*check.reasons]
    if check.identity.iin != iin:
        reasons.append(reason("SIG_IIN_MISMATCH"))
    if str(check.identity.bin) != provider_bin:
        reasons.append(reason("SIG_BIN_MISMATCH"))
    if not check.identity.can_sign or (roles and not roles & check.identity.roles):
        reasons.append(reason("SIG_CERT_USAGE"))
    return _with(check, reasons)


def rejected(check: CertificateCheck) -> list[Finding]:
    """Return the reasons against an employee's certificate as the desk tells them: ``EMP_CERT_REJECTED`` for each."""
    return [_because("EMP_CERT_REJECTED", finding, f"DETAIL_{finding.code}") for finding in check.reasons]


def reasons_of(report: Report, certificate: Certificate, at: datetime) -> list[Finding]:
    """Return the reasons that the verdict ``report`` on ``certificate`` amounts to, each once."""
    reasons = []
    valid_then = certificate.not_before <= at <= certificate.not_after
    if at < certificate.not_before:
        reasons.append(reason("SIG_CERT_NOT_YET_VALID", not_before=format_time(certificate.not_before)))
    if at > certificate.not_after:
        reasons.append(reason("SIG_CERT_EXPIRED", not_after=format_time(certificate.not_after)))
    own, *issuers = report.children or [report]
    findings = [*report.findings, *(finding for _, finding in own.walk())]
    reasons += [
        _reason_of(finding)
        for finding in findings
        if finding.severity >= Severity.INDETERMINATE and (valid_then or finding.sub_indication not in _VALIDITY)
    ]
    for issuer in issuers:
        if issuer.counts and issuer.severity >= Severity.INDETERMINATE:
            reasons.append(_reason_of_issuer(issuer))
    return _each_once(reasons)


def _check(services: Relying, certificate: Certificate, at: datetime, report: Report | None) -> CertificateCheck:
    report = report or services.judge.validate(certificate, at)
    reasons = reasons_of(report, certificate, at)
    return CertificateCheck(certificate, identify(certificate), at, tuple(reasons), report)


def _with(check: CertificateCheck, reasons: Iterable[Finding]) -> CertificateCheck:
    return CertificateCheck(check.certificate, check.identity, check.at, tuple(_each_once(reasons)), check.report)


def _reason_of_issuer(report: Report) -> Finding:
    if report.sub_indication in _UNKNOWN:
        return reason("SIG_CERT_REVOCATION_UNKNOWN", detail=report.name)
    return reason("SIG_CERT_UNTRUSTED")


def _reason_of(finding: Finding) -> Finding:
    if finding.sub_indication in _REVOKED or finding.code == "CERT_ON_HOLD":
        return reason("SIG_CERT_REVOKED", revoked_at=finding.params.get("revoked_at") or "—")
    if finding.sub_indication in _UNKNOWN:
        return _because("SIG_CERT_REVOCATION_UNKNOWN", finding)
    if finding.code in {"CERT_USAGE", "SIGNER_CERT_USAGE"}:
        return reason("SIG_CERT_USAGE")
    return _because("SIG_CERT_UNTRUSTED", finding)


def _because(code: str, finding: Finding, detail: str = "") -> Finding:
    """Return a reason whose ``detail`` is ``finding``, or its text ``detail``, filled with its parameters."""
    return replace(reason(code), params=finding.params | {"detail": detail or finding.code})


def _each_once(reasons: Iterable[Finding]) -> list[Finding]:
    """Return the first reason of each code; what is known to be revoked or expired is not also of unknown status.

    (Lists need not name certificates that have expired, so nothing can be established about those.)
    """
    by_code: dict[str, Finding] = {}
    for finding in reasons:
        by_code.setdefault(finding.code, finding)
    if by_code.keys() & {"SIG_CERT_REVOKED", "SIG_CERT_EXPIRED"}:
        by_code.pop("SIG_CERT_REVOCATION_UNKNOWN", None)
    return list(by_code.values())
