"""The structure of ``ds:Signature``: what it may look like, read into plain objects.

Sources: W3C XML Signature Syntax and Processing 1.1 (2013), sections 4 and 5; RFC 9231 for identifiers.

Nothing is believed here and nothing is verified; but whatever does not have exactly the form of the standard is
refused, so that later steps cannot be led to two readings of it: one SignedInfo, at least one Reference, digest and
signature values that are base64 and nothing else.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from egov_sign.crypto import algorithms, digests
from egov_sign.crypto.algorithms import SignatureAlgorithm
from egov_sign.docs import c14n
from egov_sign.docs.c14n import C14nMethod
from egov_sign.docs.refusal import Refusal
from egov_sign.docs.xmlparse import path_of, text_of
from egov_sign.errors import UnsupportedError
from egov_sign.limits import Limits
from egov_sign.verdict import SubIndication

DS_NS = "http://www.w3.org/2000/09/xmldsig#"
DSIG11_NS = "http://www.w3.org/2009/xmldsig11#"
WSU_NS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"

DS = f"{{{DS_NS}}}"
SIGNATURE = DS + "Signature"
SIGNED_INFO = DS + "SignedInfo"
KEY_INFO = DS + "KeyInfo"
OBJECT = DS + "Object"
REFERENCE = DS + "Reference"
_FIRST = [SIGNED_INFO, DS + "SignatureValue"]
_FIRST_SIGNED = [DS + "CanonicalizationMethod", DS + "SignatureMethod", REFERENCE]
_TRANSFORMS = DS + "Transforms"
_TRANSFORM = DS + "Transform"
_DIGEST = [DS + "DigestMethod", DS + "DigestValue"]
ENVELOPED = DS_NS + "enveloped-signature"
BASE64 = DS_NS + "base64"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
XPATH_FILTER2 = "http://www.w3.org/2002/06/xmldsig-filter2"

ID_ATTRIBUTES = ("Id", "ID", "id", f"{{{c14n.XML_NS}}}id", f"{{{WSU_NS}}}Id")
"""Every spelling of an identifier that some verifier resolves; all of them share one space here."""


_FILTERS = {XPATH: DS + "XPath", XPATH_FILTER2: f"{{{XPATH_FILTER2}}}XPath"}
"""Algorithms of filters, with the element that holds the expression."""
_ALL_SAVE_SIGNATURES = re.compile(r"not\s*\(\s*ancestor-or-self\s*::\s*([\w.-]+):Signature\s*\)")
_SIGNATURES = re.compile(r"(?:/descendant::|//)([\w.-]+):Signature")


class Transform(NamedTuple):
    """One step from the referenced data to the digested octets.

    Attributes:
        uri: its algorithm.
        inclusive_prefixes: PrefixList of exclusive canonicalisation, ``""`` for the default namespace.
        xpath: the expression of an XPath transform.
        namespaces: the prefixes in scope at the expression.
        leaves_out_signatures: whether it is a filter that says nothing but "all save the signatures", as software of
            the European Union writes instead of enveloped-signature; it needs no evaluation.
    """

    uri: str
    inclusive_prefixes: tuple[str, ...] = ()
    xpath: str = ""
    namespaces: tuple[tuple[str, str], ...] = ()
    leaves_out_signatures: bool = False


class Reference(NamedTuple):
    """``ds:Reference``: what is signed, how it becomes octets, and their digest.

    Attributes:
        uri: ``None`` where the attribute is absent, which is not the same as empty.
        digest: name of the digest (:mod:`egov_sign.crypto.digests`).
        element: where it stands; ``None`` for one that is yet to be written.
    """

    uri: str | None
    type: str
    id: str
    transforms: tuple[Transform, ...]
    digest: str
    digest_value: bytes
    element: etree._Element | None = None

    @property
    def where(self) -> str:
        """The reference in words for findings."""
        return (self.uri or "") if self.element is None else path_of(self.element)


class Signature(NamedTuple):
    """``ds:Signature``, its form checked, nothing verified.

    Attributes:
        element: where it stands in the document.
        value: the decoded SignatureValue.
        value_element: where it stands; the children of ``element`` may have comments between them.
        key_info: the element, if there is one.
        objects: its ``ds:Object`` children.
    """

    element: etree._Element
    id: str
    signed_info: etree._Element
    c14n_method: C14nMethod
    c14n_prefixes: tuple[str, ...]
    algorithm: SignatureAlgorithm
    references: tuple[Reference, ...]
    value: bytes
    value_element: etree._Element
    key_info: etree._Element | None
    objects: tuple[etree._Element, ...]

    @property
    def where(self) -> str:
        """The signature in words for findings."""
        return path_of(self.element)


def find_signatures(root: etree._Element) -> list[etree._Element]:
    """Return all ``ds:Signature`` elements in document order, nested ones too."""
    return list(root.iter(SIGNATURE))


def read_signature(element: etree._Element, limits: Limits) -> Signature:
    """Read ``element``, a ``ds:Signature``.

    Raises:
        Refusal: FORMAT_FAILURE for a structure that the standard does not allow;
            CRYPTO_CONSTRAINTS_FAILURE for an algorithm that is not known or not accepted here.
    """
    children = list(element.iterchildren("*"))
    names = [child.tag for child in children]
    if names[:2] != _FIRST or names.count(SIGNED_INFO) != 1:
        raise _malformed(element, "SignedInfo, SignatureValue, [KeyInfo], [Object …]")
    rest = children[2:]
    key_info = rest.pop(0) if rest and rest[0].tag == KEY_INFO else None
    if any(child.tag != OBJECT for child in rest):
        raise _malformed(element, "SignedInfo, SignatureValue, [KeyInfo], [Object …]")
    signed_info, value = children[:2]

    parts = list(signed_info.iterchildren("*"))
    names = [part.tag for part in parts]
    if names[:3] != _FIRST_SIGNED or names.count(REFERENCE) != len(names) - 2:
        raise _malformed(signed_info, "CanonicalizationMethod, SignatureMethod, Reference …")
    uri = parts[0].get("Algorithm", "")
    method = c14n.METHODS.get(uri)
    if method is None:
        raise Refusal("XML_C14N_REFUSED", SubIndication.FORMAT_FAILURE, parts[0], algorithm=uri)
    return Signature(
        element=element,
        id=element.get("Id", ""),
        signed_info=signed_info,
        c14n_method=method,
        c14n_prefixes=_inclusive_prefixes(parts[0]),
        algorithm=_signature_algorithm(parts[1]),
        references=tuple(read_references(parts[2:], limits)),
        value=base64_of(value),
        value_element=value,
        key_info=key_info,
        objects=tuple(rest),
    )


def read_references(elements: list[etree._Element], limits: Limits) -> Iterator[Reference]:
    """Read the ``ds:Reference`` elements of a SignedInfo or a Manifest.

    Raises:
        Refusal: as :func:`read_signature`.
    """
    if len(elements) > limits.xml_references:
        raise Refusal(
            "XML_TOO_MANY_REFERENCES",
            SubIndication.SIG_CONSTRAINTS_FAILURE,
            elements[0],
            count=len(elements),
            limit=limits.xml_references,
        )
    for element in elements:
        yield _read_reference(element, limits)


def _read_reference(element: etree._Element, limits: Limits) -> Reference:
    parts = list(element.iterchildren("*"))
    transforms: tuple[Transform, ...] = ()
    if parts and parts[0].tag == _TRANSFORMS:
        steps = list(parts.pop(0).iterchildren("*"))
        if len(steps) > limits.xml_transforms:
            raise Refusal(
                "XML_TOO_MANY_TRANSFORMS",
                SubIndication.SIG_CONSTRAINTS_FAILURE,
                element,
                count=len(steps),
                limit=limits.xml_transforms,
            )
        transforms = tuple([_read_transform(step) for step in steps])
    if [part.tag for part in parts] != _DIGEST:
        raise _malformed(element, "[Transforms], DigestMethod, DigestValue")
    return Reference(
        uri=element.get("URI"),
        type=element.get("Type", ""),
        id=element.get("Id", ""),
        transforms=transforms,
        digest=digest_name(parts[0]),
        digest_value=base64_of(parts[1]),
        element=element,
    )


def _read_transform(element: etree._Element) -> Transform:
    uri = element.get("Algorithm", "")
    if element.tag != _TRANSFORM:
        raise _malformed(element, "Transforms/Transform")
    if uri in _FILTERS:
        return _read_filter(element, uri)
    plain = _PLAIN_TRANSFORMS.get(uri)
    if plain is None:
        raise Refusal("XML_TRANSFORM_REFUSED", SubIndication.FORMAT_FAILURE, element, algorithm=uri)
    prefixes = _inclusive_prefixes(element)
    return Transform(uri, prefixes) if prefixes else plain


def _read_filter(element: etree._Element, uri: str) -> Transform:
    """Read an XPath filter; of XPath Filter 2.0 only what leaves out the signatures."""
    children = list(element.iterchildren("*"))
    if [child.tag for child in children] != [_FILTERS[uri]]:
        raise _malformed(element, "Transform/XPath")
    expression = text_of(children[0]).strip()
    scope = {prefix: name for prefix, name in children[0].nsmap.items() if prefix}
    form = _ALL_SAVE_SIGNATURES if uri == XPATH else _SIGNATURES
    found = form.fullmatch(expression)
    leaves_out = bool(found) and scope.get(found[1] if found else "") == DS_NS
    if uri == XPATH_FILTER2 and not (leaves_out and children[0].get("Filter") == "subtract"):
        raise Refusal("XML_TRANSFORM_REFUSED", SubIndication.FORMAT_FAILURE, element, algorithm=uri)
    return Transform(uri, xpath=expression, namespaces=tuple(scope.items()), leaves_out_signatures=leaves_out)


_PLAIN_TRANSFORMS = {uri: Transform(uri) for uri in (ENVELOPED, BASE64, *c14n.METHODS)}


def _inclusive_prefixes(element: etree._Element) -> tuple[str, ...]:
    """Return the PrefixList of a canonicalisation ``element``; nothing else may stand inside it."""
    if not len(element):
        return ()
    children = list(element.iterchildren("*"))
    if not children:
        return ()
    method = c14n.METHODS.get(element.get("Algorithm", ""))
    if (
        len(children) > 1
        or children[0].tag != f"{{{c14n.EXC_NS}}}InclusiveNamespaces"
        or not (method and method.exclusive)
    ):
        raise _malformed(element, "InclusiveNamespaces")
    return tuple("" if token == "#default" else token for token in children[0].get("PrefixList", "").split())  # noqa: S105


def _signature_algorithm(element: etree._Element) -> SignatureAlgorithm:
    uri = element.get("Algorithm", "")
    if "#hmac-" in uri:
        raise Refusal("XML_HMAC_REFUSED", SubIndication.FORMAT_FAILURE, element, algorithm=uri)
    if next(element.iterchildren("*"), None) is not None:
        raise _malformed(element, "SignatureMethod")
    try:
        return algorithms.by_xml_uri(uri)
    except UnsupportedError:
        raise Refusal(
            "XML_ALGORITHM_UNKNOWN", SubIndication.CRYPTO_CONSTRAINTS_FAILURE, element, algorithm=uri
        ) from None


def digest_name(element: etree._Element) -> str:
    """Return the name of the digest that the Algorithm of ``element`` stands for.

    Raises:
        Refusal: ``XML_ALGORITHM_UNKNOWN``.
    """
    uri = element.get("Algorithm", "")
    try:
        return digests.by_xml_uri(uri)
    except UnsupportedError:
        raise Refusal(
            "XML_ALGORITHM_UNKNOWN", SubIndication.CRYPTO_CONSTRAINTS_FAILURE, element, algorithm=uri
        ) from None


def base64_of(element: etree._Element) -> bytes:
    """Return what the base64 text of ``element`` stands for.

    Raises:
        Refusal: ``XML_BASE64`` if it holds anything but base64 and white space: a comment, an element, a letter.
    """
    text = element.text
    if text is None or len(element):
        raise Refusal("XML_BASE64", SubIndication.FORMAT_FAILURE, element)
    try:
        return decode_base64(text)
    except ValueError:
        raise Refusal("XML_BASE64", SubIndication.FORMAT_FAILURE, element) from None


def decode_base64(text: str) -> bytes:
    """Decode base64 with XML white space in it (RFC 2045, strict alphabet and padding).

    Raises:
        ValueError: for anything else.
    """
    compact = text.encode("ascii").replace(b"\n", b"")
    if b" " in compact or b"\t" in compact or b"\r" in compact:  # seldom, and much slower to take out
        compact = compact.translate(None, b" \t\r")
    if not compact:
        raise ValueError
    return binascii.a2b_base64(compact, strict_mode=True)


def _malformed(element: etree._Element, expected: str) -> Refusal:
    return Refusal("XML_SIGNATURE_MALFORMED", SubIndication.FORMAT_FAILURE, element, expected=expected)
