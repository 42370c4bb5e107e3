"""Who takes part in a case, as FHIR R4: Patient, RelatedPerson, Organization, Location, Practitioner and the like."""

from __future__ import annotations

from datetime import date, time, timedelta

from egov_sign.flows import catalogue
from egov_sign.flows.calendar import WorkCalendar
from egov_sign.flows.fhir_bundle import (
    BIN,
    IIN,
    SERVICE,
    SYSTEM,
    Bundle,
    Resource,
    coding,
    concept,
    identifier,
    without_nothing,
)
from egov_sign.flows.registers import Doctor, Employee, Person, Provider, Registers
from egov_sign.flows.requests import Request
from egov_sign.verdict import Json

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RELATIONS = {
    "child": coding("v3-RoleCode", "PRN", "parent"),
    "ward": coding("v3-RoleCode", "GUARD", "guardian"),
    "principal": coding("v3-RoleCode", "POWATT", "power of attorney"),
}
"""What the applicant is to the patient, by what the patient is to the applicant."""


def add_patient(bundle: Bundle, request: Request, registers: Registers) -> None:
    """Add ``patient``: whom the service is for, with where that person is attached; ``representative``, if any."""
    iin = str(request.recipient)
    person = registers.person(iin)
    entry = registers.attachment(iin)
    at = _attached_to(bundle, request, registers, entry.provider) if entry else {}
    phone = request.form.get("phone", "") if request.represented is None else ""
    bundle.add(
        "patient",
        "Patient",
        "shared",
        identifier=[identifier(IIN, iin)],
        active=True,
        generalPractitioner=[at] if at else [],
        managingOrganization=at,
        **_person(person, phone),
    )
    if request.represented is not None:
        applicant = registers.person(str(request.applicant))
        bundle.add(
            "representative",
            "RelatedPerson",
            "shared",
            identifier=[identifier(IIN, str(request.applicant))],
            active=True,
            patient=bundle.reference("patient"),
            relationship=[concept(_RELATIONS[request.represented.relation])],
            **_person(applicant, request.form.get("phone", "")),
        )


def _attached_to(bundle: Bundle, request: Request, registers: Registers, code: str) -> Resource:
    """Return a reference to the provider with ``code``, by its identifier where the bundle does not hold it."""
    provider = registers.provider(code)
    if provider is None:
        return {"identifier": identifier(f"{SYSTEM}:provider", code)}
    inside = bundle.reference("organization") if code == request.provider else {}
    return inside | {"identifier": identifier(BIN, provider.bin), "display": provider.name["ru"]}


def add_provider(bundle: Bundle, request: Request, provider: Provider, year: int) -> None:
    """Add ``organization``, ``location`` and ``healthcare``: the service with the working time of ``year``."""
    phone: list[Json] = [{"system": "phone", "value": provider.phone}] if provider.phone else []
    names = provider.name
    bundle.add(
        "organization",
        "Organization",
        "shared",
        identifier=[identifier(BIN, provider.bin), identifier(f"{SYSTEM}:provider", provider.code)],
        active=True,
        type=[concept(coding("organization-type", "prov", "Healthcare Provider"))],
        name=names["ru"],
        alias=[text for language, text in names.items() if language != "ru"],
        telecom=phone,
    )
    bundle.add(
        "location",
        "Location",
        "shared",
        identifier=[identifier(f"{SYSTEM}:location", provider.code)],
        status="active",
        mode="instance",
        name=names["ru"],
        telecom=phone,
        address=without_nothing({"text": provider.address, "country": "KZ"}),
        managingOrganization=bundle.reference("organization"),
    )
    service = catalogue.name_of(request.service)
    bundle.add(
        "healthcare",
        "HealthcareService",
        "shared",
        identifier=[identifier(f"{SYSTEM}:healthcare-service", f"{provider.code}-{request.service}")],
        active=True,
        providedBy=bundle.reference("organization"),
        type=[concept(coding(SERVICE, request.service, service))],
        location=[bundle.reference("location")],
        name=service,
        appointmentRequired=request.service == "APPT",
        availableTime=_available(provider.calendar),
        notAvailable=[_day_off(day) for day in _days_off(provider.calendar, year)],
        availabilityExceptions=_exceptions(provider.calendar),
    )


def add_doctor(bundle: Bundle, doctor: Doctor, provider: Provider) -> None:
    """Add ``doctor`` and ``doctor-role``: specialty, place, working time and days away."""
    bundle.add(
        "doctor",
        "Practitioner",
        "shared",
        identifier=[identifier(f"{SYSTEM}:doctor", doctor.id)],
        active=True,
        name=[{"text": doctor.full_name}],
    )
    bundle.add(
        "doctor-role",
        "PractitionerRole",
        "shared",
        identifier=[identifier(f"{SYSTEM}:doctor-role", doctor.id)],
        active=True,
        practitioner=bundle.reference("doctor"),
        organization=bundle.reference("organization"),
        code=[concept(coding("practitioner-role", "doctor", "Doctor"))],
        specialty=[concept(text=doctor.specialty)],
        location=[bundle.reference("location")],
        healthcareService=[bundle.reference("healthcare")],
        availableTime=_available(provider.calendar),
        notAvailable=[_day_off(day) for day in doctor.away],
    )


def add_employee(bundle: Bundle, employee: Employee) -> str:
    """Add an employee of the provider and the employee's role; return the name in the bundle."""
    name = f"employee-{employee.iin}"
    bundle.add(
        name,
        "Practitioner",
        "shared",
        identifier=[identifier(IIN, employee.iin)],
        active=employee.active,
        name=[{"text": employee.full_name}],
    )
    bundle.add(
        f"{name}-role",
        "PractitionerRole",
        "shared",
        identifier=[identifier(f"{SYSTEM}:employee-role", f"{employee.provider}-{employee.iin}")],
        active=employee.active,
        practitioner=bundle.reference(name),
        organization=bundle.reference("organization"),
        code=[concept(*(coding(f"{SYSTEM}:role", role) for role in employee.roles), text=employee.position)],
    )
    return name


def _person(person: Person | None, phone: str) -> Resource:
    """Return what Patient and RelatedPerson share; nothing of a person whom the register does not know."""
    telecom: list[Json] = [{"system": "phone", "value": phone}] if phone else []
    if person is None:
        return {"telecom": telecom}
    given: list[Json] = [part for part in (person.name, person.patronymic) if part]
    return {
        "name": [{"use": "official", "text": person.full_name, "family": person.surname, "given": given}],
        "telecom": telecom,
        "birthDate": person.birth_date.isoformat(),
        "address": [{"use": "home", "text": person.address, "country": "KZ"}] if person.address else [],
    }


def _available(calendar: WorkCalendar) -> list[Json]:
    """Return the working time; weekdays with the same hours together, times local as R4 wants them."""
    days: dict[tuple[time, time], list[Json]] = {}
    for day, hours in sorted(calendar.hours.items()):
        days.setdefault(hours, []).append(_DAYS[day - 1])
    return [
        {"daysOfWeek": names, "availableStartTime": f"{opening:%H:%M:%S}", "availableEndTime": f"{closing:%H:%M:%S}"}
        for (opening, closing), names in days.items()
    ]


def _days_off(calendar: WorkCalendar, year: int) -> list[date]:
    days = (date(year, 1, 1) + timedelta(days=ahead) for ahead in range(366))
    return [
        day
        for day in days
        if day.year == year and day.isoweekday() in calendar.hours and calendar.working_hours(day) is None
    ]


def _day_off(day: date) -> Resource:
    return {"description": "нерабочий день", "during": {"start": day.isoformat(), "end": day.isoformat()}}


def _exceptions(calendar: WorkCalendar) -> str:
    worked = (f"{day}: {opening:%H:%M}-{closing:%H:%M}" for day, (opening, closing) in calendar.working_days.items())
    return "; ".join([f"часовой пояс {calendar.timezone}", *worked])
