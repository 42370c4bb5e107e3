"""The grounds of the services: condition 3 of the portal, condition 2 of the desk; one rule set for all (R415).

Every rule looks at a :class:`Case` and tells what stands against the service. All rules are asked, so a refusal names
every ground. The rules only look; what a granted request changes is in :mod:`egov_sign.flows.granting`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from egov_sign.errors import StoreError
from egov_sign.flows import books, requests, schedule
from egov_sign.flows.calendar import WorkCalendar
from egov_sign.flows.refusals import reason
from egov_sign.flows.registers import Attachment, Doctor, Person, Provider, Registers
from egov_sign.flows.requests import Request
from egov_sign.flows.services import Settings
from egov_sign.flows.store import Unit
from egov_sign.verdict import Finding


@dataclass(frozen=True, slots=True)
class Case:
    """All that the rules may look at.

    Attributes:
        request: the registered request.
        provider: the provider that decides.
        recipient: whom the service is for, from the register of persons.
        attachment: where the recipient is attached, from the register of the attached population.
        unit: the unit of work in which the decision is made.
        now: the time of the decision.
        sent: when the request was sent; what cut-offs are compared with (D24).
        settings: what the operator decided.
    """

    request: Request
    provider: Provider
    recipient: Person
    attachment: Attachment | None
    unit: Unit
    now: datetime
    sent: datetime
    settings: Settings

    @property
    def form(self) -> dict[str, str]:
        """What was filled in."""
        return self.request.form

    @property
    def calendar(self) -> WorkCalendar:
        """When the provider works."""
        return self.provider.calendar

    @property
    def registers(self) -> Registers:
        """The registers as this unit sees them."""
        return Registers(self.unit)


Rule = Callable[[Case], Iterator[Finding]]


def examine(case: Case) -> list[Finding]:
    """Return everything that stands against the service; nothing if it is granted."""
    return [finding for rule in [*_COMMON, *_OWN[case.request.service]] for finding in rule(case)]


# For every service


def _addressed_here(case: Case) -> Iterator[Finding]:
    if case.request.provider != case.provider.code:
        yield reason("DOC_WRONG_PROVIDER")


def _files_unchanged(case: Case) -> Iterator[Finding]:
    for file in case.request.files:
        try:
            digest = hashlib.sha256(case.unit.document(file.digest)).hexdigest()
        except StoreError:
            digest = ""
        if digest != file.digest:
            yield reason("DOC_DIGEST_MISMATCH", file.id, name=file.name)


def _representation(case: Case) -> Iterator[Finding]:
    """Somebody who acts for another shows a document (R510); for a child at attachment there is a rule of its own."""
    represented = case.request.represented
    if represented is None or case.request.service == "ATT":
        return
    if not {"representation", "power_of_attorney"} & {file.kind for file in case.request.files}:
        yield reason("DOC_NO_AUTHORITY")


def _no_other_request(case: Case) -> Iterator[Finding]:
    active = requests.load_all(case.unit, "active", f"{case.recipient.iin} {case.request.service}")
    for other in active:
        if other.id == case.request.id or not other.number or other.number > case.request.number:
            continue
        code = "ATT_PENDING" if case.request.service == "ATT" else "DOC_DUPLICATE_REQUEST"
        if case.request.service != "APPT":
            yield reason(code, number=other.number)


def _data_reliable(case: Case) -> Iterator[Finding]:
    """An address given as the registered one must be in the register's administrative unit (R511, R512)."""
    previous = case.form.get("previous_provider", "")
    actual = case.attachment.provider if case.attachment else ""
    if previous and previous != actual:
        yield reason("DOC_UNRELIABLE", "previous_provider", detail="DETAIL_PREVIOUS_PROVIDER")
    onset = case.form.get("onset", "")
    if onset and onset > case.calendar.local(case.sent).date().isoformat():
        yield reason("DOC_UNRELIABLE", "onset", detail="DETAIL_ONSET")


# Home call


def _call_in_time(case: Case) -> Iterator[Finding]:
    local = case.calendar.local(case.sent)
    hours = case.calendar.working_hours(local.date())
    if hours is None:
        following = case.calendar.next_working_day(local.date())
        yield reason("CALL_NON_WORKING_DAY", date=local.date().isoformat(), next=following.isoformat())
        return
    cutoff = hours[1] - case.provider.cutoff("CALL")
    if case.sent >= cutoff:
        yield reason("CALL_CUTOFF", cutoff=case.calendar.local(cutoff).strftime("%H:%M"))


def _call_attached(case: Case) -> Iterator[Finding]:
    if case.attachment is None or case.attachment.provider != case.provider.code:
        yield reason("CALL_NOT_ATTACHED")


def _call_in_area(case: Case) -> Iterator[Finding]:
    area = case.provider.service_area
    address = case.form.get("address", "").strip().casefold()
    if area and not any(address.startswith(part.casefold()) for part in area):
        yield reason("CALL_ADDRESS_OUT_OF_AREA")


def _call_doctor(case: Case) -> Iterator[Finding]:
    if visiting_doctor(case) is None:
        yield reason("CALL_NO_DOCTOR")


def visiting_doctor(case: Case) -> Doctor | None:
    """Return who visits the patient today: the doctor of the patient's district if possible, then the least busy."""
    today = case.calendar.local(case.now).date()
    district = case.attachment.district if case.attachment else ""
    able = [
        (doctor.district != district, books.visits_on(case.unit, doctor.id, today), doctor.id, doctor)
        for doctor in case.registers.doctors(case.provider.code)
        if doctor.home_visits and today not in doctor.away
    ]
    free = [entry for entry in able if entry[1] < entry[3].visits_a_day]
    return min(free)[3] if free else None


# Appointment


def _appointment_attached(case: Case) -> Iterator[Finding]:
    if case.attachment is None or case.attachment.provider != case.provider.code:
        yield reason("APPT_NOT_ATTACHED")


def _appointment_possible(case: Case) -> Iterator[Finding]:
    doctor = case.registers.doctor(case.form.get("doctor_id", ""))
    if doctor is None or doctor.provider != case.provider.code:
        yield reason("APPT_DOCTOR_NOT_FOUND")
        return
    chosen = schedule.slot(case.unit, case.form.get("slot_id", ""))
    if chosen is None or chosen.doctor != doctor.id or chosen.status in {"busy-unavailable", "entered-in-error"}:
        yield reason("APPT_OUTSIDE_SCHEDULE")
        return
    if chosen.start <= case.now:
        yield reason("APPT_SLOT_PAST")
    if not chosen.free_for(case.request.id, case.now):
        yield reason("APPT_SLOT_TAKEN")
    for row in books.appointments_of(case.unit, case.recipient.iin, doctor.id):
        if datetime.fromisoformat(str(row["start"])) > case.now:
            yield reason("APPT_DUPLICATE", date=str(row["visit_date"]), time=str(row["visit_time"]))
            return


# Attachment


def _organisation_open(case: Case) -> Iterator[Finding]:
    if not case.provider.accepts_attachment:
        yield reason("ATT_ORG_CLOSED")


def _not_attached_yet(case: Case) -> Iterator[Finding]:
    if case.attachment is not None and case.attachment.provider == case.provider.code:
        yield reason("ATT_ALREADY")


def _lives_here(case: Case) -> Iterator[Finding]:
    """Within the administrative unit; in border territories others may come by free choice (R512)."""
    unit, own = case.form.get("admin_unit", ""), case.provider.admin_unit
    exception = case.provider.border_territory and case.form.get("basis") == "free_choice"
    if not unit.startswith(own) and not exception:
        yield reason("ATT_TERRITORY")


def _child_represented(case: Case) -> Iterator[Finding]:
    """A child is attached by a representative who shows a document (R512); students from 18 act themselves."""
    today = case.calendar.local(case.now).date()
    is_child = case.recipient.age(today) < case.settings.child_age
    represented = case.request.represented is not None
    if (is_child or represented) and "representation" not in {file.kind for file in case.request.files}:
        yield reason("ATT_REPRESENTATION")


def _choice_left(case: Case) -> Iterator[Finding]:
    """Free choice, so many times a year (R520)."""
    if case.form.get("basis") != "free_choice":
        return
    year_ago = case.calendar.local(case.now).date() - timedelta(days=365)
    used = [
        a for a in case.registers.attachments(case.recipient.iin) if a.basis == "free_choice" and a.start > year_ago
    ]
    if len(used) >= case.settings.free_choices_a_year:
        yield reason("ATT_YEAR_LIMIT")


def _basis_proven(case: Case) -> Iterator[Finding]:
    """Whoever comes as a student shows that (R522, R523)."""
    if case.form.get("basis") == "student" and not case.request.files:
        yield reason("DOC_MISSING", "basis", doc="DETAIL_STUDENT")


_COMMON: list[Rule] = [_addressed_here, _files_unchanged, _representation, _no_other_request, _data_reliable]
_OWN: dict[str, list[Rule]] = {
    "CALL": [_call_in_time, _call_attached, _call_in_area, _call_doctor],
    "APPT": [_appointment_attached, _appointment_possible],
    "ATT": [_organisation_open, _not_attached_yet, _lives_here, _child_represented, _choice_left, _basis_proven],
}
