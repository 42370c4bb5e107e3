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

from lxml import etree

from egov_sign.crypto.caching import lazy
from egov_sign.docs.c14n_rules import XML_NS, inherited_attributes
from egov_sign.docs.nodeset import escape_attribute, qualified_name

_START_TAG = re.compile(rb'<[^ >]+((?: xmlns(?::[^=]+)?="[^"]*")*)((?: [^=]+="[^"]*")*)>')
_XML = f"{{{XML_NS}}}"
_MOST_NAMESAKES = 256
"""Elements of one name that are told apart; for each of them all are gone through."""


class WholeDocument:
    """The canonical form of a document, inclusive and without comments, in which versions 1.0 and 1.1 agree.

    Args:
        root: the root element of a tree that does not change meanwhile.
    """

    def __init__(self, root: etree._Element) -> None:
        self._root = root
        self._tags: dict[str, list[int]] = {}

    @lazy
    def octets(self) -> bytes:
        """The canonical octets; empty if there is no canonical form."""
        try:
            return etree.tostring(self._root.getroottree(), method="c14n", with_comments=False)
        except etree.C14NError:
            return b""

    @lazy
    def _has_instructions(self) -> bool:
        return b"?" in self.octets and b"<?" in self.octets  # one octet is searched for many times faster than two

    def without(self, exclude: Sequence[etree._Element]) -> bytes | None:
        """Return the octets of the document without the elements ``exclude``; ``None`` if they cannot be cut out."""
        return self._between(0, len(self.octets), exclude)

    def alone(
        self, element: etree._Element, exclude: Sequence[etree._Element] = (), *, version_11: bool = False
    ) -> bytes | None:
        """Return the inclusive canonical octets of ``element`` alone, without the elements ``exclude`` below it.

        ``None`` if they cannot be cut out.
        """
        span = self._span(element)
        tag = _START_TAG.match(self.octets, span[0]) if span else None
        inside = self._between(tag.end(), span[1], exclude) if span and tag else None
        if inside is None or tag is None:
            return None
        start = [f"<{qualified_name(element)}"]
        declared = sorted((prefix or "", uri) for prefix, uri in element.nsmap.items() if uri)
        start += [f' xmlns{":" if prefix else ""}{prefix}="{escape_attribute(uri)}"' for prefix, uri in declared]
        inherited = _inherited(element, version_11=version_11)
        if inherited and element.attrib:
            return None
        start += [f' xml:{name}="{escape_attribute(value)}"' for name, value in inherited if value is not None]
        return b"".join(["".join(start).encode(), tag[2], b">", inside])

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
        starts = self._starts(name)
        if len(starts) == 1:
            end = b"</%b>" % name.encode()
            return starts[0], self.octets.index(end, starts[0]) + len(end)
        if len(starts) > _MOST_NAMESAKES:
            return None
        local, prefix = name.rpartition(":")[2], element.prefix
        namesakes = [one for one in self._root.iter(f"{{*}}{local}") if one.prefix == prefix]
        if len(namesakes) != len(starts):
            return None
        place = next((place for place, one in enumerate(namesakes) if one is element), None)
        return None if place is None else (starts[place], self._end(name, starts, place))

    def _starts(self, name: str) -> list[int]:
        """Return where the start tags with ``name`` begin."""
        starts = self._tags.get(name)
        if starts is None:
            starts = self._tags[name] = []
            octets, begin = self.octets, b"<" + name.encode()
            position = octets.find(begin)
            while position >= 0:
                after = position + len(begin)
                if octets[after] in b" >":
                    starts.append(position)
                position = octets.find(begin, after)
        return starts

    def _end(self, name: str, starts: Sequence[int], place: int) -> int:
        """Return where the element ends that begins at ``starts[place]``: behind as many end tags as start tags."""
        end = b"</%b>" % name.encode()
        position = starts[place]
        while True:
            position = self.octets.index(end, position) + len(end)
            place += 1
            if place == len(starts) or starts[place] >= position:
                return position


def _inherited(element: etree._Element, *, version_11: bool) -> list[tuple[str, str | None]]:
    """Return what :func:`inherited_attributes` says of ``element`` alone, without the prefix, sorted by name."""
    if not any(name.startswith(_XML) for ancestor in element.iterancestors() for name in ancestor.keys()):  # noqa: SIM118
        return []
    inherited = sorted(inherited_attributes(element, list(element.iterancestors()), version_11=version_11))
    return [(name.removeprefix(_XML), value) for name, value in inherited]
