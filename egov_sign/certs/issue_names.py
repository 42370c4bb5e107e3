"""Writing distinguished names and general names (RFC 5280, 4.1.2.4 and 4.2.1.6)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from egov_sign.crypto import der_write as der
from egov_sign.errors import InputError

ATTRIBUTES = {
    "CN": "2.5.4.3",
    "SN": "2.5.4.4",
    "serialNumber": "2.5.4.5",
    "C": "2.5.4.6",
    "L": "2.5.4.7",
    "ST": "2.5.4.8",
    "O": "2.5.4.10",
    "OU": "2.5.4.11",
    "description": "2.5.4.13",
    "G": "2.5.4.42",
    "emailAddress": "1.2.840.113549.1.9.1",
    "UID": "0.9.2342.19200300.100.1.1",
}
"""Attribute types by the short names that this module takes."""

_PRINTABLE = frozenset({"C", "serialNumber"})

Attributes = Iterable[tuple[str, str]]
"""Pairs of short name and value, in the order they are to be written."""


def name(attributes: Attributes) -> bytes:
    """Return a DER Name with one attribute per RDN, in the given order.

    C and serialNumber are written as PrintableString, emailAddress as IA5String, the rest as UTF8String, as in the
    country's certificates.

    Raises:
        InputError: ``NAME_ATTRIBUTE`` for a short name that is not in :data:`ATTRIBUTES`, or for a value that its
            string type cannot hold.
    """
    return der.sequence(*[_rdn(kind, value) for kind, value in attributes])


@lru_cache(maxsize=4096)
def _rdn(kind: str, value: str) -> bytes:
    oid = ATTRIBUTES.get(kind)
    if oid is None:
        raise InputError("NAME_ATTRIBUTE", f"unknown attribute {kind!r}", hint=f"one of {', '.join(ATTRIBUTES)}")
    try:
        if kind in _PRINTABLE:
            text = der.printable(value)
        else:
            text = der.ia5(value) if kind == "emailAddress" else der.utf8(value)
    except UnicodeEncodeError as error:
        raise InputError("NAME_ATTRIBUTE", f"{kind} holds ASCII only, not {value!r}") from error
    return der.set_of(der.sequence(der.oid(oid), text))


def uri(address: str) -> bytes:
    """Return ``address`` as GeneralName uniformResourceIdentifier."""
    return der.implicit(6, address.encode("ascii"))


def directory_name(encoded_name: bytes) -> bytes:
    """Return a DER Name as GeneralName directoryName."""
    return der.tagged(4, encoded_name)


def rfc822(address: str) -> bytes:
    """Return an e-mail ``address`` as GeneralName rfc822Name."""
    return der.implicit(1, address.encode("ascii"))


def dns(host: str) -> bytes:
    """Return ``host`` as GeneralName dNSName."""
    return der.implicit(2, host.encode("ascii"))
