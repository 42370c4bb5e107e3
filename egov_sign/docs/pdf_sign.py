"""Signing PDF files: PAdES baseline (ETSI EN 319 142-1), any key of the toolkit, GOST included.

pyHanko writes the file (incremental update, signature field, byte range); the CMS message inside is our own
(:mod:`egov_sign.docs.cms_sign`), so that pyHanko never needs to know the algorithm. Importing this module takes
pyHanko's half a second; commands import it when they sign.

=====  ======================================================================================
B-B    a detached CMS signature that names the certificate; the claimed time stands in the PDF
B-T    a time-stamp over the signature value
B-LT   certificates and revocation information in the document security store
B-LTA  a document time-stamp over all of that; repeated before the last one grows old
=====  ======================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.cms_embedder import (
    PdfCMSEmbedder,
    SigAppearanceSetup,
    SigIOSetup,
    SigMDPSetup,
    SigObjSetup,
)
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp, SignatureObject
from pyhanko.stamp import BaseStampStyle

from egov_sign.certs.certificate import Certificate
from egov_sign.clock import as_utc
from egov_sign.crypto.signer import Signer
from egov_sign.docs import cms_sign
from egov_sign.docs.cades import add_timestamps
from egov_sign.docs.cms import SignedData
from egov_sign.docs.evidence import Evidence
from egov_sign.docs.pdf_appearance import Appearance, render_appearance
from egov_sign.docs.timestamp_client import TimestampSource
from egov_sign.errors import ConfigurationError, InputError

_CMS_ROOM, _TOKEN_ROOM = 4096, 12288
"""Bytes kept free for a signature besides its certificates, and for a time-stamp."""


class Permission(IntEnum):
    """What a certifying signature lets others change (ISO 32000-2, table 257)."""

    NOTHING = 1
    FORMS = 2
    ANNOTATIONS = 3


@dataclass(frozen=True, slots=True)
class PdfSignature:
    """What a signature in a PDF says besides who signed.

    Attributes:
        field: name of the signature field; a free ``SignatureN`` if empty.
        reason: why it was signed.
        location: where.
        certify: make it a certifying signature, the first of the document; ``None`` for an ordinary one.
        appearance: show it on a page; ``None`` for an invisible one.
    """

    field: str = ""
    reason: str = ""
    location: str = ""
    certify: Permission | None = None
    appearance: Appearance | None = None


def sign_pdf(
    pdf: bytes,
    signer: Signer,
    *,
    signing_time: datetime,
    signature: PdfSignature = PdfSignature(),
    timestamps: TimestampSource | None = None,
) -> bytes:
    """Return ``pdf`` with one more signature: PAdES B-B, or B-T with ``timestamps``.

    Args:
        pdf: the file; what is already signed in it stays as it is.
        signer: who signs.
        signing_time: what the signature claims, timezone-aware.
        signature: name of the field, reason, place, appearance.
        timestamps: where the time-stamp comes from.

    Raises:
        InputError: ``PDF_UNREADABLE``, ``PDF_ENCRYPTED``.
        ConfigurationError: ``PDF_FIELD`` if the field is signed already, ``PDF_CERTIFY`` if it is too late to certify.
        FetchError: there is no time-stamp to be had.
    """
    at = as_utc(signing_time)

    def make(content: bytes) -> bytes:
        message = cms_sign.sign(content, signer, signing_time=None, detached=True, chain=True)
        return message if timestamps is None else add_timestamps(SignedData.load(message), timestamps)

    room = _CMS_ROOM + len(signer.certificate) + sum(map(len, signer.chain)) + (_TOKEN_ROOM if timestamps else 0)
    with _open(pdf) as writer:
        existing = _signed_fields(writer)
        if signature.certify is not None and existing:
            raise ConfigurationError("PDF_CERTIFY", "a certifying signature must be the first one in the document")
        placeholder = SignatureObject(
            timestamp=at, subfilter=SigSeedSubFilter.PADES, reason=signature.reason, location=signature.location,
            bytes_reserved=2 * room,
        )  # fmt: skip
        setup = SigObjSetup(sig_placeholder=placeholder)
        if signature.certify is not None:
            mdp = SigMDPSetup(md_algorithm="sha256", certify=True, docmdp_perms=MDPPerm(signature.certify.value))
            setup = SigObjSetup(sig_placeholder=placeholder, mdp_setup=mdp)
        if signature.appearance is not None:
            page = render_appearance(signature.appearance, Certificate.load(signer.certificate), at)
            shown = SigAppearanceSetup(style=_PageStyle(page=page), timestamp=at, name=None)
            setup = SigObjSetup(sig_placeholder=placeholder, mdp_setup=setup.mdp_setup, appearance_setup=shown)
        return _embed(writer, _free_name(signature.field, existing), setup, make, signature.appearance)


def add_security_store(pdf: bytes, evidence: Evidence) -> bytes:
    """Return ``pdf`` with ``evidence`` in its document security store (B-LT, ISO 32000-2, 12.8.4.3).

    What the store holds already stays; an item is never stored twice.

    Raises:
        InputError: ``PDF_UNREADABLE``, ``PDF_ENCRYPTED``.
    """
    with _open(pdf) as writer:
        name = generic.NameObject
        root = writer.root
        store = root["/DSS"] if "/DSS" in root else generic.DictionaryObject({name("/Type"): name("/DSS")})
        for key, items in (("/Certs", evidence.certificates), ("/CRLs", evidence.crls), ("/OCSPs", evidence.ocsps)):
            held = list(store[key]) if key in store else []
            known = {bytes(reference.get_object().data) for reference in held}
            fresh = [writer.add_object(generic.StreamObject(stream_data=item)) for item in items if item not in known]
            if held or fresh:
                store[name(key)] = generic.ArrayObject([*held, *fresh])
        if store.container_ref is None:
            root[name("/DSS")] = writer.add_object(store)
            writer.update_root()
        else:
            writer.update_container(store)
        output = BytesIO()
        writer.write(output)
        return output.getvalue()


def add_document_timestamp(pdf: bytes, timestamps: TimestampSource) -> bytes:
    """Return ``pdf`` with a time-stamp over the whole document (B-LTA, ETSI EN 319 142-1, 5.5).

    Raises:
        InputError: ``PDF_UNREADABLE``, ``PDF_ENCRYPTED``.
        FetchError: there is no time-stamp to be had.
    """
    with _open(pdf) as writer:
        setup = SigObjSetup(sig_placeholder=DocumentTimestamp(bytes_reserved=2 * _TOKEN_ROOM))
        field = _free_name("", _signed_fields(writer), "Timestamp")
        return _embed(writer, field, setup, timestamps.stamp, None)


@contextmanager
def _open(pdf: bytes) -> Iterator[IncrementalPdfFileWriter]:
    """Open ``pdf`` for an update; what pyHanko has against it becomes an error of ours."""
    try:
        # PDF/A wants an object to begin on a line of its own, and the last line may lack its end.
        writer = IncrementalPdfFileWriter(BytesIO(pdf if pdf.endswith(b"\n") else pdf + b"\n"))
        if writer.prev.encrypted:
            raise InputError("PDF_ENCRYPTED", "the PDF is encrypted", hint="sign the file before it is encrypted")
        yield writer
    except SigningError as error:
        raise ConfigurationError("PDF_FIELD", f"the signature cannot be placed: {error}") from error
    except PdfError as error:
        raise InputError("PDF_UNREADABLE", f"the PDF cannot be read: {error}") from error


def _signed_fields(writer: IncrementalPdfFileWriter) -> frozenset[str]:
    return frozenset(str(name) for name, value, _ in enumerate_sig_fields(writer) if value is not None)


def _free_name(wanted: str, taken: frozenset[str], prefix: str = "Signature") -> str:
    if wanted in taken:
        raise ConfigurationError("PDF_FIELD", "this field is signed already", where=wanted)
    numbers = range(1, len(taken) + 2)
    return wanted or next(name for name in (f"{prefix}{n}" for n in numbers) if name not in taken)


def _embed(
    writer: IncrementalPdfFileWriter,
    field: str,
    setup: SigObjSetup,
    make: Callable[[bytes], bytes],
    appearance: Appearance | None,
) -> bytes:
    """Write the update with room for a signature, and put there what ``make`` returns for the bytes around it."""
    box = tuple(round(value) for value in appearance.box) if appearance else None
    page = appearance.page if appearance else 0
    spec = SigFieldSpec(field, on_page=page, box=box, readable_field_name=field)  # type: ignore[arg-type]
    steps = PdfCMSEmbedder(new_field_spec=spec).write_cms(field, writer)
    next(steps)
    steps.send(setup)
    prepared, output = steps.send(SigIOSetup(md_algorithm="sha256"))
    whole: bytes = output.getvalue()
    start, end = prepared.reserved_region_start, prepared.reserved_region_end
    message = make(whole[:start] + whole[end:])
    room = (end - start - 2) // 2
    if len(message) > room:
        raise ConfigurationError("PDF_ROOM", f"the signature takes {len(message)} bytes and has room for {room}")
    return whole[: start + 1] + message.hex().ljust(2 * room, "0").encode() + whole[end - 1 :]


class _Shown:
    """A rendered page as the appearance of a signature."""

    def __init__(self, reference: generic.IndirectObject) -> None:
        self.reference = reference

    def apply_appearance(self, annotation: generic.DictionaryObject) -> None:
        annotation[generic.NameObject("/AP")] = generic.DictionaryObject({generic.NameObject("/N"): self.reference})


@dataclass(frozen=True)
class _PageStyle(BaseStampStyle):
    """A stamp style that shows the one page of a PDF as it is."""

    page: bytes = b""

    def create_stamp(self, writer: BasePdfFileWriter, box: BoxConstraints, text_params: dict[str, str]) -> Any:  # noqa: ANN401 - the shape pyHanko asks for
        return _Shown(writer.import_page_as_xobject(PdfFileReader(BytesIO(self.page))))
