"""Signatures of any shape: what an attacker with a good certificate, or without one, could put into a document."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from lxml import etree

from egov_sign.crypto import digests
from egov_sign.crypto.algorithms import KeyType
from egov_sign.crypto.signer import KeySigner
from egov_sign.docs import c14n
from egov_sign.docs.sigvalue import from_x509
from egov_sign.docs.xmldsig import DS_NS, ENVELOPED
from egov_sign.docs.xmlparse import parse

REQUEST = (
    '<rq:Order xmlns:rq="urn:rq" Id="order"><IIN>850412110000</IIN><Note Id="note">Әлия</Note></rq:Order>'.encode()
)
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
ENVELOPED_STEPS = (ENVELOPED, c14n.INCLUSIVE_WITH_COMMENTS.uri)


def reference_xml(uri: str, octets: bytes, steps: Sequence[str] = ENVELOPED_STEPS, inner: str = "") -> str:
    """Return a Reference with a right digest of ``octets``; ``inner`` goes into the first Transform."""
    value = base64.b64encode(digests.digest("sha256", octets)).decode()
    transforms = "".join(
        f'<ds:Transform Algorithm="{step}">{inner if number == 0 else ""}</ds:Transform>'
        for number, step in enumerate(steps)
    )
    return (
        f'<ds:Reference URI="{uri}"><ds:Transforms>{transforms}</ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue>{value}</ds:DigestValue></ds:Reference>'
    )


def canonical(root: etree._Element) -> bytes:
    return c14n.canonicalize(root.getroottree(), c14n.INCLUSIVE)


def attach(
    document: bytes,
    signer: KeySigner,
    references: str | None = None,
    *,
    method: str = "",
    method_inner: str = "",
    key_info: str | None = None,
    objects: str = "",
) -> etree._Element:
    """Return ``document`` with a signature whose value is right, whatever stands in it; by default a good one."""
    root = parse(document)
    if references is None:
        references = reference_xml("", canonical(root))
    if key_info is None:
        key_info = certificate_xml(signer)
    signature = etree.fromstring(
        f'<ds:Signature xmlns:ds="{DS_NS}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{c14n.INCLUSIVE.uri}"/>'
        f'<ds:SignatureMethod Algorithm="{method or signer.algorithm.xml_uri}">{method_inner}</ds:SignatureMethod>'
        f"{references}</ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo>{key_info}</ds:KeyInfo>{objects}</ds:Signature>",
        etree.XMLParser(huge_tree=True),
    )
    root.append(signature)
    resign(signature, signer)
    return root


def certificate_xml(signer: KeySigner) -> str:
    encoded = base64.b64encode(signer.certificate).decode()
    return f"<ds:X509Data><ds:X509Certificate>{encoded}</ds:X509Certificate></ds:X509Data>"


def resign(signature: etree._Element, signer: KeySigner) -> None:
    """Make the value of ``signature`` right again."""
    value = signer.sign(c14n.canonicalize(signature[0], c14n.INCLUSIVE))
    if signer.algorithm.key_type is KeyType.EC:
        value = from_x509(value, signer.key.public_key())
    signature[1].text = base64.b64encode(value).decode()


def octets(root: etree._Element) -> bytes:
    return etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True)
