"""Signed documents changed at random, byte by byte and node by node: nothing changed is ever VALID.

``EGOV_SIGN_MUTATIONS=10000`` runs as many examples of each kind instead of a few hundred.
"""

from __future__ import annotations

import os
from copy import deepcopy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from egov_sign.docs import c14n
from egov_sign.docs.judged import Required, XmlVerdict
from egov_sign.docs.validation import XmlValidator
from egov_sign.docs.xades_sign import signed_properties
from egov_sign.docs.xmlparse import parse
from egov_sign.docs.xmlsign import sign_element, sign_enveloped
from egov_sign.errors import InputError
from egov_sign.verdict import Indication
from egov_sign_pki import World
from tests.attacks.forging import REQUEST, octets
from tests.docs.judging import judge_of

EXAMPLES = int(os.environ.get("EGOV_SIGN_MUTATIONS", "150"))
ROOT = Required(root="{urn:rq}Order", iin="850412110000")
WORLD = World.build(kind="ec")
SIGNER = WORLD.signer("person")
EXTRA = signed_properties(SIGNER, WORLD.at)
VALIDATOR = XmlValidator(judge_of(WORLD))
ORIGINALS = [
    sign_enveloped(REQUEST, SIGNER),
    sign_enveloped(REQUEST, SIGNER, extra=EXTRA),
    sign_element(REQUEST, SIGNER, "order"),
    sign_enveloped(sign_enveloped(REQUEST, SIGNER), WORLD.signer("other-person")),
]
often = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def examine(data: bytes) -> XmlVerdict | None:
    try:
        return VALIDATOR.examine(data, WORLD.at, required=ROOT)
    except InputError:
        return None


def payloads(verdict: XmlVerdict) -> list[bytes]:
    """Return what each signature says, as an application would read it, without the signatures themselves."""
    found = []
    for judged in verdict.signatures:
        root = judged.signed_root()
        if root is not None:
            for signature in root.findall("{http://www.w3.org/2000/09/xmldsig#}Signature"):
                root.remove(signature)
            found.append(c14n.canonicalize(root, c14n.EXCLUSIVE))
    return found


EXPECTED = [payloads(verdict) for verdict in map(examine, ORIGINALS) if verdict]


def check(number: int, changed: bytes) -> None:
    verdict = examine(changed)
    if verdict is not None and verdict.report.indication is Indication.VALID:
        said = payloads(verdict)
        assert said
        assert set(said) <= set(EXPECTED[number]), changed


@pytest.mark.parametrize("number", range(len(ORIGINALS)))
def test_the_originals_are_valid(number: int) -> None:
    verdict = examine(ORIGINALS[number])
    assert verdict is not None
    assert verdict.report.indication is Indication.VALID
    assert EXPECTED[number]


@often
@given(number=st.integers(0, len(ORIGINALS) - 1), data=st.data())
def test_bytes_changed(number: int, data: st.DataObject) -> None:
    changed = bytearray(ORIGINALS[number])
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
    check(number, bytes(changed))


@often
@given(number=st.integers(0, len(ORIGINALS) - 1), data=st.data())
def test_nodes_moved_copied_removed_and_renamed(number: int, data: st.DataObject) -> None:
    """What an attacker who wraps signatures does, in every combination."""
    root = parse(ORIGINALS[number])
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
    check(number, octets(root))
