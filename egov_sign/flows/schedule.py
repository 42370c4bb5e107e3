"""The doctors' schedule: slots that are free, held for an applicant, booked (R18, R416, R417).

Holding and booking happen inside a unit of work, so of two who want the same slot exactly one gets it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Literal, TypeAlias

from egov_sign.flows.calendar import WorkCalendar
from egov_sign.flows.engine import Work
from egov_sign.flows.registers import Doctor
from egov_sign.flows.store import Reader, Record

SlotStatus: TypeAlias = Literal["free", "busy-tentative", "busy", "busy-unavailable", "entered-in-error"]


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which a doctor can receive one patient.

    Attributes:
        id: identifier.
        doctor: identifier of the doctor.
        provider: code of the provider.
        start: beginning, in UTC.
        end: end, in UTC.
        day: the provider's local date of the beginning.
        status: as in FHIR R4.
        request: the request that holds or has it.
        hold_until: when a hold ends by itself.
    """

    id: str
    doctor: str
    provider: str
    start: datetime
    end: datetime
    day: date
    status: SlotStatus = "free"
    request: str = ""
    hold_until: datetime | None = None

    def free_for(self, request: str, now: datetime) -> bool:
        """Tell whether ``request`` may take it: it is free, held for that request, or the hold has ended."""
        if self.status == "busy-tentative":
            return self.request == request or self.hold_until is None or now >= self.hold_until
        return self.status == "free"


def slot(reader: Reader, slot_id: str) -> Slot | None:
    """Return the slot with this identifier."""
    record = reader.get("slot", slot_id)
    return _slot(record) if record else None


def slots(reader: Reader, doctor: str, day: date) -> list[Slot]:
    """Return the slots of a doctor on a day, in order of time."""
    found = [reader.get("slot", key) for key in reader.find("slot", "day", f"{doctor} {day}")]
    return sorted((_slot(record) for record in found if record), key=lambda item: item.start)


def free_slots(reader: Reader, doctor: str, day: date, now: datetime) -> list[Slot]:
    """Return the slots of a doctor on a day that can still be chosen."""
    return [item for item in slots(reader, doctor, day) if item.start > now and item.free_for("", now)]


def hold(work: Work, chosen: Slot, request: str, until: datetime) -> None:
    """Keep a slot for ``request`` until a time; the caller has seen in this unit that it is free."""
    put_slot(work, replace(chosen, status="busy-tentative", request=request, hold_until=until))


def book(work: Work, chosen: Slot, request: str) -> None:
    """Give a slot to ``request`` for good; the caller has seen in this unit that it is free."""
    put_slot(work, replace(chosen, status="busy", request=request, hold_until=None))


def release(work: Work, slot_id: str, request: str) -> None:
    """Free a slot that ``request`` holds; any other is left as it is."""
    held = slot(work.unit, slot_id) if slot_id else None
    if held is not None and held.status == "busy-tentative" and held.request == request:
        put_slot(work, replace(held, status="free", request="", hold_until=None))


def put_slot(work: Work, changed: Slot) -> None:
    """Write a slot."""
    index = {"day": f"{changed.doctor} {changed.day}"}
    data = {
        "doctor": changed.doctor,
        "provider": changed.provider,
        "start": changed.start.isoformat(),
        "end": changed.end.isoformat(),
        "day": changed.day.isoformat(),
        "status": changed.status,
        "request": changed.request,
        "hold_until": changed.hold_until.isoformat() if changed.hold_until else None,
    }
    work.unit.put("slot", changed.id, dict(data), index=index)


def day_of_slots(doctor: Doctor, calendar: WorkCalendar, day: date, times: list[time], minutes: int) -> Iterator[Slot]:
    """Yield free slots of ``minutes`` each that begin at the provider's local ``times`` on ``day``."""
    for number, begins in enumerate(times, 1):
        start = calendar.at(day, begins)
        end = start + timedelta(minutes=minutes)
        yield Slot(f"{doctor.id}-{day:%Y%m%d}-{number:02d}", doctor.id, doctor.provider, start, end, day)


def _slot(record: Record) -> Slot:
    data: dict[str, Any] = dict(record.data)
    return Slot(
        record.key,
        data["doctor"],
        data["provider"],
        datetime.fromisoformat(data["start"]),
        datetime.fromisoformat(data["end"]),
        date.fromisoformat(data["day"]),
        data["status"],
        data["request"],
        datetime.fromisoformat(data["hold_until"]) if data["hold_until"] else None,
    )
