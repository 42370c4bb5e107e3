"""Random changes to documents, as hypothesis draws them."""

from __future__ import annotations

from copy import deepcopy

from hypothesis import strategies as st
from lxml import etree

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
