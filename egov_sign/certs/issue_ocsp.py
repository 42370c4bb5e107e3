"""Issuing OCSP responses (RFC 6960): good, revoked, unknown, by the authority itself or by a delegated responder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from egov_sign.certs.issue import Authority, public_key_bits, sign_structure
from egov_sign.certs.ocsp import BASIC_RESPONSE, ResponseStatus
from egov_sign.certs.reasons import Reason
from egov_sign.crypto import der_write as der
from egov_sign.crypto.digests import digest, to_identifier

GOOD = der.implicit(0, b"")
UNKNOWN = der.implicit(2, b"")


def revoked(at: datetime, reason: Reason | None = None) -> bytes:
    """Return CertStatus *revoked* since ``at``, for ``reason`` if there is one."""
    why = der.tagged(0, der.enumerated(reason)) if reason is not None else b""
    return der.tagged(1, der.generalized_time(at) + why)


@lru_cache(maxsize=4096)
def cert_id(issuer_name: bytes, issuer_spki: bytes, serial: int, digest_name: str = "sha1") -> bytes:
    """Return the DER CertID of the certificate numbered ``serial`` (RFC 6960, 4.1.1).

    Args:
        issuer_name: DER Name of its issuer.
        issuer_spki: DER SubjectPublicKeyInfo of its issuer.
        serial: its number.
        digest_name: what names and keys are hashed with.
    """
    hashes = (digest(digest_name, issuer_name), digest(digest_name, public_key_bits(issuer_spki)))
    return der.sequence(to_identifier(digest_name), *map(der.octet_string, hashes), der.integer(serial))


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said about one certificate (SingleResponse).

    Attributes:
        certificate: DER CertID (:func:`cert_id`).
        status: DER CertStatus: :data:`GOOD`, :data:`UNKNOWN` or :func:`revoked`.
        this_update: when that was known to be so, timezone-aware.
        next_update: when newer information will be there; ``None`` leaves the field out.
        extensions: finished extensions.
    """

    certificate: bytes
    status: bytes
    this_update: datetime
    next_update: datetime | None = None
    extensions: tuple[bytes, ...] = ()

    def encode(self) -> bytes:
        """Return the DER SingleResponse."""
        next_update = der.tagged(0, der.generalized_time(self.next_update)) if self.next_update else b""
        extensions = der.tagged(1, der.sequence(*self.extensions)) if self.extensions else b""
        return der.sequence(
            self.certificate, self.status, der.generalized_time(self.this_update), next_update, extensions
        )


def issue_ocsp(
    responder: Authority,
    answers: Iterable[Answer],
    *,
    produced_at: datetime,
    certificates: Iterable[bytes] = (),
    extensions: Iterable[bytes] = (),
    by_name: bool = False,
) -> bytes:
    """Return a DER OCSPResponse with status *successful*, signed by ``responder``.

    Args:
        responder: the authority itself, or the holder of a responder's certificate.
        answers: one or more answers.
        produced_at: when it was signed, timezone-aware.
        certificates: DER certificates sent along; the responder's own unless the authority itself answers.
        extensions: finished extensions of the response, such as the nonce.
        by_name: name the responder by its Name instead of by the hash of its key.

    Raises:
        UnsupportedError: ``KEY_ALGORITHM_MISMATCH`` if the responder's key and algorithm do not belong together.
    """
    data = response_data(responder, answers, produced_at=produced_at, extensions=extensions, by_name=by_name)
    sent = list(certificates)
    return wrap(sign_structure(responder, data, der.tagged(0, der.sequence(*sent)) if sent else b""))


def response_data(
    responder: Authority,
    answers: Iterable[Answer],
    *,
    produced_at: datetime,
    extensions: Iterable[bytes] = (),
    by_name: bool = False,
) -> bytes:
    """Return the DER ResponseData that :func:`issue_ocsp` would sign."""
    who = der.tagged(1, responder.name) if by_name else der.tagged(2, der.octet_string(responder.key_id))
    listed = list(extensions)
    return der.sequence(
        who,
        der.generalized_time(produced_at),
        der.sequence(*[answer.encode() for answer in answers]),
        der.tagged(1, der.sequence(*listed)) if listed else b"",
    )


def wrap(basic_response: bytes) -> bytes:
    """Return ``basic_response`` (DER BasicOCSPResponse) inside a successful OCSPResponse."""
    content = der.sequence(der.oid(BASIC_RESPONSE), der.octet_string(basic_response))
    return der.sequence(der.enumerated(ResponseStatus.SUCCESSFUL), der.tagged(0, content))


def refuse(status: ResponseStatus) -> bytes:
    """Return a DER OCSPResponse that carries ``status`` and nothing else; such answers are not signed."""
    return der.sequence(der.enumerated(status))
