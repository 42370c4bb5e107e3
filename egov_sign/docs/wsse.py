"""Signing the Body of a SOAP envelope in the gateway's shape of WS-Security.

Sources: OASIS WS-Security 1.1.1 and its X.509 token profile; the shape was read from signed messages of the country:
one Signature in one Security header, exclusive canonicalisation throughout, one Reference to the ``wsu:Id`` of Body,
the certificate in a KeyIdentifier. The gateway's own answers name the certificate by issuer and serial number instead.
"""

from __future__ import annotations

import base64
import uuid
from enum import StrEnum
from xml.sax.saxutils import escape

from lxml import etree

from egov_sign.certs.certificate import Certificate
from egov_sign.crypto.signer import Signer
from egov_sign.docs import c14n
from egov_sign.docs.keyinfo import WSSE_NS, X509_V3
from egov_sign.docs.references import XmlDocument
from egov_sign.docs.soap import HEADER, SECURITY, SOAP, Envelope
from egov_sign.docs.xmldsig import SIGNATURE, WSU_NS, Transform
from egov_sign.docs.xmlparse import parse
from egov_sign.docs.xmlsign import Making, Part
from egov_sign.errors import ConfigurationError
from egov_sign.limits import DEFAULT_LIMITS, Limits

WSU_ID = f"{{{WSU_NS}}}Id"
_BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"

etree.register_namespace("wsu", WSU_NS)


class KeyReference(StrEnum):
    """How a signature names its certificate."""

    CERTIFICATE = "certificate"
    """Holds it."""
    ISSUER_SERIAL = "issuer-serial"
    """Names its issuer and serial number; the receiver has to have it."""


def sign_body(
    envelope: bytes,
    signer: Signer,
    *,
    reference: KeyReference = KeyReference.CERTIFICATE,
    identifier: str = "",
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """Return ``envelope`` with a Security header that signs its Body.

    Args:
        envelope: SOAP 1.1, not signed yet.
        signer: the system that sends it.
        reference: how the certificate is named.
        identifier: the ``wsu:Id`` Body gets if it has none; by default a random one.
        limits: bounds for reading ``envelope``.

    Raises:
        InputError: ``SOAP_MALFORMED``, or it is not XML that can be read; ``SIGN_REFERENCE`` if another element has
            the identifier of Body.
        ConfigurationError: ``SIGN_TWICE`` if it has a signature already; ``SIGN_ALGORITHM``.
    """
    root = parse(envelope, limits)
    parts = Envelope.of(root)
    if any(header.find(SIGNATURE) is not None for header in parts.security):
        raise ConfigurationError("SIGN_TWICE", "the envelope has a signature in its Security header already")
    known = parts.body.get(WSU_ID) or parts.body.get("Id")
    if known is None:
        known = identifier or f"id-{uuid.uuid4()}"
        parts.body.set(WSU_ID, known)
    making = Making(signer, c14n.EXCLUSIVE, "", key_info=_key_info(signer, reference))
    target = Part("#" + known, (Transform(c14n.EXCLUSIVE.uri),))
    making.into(_security(parts), [target], XmlDocument(root, limits), extra=None)
    return etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True)


def _security(envelope: Envelope) -> etree._Element:
    header = envelope.header
    if header is None:
        header = etree.Element(HEADER)
        envelope.root.insert(0, header)
    if envelope.security:
        return envelope.security[0]
    return etree.SubElement(header, SECURITY, {SOAP + "mustUnderstand": "1"}, nsmap={"wsse": WSSE_NS})


def _key_info(signer: Signer, reference: KeyReference) -> str:
    start = f'<wsse:SecurityTokenReference xmlns:wsse="{WSSE_NS}">'
    end = "</wsse:SecurityTokenReference>"
    if reference is KeyReference.ISSUER_SERIAL:
        certificate = Certificate.load(signer.certificate)
        return (
            f"{start}<ds:X509Data><ds:X509IssuerSerial>"
            f"<ds:X509IssuerName>{escape(certificate.issuer.rfc4514())}</ds:X509IssuerName>"
            f"<ds:X509SerialNumber>{certificate.serial}</ds:X509SerialNumber>"
            f"</ds:X509IssuerSerial></ds:X509Data>{end}"
        )
    encoded = base64.b64encode(signer.certificate).decode("ascii")
    return (
        f'{start}<wsse:KeyIdentifier EncodingType="{_BASE64}" ValueType="{X509_V3}">{encoded}</wsse:KeyIdentifier>{end}'
    )
