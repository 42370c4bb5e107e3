"""Distinguished names (X.501) and their comparison."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from egov_sign.caching import lazy, remembered
from egov_sign.crypto import der
from egov_sign.errors import InputError
from egov_sign.native import Open

COMMON_NAME = "2.5.4.3"
SURNAME = "2.5.4.4"
SERIAL_NUMBER = "2.5.4.5"
COUNTRY = "2.5.4.6"
LOCALITY = "2.5.4.7"
STATE = "2.5.4.8"
ORGANIZATION = "2.5.4.10"
ORGANIZATIONAL_UNIT = "2.5.4.11"
GIVEN_NAME = "2.5.4.42"
EMAIL = "1.2.840.113549.1.9.1"
USER_ID = "0.9.2342.19200300.100.1.1"
DOMAIN_COMPONENT = "0.9.2342.19200300.100.1.25"

SHORT_NAMES = {
    COMMON_NAME: "CN",
    SURNAME: "SN",
    SERIAL_NUMBER: "serialNumber",
    COUNTRY: "C",
    LOCALITY: "L",
    STATE: "ST",
    "2.5.4.9": "street",
    ORGANIZATION: "O",
    ORGANIZATIONAL_UNIT: "OU",
    "2.5.4.12": "title",
    "2.5.4.13": "description",
    GIVEN_NAME: "G",
    "2.5.4.15": "businessCategory",
    "2.5.4.46": "dnQualifier",
    "2.5.4.65": "pseudonym",
    "2.5.4.97": "organizationIdentifier",
    EMAIL: "emailAddress",
    USER_ID: "UID",
    DOMAIN_COMPONENT: "DC",
}

_ENCODINGS = {
    der.UTF8_STRING: "utf-8",
    der.PRINTABLE_STRING: "ascii",
    der.NUMERIC_STRING: "ascii",
    der.IA5_STRING: "ascii",
    der.VISIBLE_STRING: "ascii",
    der.TELETEX_STRING: "latin-1",
    der.BMP_STRING: "utf-16-be",
    der.UNIVERSAL_STRING: "utf-32-be",
}

_NEVER_IN_NAMES = frozenset({der.BOOLEAN, der.INTEGER, der.OCTET_STRING, der.NULL, der.OID, der.ENUMERATED})
"""Types that no attribute of a name has; others, as the BIT STRING of a unique identifier, are seldom but allowed."""

Rdn = tuple["Attribute", ...]
NormalRdn = tuple[tuple[str, str | bytes], ...]


class Attribute(NamedTuple):
    """One attribute of a name.

    Attributes:
        oid: its type, dotted.
        tag: the ASN.1 type of its value.
        raw: the contents of its value.
    """

    oid: str
    tag: int
    raw: bytes

    @property
    def text(self) -> str:
        """The value as text; ``#`` and hexadecimal digits for what is not a character string."""
        encoding = _ENCODINGS.get(self.tag)
        return "#" + self.raw.hex() if encoding is None else self.raw.decode(encoding)

    @property
    def label(self) -> str:
        """The short name of the type, or its dotted form."""
        return SHORT_NAMES.get(self.oid, self.oid)


# RFC 4518, 2.2: what is mapped to nothing, and what is mapped to a space.
_TO_NOTHING = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u034f\u06dd\u070f\u1806\u180b-\u180e\u200b-\u200f"
    "\u202a-\u202e\u2060-\u2063\u206a-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffc"
    "\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)
_SPACES = re.compile(r"[\s\u0085\u2028\u2029]+")


def prepare(text: str) -> str:
    """Prepare ``text`` for comparison without regard to case and insignificant space (RFC 4518, section 2)."""
    if text.isascii() and text.isprintable():
        return " ".join(text.lower().split())
    # Twice, because normalisation makes capitals, of mathematical letters for one: table B.2 of RFC 3454 does the same.
    mapped = _folded(_folded(_TO_NOTHING.sub("", text)))
    return _SPACES.sub(" ", mapped).strip(" ")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text.casefold())


class Name(Open):
    """A distinguished name.

    Two names are equal if they match by RFC 5280, section 7.1: attribute by attribute in order, character strings
    without regard to case, insignificant space and the string type, anything else by its bytes.

    Args:
        encoded: the DER Name, a SEQUENCE. It is parsed when first looked into.
    """

    def __init__(self, encoded: bytes) -> None:
        self.der = encoded

    def __reduce__(self) -> tuple[type[Name], tuple[bytes]]:
        """Let it be copied and pickled as its bytes."""
        return Name, (self.der,)

    @lazy
    def rdns(self) -> tuple[Rdn, ...]:
        """The relative distinguished names in the order of the encoding.

        Raises:
            InputError: ``NAME_MALFORMED``.
        """
        return _parse(self.der)

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """All attributes in the order of the encoding."""
        return tuple([attribute for rdn in self.rdns for attribute in rdn])

    @lazy
    def normalized(self) -> tuple[NormalRdn, ...]:
        """The form in which names are compared; that of a name that cannot be read is its bytes."""
        try:
            return _normalize(self.der)
        except InputError:
            return ((("", self.der),),)

    @property
    def is_empty(self) -> bool:
        """Whether there is no attribute at all."""
        return self.der == b"\x30\x00"

    def values(self, oid: str) -> tuple[str, ...]:
        """Return the texts of all attributes of the type ``oid``."""
        return tuple(attribute.text for attribute in self.attributes if attribute.oid == oid)

    @property
    def common_name(self) -> str:
        """The last common name; empty if there is none."""
        for rdn in reversed(self.rdns):
            for attribute in reversed(rdn):
                if attribute[0] == COMMON_NAME:
                    return attribute.text
        return ""

    def starts_with(self, base: Name) -> bool:
        """Tell whether this name lies in the subtree under ``base`` (RFC 5280, 4.2.1.10)."""
        return self.normalized[: len(base.normalized)] == base.normalized

    def rfc4514(self, separator: str = ",") -> str:
        """Return the string of RFC 4514: the last attribute first."""
        return separator.join(["+".join([_written(item) for item in rdn]) for rdn in reversed(self.rdns)])

    def __str__(self) -> str:
        return _shown(self.der)

    def __repr__(self) -> str:
        return f"Name({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Name):
            return NotImplemented
        return self.der == other.der or self.normalized == other.normalized

    def __hash__(self) -> int:
        return hash(self.normalized)


@remembered
def _shown(encoded: bytes) -> str:
    try:
        return Name(encoded).rfc4514(", ")
    except InputError:
        return "#" + encoded.hex()


def _written(item: Attribute) -> str:
    return f"{SHORT_NAMES.get(item.oid, item.oid)}={_escape(item.text)}"


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SPECIAL = re.compile(rf'[,+"\\<>;=]|{_CONTROL.pattern}|^[ #]| \Z')


def _escape(text: str) -> str:
    if not _SPECIAL.search(text):
        return text
    escaped = re.sub(r'([,+"\\<>;=])', r"\\\1", text)
    escaped = _CONTROL.sub(lambda found: "".join(f"\\{octet:02X}" for octet in found[0].encode()), escaped)
    if escaped.startswith((" ", "#")):
        escaped = "\\" + escaped
    return escaped[:-1] + "\\ " if escaped.endswith(" ") and len(escaped) > 1 else escaped


@remembered
def _parse(encoded: bytes) -> tuple[Rdn, ...]:
    try:
        start, stop = der.only(encoded, 0, len(encoded), der.SEQUENCE)
        return tuple([_parse_rdn(encoded[rdn[1] : rdn[3]]) for rdn in der.children(encoded, start, stop)])
    except (InputError, ValueError) as error:
        raise InputError("NAME_MALFORMED", "a distinguished name cannot be read") from error


@remembered
def _parse_rdn(encoded: bytes) -> Rdn:
    pairs = der.children(encoded, *der.only(encoded, 0, len(encoded), der.SET))
    if not pairs:
        raise InputError("NAME_MALFORMED", "an empty set of attributes")
    return tuple([_parse_attribute(encoded, pair) for pair in pairs])


def _parse_attribute(encoded: bytes, pair: der.Element) -> Attribute:
    tag, _, start, stop = pair
    (oid_tag, _, oid_start, oid_stop), (value_tag, _, value_start, value_stop) = der.children(encoded, start, stop)
    if tag != der.SEQUENCE or oid_tag != der.OID:
        raise InputError("NAME_MALFORMED", "not a type with a value")
    attribute = Attribute(der.decode_oid(encoded[oid_start:oid_stop]), value_tag, encoded[value_start:value_stop])
    if value_tag in _ENCODINGS:
        attribute.text  # noqa: B018 - a string that cannot be decoded shows here, not later
    elif attribute.oid in SHORT_NAMES or value_tag in _NEVER_IN_NAMES:
        raise InputError("NAME_MALFORMED", "an attribute that is not a character string")
    return attribute


@remembered
def _normalize(encoded: bytes) -> tuple[NormalRdn, ...]:
    return tuple(tuple(sorted(map(_normal_pair, rdn), key=repr)) for rdn in _parse(encoded))


def _normal_pair(attribute: Attribute) -> tuple[str, str | bytes]:
    if attribute.tag in _ENCODINGS:
        return attribute.oid, prepare(attribute.text)
    return attribute.oid, bytes([attribute.tag]) + attribute.raw
