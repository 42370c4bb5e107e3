"""From BER to the lengths and strings of DER (ITU-T X.690), so that only one reader has to know encodings.

Some software writes CMS and PKCS #12 while it goes along: with lengths that are not said beforehand, and octet strings
in pieces. Here lengths become definite and minimal, and pieces are put together. Nothing else changes: neither the
order of a SET nor any value, so that what was signed as DER stays as it was.
"""

from __future__ import annotations

from egov_sign.crypto import der_write
from egov_sign.errors import InputError, LimitError

_CONSTRUCTED = 0x20
_OCTET_STRING = 0x04
_PIECES = _OCTET_STRING | _CONSTRUCTED
_STRINGS = {0x23, *range(0x2C, 0x30), *range(0x32, 0x3F)}
"""Constructed forms of the other string types and times: none of them is written in pieces by anyone."""
MAX_DEPTH = 32
MAX_ELEMENTS = 1_000_000


def to_definite(data: bytes) -> bytes:
    """Return the one BER element in ``data`` with definite, minimal lengths and octet strings in one piece.

    Raises:
        InputError: ``BER_MALFORMED``, also if anything follows the element.
        LimitError: ``BER_TOO_DEEP`` or ``BER_TOO_MANY``.
    """
    converter = _Converter(data)
    encoded = converter.element(0, len(data), 0)
    if converter.position != len(data):
        raise InputError("BER_MALFORMED", "something follows the element", where=f"offset {converter.position}")
    return encoded


class _Converter:
    """A cursor that converts what it passes; ``position`` is where it stands after an element."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0
        self._left = MAX_ELEMENTS

    def element(self, start: int, end: int, depth: int) -> bytes:
        """Return the element at ``start``, which lies before ``end``."""
        if depth > MAX_DEPTH:
            raise LimitError("BER_TOO_DEEP", f"elements nested more than {MAX_DEPTH} deep")
        self._left -= 1
        if self._left < 0:
            raise LimitError("BER_TOO_MANY", f"more than {MAX_ELEMENTS} elements")
        tag, content, stop = self._header(start, end)
        if not tag & _CONSTRUCTED:
            if stop is None:
                raise self._malformed("a primitive element without a length", start)
            self.position = stop
            return der_write.tlv(tag, self.data[content:stop])
        parts = self._parts(content, end, stop, depth)
        if tag == _PIECES:
            return der_write.tlv(_OCTET_STRING, b"".join(self._piece(part, start) for part in parts))
        if tag in _STRINGS:
            raise self._malformed("a string of another type in pieces", start)
        return der_write.tlv(tag, b"".join(parts))

    def _parts(self, content: int, end: int, stop: int | None, depth: int) -> list[bytes]:
        """Return the elements from ``content`` to ``stop``, or to the end-of-contents octets if that is not known."""
        parts: list[bytes] = []
        self.position = content
        if stop is not None:
            while self.position < stop:
                parts.append(self.element(self.position, stop, depth + 1))
            return parts
        while self.data[self.position : self.position + 2] != b"\x00\x00":
            parts.append(self.element(self.position, end, depth + 1))
        self.position += 2
        if self.position > end:
            raise self._malformed("an element reaches beyond its container", content)
        return parts

    def _header(self, start: int, end: int) -> tuple[int, int, int | None]:
        """Return tag, start of the contents, and their end; ``None`` for a length that is not said."""
        if start + 2 > end:
            raise self._malformed("an element ends within its header", start)
        tag, first = self.data[start], self.data[start + 1]
        if tag & 0x1F == 0x1F or not tag:
            raise self._malformed("a tag number above 30, or none", start)
        content = start + 2
        if first == 0x80:
            return tag, content, None
        length = first
        if first > 0x80:
            content += first & 0x7F
            if content > end:
                raise self._malformed("an element ends within its header", start)
            length = int.from_bytes(self.data[start + 2 : content], "big")
        if content + length > end:
            raise self._malformed("an element reaches beyond its container", start)
        return tag, content, content + length

    def _piece(self, part: bytes, start: int) -> bytes:
        """Return the contents of a piece of an octet string; pieces of pieces were put together before."""
        if part[0] != _OCTET_STRING:
            raise self._malformed("an octet string with a piece of another type", start)
        first = part[1]
        return part[2:] if first < 0x80 else part[2 + (first & 0x7F) :]

    def _malformed(self, message: str, offset: int) -> InputError:
        return InputError("BER_MALFORMED", message, where=f"offset {offset}")
