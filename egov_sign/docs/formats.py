"""What kind of signed document some bytes are, by their content alone, never by a file's name."""

from __future__ import annotations

import re
from enum import StrEnum

from lxml import etree

from egov_sign.crypto import der_write
from egov_sign.docs import cms
from egov_sign.docs.cms import SignedData
from egov_sign.docs.soap import ENVELOPE
from egov_sign.errors import InputError
from egov_sign.limits import DEFAULT_LIMITS, Limits


class Format(StrEnum):
    """Formats of signed documents."""

    XML = "XML"
    WSSE = "WS-Security"
    CMS = "CMS"
    TIMESTAMP = "RFC 3161"
    PDF = "PDF"


_XML_STARTS = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<\x00", b"\xfe\xff\x00<", b"<\x00", b"\x00<")
_CMS_PEM = (b"-----BEGIN CMS-----", b"-----BEGIN PKCS7-----", b"-----BEGIN PKCS #7 SIGNED DATA-----")
_BASE64 = re.compile(rb"MI[A-Za-z0-9+/=\s]+")
"""How the base64 of a SEQUENCE with more than 127 octets starts; as the country's signing software hands it out."""
_PDF_SEARCHED = 1024
_TST_INFO = der_write.oid(cms.TST_INFO)
_TST_INFO_SEARCHED = 512
_ENVELOPE = b"Envelope"
_CHUNK = 4096
_ROOT_SEARCHED = 64 * 1024


def recognise(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Format:
    """Return the format that ``data`` is in.

    A PDF may have other bytes before its header (ISO 32000-1, annex H); XML may have white space and a byte order
    mark; CMS is BER, which starts with a SEQUENCE, or that in PEM or base64. XML whose root is a SOAP 1.1 envelope is
    WS-Security; CMS whose content is a TSTInfo is a time-stamp (RFC 3161, 2.4.2).

    Raises:
        InputError: ``FORMAT_UNKNOWN``; see :meth:`egov_sign.docs.cms.SignedData.load` for what may be a time-stamp.
    """
    start = data[:64].lstrip()
    if data[:1] == b"\x30" or start.startswith(_CMS_PEM) or _BASE64.fullmatch(start):
        return Format.TIMESTAMP if _is_timestamp(data, limits) else Format.CMS
    if start.startswith(_XML_STARTS):
        return Format.WSSE if _root_name(data) == ENVELOPE else Format.XML
    if b"%PDF-" in data[:_PDF_SEARCHED]:
        return Format.PDF
    raise InputError(
        "FORMAT_UNKNOWN",
        "the input is neither XML nor CMS nor PDF",
        hint="signed XML starts with '<', CMS is DER, PEM or base64; is this the right file?",
    )


def _is_timestamp(data: bytes, limits: Limits) -> bool:
    """Tell whether a message is a token; only one that shows the content type near its start is read for it."""
    if data[:1] != b"\x30":
        try:
            data = cms.unarmoured(data)
        except InputError:
            return False
    return _TST_INFO in data[:_TST_INFO_SEARCHED] and SignedData.load(data, limits).content_type == cms.TST_INFO


def _root_name(data: bytes) -> str:
    """Return the name of the root element; empty if it is no envelope, or if the strict parser will tell what it is.

    Reading stops at the root's start tag, and at a document type declaration, before anything in it takes effect.
    """
    if _ENVELOPE not in data[:_ROOT_SEARCHED] and b"\0" not in data[:4]:
        return ""  # a name has no character references, so it would stand there as it is
    parser = etree.XMLPullParser(events=("start",), resolve_entities=False, no_network=True, load_dtd=False)
    for position in range(0, min(len(data), _ROOT_SEARCHED), _CHUNK):
        chunk = data[position : position + _CHUNK]
        if b"<!DOCTYPE" in data[max(position - _CHUNK, 0) : position + _CHUNK].replace(b"\0", b""):
            return ""
        try:
            parser.feed(chunk)
        except etree.XMLSyntaxError:
            return ""
        for _, element in parser.read_events():
            return str(element.tag)
    return ""
