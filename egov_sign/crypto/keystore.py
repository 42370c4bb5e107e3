"""Files of keys: PKCS#12, PEM, DER and PKCS#8, encrypted or not.

What a file is, is read from its bytes. A key finds its certificate by the public key; a certificate that only claims to
belong to a key (by its local key identifier) is kept with it, but the key will not sign under it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from egov_sign.crypto import algorithms, ber, der, pbe, pkcs12
from egov_sign.crypto.keys import PrivateKey, default_algorithm, load_private_key
from egov_sign.crypto.pbe import Budget, PasswordSource
from egov_sign.crypto.pkcs12 import Bag, Contents
from egov_sign.crypto.signer import KeySigner
from egov_sign.errors import ConfigurationError, InputError, LimitError, UnsupportedError
from egov_sign.limits import DEFAULT_LIMITS, Limits

Password = Callable[[], bytes | str]
"""Returns the password; called only if one is needed, and once."""

_MAX_OBJECTS = 1000
"""Joining keys and certificates costs their product."""
_PEM_LABEL = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_PEM_BEGIN = b"-----BEGIN "
_CERTIFICATE_LABELS = ("CERTIFICATE", "X509 CERTIFICATE")
_TRADITIONAL_KEY_LABELS = ("RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY")


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A private key with what belongs to it.

    Attributes:
        alias: its name in the file; made up where it has none.
        key: the private key.
        certificate: its DER certificate, if there is one.
        chain: DER certificates of the issuers, nearest first, as far as the file has them.
    """

    alias: str
    key: PrivateKey
    certificate: bytes | None = None
    chain: tuple[bytes, ...] = ()

    @property
    def matches(self) -> bool:
        """Whether the certificate is of this key."""
        return self.certificate is not None and _key_bits(self.key.public_key().spki) == _Parts(self.certificate).bits

    def signer(self, algorithm: str | None = None) -> KeySigner:
        """Return a signer that uses ``algorithm``, or the default one for the key.

        Raises:
            ConfigurationError: ``KEY_WITHOUT_CERTIFICATE``, ``KEY_CERTIFICATE_MISMATCH``, ``KEY_ALGORITHM_MISMATCH``.
            UnsupportedError: ``ALGORITHM_UNKNOWN``.
        """
        if self.certificate is None:
            raise ConfigurationError(
                "KEY_WITHOUT_CERTIFICATE", "the file has no certificate of the key", where=self.alias
            )
        if not self.matches:
            raise ConfigurationError("KEY_CERTIFICATE_MISMATCH", "the certificate is of another key", where=self.alias)
        chosen = algorithms.by_name(algorithm or default_algorithm(self.key.public_key()))
        if chosen.key_type is not self.key.key_type:
            raise ConfigurationError(
                "KEY_ALGORITHM_MISMATCH", f"a {self.key.key_type} key cannot sign with {chosen.name}", where=self.alias
            )
        return KeySigner(self.key, self.certificate, chosen, self.chain)


@dataclass(frozen=True, slots=True)
class KeyStore:
    """What a file holds.

    Attributes:
        entries: the private keys, in the order of the file.
        certificates: all DER certificates, in the order of the file, those of the keys included.
    """

    entries: tuple[KeyEntry, ...]
    certificates: tuple[bytes, ...]

    def entry(self, alias: str | None = None) -> KeyEntry:
        """Return the key called ``alias``, or the only one.

        Raises:
            ConfigurationError: ``KEYSTORE_NO_KEY``; ``KEYSTORE_SEVERAL_KEYS`` if a name is needed to choose.
        """
        names = ", ".join(entry.alias for entry in self.entries)
        found = [entry for entry in self.entries if alias is None or entry.alias == alias]
        if not found:
            hint = f"it has: {names}" if names else ""
            raise ConfigurationError(
                "KEYSTORE_NO_KEY", "the file has no such private key", where=alias or "", hint=hint
            )
        if len(found) > 1:
            raise ConfigurationError(
                "KEYSTORE_SEVERAL_KEYS", "the file has several keys", hint=f"choose one of: {names}"
            )
        return found[0]


def open_keystore(data: bytes, password: Password | None = None, *, limits: Limits = DEFAULT_LIMITS) -> KeyStore:
    """Read a file of keys.

    Args:
        data: PKCS#12, one or several objects in PEM, a DER private key (PKCS#8, encrypted or not, PKCS#1 or SEC 1), or
            a DER certificate.
        password: gives the password, if one is needed.
        limits: bounds on its size and on the work of key derivation.

    Raises:
        PasswordError: ``PASSWORD_NEEDED``; ``PASSWORD_WRONG``.
        InputError: ``KEYSTORE_MALFORMED``, ``KEYSTORE_EMPTY``, ``KEY_MALFORMED``.
        LimitError: ``KEYSTORE_TOO_LARGE``, ``KEYSTORE_ITERATIONS``.
        UnsupportedError: ``KEYSTORE_ALGORITHM``, ``KEYSTORE_KIND``, ``KEY_UNKNOWN``.
    """
    if len(data) > limits.keystore_bytes:
        raise LimitError("KEYSTORE_TOO_LARGE", f"a file of keys of more than {limits.keystore_bytes} bytes")
    reading = _Reading(PasswordSource(password), Budget(limits.keystore_iterations))
    if _PEM_BEGIN in data:
        reading.pem(data)
    else:
        reading.der(data)
    return _joined(reading.keys, reading.certificates)


def write_pkcs12(
    entry: KeyEntry,
    password: bytes | str,
    *,
    legacy: bool = False,
    iterations: int | None = None,
    random: Callable[[int], bytes] = os.urandom,
) -> bytes:
    """Return a PKCS#12 container of ``entry``.

    Args:
        entry: the key with its certificate and chain.
        password: of the container.
        legacy: as the country's certification authority writes it (triple DES, RC2, SHA-1) instead of AES-256 and
            SHA-256. It protects badly, and old software opens it.
        iterations: of each key derivation, instead of the form's own number.
        random: gives random bytes for the salts.
    """
    key_id = hashlib.sha1(_key_bits(entry.key.public_key().spki), usedforsecurity=False).digest()
    key = Bag(entry.key.pkcs8(), entry.alias, key_id)
    own = [Bag(entry.certificate, entry.alias, key_id)] if entry.certificate is not None else []
    contents = Contents((key,), (*own, *map(Bag, entry.chain)))
    form = pkcs12.LEGACY if legacy else pkcs12.MODERN
    if iterations is not None:
        form = replace(form, iterations=iterations)
    return pkcs12.write(contents, pbe.secrets(password)[0], form, random)


class _Reading:
    """Collects keys and certificates from one file."""

    def __init__(self, password: PasswordSource, budget: Budget) -> None:
        self._password = password
        self._budget = budget
        self.keys: list[Bag] = []
        self.certificates: list[Bag] = []

    def pem(self, data: bytes) -> None:
        for label, text, whole in _pem_objects(data):
            if label in _CERTIFICATE_LABELS:
                self.certificates.append(Bag(_base64(text)))
            elif label == "PRIVATE KEY":
                self.keys.append(Bag(_base64(text)))
            elif label == "ENCRYPTED PRIVATE KEY":
                self._encrypted_key(_base64(text))
            elif label in _TRADITIONAL_KEY_LABELS:
                self._traditional_key(whole, serialization.load_pem_private_key)
        if not self.keys and not self.certificates:
            raise InputError("KEYSTORE_EMPTY", "the file has neither a private key nor a certificate")

    def der(self, data: bytes) -> None:
        """Tell by the first fields what ``data`` is, and read it."""
        fields = _first_fields(data)
        match fields:
            case (der.INTEGER, der.SEQUENCE, der.OCTET_STRING, *_):
                self.keys.append(Bag(data))
            case (der.INTEGER, der.SEQUENCE, *_):
                contents = pkcs12.read(data, self._password, self._budget)
                self.keys += contents.keys
                self.certificates += contents.certificates
            case (der.SEQUENCE, der.OCTET_STRING):
                self._encrypted_key(data)
            case (der.SEQUENCE, der.SEQUENCE, der.BIT_STRING):
                self.certificates.append(Bag(data))
            case (der.INTEGER, *_):
                self._traditional_key(data, serialization.load_der_private_key)
            case _:
                raise _malformed("the file is neither PKCS#12 nor a private key nor a certificate")

    def _encrypted_key(self, data: bytes) -> None:
        """Take in an EncryptedPrivateKeyInfo (RFC 5958 section 3)."""
        try:
            fields = der.Reader(data).enter()
            identifier, encrypted = fields.element(der.SEQUENCE), fields.take(der.OCTET_STRING)
            fields.finish()
            key = pkcs12.decrypted(identifier, encrypted, self._password, self._budget)
        except (LimitError, UnsupportedError):
            raise
        except InputError as error:
            raise _malformed(f"the encrypted key is damaged: {error.message}") from error
        self.keys.append(Bag(key))

    def _traditional_key(self, data: bytes, load: Callable[..., PrivateKeyTypes]) -> None:
        """Take in a key in the forms that OpenSSL used to write: PKCS#1, SEC 1, encrypted within PEM or not."""
        octets = self._password.secrets[0].octets if b"Proc-Type: 4,ENCRYPTED" in data else None
        try:
            key = load(data, octets)
        except UnsupportedAlgorithm as error:
            raise UnsupportedError("KEYSTORE_ALGORITHM", "the key is of an unknown kind or encryption") from error
        except (ValueError, TypeError) as error:
            if octets is not None:
                raise pbe.wrong_password() from error
            raise _malformed("the private key cannot be read") from error
        der_key = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.keys.append(Bag(der_key))


class _Parts:
    """What of a certificate joins it with keys and other certificates."""

    def __init__(self, certificate: bytes) -> None:
        try:
            fields = der.Reader(certificate).enter().enter()
            fields.maybe(der.explicit(0))
            fields.integer()
            fields.element()  # signature algorithm
            self.issuer = fields.element()
            fields.element()  # validity
            self.subject = fields.element()
            self.bits = _key_bits(fields.element())
        except InputError as error:
            raise _malformed(f"a certificate cannot be read: {error.message}") from error


def _joined(key_bags: Sequence[Bag], certificate_bags: Sequence[Bag]) -> KeyStore:
    if len(key_bags) + len(certificate_bags) > _MAX_OBJECTS:
        raise LimitError("KEYSTORE_TOO_LARGE", f"a file of more than {_MAX_OBJECTS} keys and certificates")
    parts = [_Parts(bag.content) for bag in certificate_bags]
    aliases: set[str] = set()
    entries = []
    for number, bag in enumerate(key_bags, 1):
        key = load_private_key(bag.content)
        own = _own(key, bag.key_id, certificate_bags, parts)
        name = bag.name or (certificate_bags[own].name if own is not None else "") or bag.key_id.hex()
        alias = _unused(name or f"key-{number}", aliases)
        if own is None:
            entries.append(KeyEntry(alias, key))
        else:
            chain = tuple(certificate_bags[place].content for place in _chain(own, parts))
            entries.append(KeyEntry(alias, key, certificate_bags[own].content, chain))
    return KeyStore(tuple(entries), tuple(bag.content for bag in certificate_bags))


def _own(key: PrivateKey, key_id: bytes, bags: Sequence[Bag], parts: Sequence[_Parts]) -> int | None:
    """Return the place of the certificate of ``key``; of one that only claims to be, if there is none."""
    bits = _key_bits(key.public_key().spki)
    same_key = [place for place, part in enumerate(parts) if part.bits == bits]
    same_id = [place for place, bag in enumerate(bags) if key_id and bag.key_id == key_id]
    found = [place for place in same_key if place in same_id] or same_key or same_id
    return found[0] if found else None


def _chain(start: int, parts: Sequence[_Parts]) -> Iterator[int]:
    """Yield the places of the issuers of the certificate at ``start`` by name, each once."""
    by_subject: dict[bytes, int] = {}
    for number, part in enumerate(parts):
        by_subject.setdefault(part.subject, number)
    seen = {start}
    place: int | None = by_subject.get(parts[start].issuer)
    while place is not None and place not in seen:
        yield place
        seen.add(place)
        place = by_subject.get(parts[place].issuer)


def _unused(name: str, taken: set[str]) -> str:
    alias, number = name, 1
    while alias in taken:
        number += 1
        alias = f"{name}-{number}"
    taken.add(alias)
    return alias


def _key_bits(spki: bytes) -> bytes:
    """Return the subjectPublicKey of a SubjectPublicKeyInfo: the same key may come under several identifiers."""
    fields = der.Reader(spki).enter()
    fields.element()
    return fields.octet_bits()


def _first_fields(data: bytes) -> tuple[int, ...]:
    """Return the tags of the fields of the SEQUENCE that ``data`` is, in BER or DER."""
    try:
        try:
            return _tags(data)
        except InputError:
            return _tags(ber.to_definite(data))
    except LimitError:
        raise
    except InputError as error:
        raise _malformed("the file is neither PEM nor DER") from error


def _tags(data: bytes) -> tuple[int, ...]:
    whole = der.Reader(data)
    fields = whole.enter()
    whole.finish()
    tags: list[int] = []
    while fields and len(tags) < 4:
        tags.append(fields.next()[0])
    return tuple(tags)


def _pem_objects(data: bytes) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield label, text and the whole of each object in PEM (RFC 7468); what stands between them is no matter."""
    position = 0
    while (begin := data.find(_PEM_BEGIN, position)) >= 0:
        label = _PEM_LABEL.match(data, begin)
        if label is None:
            raise _malformed("a PEM object has no proper label")
        end = b"-----END %b-----" % label[1]
        stop = data.find(end, label.end())
        if stop < 0:
            raise _malformed("a PEM object is cut off")
        position = stop + len(end)
        yield label[1].decode(), data[label.end() : stop], data[begin:position]


def _base64(text: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error as error:
        raise _malformed("a PEM object is not base64") from error


def _malformed(why: str) -> InputError:
    return InputError("KEYSTORE_MALFORMED", why)
