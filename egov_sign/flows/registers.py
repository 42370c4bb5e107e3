"""The registers that the services ask: persons, providers, employees, doctors, and who is attached where.

All are records of the store. Persons (ГБД ФЛ) are read only, and through the gateway where the regulation says so
(:mod:`egov_sign.flows.queries`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from egov_sign.clock import format_time
from egov_sign.errors import ConfigurationError
from egov_sign.flows.calendar import STANDARD_HOURS, WorkCalendar
from egov_sign.flows.store import Data, Reader, Unit

LIFE_NORMAL = "0"
"""Code of a living person in the register of persons (R529)."""
Basis = Literal["residence", "free_choice", "campaign", "child", "student", "return"]


@dataclass(frozen=True, slots=True)
class Person:
    """A record of the register of persons (ГБД ФЛ, R529).

    Attributes:
        iin: individual identification number.
        surname: surname.
        name: given name.
        patronymic: may be empty.
        birth_date: birth date.
        life_status: ``0`` for normal.
        address: registered address.
        admin_unit: code of the administrative unit of that address.
    """

    iin: str
    surname: str
    name: str
    birth_date: date
    patronymic: str = ""
    life_status: str = LIFE_NORMAL
    address: str = ""
    admin_unit: str = ""

    @property
    def full_name(self) -> str:
        """Surname, name and patronymic."""
        return " ".join(part for part in (self.surname, self.name, self.patronymic) if part)

    def age(self, on: date) -> int:
        """Return the full years of age on the day ``on``."""
        return on.year - self.birth_date.year - ((on.month, on.day) < (self.birth_date.month, self.birth_date.day))


@dataclass(frozen=True, slots=True)
class Provider:
    """A medical organisation that gives primary care (R2).

    Attributes:
        code: short code, part of request numbers: ``AST01``.
        bin: business identification number.
        name: by language.
        admin_unit: code of the administrative unit it serves.
        address: where it is.
        phone: for patients.
        border_territory: whether people of other units may choose it (R512).
        accepts_attachment: whether it is open for attachments.
        service_area: addresses it serves begin with one of these; empty for no limit.
        calendar: when it works.
        cutoff_minutes: how long before closing requests are accepted, by service (R17, R504).
    """

    code: str
    bin: str
    name: dict[str, str]
    admin_unit: str
    address: str = ""
    phone: str = ""
    border_territory: bool = False
    accepts_attachment: bool = True
    service_area: tuple[str, ...] = ()
    calendar: WorkCalendar = field(default_factory=WorkCalendar)
    cutoff_minutes: dict[str, int] = field(default_factory=lambda: {"CALL": 120, "ATT": 120})

    def cutoff(self, service: str) -> timedelta:
        """Return how long before closing requests for ``service`` are accepted."""
        return timedelta(minutes=self.cutoff_minutes.get(service, 0))


@dataclass(frozen=True, slots=True)
class Employee:
    """Somebody who works at a provider's workstation.

    Attributes:
        iin: individual identification number, also the login.
        provider: code of the provider.
        full_name: name.
        position: position.
        roles: of ``registrar``, ``doctor``, ``signer``, ``head``.
        active: whether still employed.
    """

    iin: str
    provider: str
    full_name: str
    position: str
    roles: tuple[str, ...]
    active: bool = True


@dataclass(frozen=True, slots=True)
class Doctor:
    """A doctor who receives patients or visits them.

    Attributes:
        id: identifier.
        provider: code of the provider.
        full_name: name.
        specialty: e.g. «терапевт».
        district: number of the district served; may be empty.
        room: where patients are received.
        home_visits: whether the doctor visits patients at home.
        visits_a_day: how many home visits the doctor can make in a day.
        away: days on which the doctor does not work.
    """

    id: str
    provider: str
    full_name: str
    specialty: str
    district: str = ""
    room: str = ""
    home_visits: bool = False
    visits_a_day: int = 20
    away: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """An entry of the register of the attached population (РПН).

    Attributes:
        id: identifier.
        iin: of the person.
        provider: code of the provider.
        basis: why.
        start: first day.
        end: last day; ``None`` while it is open.
        district: number of the district; may be empty.
        request_number: of the request that led to it; may be empty.
    """

    id: str
    iin: str
    provider: str
    basis: str
    start: date
    end: date | None = None
    district: str = ""
    request_number: str = ""


class Registers:
    """Looks things up.

    Args:
        reader: a store, or the unit of work that the answer must stay true for.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def person(self, iin: str) -> Person | None:
        """Return the person, as the register itself has it."""
        record = self._reader.get("person", iin)
        if record is None:
            return None
        data: dict[str, Any] = dict(record.data)
        return Person(**data | {"birth_date": date.fromisoformat(data["birth_date"])})

    def provider(self, code: str) -> Provider | None:
        """Return the provider with this code."""
        record = self._reader.get("provider", code)
        return _provider(record.data) if record else None

    def known_provider(self, code: str) -> Provider:
        """Return the provider with this code.

        Raises:
            ConfigurationError: ``PROVIDER_UNKNOWN``.
        """
        found = self.provider(code)
        if found is None:
            raise ConfigurationError("PROVIDER_UNKNOWN", f"there is no provider {code!r}")
        return found

    def employee(self, iin: str) -> Employee | None:
        """Return the employee with this IIN."""
        record = self._reader.get("employee", iin)
        if record is None:
            return None
        data: dict[str, Any] = dict(record.data)
        return Employee(**data | {"roles": tuple(data["roles"])})

    def doctor(self, doctor_id: str) -> Doctor | None:
        """Return the doctor with this identifier."""
        record = self._reader.get("doctor", doctor_id)
        if record is None:
            return None
        data: dict[str, Any] = dict(record.data)
        return Doctor(**data | {"away": tuple(date.fromisoformat(day) for day in data["away"])})

    def doctors(self, provider: str) -> Iterator[Doctor]:
        """Yield the doctors of a provider."""
        for key in self._reader.find("doctor", "provider", provider):
            doctor = self.doctor(key)
            if doctor is not None:
                yield doctor

    def attachments(self, iin: str) -> list[Attachment]:
        """Return all attachments of a person, oldest first."""
        found = [self._reader.get("attachment", key) for key in self._reader.find("attachment", "iin", iin)]
        return sorted((_attachment(record.data) for record in found if record), key=lambda entry: entry.start)

    def attachment(self, iin: str) -> Attachment | None:
        """Return the open attachment of a person; there is at most one (R519)."""
        for key in self._reader.find("attachment", "open", iin):
            record = self._reader.get("attachment", key)
            if record:
                return _attachment(record.data)
        return None


def put_person(unit: Unit, person: Person) -> None:
    """Write a person into the register."""
    unit.put("person", person.iin, _plain(asdict(person)))


def put_provider(unit: Unit, provider: Provider) -> None:
    """Write a provider into the register."""
    calendar = provider.calendar
    row = {key: getattr(provider, key) for key in Provider.__slots__ if key != "calendar"}
    row["timezone"] = calendar.timezone
    row["hours"] = {str(day): [str(opening), str(closing)] for day, (opening, closing) in calendar.hours.items()}
    row["days_off"] = sorted(day.isoformat() for day in calendar.days_off)
    row["working_days"] = {
        day.isoformat(): [str(opening), str(closing)] for day, (opening, closing) in calendar.working_days.items()
    }
    data = _plain(row)
    unit.put("provider", provider.code, data)


def put_employee(unit: Unit, employee: Employee) -> None:
    """Write an employee into the register."""
    unit.put("employee", employee.iin, _plain(asdict(employee)), index={"provider": employee.provider})


def put_doctor(unit: Unit, doctor: Doctor) -> None:
    """Write a doctor into the register."""
    unit.put("doctor", doctor.id, _plain(asdict(doctor)), index={"provider": doctor.provider})


def attach(unit: Unit, entry: Attachment, now: datetime) -> Attachment | None:
    """Open an attachment and close the one before it (R427, R521); return the closed one.

    Raises:
        ConfigurationError: ``ATTACHMENT_CLOSED`` for an entry that is not open.
    """
    if entry.end is not None:
        raise ConfigurationError("ATTACHMENT_CLOSED", "a new attachment must be open")
    previous = Registers(unit).attachment(entry.iin)
    if previous is not None:
        closed = _plain(asdict(previous)) | {"end": entry.start.isoformat(), "closed_at": format_time(now)}
        unit.put("attachment", previous.id, closed, index={"iin": entry.iin})
    unit.put("attachment", entry.id, _plain(asdict(entry)), index={"iin": entry.iin, "open": entry.iin})
    return previous


def _attachment(data: Data) -> Attachment:
    row: dict[str, Any] = {key: value for key, value in data.items() if key != "closed_at"}
    row["start"] = date.fromisoformat(row["start"])
    row["end"] = date.fromisoformat(row["end"]) if row["end"] else None
    return Attachment(**row)


def _provider(data: Data) -> Provider:
    row: dict[str, Any] = dict(data)
    calendar = WorkCalendar(
        row.pop("timezone"),
        {int(day): _hours(hours) for day, hours in row.pop("hours", {}).items()} or STANDARD_HOURS,
        frozenset(date.fromisoformat(day) for day in row.pop("days_off")),
        {date.fromisoformat(day): _hours(hours) for day, hours in row.pop("working_days").items()},
    )
    return Provider(**row | {"calendar": calendar, "service_area": tuple(row["service_area"])})


def _hours(hours: list[str]) -> tuple[time, time]:
    opening, closing = hours
    return time.fromisoformat(opening), time.fromisoformat(closing)


def _plain(row: dict[str, Any]) -> Data:
    return {key: _plain_value(value) for key, value in row.items()}


def _plain_value(value: Any) -> Any:  # noqa: ANN401 - whatever a dataclass holds
    if isinstance(value, date):
        return value.isoformat()
    return [_plain_value(item) for item in value] if isinstance(value, tuple) else value
