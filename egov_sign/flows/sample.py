"""Fills the registers from a TOML file; without one, with the synthetic people of the fixture PKI's world.

The file has tables ``[[person]]``, ``[[provider]]``, ``[[employee]]``, ``[[doctor]]``, ``[[attachment]]`` with the
attributes of :mod:`egov_sign.flows.registers`, and ``[reception]`` with ``times``, ``minutes`` and ``days``.
"""

from __future__ import annotations

import tomllib
from dataclasses import MISSING, fields
from datetime import time
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from egov_sign.errors import ConfigurationError
from egov_sign.flows import employees, schedule
from egov_sign.flows.calendar import STANDARD_HOURS, WorkCalendar
from egov_sign.flows.engine import Work
from egov_sign.flows.registers import (
    Attachment,
    Doctor,
    Employee,
    Person,
    Provider,
    attach,
    put_doctor,
    put_employee,
    put_person,
    put_provider,
)
from egov_sign.flows.services import Services

_T = TypeVar("_T")


def load(services: Services, file: Path | None = None, *, employee_password: str = "") -> None:
    """Fill the registers of ``services``.

    Args:
        services: whose registers.
        file: TOML; by default the sample that comes with the package.
        employee_password: given to every employee; empty gives none, so nobody can log in at a desk.

    Raises:
        ConfigurationError: ``SAMPLE_UNREADABLE`` if the file cannot be read or has other attributes.
    """
    table = _read(file)
    with services.work() as work:
        for row in table.get("person", []):
            put_person(work.unit, _make(Person, row))
        providers = {row["code"]: _provider(row) for row in table.get("provider", [])}
        for provider in providers.values():
            put_provider(work.unit, provider)
        for row in table.get("employee", []):
            employee = _make(Employee, row | {"roles": tuple(row.get("roles", ()))})
            put_employee(work.unit, employee)
            if employee_password:
                employees.set_password(work, services, employee, employee_password)
        doctors = [_make(Doctor, row | {"away": tuple(row.get("away", ()))}) for row in table.get("doctor", [])]
        for doctor in doctors:
            put_doctor(work.unit, doctor)
            _receive_patients(work, doctor, providers[doctor.provider], table.get("reception", {}))
        for row in table.get("attachment", []):
            if not work.unit.get("attachment", row["id"]):
                attach(work.unit, _make(Attachment, row), work.now)


def _read(file: Path | None) -> dict[str, Any]:
    source = file or resources.files(__package__).joinpath("sample.toml")
    try:
        return tomllib.loads(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(
            "SAMPLE_UNREADABLE", f"the registers cannot be read: {error}", where=str(file)
        ) from error


def _make(kind: type[_T], row: dict[str, Any]) -> _T:
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    required = {field.name for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING}  # type: ignore[arg-type]
    wrong = sorted(set(row) - known | required - set(row))
    if wrong:
        raise ConfigurationError("SAMPLE_UNREADABLE", f"{kind.__name__.lower()}: wrong or missing {', '.join(wrong)}")
    return kind(**row)


def _provider(row: dict[str, Any]) -> Provider:
    hours = {int(day): (time.fromisoformat(a), time.fromisoformat(b)) for day, (a, b) in row.pop("hours", {}).items()}
    calendar = WorkCalendar(
        row.pop("timezone", "Asia/Almaty"), hours or STANDARD_HOURS, frozenset(row.pop("days_off", ()))
    )
    return _make(Provider, row | {"calendar": calendar, "service_area": tuple(row.get("service_area", ()))})


def _receive_patients(work: Work, doctor: Doctor, provider: Provider, reception: dict[str, Any]) -> None:
    day = provider.calendar.local(work.now).date()
    times = [time.fromisoformat(text) for text in reception.get("times", [])]
    for _ in range(reception.get("days", 0)):
        for slot in schedule.day_of_slots(doctor, provider.calendar, day, times, reception["minutes"]):
            if schedule.slot(work.unit, slot.id) is None:
                schedule.put_slot(work, slot)
        day = provider.calendar.next_working_day(day)
