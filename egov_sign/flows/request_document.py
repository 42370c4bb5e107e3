"""The request: what the recipient, or the employee for the recipient, signs (R105, R126, R410).

Files are under the signature by name, size, type and digest; the files themselves are kept beside it.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from egov_sign.clock import format_time, parse_time
from egov_sign.crypto.digests import XML_URIS
from egov_sign.flows import catalogue
from egov_sign.flows.attachments import AttachedFile
from egov_sign.flows.documents import LANG, Builder, Reader
from egov_sign.flows.forms import fields
from egov_sign.flows.registers import Doctor, Employee, Person, Provider
from egov_sign.flows.requests import Request

FORM_ELEMENTS = {"CALL": "HomeCall", "APPT": "Appointment", "ATT": "Attachment"}
CONSENT_RU = (
    "Согласен на сбор и обработку моих персональных данных, необходимых для оказания государственной услуги, "
    "и на доступ к ним работников услугодателя."
)
"""What the recipient agrees to by signing; the request carries its digest."""


@dataclass(frozen=True, slots=True)
class ChosenSlot:
    """The time of an appointment, as the request names it."""

    doctor: Doctor
    start: datetime
    end: datetime


def request_document(
    request: Request,
    now: datetime,
    *,
    applicant: Person,
    represented: Person | None,
    provider: Provider,
    employee: Employee | None,
    slot: ChosenSlot | None,
) -> bytes:
    """Return the request, ready to be signed.

    Args:
        request: what was filled in and attached.
        now: the time it is made.
        applicant: from the register of persons.
        represented: the person represented, if any.
        provider: whom it is addressed to.
        employee: who entered it at the desk; ``None`` on the portal.
        slot: the chosen time of an appointment.
    """
    build = Builder("request", "ServiceRequest", Id="req", formVersion="1.0")
    root = build.root
    root.set(LANG, "ru")
    header = build.add(root, "Header")
    build.add(header, "DraftId", request.id)
    build.add(header, "Service", catalogue.name_of(request.service), code=request.service)
    build.add(header, "Profile", request.profile)
    build.add(header, "Channel", request.channel)
    build.add(header, "CreatedAt", format_time(now))
    build.add(header, "Nonce", secrets.token_hex(16))
    person = build.add(root, "Applicant")
    for name, text in (
        ("IIN", applicant.iin),
        ("Surname", applicant.surname),
        ("Name", applicant.name),
        ("Patronymic", applicant.patronymic),
        ("BirthDate", applicant.birth_date.isoformat()),
        ("Address", applicant.address),
    ):
        build.common(person, name, text)
    if represented is not None and request.represented is not None:
        other = build.add(root, "OnBehalfOf")
        build.common(other, "IIN", represented.iin)
        build.common(other, "FullName", represented.full_name)
        build.common(other, "BirthDate", represented.birth_date.isoformat())
        build.common(other, "Relation", request.represented.relation)
    build.provider(provider)
    if employee is not None:
        entered = build.add(root, "EnteredBy")
        build.common(entered, "EmployeeIIN", employee.iin)
        build.common(entered, "Position", employee.position)
        build.common(entered, "IdentityBasis", request.identity_basis)
    _add_form(build, request, slot)
    _add_files(build, request.files)
    consent = hashlib.sha256(CONSENT_RU.encode()).hexdigest()
    build.add(root, "Consent", personalData="true", textDigest=consent)
    return build.finish()


def _add_form(build: Builder, request: Request, slot: ChosenSlot | None) -> None:
    form = build.add(build.root, FORM_ELEMENTS[request.service])
    for field in fields(request.service):
        value = request.form.get(field.name, "")
        if value.strip():
            build.add(form, field.element, value)
        if field.name == "slot_id" and slot is not None:
            build.add(form, "DoctorName", slot.doctor.full_name)
            build.add(form, "Specialty", slot.doctor.specialty)
            build.add(form, "SlotStart", format_time(slot.start))
            build.add(form, "SlotEnd", format_time(slot.end))


def _add_files(build: Builder, files: list[AttachedFile]) -> None:
    documents = build.add(build.root, "Documents")
    for file in files:
        element = build.add(
            documents,
            "Document",
            id=file.id,
            kind=file.kind,
            name=file.name,
            mediaType=file.media_type,
            size=str(file.size),
        )
        build.add(element, "Digest", file.digest, alg=XML_URIS["sha256"])


@dataclass(frozen=True, slots=True)
class RequestContent:
    """What a signed request says."""

    draft: str
    service: str
    profile: str
    channel: str
    created_at: datetime
    applicant: str
    represented: str
    relation: str
    provider: str
    provider_bin: str
    employee: str
    form: dict[str, str]
    files: tuple[AttachedFile, ...]


def read_request(root: etree._Element) -> RequestContent:
    """Read a request from its verified tree."""
    look = Reader(root)
    service = look.attribute("rq:Header/rq:Service", "code")
    form = look.one(f"rq:{FORM_ELEMENTS[service]}")
    by_element = {field.element: field.name for field in fields(service)}
    names = [(etree.QName(child).localname, child.text or "") for child in form] if form is not None else []
    return RequestContent(
        draft=look.text("rq:Header/rq:DraftId"),
        service=service,
        profile=look.text("rq:Header/rq:Profile"),
        channel=look.text("rq:Header/rq:Channel"),
        created_at=parse_time(look.text("rq:Header/rq:CreatedAt")),
        applicant=look.text("rq:Applicant/c:IIN"),
        represented=look.text("rq:OnBehalfOf/c:IIN"),
        relation=look.text("rq:OnBehalfOf/c:Relation"),
        provider=look.text("rq:Provider/c:Code"),
        provider_bin=look.text("rq:Provider/c:BIN"),
        employee=look.text("rq:EnteredBy/c:EmployeeIIN"),
        form={by_element[name]: text for name, text in names if name in by_element},
        files=tuple(_read_file(element) for element in look.all("rq:Documents/rq:Document")),
    )


def _read_file(element: etree._Element) -> AttachedFile:
    digest = element[0].text or ""
    return AttachedFile(
        element.get("id", ""),
        element.get("kind", ""),
        element.get("name", ""),
        element.get("mediaType", ""),
        int(element.get("size", "0")),
        digest,
    )
