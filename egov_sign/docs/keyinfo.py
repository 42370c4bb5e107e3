"""``ds:KeyInfo``: what a signature says about its key. Hints only; nothing here is trusted.

Source: W3C XML Signature 1.1, section 4.5. Certificates, key values and the ways to name a certificate are read;
whatever would make a verifier look elsewhere (RetrievalMethod, KeyInfoReference) is refused.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from lxml import etree

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.name import SHORT_NAMES, Name, prepare
from egov_sign.crypto import der_write as der
from egov_sign.crypto import digests
from egov_sign.docs.refusal import Refusal
from egov_sign.docs.xmldsig import DS, DSIG11_NS, base64_of, digest_name
from egov_sign.docs.xmlparse import text_of
from egov_sign.errors import InputError
from egov_sign.limits import Limits
from egov_sign.verdict import SubIndication

_DSIG11 = f"{{{DSIG11_NS}}}"
WSSE_NS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
TOKEN_REFERENCE = f"{{{WSSE_NS}}}SecurityTokenReference"
KEY_IDENTIFIER = f"{{{WSSE_NS}}}KeyIdentifier"
X509_V3 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
X509_SKI = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509SubjectKeyIdentifier"
THUMBPRINT = "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1"

_ELSEWHERE = {DS + "RetrievalMethod", _DSIG11 + "KeyInfoReference"}
_RSA = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.NULL)
_EC = "1.2.840.10045.2.1"
_DSA = "1.2.840.10040.4.1"


@dataclass(slots=True)
class KeyInfo:
    """The contents of a KeyInfo.

    Attributes:
        certificates: in the order of the document.
        key_values: DER SubjectPublicKeyInfo of each KeyValue and DEREncodedKeyValue.
        issuer_serials: issuer names as text with serial numbers.
        subject_names: subjects as text.
        key_ids: subject key identifiers.
        digests: digest name and digest of a certificate.
        crls: DER revocation lists.
    """

    certificates: list[Certificate] = field(default_factory=list)
    key_values: list[bytes] = field(default_factory=list)
    issuer_serials: list[tuple[str, int]] = field(default_factory=list)
    subject_names: list[str] = field(default_factory=list)
    key_ids: list[bytes] = field(default_factory=list)
    digests: list[tuple[str, bytes]] = field(default_factory=list)
    crls: list[bytes] = field(default_factory=list)

    def names(self, certificate: Certificate) -> bool:
        """Tell whether of each kind of hint that is given one fits ``certificate``; others may name its issuers."""
        return (
            _one_of(
                self.issuer_serials, lambda it: it[1] == certificate.serial and same_name(it[0], certificate.issuer)
            )
            and _one_of(self.subject_names, lambda text: same_name(text, certificate.subject))
            and (not self.key_ids or _key_id(certificate) in self.key_ids)
            and (not self.digests or _is_digested(certificate, self.digests))
        )

    @property
    def has_hints(self) -> bool:
        """Whether it names a certificate beside or instead of holding it."""
        return bool(self.issuer_serials or self.subject_names or self.key_ids or self.digests)


_T = TypeVar("_T")


def _one_of(hints: Sequence[_T], fits: Callable[[_T], bool]) -> bool:
    return not hints or any(map(fits, hints))


def _key_id(certificate: Certificate) -> bytes | None:
    """Return the key identifier of ``certificate``; ``None`` also if it cannot be read, which is told with its form."""
    try:
        return certificate.ski
    except InputError:
        return None


def _is_digested(certificate: Certificate, hints: Sequence[tuple[str, bytes]]) -> bool:
    made = {name: digests.digest(name, certificate.der) for name in {name for name, _ in hints}}
    return any(made[name] == value for name, value in hints)


def read_key_info(element: etree._Element | None, limits: Limits) -> KeyInfo:
    """Read a ``ds:KeyInfo``; ``None`` gives an empty one.

    Raises:
        Refusal: FORMAT_FAILURE for what cannot be read or leads elsewhere.
    """
    info = KeyInfo()
    if element is None:
        return info
    for child in element.iterchildren("*"):
        if child.tag in _ELSEWHERE:
            kind = etree.QName(child).localname
            raise Refusal("XML_KEY_ELSEWHERE", SubIndication.FORMAT_FAILURE, element, kind=kind)
        if child.tag == DS + "X509Data":
            _read_x509_data(child, info, limits)
        elif child.tag == TOKEN_REFERENCE:
            _read_token_reference(child, info, limits)
        elif child.tag == DS + "KeyValue":
            info.key_values.append(_read_key_value(child))
        elif child.tag == _DSIG11 + "DEREncodedKeyValue":
            info.key_values.append(base64_of(child))
    hints = len(info.issuer_serials) + len(info.subject_names) + len(info.key_ids) + len(info.digests)
    if hints > limits.certificates:  # each is held against each certificate
        raise Refusal(
            "XML_TOO_MANY_CERTIFICATES", SubIndication.SIG_CONSTRAINTS_FAILURE, element, limit=limits.certificates
        )
    return info


def _read_x509_data(element: etree._Element, info: KeyInfo, limits: Limits) -> None:
    for child in element.iterchildren("*"):
        tag = child.tag
        if tag == DS + "X509Certificate":
            _add_certificate(child, info, limits)
        elif tag == DS + "X509IssuerSerial":
            info.issuer_serials.append(read_issuer_serial(child))
        elif tag == DS + "X509SubjectName":
            info.subject_names.append(text_of(child))
        elif tag == DS + "X509SKI":
            info.key_ids.append(base64_of(child))
        elif tag == DS + "X509CRL":
            info.crls.append(base64_of(child))
        elif tag == _DSIG11 + "X509Digest":
            info.digests.append((digest_name(child), base64_of(child)))


def _add_certificate(element: etree._Element, info: KeyInfo, limits: Limits) -> None:
    if len(info.certificates) >= limits.xml_certificates:
        raise Refusal(
            "XML_TOO_MANY_CERTIFICATES", SubIndication.SIG_CONSTRAINTS_FAILURE, element, limit=limits.xml_certificates
        )
    try:
        info.certificates.append(Certificate.load(base64_of(element), limits))
    except InputError as error:
        raise Refusal("XML_CERT_UNREADABLE", SubIndication.FORMAT_FAILURE, element, reason=error.code) from None


def _read_token_reference(element: etree._Element, info: KeyInfo, limits: Limits) -> None:
    """Read a ``wsse:SecurityTokenReference`` (WS-Security 1.1.1, section 7; X.509 token profile, section 3)."""
    children = list(element.iterchildren("*"))
    if len(children) != 1:
        raise Refusal("XML_KEY_INFO_MALFORMED", SubIndication.FORMAT_FAILURE, element)
    child = children[0]
    if child.tag == DS + "X509Data":
        _read_x509_data(child, info, limits)
        return
    if child.tag != KEY_IDENTIFIER:
        kind = etree.QName(child).localname
        raise Refusal("XML_KEY_ELSEWHERE", SubIndication.FORMAT_FAILURE, element, kind=kind)
    kind = child.get("ValueType", "")
    if kind == X509_V3:
        _add_certificate(child, info, limits)
    elif kind == X509_SKI:
        info.key_ids.append(base64_of(child))
    elif kind == THUMBPRINT:
        info.digests.append(("sha1", base64_of(child)))
    else:
        raise Refusal("XML_KEY_INFO_MALFORMED", SubIndication.FORMAT_FAILURE, element)


def read_issuer_serial(element: etree._Element) -> tuple[str, int]:
    """Return the issuer's name as text and the serial number of an X509IssuerSerialType.

    Raises:
        Refusal: ``XML_KEY_INFO_MALFORMED``.
    """
    children = list(element.iterchildren("*"))
    if [child.tag for child in children] == [DS + "X509IssuerName", DS + "X509SerialNumber"]:
        serial = text_of(children[1]).strip()
        if re.fullmatch(r"[0-9]{1,50}", serial):
            return text_of(children[0]), int(serial)
    raise Refusal("XML_KEY_INFO_MALFORMED", SubIndication.FORMAT_FAILURE)


def _read_key_value(element: etree._Element) -> bytes:
    """Return the key as SubjectPublicKeyInfo (section 4.5.2; RFC 5480, RFC 3279 for its form)."""
    value = next(element.iterchildren("*"), None)
    if value is None:
        raise Refusal("XML_KEY_INFO_MALFORMED", SubIndication.FORMAT_FAILURE, element)
    parts = {etree.QName(part).localname: part for part in value.iterchildren("*")}

    def number(name: str) -> bytes:
        return der.integer(int.from_bytes(base64_of(parts[name]), "big"))

    try:
        if value.tag == DS + "RSAKeyValue":
            algorithm, key = _RSA, der.sequence(number("Modulus"), number("Exponent"))
        elif value.tag == DS + "DSAKeyValue":
            parameters = der.sequence(number("P"), number("Q"), number("G"))
            algorithm, key = der.sequence(der.oid(_DSA), parameters), number("Y")
        elif value.tag == _DSIG11 + "ECKeyValue":
            curve = parts["NamedCurve"].get("URI", "").removeprefix("urn:oid:")
            algorithm = der.sequence(der.oid(_EC), der.oid(curve))
            key = base64_of(parts["PublicKey"])
        else:
            kind = etree.QName(value).localname
            raise Refusal("XML_KEY_VALUE_UNKNOWN", SubIndication.FORMAT_FAILURE, element, kind=kind)
    except (KeyError, ValueError):
        raise Refusal("XML_KEY_INFO_MALFORMED", SubIndication.FORMAT_FAILURE, element) from None
    return der.sequence(algorithm, der.bit_string(key))


_OIDS = {label.upper(): oid for oid, label in SHORT_NAMES.items()} | {
    "E": "1.2.840.113549.1.9.1",
    "S": "2.5.4.8",
    "GIVENNAME": "2.5.4.42",
    "SURNAME": "2.5.4.4",
    "T": "2.5.4.12",
}
_RDN_END = re.compile(r"(?:[^\\,+;\"]|\\.|\"(?:[^\"\\]|\\.)*\")*", re.DOTALL)
_ESCAPE = re.compile(r"(?:\\[0-9A-Fa-f]{2})+|\\(.)", re.DOTALL)


_LONGEST_NAME = 8192
"""No name that anybody uses is longer as text."""
_REMEMBERED_NAMES = 512


def same_name(text: str, name: Name) -> bool:
    """Tell whether ``text`` (RFC 4514, with the freedoms found in the wild) is ``name``; either order of attributes."""
    wanted = _read_name(text) if len(text) <= _LONGEST_NAME else None
    try:
        if wanted is None or len(wanted) != len(name.attributes):
            return False
        return wanted == tuple(sorted((item.oid, prepare(item.text)) for item in name.attributes))
    except InputError:
        return False


@lru_cache(_REMEMBERED_NAMES)
def _read_name(text: str) -> tuple[tuple[str, str], ...] | None:
    """Return the attributes in ``text``, sorted; ``None`` if it cannot be read. It is held against many names."""
    try:
        return tuple(sorted(_pairs(text)))
    except ValueError:
        return None


def _pairs(text: str) -> list[tuple[str, str]]:
    pairs = []
    position = 0
    while position < len(text):
        found = _RDN_END.match(text, position)
        if not found or found.end() == position:
            raise ValueError(text)
        label, separator, value = found[0].partition("=")
        if not separator:
            raise ValueError(text)
        label = label.strip().upper()
        pairs.append((_OIDS.get(label, label.removeprefix("OID.")), prepare(_unescape(value.strip()))))
        position = found.end() + 1
    return pairs


def _unescape(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    if value.startswith("#"):
        return _decode_hex(value)
    return _ESCAPE.sub(lambda m: m[1] or binascii.unhexlify(m[0].replace("\\", "")).decode("utf-8"), value)


def _decode_hex(value: str) -> str:
    """Return the text of ``#`` and the hexadecimal BER of a string (RFC 4514, section 2.4)."""
    encoded = binascii.unhexlify(value[1:])
    if len(encoded) < 2 or encoded[1] != len(encoded) - 2:
        return value
    return encoded[2:].decode("utf-8")
