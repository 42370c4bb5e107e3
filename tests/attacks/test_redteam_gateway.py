"""Messages at the gateway from somebody who has a good certificate, and the wrong one (R108, R414; rows 30, 60, 61)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from egov_sign.docs.soap_async import MessageType
from egov_sign.errors import ConfigurationError, StoreError
from egov_sign.flows import gateway, registration, signing
from egov_sign.flows.envelope import Envelope
from egov_sign.flows.refusals import Answer
from egov_sign.flows.requests import State, load
from tests.flows.conftest import CALL_FORM, OTHER, PASSWORD, PERSON, Town, build_town
from tests.flows.test_gateway import envelope_of, held_back


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return build_town(tmp_path / "store")


def codes(answer: Answer[Envelope] | Answer[str]) -> list[str]:
    return answer.refusal.codes if answer.refusal else []


@pytest.mark.req("R108", "R414")
@pytest.mark.parametrize("label", ["workstation", "head", "employee", "person", "other-person"])
def test_a_good_certificate_that_is_not_the_sender_s(town: Town, label: str) -> None:
    envelope = envelope_of(town, held_back(town))
    assert codes(gateway.examine(town.services, envelope.sealed(town.world.signer("portal")))) == []
    sealed = envelope.sealed(town.world.signer(label))
    assert codes(gateway.examine(town.services, sealed)) == ["GW_TRANSPORT_SIG_INVALID"]


@pytest.mark.parametrize("sender", ["AST01", "AST02", "pep", "PEP2", "../PEP"])
def test_a_sender_that_the_seal_is_not_of(town: Town, sender: str) -> None:
    envelope = replace(envelope_of(town, held_back(town)), sender=sender)
    refused = codes(gateway.examine(town.services, envelope.sealed(town.world.signer("portal"))))
    assert refused in (["GW_TRANSPORT_SIG_INVALID"], ["GW_FORMAT"])


def test_a_provider_sends_no_requests(town: Town) -> None:
    envelope = replace(envelope_of(town, held_back(town)), sender="AST01")
    assert codes(gateway.examine(town.services, envelope.sealed(town.world.signer("workstation")))) == []
    assert codes(registration.receive(town.services, envelope)) == ["GW_FORMAT"]


def test_the_portal_may_have_a_new_key(town: Town) -> None:
    sealed = envelope_of(town, held_back(town)).sealed(town.world.signer("portal"))
    town.services.portal_signer = build_town(town.services.store.folder.parent / "x", kind="rsa").world.signer("portal")  # type: ignore[attr-defined]
    assert codes(gateway.examine(town.services, sealed)) == []


def test_a_message_older_than_what_it_carries(town: Town) -> None:
    """Else a time before the revocation of a certificate could be chosen for the judgement."""
    town.clock.advance(3600)
    envelope = envelope_of(town, held_back(town))
    old = replace(envelope, date=envelope.date - timedelta(minutes=30))
    assert codes(registration.receive(town.services, old)) == ["GW_TRANSPORT_SIG_NOT_ACTUAL"]
    assert codes(registration.receive(town.services, envelope)) == []


@pytest.mark.req("R47")
def test_row_60_another_person_does_not_learn_the_number_of_a_request(town: Town) -> None:
    own = town.sent(town.log_in(), "CALL", CALL_FORM)
    town.log_in(OTHER)
    forged = town.services.store.document(own.prepared).replace(PERSON.encode(), OTHER.encode())
    data = signing.sign(forged, town.world.signer("other-person"))
    for message in ("new", own.message):
        envelope = Envelope(message, message, "PHC_CALL", MessageType.REQUEST, town.clock.now(), "PEP", "AST01", data)
        answer = registration.receive(town.services, envelope)
        assert answer.refusal is not None
        assert (answer.refusal.codes, answer.refusal.reasons[0].params) == (["SIG_INVALID"], {})


@pytest.mark.req("R49", "R414")
def test_what_was_taken_back_is_delivered_no_more_and_holds_nobody_up(town: Town) -> None:
    request = held_back(town)
    envelope = envelope_of(town, request)
    session = town.portal.log_in(PERSON, PASSWORD).get()
    assert town.portal.withdraw(session, request.id).get().state is State.WITHDRAWN
    assert gateway.state(town.services, request.message) == "DELIVERY_STOPPED"
    assert codes(registration.receive(town.services, envelope)) == ["GW_FORMAT"]
    town.services.faults["ШЭП"] = "unavailable"
    other = town.ready(town.log_in(OTHER), "CALL", CALL_FORM, "other-person")
    town.portal.sign(town.portal.log_in(OTHER, PASSWORD).get(), other.id, town.world.signer("other-person"))
    town.services.faults.clear()
    assert [delivery.state for delivery in gateway.deliver(town.services)] == ["DELIVERED"]
    assert load(town.services.store, request.id).state is State.WITHDRAWN


@pytest.mark.req("R49")
def test_row_62_a_damaged_message_holds_no_other_up(town: Town) -> None:
    requests = []
    for iin, label in [(PERSON, "person"), (OTHER, "other-person")]:
        town.services.faults["ШЭП"] = "unavailable"
        request = town.ready(town.log_in(iin), "CALL", CALL_FORM, label)
        town.portal.sign(town.portal.log_in(iin, PASSWORD).get(), request.id, town.world.signer(label))
        town.services.faults.clear()
        requests.append(load(town.services.store, request.id))
    first, second = sorted(requests, key=lambda request: request.message)
    record = town.services.store.get("message", first.message)
    assert record is not None
    town.services.store.document_file(str(record.data["envelope"])).unlink()  # type: ignore[attr-defined]
    with pytest.raises(StoreError, match="STORE_DOCUMENT_MISSING"):
        gateway.deliver(town.services)
    assert load(town.services.store, second.id).state is State.REGISTERED
    assert load(town.services.store, first.id).state is State.NOT_DELIVERED


def test_what_is_decided_is_not_taken_back(town: Town) -> None:
    session = town.log_in()
    request = town.sent(session, "CALL", CALL_FORM)
    town.decide(request.number)
    with pytest.raises(ConfigurationError, match="REQUEST_STATE"):
        town.portal.withdraw(session, request.id)


def test_row_30_two_bodies(town: Town) -> None:
    sealed = envelope_of(town, held_back(town)).sealed(town.world.signer("portal"))
    start, end = sealed.index(b"<soap:Body"), sealed.index(b"</soap:Body>") + len(b"</soap:Body>")
    body = sealed[start:end]
    for forged, code in [
        (sealed[:end] + body + sealed[end:], "GW_FORMAT"),
        (sealed[:start] + body.replace(b"wsu:Id", b"other") + sealed[start:], "GW_FORMAT"),
        (sealed.replace(b"</soap:Header>", body + b"</soap:Header>"), "GW_TRANSPORT_SIG_INVALID"),
        (sealed.replace(b"</messageData>", b"</messageData><messageData/>"), "GW_TRANSPORT_SIG_INVALID"),
    ]:
        assert codes(gateway.examine(town.services, forged)) == [code]
