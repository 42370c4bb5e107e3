"""Answers that come to the portal: only who may sign for the provider can answer (R408, R409; row 61)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from egov_sign.docs.soap_async import MessageType
from egov_sign.docs.xmldsig import SIGNATURE
from egov_sign.docs.xmlparse import parse
from egov_sign.docs.xmlsign import sign_enveloped
from egov_sign.flows import answers
from egov_sign.flows.envelope import Envelope
from egov_sign.flows.requests import load
from tests.flows.conftest import CALL_FORM, Town, build_town


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return build_town(tmp_path / "store")


def answer_to(town: Town, data: bytes) -> Envelope:
    (asked,) = (str(row.data["message"]) for row in town.services.store.scan("request"))
    return Envelope("m", asked, "PHC_CALL", MessageType.RESPONSE, town.clock.now(), "AST01", "PEP", data)


def decided(town: Town) -> bytes:
    request = town.sent(town.log_in(), "CALL", CALL_FORM)
    town.decide(request.number)
    return town.services.store.document(load(town.services.store, request.id).outcome)


def test_the_provider_s_answer_is_taken_in(town: Town) -> None:
    assert answers.receive(town.services, answer_to(town, decided(town))).accepted


@pytest.mark.req("R409", "R414")
@pytest.mark.parametrize(
    "change", [{"sender": "AST02"}, {"receiver": "AST02"}, {"correlation": "another"}, {"service": "PHC_ATT"}]
)
def test_row_61_an_answer_that_is_said_to_be_another(town: Town, change: dict[str, str]) -> None:
    refusal = answers.receive(town.services, replace(answer_to(town, decided(town)), **change)).refusal  # type: ignore[arg-type]
    assert refusal is not None
    assert refusal.codes == ["GW_FORMAT"]


@pytest.mark.req("R14")
def test_row_61_a_second_outcome_by_the_right_signer(town: Town) -> None:
    """The certificate that was issued is the one; another with the same numbers is none, whoever signs it."""
    root = parse(decided(town))
    root.remove(root.findall(SIGNATURE)[0])
    again = sign_enveloped(root, town.world.signer("head"))
    refusal = answers.receive(town.services, answer_to(town, again)).refusal
    assert refusal is not None
    assert set(refusal.codes) & {"SIG_INVALID", "SIG_IIN_MISMATCH"}
    name = root.find("{*}HomeVisit/{*}DoctorName")
    assert name is not None
    name.text = "ДРУГОЙ ВРАЧ"
    root.remove(root.findall(SIGNATURE)[0])
    refusal = answers.receive(
        town.services, answer_to(town, sign_enveloped(root, town.world.signer("right-to-sign")))
    ).refusal
    assert refusal is not None
    assert refusal.codes == ["SIG_INVALID"]


@pytest.mark.parametrize("label", ["person", "other-person", "employee", "portal"])
def test_row_61_an_answer_that_the_provider_did_not_sign(town: Town, label: str) -> None:
    root = parse(decided(town))
    root.remove(root.findall(SIGNATURE)[0])
    forged = sign_enveloped(root, town.world.signer(label))
    refusal = answers.receive(town.services, answer_to(town, forged)).refusal
    assert refusal is not None
    assert set(refusal.codes) & {"SIG_BIN_MISMATCH", "SIG_CERT_USAGE", "SIG_IIN_MISMATCH"}


def test_row_61_an_answer_to_a_request_that_nobody_made(town: Town) -> None:
    root = parse(decided(town))
    root.remove(root.findall(SIGNATURE)[0])
    number = root.find("{*}RequestNumber")
    assert number is not None
    number.text = "AST01-CALL-2024-000777"
    forged = sign_enveloped(root, town.world.signer("right-to-sign"))
    refusal = answers.receive(town.services, replace(answer_to(town, forged))).refusal
    assert refusal is not None
    assert refusal.codes == ["SIG_INVALID"]
