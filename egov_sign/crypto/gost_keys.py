"""Keys of GOST 2015, GOST 34.310-2004 and tc26: their encodings, behind the interfaces of :mod:`egov_sign.crypto.keys`.

Both countries write a public key as an OCTET STRING of x and y, little-endian, within the BIT STRING (RFC 9215
section 4). Signatures differ: ``r || s`` little-endian in Kazakhstan, ``s || r`` big-endian in Russia.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gmpy2 import mpz

from egov_sign.crypto import der, der_write, digests, gost2012
from egov_sign.crypto.algorithms import KeyType, SignatureAlgorithm
from egov_sign.crypto.gost94 import Gost94
from egov_sign.crypto.gost_curve import CRYPTOPRO_A, TC26_256_A, TC26_512_A, Affine, Curve, Table
from egov_sign.crypto.keys import PrivateKey, PublicKey, mismatch
from egov_sign.crypto.streebog import streebog256, streebog512
from egov_sign.errors import InputError, UnsupportedError

if TYPE_CHECKING:
    from _hashlib import _HashObject

_USES_BEFORE_TABLE = 8
"""After so many verifications a table of multiples has paid for itself."""


@dataclass(frozen=True, slots=True)
class Suite:
    """What the parameters of a key stand for.

    Attributes:
        key_type: family of the key.
        key_oid: object identifier of the family.
        curve_oid: object identifier of the curve, the first parameter.
        curve: the curve.
        hash_function: the hash function, also that of the nonces.
        digest_oids: object identifiers of the hash function that may be the second parameter; the first is written,
            nothing if it is empty. No second parameter is accepted too.
    """

    key_type: KeyType
    key_oid: str
    curve_oid: str
    curve: Curve
    hash_function: Callable[[], _HashObject]
    digest_oids: tuple[str, ...]


_SUITES = (
    Suite(
        KeyType.GOST2015_512,
        "1.2.398.3.10.1.1.2.2",
        "1.2.398.3.10.1.1.2.2.1",
        TC26_512_A,
        streebog512,
        ("1.2.398.3.10.1.3.3",),
    ),
    Suite(
        KeyType.GOST2015_256,
        "1.2.398.3.10.1.1.2.1",
        "1.2.398.3.10.1.1.2.1.1",
        TC26_256_A,
        streebog256,
        ("1.2.398.3.10.1.3.2",),
    ),
    Suite(
        KeyType.GOST2004,
        "1.2.398.3.10.1.1.1.1",
        "1.2.398.3.10.1.1.1.1.1",
        CRYPTOPRO_A,
        Gost94,
        ("1.2.398.3.10.1.3.1.1.0", "1.2.398.3.10.1.3.1"),
    ),
    Suite(
        KeyType.GOST2015_512,
        "1.2.643.7.1.1.1.2",
        "1.2.643.7.1.2.1.2.1",
        TC26_512_A,
        streebog512,
        ("", "1.2.643.7.1.1.2.3"),
    ),
    Suite(
        KeyType.GOST2015_256,
        "1.2.643.7.1.1.1.1",
        "1.2.643.7.1.2.1.1.1",
        TC26_256_A,
        streebog256,
        ("", "1.2.643.7.1.1.2.2"),
    ),
    Suite(
        KeyType.GOST2015_256,
        "1.2.643.7.1.1.1.1",
        "1.2.643.2.2.35.1",
        CRYPTOPRO_A,
        streebog256,
        ("1.2.643.7.1.1.2.2",),
    ),
)
_BY_OIDS = {(suite.key_oid, suite.curve_oid): suite for suite in _SUITES}
_KAZAKH = {suite.key_type: suite for suite in reversed(_SUITES)}


class GostPublicKey(PublicKey):
    """A public key of GOST R 34.10."""

    def __init__(self, suite: Suite, point: Affine, spki: bytes) -> None:
        self._suite = suite
        self._point: Affine | Table = point
        self._uses = 0
        self.key_type = suite.key_type
        self.bits = 8 * suite.curve.size
        self.curve = suite.curve.name
        self.spki = spki

    def verify(self, signature: bytes, message: bytes, algorithm: SignatureAlgorithm) -> bool:
        """Tell whether ``signature`` verifies (see :class:`egov_sign.crypto.keys.PublicKey`)."""
        curve = self._suite.curve
        if algorithm.key_type is not self.key_type or len(signature) != 2 * curve.size:
            return False
        if algorithm.s_then_r:
            signature = signature[::-1]
        r, s = (int.from_bytes(half, "little") for half in (signature[: curve.size], signature[curve.size :]))
        digest = digests.digest(algorithm.digest, message)
        return gost2012.verify(curve, self._multiplier(), digest, r, s)

    def _multiplier(self) -> Affine | Table:
        self._uses += 1
        if self._uses > _USES_BEFORE_TABLE and not isinstance(self._point, Table):
            self._point = Table(self._suite.curve, self._point)
        return self._point


class GostPrivateKey(PrivateKey):
    """A private key of GOST R 34.10; see :mod:`egov_sign.crypto.gost_curve` on timing."""

    def __init__(self, suite: Suite, scalar: int) -> None:
        if not 0 < scalar < suite.curve.q:
            raise InputError("KEY_MALFORMED", "the private key is out of range")
        self._suite = suite
        self._scalar = scalar
        self.key_type = suite.key_type

    def public_key(self) -> PublicKey:
        """Return the public half."""
        curve = self._suite.curve
        point = curve.multiple(self._scalar)
        assert point is not None  # the scalar is less than the order
        octets = b"".join(coordinate.to_bytes(curve.size, "little") for coordinate in point)
        spki = der_write.sequence(_identifier(self._suite), der_write.bit_string(der_write.octet_string(octets)))
        return GostPublicKey(self._suite, (mpz(point[0]), mpz(point[1])), spki)

    def sign(self, message: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """Return the signature over ``message`` (see :class:`egov_sign.crypto.keys.PrivateKey`)."""
        if algorithm.key_type is not self.key_type:
            raise mismatch(self.key_type, algorithm)
        suite = self._suite
        digest = digests.digest(algorithm.digest, message)
        pair = gost2012.sign(suite.curve, self._scalar, digest, suite.hash_function)
        signature = b"".join(number.to_bytes(suite.curve.size, "little") for number in pair)
        return signature[::-1] if algorithm.s_then_r else signature

    def pkcs8(self) -> bytes:
        """Return the DER PrivateKeyInfo as the country's software writes it: 2004 as INTEGER, the others as octets."""
        if self.key_type is KeyType.GOST2004:
            key = der_write.integer(self._scalar)
        else:
            key = der_write.octet_string(self._scalar.to_bytes(self._suite.curve.size, "little"))
        return der_write.sequence(der_write.integer(0), _identifier(self._suite), der_write.octet_string(key))


def private_key(key_type: KeyType, scalar: int) -> GostPrivateKey:
    """Return the Kazakh private key of the family ``key_type`` with the number ``scalar``.

    Raises:
        InputError: ``KEY_MALFORMED`` if ``scalar`` is not between 0 and :func:`order`.
    """
    return GostPrivateKey(_KAZAKH[key_type], scalar)


def order(key_type: KeyType) -> int:
    """Return the order of the group that Kazakh keys of the family ``key_type`` work in."""
    return _KAZAKH[key_type].curve.q


def load_public_key(spki: bytes) -> GostPublicKey:
    """Read a DER SubjectPublicKeyInfo.

    Raises:
        InputError: ``KEY_MALFORMED``; also for a point that is not on the curve.
        UnsupportedError: ``KEY_UNKNOWN`` for an algorithm or curve that is not one of these.
    """
    try:
        outer = der.Reader(spki)
        fields = outer.enter()
        outer.finish()
        suite = _suite(fields.enter())
        octets = der.Reader(fields.octet_bits())
        fields.finish()
        point = octets.take(der.OCTET_STRING)
        octets.finish()
    except UnsupportedError:
        raise
    except InputError as error:
        raise InputError("KEY_MALFORMED", "the public key cannot be read") from error
    size = suite.curve.size
    x, y = int.from_bytes(point[:size], "little"), int.from_bytes(point[size:], "little")
    if len(point) != 2 * size or not suite.curve.contains(x, y):
        raise InputError("KEY_MALFORMED", "the public key is no point of its curve")
    return GostPublicKey(suite, (mpz(x), mpz(y)), spki)


def load_private_key(pkcs8: bytes) -> GostPrivateKey:
    """Read a DER PrivateKeyInfo whose key is an OCTET STRING (little-endian), an INTEGER, or the bare octets.

    Raises:
        InputError: ``KEY_MALFORMED``.
        UnsupportedError: ``KEY_UNKNOWN``.
    """
    try:
        outer = der.Reader(pkcs8)
        fields = outer.enter()
        outer.finish()
        fields.integer()
        suite = _suite(fields.enter())
        return GostPrivateKey(suite, _scalar(fields.take(der.OCTET_STRING), suite.curve.size))
    except UnsupportedError:
        raise
    except InputError as error:
        raise InputError("KEY_MALFORMED", "the private key cannot be read") from error


def _scalar(content: bytes, size: int) -> int:
    if len(content) == size:
        return int.from_bytes(content, "little")
    reader = der.Reader(content)
    if reader.peek() == der.INTEGER:
        scalar = reader.integer()
    else:
        octets = reader.take(der.OCTET_STRING)
        if len(octets) != size:
            raise InputError("KEY_MALFORMED", "the private key has the wrong length")
        scalar = int.from_bytes(octets, "little")
    reader.finish()
    return scalar


def _suite(identifier: der.Reader) -> Suite:
    key_oid = identifier.oid()
    if not any(suite.key_oid == key_oid for suite in _SUITES):
        raise UnsupportedError("KEY_UNKNOWN", f"keys of the kind {key_oid} are not known here")
    parameters = identifier.enter()
    identifier.finish()
    curve_oid = parameters.oid()
    suite = _BY_OIDS.get((key_oid, curve_oid))
    if suite is None:
        raise UnsupportedError("KEY_UNKNOWN", f"the curve {curve_oid} is not known here")
    if parameters and parameters.oid() not in suite.digest_oids:
        raise UnsupportedError("KEY_UNKNOWN", "the key is for another digest than its family's")
    parameters.finish()
    return suite


def _identifier(suite: Suite) -> bytes:
    written = [suite.curve_oid, *filter(None, suite.digest_oids[:1])]
    return der_write.sequence(der_write.oid(suite.key_oid), der_write.sequence(*map(der_write.oid, written)))
