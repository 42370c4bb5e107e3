"""Canonical octets of a whole document, made once and cut.

Most signed documents are signed as a whole, with one signature inside. Both things to be canonicalised, the document
without its signature and the SignedInfo alone, are pieces of the canonical form of the whole: what stands before and
after a subtree does not depend on it, and what stands inside an element does not depend on where its inherited
namespaces were declared. Only the start tag of an element taken alone is written anew, with all that it inherits.

A piece is found by the name of its element. In canonical XML without comments and processing instructions a ``<``
always begins a tag, so a name that occurs once is found for certain; in every other case the answer is ``None``, and
:func:`egov_sign.docs.c14n.canonicalize` does the work.
"""

from __future__ import annotations

import re

from lxml import etree

from egov_sign.crypto.caching import lazy
from egov_sign.docs.c14n_rules import XML_NS, inherited_attributes
from egov_sign.docs.nodeset import escape_attribute, qualified_name

_START_TAG = re.compile(rb'<[^ >]+((?: xmlns(?::[^=]+)?="[^"]*")*)((?: [^=]+="[^"]*")*)>')
_XML = f"{{{XML_NS}}}"


class WholeDocument:
    """The canonical form of a document, inclusive and without comments, in which versions 1.0 and 1.1 agree.

    Args:
        root: the root element of a tree that does not change meanwhile.
    """

    def __init__(self, root: etree._Element) -> None:
        self._root = root

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

    def without(self, element: etree._Element) -> bytes | None:
        """Return the octets of the document without ``element``; ``None`` if they cannot be cut out."""
        span = self._span(qualified_name(element))
        return span and self.octets[: span[0]] + self.octets[span[1] :]

    def alone(self, element: etree._Element, *, version_11: bool = False) -> bytes | None:
        """Return the inclusive canonical octets of ``element`` alone; ``None`` if they cannot be cut out."""
        name = qualified_name(element)
        span = self._span(name)
        tag = _START_TAG.match(self.octets, span[0]) if span else None
        if span is None or tag is None:
            return None
        start = [f"<{name}"]
        declared = sorted((prefix or "", uri) for prefix, uri in element.nsmap.items() if uri)
        start += [f' xmlns{":" if prefix else ""}{prefix}="{escape_attribute(uri)}"' for prefix, uri in declared]
        inherited = _inherited(element, version_11=version_11)
        if inherited and element.attrib:
            return None
        start += [f' xml:{name}="{escape_attribute(value)}"' for name, value in inherited]
        return b"".join(["".join(start).encode(), tag[2], b">", self.octets[tag.end() : span[1]]])

    def _span(self, qualified: str) -> tuple[int, int] | None:
        """Return where the one element of that name begins and ends."""
        if self._has_instructions:
            return None
        octets, name = self.octets, qualified.encode()
        begin, found = b"<" + name, -1
        position = octets.find(begin)
        while position >= 0:
            after = position + len(begin)
            if octets[after] in b" >":
                if found >= 0:
                    return None
                found = position
            position = octets.find(begin, after)
        if found < 0:
            return None
        end = b"</%b>" % name
        return found, octets.index(end, found) + len(end)


def _inherited(element: etree._Element, *, version_11: bool) -> list[tuple[str, str]]:
    """Return the ``xml:*`` attributes that ``element`` takes over from its ancestors, without their prefix, sorted."""
    if not any(name.startswith(_XML) for ancestor in element.iterancestors() for name in ancestor.keys()):  # noqa: SIM118
        return []
    inherited = sorted(inherited_attributes(element, list(element.iterancestors()), version_11=version_11))
    return [(name.removeprefix(_XML), value) for name, value in inherited if value is not None]
