"""Canonical octets of a whole document, made once and cut.

Most signed documents are signed as a whole, with signatures inside. All that is to be canonicalised, the document
without its signatures and each SignedInfo alone, are pieces of the canonical form of the whole: what stands before and
after a subtree does not depend on it, and what stands inside an element does not depend on where its inherited
namespaces were declared. Only the start tag of an element taken alone is written anew, with all that it inherits.

A piece is found by the name of its element. In canonical XML without comments and processing instructions a ``<``
always begins a tag, so the tags with one name stand in the order of the elements with that name. Where they cannot be
told apart like that, the answer is ``None``, and :func:`egov_sign.docs.c14n.canonicalize` does the work.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from lxml import etree

from egov_sign.caching import lazy
from egov_sign.docs.c14n_rules import XML_NS, inherited_attributes
from egov_sign.docs.nodeset import escape_attribute, qualified_name
from egov_sign.native import Open

_START_TAG = re.compile(rb'<[^ >]+((?: xmlns(?::[^=]+)?="[^"]*")*)((?: [^=]+="[^"]*")*)>')
_XML = f"{{{XML_NS}}}"
_SLASH = ord("/")
_MOST_NAMES = 32
"""Names that are looked for; for each of them the whole document is gone through."""
_MOST_NAMESAKES = 256
"""Elements of one name that are told apart."""
_REMEMBERED_TAGS = 256
_SMALL = 1 << 15
"""So many octets may a document have whose start tags are remembered, so that nobody can fill the memory with them."""


class WholeDocument(Open):
    """The canonical form of a document, inclusive and without comments, in which versions 1.0 and 1.1 agree.

    Args:
        root: the root element of a tree that does not change meanwhile.
    """

    def __init__(self, root: etree._Element) -> None:
        self._root = root
        self._spans: dict[str, dict[etree._Element, tuple[int, int]]] = {}

    @lazy
    def octets(self) -> bytes:
        """The canonical octets; empty if there is no canonical form."""
        try:
            return etree.tostring(self._root.getroottree(), method="c14n", with_comments=False)
        except etree.C14NError:
            return b""

    @lazy
    def measured(self) -> bytes:
        """The octets that the document is measured by, be there a canonical form or not."""
        return self.octets or etree.tostring(self._root, encoding="utf-8")

    @lazy
    def _has_instructions(self) -> bool:
        return b"?" in self.octets and b"<?" in self.octets  # one octet is searched for many times faster than two

    def without(self, exclude: Sequence[etree._Element]) -> bytes | None:
        """Return the octets of the document without the elements ``exclude``; ``None`` if they cannot be cut out."""
        return self._between(0, len(self.octets), exclude) if self.octets else None

    def alone(
        self, element: etree._Element, exclude: Sequence[etree._Element] = (), *, version_11: bool = False
    ) -> bytes | None:
        """Return the inclusive canonical octets of ``element`` alone, without the elements ``exclude`` below it.

        ``None`` if they cannot be cut out.
        """
        span = self._span_of_first(element) or self._span(element)
        tag = _START_TAG.match(self.octets, span[0]) if span else None
        inside = self._between(tag.end(), span[1], exclude) if span and tag else None
        if inside is None or tag is None:
            return None
        inherited = _inherited(element, version_11=version_11)
        if inherited and element.attrib:
            return None
        write = _start_tag if len(self.octets) <= _SMALL else _start_tag.__wrapped__
        start = write(qualified_name(element), tuple(element.nsmap.items()))
        attributes = [f' xml:{name}="{escape_attribute(value)}"' for name, value in inherited if value is not None]
        return b"".join([start, "".join(attributes).encode(), tag[2], b">", inside])

    def _between(self, start: int, stop: int, exclude: Sequence[etree._Element]) -> bytes | None:
        """Return the octets from ``start`` to ``stop`` without those of ``exclude``, none of them inside another."""
        pieces = []
        for begin, end in sorted(span for element in exclude if (span := self._span(element))):
            pieces.append(self.octets[start:begin])
            start = end
        return b"".join([*pieces, self.octets[start:stop]]) if len(pieces) == len(exclude) else None

    def _span(self, element: etree._Element) -> tuple[int, int] | None:
        """Return where ``element`` begins and ends."""
        if self._has_instructions:
            return None
        name = qualified_name(element)
        spans = self._spans.get(name)
        if spans is None:
            if len(self._spans) == _MOST_NAMES:
                return None
            spans = self._spans[name] = self._find(name, element)
        return spans.get(element)

    def _span_of_first(self, element: etree._Element) -> tuple[int, int] | None:
        """Return where ``element`` begins and ends if it is a first child: with the tag after that of its parent.

        ``None`` if it is not, or holds another element of its name.
        """
        parent = element.getparent()
        around = self._span(parent) if parent is not None and parent[0] is element else None
        if around is None:
            return None
        name = qualified_name(element).encode()
        begin = self.octets.index(b"<", around[0] + 1)
        end = self.octets.index(b"</%b>" % name, begin)
        return None if self.octets.find(b"<" + name, begin + 1, end) >= 0 else (begin, end + len(name) + 3)

    def _find(self, name: str, element: etree._Element) -> dict[etree._Element, tuple[int, int]]:
        """Return where all elements with the ``name`` of ``element`` begin and end; nothing if that cannot be told."""
        start, end = b"<" + name.encode(), b"</%b>" % name.encode()
        starts = [place for place in self._places(start) if self.octets[place + len(start)] in b" >"]
        if len(starts) == 1:
            return {element: (starts[0], self.octets.index(end, starts[0]) + len(end))}
        if len(starts) > _MOST_NAMESAKES:
            return {}
        namesakes = [one for one in self._root.iter(f"{{*}}{name.rpartition(':')[2]}") if one.prefix == element.prefix]
        if len(namesakes) != len(starts):
            return {}
        ends: dict[int, int] = {}
        begun: list[int] = []
        for place in sorted([*starts, *self._places(end)]):
            if self.octets[place + 1] == _SLASH:
                ends[begun.pop()] = place + len(end)
            else:
                begun.append(place)
        return {one: (place, ends[place]) for one, place in zip(namesakes, starts, strict=True)}

    def _places(self, tag: bytes) -> list[int]:
        """Return where ``tag`` stands."""
        places = []
        place = self.octets.find(tag)
        while place >= 0:
            places.append(place)
            place = self.octets.find(tag, place + len(tag))
        return places


def _inherited(element: etree._Element, *, version_11: bool) -> list[tuple[str, str | None]]:
    """Return what :func:`inherited_attributes` says of ``element`` alone, without the prefix, sorted by name."""
    above = [name for ancestor in element.iterancestors() for name in ancestor.keys()]  # noqa: SIM118
    if not any(name.startswith(_XML) for name in above):
        return []
    inherited = sorted(inherited_attributes(element, list(element.iterancestors()), version_11=version_11))
    return [(name.removeprefix(_XML), value) for name, value in inherited]


@lru_cache(_REMEMBERED_TAGS)
def _start_tag(name: str, scope: tuple[tuple[str | None, str], ...]) -> bytes:
    """Return the beginning of the start tag of an element called ``name`` that declares all namespaces in ``scope``."""
    declared = sorted((prefix or "", uri) for prefix, uri in scope if uri)
    written = [f' xmlns{":" if prefix else ""}{prefix}="{escape_attribute(uri)}"' for prefix, uri in declared]
    return "".join([f"<{name}", *written]).encode()
