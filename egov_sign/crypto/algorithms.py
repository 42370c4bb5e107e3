"""Signature algorithms: one table of names, object identifiers and XML identifiers.

Sources: RFC 8017, RFC 5758, RFC 8410, RFC 4055 (PSS), RFC 9215 (tc26), RFC 6931 and RFC 9231 (XML identifiers); the
Kazakh object identifiers and URNs were read from the country's own certificates and signed documents.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from egov_sign.crypto import der, der_write, pss
from egov_sign.errors import InputError, UnsupportedError
from egov_sign.native import mypyc_attr


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


@mypyc_attr(native_class=False)
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
        s_then_r: whether a GOST signature is ``s || r``, both big-endian (Russia, RFC 9215 section 3), instead of
            ``r || s``, both little-endian (Kazakhstan).
    """

    name: str
    key_type: KeyType
    digest: str
    oid: str
    null_parameters: bool = False
    xml_uri: str = ""
    salt_length: int | None = None
    s_then_r: bool = False


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
            f"rsa-pss-{digest}", KeyType.RSA, digest, pss.OID, False, f"{_MORE2007}{digest}-rsa-MGF1", salt_length=salt
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
        SignatureAlgorithm(
            "tc26-gost2012-512", KeyType.GOST2015_512, "streebog512", "1.2.643.7.1.1.3.3", True, s_then_r=True
        ),
        SignatureAlgorithm(
            "tc26-gost2012-256", KeyType.GOST2015_256, "streebog256", "1.2.643.7.1.1.3.2", True, s_then_r=True
        ),
    ]
    return tuple(rows)


ALGORITHMS = _table()
_BY_NAME = {algorithm.name: algorithm for algorithm in ALGORITHMS}
_BY_OID = {algorithm.oid: algorithm for algorithm in ALGORITHMS if algorithm.salt_length is None}
_BY_URI = {algorithm.xml_uri: algorithm for algorithm in ALGORITHMS if algorithm.xml_uri}


_GOST2004_KEY = "1.2.398.3.10.1.1.1.1"


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


@lru_cache(maxsize=256)
def from_identifier(identifier: bytes) -> SignatureAlgorithm:
    """Return the algorithm that ``identifier``, a DER AlgorithmIdentifier, names.

    Parameters are judged as the algorithm's standard says:

    - RSA PKCS#1 v1.5: NULL, or absent as RFC 4055 section 5 wants to be accepted;
    - RSASSA-PSS: RFC 4055 section 3.1, with one hash for message and mask and the trailer 0xBC;
    - GOST: NULL or absent; the country's software writes both, and OpenSSL NULL for tc26;
    - ECDSA, DSA, EdDSA: absent (RFC 5758 section 3, RFC 8410 section 3).

    The key identifier of GOST 34.310-2004 with any parameters stands for its signature, because the country's old CMS
    puts it into SignerInfo.

    Raises:
        InputError: ``ALGORITHM_MALFORMED``; it is no AlgorithmIdentifier.
        UnsupportedError: ``ALGORITHM_UNKNOWN``, or ``ALGORITHM_PARAMETERS`` for parameters that are wrong.
    """
    oid, parameters = _split(identifier)
    if oid == pss.OID:
        digest, salt_length = pss.decode(parameters)
        return replace(by_name(f"rsa-pss-{digest}"), salt_length=salt_length)
    if oid == _GOST2004_KEY:
        return by_name("gost2004")
    algorithm = by_oid(oid)
    if parameters and not (algorithm.null_parameters and parameters == der_write.NULL):
        raise UnsupportedError("ALGORITHM_PARAMETERS", f"{algorithm.name} with unexpected parameters")
    return algorithm


@lru_cache(maxsize=256)
def to_identifier(algorithm: SignatureAlgorithm) -> bytes:
    """Return the DER AlgorithmIdentifier of ``algorithm`` with the parameters its standard asks for."""
    oid = der_write.oid(algorithm.oid)
    if algorithm.salt_length is not None:
        return der_write.sequence(oid, pss.encode(algorithm.digest, algorithm.salt_length))
    return der_write.sequence(oid, der_write.NULL if algorithm.null_parameters else b"")


def _split(identifier: bytes) -> tuple[str, bytes]:
    try:
        outer = der.Reader(identifier)
        fields = outer.enter()
        outer.finish()
        oid = fields.oid()
        parameters = fields.element() if fields else b""
        fields.finish()
    except InputError as error:
        raise InputError("ALGORITHM_MALFORMED", "the algorithm identifier cannot be read") from error
    return oid, parameters


def _look_up(table: dict[str, SignatureAlgorithm], key: str) -> SignatureAlgorithm:
    found = table.get(key)
    if found is None:
        raise UnsupportedError("ALGORITHM_UNKNOWN", f"unknown signature algorithm {key!r}")
    return found
