"""The signing-certificate attributes (RFC 5035): which certificate the signer says is theirs, under the signature."""

from __future__ import annotations

from typing import NamedTuple

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.name import Name
from egov_sign.crypto import der, der_write, digests
from egov_sign.crypto.der import Reader
from egov_sign.docs import cms
from egov_sign.errors import InputError

_DIRECTORY_NAME = der.explicit(4)
_DEFAULT_DIGEST = "sha256"


class CertificateId(NamedTuple):
    """An ESSCertID or ESSCertIDv2.

    Attributes:
        digest: name of the digest.
        value: digest of the DER certificate.
        issuer: DER Name of its issuer, ``b""`` if only the digest is given.
        serial: its serial number; 0 if only the digest is given.
    """

    digest: str
    value: bytes
    issuer: bytes = b""
    serial: int = 0

    def matches(self, certificate: Certificate) -> bool:
        """Tell whether it names ``certificate``: digest, and issuer and serial number if they are given."""
        if digests.digest(self.digest, certificate.der) != self.value:
            return False
        return not self.issuer or (self.serial == certificate.serial and Name(self.issuer) == certificate.issuer)


def signing_certificate(attributes: cms.Attributes) -> CertificateId | None:
    """Return what the signed ``attributes`` say about the signer's certificate; ``None`` if they say nothing.

    Only the first identifier is the signer's (RFC 5035, 5.4); version 2 goes before version 1.

    Raises:
        InputError: ``DER_*`` if the attribute is malformed or stands there more than once.
        UnsupportedError: ``DIGEST_UNKNOWN``.
    """
    for oid in (cms.SIGNING_CERTIFICATE_V2, cms.SIGNING_CERTIFICATE):
        if oid in attributes:
            value = attributes.single(oid)
            if value is None:
                raise InputError("DER_VALUE", "more than one signing-certificate attribute")
            return _read(value, version=2 if oid == cms.SIGNING_CERTIFICATE_V2 else 1)
    return None


def _read(value: bytes, *, version: int) -> CertificateId:
    whole = Reader(value)
    fields = whole.enter()
    whole.finish()
    fields.enter(), fields.maybe_enter(der.SEQUENCE)
    fields.finish()
    first = Reader(value).enter().enter().enter()
    digest = "sha1"
    if version == 2:
        algorithm = first.maybe_enter(der.SEQUENCE)
        digest = _DEFAULT_DIGEST if algorithm is None else digests.by_oid(algorithm.oid())
    value_of_digest = first.take(der.OCTET_STRING)
    issuer_serial = first.maybe_enter(der.SEQUENCE)
    first.finish()
    if issuer_serial is None:
        return CertificateId(digest, value_of_digest)
    names = issuer_serial.enter()
    serial = issuer_serial.integer()
    issuer_serial.finish()
    name = names.enter(_DIRECTORY_NAME).element(der.SEQUENCE)
    names.finish()
    return CertificateId(digest, value_of_digest, name, serial)


def signing_certificate_v2(certificate: Certificate, digest: str = _DEFAULT_DIGEST) -> bytes:
    """Return the DER SigningCertificateV2 that names ``certificate`` by its ``digest``, issuer and serial number."""
    algorithm = b"" if digest == _DEFAULT_DIGEST else der_write.sequence(der_write.oid(digests.OIDS[digest]))
    issuer = der_write.sequence(der_write.tagged(4, certificate.issuer.der))
    identifier = der_write.sequence(
        algorithm,
        der_write.octet_string(digests.digest(digest, certificate.der)),
        der_write.sequence(issuer, der_write.integer(certificate.serial)),
    )
    return der_write.sequence(der_write.sequence(identifier))
