"""What is signed in a PDF file: fields, byte ranges, later changes, evidence; read strictly, nothing judged.

The steps of :func:`read_pdf`, for every signature field of the form that has a value:

1. The dictionary: its type and sub-filter are ones we know, it has contents and a byte range.
2. The byte range begins at 0, leaves out exactly the contents with their brackets, and stays within the file; what it
   leaves out is the hexadecimal writing of the contents and nothing else. So no byte is left for anybody to change.
3. What came later: nothing, if the range ends where the file ends; else pyHanko compares the revisions, allowing only
   what signatures, long-term data, filled forms and annotations need. Everything else is a suspicious change.

pyHanko reads the file and bounds what streams may unpack to. Its analysis of differences takes half a second to import
and is imported only for a file with later revisions.
"""

from __future__ import annotations

import binascii
import logging
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from egov_sign.crypto.der import Reader
from egov_sign.docs.evidence import Evidence
from egov_sign.docs.refusal import Refusal
from egov_sign.errors import InputError, LimitError, UnsupportedError
from egov_sign.limits import DEFAULT_LIMITS, Limits
from egov_sign.verdict import SubIndication

logging.getLogger("pyhanko").addHandler(logging.NullHandler())  # what it finds is told in the report, not on stderr

FORMAT = SubIndication.FORMAT_FAILURE
PADES, PLAIN, TIMESTAMP = "/ETSI.CAdES.detached", "/adbe.pkcs7.detached", "/ETSI.RFC3161"
_SUBFILTERS = {"/Sig": (PADES, PLAIN), "/DocTimeStamp": (TIMESTAMP,)}
_DEPTH = 32
READING_ERRORS = (
    PdfError, ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError, NotImplementedError,
    OverflowError, RecursionError, struct.error, zlib.error, UnicodeError,
)  # fmt: skip
"""What reading a hostile file with pyHanko may raise."""


class Later(StrEnum):
    """The gravest change after a signature, least grave first."""

    NOTHING = "nothing"
    LONG_TERM = "long-term data"
    FORMS = "forms and signatures"
    ANNOTATIONS = "annotations"
    SUSPICIOUS = "suspicious"


_GRAVITY = list(Later)


@dataclass(slots=True)
class PdfField:
    """One signature or document time-stamp.

    Attributes:
        name: of the form field.
        is_timestamp: whether it is a document time-stamp.
        subfilter: form of the contents.
        contents: the CMS message, DER.
        content: the bytes it is over.
        byte_range: where they stand in the file.
        claimed_time: the time the dictionary claims; ``None`` if it claims none that can be read.
        reason: why it was signed, as claimed.
        location: where, as claimed.
        certifies: what a certifying signature permits, 1 to 3; ``None`` for an ordinary one.
        whole: whether it covers the file to its end.
        later: what was changed after it.
        filled: names of the form fields that were changed later, signature fields among them.
        complaint: why the later change is suspicious.
        refusal: why the signature cannot be judged; then the rest may be empty.
    """

    name: str
    is_timestamp: bool = False
    subfilter: str = ""
    contents: bytes = b""
    content: bytes = b""
    byte_range: tuple[int, int, int, int] = (0, 0, 0, 0)
    claimed_time: datetime | None = None
    reason: str = ""
    location: str = ""
    certifies: int | None = None
    whole: bool = False
    later: Later = Later.NOTHING
    filled: frozenset[str] = frozenset()
    complaint: str = ""
    refusal: Refusal | None = None

    @property
    def forbidden(self) -> bool:
        """Whether a certifying signature does not permit what was changed later (ISO 32000-2, 12.8.2.2)."""
        return self.certifies is not None and _GRAVITY.index(self.later) > self.certifies

    @property
    def end(self) -> int:
        """Where what it covers ends."""
        return self.byte_range[2] + self.byte_range[3]


@dataclass(slots=True)
class PdfFile:
    """A file with its signatures, in the order in which they were made.

    Attributes:
        fields: signatures and document time-stamps.
        evidence: what the document security store holds.
        attachments: name → bytes of the files embedded in the document.
        revisions: how many times the file was saved.
    """

    fields: list[PdfField]
    evidence: Evidence
    attachments: dict[str, bytes] = field(default_factory=dict)
    revisions: int = 1


def read_pdf(data: bytes, limits: Limits = DEFAULT_LIMITS) -> PdfFile:
    """Read the signatures of a PDF file.

    Raises:
        InputError: ``PDF_UNREADABLE``.
        UnsupportedError: ``PDF_ENCRYPTED``.
        LimitError: ``PDF_TOO_LARGE``, ``PDF_LIMIT`` (signatures, attachments).
    """
    if len(data) > limits.document_bytes:
        raise LimitError("PDF_TOO_LARGE", f"the PDF is larger than {limits.document_bytes} bytes")
    try:
        reader = PdfFileReader(BytesIO(data))
        if reader.encrypted:
            raise UnsupportedError("PDF_ENCRYPTED", "the PDF is encrypted", hint="decrypt it; its signatures stay")
        values = list(_signature_fields(reader, limits))
        fields = [_read_field(reader, data, name, value) for name, value in values]
        fields.sort(key=lambda one: one.end)
        return PdfFile(fields, _read_store(reader), _read_attachments(reader, limits), reader.xrefs.total_revisions)
    except READING_ERRORS as error:
        raise InputError("PDF_UNREADABLE", f"the PDF cannot be read: {error or type(error).__name__}") from error


def _signature_fields(reader: PdfFileReader, limits: Limits) -> Iterator[tuple[str, generic.DictionaryObject]]:
    """Yield the signature fields that have a value: full name, and the field itself."""
    form = entry(reader.root, "/AcroForm", generic.DictionaryObject())
    waiting = [("", "", item, 0) for item in reversed(_items(form, "/Fields"))]
    seen: set[int] = set()
    count = 0
    while waiting:
        prefix, kind, item, depth = waiting.pop()
        if id(item) in seen or depth > _DEPTH:
            continue
        seen.add(id(item))
        name = ".".join(part for part in (prefix, str(entry(item, "/T", ""))) if part)
        kind = str(entry(item, "/FT", kind))
        if kind == "/Sig" and "/V" in item:
            count += 1
            if count > limits.cms_signers:
                raise LimitError("PDF_LIMIT", f"the PDF has more than {limits.cms_signers} signatures")
            yield name, item
        waiting.extend((name, kind, child, depth + 1) for child in reversed(_items(item, "/Kids")))


def entry(holder: generic.DictionaryObject, key: str, default: Any) -> Any:  # noqa: ANN401 - whatever a PDF holds
    """Return the entry ``key``, followed where it is a reference."""
    return holder[key] if key in holder else default  # noqa: SIM401 - `get` would not follow a reference


def _items(holder: generic.DictionaryObject, key: str) -> list[Any]:
    """Return the members of the array ``key``, each followed; empty if there is none."""
    return [item.get_object() for item in entry(holder, key, [])]


def _read_field(reader: PdfFileReader, data: bytes, name: str, item: generic.DictionaryObject) -> PdfField:
    found = PdfField(name)
    try:
        _read_dictionary(found, item["/V"])
        _read_range(found, item["/V"], data)
        if not found.whole:
            _compare(found, reader, item)
    except Refusal as refusal:
        found.refusal = refusal
    except READING_ERRORS as error:
        found.refusal = Refusal("PDF_SIGNATURE_UNREADABLE", FORMAT, name, reason=str(error) or type(error).__name__)
    return found


def _read_dictionary(found: PdfField, value: generic.DictionaryObject) -> None:
    """Do step 1."""
    kind = str(entry(value, "/Type", "/Sig"))
    found.is_timestamp = kind == "/DocTimeStamp"
    found.subfilter = str(entry(value, "/SubFilter", ""))
    if found.subfilter not in _SUBFILTERS.get(kind, ()):
        raise Refusal("PDF_SUBFILTER", FORMAT, found.name, subfilter=found.subfilter or "—")
    found.reason = str(entry(value, "/Reason", ""))
    found.location = str(entry(value, "/Location", ""))
    found.claimed_time = _claimed_time(value)
    found.certifies = _certifies(value)


def _claimed_time(value: generic.DictionaryObject) -> datetime | None:
    try:
        moment = generic.parse_pdf_date(str(value["/M"]))
    except (KeyError, PdfError):
        return None
    return moment if moment.tzinfo else None


def _certifies(value: generic.DictionaryObject) -> int | None:
    for reference in _items(value, "/Reference"):
        if entry(reference, "/TransformMethod", "") == "/DocMDP":
            return int(entry(entry(reference, "/TransformParams", {}), "/P", 2))
    return None


def _read_range(found: PdfField, value: generic.DictionaryObject, data: bytes) -> None:
    """Do step 2."""
    stated = [int(number) for number in entry(value, "/ByteRange", [])]
    if len(stated) != 4:
        raise Refusal("PDF_BYTE_RANGE", FORMAT, found.name, range=str(stated))
    begin, before, after, rest = found.byte_range = (stated[0], stated[1], stated[2], stated[3])
    fits = begin == 0 < before < after and rest >= 0 and after + rest <= len(data)
    if not fits or data[before : before + 1] != b"<" or data[after - 1 : after] != b">":
        raise Refusal("PDF_BYTE_RANGE", FORMAT, found.name, range=str(stated))
    try:
        written = binascii.unhexlify(data[before + 1 : after - 1])
    except binascii.Error as error:
        raise Refusal("PDF_BYTE_RANGE", FORMAT, found.name, range=str(stated)) from error
    contents = value.raw_get("/Contents", decrypt=generic.EncryptedObjAccess.RAW) if "/Contents" in value else None
    if not isinstance(contents, generic.ByteStringObject | generic.TextStringObject) or not written.strip(b"\0"):
        raise Refusal("PDF_CONTENTS", FORMAT, found.name)
    if contents.original_bytes != written:
        raise Refusal("PDF_BYTE_RANGE", FORMAT, found.name, range=str(stated))
    found.contents = _without_padding(written, found.name)
    found.content = data[:before] + data[after : after + rest]
    found.whole = after + rest == len(data)


def _without_padding(written: bytes, name: str) -> bytes:
    """Return the one DER element at the start of the contents; only zeros may follow it."""
    if written[:2] == b"\x30\x80":  # BER of indefinite length: its own end is made of zeros
        return written.rstrip(b"\0") + bytes(len(written) - len(written.rstrip(b"\0")))
    try:
        message = Reader(written).element()
    except InputError as error:
        raise Refusal("PDF_CONTENTS", FORMAT, name) from error
    if written[len(message) :].strip(b"\0"):
        raise Refusal("PDF_CONTENTS", FORMAT, name)
    return message


def _compare(found: PdfField, reader: PdfFileReader, item: generic.DictionaryObject) -> None:
    """Do step 3 for a signature that later revisions follow."""
    from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, DiffResult, ModificationLevel  # noqa: PLC0415
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature  # noqa: PLC0415
    from pyhanko.sign.validation.status import SignatureCoverageLevel  # noqa: PLC0415

    if reader.xrefs.hybrid_xrefs_present:
        raise Refusal("PDF_SIGNATURE_UNREADABLE", FORMAT, found.name, reason="hybrid cross-references")
    embedded = EmbeddedPdfSignature(reader, item, found.name)
    embedded.coverage = embedded.evaluate_signature_coverage()  # type: ignore[assignment]
    if embedded.coverage < SignatureCoverageLevel.ENTIRE_REVISION:
        raise Refusal("PDF_PART_UNSIGNED", FORMAT, found.name)
    result = embedded.evaluate_modifications(DEFAULT_DIFF_POLICY)
    if not isinstance(result, DiffResult):
        found.later, found.complaint = Later.SUSPICIOUS, str(result)
        return
    found.filled = frozenset(map(str, result.changed_form_fields))
    found.later = {
        ModificationLevel.NONE: Later.NOTHING,
        ModificationLevel.LTA_UPDATES: Later.LONG_TERM,
        ModificationLevel.FORM_FILLING: Later.FORMS,
        ModificationLevel.ANNOTATIONS: Later.ANNOTATIONS,
    }.get(result.modification_level, Later.SUSPICIOUS)


def _read_store(reader: PdfFileReader) -> Evidence:
    """Return what the document security store holds (ISO 32000-2, 12.8.4.3)."""
    store = entry(reader.root, "/DSS", {})
    items = {key: tuple(bytes(stream.data) for stream in _items(store, key)) for key in ("/Certs", "/CRLs", "/OCSPs")}
    return Evidence(items["/Certs"], items["/CRLs"], items["/OCSPs"])


def _read_attachments(reader: PdfFileReader, limits: Limits) -> dict[str, bytes]:
    """Return the files embedded in the document; their names are told, and never used.

    A file may be found by the list of associated files or by the tree of names (ISO 32000-2, 14.13 and 7.11.4); the
    same file in both is one, another under the same name is told apart.
    """
    named = entry(entry(reader.root, "/Names", {}), "/EmbeddedFiles", generic.DictionaryObject())
    found: dict[str, bytes] = {}
    for specification in [*_items(reader.root, "/AF"), *_in_name_tree(named)]:
        name = str(entry(specification, "/UF", entry(specification, "/F", "")))
        data = bytes(specification["/EF"]["/F"].data)
        while found.get(name, data) != data:
            name += "′"
        found[name] = data
        if len(found) > limits.pdf_attachments or sum(map(len, found.values())) > limits.attachment_bytes:
            raise LimitError("PDF_LIMIT", "the files embedded in the PDF are too many or too large")
    return found


def _in_name_tree(root: generic.DictionaryObject) -> Iterator[Any]:
    waiting, seen = [(root, 0)], set[int]()
    while waiting:
        node, depth = waiting.pop()
        if id(node) in seen or depth > _DEPTH:
            continue
        seen.add(id(node))
        yield from _items(node, "/Names")[1::2]
        waiting.extend((child, depth + 1) for child in reversed(_items(node, "/Kids")))
