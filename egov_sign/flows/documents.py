"""The documents of the services: built, validated against their schemas, read back (R433, R409, R410).

Nothing is read from a document but from the tree that :func:`egov_sign.flows.signing.open_signed` returns, which is
what the signature covers.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

from lxml import etree

from egov_sign import messages
from egov_sign.clock import format_time, parse_time
from egov_sign.crypto.digests import XML_URIS
from egov_sign.docs.xmlparse import parse
from egov_sign.flows import catalogue
from egov_sign.flows.attachments import AttachedFile
from egov_sign.flows.forms import fields
from egov_sign.flows.refusals import rules
from egov_sign.flows.registers import Doctor, Employee, Person, Provider
from egov_sign.flows.requests import Request
from egov_sign.verdict import Finding

Kind = Literal["request", "result", "refusal"]

COMMON = "urn:egov-sign:phc:common:1"
NAMESPACES = {
    "request": "urn:egov-sign:phc:request:1",
    "result": "urn:egov-sign:phc:result:1",
    "refusal": "urn:egov-sign:phc:refusal:1",
}
FORM_ELEMENTS = {"CALL": "HomeCall", "APPT": "Appointment", "ATT": "Attachment"}
CONSENT_RU = (
    "Согласен на сбор и обработку моих персональных данных, необходимых для оказания государственной услуги, "
    "и на доступ к ним работников услугодателя."
)
"""What the recipient agrees to by signing; the request carries its digest."""
LEGAL_NOTE = {
    "ru": (
        "Данный документ согласно пункту 1 статьи 7 ЗРК от 7 января 2003 года «Об электронном документе и электронной "
        "цифровой подписи» равнозначен документу на бумажном носителе"
    ),
    "kk": (
        "Осы құжат «Электрондық құжат және электрондық цифрлық қолтаңба туралы» Қазақстан Республикасының 2003 жылғы "
        "7 қаңтардағы N 370-II Заңы 7 бабының 1 тармағына сәйкес қағаз тасығыштағы құжатпен бірдей"
    ),
}
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class ChosenSlot:
    """The time of an appointment, as the request names it."""

    doctor: Doctor
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signs a result or a refusal for the provider."""

    full_name: str
    position: str
    iin: str

    @classmethod
    def of(cls, employee: Employee) -> Signatory:
        """Return the signatory that ``employee`` is."""
        return cls(employee.full_name, employee.position, employee.iin)


class _Builder:
    """Appends elements of one namespace, and of the common one."""

    def __init__(self, kind: Kind, root: str, **attributes: str) -> None:
        self.namespace = NAMESPACES[kind]
        prefix = {"request": "rq", "result": "rs", "refusal": "rf"}[kind]
        self.root = etree.Element(
            f"{{{self.namespace}}}{root}", attributes, nsmap={prefix: self.namespace, "c": COMMON}
        )

    def add(self, parent: etree._Element, tag: str, text: str | None = None, /, **attributes: str) -> etree._Element:
        element = etree.SubElement(parent, f"{{{self.namespace}}}{tag}", attributes)
        element.text = text
        return element

    def common(self, parent: etree._Element, name: str, text: str) -> None:
        if text:
            etree.SubElement(parent, f"{{{COMMON}}}{name}").text = text

    def provider(self, provider: Provider) -> None:
        element = self.add(self.root, "Provider")
        self.common(element, "BIN", provider.bin)
        self.common(element, "Code", provider.code)
        self.common(element, "Name", provider.name["ru"])
        self.common(element, "Address", provider.address)
        self.common(element, "Phone", provider.phone)

    def recipient(self, person: Person) -> None:
        element = self.add(self.root, "Recipient")
        self.common(element, "IIN", person.iin)
        self.common(element, "FullName", person.full_name)
        self.common(element, "BirthDate", person.birth_date.isoformat())

    def signed_by(self, signatory: Signatory) -> None:
        element = self.add(self.root, "SignedBy")
        self.common(element, "FullName", signatory.full_name)
        self.common(element, "Position", signatory.position)
        self.common(element, "EmployeeIIN", signatory.iin)

    def finish(self, kind: Kind) -> bytes:
        document = etree.tostring(self.root, encoding="UTF-8", xml_declaration=True)
        schema(kind).assertValid(parse(document))
        return document


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
    build = _Builder("request", "ServiceRequest", Id="req", formVersion="1.0")
    root = build.root
    root.set(_LANG, "ru")
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
    return build.finish("request")


def _add_form(build: _Builder, request: Request, slot: ChosenSlot | None) -> None:
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


def _add_files(build: _Builder, files: list[AttachedFile]) -> None:
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
    look = _Reader(root)
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


def result_document(
    request: Request,
    now: datetime,
    *,
    number: str,
    registered_at: datetime,
    recipient: Person,
    provider: Provider,
    signatory: Signatory,
    content: Mapping[str, str],
) -> bytes:
    """Return the certificate of a service, ready to be signed; bound to the signed request by its digest (R409).

    Args:
        request: registered, with its number.
        now: the time of issue.
        number: of the certificate.
        registered_at: when the request was registered.
        recipient: whom it is for.
        provider: who issues it.
        signatory: who signs it.
        content: elements of the part that belongs to the service, in order.
    """
    kind, part = _RESULT_PARTS[request.service]
    build = _Builder("result", "ResultCertificate", Id="res", type=kind)
    build.root.set(_LANG, "ru")
    build.add(build.root, "Number", number)
    build.add(build.root, "RequestNumber", request.number)
    build.add(build.root, "RequestDigest", request.document, alg=XML_URIS["sha256"])
    build.add(build.root, "RegisteredAt", format_time(registered_at))
    build.add(build.root, "IssuedAt", format_time(now))
    build.add(build.root, "Title", catalogue.result_title(request.service))
    build.recipient(recipient)
    build.provider(provider)
    element = build.add(build.root, part)
    for name, text in content.items():
        if text:
            build.add(element, name, text)
    build.signed_by(signatory)
    build.add(build.root, "Status", "COMPLETED")
    build.add(build.root, "VerificationCode", verification_code(number, request.document))
    build.add(build.root, "LegalNote", **LEGAL_NOTE)
    return build.finish("result")


_RESULT_PARTS = {
    "CALL": ("call", "HomeVisit"),
    "APPT": ("appointment", "Visit"),
    "ATT": ("attachment", "AttachmentInfo"),
}


def refusal_document(
    request: Request,
    now: datetime,
    *,
    number: str,
    stage: str,
    reasons: list[Finding],
    recipient: Person,
    provider: Provider,
    signatory: Signatory,
) -> bytes:
    """Return the reasoned refusal, ready to be signed: every reason in three languages, with its ground and advice.

    Args: as :func:`result_document`; ``stage`` is the condition that was not met.
    """
    build = _Builder("refusal", "ReasonedRefusal", Id="ref")
    build.root.set(_LANG, "ru")
    build.add(build.root, "Number", number)
    build.add(build.root, "RequestNumber", request.number)
    build.add(build.root, "RequestDigest", request.document, alg=XML_URIS["sha256"])
    build.add(build.root, "Service", request.service)
    build.add(build.root, "Stage", stage)
    build.add(build.root, "IssuedAt", format_time(now))
    build.recipient(recipient)
    build.provider(provider)
    for finding in reasons:
        element = build.add(build.root, "Reason", code=finding.code)
        for language in messages.LANGUAGES:
            build.add(element, "Text", messages.describe(finding, language)).set(_LANG, language)
        build.add(element, "Ground", rules()[finding.code].ground)
        for name, value in finding.params.items():
            build.add(element, "Param", str(value), name=name)
    for mend in dict.fromkeys(rules()[finding.code].mend for finding in reasons):
        for language in messages.LANGUAGES:
            build.add(build.root, "HowToFix", messages.text(mend, language)).set(_LANG, language)
    for language in messages.LANGUAGES:
        build.add(build.root, "Appeal", messages.text("APPEAL_INFO", language)).set(_LANG, language)
    build.signed_by(signatory)
    return build.finish("refusal")


@dataclass(frozen=True, slots=True)
class OutcomeContent:
    """What a signed certificate or refusal says about what it belongs to."""

    kind: Literal["result", "refusal"]
    number: str
    request_number: str
    request_digest: str
    issued_at: datetime
    recipient: str
    provider_bin: str
    signatory: str
    codes: tuple[str, ...]


def read_outcome(root: etree._Element) -> OutcomeContent:
    """Read a certificate or a refusal from its verified tree."""
    kind: Literal["result", "refusal"] = "result" if etree.QName(root).namespace == NAMESPACES["result"] else "refusal"
    look = _Reader(root)
    prefix = "rs" if kind == "result" else "rf"
    return OutcomeContent(
        kind,
        look.text(f"{prefix}:Number"),
        look.text(f"{prefix}:RequestNumber"),
        look.text(f"{prefix}:RequestDigest"),
        parse_time(look.text(f"{prefix}:IssuedAt")),
        look.text(f"{prefix}:Recipient/c:IIN"),
        look.text(f"{prefix}:Provider/c:BIN"),
        look.text(f"{prefix}:SignedBy/c:EmployeeIIN"),
        tuple(element.get("code", "") for element in look.all("rf:Reason")),
    )


def verification_code(number: str, request_digest: str) -> str:
    """Return the code by which a person finds a certificate again: ``1F3A-…``, sixteen hexadecimal digits.

    It cannot be guessed: the request behind the digest holds a random number.
    """
    code = hashlib.sha256(f"{number} {request_digest}".encode()).hexdigest()[:16].upper()
    return "-".join(code[start : start + 4] for start in range(0, 16, 4))


def conforms(document: bytes, kind: str) -> bool:
    """Tell whether ``document``, which can be read, follows the schema ``kind``."""
    return bool(schema(kind).validate(parse(document)))


@cache
def schema(kind: str) -> etree.XMLSchema:
    """Return the schema of a kind of document."""
    with resources.as_file(resources.files(__package__).joinpath("schemas")) as folder:
        return etree.XMLSchema(file=str(Path(folder) / f"{kind}.xsd"))


class _Reader:
    """Finds elements by short paths with the prefixes of the documents."""

    _PREFIXES = {  # noqa: RUF012 - never changed
        "rq": NAMESPACES["request"],
        "rs": NAMESPACES["result"],
        "rf": NAMESPACES["refusal"],
        "c": COMMON,
    }

    def __init__(self, root: etree._Element) -> None:
        self._root = root

    def all(self, path: str) -> list[etree._Element]:
        return self._root.findall(path, self._PREFIXES)

    def one(self, path: str) -> etree._Element | None:
        return self._root.find(path, self._PREFIXES)

    def text(self, path: str) -> str:
        return self._root.findtext(path, "", self._PREFIXES)

    def attribute(self, path: str, name: str) -> str:
        element = self.one(path)
        return "" if element is None else element.get(name, "")
