"""Signed documents changed at random, byte by byte and node by node: nothing changed is ever VALID.

``EGOV_SIGN_MUTATIONS=10000`` runs as many examples of each kind instead of a few hundred.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from egov_sign.docs import c14n
from egov_sign.docs.judged import Required, XmlVerdict
from egov_sign.docs.validation import XmlValidator
from egov_sign.docs.xades import XADES, XADES141
from egov_sign.docs.xades_sign import signed_properties
from egov_sign.docs.xmldsig import DS, find_signatures
from egov_sign.docs.xmlparse import parse
from egov_sign.docs.xmlsign import sign_element, sign_enveloped
from egov_sign.errors import InputError
from egov_sign.verdict import Indication
from egov_sign_pki import World
from tests.attacks.forging import REQUEST
from tests.docs.archiving import b_lta, validator
from tests.docs.judging import judge_of
from tests.docs.mutating import bytes_changed, nodes_changed

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
    check(number, bytes_changed(ORIGINALS[number], data))


@often
@given(number=st.integers(0, len(ORIGINALS) - 1), data=st.data())
def test_nodes_moved_copied_removed_and_renamed(number: int, data: st.DataObject) -> None:
    check(number, nodes_changed(ORIGINALS[number], data))


ARCHIVED = b_lta()
NEEDS_THE_ARCHIVE = datetime(2028, 3, 1, tzinfo=UTC)
"""Signer and first authority have expired: only the archive time-stamp keeps the signature good."""
ARCHIVE_VALIDATOR = validator(NEEDS_THE_ARCHIVE)


ADDED = f"{DS}Object/{XADES}QualifyingProperties/{XADES}UnsignedProperties/{XADES}UnsignedSignatureProperties/*"
SIGNED_PARTS = (DS + "SignedInfo", DS + "SignatureValue", DS + "KeyInfo")


def archived_parts(data: bytes) -> list[bytes]:
    """Return what the archive time-stamp covers of every signature, canonicalised."""
    found: list[bytes] = []
    for signature in find_signatures(parse(data)):
        for element in (*signature.iterchildren(*SIGNED_PARTS), *signature.iterfind(ADDED)):
            if element.tag == XADES141 + "ArchiveTimeStamp":
                break
            found.append(c14n.canonicalize(element, c14n.EXCLUSIVE, comments=False))
    return found


@pytest.mark.parametrize("change", [bytes_changed, nodes_changed])
@often
@given(data=st.data())
def test_nothing_archived_changes(change: Callable[[bytes, st.DataObject], bytes], data: st.DataObject) -> None:
    changed = change(ARCHIVED, data)
    try:
        verdict = ARCHIVE_VALIDATOR.examine(changed, NEEDS_THE_ARCHIVE, required=ROOT)
    except InputError:
        return
    if verdict.report.indication is Indication.VALID:
        assert payloads(verdict) == EXPECTED[1]
        assert archived_parts(changed) == archived_parts(ARCHIVED)


def test_the_archived_original_is_valid() -> None:
    assert ARCHIVE_VALIDATOR.validate(ARCHIVED, NEEDS_THE_ARCHIVE, required=ROOT).indication is Indication.VALID
    assert len(archived_parts(ARCHIVED)) == 6
