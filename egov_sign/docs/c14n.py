"""Canonical XML 1.0 and 1.1, and Exclusive Canonical XML 1.0, over lxml.

Sources: W3C Canonical XML 1.0 (2001), Canonical XML 1.1 (2008), Exclusive XML Canonicalization 1.0 (2002).

libxml2 writes whole documents correctly. What it gets wrong through lxml is an *element inside a document*: lxml hands
it a copy of the element without the namespace declarations and ``xml:*`` attributes of the ancestors, so inclusive
canonicalisation loses them and even writes ``xmlns=""`` where it does not belong. So an element is first *lifted*: made
the root of a document of its own in which everything in scope is declared, as the standard asks for; then libxml2
writes that document. :mod:`egov_sign.docs.nodeset` holds an independent writer in Python for arbitrary node-sets;
the tests hold the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeAlias

from lxml import etree

from egov_sign.docs.xml_base import join_references
from egov_sign.errors import InputError, UnsupportedError

XML_NS = "http://www.w3.org/XML/1998/namespace"
EXC_NS = "http://www.w3.org/2001/10/xml-exc-c14n#"

Node: TypeAlias = "etree._Element | etree._ElementTree[etree._Element]"


@dataclass(frozen=True, slots=True)
class C14nMethod:
    """A canonicalisation algorithm.

    Attributes:
        uri: its identifier in XMLDSig.
        exclusive: only namespaces that are visibly used are written.
        version_11: ``xml:id`` is not inherited and ``xml:base`` is joined (Canonical XML 1.1, section 2.4).
        comments: comments are written.
    """

    uri: str
    exclusive: bool = False
    version_11: bool = False
    comments: bool = False


INCLUSIVE = C14nMethod("http://www.w3.org/TR/2001/REC-xml-c14n-20010315")
INCLUSIVE_WITH_COMMENTS = replace(INCLUSIVE, uri=INCLUSIVE.uri + "#WithComments", comments=True)
INCLUSIVE_11 = C14nMethod("http://www.w3.org/2006/12/xml-c14n11", version_11=True)
INCLUSIVE_11_WITH_COMMENTS = replace(INCLUSIVE_11, uri=INCLUSIVE_11.uri + "#WithComments", comments=True)
EXCLUSIVE = C14nMethod(EXC_NS, exclusive=True)
EXCLUSIVE_WITH_COMMENTS = replace(EXCLUSIVE, uri=EXC_NS + "WithComments", comments=True)

METHODS = {
    method.uri: method
    for method in (
        INCLUSIVE,
        INCLUSIVE_WITH_COMMENTS,
        INCLUSIVE_11,
        INCLUSIVE_11_WITH_COMMENTS,
        EXCLUSIVE,
        EXCLUSIVE_WITH_COMMENTS,
    )
}


def by_uri(uri: str) -> C14nMethod:
    """Return the method with the identifier ``uri``.

    Raises:
        UnsupportedError: ``C14N_UNKNOWN``.
    """
    method = METHODS.get(uri)
    if method is None:
        raise UnsupportedError("C14N_UNKNOWN", f"unknown canonicalisation method {uri!r}")
    return method


def canonicalize(
    node: Node,
    method: C14nMethod,
    *,
    exclude: Sequence[etree._Element] = (),
    inclusive_prefixes: Sequence[str] = (),
    comments: bool = True,
) -> bytes:
    """Return the canonical octets of ``node``.

    Args:
        node: an element stands for itself and all below it; a tree for the whole document, processing instructions
            outside the root included.
        method: the algorithm.
        exclude: elements that are left out with all below them, as the enveloped-signature transform does. They are
            taken out of the tree for a moment and put back: no other thread may use the tree meanwhile.
        inclusive_prefixes: the PrefixList of exclusive canonicalisation, ``""`` for the default namespace.
        comments: ``False`` for a node-set without comments, whatever the method says.

    Raises:
        InputError: ``C14N_FAILED`` for a document that has no canonical form.
    """
    with without(exclude):
        inherits = not method.exclusive or inclusive_prefixes
        if inherits and not isinstance(node, etree._ElementTree) and node.getparent() is not None:
            node = lift(node, method)
        try:
            return etree.tostring(
                node,
                method="c14n",
                exclusive=method.exclusive,
                with_comments=method.comments and comments,
                inclusive_ns_prefixes=[prefix or "#default" for prefix in inclusive_prefixes] or None,
            )
        except etree.C14NError as error:
            raise InputError("C14N_FAILED", "a namespace name is relative; such XML has no canonical form") from error


def lift(element: etree._Element, method: C14nMethod) -> etree._Element:
    """Return a copy of ``element`` as the root of its own document, declaring what it inherits from its ancestors.

    All namespaces in scope are declared; of the ``xml:*`` attributes those are copied that ``method`` inherits.
    """
    # Serialising declares all namespaces in scope on the element itself; lxml offers no other way to get them there.
    octets = etree.tostring(element, encoding="utf-8", with_tail=False)
    lifted = etree.fromstring(octets, etree.XMLParser(encoding="utf-8", resolve_entities=False, huge_tree=True))
    if not method.exclusive:
        for name, value in inherited_attributes(element, version_11=method.version_11):
            if value:
                lifted.set(name, value)
            else:
                lifted.attrib.pop(name, None)
    return lifted


def inherited_attributes(element: etree._Element, *, version_11: bool) -> Iterator[tuple[str, str]]:
    """Yield the ``xml:*`` attributes that ``element`` takes over when its ancestors are left out; empty: none at all.

    Canonical XML 1.0, section 2.4: the nearest of each kind. Canonical XML 1.1, section 2.4: ``xml:lang`` and
    ``xml:space`` likewise, ``xml:base`` joined, others not.
    """
    own = element.attrib
    nearest: dict[str, str] = {}
    bases: list[str] = []
    for ancestor in element.iterancestors():
        for name, value in ancestor.attrib.items():
            key = str(name)
            if key == _BASE:
                bases.append(str(value))
            if key.startswith(_XML) and key not in nearest and key not in own:
                nearest[key] = str(value)
    if not version_11:
        yield from nearest.items()
        return
    yield from ((name, value) for name, value in nearest.items() if name in _SIMPLY_INHERITED)
    if bases:
        joined = str(own.get(_BASE, ""))
        for base in bases:
            joined = join_references(base, joined)
        yield _BASE, joined


_XML = f"{{{XML_NS}}}"
_BASE = _XML + "base"
_SIMPLY_INHERITED = {_XML + "lang", _XML + "space"}


@contextmanager
def without(elements: Sequence[etree._Element]) -> Iterator[None]:
    """Take ``elements`` (none the root, none inside another) out of their tree for the duration of the block.

    The text after each stays where it was.
    """
    undo: list[tuple[etree._Element, etree._Element, etree._Element | None, str | None]] = []
    try:
        for element in elements:
            parent, before = element.getparent(), element.getprevious()
            if parent is None:
                raise AssertionError("the root cannot be left out")
            text = parent.text if before is None else before.tail
            undo.append((element, parent, before, text))
            parent.remove(element)
            joined = (text or "") + (element.tail or "") or None
            if before is None:
                parent.text = joined
            else:
                before.tail = joined
        yield
    finally:
        for element, parent, before, text in reversed(undo):
            if before is None:
                parent.text = text
                parent.insert(0, element)
            else:
                before.tail = None
                before.addnext(element)
                before.tail = text
