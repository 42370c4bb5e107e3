"""Public and private keys behind one pair of small interfaces."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa

from egov_sign.crypto import der_write, pss
from egov_sign.crypto.algorithms import KeyType, SignatureAlgorithm
from egov_sign.errors import InputError, UnsupportedError
from egov_sign.native import mypyc_attr

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "md5": hashes.MD5(),  # noqa: S303 - whether a weak digest is acceptable is the algorithm policy's decision
    "sha1": hashes.SHA1(),  # noqa: S303
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


@mypyc_attr(allow_interpreted_subclasses=True)
class PublicKey(ABC):
    """A key that verifies.

    Attributes:
        key_type: its family.
        bits: its size.
        curve: name of the curve or parameter set; empty where there is none.
        spki: DER SubjectPublicKeyInfo it was read from.
    """

    key_type: KeyType
    bits: int
    curve: str
    spki: bytes

    @abstractmethod
    def verify(self, signature: bytes, message: bytes, algorithm: SignatureAlgorithm) -> bool:
        """Tell whether ``signature`` (X.509 encoding) is that of this key over ``message``; never raises for bad bytes.

        A key of another family than ``algorithm`` asks for answers ``False``.
        """


@mypyc_attr(allow_interpreted_subclasses=True)
class PrivateKey(ABC):
    """A key that signs."""

    key_type: KeyType

    @abstractmethod
    def public_key(self) -> PublicKey:
        """Return the public half."""

    @abstractmethod
    def sign(self, message: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """Return the signature over ``message`` in the encoding of X.509.

        Raises:
            UnsupportedError: ``KEY_ALGORITHM_MISMATCH`` if the key is not of the family of ``algorithm``.
        """

    @abstractmethod
    def pkcs8(self) -> bytes:
        """Return the DER PrivateKeyInfo, unencrypted."""


def mismatch(key_type: KeyType, algorithm: SignatureAlgorithm) -> UnsupportedError:
    """Return the error of a key of another family than ``algorithm`` asks for."""
    return UnsupportedError("KEY_ALGORITHM_MISMATCH", f"a {key_type} key cannot sign with {algorithm.name}")


_PKCS1 = padding.PKCS1v15()


def _padding(algorithm: SignatureAlgorithm) -> padding.AsymmetricPadding:
    if algorithm.salt_length is None:
        return _PKCS1
    return padding.PSS(padding.MGF1(_HASHES[algorithm.digest]), algorithm.salt_length)


_PycaPublic = (
    rsa.RSAPublicKey | ec.EllipticCurvePublicKey | dsa.DSAPublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey
)
_PycaPrivate = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | dsa.DSAPrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)


class PycaPublicKey(PublicKey):
    """RSA, ECDSA, DSA and EdDSA by ``cryptography``."""

    def __init__(self, key: _PycaPublic, spki: bytes) -> None:
        self._key = key
        self.spki = spki
        self.key_type, self.bits, self.curve = _describe(key)
        self._restriction = pss.restriction(spki) if self.key_type is KeyType.RSA else None

    def verify(self, signature: bytes, message: bytes, algorithm: SignatureAlgorithm) -> bool:
        """Tell whether ``signature`` verifies (see :class:`PublicKey`)."""
        if algorithm.key_type is not self.key_type:
            return False
        if self._restriction and not self._restriction.allows(algorithm.digest, algorithm.salt_length):
            return False
        key: Any = self._key  # key_type says which; asking isinstance takes a tenth of the time of verifying
        try:
            match self.key_type:
                case KeyType.RSA:
                    key.verify(signature, message, _padding(algorithm), _HASHES[algorithm.digest])
                case KeyType.EC:
                    key.verify(signature, message, ec.ECDSA(_HASHES[algorithm.digest]))
                case KeyType.DSA:
                    key.verify(signature, message, _HASHES[algorithm.digest])
                case _:
                    key.verify(signature, message)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError):
            return False
        return True


class PycaPrivateKey(PrivateKey):
    """RSA, ECDSA, DSA and EdDSA by ``cryptography``; ECDSA nonces are deterministic (RFC 6979)."""

    def __init__(self, key: _PycaPrivate) -> None:
        self._key = key
        self.key_type = _describe(key.public_key())[0]

    def public_key(self) -> PublicKey:
        """Return the public half."""
        public = self._key.public_key()
        der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return PycaPublicKey(public, der)

    def sign(self, message: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """Return the signature (see :class:`PrivateKey`)."""
        if algorithm.key_type is not self.key_type:
            raise mismatch(self.key_type, algorithm)
        key = self._key
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(message, _padding(algorithm), _HASHES[algorithm.digest])
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(message, ec.ECDSA(_HASHES[algorithm.digest], deterministic_signing=True))
        if isinstance(key, dsa.DSAPrivateKey):
            return key.sign(message, _HASHES[algorithm.digest])
        return key.sign(message)

    def pkcs8(self) -> bytes:
        """Return the DER PrivateKeyInfo."""
        return self._key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


_FAMILIES: tuple[tuple[type, KeyType], ...] = (
    (rsa.RSAPublicKey, KeyType.RSA),
    (ec.EllipticCurvePublicKey, KeyType.EC),
    (dsa.DSAPublicKey, KeyType.DSA),
    (ed25519.Ed25519PublicKey, KeyType.ED25519),
    (ed448.Ed448PublicKey, KeyType.ED448),
)


_family_of: dict[type, KeyType] = {}
"""What was found out: asking an abstract class takes as long as reading a key."""


def _family(key: object) -> KeyType:
    kind = type(key)
    if kind not in _family_of:
        family = next((family for abstract, family in _FAMILIES if isinstance(key, abstract)), None)
        if family is None:
            raise UnsupportedError("KEY_UNKNOWN", f"keys of the kind {kind.__name__} are not known here")
        _family_of[kind] = family
    return _family_of[kind]


def _describe(known: object) -> tuple[KeyType, int, str]:
    family = _family(known)
    key: Any = known
    match family:
        case KeyType.EC:
            return family, key.key_size, key.curve.name
        case KeyType.ED25519:
            return family, 256, ""
        case KeyType.ED448:
            return family, 448, ""
        case _:
            return family, key.key_size, ""


class KeySize(NamedTuple):
    """Family and size of a key, as far as a policy on keys asks."""

    key_type: KeyType
    bits: int


class _RsaForm(NamedTuple):
    """What stands before and behind the modulus of a key of a given size."""

    head: bytes
    tail: bytes
    size: KeySize


def _rsa_form(bits: int) -> _RsaForm:
    exponent = der_write.integer(65537)
    placeholder = (1 << bits) - 1
    key = der_write.sequence(der_write.integer(placeholder), exponent)
    algorithm = der_write.sequence(der_write.oid("1.2.840.113549.1.1.1"), der_write.NULL)
    spki = der_write.sequence(algorithm, der_write.bit_string(key))
    return _RsaForm(spki[: -len(exponent) - bits // 8], exponent, KeySize(KeyType.RSA, bits))


_RSA_FORMS = {
    len(form.head) + len(form.tail) + form.size.bits // 8: form for form in map(_rsa_form, (2048, 3072, 4096))
}
"""By the length of the whole."""


def plain_size(spki: bytes) -> KeySize | None:
    """Return the size of an RSA key that shows in the form of its DER SubjectPublicKeyInfo; ``None`` for others.

    A key of 2048, 3072 or 4096 bits with the exponent 65537 has nothing that could be wrong but a modulus with its
    highest bit off or its lowest, so it need not be loaded to be measured.
    """
    form = _RSA_FORMS.get(len(spki))
    if form is None or not (spki.startswith(form.head) and spki.endswith(form.tail)):
        return None
    highest, lowest = spki[len(form.head)], spki[-len(form.tail) - 1]
    return form.size if highest & 0x80 and lowest & 1 else None


def load_public_key(spki: bytes) -> PublicKey:
    """Read a DER SubjectPublicKeyInfo.

    Raises:
        InputError: ``KEY_MALFORMED``.
        UnsupportedError: ``KEY_UNKNOWN`` for an unknown algorithm or curve.
    """
    try:
        key = serialization.load_der_public_key(spki)
    except UnsupportedAlgorithm:
        from egov_sign.crypto import gost_keys  # noqa: PLC0415 - seldom needed, it imports this module and gmpy2

        return gost_keys.load_public_key(spki)
    except ValueError as error:
        raise InputError("KEY_MALFORMED", "the public key cannot be read") from error
    if _is_degenerate(key):
        raise InputError("KEY_MALFORMED", "a public key under which anybody can sign")
    return PycaPublicKey(key, spki)  # type: ignore[arg-type]


_P25519 = 2**255 - 19
_Y8 = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
_SMALL_25519 = frozenset({0, 1, _P25519 - 1, _Y8, _P25519 - _Y8})
_P448 = 2**448 - 2**224 - 1
_SMALL_448 = frozenset({0, 1, _P448 - 1})
"""The coordinates y of the points of small order (RFC 8032, 5.1 and 5.2)."""


def _is_degenerate(known: object) -> bool:
    """Tell whether a key lies outside the group that makes signatures hard to forge; OpenSSL does not ask."""
    key: Any = known
    match _family(known):
        case KeyType.DSA:
            numbers = key.public_numbers()
            p, q, g = (getattr(numbers.parameter_numbers, name) for name in "pqg")
            # A modulus that is too large is not worth the work: nothing is verified with it.
            return p.bit_length() <= _LARGEST_DSA and not all(
                1 < item < p - 1 and pow(item, q, p) == 1 for item in (g, numbers.y)
            )
        case KeyType.ED25519:
            y = int.from_bytes(key.public_bytes_raw(), "little") & (2**255 - 1)
            return y % _P25519 in _SMALL_25519
        case KeyType.ED448:
            y = int.from_bytes(key.public_bytes_raw()[:56], "little")
            return y % _P448 in _SMALL_448
    return False


_LARGEST_DSA = 10_000
"""OpenSSL's own bound of the modulus, in bits."""


def load_private_key(pkcs8: bytes) -> PrivateKey:
    """Read a DER PrivateKeyInfo, unencrypted.

    Raises:
        InputError: ``KEY_MALFORMED``.
        UnsupportedError: ``KEY_UNKNOWN``.
    """
    try:
        key = serialization.load_der_private_key(pkcs8, None)
    except UnsupportedAlgorithm:
        from egov_sign.crypto import gost_keys  # noqa: PLC0415 - as above

        return gost_keys.load_private_key(pkcs8)
    except (ValueError, TypeError) as error:
        raise InputError("KEY_MALFORMED", "the private key cannot be read") from error
    return PycaPrivateKey(key)  # type: ignore[arg-type]


def default_algorithm(key: PublicKey) -> str:
    """Return the name of the signature algorithm this toolkit uses with ``key`` where nothing else was asked for."""
    match key.key_type:
        case KeyType.RSA:
            return "rsa-sha256"
        case KeyType.EC:
            return "ecdsa-sha256" if key.bits <= 256 else "ecdsa-sha384" if key.bits <= 384 else "ecdsa-sha512"
        case KeyType.DSA:
            return "dsa-sha256"
        case KeyType.ED25519:
            return "ed25519"
        case KeyType.ED448:
            return "ed448"
        case KeyType.GOST2015_512:
            return "gost2015-512"
        case KeyType.GOST2015_256:
            return "gost2015-256"
        case KeyType.GOST2004:
            return "gost2004"
