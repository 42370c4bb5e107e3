"""Writing DER (ITU-T X.690): the few primitives that X.509, CRL, OCSP and RFC 3161 structures are made of.

Every function returns the finished encoding as ``bytes``; a structure is written by nesting calls, so that its code
reads like its ASN.1 definition. Nothing here checks a schema: the catalogue of defects writes wrong structures with
the same functions.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

SEQUENCE = 0x30
SET = 0x31
NULL = b"\x05\x00"
TRUE = b"\x01\x01\xff"


def tlv(tag: int, content: bytes) -> bytes:
    """Return ``content`` under the one-byte ``tag`` with its definite length (X.690, 8.1.3)."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    if size < 0x100:
        return bytes((tag, 0x81, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def sequence(*parts: bytes) -> bytes:
    """Return a SEQUENCE of ``parts``, which are finished encodings."""
    return tlv(SEQUENCE, b"".join(parts))


def set_of(*parts: bytes) -> bytes:
    """Return a SET OF ``parts`` in the order DER demands (X.690, 11.6)."""
    return tlv(SET, b"".join(sorted(parts)))


def integer(value: int) -> bytes:
    """Return an INTEGER, in the fewest octets of two's complement."""
    return tlv(0x02, _twos_complement(value))


def enumerated(value: int) -> bytes:
    """Return an ENUMERATED."""
    return tlv(0x0A, _twos_complement(value))


def _twos_complement(value: int) -> bytes:
    magnitude = value if value >= 0 else ~value
    return value.to_bytes(magnitude.bit_length() // 8 + 1, "big", signed=True)


@lru_cache(maxsize=512)
def oid(dotted: str) -> bytes:
    """Return the OBJECT IDENTIFIER written ``1.2.398…``.

    Raises:
        ValueError: if ``dotted`` is not a list of numbers.
    """
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    content = b""
    for arc in (first * 40 + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(0x80 | arc & 0x7F)
        content += bytes(reversed(septets))
    return tlv(0x06, content)


def octet_string(content: bytes) -> bytes:
    """Return an OCTET STRING."""
    return tlv(0x04, content)


def bit_string(content: bytes, unused_bits: int = 0) -> bytes:
    """Return a BIT STRING whose last octet has ``unused_bits`` bits that do not count."""
    return tlv(0x03, bytes((unused_bits,)) + content)


def named_bits(*positions: int) -> bytes:
    """Return a BIT STRING with the bits at ``positions`` set and no trailing zero bits (X.690, 11.2.2)."""
    if not positions:
        return bit_string(b"")
    highest = max(positions)
    octets = bytearray(highest // 8 + 1)
    for position in positions:
        octets[position // 8] |= 0x80 >> position % 8
    return bit_string(bytes(octets), 7 - highest % 8)


def utf8(text: str) -> bytes:
    """Return a UTF8String."""
    return tlv(0x0C, text.encode())


def printable(text: str) -> bytes:
    """Return a PrintableString; that ``text`` has only its characters is the caller's word."""
    return tlv(0x13, text.encode("ascii"))


def ia5(text: str) -> bytes:
    """Return an IA5String."""
    return tlv(0x16, text.encode("ascii"))


def utc_time(moment: datetime) -> bytes:
    """Return ``moment`` as UTCTime, to the second, whatever its year."""
    return tlv(0x17, moment.astimezone(UTC).strftime("%y%m%d%H%M%SZ").encode())


def generalized_time(moment: datetime) -> bytes:
    """Return ``moment`` as GeneralizedTime, to the second."""
    return tlv(0x18, moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode())


@lru_cache(maxsize=512)
def time(moment: datetime) -> bytes:
    """Return ``moment`` in the type RFC 5280, 4.1.2.5, prescribes: UTCTime through 2049, GeneralizedTime after."""
    return utc_time(moment) if moment.astimezone(UTC).year < 2050 else generalized_time(moment)


def tagged(number: int, content: bytes) -> bytes:
    """Return ``[number]`` around ``content``: an EXPLICIT tag, or an IMPLICIT one over the parts of a structure."""
    return tlv(0xA0 | number, content)


def implicit(number: int, content: bytes) -> bytes:
    """Return ``[number] IMPLICIT`` over the octets of a primitive type."""
    return tlv(0x80 | number, content)
