"""The provider's desk: an employee applies for a recipient who has come in person (R121–R130 and their kin).

::

    counter = ServiceDesk(services, "AST01")
    request = counter.open(session, "CALL", identity).get()       # processes 2 and 3, condition 1
    counter.fill(session, request.id, {…}).get()
    counter.register(session, request.id, signer).get()           # processes 5 and 6: signed by the employee
    Workstation(services, "AST01").process(session, number, …)    # condition 2, process 7 or 8

Where the regulation has two procedures instead, see :mod:`egov_sign.flows.reception`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.iin import Iin
from egov_sign.crypto.signer import Signer
from egov_sign.errors import ConfigurationError, InputError
from egov_sign.flows import condition2, evidence, preparation, queries, registration, requests, sessions, signing
from egov_sign.flows.attachments import AttachedFile, check_file, describe_file
from egov_sign.flows.deadlines import service_due
from egov_sign.flows.employees import WORKING_ROLES, Desk, masked
from egov_sign.flows.engine import Run, Work
from egov_sign.flows.forms import Represented, check_entries, check_form, check_represented
from egov_sign.flows.model import flow
from egov_sign.flows.refusals import Answer, Refusal, reason, refused
from egov_sign.flows.registers import Person, Provider
from egov_sign.flows.requests import Request, State
from egov_sign.flows.services import Services
from egov_sign.verdict import Finding


@dataclass(frozen=True, slots=True)
class Identity:
    """What the recipient says, or shows, of himself.

    Attributes:
        iin: individual identification number.
        surname: as on the identity document; empty where it was not asked.
        name: given name; may be empty likewise.
        birth_date: ISO date; may be empty likewise.
    """

    iin: str
    surname: str = ""
    name: str = ""
    birth_date: str = ""


def differences(said: Identity, person: Person) -> list[Finding]:
    """Return where what was said differs from the register of persons (``GBD_MISMATCH``)."""
    pairs = {
        "surname": (said.surname.casefold(), person.surname.casefold()),
        "name": (said.name.casefold(), person.name.casefold()),
        "birth_date": (said.birth_date, person.birth_date.isoformat()),
    }
    return [
        reason("GBD_MISMATCH", field, field=f"FIELD_{field.upper()}")
        for field, (given, known) in pairs.items()
        if given not in {"", known}
    ]


def read_iin(text: str) -> Answer[Iin]:
    """Read the recipient's IIN; refusal: ``FORM_FORMAT``, before any register is asked (R122)."""
    try:
        return Answer(Iin.parse(text))
    except InputError:
        return refused("p2", [reason("FORM_FORMAT", "iin", field="FIELD_IIN", detail="DETAIL_IIN")])


def session_refusal(services: Services, session: Desk, provider: str) -> Refusal | None:
    """Return why ``session`` may not go on at ``provider``: it has ended, or the employee does not work there."""
    if not sessions.is_open(services, session.session):
        return Refusal("", (reason("AUTH_SESSION_EXPIRED"),))
    works_there = session.employee.provider == provider and session.may(*WORKING_ROLES)
    return None if works_there else Refusal("", (reason("EMP_NO_ROLE"),))


class ServiceDesk:
    """The desk of one provider.

    Args:
        services: what it runs on.
        provider: code of the provider.

    Raises:
        ConfigurationError: ``PROVIDER_UNKNOWN``.
    """

    def __init__(self, services: Services, provider: str) -> None:
        self.services = services
        self.provider: Provider = services.registers.known_provider(provider)

    def open(
        self,
        session: Desk,
        service: str,
        recipient: Identity,
        *,
        on_behalf_of: Represented | None = None,
        profile: str = "",
    ) -> Answer[Request]:
        """Choose the service, enter the recipient, ask the register of persons (processes 2, 3, condition 1).

        The form of the request is prefilled from the register (R126).

        Refusals: ``FORM_FORMAT`` for an IIN that cannot be one; ``GBD_NOT_FOUND``, ``GBD_UNAVAILABLE``,
        ``GBD_NOT_ALIVE``, ``GBD_MISMATCH`` (process 4: over, without a number); ``AUTH_SESSION_EXPIRED``,
        ``EMP_NO_ROLE``.

        Raises:
            ConfigurationError: ``FLOW_NOT_PROVIDED``.
        """
        if (refusal := session_refusal(self.services, session, self.provider.code)) is not None:
            return Answer(None, refusal)
        chosen = flow(profile or self.services.settings.profile, service, "desk")
        answer = read_iin(recipient.iin)
        if answer.refusal is not None:
            return Answer(None, answer.refusal)
        if on_behalf_of is not None and (wrong := check_represented(on_behalf_of)):
            return refused("p2", wrong)
        iin = answer.get()
        run = self._run(session, chosen.profile, service, iin)
        request = Request(run.request, run, iin, self.provider.code, represented=on_behalf_of)
        request.employee, request.identity_basis = session.employee.iin, "document"
        with self.services.work() as work:
            work.pass_through(run, "p2")
            work.begin(run, "p3")
            request.move(work, State.DRAFT)
            request.save(work)
        found = queries.person(self.services, iin)
        reasons = list(found.refusal.reasons) if found.refusal else differences(recipient, found.get())
        with self.services.work() as work:
            work.finish(run, "error" if reasons and reasons[0].code == "GBD_UNAVAILABLE" else "ok")
            codes = [finding.code for finding in reasons]
            if not work.decide(run, "c1", codes):
                work.pass_through(run, "p4", "refused", codes)
                request.refuse(work, State.REFUSED, reasons)
                request.save(work)
                return refused("p4", reasons)
            work.begin(run, "p5")
            request.form = {"iin": str(iin)} | self._prefilled(service, found.get())
            request.save(work)
        return Answer(request)

    def fill(self, session: Desk, request_id: str, form: Mapping[str, str]) -> Answer[Request]:
        """Fill in fields of the form; refusals: ``AUTH_SESSION_EXPIRED``, ``FORM_FORMAT`` for what no draft holds."""
        if (refusal := session_refusal(self.services, session, self.provider.code)) is not None:
            return Answer(None, refusal)
        with self.services.work() as work:
            request = self._draft(work, request_id)
            if reasons := check_entries(request.service, form):
                return refused("p5", reasons)
            request.form.update(form)
            request.save(work)
        return Answer(request)

    def scan(self, session: Desk, request_id: str, name: str, content: bytes, kind: str) -> Answer[AttachedFile]:
        """Attach a scanned document (R126); refusals: ``FORM_ATTACHMENT_TYPE``, ``FORM_ATTACHMENT_SIZE``."""
        if (refusal := session_refusal(self.services, session, self.provider.code)) is not None:
            return Answer(None, refusal)
        reasons = check_file(name, content, self.services.limits)
        if reasons:
            return refused("p5", reasons)
        with self.services.work() as work:
            request = self._draft(work, request_id)
            file = describe_file(len(request.files) + 1, kind, name, content)
            work.unit.put_document(content)
            request.files.append(file)
            request.save(work)
        return Answer(file)

    def register(self, session: Desk, request_id: str, signer: Signer) -> Answer[Request]:
        """Sign with the employee's key (process 5) and register (process 6).

        Refusals: ``FORM_…``; ``EMP_CERT_REJECTED`` for every reason against the employee's certificate (R411);
        ``SIG_INVALID``; ``GBD_…``.

        Raises:
            StoreConflictError: the form was changed while it was being checked.
        """
        if (refusal := session_refusal(self.services, session, self.provider.code)) is not None:
            return Answer(None, refusal)
        draft = self._draft(None, request_id)
        reasons = check_form(draft.service, draft.form, draft.applicant)
        reasons = reasons or preparation.unresolved(self.services.registers, self.services.store, draft)
        if reasons:
            return refused("p5", reasons)
        parties = preparation.parties(self.services, draft)
        if parties.refusal is not None:
            return Answer(None, parties.refusal)
        employee = Iin.parse(session.employee.iin)
        now = self.services.clock.now()
        check = condition2.check_employee(
            self.services, Certificate.load(signer.certificate), employee, self.provider.bin, now
        )
        if check.reasons:
            return refused("p5", condition2.rejected(check))
        with self.services.work() as work:
            request = requests.unchanged(work, draft)
            document = preparation.document(
                work, request, parties.get(), self.services.registers, employee=session.employee
            )
            signed = signing.sign(document, signer)
            opened = signing.open_signed(self.services, signed, "request", now)
            if opened.root is None:
                return refused("p5", opened.reasons)
            request.certificate = check.certificate.fingerprint
            request.evidence = evidence.keep(work, self.services, check)
            request.document = work.unit.put_document(signed, ".xml")
            request.due = service_due(request.run.flow, work.now, self.provider)
            request.move(work, State.READY_TO_SIGN)
            request.move(work, State.SIGNED)
            work.finish(request.run, digest=request.document)
            work.begin(request.run, "p6")
            registration.give_number(work, request, self.provider)
            work.finish(request.run, digest=request.document)
            request.save(work)
        return Answer(request)

    def _run(self, session: Desk, profile: str, service: str, iin: Iin) -> Run:
        login = session.session.run
        return Run(
            flow(profile, service, "desk"),
            login.step,
            began=dict(login.began),
            ended=dict(login.ended),
            request=str(uuid.uuid4()),
            subject=iin,
            actor=masked(session.employee),
        )

    def _draft(self, work: Work | None, request_id: str) -> Request:
        request = requests.load(work.unit if work else self.services.store, request_id)
        if request.provider != self.provider.code or request.channel != "desk":
            raise ConfigurationError("REQUEST_UNKNOWN", f"there is no request {request_id!r} at this desk")
        if request.state is not State.DRAFT:
            raise ConfigurationError("REQUEST_STATE", f"the request is {request.state} already", where=request_id)
        return request

    @staticmethod
    def _prefilled(service: str, person: Person) -> dict[str, str]:
        match service:
            case "CALL":
                return {"address": person.address} if person.address else {}
            case "ATT":
                known = {"actual_address": person.address, "admin_unit": person.admin_unit}
                return {name: value for name, value in known.items() if value}
        return {}
