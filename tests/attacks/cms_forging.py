"""CMS messages that no honest signer makes, signed by the book all the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from egov_sign.certs.certificate import Certificate
from egov_sign.crypto import algorithms, der_write, digests
from egov_sign.crypto.signer import KeySigner
from egov_sign.docs import cms
from egov_sign.docs.cms_ess import signing_certificate_v2
from egov_sign.docs.cms_sign import Parts, attribute

CONTENT = "Направление на лечение".encode()


@dataclass
class Forgery:
    """One signature over :data:`CONTENT`, every part of which can be replaced before it is made.

    Attributes:
        signer: who signs.
        attributes: type → value of the signed attributes; the defaults make a good signature.
        dropped: types of signed attributes that are left out.
        more: further encoded attributes, such as second ones of a type.
        unsorted: put the signed attributes in an order that DER does not allow, and sign them so.
        without_attributes: sign the content itself.
        digest: name of the digest that the SignerInfo says.
        algorithm: name of the signature algorithm that the SignerInfo says; empty means the signer's.
        content_type: what the message says the content is.
        certificates: sent along; the signer's if not given.
        key_id: name the signer by this subject key identifier.
        version: of the SignerInfo.
        unsigned: encoded unsigned attributes.
        signature: replaces the signature's value.
    """

    signer: KeySigner
    attributes: dict[str, bytes] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    more: Sequence[bytes] = ()
    without_attributes: bool = False
    unsorted: bool = False
    digest: str = "sha256"
    algorithm: str = ""
    content: bytes = CONTENT
    content_type: str = cms.DATA
    certificates: Iterable[bytes] | None = None
    key_id: bytes | None = None
    version: int = 0
    unsigned: Sequence[bytes] = ()
    signature: bytes | None = None

    def __post_init__(self) -> None:
        self.certificate = Certificate.load(self.signer.certificate)
        self.attributes = {
            cms.CONTENT_TYPE: der_write.oid(self.content_type),
            cms.MESSAGE_DIGEST: der_write.octet_string(digests.digest(self.digest, self.content)),
            cms.SIGNING_CERTIFICATE_V2: signing_certificate_v2(self.certificate),
        } | self.attributes
        for oid in self.dropped:
            del self.attributes[oid]

    def without(self, oid: str) -> Forgery:
        """Return the same without the signed attribute ``oid``."""
        return replace(self, dropped=(*self.dropped, oid))

    def signer_info(self) -> bytes:
        """Return the SignerInfo."""
        listed = sorted([*(attribute(*pair) for pair in self.attributes.items()), *self.more], reverse=self.unsorted)
        attributes = der_write.tlv(der_write.SET, b"".join(listed))
        made = self.signer.sign(self.content if self.without_attributes else attributes)
        named = algorithms.by_name(self.algorithm) if self.algorithm else self.signer.algorithm
        if self.key_id is None:
            sid = der_write.sequence(self.certificate.issuer.der, der_write.integer(self.certificate.serial))
        else:
            sid = der_write.implicit(0, self.key_id)
        return der_write.sequence(
            der_write.integer(self.version or (1 if self.key_id is None else 3)),
            sid,
            digests.to_identifier(self.digest),
            b"" if self.without_attributes else b"\xa0" + attributes[1:],
            algorithms.to_identifier(named),
            der_write.octet_string(made if self.signature is None else self.signature),
            der_write.tagged(1, b"".join(self.unsigned)) if self.unsigned else b"",
        )

    def message(self, *, detached: bool = False) -> bytes:
        """Return the whole message."""
        return Parts(
            content_type=self.content_type,
            content=None if detached else self.content,
            digest_algorithms=frozenset({digests.to_identifier(self.digest)}),
            certificates=frozenset((self.certificate.der,) if self.certificates is None else self.certificates),
            revocations=frozenset(),
            signers=(self.signer_info(),),
        ).encode()
