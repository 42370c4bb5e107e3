"""What kind of signed document some bytes are, by their content alone, never by a file's name."""

from __future__ import annotations

from enum import StrEnum

from egov_sign.errors import InputError


class Format(StrEnum):
    """Formats of signed documents."""

    XML = "XML"
    CMS = "CMS"
    PDF = "PDF"


_XML_STARTS = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<\x00", b"\xfe\xff\x00<", b"<\x00", b"\x00<")
_CMS_PEM = (b"-----BEGIN CMS-----", b"-----BEGIN PKCS7-----", b"-----BEGIN PKCS #7 SIGNED DATA-----")
_PDF_SEARCHED = 1024


def recognise(data: bytes) -> Format:
    """Return the format that ``data`` is in.

    A PDF may have other bytes before its header (ISO 32000-1, annex H); XML may have white space and a byte order
    mark; CMS is BER, which starts with a SEQUENCE, or PEM.

    Raises:
        InputError: ``FORMAT_UNKNOWN``.
    """
    start = data[:64].lstrip()
    if data[:1] == b"\x30" or start.startswith(_CMS_PEM):
        return Format.CMS
    if start.startswith(_XML_STARTS):
        return Format.XML
    if b"%PDF-" in data[:_PDF_SEARCHED]:
        return Format.PDF
    raise InputError(
        "FORMAT_UNKNOWN",
        "the input is neither XML nor CMS nor PDF",
        hint="signed XML starts with '<', CMS is DER or PEM; is this the right file?",
    )
