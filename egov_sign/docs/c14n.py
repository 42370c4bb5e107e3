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

from collections.abc import Sequence
from copy import deepcopy

from lxml import etree

from egov_sign.docs.c14n_rules import (
    EXC_NS,
    EXCLUSIVE,
    EXCLUSIVE_WITH_COMMENTS,
    INCLUSIVE,
    INCLUSIVE_11,
    INCLUSIVE_11_WITH_COMMENTS,
    INCLUSIVE_WITH_COMMENTS,
    METHODS,
    XML_NS,
    C14nMethod,
    Node,
    inherited_attributes,
)
from egov_sign.docs.nodeset import Everything, write
from egov_sign.errors import InputError, UnsupportedError

__all__ = [
    "EXCLUSIVE",
    "EXCLUSIVE_WITH_COMMENTS",
    "EXC_NS",
    "INCLUSIVE",
    "INCLUSIVE_11",
    "INCLUSIVE_11_WITH_COMMENTS",
    "INCLUSIVE_WITH_COMMENTS",
    "METHODS",
    "XML_NS",
    "C14nMethod",
    "Node",
    "by_uri",
    "canonicalize",
    "lift",
]


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
        exclude: elements below ``node`` that are left out with all below them, as the enveloped-signature transform
            does; none inside another.
        inclusive_prefixes: the PrefixList of exclusive canonicalisation, ``""`` for the default namespace.
        comments: ``False`` for a node-set without comments, whatever the method says.

    Raises:
        InputError: ``C14N_FAILED`` for a document that has no canonical form.
        ValueError: ``node`` is neither an element nor a document.
    """
    if not isinstance(node, etree._ElementTree) and not isinstance(node.tag, str):
        raise ValueError("a comment or a processing instruction, on which libxml2 crashes")
    if "" in inclusive_prefixes:
        # lxml drops "#default" from a PrefixList.
        return write(
            node, method, Everything(), exclude=exclude, inclusive_prefixes=inclusive_prefixes, comments=comments
        )
    if isinstance(node, etree._ElementTree):
        node = _copy_without(node, exclude) if exclude else node
    elif exclude or (node.getparent() is not None and (not method.exclusive or inclusive_prefixes)):
        lifted = lift(node, method)
        _remove_counterparts(node, lifted, exclude)
        node = lifted
    try:
        return etree.tostring(
            node,
            method="c14n",
            exclusive=method.exclusive,
            with_comments=method.comments and comments,
            inclusive_ns_prefixes=list(inclusive_prefixes) or None,
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
        for name, value in inherited_attributes(element, list(element.iterancestors()), version_11=method.version_11):
            if value is None:
                lifted.attrib.pop(name, None)
            else:
                lifted.set(name, value)
    return lifted


def _copy_without(tree: etree._ElementTree[etree._Element], elements: Sequence[etree._Element]) -> Node:
    """Return a copy of ``tree`` that lacks ``elements``.

    A copy, because taking an element out and putting it back makes lxml rewrite its prefixes.
    """
    root = tree.getroot()
    copied = deepcopy(root)
    _remove_counterparts(root, copied, elements)
    for sibling in reversed(list(root.itersiblings(preceding=True))):
        copied.addprevious(deepcopy(sibling))
    for sibling in reversed(list(root.itersiblings())):
        copied.addnext(deepcopy(sibling))
    return copied.getroottree()


def _remove_counterparts(apex: etree._Element, copied: etree._Element, elements: Sequence[etree._Element]) -> None:
    """Remove from ``copied``, a copy of ``apex``, what stands where ``elements`` stand below ``apex``."""
    for element in [_counterpart(apex, copied, element) for element in elements]:
        _remove(element)


def _counterpart(apex: etree._Element, copied: etree._Element, element: etree._Element) -> etree._Element:
    steps = []
    while element is not apex:
        parent = element.getparent()
        if parent is None:
            raise AssertionError("what is left out must lie below what is canonicalised")
        steps.append(parent.index(element))
        element = parent
    for step in reversed(steps):
        copied = copied[step]
    return copied


def _remove(element: etree._Element) -> None:
    """Remove ``element`` and leave the text after it where it is."""
    parent, before = element.getparent(), element.getprevious()
    if parent is None:
        raise AssertionError("the top cannot be left out")
    if element.tail and before is None:
        parent.text = (parent.text or "") + element.tail
    elif element.tail and before is not None:
        before.tail = (before.tail or "") + element.tail
    parent.remove(element)
