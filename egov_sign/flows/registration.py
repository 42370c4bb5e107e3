"""The workstation takes in a signed request, verifies it anew and gives it its number (process 6; R109, R401, R413).

Attacks 60 and 61: what counts is what the signed document says. It must be the request that was sent, by the person
whose IIN it names, to this provider; a repetition gets the number it already has.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from egov_sign.certs.iin import Iin
from egov_sign.errors import ConfigurationError, StoreError
from egov_sign.flows import condition2, requests, signing
from egov_sign.flows.engine import Work
from egov_sign.flows.envelope import PORTAL, SERVICES, Envelope
from egov_sign.flows.evidence import judge_of_the_time
from egov_sign.flows.refusals import Answer, reason, refused
from egov_sign.flows.registers import Provider
from egov_sign.flows.request_document import RequestContent, read_request
from egov_sign.flows.requests import Request, State
from egov_sign.flows.services import Relying, Services
from egov_sign.verdict import Finding

KIND = "request"


@dataclass(frozen=True, slots=True)
class Checked:
    """A request in its envelope that was found to be in order, and waits for its number."""

    envelope: Envelope
    content: RequestContent
    provider: Provider


def receive(services: Services, envelope: Envelope) -> Answer[str]:
    """Check and register the request in ``envelope`` and return its number; refusals as those two."""
    checked = check(services, envelope)
    if checked.refusal is not None:
        return Answer(None, checked.refusal)
    with services.work() as work:
        return register(work, checked.get())


def check(services: Services, envelope: Envelope) -> Answer[Checked]:
    """Verify the request in ``envelope``, that its signer is who it says, and that the portal sends it, not earlier.

    Refusals: ``SIG_INVALID`` and the other reasons of condition 2, ``GW_FORMAT``, ``GW_NO_SERVICE``,
    ``GW_TRANSPORT_SIG_NOT_ACTUAL`` for a message older than what it carries, ``DOC_WRONG_PROVIDER``.
    """
    if envelope.sender != PORTAL:
        return refused("p6", [reason("GW_FORMAT", "senderId")])
    opened = signing.open_signed(services, envelope.data, KIND, envelope.date)
    if opened.root is None:
        return refused("p6", opened.reasons)
    content = read_request(opened.root)
    provider = services.registers.provider(content.provider)
    if provider is None or provider.code != envelope.receiver or provider.bin != content.provider_bin:
        return refused("p6", [reason("DOC_WRONG_PROVIDER")])
    if content.created_at > envelope.date + services.settings.clock_tolerance:
        return refused("p6", [reason("GW_TRANSPORT_SIG_NOT_ACTUAL", "messageDate")])
    reasons = signer_reasons(services, content, opened, envelope.date)
    if SERVICES.get(content.service) != envelope.service:
        reasons.insert(0, reason("GW_NO_SERVICE"))
    return refused("p6", reasons) if reasons else Answer(Checked(envelope, content, provider))


def register(work: Work, checked: Checked) -> Answer[str]:
    """Give a checked request its number and return it (process 6).

    Refusals: ``REG_DUP_MESSAGE`` with the number given before; ``GW_FORMAT`` for a request that nobody has begun, or
    that was taken back; ``SIG_INVALID`` for one that is not what was sent.
    """
    envelope, provider = checked.envelope, checked.provider
    try:
        request = requests.load(work.unit, checked.content.draft)
    except ConfigurationError:
        return refused("p6", [reason("GW_FORMAT", "DraftId")])
    # First of all it is the same document: another one, whoever signed it, must not learn the number of this.
    if hashlib.sha256(envelope.data).hexdigest() != request.document:
        return refused("p6", [reason("SIG_INVALID")])
    if request.number:
        return refused("p6", [reason("REG_DUP_MESSAGE", number=request.number)])
    if request.message != envelope.message:
        return refused("p6", [reason("SIG_INVALID")])
    if request.state not in {State.SENT, State.NOT_DELIVERED}:
        return refused("p6", [reason("GW_FORMAT", "DraftId")])
    run = request.run
    if run.flow.registers:
        work.begin(run, "p6")
    give_number(work, request, provider)
    if run.flow.registers:
        work.finish(run, digest=request.document)
    else:
        work.note("arm.registered", "АРМ", run, digest=request.document)
    request.reasons = []
    request.save(work)
    return Answer(request.number)


def give_number(work: Work, request: Request, provider: Provider) -> None:
    """Give ``request`` its number and bring it to REGISTERED; the same sequence for all channels (R413)."""
    year = provider.calendar.local(work.now).year
    series = f"{provider.code}-{request.service}-{year}"
    request.number = request.run.number = f"{series}-{work.unit.next_number(series):06d}"
    request.move(work, State.REGISTERED)


def demand_signed(services: Services, request: Request) -> None:
    """See that what the store says of a registered request is what was signed; only that may be decided on (attack 62).

    A record can be edited with its digest; the signed document cannot. It is judged as of its signing, with the
    evidence of that time.

    Raises:
        StoreError: ``STORE_EDITED``.
    """
    at = request.entered(State.SIGNED)
    assert at is not None
    judge = judge_of_the_time(services, request.evidence)
    opened = signing.open_signed(services, services.store.document(request.document), KIND, at, judge=judge)
    content = read_request(opened.root) if opened.root is not None else None
    if content is None or signer_reasons(services, content, opened, at) or not _says(content, request):
        raise StoreError(
            "STORE_EDITED",
            "what the store says of the request is not what was signed",
            where=request.number,
            hint="restore the store from a copy",
        )


def _says(content: RequestContent, request: Request) -> bool:
    signed = (content.draft, content.service, content.profile, content.channel, content.provider, content.applicant)
    kept = (request.id, request.service, request.profile, request.channel, request.provider, str(request.applicant))
    other = (request.represented.iin, request.represented.relation) if request.represented else ("", "")
    form = {name: value for name, value in request.form.items() if name != "iin" and value.strip()}
    return (signed, (content.represented, content.relation), content.form, list(content.files)) == (
        kept,
        other,
        form,
        request.files,
    )


def signer_reasons(services: Relying, content: RequestContent, opened: signing.Opened, at: datetime) -> list[Finding]:
    """Return what stands against who signed a request at the time ``at``: it must be who the request names.

    Args:
        services: whose settings say which certificates may be used.
        content: what the request says.
        opened: the request, its signature being right.
        at: the time of signing.
    """
    certificate, report = opened.certificate, opened.certificate_report
    if certificate is None:
        return [reason("SIG_INVALID")]
    if content.channel == "portal":
        applicant = Iin.parse(content.applicant)
        return list(condition2.check_recipient(services, certificate, applicant, at, report=report).reasons)
    employee = Iin.parse(content.employee)
    return list(
        condition2.check_employee(services, certificate, employee, content.provider_bin, at, report=report).reasons
    )
