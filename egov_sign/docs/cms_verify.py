"""One CMS signature: is it well formed, whose is it, and does it cover the content? No trust is judged here.

The steps of :func:`check_signer` (RFC 5652, 5.4 to 5.6 and 11; ETSI EN 319 102-1, 5.2.2, 5.2.3 and 5.2.7):

1. Format: version, the attributes that must be there, each of them once and with one value.
2. Identification: the certificates that the signer identifier names; the signing-certificate attribute chooses.
3. Content: its type and its digest are those in the signed attributes.
4. Algorithms: known, at one with each other and with the algorithm-protection attribute (RFC 6211).
5. Signature: over the DER of the signed attributes, or over the content where there are none.

A counter-signature takes the same steps; its content is the signature value it confirms, and it has no content type.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.name import Name
from egov_sign.crypto import algorithms, der, der_write, digests
from egov_sign.crypto.algorithms import SignatureAlgorithm
from egov_sign.crypto.der import Reader
from egov_sign.docs import cms
from egov_sign.docs.cms import SignerInfo
from egov_sign.docs.cms_ess import signing_certificate
from egov_sign.errors import InputError, LimitError, UnsupportedError
from egov_sign.native import mypyc_attr
from egov_sign.verdict import Report, SubIndication

_RSA_KEY = "1.2.840.113549.1.1.1"
_KEY_IDENTIFIERS = {
    _RSA_KEY: "rsa-{}",
    "1.2.840.10045.2.1": "ecdsa-{}",
    "1.2.840.10040.4.1": "dsa-{}",
    "1.2.398.3.10.1.1.1.1": "gost2004",
    "1.2.398.3.10.1.1.2.1": "gost2015-256",
    "1.2.398.3.10.1.1.2.2": "gost2015-512",
}
"""Key identifiers that stand where the signature's belongs: RSA by RFC 3370, 3.2; the others in existing messages."""

_NAMES = {
    cms.CONTENT_TYPE: "contentType",
    cms.MESSAGE_DIGEST: "messageDigest",
    cms.SIGNING_TIME: "signingTime",
    cms.ALGORITHM_PROTECTION: "cmsAlgorithmProtection",
    cms.SIGNING_CERTIFICATE: "signingCertificate",
    cms.SIGNING_CERTIFICATE_V2: "signingCertificateV2",
}


@dataclass(slots=True)
class Content:
    """What was signed; each digest of it is taken once.

    Attributes:
        data: its bytes.
        content_type: dotted identifier; empty for the signature value under a counter-signature.
    """

    data: bytes
    content_type: str = cms.DATA
    _digests: dict[str, bytes] = field(default_factory=dict, repr=False)

    def digest(self, name: str) -> bytes:
        """Return its digest called ``name``.

        Raises:
            UnsupportedError: ``DIGEST_UNKNOWN``.
        """
        if name not in self._digests:
            self._digests[name] = digests.digest(name, self.data)
        return self._digests[name]


@mypyc_attr(native_class=False)
@dataclass(frozen=True, slots=True)
class CheckedSigner:
    """What was established about a signature; the findings stand in the report.

    Attributes:
        certificate: the signer's; ``None`` if it was not found.
        algorithm: of the signature; ``None`` if it is unknown.
        digest: name of the content's digest; empty if it is unknown.
        signing_time: what the signer claims, UTC; ``None`` if nothing.
        bound: whether a signing-certificate attribute names the certificate under the signature.
    """

    certificate: Certificate | None
    algorithm: SignatureAlgorithm | None
    digest: str
    signing_time: datetime | None
    bound: bool


def check_signer(
    signer: SignerInfo,
    content: Content,
    candidates: Sequence[Certificate],
    report: Report,
    *,
    require_signing_certificate: bool = False,
) -> CheckedSigner:
    """Check one signature and add what is wrong with it to ``report``.

    Args:
        signer: the signature.
        content: what it should cover.
        candidates: certificates among which the signer's may be.
        report: takes the findings.
        require_signing_certificate: whether the signed attributes must name the certificate (CAdES, RFC 3161); else
            a signature without that attribute is a plain CMS signature, and only warned about.
    """
    # 1. Format.
    _check_format(signer, content, report)
    # 2. Identification of the signing certificate.
    certificate, bound = _identify(signer, candidates, report, required=require_signing_certificate)
    # 3. The content.
    digest = _check_content(signer, content, report)
    # 4. Algorithms.
    algorithm = _check_algorithms(signer, digest, report)
    # 5. The signature itself.
    if certificate is not None and algorithm is not None:
        _check_signature(signer, content, certificate, algorithm, report)
    return CheckedSigner(certificate, algorithm, digest, _signing_time(signer, report), bound)


def _check_format(signer: SignerInfo, content: Content, report: Report) -> None:
    if signer.version != (1 if signer.key_id is None else 3):
        report.fail("CMS_SIGNER_VERSION", SubIndication.FORMAT_FAILURE, version=signer.version)
    if signer.signed is None:
        if content.content_type not in ("", cms.DATA):
            report.fail("CMS_ATTRIBUTE_MISSING", SubIndication.FORMAT_FAILURE, attribute="signedAttrs")
        elif _is_attribute_set(content.data):
            report.fail("CMS_ATTRIBUTES_AS_CONTENT", SubIndication.FORMAT_FAILURE)
        return
    required = (cms.MESSAGE_DIGEST, cms.CONTENT_TYPE) if content.content_type else (cms.MESSAGE_DIGEST,)
    for oid, name in _NAMES.items():
        if oid in signer.signed and signer.signed.single(oid) is None:
            report.fail("CMS_ATTRIBUTE_REPEATED", SubIndication.FORMAT_FAILURE, attribute=name)
        elif oid in required and oid not in signer.signed:
            report.fail("CMS_ATTRIBUTE_MISSING", SubIndication.FORMAT_FAILURE, attribute=name)


def _is_attribute_set(data: bytes) -> bool:
    """Tell whether ``data`` could be the signed attributes of another signature, handed in as if it were content.

    A signature without signed attributes over such bytes may be one *with* them, taken apart.
    """
    try:
        whole = Reader(data)
        attributes = cms.read_attributes(whole.enter(der.SET))
        whole.finish()
    except LimitError:
        return True
    except InputError:
        return False
    return cms.MESSAGE_DIGEST in attributes


def find_certificates(signer: SignerInfo, candidates: Iterable[Certificate]) -> list[Certificate]:
    """Return the different certificates among ``candidates`` that the signer identifier names."""
    issuer = Name(signer.issuer)
    found: dict[bytes, Certificate] = {}
    for candidate in candidates:
        try:
            if signer.key_id is not None:
                named = candidate.ski == signer.key_id
            else:
                named = candidate.serial == signer.serial and candidate.issuer == issuer
        except InputError:
            continue
        if named:
            found[candidate.der] = candidate
    return list(found.values())


def _identify(
    signer: SignerInfo, candidates: Sequence[Certificate], report: Report, *, required: bool
) -> tuple[Certificate | None, bool]:
    """Return the signer's certificate, and whether a signed attribute names it."""
    found = find_certificates(signer, candidates)
    if not found:
        report.fail("CMS_SIGNER_NOT_FOUND", SubIndication.NO_SIGNING_CERTIFICATE_FOUND, signer=_signer_id(signer))
        return None, False
    try:
        named = None if signer.signed is None else signing_certificate(signer.signed)
        matching = found if named is None else [certificate for certificate in found if named.matches(certificate)]
    except InputError as error:
        report.fail("CMS_SIGNING_CERTIFICATE_UNREADABLE", SubIndication.SIG_CONSTRAINTS_FAILURE, reason=error.message)
        return found[0], False
    if named is None:
        _report_unbound(len(found), report, required=required)
        return found[0], False
    if not matching:
        report.fail("CMS_SIGNING_CERTIFICATE_WRONG", SubIndication.SIG_CONSTRAINTS_FAILURE)
        return found[0], False
    return matching[0], True


def _report_unbound(count: int, report: Report, *, required: bool) -> None:
    if count > 1:
        report.fail("CMS_SIGNER_AMBIGUOUS", SubIndication.SIG_CONSTRAINTS_FAILURE, count=count)
    elif required:
        report.fail("CMS_SIGNING_CERTIFICATE_MISSING", SubIndication.SIG_CONSTRAINTS_FAILURE)
    else:
        report.warn("CMS_SIGNING_CERTIFICATE_UNBOUND")


def _signer_id(signer: SignerInfo) -> str:
    if signer.key_id is not None:
        return signer.key_id.hex()
    return f"{Name(signer.issuer)}, {signer.serial:x}"


def _check_content(signer: SignerInfo, content: Content, report: Report) -> str:
    """Compare type and digest of the content with the signed attributes; return the digest's name."""
    try:
        name = digest_name(signer.digest_algorithm)
        computed = content.digest(name)
    except InputError as error:
        report.fail("CMS_ALGORITHM_UNKNOWN", SubIndication.CRYPTO_CONSTRAINTS_FAILURE, reason=error.message)
        return ""
    if signer.signed is None:
        return name
    stated_type = signer.signed.single(cms.CONTENT_TYPE)
    if stated_type is not None and (not content.content_type or stated_type != der_write.oid(content.content_type)):
        report.fail("CMS_CONTENT_TYPE_WRONG", SubIndication.FORMAT_FAILURE)
    stated_digest = signer.signed.single(cms.MESSAGE_DIGEST)
    if stated_digest is not None and stated_digest != der_write.octet_string(computed):
        report.fail("CMS_DIGEST_WRONG", SubIndication.HASH_FAILURE, digest=name)
    return name


def digest_name(identifier: bytes) -> str:
    """Return the name of the digest in a DER AlgorithmIdentifier, whose parameters are NULL or absent (RFC 5754, 2).

    Raises:
        InputError: ``DER_*``.
        UnsupportedError: ``DIGEST_UNKNOWN``.
    """
    fields = Reader(identifier).enter()
    name = digests.by_oid(fields.oid())
    if fields and fields.element() != der_write.NULL:
        raise der.error("DER_VALUE", "a digest with parameters", fields.position)
    fields.finish()
    return name


def _check_algorithms(signer: SignerInfo, digest: str, report: Report) -> SignatureAlgorithm | None:
    try:
        algorithm = signature_algorithm(signer.signature_algorithm, digest)
    except InputError as error:
        report.fail("CMS_ALGORITHM_UNKNOWN", SubIndication.CRYPTO_CONSTRAINTS_FAILURE, reason=error.message)
        return None
    if digest and algorithm.digest and algorithm.digest != digest:
        report.fail(
            "CMS_ALGORITHM_MISMATCH", SubIndication.FORMAT_FAILURE, digest=digest, signature_digest=algorithm.digest
        )
    protection = None if signer.signed is None else signer.signed.single(cms.ALGORITHM_PROTECTION)
    if protection is not None and not _protects(protection, signer):
        report.fail("CMS_ALGORITHM_PROTECTION", SubIndication.FORMAT_FAILURE)
    return algorithm


def signature_algorithm(identifier: bytes, digest: str) -> SignatureAlgorithm:
    """Return the algorithm that the DER AlgorithmIdentifier of a SignerInfo means beside the content's ``digest``.

    Raises:
        InputError: ``ALGORITHM_MALFORMED``, ``DER_*``.
        UnsupportedError: ``ALGORITHM_UNKNOWN``, ``ALGORITHM_PARAMETERS``.
    """
    fields = Reader(identifier).enter()
    oid = fields.oid()
    template = _KEY_IDENTIFIERS.get(oid)
    if template is None:
        return algorithms.from_identifier(identifier)
    if oid == _RSA_KEY and fields and fields.element() != der_write.NULL:
        raise UnsupportedError("ALGORITHM_PARAMETERS", "rsaEncryption with parameters")
    return algorithms.by_name(template.format(digest))


def _protects(protection: bytes, signer: SignerInfo) -> bool:
    """Tell whether a CMSAlgorithmProtection (RFC 6211, 2) repeats the algorithms of ``signer``."""
    try:
        whole = Reader(protection)
        fields = whole.enter()
        whole.finish()
        digest = fields.element(der.SEQUENCE)
        signature = fields.take(der.explicit(1))
        fields.finish()
    except InputError:
        return False
    return digest == signer.digest_algorithm and der_write.tlv(der.SEQUENCE, signature) == signer.signature_algorithm


def _check_signature(
    signer: SignerInfo, content: Content, certificate: Certificate, algorithm: SignatureAlgorithm, report: Report
) -> None:
    try:
        key = certificate.public_key
    except InputError as error:
        report.fail("CMS_KEY_UNUSABLE", SubIndication.SIG_CONSTRAINTS_FAILURE, reason=error.message)
        return
    if signer.signed is None:
        right = key.verify(signer.signature, content.data, algorithm)
    else:
        right = key.verify(signer.signature, der_write.tlv(der.SET, signer.signed.encoded), algorithm)
        ordered = in_der_order(signer.signed.encoded)
        if ordered != signer.signed.encoded:
            report.warn("CMS_ATTRIBUTES_UNSORTED")
            right = right or key.verify(signer.signature, der_write.tlv(der.SET, ordered), algorithm)
    if not right:
        report.fail("CMS_SIGNATURE_WRONG", SubIndication.SIG_CRYPTO_FAILURE, algorithm=algorithm.name)


def in_der_order(elements: bytes) -> bytes:
    """Return the DER ``elements`` of a SET OF in the order that DER demands (X.690, 11.6)."""
    reader = Reader(elements)
    found = []
    while reader:
        found.append(reader.element())
    return b"".join(sorted(found))


def _signing_time(signer: SignerInfo, report: Report) -> datetime | None:
    value = None if signer.signed is None else signer.signed.single(cms.SIGNING_TIME)
    if value is None:
        return None
    try:
        whole = Reader(value)
        moment = whole.time()
        whole.finish()
    except InputError:
        report.fail("CMS_SIGNING_TIME", SubIndication.FORMAT_FAILURE)
        return None
    return moment
