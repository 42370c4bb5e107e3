"""DSS accepts every level that we make for what it is, and we accept every level that DSS makes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from egov_sign.docs import cms_sign
from egov_sign.docs.cms import SignedData
from egov_sign.docs.extend import Target, extend
from egov_sign.docs.judge import DocumentValidator
from egov_sign.docs.pdf_sign import sign_pdf
from egov_sign.docs.xades_sign import signed_properties
from egov_sign.docs.xmlsign import sign_enveloped
from egov_sign.verdict import Indication
from egov_sign_pki import World
from tests.docs.dss import made, opinions
from tests.docs.pdf_world import authority, judge, pdf_world, plain_pdf

XML = b'<a xmlns="urn:x"><b>text</b></a>'


def levels(world: World) -> dict[str, bytes]:
    """Return documents by the level they are made for, such as ``XAdES-BASELINE-LT``."""
    person, stamps = world.signer("person"), authority(world, world.at)
    signed = {
        "XAdES-BASELINE-B": sign_enveloped(XML, person, extra=signed_properties(person, world.at)),
        "CAdES-BASELINE-B": cms_sign.sign(b"content", person, signing_time=world.at),
        "PAdES-BASELINE-B": sign_pdf(plain_pdf(), person, signing_time=world.at),
        "PAdES-BASELINE-T": sign_pdf(plain_pdf(), person, signing_time=world.at, timestamps=stamps),
    }
    for target in Target:
        for form, basic in (("XAdES", "B"), ("CAdES", "B"), ("PAdES", "T")):
            if (form, target) != ("PAdES", Target.B_T):
                level = target.value.removeprefix("B-")
                signed[f"{form}-BASELINE-{level}"] = extended(signed[f"{form}-BASELINE-{basic}"], target, world)
    return signed


def extended(document: bytes, target: Target, world: World) -> bytes:
    _, document_at_level = extend(document, target, judge(world), world.at, timestamps=authority(world, world.at))
    assert document_at_level is not None
    return document_at_level


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_dss_accepts_every_level(kind: str, tmp_path: Path) -> None:
    world = pdf_world(kind)
    found = opinions(world, levels(world), tmp_path)
    assert found == {level: [f"TOTAL_PASSED {level}"] for level in found}
    assert len(found) == 12


def test_dss_accepts_both_signers_of_an_archived_message(tmp_path: Path) -> None:
    world = pdf_world()
    first = cms_sign.sign(b"content", world.signer("person"), signing_time=world.at)
    both = cms_sign.add_signer(SignedData.load(first), world.signer("other-person"), signing_time=world.at)
    found = opinions(world, {"both": extended(both, Target.B_LTA, world)}, tmp_path)
    assert found["both"] == ["TOTAL_PASSED CAdES-BASELINE-LTA"] * 2


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_every_level_that_dss_makes_is_accepted_here(kind: str, tmp_path: Path) -> None:
    world = pdf_world(kind)
    documents = made(world, plain_pdf(), tmp_path)
    validator = DocumentValidator(judge(world))
    found = {
        name: validator.validate(document, world.at + timedelta(seconds=1)) for name, document in documents.items()
    }
    for name, report in found.items():
        signature = report.children[0]
        assert signature.indication is Indication.VALID, (name, report.to_dict())
        assert signature.facts["level"] == name.replace("-", "-B-")
    assert len(found) == 12
