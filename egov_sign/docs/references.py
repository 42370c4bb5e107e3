"""From a Reference to the octets it covers.

Source: W3C XML Signature 1.1, section 4.4.3 (reference processing model), with less than it allows: what is referenced
is the document itself, an element of it by a unique identifier, or content that the caller hands in. Nothing is
fetched. Transforms come from an allow-list and are applied in their order; a transform that is not known is never
skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from egov_sign.crypto import digests
from egov_sign.docs import c14n
from egov_sign.docs.c14n_whole import WholeDocument
from egov_sign.docs.nodeset import XPathFilter, is_safe, write
from egov_sign.docs.refusal import Refusal
from egov_sign.docs.xmldsig import (
    BASE64,
    ENVELOPED,
    ID_ATTRIBUTES,
    SIGNATURE,
    WSU_NS,
    XPATH,
    Reference,
    Signature,
    Transform,
    decode_base64,
)
from egov_sign.docs.xmlparse import highest_namespace_cost, namespace_cost, parse, path_of, text_of
from egov_sign.errors import InputError
from egov_sign.limits import DEFAULT_LIMITS, Limits
from egov_sign.verdict import Json, SubIndication

if TYPE_CHECKING:
    from egov_sign.docs.acceptance import CertificateJudge

_POINTER = re.compile(r"#xpointer\(id\((?:'([^']+)'|\"([^\"]+)\")\)\)")
_ALL_WITH_IDS = etree.XPath("//*[@Id or @ID or @id or @xml:id or @wsu:Id]", namespaces={"wsu": WSU_NS})


@dataclass(slots=True)
class XmlDocument:
    """A document under examination: its tree, what it may refer to, and what has been spent on it.

    Attributes:
        root: the root element; the tree belongs to this object alone.
        limits: the bounds.
        contents: data outside the document by the URI that references name it with; ``""`` for a reference without
            a URI attribute.
        xpath: evaluate safe XPath filters instead of refusing them.
    """

    root: etree._Element
    limits: Limits = DEFAULT_LIMITS
    contents: Mapping[str, bytes] = field(default_factory=dict)
    xpath: bool = False
    judge: CertificateJudge | None = None
    """Judges the certificates of this document; made when it is first needed."""
    whole: WholeDocument = field(init=False)
    _ids: dict[str, list[etree._Element]] | None = None
    _passed: int = 0
    _cost: int = 0

    def __post_init__(self) -> None:
        self.whole = WholeDocument(self.root)

    @property
    def _weight(self) -> int:
        if not self._cost:
            self._cost = namespace_cost(self.whole.measured)
        return self._cost

    def element_by_id(self, identifier: str, reference: Reference | None = None) -> etree._Element:
        """Return the one element with ``identifier``, however the attribute is spelt.

        Raises:
            Refusal: SIGNED_DATA_NOT_FOUND if there is none, or more than one.
        """
        if self._ids is None:
            self._ids = {}
            for element in _ALL_WITH_IDS(self.root):
                for value in {str(element.get(name)) for name in ID_ATTRIBUTES if element.get(name) is not None}:
                    self._ids.setdefault(value, []).append(element)
        found = self._ids.get(identifier, [])
        if len(found) != 1:
            code = "XML_ID_AMBIGUOUS" if found else "XML_ID_NOT_FOUND"
            where = reference.where if reference else ""
            raise Refusal(code, SubIndication.SIGNED_DATA_NOT_FOUND, where, id=identifier, count=len(found))
        return found[0]

    def changed(self) -> None:
        """Forget what was found out about the tree, which has changed."""
        self._ids = None
        self.whole = WholeDocument(self.root)

    @property
    def size(self) -> int:
        """How many octets there are to go through."""
        return len(self.whole.measured)

    def spend(self, octets: int, spender: Reference | Signature) -> None:
        """Count ``octets`` that a signature made us canonicalise and digest.

        Raises:
            Refusal: ``XML_TOO_MUCH_WORK`` when the limit is reached.
        """
        self._passed += octets
        size = self.size
        limit = self.limits.xml_canonical_bytes + self.limits.xml_canonical_passes * size
        # Counting the namespaces of a small document would take longer than they can.
        highest = highest_namespace_cost(size)
        if self._passed * highest > limit and self._passed * self._weight > limit:
            raise Refusal("XML_TOO_MUCH_WORK", SubIndication.SIG_CONSTRAINTS_FAILURE, spender.where, limit=limit)


@dataclass(slots=True)
class NodeSet:
    """A part of a document: ``node`` and all below it, without ``exclude``, with or without comments, filtered."""

    node: c14n.Node
    comments: bool
    exclude: tuple[etree._Element, ...] = ()
    keep: XPathFilter | None = None
    own: bool = False
    """Whether it is of the document that the signature stands in."""

    @property
    def is_tree(self) -> bool:
        """Whether what stands beside the root belongs to it, too."""
        return isinstance(self.node, etree._ElementTree)

    @property
    def apex(self) -> etree._Element:
        """The top element."""
        return self.node.getroot() if isinstance(self.node, etree._ElementTree) else self.node


class Covered(NamedTuple):
    """What one reference covers, after its transforms.

    Attributes:
        reference: which.
        octets: exactly what was digested.
        nodes: the part of the document that the octets were made of; ``None`` for content from outside.
        covers_root: whether the octets are the whole document, but for signatures that were left out.
    """

    reference: Reference
    octets: bytes
    nodes: NodeSet | None
    covers_root: bool

    @property
    def matches(self) -> bool:
        """Whether the digest of the octets is the one in the reference."""
        return digests.digest(self.reference.digest, self.octets) == self.reference.digest_value

    def is_all_of(self, element: etree._Element) -> bool:
        """Tell whether the octets are the whole of ``element``, by canonicalisation alone."""
        nodes = self.nodes
        steps = {step.uri for step in self.reference.transforms}
        return nodes is not None and nodes.apex is element and steps <= c14n.METHODS.keys()

    @property
    def is_filtered(self) -> bool:
        """Whether an XPath filter chose what of it is covered."""
        return _is_filtered(self.reference)


def cover(
    document: XmlDocument,
    reference: Reference,
    signature: etree._Element,
    later: Sequence[etree._Element] = (),
    *,
    final: c14n.C14nMethod = c14n.INCLUSIVE,
) -> Covered:
    """Find what ``reference`` of ``signature`` points to, apply its transforms, and return the octets.

    Args:
        document: where it stands.
        reference: the reference.
        signature: the ``ds:Signature`` it belongs to; the enveloped-signature transform leaves it out.
        later: signatures added after it; they are left out together with it.
        final: how a node-set becomes octets where no transform says it; anything but the default is not what the
            digest of the reference is over.

    Raises:
        Refusal: SIGNED_DATA_NOT_FOUND, or FORMAT_FAILURE for transforms that do not fit.
    """
    data = _dereference(document, reference)
    nodes = data if isinstance(data, NodeSet) else None
    for transform in reference.transforms:
        if transform.uri == ENVELOPED:
            if not isinstance(data, NodeSet) or not _contains(data.apex, signature):
                raise Refusal("XML_ENVELOPED_MISPLACED", SubIndication.FORMAT_FAILURE, reference.where)
            others = (other for other in later if _contains(data.apex, other))
            data.exclude = data.exclude or (signature, *others)
        elif transform.uri == BASE64:
            data = _decode(data, document, reference)
        elif transform.uri in c14n.METHODS:
            method = c14n.METHODS[transform.uri]
            nodes_now = _node_set(data, document, reference)
            data = _canonical(nodes_now, method, transform.inclusive_prefixes, document, reference)
        elif transform.leaves_out_signatures:
            data = _node_set(data, document, reference)
            if next(data.apex.iterancestors(SIGNATURE), data.apex).tag == SIGNATURE:
                # The filter leaves nothing of what lies in a signature, and nothing is no content.
                raise Refusal("XML_NOTHING_LEFT", SubIndication.FORMAT_FAILURE, reference.where)
            data.exclude = tuple(_outermost_signatures(data.apex))
        elif transform.uri == XPATH and document.xpath:
            data = _node_set(data, document, reference)
            data.keep = _filter(data, transform, document, reference)
        else:
            raise Refusal(
                "XML_TRANSFORM_REFUSED", SubIndication.FORMAT_FAILURE, reference.where, algorithm=transform.uri
            )
    octets = _canonical(data, final, (), document, reference) if isinstance(data, NodeSet) else data
    if nodes is None:
        document.spend(len(octets), reference)
    return Covered(reference, octets, nodes, nodes is not None and _covers_root(nodes, reference))


def _covers_root(nodes: NodeSet, reference: Reference) -> bool:
    if nodes.apex.getparent() is not None or nodes.apex.tag == SIGNATURE:
        return False
    return not _is_filtered(reference) and all(step.uri != BASE64 for step in reference.transforms)


def _is_filtered(reference: Reference) -> bool:
    return any(step.uri == XPATH and not step.leaves_out_signatures for step in reference.transforms)


def _dereference(document: XmlDocument, reference: Reference) -> NodeSet | bytes:
    """Return what the URI names (section 4.4.3.2 and 4.4.3.3); only a pointer of the form xpointer keeps comments."""
    uri = reference.uri
    if uri == "":
        return NodeSet(document.root.getroottree(), comments=False, own=True)
    if uri == "#xpointer(/)":
        return NodeSet(document.root.getroottree(), comments=True, own=True)
    if uri is not None and uri.startswith("#"):
        pointer = _POINTER.fullmatch(uri)
        identifier = (pointer[1] or pointer[2]) if pointer else uri[1:]
        return NodeSet(document.element_by_id(identifier, reference), comments=pointer is not None, own=True)
    content = document.contents.get(uri or "")
    if content is None:
        raise Refusal("XML_REFERENCE_EXTERNAL", SubIndication.SIGNED_DATA_NOT_FOUND, reference.where, uri=uri or "")
    return content


def _contains(apex: etree._Element, element: etree._Element) -> bool:
    return any(ancestor is apex for ancestor in element.iterancestors())


def _outermost_signatures(apex: etree._Element) -> Iterator[etree._Element]:
    """Yield the signatures below ``apex`` that stand in no other one below it."""
    for element in apex.iterdescendants(SIGNATURE):
        if not any(ancestor.tag == SIGNATURE for ancestor in _up_to(apex, element)):
            yield element


def _up_to(apex: etree._Element, element: etree._Element) -> Iterator[etree._Element]:
    """Yield the ancestors of ``element`` below ``apex``."""
    for ancestor in element.iterancestors():
        if ancestor is apex:
            return
        yield ancestor


def _node_set(data: NodeSet | bytes, document: XmlDocument, reference: Reference) -> NodeSet:
    if isinstance(data, NodeSet):
        return data
    document.spend(len(data), reference)
    try:
        return NodeSet(parse(data, document.limits).getroottree(), comments=True)
    except InputError as error:
        raise Refusal("XML_CONTENT_NOT_XML", SubIndication.FORMAT_FAILURE, reference.where, reason=error.code) from None


def _canonical(
    data: NodeSet, method: c14n.C14nMethod, prefixes: tuple[str, ...], document: XmlDocument, reference: Reference
) -> bytes:
    """Return the canonical octets of ``data``; what it takes to write them is counted, even where that fails."""
    if data.own and not data.keep and not method.exclusive and not (method.comments and data.comments):
        cut = _cut(data, document, version_11=method.version_11)
        if cut is not None:
            document.spend(document.size if data.is_tree else len(cut), reference)
            return cut
    weight = _SLOWER if data.keep or "" in prefixes else 1 if data.is_tree and not data.exclude else _COPIED
    # Octets may be few where most of a document is left out; going through it is the work.
    before = data.own and (data.is_tree or data.exclude or data.keep)
    if before:
        document.spend(weight * document.size, reference)
    if data.keep:
        return write(
            data.node, method, data.keep, exclude=data.exclude, inclusive_prefixes=prefixes, comments=data.comments
        )
    try:
        octets = c14n.canonicalize(
            data.node, method, exclude=data.exclude, inclusive_prefixes=prefixes, comments=data.comments
        )
    except InputError:
        document.spend(0 if before else document.size, reference)
        raise Refusal("XML_C14N_FAILED", SubIndication.FORMAT_FAILURE, reference.where) from None
    document.spend(0 if before else weight * len(octets), reference)
    return octets


_SLOWER = 64
"""How much longer than libxml2 our own writer takes."""
_COPIED = 4
"""How much longer it takes to copy what is canonicalised first."""


def _cut(nodes: NodeSet, document: XmlDocument, *, version_11: bool) -> bytes | None:
    """Return the inclusive canonical octets of ``nodes``, cut from those of the document; ``None`` if that fails."""
    if isinstance(nodes.node, etree._ElementTree):
        return document.whole.without(nodes.exclude)
    return document.whole.alone(nodes.node, nodes.exclude, version_11=version_11)


def _filter(data: NodeSet, transform: Transform, document: XmlDocument, reference: Reference) -> XPathFilter:
    """Return the filter of an XPath transform; one per reference, on documents of bounded size."""
    too_many = next(islice(data.apex.iter(), document.limits.xml_filtered_elements, None), None) is not None
    if data.keep or too_many or not is_safe(transform.xpath):
        raise Refusal("XML_XPATH_REFUSED", SubIndication.FORMAT_FAILURE, reference.where, expression=transform.xpath)
    try:
        return XPathFilter(transform.xpath, dict(transform.namespaces))
    except ValueError:
        raise Refusal(
            "XML_XPATH_REFUSED", SubIndication.FORMAT_FAILURE, reference.where, expression=transform.xpath
        ) from None


def _decode(data: NodeSet | bytes, document: XmlDocument, reference: Reference) -> bytes:
    try:
        if isinstance(data, bytes):
            document.spend(len(data), reference)
            return decode_base64(data.decode("ascii"))
        if data.keep:
            raise ValueError("a filtered node-set is not text")
        if data.exclude:
            raise ValueError("a signature stands inside")
        text = text_of(data.apex)
        document.spend(document.size if len(data.apex) else len(text), reference)
        return decode_base64(text)
    except ValueError:
        raise Refusal("XML_BASE64", SubIndication.FORMAT_FAILURE, reference.where) from None


def describe_scope(covered: Covered) -> dict[str, Json]:
    """Return what ``covered`` covers as plain values for a report: the URI, the element, what is left out of it."""
    nodes = covered.nodes
    return {
        "uri": covered.reference.uri,
        "element": path_of(nodes.apex) if nodes else None,
        "name": str(nodes.apex.tag) if nodes else None,
        "whole_document": covered.covers_root,
        "filtered": covered.is_filtered,
        "left_out": [path_of(element) for element in nodes.exclude] if nodes else [],
        "digest": covered.reference.digest,
        "octets": len(covered.octets),
    }
