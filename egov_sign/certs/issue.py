"""Issuing certificates: what an authority does, with any private key this toolkit knows.

A certificate is written in one pass: the parts that do not change from one certificate to the next (names of the
issuer, algorithm, the extensions of a profile) are encoded once, and only serial, subject and key are new. The
siblings of this module: :mod:`.issue_names`, :mod:`.issue_extensions`, :mod:`.issue_profiles` (the country's kinds of
certificates), :mod:`.issue_crl` and :mod:`.issue_ocsp`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from egov_sign.certs import issue_extensions as ext
from egov_sign.crypto import der_write as der
from egov_sign.crypto.algorithms import SignatureAlgorithm, by_name, to_identifier
from egov_sign.crypto.keys import PrivateKey, default_algorithm

V3 = der.tagged(0, der.integer(2))


@dataclass(frozen=True, slots=True)
class Authority:
    """Who signs certificates, lists and answers: a name, a key and how it signs.

    Attributes:
        name: DER Name that goes into what it issues.
        key: its private key.
        spki: DER SubjectPublicKeyInfo of the key.
        algorithm: how it signs.
        key_id: identifier of its key (SHA-1 of the public key bits, RFC 5280, 4.2.1.2 (1)).
        certificate: its DER certificate; empty until there is one.
    """

    name: bytes
    key: PrivateKey
    spki: bytes
    algorithm: SignatureAlgorithm
    key_id: bytes
    certificate: bytes = b""

    @classmethod
    def of(
        cls, name: bytes, key: PrivateKey, algorithm: SignatureAlgorithm | None = None, certificate: bytes = b""
    ) -> Authority:
        """Return the authority called ``name`` (DER) that signs with ``key``, as is usual for it unless told how."""
        public = key.public_key()
        algorithm = algorithm or by_name(default_algorithm(public))
        return cls(name, key, public.spki, algorithm, key_identifier(public.spki), certificate)


@dataclass(frozen=True, slots=True)
class TbsCertificate:
    """What is signed in a certificate (RFC 5280, 4.1), each part a finished encoding.

    A part may be replaced by any bytes (:func:`dataclasses.replace`): so are the defects of the fixture catalogue made.

    Attributes:
        serial: INTEGER.
        algorithm: AlgorithmIdentifier, the inner one.
        issuer: Name.
        validity: SEQUENCE of two times.
        subject: Name.
        spki: SubjectPublicKeyInfo.
        extensions: Extension values, in order; none means the field is left out.
        version: explicit ``[0]`` version; empty means version 1.
    """

    serial: bytes
    algorithm: bytes
    issuer: bytes
    validity: bytes
    subject: bytes
    spki: bytes
    extensions: tuple[bytes, ...] = field(default=())
    version: bytes = V3

    def encode(self) -> bytes:
        """Return the DER TBSCertificate."""
        body = (self.version, self.serial, self.algorithm, self.issuer, self.validity, self.subject, self.spki)
        if not self.extensions:
            return der.sequence(*body)
        return der.sequence(*body, der.tagged(3, der.sequence(*self.extensions)))


def issue_certificate(
    issuer: Authority,
    *,
    subject: bytes,
    spki: bytes,
    serial: int,
    not_before: datetime,
    not_after: datetime,
    extensions: Iterable[bytes] = (),
) -> bytes:
    """Return a DER X.509 v3 certificate signed by ``issuer``.

    Args:
        issuer: the authority; for a self-signed certificate, the one whose name and key are the subject's.
        subject: DER Name (:func:`egov_sign.certs.issue_names.name`).
        spki: DER SubjectPublicKeyInfo of the holder.
        serial: its number; a positive INTEGER of at most 20 octets in a proper certificate.
        not_before: first second of validity, timezone-aware.
        not_after: last second of validity, timezone-aware.
        extensions: finished extensions; the two key identifiers are added in front.

    Raises:
        UnsupportedError: ``KEY_ALGORITHM_MISMATCH`` if the issuer's key and algorithm do not belong together.
    """
    tbs = prepare_certificate(
        issuer,
        subject=subject,
        spki=spki,
        serial=serial,
        not_before=not_before,
        not_after=not_after,
        extensions=extensions,
    )
    return sign_structure(issuer, tbs.encode())


def prepare_certificate(
    issuer: Authority,
    *,
    subject: bytes,
    spki: bytes,
    serial: int,
    not_before: datetime,
    not_after: datetime,
    extensions: Iterable[bytes] = (),
) -> TbsCertificate:
    """Return what :func:`issue_certificate` would sign."""
    identifiers = (ext.authority_key_id(issuer.key_id), ext.subject_key_id(key_identifier(spki)))
    return TbsCertificate(
        serial=der.integer(serial),
        algorithm=to_identifier(issuer.algorithm),
        issuer=issuer.name,
        validity=_validity(not_before, not_after),
        subject=subject,
        spki=spki,
        extensions=(*identifiers, *extensions),
    )


def sign_structure(authority: Authority, to_be_signed: bytes, *trailer: bytes) -> bytes:
    """Return SEQUENCE { to_be_signed, AlgorithmIdentifier, BIT STRING signature, trailer… } (RFC 5280, 4.1.1)."""
    signature = authority.key.sign(to_be_signed, authority.algorithm)
    return der.sequence(to_be_signed, to_identifier(authority.algorithm), der.bit_string(signature), *trailer)


@lru_cache(maxsize=256)
def _validity(not_before: datetime, not_after: datetime) -> bytes:
    return der.sequence(der.time(not_before), der.time(not_after))


def key_identifier(spki: bytes) -> bytes:
    """Return the SHA-1 of the public key bits of ``spki`` (RFC 5280, 4.2.1.2 (1))."""
    return hashlib.sha1(public_key_bits(spki), usedforsecurity=False).digest()


def public_key_bits(spki: bytes) -> bytes:
    """Return the octets of the BIT STRING in a well-formed DER SubjectPublicKeyInfo, without the unused-bits octet."""
    algorithm, _ = _content(spki, 0)
    _, bits = _content(spki, algorithm)
    start, end = _content(spki, bits)
    return spki[start + 1 : end]


def _content(data: bytes, offset: int) -> tuple[int, int]:
    """Return where the content of the element at ``offset`` of well-formed DER begins and ends."""
    first = data[offset + 1]
    if first < 0x80:
        return offset + 2, offset + 2 + first
    start = offset + 2 + (first & 0x7F)
    return start, start + int.from_bytes(data[offset + 2 : start], "big")
