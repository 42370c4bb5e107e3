"""What kind of signed document some bytes are, by their content alone, never by a file's name."""

from __future__ import annotations

import re
from enum import StrEnum

from egov_sign.crypto import der_write
from egov_sign.docs import cms
from egov_sign.docs.cms import SignedData
from egov_sign.docs.soap import ENVELOPE
from egov_sign.docs.timestamp import bare_token
from egov_sign.docs.xmlparse import parse, root_name
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
_ENVELOPE = ENVELOPE.rpartition("}")[2]


def recognise(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Format:
    """Return the format that ``data`` is in.

    A PDF may have other bytes before its header (ISO 32000-1, annex H); XML may have white space and a byte order
    mark; CMS is BER, which starts with a SEQUENCE, or that in PEM or base64. XML whose root is a SOAP 1.1 envelope is
    WS-Security; CMS whose content is a TSTInfo is a time-stamp (RFC 3161, 2.4.2).

    Raises:
        InputError: ``FORMAT_UNKNOWN``; what may be a time-stamp or a message of the gateway is read, and may fail as
            in :meth:`egov_sign.docs.cms.SignedData.load` and :func:`egov_sign.docs.xmlparse.parse`.
    """
    start = data[:64].lstrip()
    if data[:1] == b"\x30" or start.startswith(_CMS_PEM) or _BASE64.fullmatch(start):
        return Format.TIMESTAMP if _is_timestamp(data, limits) else Format.CMS
    if start.startswith(_XML_STARTS):
        # The strict parser has the last word, for what it reads is what will be judged.
        is_message = root_name(data) == _ENVELOPE and parse(data, limits).tag == ENVELOPE
        return Format.WSSE if is_message else Format.XML
    if b"%PDF-" in data[:_PDF_SEARCHED]:
        return Format.PDF
    raise InputError(
        "FORMAT_UNKNOWN",
        "the input is neither XML nor CMS nor PDF",
        hint="signed XML starts with '<', CMS is DER, PEM or base64; is this the right file?",
    )


def _is_timestamp(data: bytes, limits: Limits) -> bool:
    """Tell whether a message is a token, or an authority's response with one.

    Only one that shows the content type near its start is read for it.
    """
    if data[:1] != b"\x30":
        try:
            data = cms.unarmoured(data)
        except InputError:
            return False
    if _TST_INFO not in data[:_TST_INFO_SEARCHED]:
        return False
    try:
        return SignedData.load(bare_token(data, limits), limits).content_type == cms.TST_INFO
    except InputError:
        return False  # its reader will say more about it
