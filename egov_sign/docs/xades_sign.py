"""Making XAdES: the signed properties of a new signature, and what is added to one later (B-T, B-LT, B-LTA).

Source: ETSI EN 319 132-1 V1.2.1, clauses 5.2.1, 5.2.2, 5.2.4, 5.2.8, 5.3, 5.4, 5.5 and 6.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from xml.sax.saxutils import escape

from lxml import etree

from egov_sign.certs.certificate import Certificate
from egov_sign.clock import format_time
from egov_sign.crypto import der_write, digests
from egov_sign.crypto.signer import Signer
from egov_sign.docs import c14n
from egov_sign.docs.evidence import Evidence
from egov_sign.docs.references import Covered, XmlDocument
from egov_sign.docs.refusal import Refusal
from egov_sign.docs.timestamp_client import TimestampSource
from egov_sign.docs.xades import (
    TYPE_COUNTERSIGNED,
    TYPE_SIGNED_PROPERTIES,
    XADES,
    XADES141,
    XADES141_NS,
    XADES_NS,
    Properties,
    read_properties,
)
from egov_sign.docs.xades_imprint import Imprints
from egov_sign.docs.xmldsig import DS, DS_NS, SIGNATURE, Signature, Transform, find_signatures, read_signature
from egov_sign.docs.xmlparse import parse
from egov_sign.docs.xmlsign import Extra, MakeExtra, Making, Part
from egov_sign.docs.xmlverify import SignatureCheck, check_references
from egov_sign.errors import ConfigurationError, InputError
from egov_sign.limits import DEFAULT_LIMITS, Limits
from egov_sign.verdict import Report

_NSMAP_141 = {"xades141": XADES141_NS}
_NAMESPACES = f'xmlns:xades="{XADES_NS}" xmlns:ds="{DS_NS}"'


def signed_properties(
    signer: Signer,
    signing_time: datetime,
    *,
    media_type: str = "text/xml",
    digest: str = "sha256",
    timestamps: TimestampSource | None = None,
) -> MakeExtra:
    """Return what makes a signature XAdES-B-B; give it as ``extra`` to a function of :mod:`egov_sign.docs.xmlsign`.

    Args:
        signer: whose certificate is named.
        signing_time: the time that is claimed, timezone-aware.
        media_type: of the signed content.
        digest: name of the digest of the certificate.
        timestamps: gives a time-stamp over the content, which proves that the signature is not older than that;
            ``None`` makes none. Signing then raises its FetchError.
    """
    certificate = Certificate.load(signer.certificate)
    issuer = der_write.sequence(der_write.tagged(4, certificate.issuer.der))
    issuer_serial = der_write.sequence(issuer, der_write.integer(certificate.serial))

    def make(identifier: str, references: Sequence[str]) -> Extra:
        properties = f"{identifier}-properties"
        mime_type = escape(media_type)
        formats = "".join(
            f'<xades:DataObjectFormat ObjectReference="#{reference}"><xades:MimeType>{mime_type}</xades:MimeType>'
            "</xades:DataObjectFormat>"
            for reference in references
        )
        return Extra(
            f'<xades:QualifyingProperties {_NAMESPACES} Target="#{identifier}">'
            f'<xades:SignedProperties Id="{properties}"><xades:SignedSignatureProperties>'
            f"<xades:SigningTime>{format_time(signing_time)}</xades:SigningTime><xades:SigningCertificateV2><xades:Cert>"
            f'<xades:CertDigest><ds:DigestMethod Algorithm="{digests.XML_URIS[digest]}"/>'
            f"<ds:DigestValue>{_base64(digests.digest(digest, certificate.der))}</ds:DigestValue></xades:CertDigest>"
            f"<xades:IssuerSerialV2>{_base64(issuer_serial)}</xades:IssuerSerialV2>"
            "</xades:Cert></xades:SigningCertificateV2></xades:SignedSignatureProperties>"
            f"<xades:SignedDataObjectProperties>{formats}</xades:SignedDataObjectProperties>"
            "</xades:SignedProperties></xades:QualifyingProperties>",
            Part(f"#{properties}", (Transform(c14n.EXCLUSIVE.uri),), TYPE_SIGNED_PROPERTIES),
            None if timestamps is None else partial(_stamp_content, timestamps),
        )

    return make


def _stamp_content(source: TimestampSource, signature: etree._Element, covered: Sequence[Covered]) -> None:
    """Put a time-stamp over the content, as ``covered``, into the signed properties of ``signature``."""
    (holder,) = signature.iterfind(
        f"{DS}Object/{XADES}QualifyingProperties/{XADES}SignedProperties/{XADES}SignedDataObjectProperties"
    )
    _append_timestamp(holder, XADES + "AllDataObjectsTimeStamp", source.stamp(b"".join(one.octets for one in covered)))


def add_timestamp(
    document: bytes, source: TimestampSource, *, index: int = -1, limits: Limits = DEFAULT_LIMITS
) -> bytes:
    """Return ``document`` with a time-stamp over the value of the signature at ``index`` (B-T).

    Raises:
        InputError: ``document`` cannot be read.
        ConfigurationError: see :func:`add_evidence`.
        FetchError: there is no time-stamp to be had.
    """
    root = parse(document, limits)
    signature = _extensible(root, index)
    value = c14n.canonicalize(_value_of(signature), c14n.EXCLUSIVE)
    _append_timestamp(_unsigned(signature), XADES + "SignatureTimeStamp", source.stamp(value))
    return _octets(root)


def add_evidence(document: bytes, evidence: Evidence, *, index: int = -1, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Return ``document`` with ``evidence`` in the signature at ``index`` (B-LT), each item once.

    Raises:
        InputError: ``document`` cannot be read; ``XADES_NOT_WHOLE``: its signature cannot.
        ConfigurationError: ``XADES_NO_PROPERTIES`` if the signature is not XAdES, ``XADES_COVERED`` if a later
            signature covers it and would break, ``SIGN_TARGET`` if there is no such signature.
    """
    root = parse(document, limits)
    element = _extensible(root, index)
    _append_missing(_unsigned(element), evidence, _read(element, limits)[1])
    return _octets(root)


def add_archive_timestamp(
    document: bytes,
    source: TimestampSource,
    *,
    evidence: Evidence | None = None,
    index: int = -1,
    contents: Mapping[str, bytes] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """Return ``document`` with an archive time-stamp on the signature at ``index`` (B-LTA), or one more of them.

    Args:
        document: signed XML; what it takes to verify it should be there already (:func:`add_evidence`).
        source: where the time-stamp comes from.
        evidence: what it takes to verify the signature and the time-stamps that are there; what ``document`` does not
            hold is added before the new one, which then proves that it existed.
        index: which signature of those that do not stand inside another one.
        contents: data outside the document by URI, for detached signatures.
        limits: bounds for reading ``document``.

    Raises:
        InputError: ``document`` cannot be read, or ``XADES_NOT_WHOLE``: what the signature covers was changed or is
            missing.
        ConfigurationError: see :func:`add_evidence`.
        FetchError: there is no time-stamp to be had.
    """
    root = parse(document, limits)
    element = _extensible(root, index)
    holder = _unsigned(element)
    signature, properties = _read(element, limits)
    tree = XmlDocument(root, limits, contents or {})
    check = SignatureCheck(Report("signature"), signature)
    check_references(tree, check)
    imprints = Imprints(tree, signature, check.covered)
    if not imprints.is_complete:
        raise InputError("XADES_NOT_WHOLE", f"cannot be archived: {', '.join(check.report.codes)}")
    _append_missing(holder, evidence or Evidence(), properties)
    try:
        stamped = imprints.archive(list(holder.iterchildren("*")), c14n.EXCLUSIVE)
    except Refusal as refusal:
        raise InputError("XADES_NOT_WHOLE", f"cannot be archived: {refusal.code}") from None
    _append_timestamp(holder, XADES141 + "ArchiveTimeStamp", source.stamp(stamped))
    return _octets(root)


def _append_timestamp(holder: etree._Element, tag: str, token: bytes) -> None:
    stamp = etree.SubElement(holder, tag, nsmap=_NSMAP_141 if tag.startswith(XADES141) else None)
    etree.SubElement(stamp, DS + "CanonicalizationMethod", Algorithm=c14n.EXCLUSIVE.uri)
    etree.SubElement(stamp, XADES + "EncapsulatedTimeStamp").text = _base64(token)


def _read(element: etree._Element, limits: Limits) -> tuple[Signature, Properties]:
    try:
        signature = read_signature(element, limits)
        properties = read_properties(signature)
    except Refusal as refusal:
        raise InputError("XADES_NOT_WHOLE", f"cannot be extended: {refusal.code}") from None
    if properties is None:
        raise AssertionError("the properties were found before")
    return signature, properties


def _append_missing(holder: etree._Element, evidence: Evidence, properties: Properties) -> None:
    """Add what of ``evidence`` is not there: first as values of the signature, later as those of its time-stamps."""
    missing = evidence.without(properties.evidence)
    if missing == Evidence():
        return
    if holder.find(XADES + "CertificateValues") is not None or holder.find(XADES + "RevocationValues") is not None:
        holder = etree.SubElement(holder, XADES141 + "TimeStampValidationData", nsmap=_NSMAP_141)
    _append_values(holder, missing)


def _append_values(properties: etree._Element, evidence: Evidence) -> None:
    certificates = etree.SubElement(properties, XADES + "CertificateValues")
    for item in evidence.certificates:
        etree.SubElement(certificates, XADES + "EncapsulatedX509Certificate").text = _base64(item)
    revocation = etree.SubElement(properties, XADES + "RevocationValues")
    for group, name, items in (
        ("CRLValues", "EncapsulatedCRLValue", evidence.crls),
        ("OCSPValues", "EncapsulatedOCSPValue", evidence.ocsps),
    ):
        if items:
            values = etree.SubElement(revocation, XADES + group)
            for item in items:
                etree.SubElement(values, XADES + name).text = _base64(item)


def counter_sign(
    document: bytes, signer: Signer, *, index: int = -1, extra: MakeExtra | None = None, limits: Limits = DEFAULT_LIMITS
) -> bytes:
    """Return ``document`` with a counter-signature over the value of the signature at ``index``.

    Raises:
        InputError: ``document`` cannot be read.
        ConfigurationError: see :func:`add_evidence`; ``SIGN_TARGET`` also if the SignatureValue has no Id.
    """
    root = parse(document, limits)
    signature = _extensible(root, index)
    identifier = _value_of(signature).get("Id")
    if not identifier:
        raise ConfigurationError("SIGN_TARGET", "the SignatureValue has no Id that could be referred to")
    holder = etree.SubElement(_unsigned(signature), XADES + "CounterSignature")
    part = Part(f"#{identifier}", (Transform(c14n.EXCLUSIVE.uri),), TYPE_COUNTERSIGNED)
    Making(signer, c14n.EXCLUSIVE, "").into(holder, [part], XmlDocument(root, limits), extra=extra)
    return _octets(root)


def _extensible(root: etree._Element, index: int) -> etree._Element:
    """Return the signature at ``index`` of those that do not stand inside another one."""
    signatures = [item for item in find_signatures(root) if next(item.iterancestors(SIGNATURE), None) is None]
    try:
        signature = signatures[index]
    except IndexError:
        raise ConfigurationError("SIGN_TARGET", f"there is no signature {index}") from None
    if next(signature.itersiblings(SIGNATURE), None) is not None:
        raise ConfigurationError(
            "XADES_COVERED", "a later signature covers this one and would break", hint="extend first"
        )
    return signature


def _value_of(signature: etree._Element) -> etree._Element:
    value = signature.find(DS + "SignatureValue")
    if value is None:
        raise InputError("XADES_NOT_WHOLE", "the signature has no value")
    return value


def _unsigned(signature: etree._Element) -> etree._Element:
    """Return the UnsignedSignatureProperties of ``signature``, made if they are not there."""
    element = signature.find(f"{DS}Object/{XADES}QualifyingProperties")
    if element is None:
        raise ConfigurationError(
            "XADES_NO_PROPERTIES", "the signature is not XAdES", hint="sign with signed properties"
        )
    for name in ("UnsignedProperties", "UnsignedSignatureProperties"):
        found = element.find(XADES + name)
        element = etree.SubElement(element, XADES + name) if found is None else found
    return element


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _octets(root: etree._Element) -> bytes:
    return etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True)
