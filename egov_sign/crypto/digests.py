"""Digest algorithms by name, object identifier and XML identifier."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache, partial
from typing import Protocol

from egov_sign.crypto import der_write
from egov_sign.crypto.gost94 import Gost94
from egov_sign.crypto.streebog import streebog256, streebog512
from egov_sign.errors import UnsupportedError


class Digest(Protocol):
    """An unfinished digest, as in :mod:`hashlib`."""

    def update(self, data: bytes, /) -> None:
        """Take in ``data``."""
        ...

    def digest(self) -> bytes:
        """Return the digest of all that was taken in."""
        ...


_HASHLIB = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512")
_MAKERS: dict[str, Callable[[], Digest]] = {
    name: partial(getattr(hashlib, name.replace("-", "_")), usedforsecurity=False) for name in _HASHLIB
} | {"streebog256": streebog256, "streebog512": streebog512, "gost94": Gost94}
OIDS: dict[str, str] = {
    "md5": "1.2.840.113549.2.5",
    "sha1": "1.3.14.3.2.26",
    "sha224": "2.16.840.1.101.3.4.2.4",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
    "sha3-256": "2.16.840.1.101.3.4.2.8",
    "sha3-384": "2.16.840.1.101.3.4.2.9",
    "sha3-512": "2.16.840.1.101.3.4.2.10",
    "streebog256": "1.2.398.3.10.1.3.2",
    "streebog512": "1.2.398.3.10.1.3.3",
    "gost94": "1.2.398.3.10.1.3.1",
}
XML_URIS = {
    "md5": "http://www.w3.org/2001/04/xmldsig-more#md5",
    "sha1": "http://www.w3.org/2000/09/xmldsig#sha1",
    "sha224": "http://www.w3.org/2001/04/xmldsig-more#sha224",
    "sha256": "http://www.w3.org/2001/04/xmlenc#sha256",
    "sha384": "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "sha512": "http://www.w3.org/2001/04/xmlenc#sha512",
    "sha3-256": "http://www.w3.org/2007/05/xmldsig-more#sha3-256",
    "sha3-384": "http://www.w3.org/2007/05/xmldsig-more#sha3-384",
    "sha3-512": "http://www.w3.org/2007/05/xmldsig-more#sha3-512",
    "streebog256": "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:gostr34112015-256",
    "streebog512": "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:gostr34112015-512",
    "gost94": "http://www.w3.org/2001/04/xmldsig-more#gost34311",
}
_ALIASES = {"http://www.w3.org/2001/04/xmldsig-more#sha1": "sha1"}
"""Identifiers that no standard gives and that real documents of the country carry."""
_TC26_OIDS = {"1.2.643.7.1.1.2.2": "streebog256", "1.2.643.7.1.1.2.3": "streebog512"}
"""Russia's identifiers of the same digests (RFC 9215 section 2)."""
_BY_OID = {oid: name for name, oid in OIDS.items()} | _TC26_OIDS
_BY_URI = {uri: name for name, uri in XML_URIS.items()} | _ALIASES


def new(name: str) -> Digest:
    """Return an empty digest called ``name``.

    Raises:
        UnsupportedError: ``DIGEST_UNKNOWN``.
    """
    maker = _MAKERS.get(name)
    if maker is None:
        raise UnsupportedError("DIGEST_UNKNOWN", f"unknown digest {name!r}")
    return maker()


def digest(name: str, data: bytes) -> bytes:
    """Return the digest ``name`` of ``data``.

    Raises:
        UnsupportedError: ``DIGEST_UNKNOWN``.
    """
    state = new(name)
    state.update(data)
    return state.digest()


@cache
def to_identifier(name: str) -> bytes:
    """Return the DER AlgorithmIdentifier of the digest ``name``, with NULL as its parameters.

    Raises:
        UnsupportedError: ``DIGEST_UNKNOWN``.
    """
    if name not in OIDS:
        raise UnsupportedError("DIGEST_UNKNOWN", f"unknown digest {name!r}")
    return der_write.sequence(der_write.oid(OIDS[name]), der_write.NULL)


def by_oid(oid: str) -> str:
    """Return the name of the digest with the object identifier ``oid``.

    Raises:
        UnsupportedError: ``DIGEST_UNKNOWN``.
    """
    return _look_up(_BY_OID, oid)


def by_xml_uri(uri: str) -> str:
    """Return the name of the digest with the XMLDSig identifier ``uri``.

    Raises:
        UnsupportedError: ``DIGEST_UNKNOWN``.
    """
    return _look_up(_BY_URI, uri)


def _look_up(table: dict[str, str], key: str) -> str:
    found = table.get(key)
    if found is None:
        raise UnsupportedError("DIGEST_UNKNOWN", f"unknown digest {key!r}")
    return found
