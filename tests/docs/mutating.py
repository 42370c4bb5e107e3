"""Random changes to documents, as hypothesis draws them."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from hypothesis import strategies as st
from lxml import etree

from egov_sign.crypto import der, der_write
from egov_sign.docs.xmlparse import parse
from tests.attacks.forging import octets


def bytes_changed(original: bytes, data: st.DataObject) -> bytes:
    """Return ``original`` with one to three places changed, filled or emptied."""
    changed = bytearray(original)
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(changed) - 1))
        match data.draw(st.sampled_from(["replace", "insert", "delete"])):
            case "replace":
                changed[position] = data.draw(st.integers(0, 255))
            case "insert":
                changed[position:position] = data.draw(
                    st.sampled_from([b" ", b"\n", b"<!-- -->", b"<?p?>", b"&#65;", b"<x/>", b"A", b"="])
                )
            case "delete":
                del changed[position : position + data.draw(st.integers(1, 20))]
    return bytes(changed)


def nodes_changed(original: bytes, data: st.DataObject) -> bytes:
    """Return ``original`` with nodes moved, copied, removed and renamed: what an attacker who wraps signatures does."""
    root = parse(original)
    for _ in range(data.draw(st.integers(1, 4))):
        nodes = list(root.iter("*"))
        node, other = (data.draw(st.sampled_from(nodes)) for _ in range(2))
        parent = node.getparent()
        match data.draw(st.sampled_from(["move", "copy", "remove", "text", "attribute", "rename", "comment"])):
            case "move" if parent is not None and node not in other.iterancestors() and node is not other:
                other.insert(data.draw(st.integers(0, len(other))), node)
            case "copy":
                other.insert(data.draw(st.integers(0, len(other))), deepcopy(node))
            case "remove" if parent is not None:
                parent.remove(node)
            case "text":
                node.text = data.draw(st.sampled_from(["", "911130210000", "A", " "]))
            case "attribute":
                name = data.draw(st.sampled_from(["Id", "ID", "id", "URI", "Algorithm", "Target", "Type"]))
                node.set(name, data.draw(st.sampled_from(["", "order", "#order", "note", "#sig-1", "sig-1"])))
            case "rename":
                node.tag = other.tag
            case "comment":
                node.insert(0, etree.Comment("x"))
    return octets(root)


class Tree:
    """A DER value that can be changed in depth; lengths are written anew.

    Args:
        encoded: the value, well-formed.
    """

    def __init__(self, encoded: bytes) -> None:
        tag, start, stop = der.header(encoded, 0, len(encoded))
        self.tag = tag
        self.content = encoded[start:stop]
        self.parts: list[Tree] = []
        if tag & 0x20:
            found = der.children(encoded, start, stop)
            self.parts = [Tree(encoded[begin:end]) for _, begin, _, end in found]

    def encode(self) -> bytes:
        """Return the value as it is now."""
        return der_write.tlv(self.tag, b"".join(part.encode() for part in self.parts) or self.content)

    def walk(self) -> Iterator[Tree]:
        """Yield this value and all in it."""
        yield self
        for part in self.parts:
            yield from part.walk()


def elements_changed(original: bytes, data: st.DataObject) -> bytes:
    """Return the DER ``original`` with values moved, copied, removed, retagged and filled: always well-formed."""
    root = Tree(original)
    for _ in range(data.draw(st.integers(1, 3))):
        holders = [tree for tree in root.walk() if tree.parts]
        if not holders:
            break
        holder, other = (data.draw(st.sampled_from(holders)) for _ in range(2))
        position = data.draw(st.integers(0, len(holder.parts) - 1))
        part = holder.parts[position]
        place = data.draw(st.integers(0, len(other.parts)))
        match data.draw(st.sampled_from(["move", "copy", "remove", "retag", "content", "swap"])):
            case "move" if not any(tree is other for tree in part.walk()):
                del holder.parts[position]
                other.parts.insert(place, part)
            case "copy":
                other.parts.insert(place, deepcopy(part))
            case "remove":
                del holder.parts[position]
            case "retag":
                part.tag = data.draw(st.sampled_from([0x02, 0x04, 0x05, 0x06, 0x30, 0x31, 0xA0, 0xA1, 0x80]))
            case "content" if not part.parts and part.content:
                changed = bytearray(part.content)
                changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
                part.content = bytes(changed)
            case "swap":
                holder.parts[position], holder.parts[0] = holder.parts[0], holder.parts[position]
    return root.encode()
