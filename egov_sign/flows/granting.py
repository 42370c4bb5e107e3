"""What a granted request changes, and what its certificate says: a visit, a booked slot, an attachment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from egov_sign.clock import format_time
from egov_sign.flows import books, schedule
from egov_sign.flows.engine import Work
from egov_sign.flows.grounds import Case, visiting_doctor
from egov_sign.flows.registers import Attachment, attach
from egov_sign.flows.store import Data

VISIT_AFTER = timedelta(hours=1)
VISIT_WINDOW = timedelta(hours=2)
_HALF_HOUR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Granted:
    """What became of a granted request.

    Attributes:
        content: elements of the certificate's part that belongs to the service, in order.
        oral_answer: what the registrar says, by language; empty for an attachment.
    """

    content: dict[str, str]
    oral_answer: dict[str, str]


def grant(work: Work, case: Case) -> Granted:
    """Enter the visit, book the slot or open the attachment; the case has been examined in this unit."""
    return {"CALL": _call, "APPT": _appointment, "ATT": _attachment}[case.request.service](work, case)


def _call(work: Work, case: Case) -> Granted:
    doctor = visiting_doctor(case)
    assert doctor is not None
    day = case.calendar.local(case.now).date()
    hours = case.calendar.working_hours(day)
    assert hours is not None
    earliest = case.calendar.local(max(case.now, hours[0]) + VISIT_AFTER)
    past = timedelta(minutes=earliest.minute % 30, seconds=earliest.second, microseconds=earliest.microsecond)
    start = earliest - past + (_HALF_HOUR if past else timedelta(0))
    end = min(start + VISIT_WINDOW, case.calendar.local(hours[1]))
    window = start.strftime("%H:%M"), end.strftime("%H:%M")
    answer = books.oral_answer_call(day, *window, doctor.full_name)
    row: Data = _patient(case) | {
        "address": case.form["address"],
        "complaints": case.form["complaints"],
        "district": doctor.district,
        "doctor": doctor.id,
        "visit_date": day.isoformat(),
        "visit_window": list(window),
        "visit_status": "doctor_assigned",
        "oral_answer": answer["ru"],
    }
    number = books.enter(work, "call", case.provider.code, row, {"visit": f"{doctor.id} {day}"})
    content = {
        "Date": day.isoformat(),
        "From": window[0],
        "To": window[1],
        "DoctorName": doctor.full_name,
        "District": doctor.district,
        "Address": case.form["address"],
        "JournalRow": number,
    }
    return Granted(content, answer)


def _appointment(work: Work, case: Case) -> Granted:
    doctor = case.registers.doctor(case.form["doctor_id"])
    chosen = schedule.slot(work.unit, case.form["slot_id"])
    assert doctor is not None
    assert chosen is not None
    schedule.book(work, chosen, case.request.id)
    start = case.calendar.local(chosen.start)
    answer = books.oral_answer_appointment(start, doctor.full_name, doctor.specialty, doctor.room)
    row: Data = _patient(case) | {
        "doctor": doctor.id,
        "specialty": doctor.specialty,
        "room": doctor.room,
        "slot": chosen.id,
        "start": chosen.start.isoformat(),
        "visit_date": start.date().isoformat(),
        "visit_time": start.strftime("%H:%M"),
        "state": "booked",
        "oral_answer": answer["ru"],
    }
    index = {"patient": f"{case.recipient.iin} {doctor.id}"}
    number = books.enter(work, "appointment", case.provider.code, row, index)
    content = {
        "Date": start.date().isoformat(),
        "Time": start.strftime("%H:%M"),
        "DoctorName": doctor.full_name,
        "Specialty": doctor.specialty,
        "Room": doctor.room,
        "JournalRow": number,
    }
    return Granted(content, answer)


def _attachment(work: Work, case: Case) -> Granted:
    today = case.calendar.local(case.now).date()
    basis = case.form["basis"]
    # What is chosen during the campaign takes effect with the next year (R521).
    start = today.replace(year=today.year + 1, month=1, day=1) if basis == "campaign" else today
    entry = Attachment(
        id=case.request.number,
        iin=case.recipient.iin,
        provider=case.provider.code,
        basis=basis,
        start=start,
        district=case.form.get("district_no", ""),
        request_number=case.request.number,
    )
    attach(work.unit, entry, work.now)
    name = case.provider.name["ru"]
    text = f"Уважаемый (ая) {case.recipient.full_name}, Вы прикреплены к медицинской организации «{name}»."
    content = {
        "Organisation": name,
        "District": entry.district,
        "StartDate": start.isoformat(),
        "Text": text,
    }
    return Granted(content, {})


def _patient(case: Case) -> Data:
    return {
        "date": case.calendar.local(case.now).date().isoformat(),
        "time_received": format_time(case.sent),
        "channel": case.request.channel,
        "request_number": case.request.number,
        "iin": case.recipient.iin,
        "full_name": case.recipient.full_name,
        "birth_date": case.recipient.birth_date.isoformat(),
        "phone": case.form.get("phone", ""),
        "entered_by": case.request.employee,
    }
