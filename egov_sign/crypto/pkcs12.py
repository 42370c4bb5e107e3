"""The container PKCS#12 (RFC 7292): its bags of keys and certificates, read and written.

The country's containers are of 1999: lengths that end with a mark, a checksum with SHA-1, keys under triple DES and
certificates under 40 bits of RC2. Newer ones are read and written too, PBMAC1 (RFC 9579) included.

Reading goes: 1. make the encoding definite; 2. find the password that the checksum confirms; 3. open each part with
it; 4. collect the bags. A container without a checksum is opened with the password as it is given.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from egov_sign.crypto import ber, der, digests, pbe
from egov_sign.crypto.der_write import NULL, integer, octet_string, oid, sequence, set_of, tagged, tlv
from egov_sign.crypto.pbe import Budget, PasswordSource, Scheme, Secret
from egov_sign.errors import InputError, LimitError, PasswordError, UnsupportedError

_DATA = "1.2.840.113549.1.7.1"
_ENCRYPTED_DATA = "1.2.840.113549.1.7.6"
_BAG = "1.2.840.113549.1.12.10.1."
_KEY_BAG, _SHROUDED_KEY_BAG, _CERT_BAG, _NESTED_BAGS = (_BAG + number for number in "1236")
_X509 = "1.2.840.113549.1.9.22.1"
_FRIENDLY_NAME = "1.2.840.113549.1.9.20"
_LOCAL_KEY_ID = "1.2.840.113549.1.9.21"
_PBMAC1 = "1.2.840.113549.1.5.14"
_MAC_DIGESTS = ("sha1", "sha224", "sha256", "sha384", "sha512")
_VERSION = 3


@dataclass(frozen=True, slots=True)
class Bag:
    """A key or a certificate.

    Attributes:
        content: DER PrivateKeyInfo or DER certificate.
        name: its friendly name; may be empty.
        key_id: what a key and its certificate have in common; may be empty.
    """

    content: bytes = field(repr=False)
    name: str = ""
    key_id: bytes = b""


@dataclass(frozen=True, slots=True)
class Contents:
    """All bags of a container, in its order."""

    keys: tuple[Bag, ...]
    certificates: tuple[Bag, ...]


def read(data: bytes, password: PasswordSource, budget: Budget) -> Contents:
    """Open the BER or DER container ``data``.

    Raises:
        PasswordError: ``PASSWORD_NEEDED`` or ``PASSWORD_WRONG``.
        InputError: ``KEYSTORE_MALFORMED``.
        LimitError: ``KEYSTORE_ITERATIONS``, or of :mod:`egov_sign.crypto.ber`.
        UnsupportedError: ``KEYSTORE_ALGORITHM``, ``KEYSTORE_KIND``.
    """
    try:
        return _Reading(password, budget).container(ber.to_definite(data))
    except (LimitError, UnsupportedError):
        raise
    except InputError as error:
        raise InputError("KEYSTORE_MALFORMED", f"the container is damaged: {error.message}") from error


class _Reading:
    """One pass over a container."""

    def __init__(self, password: PasswordSource, budget: Budget) -> None:
        self._password = password
        self._budget = budget
        self._secret: Secret | None = None
        self._keys: list[Bag] = []
        self._certificates: list[Bag] = []

    def container(self, pfx: bytes) -> Contents:
        fields = der.Reader(pfx).enter()
        if fields.integer() != _VERSION:
            raise UnsupportedError("KEYSTORE_KIND", "the container is of another version than 3")
        info = fields.enter()
        if info.oid() != _DATA:
            raise UnsupportedError("KEYSTORE_KIND", "the container is sealed by a signature, not by a password")
        content = info.enter(der.explicit(0)).take(der.OCTET_STRING)
        if fields:
            self._secret = self._confirmed(fields.enter(), content)
        fields.finish()
        for part in _elements(ber.to_definite(content)):
            self._part(part)
        return Contents(tuple(self._keys), tuple(self._certificates))

    def _confirmed(self, mac: der.Reader, content: bytes) -> Secret:
        """Return the password with which MacData confirms ``content``."""
        info = mac.enter()
        algorithm, expected = info.enter(), info.take(der.OCTET_STRING)
        salt = mac.take(der.OCTET_STRING)
        iterations = mac.integer() if mac else 1
        name = algorithm.oid()
        parameters = algorithm.element() if algorithm else NULL
        for secret in self._password.secrets:
            if name == _PBMAC1:
                found = self._pbmac1(parameters, secret, content)
            else:
                found = self._mac(name, secret, salt, iterations, content)
            if hmac.compare_digest(found, expected):
                return secret
        raise pbe.wrong_password()

    def _mac(self, name: str, secret: Secret, salt: bytes, iterations: int, content: bytes) -> bytes:
        digest = digests.by_oid(name)
        if digest not in _MAC_DIGESTS:
            raise UnsupportedError("KEYSTORE_ALGORITHM", f"the checksum uses {digest}")
        self._budget.spend(iterations)
        size = hashlib.new(digest, usedforsecurity=False).digest_size
        key = pbe.derive(digest, pbe.MAC, secret, salt, iterations=iterations, size=size)
        return hmac.digest(key, content, digest)

    def _pbmac1(self, parameters: bytes, secret: Secret, content: bytes) -> bytes:
        """RFC 9579 section 4; the key has the length that its parameters state."""
        fields = der.Reader(parameters).enter()
        derivation, function = fields.enter(), fields.enter().oid()
        if derivation.oid() != pbe.PBKDF2 or function not in pbe.HMAC_DIGESTS:
            raise UnsupportedError("KEYSTORE_ALGORITHM", "the checksum uses an unknown function")
        digest = pbe.HMAC_DIGESTS[function]
        size = hashlib.new(digest, usedforsecurity=False).digest_size
        return hmac.digest(pbe.pbkdf2(derivation.enter(), secret, size, self._budget), content, digest)

    def _part(self, info: der.Reader) -> None:
        kind = info.oid()
        if kind == _DATA:
            self._bags(info.enter(der.explicit(0)).take(der.OCTET_STRING))
        elif kind == _ENCRYPTED_DATA:
            data = info.enter(der.explicit(0)).enter()
            data.integer()
            encrypted = data.enter()
            encrypted.oid()
            identifier = encrypted.element(der.SEQUENCE)
            self._bags(self._decrypted(identifier, _implicit_octets(encrypted)))
        else:
            raise UnsupportedError("KEYSTORE_KIND", f"a part of the container is of the unknown kind {kind}")

    def _decrypted(self, identifier: bytes, data: bytes) -> bytes:
        """Return the BER value that ``data`` holds."""
        if self._secret is not None:
            try:
                return pbe.decrypt(identifier, data, self._secret, self._budget)
            except PasswordError as error:
                raise InputError("KEYSTORE_MALFORMED", "a part has another password or is damaged") from error
        return decrypted(identifier, data, self._password, self._budget)

    def _bags(self, data: bytes) -> None:
        for bag in _elements(ber.to_definite(data)):
            self._bag(bag)

    def _bag(self, bag: der.Reader) -> None:
        kind = bag.oid()
        value = bag.enter(der.explicit(0))
        content = value.element()
        name, key_id = _attributes(bag)
        if kind == _KEY_BAG:
            self._keys.append(Bag(content, name, key_id))
        elif kind == _SHROUDED_KEY_BAG:
            fields = der.Reader(content).enter()
            key = self._decrypted(fields.element(der.SEQUENCE), fields.take(der.OCTET_STRING))
            self._keys.append(Bag(key, name, key_id))
        elif kind == _CERT_BAG:
            fields = der.Reader(content).enter()
            if fields.oid() == _X509:
                certificate = fields.enter(der.explicit(0)).take(der.OCTET_STRING)
                self._certificates.append(Bag(certificate, name, key_id))
        elif kind == _NESTED_BAGS:
            for inner in _elements(content):
                self._bag(inner)


def decrypted(identifier: bytes, data: bytes, password: PasswordSource, budget: Budget) -> bytes:
    """Return the value that ``data`` holds, encrypted without a checksum.

    Raises:
        PasswordError: ``PASSWORD_NEEDED``; ``PASSWORD_WRONG`` if what comes out is not one BER value.
        InputError: ``KEYSTORE_MALFORMED``.
        LimitError: ``KEYSTORE_ITERATIONS``.
        UnsupportedError: ``KEYSTORE_ALGORITHM``.
    """
    for secret in password.secrets:
        try:
            plain = pbe.decrypt(identifier, data, secret, budget)
        except PasswordError:
            continue
        try:
            ber.to_definite(plain)
        except InputError:
            continue
        return plain
    raise pbe.wrong_password()


def _elements(sequence_of: bytes) -> Iterator[der.Reader]:
    fields = der.Reader(sequence_of).enter()
    while fields:
        yield fields.enter()


def _implicit_octets(encrypted: der.Reader) -> bytes:
    """Take the ``[0] IMPLICIT OCTET STRING`` of EncryptedContentInfo, which BER may have cut into pieces."""
    whole = encrypted.maybe(der.implicit(0))
    if whole is not None:
        return whole
    pieces = encrypted.enter(der.explicit(0))
    octets = []
    while pieces:
        octets.append(pieces.take(der.OCTET_STRING))
    return b"".join(octets)


def _attributes(bag: der.Reader) -> tuple[str, bytes]:
    name, key_id = "", b""
    if attributes := bag.maybe_enter(der.SET):
        while attributes:
            attribute = attributes.enter()
            kind, values = attribute.oid(), attribute.enter(der.SET)
            if kind == _FRIENDLY_NAME and values.peek() == der.BMP_STRING:
                name = values.take(der.BMP_STRING).decode("utf-16-be", "replace")
            elif kind == _LOCAL_KEY_ID and values.peek() == der.OCTET_STRING:
                key_id = values.take(der.OCTET_STRING)
    return name, key_id


@dataclass(frozen=True, slots=True)
class Form:
    """How a container is protected.

    Attributes:
        key_scheme: encryption of keys.
        certificate_scheme: encryption of certificates.
        mac_digest: hash function of the checksum.
        iterations: of every key derivation.
    """

    key_scheme: Scheme
    certificate_scheme: Scheme
    mac_digest: str
    iterations: int


MODERN = Form("aes256", "aes256", "sha256", 100_000)
LEGACY = Form("3des", "rc2-40", "sha1", 1024)
"""As the country's certification authority writes containers; protects badly, opens everywhere."""


def write(contents: Contents, secret: Secret, form: Form, random: Callable[[int], bytes] = os.urandom) -> bytes:
    """Return a DER container of ``contents``.

    Args:
        contents: keys and certificates.
        secret: the password.
        form: how to protect it.
        random: gives as many random bytes as it is asked for, for salts.
    """
    keys = [_key_bag(bag, secret, form, random) for bag in contents.keys]
    parts = [_content_info(_DATA, octet_string(sequence(*keys)))] if keys else []
    if contents.certificates:
        bags = sequence(*map(_certificate_bag, contents.certificates))
        identifier, encrypted = pbe.encrypt(form.certificate_scheme, bags, secret, form.iterations, random)
        info = sequence(oid(_DATA), identifier, tlv(der.implicit(0), encrypted))
        parts.append(_content_info(_ENCRYPTED_DATA, sequence(integer(0), info)))
    content = sequence(*parts)
    salt = random(16)
    size = hashlib.new(form.mac_digest, usedforsecurity=False).digest_size
    key = pbe.derive(form.mac_digest, pbe.MAC, secret, salt, iterations=form.iterations, size=size)
    checksum = octet_string(hmac.digest(key, content, form.mac_digest))
    mac = sequence(
        sequence(digests.to_identifier(form.mac_digest), checksum),
        octet_string(salt),
        integer(form.iterations),
    )
    return sequence(integer(_VERSION), _content_info(_DATA, octet_string(content)), mac)


def _content_info(kind: str, content: bytes) -> bytes:
    return sequence(oid(kind), tagged(0, content))


def _key_bag(bag: Bag, secret: Secret, form: Form, random: Callable[[int], bytes]) -> bytes:
    identifier, encrypted = pbe.encrypt(form.key_scheme, bag.content, secret, form.iterations, random)
    return _safe_bag(_SHROUDED_KEY_BAG, sequence(identifier, octet_string(encrypted)), bag)


def _certificate_bag(bag: Bag) -> bytes:
    return _safe_bag(_CERT_BAG, sequence(oid(_X509), tagged(0, octet_string(bag.content))), bag)


def _safe_bag(kind: str, value: bytes, bag: Bag) -> bytes:
    attributes: Sequence[bytes] = [
        sequence(oid(attribute), set_of(content))
        for attribute, content, is_there in (
            (_FRIENDLY_NAME, tlv(der.BMP_STRING, bag.name.encode("utf-16-be")), bag.name),
            (_LOCAL_KEY_ID, octet_string(bag.key_id), bag.key_id),
        )
        if is_there
    ]
    return sequence(oid(kind), tagged(0, value), set_of(*attributes) if attributes else b"")
