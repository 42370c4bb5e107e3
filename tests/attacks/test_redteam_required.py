"""A signer who is required must have signed the document, not a piece that somebody carried into it (rows 1 and 29)."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime

import pytest

from egov_sign.docs.judged import Required
from egov_sign.docs.validation import XmlValidator
from egov_sign.docs.xades_sign import signed_properties
from egov_sign.docs.xmlparse import parse
from egov_sign.docs.xmlsign import sign_detached, sign_element, sign_enveloped, sign_enveloping
from egov_sign.verdict import Indication, SubIndication
from egov_sign_pki import World
from tests.attacks.forging import REQUEST, octets

VICTIM = Required(iin="850412110000")
EVIL = b'<rq:Order xmlns:rq="urn:rq" Id="order"><Evil Id="evil">pay</Evil><x/></rq:Order>'


def carried(world: World) -> bytes:
    """The note that the victim signed, with its signature, in a document of somebody else."""
    signed = parse(sign_element(REQUEST, world.signer("person"), "note"))
    evil = parse(EVIL)
    evil[1].append(deepcopy(signed[1]))
    evil.append(deepcopy(signed[-1]))
    return octets(evil)


@pytest.mark.parametrize("countersigned", [False, True])
def test_a_piece_carried_into_another_document(
    world: World, validator: XmlValidator, at: datetime, countersigned: bool
) -> None:
    document = carried(world)
    if countersigned:
        document = sign_element(document, world.signer("other-person"), "evil")
    assert validator.validate(document, at).codes == ["SCOPE_PARTIAL"]
    report = validator.validate(document, at, required=VICTIM)
    assert (report.indication, report.sub_indication) == (
        Indication.INDETERMINATE,
        SubIndication.SIG_CONSTRAINTS_FAILURE,
    )
    assert "REQUIRED_SIGNER_SIGNED_PART" in report.codes


def test_whole_documents_and_content_inside_the_signature_are_theirs(
    world: World, validator: XmlValidator, at: datetime
) -> None:
    signer = world.signer("person")
    for signed in (
        sign_enveloped(REQUEST, signer),
        sign_element(REQUEST, signer, "order"),
        sign_enveloping(b"x", signer),
    ):
        assert validator.validate(signed, at, required=VICTIM).codes == []


@pytest.mark.parametrize("around", [EVIL, b'<rq:Order xmlns:rq="urn:rq" pay="9"/>'])
def test_a_signature_that_holds_what_it_signs_carried_into_another_document(
    world: World, validator: XmlValidator, at: datetime, around: bytes
) -> None:
    evil = parse(around)
    evil.append(parse(sign_enveloping(b"x", world.signer("person"))))
    assert validator.validate(octets(evil), at).codes == ["SCOPE_PARTIAL"]
    assert "REQUIRED_SIGNER_SIGNED_PART" in validator.validate(octets(evil), at, required=VICTIM).codes


def test_content_outside_is_that_of_its_signer_wherever_the_signature_stands(
    world: World, validator: XmlValidator, at: datetime
) -> None:
    signer = world.signer("person")
    holder = parse(b"<Signatures/>")
    holder.append(parse(sign_detached({"a": b"content"}, signer, extra=signed_properties(signer, at))))
    report = validator.validate(octets(holder), at, required=VICTIM, contents={"a": b"content"})
    assert report.indication is Indication.VALID
