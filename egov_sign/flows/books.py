"""The provider's journals: of calls, of appointments; and the oral answers read from them (R429–R431)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, TypeAlias

from egov_sign.flows.engine import Work
from egov_sign.flows.store import Data, Reader

Book: TypeAlias = Literal["call", "appointment"]
TITLES = {"call": "журнал регистрации вызовов", "appointment": "журнал предварительной записи на прием к врачу"}


def enter(work: Work, book: Book, provider: str, row: Data, index: dict[str, str]) -> str:
    """Write a row and return its number; rows are numbered within a provider."""
    number = work.unit.next_number(f"{book}-book-{provider}")
    key = f"{provider}-{number:06d}"
    work.unit.put(f"{book}-row", key, row | {"row": key}, index=index | {"provider": provider}, expect=0)
    return key


def rows(reader: Reader, book: Book, provider: str) -> list[Data]:
    """Return the rows of a provider's journal, in order."""
    found = [reader.get(f"{book}-row", key) for key in reader.find(f"{book}-row", "provider", provider)]
    return [record.data for record in found if record]


def visits_on(reader: Reader, doctor: str, day: date) -> int:
    """Return how many home visits a doctor has on a day."""
    return len(reader.find("call-row", "visit", f"{doctor} {day}"))


def appointments_of(reader: Reader, iin: str, doctor: str) -> list[Data]:
    """Return the rows of a person's appointments with a doctor."""
    keys = reader.find("appointment-row", "patient", f"{iin} {doctor}")
    found = [reader.get("appointment-row", key) for key in keys]
    return [record.data for record in found if record]


def oral_answer_call(day: date, start: str, end: str, doctor: str) -> dict[str, str]:
    """Return what the registrar says to somebody who called a doctor (R130)."""
    when = day.strftime("%d.%m.%Y")
    return {
        "ru": f"Вызов принят. Врач {doctor} посетит Вас {when} с {start} до {end}.",
        "kk": f"Шақыру қабылданды. Дәрігер {doctor} сізге {when} күні сағат {start} мен {end} аралығында келеді.",
        "en": f"The call is accepted. Doctor {doctor} will visit you on {when} between {start} and {end}.",
    }


def oral_answer_appointment(start: datetime, doctor: str, specialty: str, room: str) -> dict[str, str]:
    """Return what the registrar says to somebody who made an appointment (R230, R262); ``start`` is local."""
    when, at = start.strftime("%d.%m.%Y"), start.strftime("%H:%M")
    place = {"ru": f", кабинет {room}", "kk": f", {room}-кабинет", "en": f", room {room}"} if room else {}
    return {
        "ru": f"Вы записаны на прием: {specialty} {doctor}, {when} в {at}{place.get('ru', '')}.",
        "kk": f"Сіз қабылдауға жазылдыңыз: {specialty} {doctor}, {when} күні сағат {at}{place.get('kk', '')}.",
        "en": f"You have an appointment: {specialty} {doctor}, on {when} at {at}{place.get('en', '')}.",
    }
