"""Outcomes: the signed certificate or the signed reasoned refusal, exactly one for a request (R14, R408, R409)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.iin import Iin
from egov_sign.certs.profile import Role
from egov_sign.crypto.signer import Signer
from egov_sign.flows import condition2, signing
from egov_sign.flows.answers import belongs, signer_reasons
from egov_sign.flows.condition2 import CertificateCheck
from egov_sign.flows.engine import Work
from egov_sign.flows.evidence import judge_of_the_time
from egov_sign.flows.granting import Granted
from egov_sign.flows.grounds import Case
from egov_sign.flows.outcome_document import (
    OutcomeContent,
    Signatory,
    read_outcome,
    refusal_document,
    result_document,
)
from egov_sign.flows.refusals import reason
from egov_sign.flows.registers import Employee, Provider
from egov_sign.flows.requests import Request, State
from egov_sign.flows.services import Services
from egov_sign.verdict import Finding, Report


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs outcomes: an employee with a certificate of the provider that gives the right to."""

    signer: Signer
    employee: Employee


def check_issuer(
    services: Services, issuer: Issuer, provider: Provider, service: str, profile: str
) -> tuple[CertificateCheck, list[Finding]]:
    """Judge the certificate of ``issuer`` and return the reasons why it may not sign outcomes of ``service`` (R408).

    The talon of attachment is signed by the head under the order of 2015 (R515).
    """
    roles = condition2.SIGNING_ROLES
    if service == "ATT" and profile == "order272-2019":
        roles = frozenset({Role.HEAD})
    certificate = Certificate.load(issuer.signer.certificate)
    iin = Iin.parse(issuer.employee.iin)
    now = services.clock.now()
    check = condition2.check_employee(services, certificate, iin, provider.bin, now, roles=roles)
    return check, condition2.rejected(check)


def issue_result(work: Work, case: Case, issuer: Issuer, granted: Granted) -> bytes:
    """Sign the certificate of a granted request and bring the request to COMPLETED; return the certificate."""
    request = case.request
    registered = request.entered(State.REGISTERED)
    assert registered is not None
    request.outcome_number = f"{request.number}-R"
    document = result_document(
        request,
        work.now,
        number=request.outcome_number,
        registered_at=registered,
        recipient=case.recipient,
        provider=case.provider,
        signatory=Signatory.of(issuer.employee),
        content=granted.content,
    )
    signed = signing.sign(document, issuer.signer)
    request.outcome = work.unit.put_document(signed, ".xml")
    request.move(work, State.COMPLETED)
    return signed


def issue_refusal(work: Work, case: Case, issuer: Issuer, stage: str, reasons: list[Finding]) -> bytes:
    """Sign the reasoned refusal and bring the request to REFUSED; return the refusal."""
    request = case.request
    request.outcome_number = f"{request.number}-F"
    document = refusal_document(
        request,
        work.now,
        number=request.outcome_number,
        stage=stage,
        reasons=reasons,
        recipient=case.recipient,
        provider=case.provider,
        signatory=Signatory.of(issuer.employee),
    )
    signed = signing.sign(document, issuer.signer)
    request.outcome = work.unit.put_document(signed, ".xml")
    request.refuse(work, State.REFUSED, reasons)
    return signed


@dataclass(frozen=True, slots=True)
class OpenedOutcome:
    """A certificate or refusal that its owner has opened.

    Attributes:
        document: the signed XML.
        content: what it says.
        at: the time of signing, as of which it was verified (R402).
        report: the verdict.
        reasons: what stands against it; nothing for a good one.
    """

    document: bytes
    content: OutcomeContent | None
    at: datetime
    report: Report
    reasons: tuple[Finding, ...]


def open_outcome(services: Services, request: Request, provider: Provider) -> OpenedOutcome:
    """Read and verify the outcome of ``request`` as of the time it was signed (R42, R402).

    Reasons: ``SIG_INVALID`` for one that was changed or belongs to another request, ``SIG_CERT_…``,
    ``SIG_BIN_MISMATCH``.
    """
    document = services.store.document(request.outcome)
    ended = request.entered(State.COMPLETED) or request.entered(State.REFUSED)
    assert ended is not None
    kind = "result" if request.state is State.COMPLETED else "refusal"
    judge = judge_of_the_time(services, request.outcome_evidence)
    opened = signing.open_signed(services, document, kind, ended, judge=judge)
    if opened.root is None or opened.certificate is None:
        return OpenedOutcome(document, None, ended, opened.report, opened.reasons)
    content = read_outcome(opened.root)
    reasons = signer_reasons(services, content, provider.bin, opened, ended)
    if not belongs(content, request):
        reasons.append(reason("SIG_INVALID"))
    return OpenedOutcome(document, content, ended, opened.report, tuple(reasons))
