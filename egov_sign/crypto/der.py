"""A strict reader of DER (ITU-T X.690): definite, minimal lengths, single-byte tags, nothing beyond the bounds.

Everything is read in place: a :class:`Reader` is a cursor between two offsets of one ``bytes`` object, so nothing is
copied until a value is taken. Whatever breaks the rules raises :class:`egov_sign.errors.InputError` with one of

``DER_TRUNCATED``  a value reaches beyond its container
``DER_LENGTH``     an indefinite or not minimal length
``DER_TAG``        another type than expected, or a tag number above 30
``DER_TRAILING``   something follows where nothing may
``DER_VALUE``      contents that their type does not allow
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from itertools import product
from operator import itemgetter
from typing import Final, TypeAlias

from egov_sign.caching import remembered
from egov_sign.errors import InputError

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OID: Final = 0x06
ENUMERATED: Final = 0x0A
UTF8_STRING: Final = 0x0C
NUMERIC_STRING: Final = 0x12
PRINTABLE_STRING: Final = 0x13
TELETEX_STRING: Final = 0x14
IA5_STRING: Final = 0x16
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
VISIBLE_STRING: Final = 0x1A
UNIVERSAL_STRING: Final = 0x1C
BMP_STRING: Final = 0x1E
SEQUENCE: Final = 0x30
SET: Final = 0x31


def implicit(number: int) -> int:
    """Return the tag of a primitive context-specific value ``[number]``."""
    return 0x80 | number


def explicit(number: int) -> int:
    """Return the tag of a constructed context-specific value ``[number]``."""
    return 0xA0 | number


def error(code: str, message: str, offset: int) -> InputError:
    """Return the error ``code`` at ``offset``, for decoders built on this module."""
    return InputError(code, message, where=f"offset {offset}")


def header(data: bytes, position: int, end: int) -> tuple[int, int, int]:
    """Read one tag and length at ``position`` and return the tag and the offsets where its contents start and stop.

    The contents lie within ``end``, which is at most ``len(data)``.

    Raises:
        InputError: ``DER_TRUNCATED``, ``DER_LENGTH`` or ``DER_TAG``.
    """
    start = position + 2
    if start > end:
        raise error("DER_TRUNCATED", "a value ends within its header", position)
    tag = data[position]
    stop = data[position + 1]
    if stop < 0x80:
        stop += start
    else:
        count = stop & 0x7F
        start += count
        if start > end:
            raise error("DER_TRUNCATED", "a value ends within its header", position)
        length = int.from_bytes(data[start - count : start], "big")
        if length < 0x80 or count > 8 or not data[start - count]:
            raise error("DER_LENGTH", "a length is indefinite or not minimal", position)
        stop = start + length
    if stop > end:
        raise error("DER_TRUNCATED", "a value reaches beyond its container", position)
    if tag & 0x1F == 0x1F:
        raise error("DER_TAG", "a tag number above 30", position)
    return tag, start, stop


Element: TypeAlias = tuple[int, int, int, int]
"""Where one value lies: its tag, and the offsets where it begins, where its contents start, and where both stop.

A plain tuple, because making a named one takes longer than reading the value."""


_TAG_OF = itemgetter(0)


def children(data: bytes, position: int, end: int) -> list[Element]:
    """Return the values between ``position`` and ``end``, one after another without a gap.

    Raises:
        InputError: as :func:`header`.
    """
    found = []
    try:
        while position < end:
            tag, stop = data[position], data[position + 1]
            if stop < 0x80 and tag & 0x1F != 0x1F:
                start = position + 2
                stop += start
                if stop > end:
                    raise error("DER_TRUNCATED", "a value reaches beyond its container", position)
            else:
                tag, start, stop = header(data, position, end)
            found.append((tag, position, start, stop))
            position = stop
    except IndexError:
        raise error("DER_TRUNCATED", "a value ends within its header", position) from None
    return found


Layout: TypeAlias = frozenset[bytes]
"""The tags that the fields of a structure may have, one after another."""


def layout(*tags: str) -> Layout:
    """Return the layout of a structure: the tag of each field in hexadecimal digits, with ``?`` if it may be absent.

    Several tags for one field are written with ``|`` between them.
    """
    choices = [[*field.removesuffix("?").split("|"), *([""] if field.endswith("?") else [])] for field in tags]
    return frozenset(bytes.fromhex("".join(choice)) for choice in product(*choices))


def structure(data: bytes, start: int, stop: int, allowed: Layout) -> list[Element]:
    """Return the values between ``start`` and ``stop``, whose tags are ``allowed``.

    Raises:
        InputError: as :func:`header`, or ``DER_TAG``.
    """
    found = children(data, start, stop)
    if bytes(map(_TAG_OF, found)) not in allowed:
        raise error("DER_TAG", "the fields of a structure are not what they should be", start)
    return found


def only(data: bytes, position: int, end: int, tag: int) -> tuple[int, int]:
    """Return where the contents start and stop of the one value between ``position`` and ``end``, of the type ``tag``.

    Raises:
        InputError: as :func:`header`, or ``DER_TAG``, ``DER_TRAILING``.
    """
    found, start, stop = header(data, position, end)
    if found != tag:
        raise error("DER_TAG", f"tag {found:#04x} where {tag:#04x} is due", position)
    if stop != end:
        raise error("DER_TRAILING", "something follows where nothing may", stop)
    return start, stop


@lru_cache(maxsize=4096)
def decode_oid(content: bytes) -> str:
    """Return the dotted form of the contents of an OBJECT IDENTIFIER.

    Raises:
        InputError: ``DER_VALUE``.
    """
    if not content or content[-1] & 0x80 or len(content) > 64:
        raise InputError("DER_VALUE", "a malformed object identifier")
    arcs: list[int] = []
    value = 0
    for octet in content:
        if value == 0 and octet == 0x80:
            raise InputError("DER_VALUE", "an object identifier that is not minimal")
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def decode_integer(content: bytes) -> int:
    """Return the value of the contents of an INTEGER or ENUMERATED.

    Raises:
        InputError: ``DER_VALUE`` if it is empty or not minimal.
    """
    if len(content) > 1:
        if (content[0] == 0x00 and content[1] < 0x80) or (content[0] == 0xFF and content[1] >= 0x80):
            raise InputError("DER_VALUE", "an integer that is not minimal")
    elif not content:
        raise InputError("DER_VALUE", "an integer without contents")
    return int.from_bytes(content, "big", signed=True)


def decode_time(tag: int, content: bytes) -> datetime:
    """Return the UTC time in the contents of a UTCTime or GeneralizedTime as RFC 5280 (4.1.2.5) allows them.

    Seconds are present, the zone is ``Z``, there are no fractions; two-digit years mean 1950 to 2049.

    Raises:
        InputError: ``DER_VALUE``, or ``DER_TAG`` for another type.
    """
    if tag == UTC_TIME:
        content = (b"20" if content < b"5" else b"19") + content
    elif tag != GENERALIZED_TIME:
        raise InputError("DER_TAG", "a value that is not a time")
    if len(content) != 15 or not content[:14].isdigit() or content[14] != 0x5A:
        raise InputError("DER_VALUE", "a malformed time")
    text = content.decode()
    try:
        return datetime.fromisoformat(f"{text[:8]}T{text[8:]}")
    except ValueError as error:
        raise InputError("DER_VALUE", "a time that does not exist") from error


class Reader:
    """A cursor over the values between two offsets.

    Args:
        data: the bytes that contain them.
        start: offset of the first value.
        end: offset after the last one; the end of ``data`` if not given.
    """

    __slots__ = ("data", "end", "position")

    def __init__(self, data: bytes, start: int = 0, end: int | None = None) -> None:
        self.data = data
        self.position = start
        self.end = len(data) if end is None else end

    def __bool__(self) -> bool:
        """Tell whether anything is left."""
        return self.position < self.end

    def peek(self) -> int:
        """Return the tag of the next value, -1 at the end."""
        return self.data[self.position] if self.position < self.end else -1

    def next(self) -> tuple[int, bytes]:
        """Take the next value, whatever it is: its tag and its contents."""
        tag, start, self.position = header(self.data, self.position, self.end)
        return tag, self.data[start : self.position]

    def element(self, tag: int | None = None) -> bytes:
        """Take the next value whole, with its header; ``tag`` demands its type."""
        begin = self.position
        found, _, self.position = header(self.data, begin, self.end)
        if tag is not None and found != tag:
            raise error("DER_TAG", f"tag {found:#04x} where {tag:#04x} is due", begin)
        return self.data[begin : self.position]

    def take(self, tag: int) -> bytes:
        """Take the contents of the next value, which is of the type ``tag``."""
        begin = self.position
        found, start, self.position = header(self.data, begin, self.end)
        if found != tag:
            raise error("DER_TAG", f"tag {found:#04x} where {tag:#04x} is due", begin)
        return self.data[start : self.position]

    def enter(self, tag: int = SEQUENCE) -> Reader:
        """Take the next value, which is of the type ``tag``, as a reader of what it contains."""
        begin = self.position
        found, start, self.position = header(self.data, begin, self.end)
        if found != tag:
            raise error("DER_TAG", f"tag {found:#04x} where {tag:#04x} is due", begin)
        return Reader(self.data, start, self.position)

    def maybe(self, tag: int) -> bytes | None:
        """Take the contents of the next value if it is of the type ``tag``; else leave it and return ``None``."""
        return self.take(tag) if self.peek() == tag else None

    def maybe_enter(self, tag: int) -> Reader | None:
        """Enter the next value if it is of the type ``tag``; else leave it and return ``None``."""
        return self.enter(tag) if self.peek() == tag else None

    def integer(self, tag: int = INTEGER) -> int:
        """Take an INTEGER (or another tag with its contents) of any size."""
        return decode_integer(self.take(tag))

    def oid(self, tag: int = OID) -> str:
        """Take an OBJECT IDENTIFIER in dotted form."""
        return decode_oid(self.take(tag))

    def boolean(self, tag: int = BOOLEAN) -> bool:
        """Take a BOOLEAN; only 0x00 and 0xFF are DER."""
        content = self.take(tag)
        if content not in (b"\x00", b"\xff"):
            raise error("DER_VALUE", "a malformed boolean", self.position)
        return content == b"\xff"

    def time(self) -> datetime:
        """Take a UTCTime or GeneralizedTime (see :func:`decode_time`)."""
        return decode_time(*self.next())

    def octet_bits(self) -> bytes:
        """Take a BIT STRING whose bits are whole octets (a key, a signature)."""
        content = self.take(BIT_STRING)
        if content[:1] != b"\x00":
            raise error("DER_VALUE", "a bit string that is not whole octets", self.position)
        return content[1:]

    def named_bits(self, tag: int = BIT_STRING) -> frozenset[int]:
        """Take a BIT STRING as the set of the numbers of its bits that are 1 (X.690, 11.2: no trailing zero bits)."""
        return decode_named_bits(self.take(tag))

    def finish(self) -> None:
        """Make sure that nothing is left.

        Raises:
            InputError: ``DER_TRAILING``.
        """
        if self.position != self.end:
            raise error("DER_TRAILING", "something follows where nothing may", self.position)


@remembered
def decode_named_bits(content: bytes) -> frozenset[int]:
    """Return the numbers of the bits that are 1 in the contents of a BIT STRING; unused bits must be 0.

    Trailing zero bits break DER in named bit lists, are widespread, and cannot be misread: they are accepted.

    Raises:
        InputError: ``DER_VALUE``.
    """
    if not content or content[0] > 7 or (content[0] and (len(content) == 1 or content[-1] & ((1 << content[0]) - 1))):
        raise InputError("DER_VALUE", "a malformed bit string")
    return frozenset(
        8 * index + bit for index, octet in enumerate(content[1:]) for bit in range(8) if octet & 0x80 >> bit
    )
