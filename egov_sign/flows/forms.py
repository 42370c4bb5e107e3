"""The forms of the services and the check of what was filled in (R33, R34, R105, R126).

The fields stand in ``forms.toml`` beside this file. A check lists everything that is wrong, not only the first thing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from importlib import resources

from egov_sign import messages
from egov_sign.certs.iin import Iin
from egov_sign.errors import InputError
from egov_sign.flows.refusals import reason
from egov_sign.messages import Language
from egov_sign.verdict import Finding

BASES = ("residence", "free_choice", "campaign", "child", "student", "return")
"""Grounds of an attachment."""
_PHONE = re.compile(r"\+?[0-9][0-9 ()-]{4,18}[0-9]")
_CODE = re.compile(r"[A-Za-z0-9._:-]+")
_UNIT = re.compile(r"[0-9]{2,12}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 30.0, 45.0
_EMERGENCY = re.compile(
    r"без сознания|потер\w+ сознани|не дышит|судорог|сильн\w+ кровотеч|боль в груди|удушь|"
    r"есінен тан|тыныс алмай|қан кету|кеуде\w* ауыр",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form.

    Attributes:
        name: name in the form.
        element: name in the request document.
        kind: format.
        required: whether it must be filled.
        longest: most characters.
    """

    name: str
    element: str
    kind: str
    required: bool
    longest: int

    @property
    def code(self) -> str:
        """Code of the caption in the messages."""
        return f"FIELD_{self.name.upper()}"

    @property
    def example(self) -> str:
        """What may be filled in: an example, or all there is to choose from; empty where any text may."""
        return _EXAMPLES.get(self.kind, "")

    def caption(self, language: Language) -> str:
        """Return what stands before the field."""
        return messages.text(self.code, language)


@dataclass(frozen=True, slots=True)
class Represented:
    """The person whom the applicant represents: a principal, or a child (R510, R512).

    Attributes:
        iin: of that person.
        relation: ``child``, ``ward``, ``principal``.
    """

    iin: str
    relation: str


@cache
def fields(service: str) -> tuple[Field, ...]:
    """Return the fields of the form of ``service``, in the order of the request document."""
    table = tomllib.loads(resources.files(__package__).joinpath("forms.toml").read_text(encoding="utf-8"))
    return tuple(Field(**row) for row in table[service])


def check_form(service: str, form: Mapping[str, str], iin: Iin) -> list[Finding]:
    """Return what is wrong with ``form``; nothing if it can be sent.

    Args:
        service: code of the service.
        form: what was filled in; ``iin`` may be among it and must then be unchanged.
        iin: of the applicant, as registered.
    """
    findings = []
    if form.get("iin", str(iin)) != str(iin):
        findings.append(reason("FORM_IIN_READONLY", "iin"))
    findings += check_entries(service, form)
    entered_wrong = {finding.where for finding in findings}
    for field in fields(service):
        value = form.get(field.name, "")
        if not value.strip():
            if field.required:
                findings.append(reason("FORM_REQUIRED", field.name, field=field.code))
        elif field.name not in entered_wrong and not _FORMATS[field.kind](value):
            findings.append(reason("FORM_FORMAT", field.name, field=field.code, detail=_EXAMPLES[field.kind]))
    return findings


def check_entries(service: str, form: Mapping[str, str]) -> list[Finding]:
    """Return what no draft of ``service`` can hold: unknown fields, values too long or with control characters."""
    known = {field.name: field for field in fields(service)}
    findings = []
    for name, value in form.items():
        field = known.get(name)
        if field is None and name != "iin":
            findings.append(reason("FORM_FORMAT", name, field=name, detail="FIELD_UNKNOWN"))
        elif field is not None and (detail := _unfit(field, value)):
            findings.append(reason("FORM_FORMAT", name, field=field.code, detail=detail))
    return findings


def check_represented(represented: Represented) -> list[Finding]:
    """Return what is wrong with the details of a represented person."""
    try:
        Iin.parse(represented.iin)
    except InputError:
        return [reason("FORM_FORMAT", "on_behalf_of", field="FIELD_ON_BEHALF_OF", detail="DETAIL_IIN")]
    if represented.relation not in {"child", "ward", "principal"}:
        return [reason("FORM_FORMAT", "relation", field="FIELD_RELATION", detail="DETAIL_RELATION")]
    return []


def advice(service: str, form: Mapping[str, str]) -> list[Finding]:
    """Return what the applicant of a home call should be told at once: ``CALL_EMERGENCY``, dial 103.

    It is advice and never a refusal: the call goes its way all the same.
    """
    if service == "CALL" and _EMERGENCY.search(form.get("complaints", "")):
        return [reason("CALL_EMERGENCY", "complaints")]
    return []


def _unfit(field: Field, value: str) -> str:
    """Return why ``value`` can stand in no document, or an empty string."""
    if len(value) > field.longest:
        return "DETAIL_TOO_LONG"
    return "DETAIL_CONTROL" if _CONTROL.search(value) else ""


def _is_date(value: str) -> bool:
    with suppress(ValueError):
        return date.fromisoformat(value).isoformat() == value
    return False


def _is_time(value: str) -> bool:
    with suppress(ValueError):
        return time.fromisoformat(value).strftime("%H:%M") == value
    return False


def _is_temperature(value: str) -> bool:
    with suppress(ValueError):
        return LOWEST_TEMPERATURE <= float(value) <= HIGHEST_TEMPERATURE
    return False


_FORMATS: dict[str, Callable[[str], object]] = {
    "text": bool,
    "phone": _PHONE.fullmatch,
    "date": _is_date,
    "time": _is_time,
    "temperature": _is_temperature,
    "code": _CODE.fullmatch,
    "unit": _UNIT.fullmatch,
    "basis": BASES.__contains__,
}
_EXAMPLES = {
    "phone": "+7 717 200 00 00",
    "date": "2012-12-29",
    "time": "15:30",
    "temperature": "38.5",
    "code": "A-Z, 0-9",
    "unit": "71",
    "basis": ", ".join(BASES),
}
