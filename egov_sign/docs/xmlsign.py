"""Signing XML: the country's enveloped shape, an element by its Id, enveloping, detached.

Sources: W3C XML Signature 1.1, section 3.1 (generation); the shapes were read from signed documents of the country:
a Signature as last child of the root, inclusive canonicalisation, one Reference with an empty URI; or, for one element,
exclusive canonicalisation and a Reference to its Id.

The digests are computed by the code that verifies them (:func:`egov_sign.docs.references.cover`). Pure: the key is the
signer's, the time is none of this module's business.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from xml.sax.saxutils import quoteattr

from lxml import etree

from egov_sign.certs.certificate import Certificate
from egov_sign.crypto import digests
from egov_sign.crypto.algorithms import KeyType
from egov_sign.crypto.signer import Signer
from egov_sign.docs import c14n
from egov_sign.docs.c14n import C14nMethod
from egov_sign.docs.references import Covered, XmlDocument, cover
from egov_sign.docs.refusal import Refusal
from egov_sign.docs.sigvalue import from_x509
from egov_sign.docs.xmldsig import (
    BASE64,
    DS,
    DS_NS,
    ENVELOPED,
    Reference,
    Transform,
    find_signatures,
)
from egov_sign.docs.xmlparse import parse
from egov_sign.errors import ConfigurationError, InputError
from egov_sign.limits import DEFAULT_LIMITS, Limits

_WITHOUT_OWN_DIGEST = {KeyType.ED25519: "sha512", KeyType.ED448: "sha512"}


@dataclass(frozen=True, slots=True)
class Part:
    """One thing to be signed: what goes into a ds:Reference.

    Attributes:
        uri: as in :class:`egov_sign.docs.xmldsig.Reference`.
        transforms: the steps to the octets.
        type: the Type attribute, for XAdES properties and manifests.
        id: the Id attribute.
    """

    uri: str | None
    transforms: tuple[Transform, ...] = ()
    type: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Extra:
    """What is signed beside the content: a ds:Object inside the signature and the reference to it.

    Attributes:
        object_xml: the children of the ds:Object as text; namespaces declared in it.
        part: the reference.
        complete: given the signature and what it covers of the content, adds what can only be known then.
    """

    object_xml: str
    part: Part
    complete: Callable[[etree._Element, Sequence[Covered]], None] | None = None


MakeExtra = Callable[[str, Sequence[str]], Extra]
"""Makes what is signed besides, given the Id of the signature and those of the references to the content
(:func:`egov_sign.docs.xades_sign.signed_properties`)."""


def sign_enveloped(
    document: bytes | etree._Element,
    signer: Signer,
    *,
    digest: str = "",
    extra: MakeExtra | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """Sign the whole ``document`` in the shape used in the country; a further signature covers the earlier ones.

    Args:
        document: XML octets, or the root of a tree (which gets the signature as its last child).
        signer: the key and its certificate.
        digest: name of the digest of the reference; by default that of the signature algorithm.
        extra: what is signed besides.
        limits: bounds for reading ``document``.

    Returns:
        The signed document in UTF-8 with an XML declaration.

    Raises:
        InputError: ``document`` cannot be read.
    """
    root = _root(document, limits)
    part = Part("", (Transform(ENVELOPED), Transform(c14n.INCLUSIVE_WITH_COMMENTS.uri)))
    Making(signer, c14n.INCLUSIVE, digest).into(root, [part], XmlDocument(root, limits), extra=extra)
    return _octets(root)


def sign_element(
    document: bytes | etree._Element,
    signer: Signer,
    identifier: str,
    *,
    digest: str = "",
    extra: MakeExtra | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """Sign the one element with ``identifier``; the signature becomes the last child of the root.

    Args:
        document: XML octets, or the root of a tree.
        signer: the key and its certificate.
        identifier: value of the element's Id (also ``ID``, ``id``, ``xml:id``, ``wsu:Id``).
        digest: name of the digest of the reference; by default that of the signature algorithm.
        extra: what is signed besides.
        limits: bounds for reading ``document``.

    Raises:
        InputError: ``document`` cannot be read.
        ConfigurationError: ``SIGN_TARGET`` if not exactly one element has the identifier.
    """
    root = _root(document, limits)
    tree = XmlDocument(root, limits)
    try:
        target = tree.element_by_id(identifier)
    except Refusal as refusal:
        count = refusal.params["count"]
        raise ConfigurationError("SIGN_TARGET", f"{count} elements have the Id {identifier!r}, not one") from None
    enveloped = (Transform(ENVELOPED),) if target is root else ()
    steps = (*enveloped, Transform(c14n.INCLUSIVE_WITH_COMMENTS.uri))
    Making(signer, c14n.EXCLUSIVE, digest).into(root, [Part("#" + identifier, steps)], tree, extra=extra)
    return _octets(root)


def sign_enveloping(
    content: bytes | etree._Element,
    signer: Signer,
    *,
    digest: str = "",
    extra: MakeExtra | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """Return a ``ds:Signature`` that holds ``content`` in a ds:Object: an element as it is, octets as base64."""
    if isinstance(content, bytes):
        inner, steps = base64.encodebytes(content).decode("ascii"), (Transform(BASE64),)
    else:
        inner, steps = etree.tostring(content, encoding="unicode", with_tail=False), (Transform(c14n.EXCLUSIVE.uri),)
    making = Making(signer, c14n.EXCLUSIVE, digest)
    signed_object = f'<ds:Object Id="content-1">{inner}</ds:Object>'
    return _octets(
        making.into(None, [Part("#content-1", steps)], None, extra=extra, objects=signed_object, limits=limits)
    )


def sign_detached(
    contents: Mapping[str, bytes],
    signer: Signer,
    *,
    digest: str = "",
    extra: MakeExtra | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """Return a ``ds:Signature`` over ``contents``.

    Args:
        contents: octets by the URI they will be known under.
        signer: the key and its certificate.
        digest: name of the digest of the references; by default that of the signature algorithm.
        extra: what is signed besides.
        limits: bounds on what is read.

    Raises:
        ConfigurationError: ``SIGN_NOTHING`` if ``contents`` is empty.
    """
    if not contents:
        raise ConfigurationError("SIGN_NOTHING", "nothing was given to be signed")
    making = Making(signer, c14n.EXCLUSIVE, digest)
    parts = [Part(uri) for uri in contents]
    return _octets(making.into(None, parts, None, extra=extra, contents=contents, limits=limits))


class Making:
    """One signature in the making.

    Args:
        signer: the key and its certificate.
        method: how SignedInfo becomes octets.
        digest: name of the digest of the references; empty takes that of the signature algorithm.
        key_info: the children of ds:KeyInfo as text; empty gives X509Data with the signer's certificates.
    """

    def __init__(self, signer: Signer, method: C14nMethod, digest: str, *, key_info: str = "") -> None:
        self.signer = signer
        self.method = method
        self.key_info = key_info or _x509_data(signer)
        algorithm = signer.algorithm
        self.digest = digest or algorithm.digest or _WITHOUT_OWN_DIGEST[algorithm.key_type]
        if not algorithm.xml_uri:
            raise ConfigurationError("SIGN_ALGORITHM", f"{algorithm.name} has no identifier in XML signatures")

    def into(
        self,
        parent: etree._Element | None,
        parts: Sequence[Part],
        document: XmlDocument | None,
        *,
        extra: MakeExtra | None,
        objects: str = "",
        contents: Mapping[str, bytes] | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> etree._Element:
        """Append the signature to ``parent``, or make it a document of its own; return its element."""
        identifier = self._free_id(parent)
        addition = None
        if extra:
            parts = [replace(part, id=f"{identifier}-ref-{number}") for number, part in enumerate(parts, 1)]
            addition = extra(identifier, [part.id for part in parts])
            parts = [*parts, addition.part]
            objects += f"<ds:Object>{addition.object_xml}</ds:Object>"
        signature = parse(self._template(identifier, parts, objects).encode(), limits)
        if parent is not None:
            parent.append(signature)
        if document is None:
            document = XmlDocument(signature, limits, contents or {})
        document.changed()
        content = parts[:-1] if addition else parts
        covered = [self._fill_in(signature, number, part, document) for number, part in enumerate(content)]
        if addition:
            if addition.complete:
                addition.complete(signature, covered)
                document.changed()
            self._fill_in(signature, len(content), addition.part, document)
        octets = c14n.canonicalize(signature[0], self.method)
        signature[1].text = "\n" + base64.encodebytes(self._value(octets)).decode("ascii")
        return signature

    def _free_id(self, parent: etree._Element | None) -> str:
        if parent is None:
            return "sig-1"
        root = parent.getroottree().getroot()
        taken = [str(value) for value in root.xpath("//@Id | //@ID | //@id | //@xml:id")]
        number = len(find_signatures(root)) + 1
        while any(value == f"sig-{number}" or value.startswith(f"sig-{number}-") for value in taken):
            number += 1
        return f"sig-{number}"

    def _template(self, identifier: str, parts: Sequence[Part], objects: str) -> str:
        """Return the signature with empty digests and value; its layout is that of the country's documents."""
        references = "\n".join(self._reference_xml(part) for part in parts)
        return (
            f'<ds:Signature xmlns:ds="{DS_NS}" Id="{identifier}">\n<ds:SignedInfo>\n'
            f'<ds:CanonicalizationMethod Algorithm="{self.method.uri}"/>\n'
            f'<ds:SignatureMethod Algorithm="{self.signer.algorithm.xml_uri}"/>\n'
            f"{references}\n</ds:SignedInfo>\n<ds:SignatureValue Id='{identifier}-value'/>\n"
            f"<ds:KeyInfo>\n{self.key_info}\n</ds:KeyInfo>\n{objects}</ds:Signature>"
        )

    def _reference_xml(self, part: Part) -> str:
        identifier = f" Id={quoteattr(part.id)}" if part.id else ""
        uri = "" if part.uri is None else f" URI={quoteattr(part.uri)}"
        kind = f" Type={quoteattr(part.type)}" if part.type else ""
        steps = "".join(f'<ds:Transform Algorithm="{step.uri}"/>\n' for step in part.transforms)
        transforms = f"<ds:Transforms>\n{steps}</ds:Transforms>\n" if steps else ""
        return (
            f"<ds:Reference{identifier}{uri}{kind}>\n{transforms}"
            f'<ds:DigestMethod Algorithm="{digests.XML_URIS[self.digest]}"/>\n'
            "<ds:DigestValue/>\n</ds:Reference>"
        )

    def _fill_in(self, signature: etree._Element, number: int, part: Part, document: XmlDocument) -> Covered:
        """Write the digest of the reference with this ``number``; return what it covers."""
        reference = Reference(part.uri, part.type, part.id, part.transforms, self.digest, b"")
        try:
            covered = cover(document, reference, signature)
        except Refusal as refusal:
            raise InputError("SIGN_REFERENCE", f"cannot be signed: {refusal.code}", where=part.uri or "") from None
        target = signature[0].findall(DS + "Reference")[number][-1]
        target.text = base64.b64encode(digests.digest(self.digest, covered.octets)).decode("ascii")
        return covered

    def _value(self, octets: bytes) -> bytes:
        value = self.signer.sign(octets)
        if self.signer.algorithm.key_type in {KeyType.EC, KeyType.DSA}:
            return from_x509(value, Certificate.load(self.signer.certificate).public_key)
        return value


def _x509_data(signer: Signer) -> str:
    certificates = "\n".join(
        f"<ds:X509Certificate>\n{base64.encodebytes(item).decode('ascii')}</ds:X509Certificate>"
        for item in (signer.certificate, *signer.chain)
    )
    return f"<ds:X509Data>\n{certificates}\n</ds:X509Data>"


def _root(document: bytes | etree._Element, limits: Limits) -> etree._Element:
    return parse(document, limits) if isinstance(document, bytes) else document


def _octets(root: etree._Element) -> bytes:
    return etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True)
