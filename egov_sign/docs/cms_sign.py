"""Making CMS signatures: CAdES baseline B-B (ETSI EN 319 122-1), attached or detached, alone or beside others.

Signed attributes: content type, message digest, signing time, the signer's certificate (RFC 5035) and the algorithms
(RFC 6211). What is already signed is never touched: signatures are carried over byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from egov_sign.certs.certificate import Certificate
from egov_sign.crypto import algorithms, der, der_write, digests
from egov_sign.crypto.algorithms import KeyType, SignatureAlgorithm
from egov_sign.crypto.der import Reader
from egov_sign.crypto.signer import Signer
from egov_sign.docs import cms
from egov_sign.docs.cms import SignedData, SignerInfo
from egov_sign.docs.cms_ess import signing_certificate_v2
from egov_sign.errors import InputError, UnsupportedError

_SHA = ("sha224", "sha256", "sha384", "sha512")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a SignedData is put together from; every part a finished encoding, apart from the content itself.

    Attributes:
        content_type: dotted identifier of what is signed.
        content: the bytes that are signed; ``None`` leaves them out.
        digest_algorithms: AlgorithmIdentifiers of the signers' digests.
        certificates: certificates, of any kind.
        revocations: RevocationInfoChoice values.
        signers: SignerInfo values.
    """

    content_type: str
    content: bytes | None
    digest_algorithms: frozenset[bytes]
    certificates: frozenset[bytes]
    revocations: frozenset[bytes]
    signers: tuple[bytes, ...]

    @classmethod
    def of(cls, message: SignedData) -> Parts:
        """Take ``message`` apart."""
        return cls(
            content_type=message.content_type,
            content=message.content,
            digest_algorithms=frozenset(message.digest_algorithms),
            certificates=frozenset((*message.certificates, *message.other_certificates)),
            revocations=frozenset(message.revocations),
            signers=tuple(signer.encoded for signer in message.signers),
        )

    def encode(self) -> bytes:
        """Return the DER ContentInfo."""
        content = b"" if self.content is None else der_write.tagged(0, der_write.octet_string(self.content))
        certificates = b"".join(sorted(self.certificates))
        revocations = b"".join(sorted(self.revocations))
        signed_data = der_write.sequence(
            der_write.integer(self._version()),
            der_write.set_of(*self.digest_algorithms),
            der_write.sequence(der_write.oid(self.content_type), content),
            der_write.tagged(0, certificates) if certificates else b"",
            der_write.tagged(1, revocations) if revocations else b"",
            der_write.set_of(*self.signers),
        )
        return der_write.sequence(der_write.oid(cms.SIGNED_DATA), der_write.tagged(0, signed_data))

    def _version(self) -> int:
        """Return the version that RFC 5652, 5.1 prescribes."""
        kinds = {part[0] for part in self.certificates}
        if der.explicit(3) in kinds or any(part[0] != der.SEQUENCE for part in self.revocations):
            return 5
        if der.explicit(2) in kinds:
            return 4
        newer = any(Reader(signer).enter().integer() == 3 for signer in self.signers)
        return 3 if newer or der.explicit(1) in kinds or self.content_type != cms.DATA else 1


def ocsp_choice(response: bytes) -> bytes:
    """Return the RevocationInfoChoice around a DER OCSPResponse (RFC 5940, 2)."""
    return der_write.tagged(1, der_write.oid(cms.OCSP_RESPONSE) + response)


def sign(
    content: bytes,
    signer: Signer,
    *,
    signing_time: datetime | None,
    detached: bool = False,
    content_type: str = cms.DATA,
    chain: bool = False,
) -> bytes:
    """Return a DER CMS message with one signature over ``content``.

    Args:
        content: what is signed.
        signer: who signs.
        signing_time: what the signature claims, timezone-aware; ``None`` claims nothing.
        detached: leave the content out of the message.
        content_type: dotted identifier of what the content is.
        chain: send the issuers' certificates that the signer knows along, too.

    Raises:
        UnsupportedError: ``CMS_ALGORITHM``: no digest for CMS goes with the signer's algorithm.
    """
    empty = Parts(content_type, None if detached else content, frozenset(), frozenset(), frozenset(), ())
    return _with_signature(empty, content, signer, signing_time, chain=chain).encode()


def add_signer(
    message: SignedData,
    signer: Signer,
    *,
    signing_time: datetime | None,
    content: bytes | None = None,
    chain: bool = False,
) -> bytes:
    """Return ``message`` with one more signature, over the same content and independent of the others.

    Args:
        message: what is already signed.
        signer: who signs.
        signing_time: what the signature claims, timezone-aware; ``None`` claims nothing.
        content: the content, where the message does not carry it.
        chain: send the issuers' certificates that the signer knows along, too.

    Raises:
        InputError: ``CMS_CONTENT_MISSING``: neither the message nor the caller has the content.
        UnsupportedError: ``CMS_ALGORITHM``.
    """
    if message.content is not None:
        content = message.content
    if content is None:
        raise InputError("CMS_CONTENT_MISSING", "the signature is detached, and its content was not given")
    return _with_signature(Parts.of(message), content, signer, signing_time, chain=chain).encode()


def countersign(message: SignedData, index: int, signer: Signer, *, signing_time: datetime | None) -> bytes:
    """Return ``message`` with a counter-signature (RFC 5652, 11.4) on the signature at ``index``.

    Args:
        message: what is already signed.
        index: position of the signature to confirm, from 0.
        signer: who confirms it.
        signing_time: what the counter-signature claims, timezone-aware; ``None`` claims nothing.

    Raises:
        UnsupportedError: ``CMS_ALGORITHM``.
    """
    confirmed = message.signers[index]
    certificate = Certificate.load(signer.certificate)
    made = _signer_info(confirmed.signature, "", signer, certificate, signing_time)
    parts = Parts.of(with_unsigned(message, index, [(cms.COUNTER_SIGNATURE, made)]))
    return replace(parts, certificates=parts.certificates | {certificate.der}).encode()


def with_unsigned(message: SignedData, index: int, attributes: Iterable[tuple[str, bytes]]) -> SignedData:
    """Return ``message`` with unsigned ``attributes`` (type and DER value) added to the signature at ``index``."""
    encoded = _extended(message.signers[index], attributes)
    signers = list(message.signers)
    signers[index] = cms.read_signer(encoded)
    return replace(message, signers=tuple(signers))


def _with_signature(
    parts: Parts, content: bytes, signer: Signer, signing_time: datetime | None, *, chain: bool
) -> Parts:
    certificate = Certificate.load(signer.certificate)
    made = _signer_info(content, parts.content_type, signer, certificate, signing_time)
    return replace(
        parts,
        digest_algorithms=parts.digest_algorithms | {digest_identifier(_digest_name(signer.algorithm))},
        certificates=parts.certificates | {certificate.der, *(signer.chain if chain else ())},
        signers=(*parts.signers, made),
    )


def _signer_info(
    content: bytes, content_type: str, signer: Signer, certificate: Certificate, signing_time: datetime | None
) -> bytes:
    """Return the DER SignerInfo over ``content``; an empty ``content_type`` makes a counter-signature."""
    digest = _digest_name(signer.algorithm)
    digest_algorithm = digest_identifier(digest)
    signature_algorithm = algorithms.to_identifier(signer.algorithm)
    protection = der_write.sequence(digest_algorithm, b"\xa1" + signature_algorithm[1:])
    values = [
        (cms.MESSAGE_DIGEST, der_write.octet_string(digests.digest(digest, content))),
        (cms.SIGNING_CERTIFICATE_V2, signing_certificate_v2(certificate)),
        (cms.ALGORITHM_PROTECTION, protection),
    ]
    if content_type:
        values.append((cms.CONTENT_TYPE, der_write.oid(content_type)))
    if signing_time is not None:
        values.append((cms.SIGNING_TIME, der_write.time(signing_time)))
    attributes = der_write.set_of(*(attribute(oid, value) for oid, value in values))
    return der_write.sequence(
        der_write.integer(1),
        der_write.sequence(certificate.issuer.der, der_write.integer(certificate.serial)),
        digest_algorithm,
        b"\xa0" + attributes[1:],
        signature_algorithm,
        der_write.octet_string(signer.sign(attributes)),
    )


def _extended(signer: SignerInfo, attributes: Iterable[tuple[str, bytes]]) -> bytes:
    fields = Reader(signer.encoded).enter()
    parts = []
    while fields.peek() not in (-1, der.explicit(1)):
        parts.append(fields.element())
    added = [attribute(oid, value) for oid, value in attributes]
    return der_write.sequence(*parts, der_write.tagged(1, signer.unsigned.encoded + b"".join(added)))


def attribute(oid: str, value: bytes) -> bytes:
    """Return the DER Attribute of the type ``oid`` with the one DER ``value``."""
    return der_write.sequence(der_write.oid(oid), der_write.set_of(value))


def _digest_name(algorithm: SignatureAlgorithm) -> str:
    """Return the digest of content and attributes that goes with ``algorithm``; for Ed25519, RFC 8419, 3.1."""
    if algorithm.key_type is KeyType.ED25519:
        return "sha512"
    if not algorithm.digest:
        raise UnsupportedError("CMS_ALGORITHM", f"no CMS signatures are made with {algorithm.name}")
    return algorithm.digest


def digest_identifier(digest: str) -> bytes:
    """Return the DER AlgorithmIdentifier of ``digest``: SHA-2 without parameters (RFC 5754, 2), others with NULL."""
    return der_write.sequence(der_write.oid(digests.OIDS[digest]), b"" if digest in _SHA else der_write.NULL)
