"""What a person reads in a result or refusal, taken from its signed XML (R440, R533).

The PDF repeats the signed data and adds nothing of its own, so everything here is read from the XML; captions come
from the messages. The same reading serves the check that a PDF and its attached XML say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

from lxml import etree

from egov_sign.docs.xmlparse import parse
from egov_sign.errors import InputError
from egov_sign.limits import DEFAULT_LIMITS, Limits
from egov_sign.messages import Language, text

RESULT, REFUSAL, COMMON = "urn:egov-sign:phc:result:1", "urn:egov-sign:phc:refusal:1", "urn:egov-sign:phc:common:1"
_NAMES = {"r": RESULT, "f": REFUSAL, "c": COMMON}
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
KAZAKHSTAN = timezone(timedelta(hours=5))
"""The zone of the whole country since 1 March 2024."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a document: the code of its caption, the value, and whether it is what the document is about."""

    caption: str
    value: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a refusal: its texts by language, and the ground in the regulation."""

    texts: dict[str, str]
    ground: str


@dataclass(frozen=True, slots=True)
class PersonalDocument:
    """A certificate or refusal as a person reads it.

    Attributes:
        kind: ``call``, ``appointment``, ``attachment`` or ``refusal``.
        number: of the document.
        request_number: of the request it answers.
        issued_at: when it was issued, in UTC.
        recipient: full name.
        iin: of the recipient.
        provider: name of the organisation.
        bin: of the provider.
        signer: full name of who signed.
        position: of the signer.
        code: verification code; empty for a refusal.
        rows: what stands in it, in reading order.
        statement: a sentence to the recipient; empty if there is none.
        reasons: of a refusal.
        advice: how to mend a refusal, by language.
        appeal: where to complain, by language.
    """

    kind: str
    number: str
    request_number: str
    issued_at: datetime
    recipient: str
    iin: str
    provider: str
    bin: str
    signer: str
    position: str
    code: str
    rows: tuple[Row, ...]
    statement: str = ""
    reasons: tuple[Reason, ...] = ()
    advice: dict[str, str] | None = None
    appeal: dict[str, str] | None = None

    def title(self, language: Language) -> str:
        """Return the title in ``language``."""
        return text(f"PDF_TITLE_{self.kind.upper()}", language)


def read_document(signed_xml: bytes, *, zone: tzinfo = KAZAKHSTAN, limits: Limits = DEFAULT_LIMITS) -> PersonalDocument:
    """Read a result certificate or reasoned refusal.

    The signature is not checked here.

    Args:
        signed_xml: the document.
        zone: in which times are told to the reader (R438).
        limits: for reading XML.

    Raises:
        InputError: ``DOCUMENT_KIND`` if it is neither, ``DOCUMENT_FIELD`` if something is missing; ``XML_…``.
    """
    root = parse(signed_xml, limits)
    if root.tag == f"{{{RESULT}}}ResultCertificate":
        return _Reader(root, "r", zone).result()
    if root.tag == f"{{{REFUSAL}}}ReasonedRefusal":
        return _Reader(root, "f", zone).refusal()
    raise InputError(
        "DOCUMENT_KIND", "this is neither a result certificate nor a reasoned refusal", where=str(root.tag)
    )


def _text(element: etree._Element) -> str:
    """Return all text of ``element``: a comment inside must not hide what stands after it."""
    return " ".join(str(element.xpath("string()")).split())


class _Reader:
    """Takes values out of one document by their place."""

    def __init__(self, root: etree._Element, prefix: str, zone: tzinfo) -> None:
        self.root = root
        self.prefix = prefix
        self.zone = zone

    def get(self, path: str, default: str | None = None) -> str:
        """Return the text at ``path``; names without a prefix are of the document's own namespace."""
        full = "/".join(step if ":" in step else f"{self.prefix}:{step}" for step in path.split("/"))
        found = self.root.find(full, namespaces=_NAMES)
        if found is not None:
            return _text(found)
        if default is None:
            raise InputError("DOCUMENT_FIELD", "the document lacks a field", where=path)
        return default

    def day(self, path: str) -> str:
        try:
            return date.fromisoformat(self.get(path)).strftime("%d.%m.%Y")
        except ValueError as error:
            raise InputError("DOCUMENT_FIELD", "this is not a date", where=path) from error

    def moment(self, path: str) -> datetime:
        try:
            value = datetime.fromisoformat(self.get(path))
        except ValueError as error:
            raise InputError("DOCUMENT_FIELD", "this is not a time", where=path) from error
        return value if value.tzinfo else value.replace(tzinfo=UTC)

    def time(self, path: str) -> str:
        return self.moment(path).astimezone(self.zone).strftime("%d.%m.%Y %H:%M")

    def texts(self, parent: etree._Element, name: str) -> dict[str, str]:
        """Return the texts of all elements ``name`` by language; several in one language follow each other."""
        found = parent.findall(f"{self.prefix}:{name}", namespaces=_NAMES)
        texts: dict[str, str] = {}
        for element in found:
            language = element.get(_XML_LANG, "")
            texts[language] = f"{texts[language]} {_text(element)}" if language in texts else _text(element)
        return texts

    def common(self, kind: str, rows: list[Row], **more: object) -> PersonalDocument:
        return PersonalDocument(
            kind=kind,
            number=self.get("Number"),
            request_number=self.get("RequestNumber"),
            issued_at=self.moment("IssuedAt"),
            recipient=self.get("Recipient/c:FullName"),
            iin=self.get("Recipient/c:IIN"),
            provider=self.get("Provider/c:Name"),
            bin=self.get("Provider/c:BIN"),
            signer=self.get("SignedBy/c:FullName"),
            position=self.get("SignedBy/c:Position"),
            code=self.get("VerificationCode", ""),
            rows=tuple(row for row in rows if row.value),
            **more,  # type: ignore[arg-type]
        )

    def result(self) -> PersonalDocument:
        kind = self.root.get("type", "")
        readers = {"call": self.home_visit, "appointment": self.visit, "attachment": self.attachment}
        if kind not in readers:
            raise InputError("DOCUMENT_KIND", "this kind of certificate is not known", where=kind)
        rows = [
            *self.heading("RequestNumber", "IssuedAt"),
            Row("PDF_REGISTERED", self.time("RegisteredAt")),
            *self.people(),
            *readers[kind](),
        ]
        return self.common(kind, rows, statement=self.get("AttachmentInfo/Text", ""))

    def heading(self, request: str, issued: str) -> list[Row]:
        return [
            Row("PDF_NUMBER", self.get("Number")),
            Row("PDF_RECEIVED", self.time(issued)),
            Row("PDF_REQUEST_NUMBER", self.get(request)),
        ]

    def people(self) -> list[Row]:
        contact = (self.get("Provider/c:Address", ""), self.get("Provider/c:Phone", ""))
        return [
            Row("PDF_RECIPIENT", self.get("Recipient/c:FullName"), strong=True),
            Row("PDF_IIN", self.get("Recipient/c:IIN")),
            Row("PDF_BIRTH_DATE", self.day("Recipient/c:BirthDate")),
            Row("PDF_PROVIDER", self.get("Provider/c:Name"), strong=True),
            Row("PDF_PROVIDER_BIN", self.get("Provider/c:BIN")),
            Row("PDF_PROVIDER_ADDRESS", ", ".join(part for part in contact if part)),
        ]

    def home_visit(self) -> list[Row]:
        return [
            Row("PDF_VISIT_DATE", self.day("HomeVisit/Date"), strong=True),
            Row("PDF_VISIT_WINDOW", f"{self.get('HomeVisit/From')} – {self.get('HomeVisit/To')}", strong=True),
            Row("PDF_DOCTOR", self.get("HomeVisit/DoctorName"), strong=True),
            Row("PDF_DISTRICT", self.get("HomeVisit/District", "")),
            Row("PDF_CALL_ADDRESS", self.get("HomeVisit/Address")),
            Row("PDF_JOURNAL_ROW", self.get("HomeVisit/JournalRow")),
        ]

    def visit(self) -> list[Row]:
        return [
            Row("PDF_APPOINTMENT_DATE", self.day("Visit/Date"), strong=True),
            Row("PDF_APPOINTMENT_TIME", self.get("Visit/Time"), strong=True),
            Row("PDF_DOCTOR", self.get("Visit/DoctorName"), strong=True),
            Row("PDF_SPECIALTY", self.get("Visit/Specialty")),
            Row("PDF_ROOM", self.get("Visit/Room", "")),
            Row("PDF_JOURNAL_ROW", self.get("Visit/JournalRow")),
        ]

    def attachment(self) -> list[Row]:
        return [
            Row("PDF_START_DATE", self.day("AttachmentInfo/StartDate"), strong=True),
            Row("PDF_DISTRICT", self.get("AttachmentInfo/District", "")),
            Row("PDF_DOCTOR", self.get("AttachmentInfo/DoctorName", "")),
        ]

    def refusal(self) -> PersonalDocument:
        reasons = tuple(
            Reason(self.texts(element, "Text"), " ".join(map(_text, element.findall("f:Ground", namespaces=_NAMES))))
            for element in self.root.findall("f:Reason", namespaces=_NAMES)
        )
        rows = [
            *self.heading("RequestNumber", "IssuedAt"),
            Row("PDF_SERVICE", self.get("Service")),
            *self.people(),
        ]
        return self.common(
            "refusal",
            rows,
            reasons=reasons,
            advice=self.texts(self.root, "HowToFix"),
            appeal=self.texts(self.root, "Appeal"),
        )
