"""Encryption by passwords: the schemes of PKCS#12 (RFC 7292 appendix B and C) and PBES2 (RFC 8018 section 6.2).

Nothing here can tell a wrong password from a damaged ciphertext: where the padding comes out wrong, the password is
blamed. A container with a checksum knows better (:mod:`egov_sign.crypto.pkcs12`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from egov_sign.crypto import der, rc2
from egov_sign.crypto.der_write import NULL, integer, octet_string, oid, sequence
from egov_sign.errors import InputError, LimitError, PasswordError, UnsupportedError

Scheme = Literal["aes256", "3des", "rc2-40"]

PBES2 = "1.2.840.113549.1.5.13"
PBKDF2 = "1.2.840.113549.1.5.12"
_SCRYPT = "1.3.6.1.4.1.11591.4.11"
_SCRYPT_MEMORY = 256 * 1024 * 1024
_PKCS12_PBE = "1.2.840.113549.1.12.1."
_HMAC_SHA256 = "1.2.840.113549.2.9"
HMAC_DIGESTS = {
    "1.2.840.113549.2.7": "sha1",
    "1.2.840.113549.2.8": "sha224",
    _HMAC_SHA256: "sha256",
    "1.2.840.113549.2.10": "sha384",
    "1.2.840.113549.2.11": "sha512",
}
_AES256 = "2.16.840.1.101.3.4.1.42"
_TRIPLE_DES = "1.2.840.113549.3.7"

KEY, IV, MAC = 1, 2, 3
"""What a value derived by :func:`derive` is for (RFC 7292 appendix B.3)."""


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A password in the two encodings that containers use.

    Attributes:
        bmp: for PKCS#12's own derivation: big-endian UTF-16 and two zero bytes, or nothing at all.
        octets: for PBKDF2, scrypt and everything else: UTF-8.
    """

    bmp: bytes
    octets: bytes


def secrets(password: str | bytes) -> tuple[Secret, ...]:
    """Return the encodings of ``password`` worth trying, the standard's first.

    An empty password is two zero bytes for some software and nothing for other; and some takes the octets of UTF-8
    for characters.
    """
    text = password if isinstance(password, str) else _text(password)
    octets = text.encode(errors="surrogatepass")
    found = [Secret(_bmp(text), octets)]
    if not text:
        found.append(Secret(b"", b""))
    elif not text.isascii():
        found.append(Secret(_bmp(octets.decode("latin-1")), octets))
    return tuple(found)


def _text(password: bytes) -> str:
    try:
        return password.decode()
    except UnicodeDecodeError:
        return password.decode("latin-1")


def _bmp(text: str) -> bytes:
    return text.encode("utf-16-be", "surrogatepass") + b"\0\0"


class PasswordSource:
    """Asks for a password when one is needed, and once.

    Args:
        ask: returns the password; ``None`` if there is nobody to ask.
    """

    def __init__(self, ask: Callable[[], bytes | str] | None) -> None:
        self._ask = ask

    @cached_property
    def secrets(self) -> tuple[Secret, ...]:
        """The password in the encodings worth trying.

        Raises:
            PasswordError: ``PASSWORD_NEEDED`` if there is nobody to ask.
        """
        if self._ask is None:
            raise PasswordError("PASSWORD_NEEDED", "the key container is encrypted and no password was given")
        return secrets(self._ask())


class Budget:
    """The iterations of key derivation that one container may cost.

    Args:
        iterations: in all.
    """

    def __init__(self, iterations: int) -> None:
        self._left = iterations

    def spend(self, iterations: int) -> None:
        """Take ``iterations`` off.

        Raises:
            InputError: ``KEYSTORE_MALFORMED`` if they are not at least one.
            LimitError: ``KEYSTORE_ITERATIONS`` if they are more than is left.
        """
        if iterations < 1:
            raise _malformed("the number of iterations is not positive")
        self._left -= iterations
        if self._left < 0:
            raise LimitError("KEYSTORE_ITERATIONS", "the container asks for too many iterations of key derivation")


def derive(digest: str, purpose: int, secret: Secret, salt: bytes, *, iterations: int, size: int) -> bytes:
    """Return ``size`` bytes derived from a password as PKCS#12 does (RFC 7292 appendix B.2)."""
    block = 64 if digest in ("sha1", "sha224", "sha256") else 128
    hash_function = getattr(hashlib, digest)
    data = _repeated(salt, block) + _repeated(secret.bmp, block)
    derived = b""
    while True:
        chunk = bytes([purpose]) * block + data
        for _ in range(iterations):
            chunk = hash_function(chunk, usedforsecurity=False).digest()
        derived += chunk
        if len(derived) >= size:
            return derived[:size]
        step = int.from_bytes(_repeated(chunk, block)[:block], "big") + 1
        mask = (1 << 8 * block) - 1
        data = b"".join(
            (int.from_bytes(data[start : start + block], "big") + step & mask).to_bytes(block, "big")
            for start in range(0, len(data), block)
        )


def _repeated(text: bytes, block: int) -> bytes:
    """Return ``text`` repeated to fill whole blocks, the last copy cut."""
    size = -(-len(text) // block) * block
    return (text * (size // len(text) + 1))[:size] if text else b""


def encrypt(
    scheme: Scheme, data: bytes, secret: Secret, iterations: int, random: Callable[[int], bytes]
) -> tuple[bytes, bytes]:
    """Return the DER AlgorithmIdentifier of ``scheme`` with a new salt, and ``data`` encrypted with it."""
    salt = random(16 if scheme == "aes256" else 8)
    if scheme == "aes256":
        key = hashlib.pbkdf2_hmac("sha256", secret.octets, salt, iterations, 32)
        iv = random(16)
        derivation = sequence(octet_string(salt), integer(iterations), sequence(oid(_HMAC_SHA256), NULL))
        parameters = sequence(sequence(oid(PBKDF2), derivation), sequence(oid(_AES256), octet_string(iv)))
        return sequence(oid(PBES2), parameters), _encrypted(AES(key), iv, data)
    parameters = sequence(octet_string(salt), integer(iterations))
    iv = derive("sha1", IV, secret, salt, iterations=iterations, size=8)
    if scheme == "3des":
        key = derive("sha1", KEY, secret, salt, iterations=iterations, size=24)
        return sequence(oid(_PKCS12_PBE + "3"), parameters), _encrypted(TripleDES(key), iv, data)
    key = derive("sha1", KEY, secret, salt, iterations=iterations, size=5)
    return sequence(oid(_PKCS12_PBE + "6"), parameters), rc2.encrypt_cbc(key, 40, iv, _padded(data, rc2.BLOCK))


def decrypt(identifier: bytes, data: bytes, secret: Secret, budget: Budget) -> bytes:
    """Return ``data`` decrypted with the scheme that the DER AlgorithmIdentifier ``identifier`` describes.

    Raises:
        PasswordError: ``PASSWORD_WRONG`` if the padding is wrong.
        InputError: ``KEYSTORE_MALFORMED``.
        LimitError: ``KEYSTORE_ITERATIONS``.
        UnsupportedError: ``KEYSTORE_ALGORITHM``.
    """
    fields = der.Reader(identifier).enter()
    scheme = fields.oid()
    if scheme == PBES2:
        return _decrypt_pbes2(fields.enter(), data, secret, budget)
    number = scheme.removeprefix(_PKCS12_PBE)
    if number not in ("3", "4", "5", "6"):
        raise _unknown(scheme)
    parameters = fields.enter()
    salt, iterations = parameters.take(der.OCTET_STRING), parameters.integer()
    budget.spend(2 * iterations)
    iv = derive("sha1", IV, secret, salt, iterations=iterations, size=8)
    size = {"3": 24, "4": 16, "5": 16, "6": 5}[number]
    key = derive("sha1", KEY, secret, salt, iterations=iterations, size=size)
    if number in ("3", "4"):
        return _decrypted(TripleDES((key + key)[:24]), iv, data)  # two keys: the first is the third as well
    _check_blocks(data, rc2.BLOCK)
    return _unpadded(rc2.decrypt_cbc(key, 8 * size, iv, data), rc2.BLOCK)


def pbkdf2(parameters: der.Reader, secret: Secret, size: int, budget: Budget) -> bytes:
    """Return ``size`` bytes derived as PBKDF2-params say (RFC 8018 appendix A.2).

    Raises:
        InputError: ``KEYSTORE_MALFORMED``.
        LimitError: ``KEYSTORE_ITERATIONS``.
        UnsupportedError: ``KEYSTORE_ALGORITHM``.
    """
    salt, iterations = parameters.take(der.OCTET_STRING), parameters.integer()
    if parameters.peek() == der.INTEGER and parameters.integer() != size:
        raise _malformed("the length of the derived key is not that of the cipher")
    digest = "sha1"
    if function := parameters.maybe_enter(der.SEQUENCE):
        name = function.oid()
        if name not in HMAC_DIGESTS:
            raise _unknown(name)
        digest = HMAC_DIGESTS[name]
    budget.spend(iterations)
    return hashlib.pbkdf2_hmac(digest, secret.octets, salt, iterations, size)


def _decrypt_pbes2(parameters: der.Reader, data: bytes, secret: Secret, budget: Budget) -> bytes:
    derivation, cipher = parameters.enter(), parameters.enter()
    name, iv = cipher.oid(), cipher.take(der.OCTET_STRING)
    size = {"2.16.840.1.101.3.4.1.2": 16, "2.16.840.1.101.3.4.1.22": 24, _AES256: 32, _TRIPLE_DES: 24}.get(name)
    if size is None:
        raise _unknown(name)
    if len(iv) != (8 if name == _TRIPLE_DES else 16):
        raise _malformed("the initialisation vector has the wrong length")
    function = derivation.oid()
    if function == PBKDF2:
        key = pbkdf2(derivation.enter(), secret, size, budget)
    elif function == _SCRYPT:
        key = _scrypt(derivation.enter(), secret, size, budget)
    else:
        raise _unknown(function)
    return _decrypted(TripleDES(key) if name == _TRIPLE_DES else AES(key), iv, data)


def _scrypt(parameters: der.Reader, secret: Secret, size: int, budget: Budget) -> bytes:
    """Derive a key as scrypt-params say (RFC 7914 section 7)."""
    salt, n, r, p = parameters.take(der.OCTET_STRING), *(parameters.integer() for _ in range(3))
    if min(n, r, p) < 1:
        raise _malformed("the cost of scrypt is not positive")
    budget.spend(n * r * p)
    try:
        return hashlib.scrypt(secret.octets, salt=salt, n=n, r=r, p=p, maxmem=_SCRYPT_MEMORY, dklen=size)
    except ValueError as error:
        raise LimitError("KEYSTORE_ITERATIONS", "scrypt is asked to use too much memory") from error


def _encrypted(cipher: CipherAlgorithm, iv: bytes, data: bytes) -> bytes:
    encryptor = Cipher(cipher, CBC(iv)).encryptor()
    return encryptor.update(_padded(data, len(iv))) + encryptor.finalize()


def _decrypted(cipher: CipherAlgorithm, iv: bytes, data: bytes) -> bytes:
    _check_blocks(data, len(iv))
    decryptor = Cipher(cipher, CBC(iv)).decryptor()
    return _unpadded(decryptor.update(data) + decryptor.finalize(), len(iv))


def _check_blocks(data: bytes, block: int) -> None:
    if not data or len(data) % block:
        raise _malformed("a ciphertext is not whole blocks")


def _padded(data: bytes, block: int) -> bytes:
    missing = block - len(data) % block
    return data + bytes([missing]) * missing


def _unpadded(data: bytes, block: int) -> bytes:
    count = data[-1]
    if not 1 <= count <= block or data[-count:] != bytes([count]) * count:
        raise wrong_password()
    return data[:-count]


def wrong_password() -> PasswordError:
    """Return the error of a password that opens nothing."""
    return PasswordError("PASSWORD_WRONG", "the password does not open the key container")


def _malformed(why: str) -> InputError:
    return InputError("KEYSTORE_MALFORMED", why)


def _unknown(name: str) -> UnsupportedError:
    return UnsupportedError("KEYSTORE_ALGORITHM", f"the container uses {name}, which is not known here")
