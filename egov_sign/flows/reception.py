"""Two procedures at the provider, in person or by phone: attachment checked, journal and oral answer (R261, R262).

This is the whole of the Zhambyl regulation's desk, and of the order of 2015 for home calls too: no query of the
register of persons, no electronic signature, no request number; the result is the row of the journal and what the
registrar says. By phone no document is shown: IIN, name and birth date are compared with the register (D42).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from egov_sign.flows import grounds, queries
from egov_sign.flows.desk import Identity, differences, read_iin, session_refusal
from egov_sign.flows.employees import Desk, masked
from egov_sign.flows.engine import Run, Work
from egov_sign.flows.forms import check_form
from egov_sign.flows.granting import grant
from egov_sign.flows.grounds import Case
from egov_sign.flows.model import flow
from egov_sign.flows.refusals import Answer, refused
from egov_sign.flows.registers import Person
from egov_sign.flows.requests import Request, State
from egov_sign.flows.services import Services
from egov_sign.verdict import Finding


@dataclass(frozen=True, slots=True)
class Received:
    """A recipient who was received.

    Attributes:
        request: what is kept of it.
        row: number of the row in the provider's journal.
        oral_answer: what the registrar says, by language.
    """

    request: Request
    row: str
    oral_answer: dict[str, str]


def receive(
    services: Services,
    session: Desk,
    service: str,
    recipient: Identity,
    form: Mapping[str, str],
    *,
    channel: str = "desk",
    profile: str = "",
) -> Answer[Received]:
    """Receive somebody at the desk or on the phone: both procedures.

    Args:
        services: what the provider's workstation runs on.
        session: of the employee.
        service: ``APPT``, or ``CALL`` under the order of 2015.
        recipient: who it is; by phone surname, name and birth date must be given.
        form: the fields of the service.
        channel: ``desk`` or ``phone``.
        profile: the regulation; by default that of the installation.

    Refusals: ``FORM_…``; ``GBD_…`` by phone; ``APPT_NOT_ATTACHED`` or ``CALL_NOT_ATTACHED`` (procedure 1, D40);
    ``GW_UNAVAILABLE`` if the register of the attached population does not answer; the other grounds of the service
    (procedure 2).

    Raises:
        ConfigurationError: ``FLOW_NOT_PROVIDED`` where the regulation has no such channel.
    """
    if (refusal := session_refusal(services, session, session.employee.provider)) is not None:
        return Answer(None, refusal)
    chosen = flow(profile or services.settings.profile, service, channel)
    answer = read_iin(recipient.iin)
    if answer.refusal is not None:
        return Answer(None, answer.refusal)
    iin = answer.get()
    wrong = check_form(service, dict(form), iin)
    if wrong:
        return refused("p1", wrong)
    provider = services.registers.known_provider(session.employee.provider)
    run = Run(chosen, request=str(uuid.uuid4()), subject=iin, actor=masked(session.employee))
    request = Request(run.request, run, iin, provider.code, form=dict(form), employee=session.employee.iin)
    request.identity_basis = "phone" if channel == "phone" else "document"
    with services.work() as work:
        work.begin(run, "p1")
        request.move(work, State.DRAFT)
        request.save(work)
    person, reasons = _identify(services, request, recipient)
    attached = queries.attachment(services, iin)
    reasons += attached.refusal.reasons if attached.refusal else ()
    with services.work() as work:
        found = "unavailable" if attached.refusal else "found" if attached.value else "not found"
        work.note("rpn.checked", "РПН", run, outcome="error" if attached.refusal else "ok", codes=[found])
        if person is None or reasons:
            return _refuse(work, request, reasons)
        case = Case(request, provider, person, attached.value, work.unit, work.now, work.now, services.settings)
        return _decide(work, case)


def _identify(services: Services, request: Request, said: Identity) -> tuple[Person | None, list[Finding]]:
    answer = queries.person(services, request.applicant)
    if answer.refusal is not None:
        return None, list(answer.refusal.reasons)
    person = answer.get()
    if request.channel == "phone":
        said = Identity(said.iin, said.surname or "—", said.name or "—", said.birth_date or "—")
    return person, differences(said, person)


def _decide(work: Work, case: Case) -> Answer[Received]:
    request = case.request
    reasons = grounds.examine(case)
    not_attached = [finding for finding in reasons if finding.code.endswith("_NOT_ATTACHED")]
    if not_attached:
        return _refuse(work, request, not_attached)
    work.finish(request.run)
    work.begin(request.run, "p2")
    if reasons:
        return _refuse(work, request, reasons)
    granted = grant(work, case)
    work.finish(request.run)
    request.move(work, State.COMPLETED)
    request.save(work)
    return Answer(Received(request, granted.content["JournalRow"], granted.oral_answer))


def _refuse(work: Work, request: Request, reasons: list[Finding]) -> Answer[Received]:
    step = request.run.step
    work.finish(request.run, "refused", [finding.code for finding in reasons])
    request.refuse(work, State.REFUSED, reasons)
    request.save(work)
    return refused(step, reasons)
