"""From what was filled in to the request document: who is concerned, and the document itself."""

from __future__ import annotations

from dataclasses import dataclass

from egov_sign.certs.iin import Iin
from egov_sign.flows import queries, schedule
from egov_sign.flows.engine import Work
from egov_sign.flows.refusals import Answer, reason
from egov_sign.flows.registers import Employee, Person, Provider, Registers
from egov_sign.flows.request_document import ChosenSlot, request_document
from egov_sign.flows.requests import Request
from egov_sign.flows.services import Services
from egov_sign.flows.store import Reader
from egov_sign.verdict import Finding


@dataclass(frozen=True, slots=True)
class Parties:
    """Whom a request concerns, as the registers know them."""

    applicant: Person
    represented: Person | None
    provider: Provider


def parties(services: Services, request: Request) -> Answer[Parties]:
    """Ask the registers about the people of ``request`` (R509); refusals: ``GBD_…``.

    Raises:
        ConfigurationError: ``PROVIDER_UNKNOWN`` if they have lost the provider.
    """
    applicant = queries.person(services, request.applicant)
    if applicant.refusal is not None:
        return Answer(None, applicant.refusal)
    represented = None
    if request.represented is not None:
        answer = queries.person(services, Iin.parse(request.represented.iin))
        if answer.refusal is not None:
            return Answer(None, answer.refusal)
        represented = answer.get()
    provider = services.registers.known_provider(request.provider)
    return Answer(Parties(applicant.get(), represented, provider))


def unresolved(registers: Registers, reader: Reader, request: Request) -> list[Finding]:
    """Return what of an appointment names nothing that exists; such a request cannot be made out, let alone signed."""
    if request.service != "APPT":
        return []
    doctor = registers.doctor(request.form["doctor_id"])
    if doctor is None:
        return [reason("APPT_DOCTOR_NOT_FOUND", "doctor_id")]
    chosen = schedule.slot(reader, request.form["slot_id"])
    if chosen is None or chosen.doctor != doctor.id:
        return [reason("APPT_OUTSIDE_SCHEDULE", "slot_id")]
    return []


def document(
    work: Work, request: Request, who: Parties, registers: Registers, employee: Employee | None = None
) -> bytes:
    """Return the request document, valid against its schema, ready to be signed (R433)."""
    slot = None
    chosen = schedule.slot(work.unit, request.form.get("slot_id", "")) if request.service == "APPT" else None
    doctor = registers.doctor(chosen.doctor) if chosen else None
    if chosen is not None and doctor is not None:
        slot = ChosenSlot(doctor, chosen.start, chosen.end)
    return request_document(
        request,
        work.now,
        applicant=who.applicant,
        represented=who.represented,
        provider=who.provider,
        employee=employee,
        slot=slot,
    )
