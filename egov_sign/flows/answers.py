"""The portal takes in the provider's answer: the signed certificate or the signed refusal (R41, R409, attack 61)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from egov_sign.certs.iin import Iin
from egov_sign.errors import ConfigurationError
from egov_sign.flows import condition2, requests, signing
from egov_sign.flows.documents import NAMESPACES, Kind
from egov_sign.flows.engine import Work
from egov_sign.flows.envelope import PORTAL, SERVICES, Envelope
from egov_sign.flows.outcome_document import OutcomeContent, read_outcome
from egov_sign.flows.refusals import Answer, reason, refused
from egov_sign.flows.requests import Request
from egov_sign.flows.services import Relying, Services
from egov_sign.verdict import Finding


@dataclass(frozen=True, slots=True)
class Checked:
    """An outcome in its envelope whose signer may sign it."""

    envelope: Envelope
    content: OutcomeContent


def kind_of(document: bytes) -> Kind:
    """Return whether ``document`` claims to be a ``result`` or a ``refusal``."""
    return "refusal" if NAMESPACES["refusal"].encode() in document[:1000] else "result"


def receive(services: Services, envelope: Envelope) -> Answer[str]:
    """Check and take in an answer and return the number of its request; refusals as those two."""
    checked = check(services, envelope)
    if checked.refusal is not None:
        return Answer(None, checked.refusal)
    with services.work() as work:
        return take_in(work, checked.get())


def check(services: Services, envelope: Envelope) -> Answer[Checked]:
    """Verify the outcome in ``envelope`` and that its signer may sign it.

    Refusals: ``SIG_…``, ``GW_FORMAT``, ``GW_TRANSPORT_SIG_NOT_ACTUAL`` for a message older than what it carries.
    """
    opened = signing.open_signed(services, envelope.data, kind_of(envelope.data), envelope.date)
    if opened.root is None:
        return refused("", opened.reasons)
    content = read_outcome(opened.root)
    try:
        request = requests.load(services.store, content.request_number)
    except ConfigurationError:
        return refused("", [reason("SIG_INVALID")])
    if content.issued_at > envelope.date + services.settings.clock_tolerance:
        return refused("", [reason("GW_TRANSPORT_SIG_NOT_ACTUAL", "messageDate")])
    provider = services.registers.provider(request.provider)
    reasons = signer_reasons(services, content, provider.bin if provider else "", opened, envelope.date)
    return refused("", reasons) if reasons else Answer(Checked(envelope, content))


def signer_reasons(
    services: Relying, content: OutcomeContent, provider_bin: str, opened: signing.Opened, at: datetime
) -> list[Finding]:
    """Return what stands against who signed an outcome at the time ``at`` (R408).

    It must be the employee whom it names, of the provider ``provider_bin``, with a certificate that gives the right to.
    """
    if opened.certificate is None:
        return [reason("SIG_INVALID")]
    found = condition2.check_employee(
        services,
        opened.certificate,
        Iin.parse(content.signatory),
        provider_bin,
        at,
        roles=condition2.SIGNING_ROLES,
        report=opened.certificate_report,
    )
    return list(found.reasons)


def take_in(work: Work, checked: Checked) -> Answer[str]:
    """Let the applicant see the outcome from now on.

    Refusals: ``SIG_INVALID`` for one of another request, or another than was issued (R14); ``GW_FORMAT`` for one that
    another system sends than the provider's, or that is not said to answer the message of this request.
    """
    envelope, content = checked.envelope, checked.content
    request = requests.load(work.unit, content.request_number)
    if not belongs(content, request) or hashlib.sha256(envelope.data).hexdigest() != request.outcome:
        return refused("", [reason("SIG_INVALID")])
    said = (envelope.sender, envelope.receiver, envelope.correlation, envelope.service)
    if said != (request.provider, PORTAL, request.message, SERVICES[request.service]):
        return refused("", [reason("GW_FORMAT", "messageInfo")])
    if not request.answered:
        request.answered = work.now.isoformat()
        work.note("portal.answered", "ПЭП", request.run, digest=request.outcome)
        request.save(work)
    return Answer(content.request_number)


def belongs(content: OutcomeContent, request: Request) -> bool:
    """Tell whether an outcome is that of ``request``: its number, the digest of the signed request, the recipient."""
    return (content.request_number, content.request_digest, content.recipient, content.number) == (
        request.number,
        request.document,
        str(request.recipient),
        request.outcome_number,
    )
