"""OCSP messages (RFC 6960, RFC 9654): reading responses, writing requests.

A response is read as it stands, strictly, with the responder's certificates read by our own reader (``cryptography``
cannot read some of the country's). Whether it may be believed is judged in :mod:`egov_sign.certs.ocsp_check`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import cached_property
from typing import Final, NamedTuple

from egov_sign.certs import extension_ids as ids
from egov_sign.certs import extensions as ext
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.name import Name
from egov_sign.certs.reasons import Reason
from egov_sign.crypto import algorithms, der, digests
from egov_sign.crypto import der_write as write
from egov_sign.crypto.algorithms import SignatureAlgorithm
from egov_sign.crypto.keys import PublicKey
from egov_sign.errors import InputError, LimitError, UnsupportedError
from egov_sign.limits import DEFAULT_LIMITS, Limits
from egov_sign.native import mypyc_attr

BASIC_RESPONSE: Final = "1.3.6.1.5.5.7.48.1.1"
OCSP_SIGNING: Final = "1.3.6.1.5.5.7.3.9"

_KNOWN = frozenset({ids.OCSP_NONCE, ids.OCSP_EXTENDED_REVOKE})
_KNOWN_SINGLE = frozenset({ids.OCSP_CRL_REFERENCE, ids.OCSP_ARCHIVE_CUTOFF})
_MOST_ANSWERS = 1024
_MOST_CERTIFICATES = 16


class ResponseStatus(IntEnum):
    """OCSPResponseStatus (RFC 6960, 4.2.1)."""

    SUCCESSFUL = 0
    MALFORMED_REQUEST = 1
    INTERNAL_ERROR = 2
    TRY_LATER = 3
    SIG_REQUIRED = 5
    UNAUTHORIZED = 6


class CertStatus(IntEnum):
    """CertStatus (RFC 6960, 4.2.1): the numbers of the choices."""

    GOOD = 0
    REVOKED = 1
    UNKNOWN = 2


class CertId(NamedTuple):
    """Which certificate is meant (RFC 6960, 4.1.1).

    Attributes:
        digest: name of the digest of the two hashes.
        name_hash: of the DER name of the issuer.
        key_hash: of the bits of the issuer's public key.
        serial: the certificate's serial number.
    """

    digest: str
    name_hash: bytes
    key_hash: bytes
    serial: int

    @classmethod
    def of(cls, certificate: Certificate, issuer: Certificate, digest: str = "sha1") -> CertId:
        """Return the identifier of ``certificate``, issued by ``issuer``."""
        key = key_bits(issuer.spki)
        hashes = digests.digest(digest, certificate.issuer.der), digests.digest(digest, key)
        return cls(digest, *hashes, certificate.serial)

    def identifies(self, certificate: Certificate, issuer: Certificate) -> bool:
        """Tell whether it means ``certificate``, issued by ``issuer``: serial number, name and key."""
        if self.serial != certificate.serial:
            return False
        try:
            return self == CertId.of(certificate, issuer, self.digest)
        except UnsupportedError:
            return False

    def encode(self) -> bytes:
        """Return the DER CertID."""
        algorithm = write.sequence(write.oid(digests.OIDS[self.digest]), write.NULL)
        hashes = map(write.octet_string, (self.name_hash, self.key_hash))
        return write.sequence(algorithm, *hashes, write.integer(self.serial))


class SingleResponse(NamedTuple):
    """What is said about one certificate.

    Attributes:
        cert_id: which certificate; ``None`` if its digest is not known here.
        status: good, revoked or unknown.
        revoked_at: when it was revoked, UTC.
        reason: why; ``None`` if the response does not say.
        this_update: when the status was known to be so, UTC.
        next_update: when newer information will be there at the latest; ``None`` if always.
        archive_cutoff: since when the responder keeps what it knows of expired certificates; ``None`` if it does not.
        unknown_critical: whether it has a critical extension that is not known here.
    """

    cert_id: CertId | None
    status: CertStatus
    revoked_at: datetime | None
    reason: Reason | None
    this_update: datetime
    next_update: datetime | None
    archive_cutoff: datetime | None
    unknown_critical: bool


@mypyc_attr(native_class=False)
@dataclass(frozen=True, slots=True)
class ResponderId:
    """Who signed: by name or by the SHA-1 of the key's bits; the other is ``None``."""

    name: Name | None
    key_hash: bytes | None

    def identifies(self, certificate: Certificate) -> bool:
        """Tell whether ``certificate`` is that of the responder."""
        if self.name is not None:
            return self.name == certificate.subject
        return self.key_hash == hashlib.sha1(key_bits(certificate.spki), usedforsecurity=False).digest()

    def __str__(self) -> str:
        return str(self.name) if self.name is not None else "#" + (self.key_hash or b"").hex()


@mypyc_attr(native_class=False)
class OcspResponse:
    """A response.

    All attributes after ``status`` are those of a successful response; :attr:`is_successful` tells.

    Attributes:
        data: the DER bytes.
        status: whether there is an answer at all.
        responder: who signed it.
        produced_at: when it was signed, UTC.
        answers: what is said, one for each certificate.
        nonce: the one of the request; ``None`` if it does not repeat it.
        extended_revoke: whether the responder answers "revoked" for certificates that were never issued.
        certificates: those sent along that can be read.
        unknown_critical: whether it has a critical extension that is not known here.
    """

    responder: ResponderId
    produced_at: datetime
    answers: tuple[SingleResponse, ...] = ()
    nonce: bytes | None = None
    extended_revoke: bool = False
    certificates: tuple[Certificate, ...] = ()
    unknown_critical: bool = False

    def __init__(self, data: bytes) -> None:
        """Read the DER response ``data``.

        Raises:
            InputError: ``OCSP_MALFORMED``.
            UnsupportedError: ``OCSP_TYPE``; it is a response, but not a basic one.
        """
        self.data = data
        try:
            self._read()
        except UnsupportedError:
            raise
        except (InputError, ValueError) as error:
            raise InputError("OCSP_MALFORMED", f"not an OCSP response: {error}") from error

    @classmethod
    def load(cls, data: bytes, limits: Limits = DEFAULT_LIMITS) -> OcspResponse:
        """Read a DER response.

        Raises:
            InputError: ``OCSP_MALFORMED``.
            LimitError: ``OCSP_TOO_LARGE``.
            UnsupportedError: ``OCSP_TYPE``.
        """
        if len(data) > limits.ocsp_bytes:
            raise LimitError("OCSP_TOO_LARGE", f"an OCSP response of more than {limits.ocsp_bytes} bytes")
        return cls(data)

    @property
    def is_successful(self) -> bool:
        """Whether it holds answers."""
        return self.status is ResponseStatus.SUCCESSFUL

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the bytes, in lower-case hexadecimal digits."""
        return hashlib.sha256(self.data).hexdigest()

    def _read(self) -> None:
        whole = der.Reader(self.data)
        outer = whole.enter()
        whole.finish()
        self.status = ResponseStatus(outer.integer(der.ENUMERATED))
        if not self.is_successful:
            outer.finish()
            return
        wrapper = outer.enter(der.explicit(0))
        outer.finish()
        typed = wrapper.enter()
        wrapper.finish()
        kind = typed.oid()
        if kind != BASIC_RESPONSE:
            raise UnsupportedError("OCSP_TYPE", f"an OCSP response of the unknown type {kind}")
        basic = der.Reader(typed.take(der.OCTET_STRING))
        typed.finish()
        self._read_basic(basic.enter())
        basic.finish()

    def _read_basic(self, fields: der.Reader) -> None:
        self._tbs = fields.element(der.SEQUENCE)
        self._algorithm = fields.element(der.SEQUENCE)
        self._signature = fields.octet_bits()
        self._verified: dict[bytes, bool] = {}
        self._certified: dict[tuple[bytes, bytes], bool] = {}
        wrapper = fields.maybe_enter(der.explicit(0))
        fields.finish()
        if wrapper is not None:
            self.certificates = tuple(_read_certificates(wrapper.enter()))
            wrapper.finish()
        self._read_data(der.Reader(self._tbs).enter())

    def _read_data(self, fields: der.Reader) -> None:
        version = fields.maybe_enter(der.explicit(0))
        if version is not None and version.integer() != 0:
            raise InputError("DER_VALUE", "an unknown version")
        self.responder = _read_responder(fields)
        self.produced_at = fields.time()
        answers = fields.enter()
        found: list[SingleResponse] = []
        while answers:
            found.append(_read_single(answers.enter()))
            if len(found) > _MOST_ANSWERS:
                raise InputError("DER_VALUE", "too many answers")
        self.answers = tuple(found)
        extensions = _read_extensions(fields, 1)
        fields.finish()
        nonce = extensions.get(ids.OCSP_NONCE)
        self.nonce = None if nonce is None else _read_nonce(nonce.value)
        self.extended_revoke = ids.OCSP_EXTENDED_REVOKE in extensions
        self.unknown_critical = _has_unknown_critical(extensions, _KNOWN)

    @cached_property
    def signature_algorithm(self) -> SignatureAlgorithm:
        """The algorithm it is signed with.

        Raises:
            InputError: ``ALGORITHM_MALFORMED``.
            UnsupportedError: ``ALGORITHM_UNKNOWN``, ``ALGORITHM_PARAMETERS``.
        """
        return algorithms.from_identifier(self._algorithm)

    def is_signed_by(self, key: PublicKey) -> bool:
        """Tell whether ``key`` made its signature; an algorithm that is not known gives ``False``.

        The answer is remembered: a response is asked as often as there are certificates with its serial number.
        """
        known = self._verified.get(key.spki)
        if known is None:
            try:
                known = key.verify(self._signature, self._tbs, self.signature_algorithm)
            except InputError:
                known = False
            self._verified[key.spki] = known
        return known

    def is_certified(self, responder: Certificate, issuer: Certificate, key: PublicKey) -> bool:
        """Tell whether ``issuer`` certified its ``responder`` with ``key``; remembered, too.

        Raises:
            InputError: the signature's algorithm cannot be read, or is not known.
        """
        if responder.issuer != issuer.subject:
            return False
        index = responder.der, key.spki
        if index not in self._certified:
            right = key.verify(responder.signature, responder.tbs, responder.signature_algorithm)
            self._certified[index] = right
        return self._certified[index]

    def __repr__(self) -> str:
        return f"<OCSP response, {self.status.name}, {len(self.answers)} answers>"


def key_bits(spki: bytes) -> bytes:
    """Return the bits of the key in ``spki`` without the octet that counts unused ones: what identifiers hash."""
    fields = der.Reader(spki).enter()
    fields.element(der.SEQUENCE)
    return fields.octet_bits()


def _read_certificates(sequence: der.Reader) -> Iterable[Certificate]:
    for _ in range(_MOST_CERTIFICATES):
        if not sequence:
            return
        encoded = sequence.element()
        try:
            yield Certificate.load(encoded)
        except InputError:
            continue  # a certificate that cannot be read cannot be the responder's; the signature decides
    raise InputError("DER_VALUE", "too many certificates")


def _read_responder(fields: der.Reader) -> ResponderId:
    by_name = fields.maybe_enter(der.explicit(1))
    if by_name is not None:
        name = Name(by_name.element(der.SEQUENCE))
        by_name.finish()
        return ResponderId(name, None)
    by_key = fields.enter(der.explicit(2))
    key_hash = by_key.take(der.OCTET_STRING)
    by_key.finish()
    return ResponderId(None, key_hash)


def _read_single(fields: der.Reader) -> SingleResponse:
    cert_id = _read_cert_id(fields.enter())
    status, revoked_at, reason = _read_status(fields)
    this_update = fields.time()
    wrapper = fields.maybe_enter(der.explicit(0))
    next_update = None
    if wrapper is not None:
        next_update = wrapper.time()
        wrapper.finish()
    extensions = _read_extensions(fields, 1)
    fields.finish()
    cutoff = extensions.get(ids.OCSP_ARCHIVE_CUTOFF)
    return SingleResponse(
        cert_id,
        status,
        revoked_at,
        reason,
        this_update,
        next_update,
        None if cutoff is None else der.Reader(cutoff.value).time(),
        _has_unknown_critical(extensions, _KNOWN_SINGLE),
    )


def _read_cert_id(fields: der.Reader) -> CertId | None:
    algorithm = fields.enter()
    oid = algorithm.oid()
    name_hash, key_hash = fields.take(der.OCTET_STRING), fields.take(der.OCTET_STRING)
    serial = fields.integer()
    fields.finish()
    try:
        return CertId(digests.by_oid(oid), name_hash, key_hash, serial)
    except UnsupportedError:
        return None


def _read_status(fields: der.Reader) -> tuple[CertStatus, datetime | None, Reason | None]:
    if fields.maybe(der.implicit(0)) is not None:
        return CertStatus.GOOD, None, None
    if fields.maybe(der.implicit(2)) is not None:
        return CertStatus.UNKNOWN, None, None
    revoked = fields.enter(der.explicit(1))
    revoked_at = revoked.time()
    reason = revoked.maybe_enter(der.explicit(0))
    code = None if reason is None else Reason.from_code(reason.integer(der.ENUMERATED))
    revoked.finish()
    return CertStatus.REVOKED, revoked_at, code


def _read_extensions(fields: der.Reader, number: int) -> ext.Extensions:
    wrapper = fields.maybe_enter(der.explicit(number))
    return ext.Extensions() if wrapper is None else ext.read_extensions(wrapper.enter())


def _has_unknown_critical(extensions: ext.Extensions, known: frozenset[str]) -> bool:
    unknown = any(found.critical and oid not in known for oid, found in extensions.items())
    return unknown or bool(extensions.duplicates)


def _read_nonce(value: bytes) -> bytes:
    """Return the nonce; responders exist that put its octets in bare, without the OCTET STRING of RFC 6960."""
    reader = der.Reader(value)
    try:
        nonce = reader.take(der.OCTET_STRING)
        reader.finish()
    except InputError:
        return value
    return nonce


def build_request(cert_id: CertId, nonce: bytes | None = None) -> bytes:
    """Return a DER OCSPRequest for one certificate, unsigned (RFC 6960, 4.1).

    Args:
        cert_id: the certificate.
        nonce: 1 to 128 octets that the response must repeat (RFC 9654, 2.1); ``None`` leaves it out.
    """
    requests = write.sequence(write.sequence(cert_id.encode()))
    extensions = b""
    if nonce is not None:
        extension = write.sequence(write.oid(ids.OCSP_NONCE), write.octet_string(write.octet_string(nonce)))
        extensions = write.tagged(2, write.sequence(extension))
    return write.sequence(write.sequence(requests, extensions))
