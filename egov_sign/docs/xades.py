"""XAdES: what a signature says about itself, and what was added to it later.

Source: ETSI EN 319 132-1 V1.2.1, clauses 4.3, 5.1 and 5.2; the baseline levels of clause 6.

===== ====================================================================================================
B-B   signed properties that name the certificate and the time, under a Reference of the signature
B-T   a time-stamp over the SignatureValue
B-LT  certificates and revocation information: nothing has to be fetched any more
B-LTA archive time-stamps over all of that and the signed data (clause 5.5.2)
===== ====================================================================================================

Signed properties count only if the signature really covers them: one QualifyingProperties in one ds:Object of this
signature, with this signature as its Target, and a Reference of the right Type that resolves to its SignedProperties
and not to some other element.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lxml import etree

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.name import Name
from egov_sign.clock import parse_time
from egov_sign.crypto import der, digests
from egov_sign.docs import c14n
from egov_sign.docs.evidence import Evidence, united
from egov_sign.docs.keyinfo import read_issuer_serial, same_name
from egov_sign.docs.references import Covered
from egov_sign.docs.refusal import Refusal
from egov_sign.docs.xmldsig import DS, SIGNATURE, Signature, base64_of, digest_name
from egov_sign.docs.xmlparse import text_of
from egov_sign.errors import ConfigurationError, InputError
from egov_sign.native import mypyc_attr
from egov_sign.verdict import SubIndication

XADES_NS = "http://uri.etsi.org/01903/v1.3.2#"
XADES = f"{{{XADES_NS}}}"
XADES141_NS = "http://uri.etsi.org/01903/v1.4.1#"
XADES141 = f"{{{XADES141_NS}}}"
TYPE_SIGNED_PROPERTIES = "http://uri.etsi.org/01903#SignedProperties"
TYPE_COUNTERSIGNED = "http://uri.etsi.org/01903#CountersignedSignature"
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)")


class Level(StrEnum):
    """How much a signature brings along; by its shape, whatever its validity."""

    XMLDSIG = "XMLDSig"
    B_B = "XAdES-B-B"
    B_T = "XAdES-B-T"
    B_LT = "XAdES-B-LT"
    B_LTA = "XAdES-B-LTA"


@mypyc_attr(native_class=False)
@dataclass(frozen=True, slots=True)
class CertificateReference:
    """One ``xades:Cert``: a certificate by its digest, and perhaps by issuer and serial number.

    Attributes:
        digest: name of the digest.
        value: digest of the DER certificate.
        issuer: DER Name (version 2) or text (version 1) of its issuer; ``None`` if only the digest is given.
        serial: its serial number.
    """

    digest: str
    value: bytes
    issuer: bytes | str | None = None
    serial: int = 0

    def names(self, certificate: Certificate) -> bool:
        """Tell whether it is ``certificate`` that is meant."""
        if digests.digest(self.digest, certificate.der) != self.value:
            return False
        if self.issuer is None:
            return True
        if isinstance(self.issuer, str):
            return self.serial == certificate.serial and same_name(self.issuer, certificate.issuer)
        return self.serial == certificate.serial and Name(self.issuer) == certificate.issuer


class Over(StrEnum):
    """What a time-stamp is made over (clauses 5.2.8, 5.3 and 5.5.2)."""

    CONTENT = "content"
    SIGNATURE = "signature"
    ARCHIVE = "archive"


@mypyc_attr(native_class=False)
@dataclass(frozen=True, slots=True)
class Timestamp:
    """A token; what it is made over is put together by :mod:`egov_sign.docs.xades_imprint`.

    Attributes:
        token: DER.
        over: what it is made over.
        method: how XML was canonicalised for it.
        element: the property it stands in.
        references: Ids of the references to the content it is over, in their order; ``None`` means all of them.
    """

    token: bytes
    over: Over
    method: c14n.C14nMethod
    element: etree._Element
    references: tuple[str, ...] | None = None


@mypyc_attr(native_class=False)
@dataclass(frozen=True, slots=True)
class Unsigned:
    """One unsigned property.

    Attributes:
        element: the property.
        timestamps: the tokens in it.
        evidence: certificates and revocation information in it.
    """

    element: etree._Element
    timestamps: tuple[Timestamp, ...] = ()
    evidence: Evidence = field(default_factory=Evidence)


@dataclass(slots=True)
class Properties:
    """The qualifying properties of one signature.

    Attributes:
        signed: the SignedProperties element.
        signing_time: what the signer claims; ``None`` if nothing readable.
        certificates: the signing certificate first.
        content_timestamps: over what is signed.
        unsigned: what was added later, in its order.
        unsupported: names of time-stamp properties that are not judged.
    """

    signed: etree._Element
    signing_time: datetime | None = None
    certificates: tuple[CertificateReference, ...] = ()
    content_timestamps: tuple[Timestamp, ...] = ()
    unsigned: list[Unsigned] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)

    @property
    def timestamps(self) -> tuple[Timestamp, ...]:
        """Those over the signature alone."""
        return tuple(self._added(Over.SIGNATURE))

    @property
    def archive_timestamps(self) -> tuple[Timestamp, ...]:
        """Those over all that stands before them."""
        return tuple(self._added(Over.ARCHIVE))

    @property
    def evidence(self) -> Evidence:
        """Certificates and revocation information that was added."""
        return united(one.evidence for one in self.unsigned)

    @property
    def is_stamped(self) -> bool:
        """Whether there is any time-stamp to judge."""
        return bool(self.content_timestamps) or any(one.timestamps for one in self.unsigned)

    def _added(self, over: Over) -> Iterator[Timestamp]:
        return (stamp for one in self.unsigned for stamp in one.timestamps if stamp.over is over)

    @property
    def level(self) -> Level:
        """The level of which it has the shape."""
        if not self.certificates:
            return Level.XMLDSIG
        if not self.timestamps:
            return Level.B_B
        if not self.evidence.has_revocation:
            return Level.B_T
        return Level.B_LTA if self.archive_timestamps else Level.B_LT


def read_properties(signature: Signature) -> Properties | None:
    """Return the qualifying properties of ``signature``; ``None`` if it has none.

    Raises:
        Refusal: FORMAT_FAILURE if there is more than one set, for another signature, or malformed.
    """
    found = [child for item in signature.objects for child in item.iterchildren(XADES + "QualifyingProperties")]
    elsewhere = [item for one in signature.objects for item in one.iter(XADES + "QualifyingPropertiesReference")]
    if elsewhere or len(found) > 1:
        count = len(found) + len(elsewhere)
        raise Refusal("XADES_SEVERAL", SubIndication.FORMAT_FAILURE, signature.where, count=count)
    if not found:
        return None
    where = signature.where
    qualifying = found[0]
    if not signature.id or qualifying.get("Target") != "#" + signature.id:
        raise Refusal("XADES_TARGET", SubIndication.FORMAT_FAILURE, where, target=qualifying.get("Target", ""))
    signed = list(qualifying.iterchildren(XADES + "SignedProperties"))
    if len(signed) != 1:
        raise Refusal("XADES_MALFORMED", SubIndication.FORMAT_FAILURE, where)
    properties = Properties(signed[0])
    for item in signed[0].iterchildren(XADES + "SignedSignatureProperties"):
        _read_signed(item, properties, where)
    for item in signed[0].iterchildren(XADES + "SignedDataObjectProperties"):
        for child in item.iterchildren(*_CONTENT_TIMESTAMPS):
            properties.content_timestamps += _read_timestamps(child, Over.CONTENT, properties, where)
    added = qualifying.findall(f"{XADES}UnsignedProperties/{XADES}UnsignedSignatureProperties")
    if len(added) > 1:  # an archive time-stamp covers those before it in one of them
        raise Refusal("XADES_MALFORMED", SubIndication.FORMAT_FAILURE, where)
    for item in added:
        properties.unsigned += [_read_unsigned(child, properties, where) for child in item.iterchildren("*")]
    return properties


def check_bound(properties: Properties | None, signature: Signature, covered: Sequence[Covered]) -> None:
    """Make sure that ``signature`` covers its SignedProperties; ``covered`` are its references that match.

    A signature over properties that do not stand where they belong is refused, too: whoever moved them away would
    otherwise be rid of what they say.

    Raises:
        Refusal: FORMAT_FAILURE if no Reference is for them, SIGNED_DATA_NOT_FOUND if it leads to something else.
    """
    bound = any(reference.type == TYPE_SIGNED_PROPERTIES for reference in signature.references)
    if properties is None and not bound:
        return
    if not bound:
        raise Refusal("XADES_UNBOUND", SubIndication.FORMAT_FAILURE, signature.where)
    for item in covered:
        if properties and item.reference.type == TYPE_SIGNED_PROPERTIES and item.is_all_of(properties.signed):
            return
    raise Refusal("XADES_OTHER_PROPERTIES", SubIndication.SIGNED_DATA_NOT_FOUND, signature.where)


def check_counter_signature(signature: Signature, covered: Sequence[Covered]) -> str:
    """Return the path of the signature that ``signature`` confirms; empty if it is no counter-signature.

    Raises:
        Refusal: FORMAT_FAILURE for a counter-signature that does not cover the value of the signature it stands in.
    """
    holder = signature.element.getparent()
    if holder is None or holder.tag != XADES + "CounterSignature":
        return ""
    confirmed = next(holder.iterancestors(SIGNATURE), None)
    for item in covered:
        apex = item.nodes.apex if item.nodes and not item.is_filtered else None
        if apex is not None and apex.tag == DS + "SignatureValue" and apex.getparent() is confirmed:
            return apex.getroottree().getpath(apex.getparent())  # type: ignore[arg-type]
    raise Refusal("XADES_COUNTER_SIGNATURE", SubIndication.FORMAT_FAILURE, signature.where)


def _read_signed(element: etree._Element, properties: Properties, where: str) -> None:
    for child in element.iterchildren("*"):
        if child.tag == XADES + "SigningTime":
            properties.signing_time = _read_time(text_of(child).strip())
        elif child.tag in {XADES + "SigningCertificate", XADES + "SigningCertificateV2"}:
            read = tuple(_read_cert(item, where) for item in child.iterchildren(XADES + "Cert"))
            if not read or properties.certificates:
                raise Refusal("XADES_MALFORMED", SubIndication.FORMAT_FAILURE, where)
            properties.certificates = read


def _read_time(text: str) -> datetime | None:
    try:
        return parse_time(text) if _DATE_TIME.fullmatch(text) else None
    except ConfigurationError:
        return None


def _read_cert(element: etree._Element, where: str) -> CertificateReference:
    children = list(element.iterchildren("*"))
    parts = {child.tag: child for child in children}
    chosen = parts.get(XADES + "CertDigest")
    method = chosen.find(DS + "DigestMethod") if chosen is not None else None
    value = chosen.find(DS + "DigestValue") if chosen is not None else None
    if method is None or value is None or len(parts) != len(children):
        raise Refusal("XADES_MALFORMED", SubIndication.FORMAT_FAILURE, where)
    digest, octets = digest_name(method), base64_of(value)
    if XADES + "IssuerSerialV2" in parts:
        return CertificateReference(digest, octets, *_read_issuer_serial_v2(parts[XADES + "IssuerSerialV2"], where))
    if XADES + "IssuerSerial" in parts:
        return CertificateReference(digest, octets, *read_issuer_serial(parts[XADES + "IssuerSerial"]))
    return CertificateReference(digest, octets)


def _read_issuer_serial_v2(element: etree._Element, where: str) -> tuple[bytes, int]:
    """Read a base64 DER IssuerSerial (RFC 5035, section 5.3) with one directory name."""
    try:
        whole = der.Reader(base64_of(element))
        fields = whole.enter()
        whole.finish()
        names, serial = fields.enter(), fields.integer()
        fields.finish()
        issuer = names.enter(der.explicit(4)).element(der.SEQUENCE)
        names.finish()
    except InputError:
        raise Refusal("XADES_MALFORMED", SubIndication.FORMAT_FAILURE, where) from None
    return issuer, serial


_INDIVIDUAL = XADES + "IndividualDataObjectsTimeStamp"
_CONTENT_TIMESTAMPS = (XADES + "AllDataObjectsTimeStamp", _INDIVIDUAL)
_ADDED_TIMESTAMPS = {XADES + "SignatureTimeStamp": Over.SIGNATURE, XADES141 + "ArchiveTimeStamp": Over.ARCHIVE}
_UNSUPPORTED_TIMESTAMPS = {
    XADES + "ArchiveTimeStamp",
    XADES + "SigAndRefsTimeStamp",
    XADES + "RefsOnlyTimeStamp",
    XADES141 + "SigAndRefsTimeStampV2",
    XADES141 + "RefsOnlyTimeStampV2",
}
_CERTIFICATE_VALUES = {XADES + "CertificateValues", XADES141 + "TimeStampValidationData"}
_REVOCATION_VALUES = {XADES + "RevocationValues", XADES141 + "TimeStampValidationData"}


def _read_unsigned(element: etree._Element, properties: Properties, where: str) -> Unsigned:
    tag = str(element.tag)
    if tag in _ADDED_TIMESTAMPS:
        return Unsigned(element, _read_timestamps(element, _ADDED_TIMESTAMPS[tag], properties, where))
    if tag in _UNSUPPORTED_TIMESTAMPS:
        properties.unsupported.append(etree.QName(element).localname)
    certificates = _all(element, "EncapsulatedX509Certificate", where) if tag in _CERTIFICATE_VALUES else ()
    crls, ocsps = (
        _all(element, name, where) if tag in _REVOCATION_VALUES else ()
        for name in ("EncapsulatedCRLValue", "EncapsulatedOCSPValue")
    )
    return Unsigned(element, evidence=Evidence(certificates, crls, ocsps))


def _read_timestamps(element: etree._Element, over: Over, properties: Properties, where: str) -> tuple[Timestamp, ...]:
    """Read a container of time-stamps; it is unsupported if it says what it is over in a way that is not known here."""
    uri, references, tokens = c14n.INCLUSIVE.uri, [], []
    for child in element.iterchildren("*"):
        if child.tag == DS + "CanonicalizationMethod":
            uri = child.get("Algorithm", "")
        elif child.tag == XADES + "EncapsulatedTimeStamp":
            tokens.append(base64_of(child))
        elif child.tag == XADES + "Include" and element.tag == _INDIVIDUAL:
            if not child.get("URI", "").startswith("#") or child.get("referencedData") not in {"true", "1"}:
                raise Refusal("XADES_MALFORMED", SubIndication.FORMAT_FAILURE, where)
            references.append(child.get("URI", "")[1:])
        else:
            properties.unsupported.append(etree.QName(element).localname)
            return ()
    method = c14n.METHODS.get(uri)
    if method is None:
        raise Refusal("XML_C14N_REFUSED", SubIndication.FORMAT_FAILURE, where, algorithm=uri)
    chosen = tuple(references) if element.tag == _INDIVIDUAL else None
    return tuple(Timestamp(token, over, method, element, chosen) for token in tokens)


def _all(element: etree._Element, name: str, where: str) -> tuple[bytes, ...]:
    return tuple(base64_of(item) for item in element.iter(XADES + name))
