"""Signature and digest algorithms: one table of names, object identifiers and XML identifiers.

Sources: RFC 8017, RFC 5758, RFC 8410, RFC 4055 (PSS), RFC 6931 and RFC 9231 (XML identifiers); the Kazakh object
identifiers and URNs were read from the country's own certificates and signed documents.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from egov_sign.errors import UnsupportedError


class KeyType(StrEnum):
    """Families of keys."""

    RSA = "RSA"
    EC = "EC"
    DSA = "DSA"
    ED25519 = "Ed25519"
    ED448 = "Ed448"
    GOST2015_512 = "GOST2015-512"
    GOST2015_256 = "GOST2015-256"
    GOST2004 = "GOST2004"


@dataclass(frozen=True, slots=True)
class SignatureAlgorithm:
    """A signature algorithm with its digest.

    Attributes:
        name: our name, e.g. ``rsa-sha256``.
        key_type: the family of keys it works with.
        digest: name of its digest (:mod:`egov_sign.crypto.digests`); empty where the algorithm hashes by itself.
        oid: object identifier in certificates, CRLs and CMS.
        null_parameters: whether the AlgorithmIdentifier carries NULL (RFC 4055 demands it for RSA).
        xml_uri: identifier in XMLDSig; empty where there is none.
        salt_length: of RSASSA-PSS, in bytes; ``None`` for everything else.
    """

    name: str
    key_type: KeyType
    digest: str
    oid: str
    null_parameters: bool = False
    xml_uri: str = ""
    salt_length: int | None = None


_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_MORE2007 = "http://www.w3.org/2007/05/xmldsig-more#"
_MORE2021 = "http://www.w3.org/2021/04/xmldsig-more#"
_DSIG = "http://www.w3.org/2000/09/xmldsig#"
_DSIG11 = "http://www.w3.org/2009/xmldsig11#"
_KZ = "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:"

_DIGESTS = ("sha1", "sha224", "sha256", "sha384", "sha512")


def _table() -> tuple[SignatureAlgorithm, ...]:
    pkcs1 = "1.2.840.113549.1.1."
    rsa = dict(zip(("md5", *_DIGESTS), (pkcs1 + n for n in ("4", "5", "14", "11", "12", "13")), strict=True))
    ecdsa = dict(zip(_DIGESTS, ("1.2.840.10045.4.1", *(f"1.2.840.10045.4.3.{n}" for n in range(1, 5))), strict=True))
    pss = "1.2.840.113549.1.1.10"
    salts = {"sha1": 20, "sha224": 28, "sha256": 32, "sha384": 48, "sha512": 64}
    rows = [
        SignatureAlgorithm(
            f"rsa-{digest}", KeyType.RSA, digest, oid, True, (_DSIG if digest == "sha1" else _MORE) + f"rsa-{digest}"
        )
        for digest, oid in rsa.items()
    ]
    rows += [
        SignatureAlgorithm(f"ecdsa-{digest}", KeyType.EC, digest, oid, False, _MORE + f"ecdsa-{digest}")
        for digest, oid in ecdsa.items()
    ]
    rows += [
        SignatureAlgorithm(
            f"rsa-pss-{digest}", KeyType.RSA, digest, pss, False, f"{_MORE2007}{digest}-rsa-MGF1", salt_length=salt
        )
        for digest, salt in salts.items()
    ]
    rows += [
        SignatureAlgorithm("dsa-sha1", KeyType.DSA, "sha1", "1.2.840.10040.4.3", False, _DSIG + "dsa-sha1"),
        SignatureAlgorithm(
            "dsa-sha256", KeyType.DSA, "sha256", "2.16.840.1.101.3.4.3.2", False, _DSIG11 + "dsa-sha256"
        ),
        SignatureAlgorithm("ed25519", KeyType.ED25519, "", "1.3.101.112", False, _MORE2021 + "eddsa-ed25519"),
        SignatureAlgorithm("ed448", KeyType.ED448, "", "1.3.101.113", False, _MORE2021 + "eddsa-ed448"),
        SignatureAlgorithm(
            "gost2015-512",
            KeyType.GOST2015_512,
            "streebog512",
            "1.2.398.3.10.1.1.2.3.2",
            True,
            _KZ + "gostr34102015-gostr34112015-512",
        ),
        SignatureAlgorithm(
            "gost2015-256",
            KeyType.GOST2015_256,
            "streebog256",
            "1.2.398.3.10.1.1.2.3.1",
            True,
            _KZ + "gostr34102015-gostr34112015-256",
        ),
        SignatureAlgorithm(
            "gost2004", KeyType.GOST2004, "gost94", "1.2.398.3.10.1.1.1.2", True, _MORE + "gost34310-gost34311"
        ),
    ]
    return tuple(rows)


ALGORITHMS = _table()
_BY_NAME = {algorithm.name: algorithm for algorithm in ALGORITHMS}
_BY_OID = {algorithm.oid: algorithm for algorithm in ALGORITHMS if algorithm.salt_length is None}
_BY_URI = {algorithm.xml_uri: algorithm for algorithm in ALGORITHMS if algorithm.xml_uri}


def by_name(name: str) -> SignatureAlgorithm:
    """Return the algorithm called ``name``.

    Raises:
        UnsupportedError: ``ALGORITHM_UNKNOWN``.
    """
    return _look_up(_BY_NAME, name)


def by_oid(oid: str) -> SignatureAlgorithm:
    """Return the algorithm with the object identifier ``oid``; RSASSA-PSS needs its parameters and is not here.

    Raises:
        UnsupportedError: ``ALGORITHM_UNKNOWN``.
    """
    return _look_up(_BY_OID, oid)


def by_xml_uri(uri: str) -> SignatureAlgorithm:
    """Return the algorithm with the XMLDSig identifier ``uri``.

    Raises:
        UnsupportedError: ``ALGORITHM_UNKNOWN``.
    """
    return _look_up(_BY_URI, uri)


def _look_up(table: dict[str, SignatureAlgorithm], key: str) -> SignatureAlgorithm:
    found = table.get(key)
    if found is None:
        raise UnsupportedError("ALGORITHM_UNKNOWN", f"unknown signature algorithm {key!r}")
    return found
