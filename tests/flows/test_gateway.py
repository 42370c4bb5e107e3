"""The gateway: states, faults, redelivery, what it refuses (R108, R109, R414, R528; attack 60)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from egov_sign.docs.soap_async import MessageType
from egov_sign.flows import answers, gateway, journal, registration
from egov_sign.flows.envelope import Envelope
from egov_sign.flows.requests import Request, State, load
from tests.flows.conftest import CALL_FORM, Town


def held_back(town: Town) -> Request:
    """A signed request that waits in the gateway."""
    town.services.faults["ШЭП"] = "unavailable"
    session = town.log_in()
    request = town.ready(session, "CALL", CALL_FORM)
    town.portal.sign(session, request.id, town.world.signer("person"))
    town.services.faults.clear()
    return load(town.services.store, request.id)


def envelope_of(town: Town, request: Request) -> Envelope:
    record = town.services.store.get("message", request.message)
    assert record is not None
    return gateway.examine(town.services, town.services.store.document(str(record.data["envelope"]))).get()


@pytest.mark.req("R414", "R528")
def test_a_message_has_its_numbers_and_states(town: Town) -> None:
    request = held_back(town)
    assert request.state is State.NOT_DELIVERED
    assert gateway.state(town.services, request.message) == "NOT_DELIVERED"
    envelope = envelope_of(town, request)
    assert (envelope.message, envelope.correlation) == (request.message, request.message)
    assert (envelope.service, envelope.type) == ("PHC_CALL", MessageType.REQUEST)
    assert (envelope.sender, envelope.receiver) == ("PEP", "AST01")
    (delivery,) = gateway.deliver(town.services)
    assert (delivery.state, delivery.status, delivery.reasons) == ("DELIVERED", "SCSS001", ())
    assert load(town.services.store, request.id).state is State.REGISTERED
    assert gateway.deliver(town.services) == []
    assert gateway.state(town.services, "unknown") == ""


@pytest.mark.req("R109", "R209", "R309", "R414")
def test_delivered_twice_means_one_number(town: Town) -> None:
    town.services.faults["ШЭП"] = "duplicate"
    session = town.log_in()
    request = town.sent(session, "CALL", CALL_FORM)
    assert request.number.endswith("000001")
    again = registration.receive(town.services, envelope_of(town, request))
    assert again.refusal is not None
    assert again.refusal.codes == ["REG_DUP_MESSAGE"]
    assert again.refusal.reasons[0].params == {"number": request.number}
    assert load(town.services.store, request.id).number == request.number


@pytest.mark.req("R401", "R108", "R109")
def test_changed_on_the_way_means_no_number(town: Town) -> None:
    town.services.faults["ШЭП"] = "tamper"
    session = town.log_in()
    request = town.ready(session, "CALL", CALL_FORM)
    answer = town.portal.sign(session, request.id, town.world.signer("person"))
    assert answer.refusal is not None
    assert answer.refusal.codes == ["GW_TRANSPORT_SIG_INVALID"]
    stopped = load(town.services.store, request.id)
    assert (stopped.state, stopped.number) == (State.NOT_DELIVERED, "")
    assert gateway.state(town.services, stopped.message) == "DELIVERY_STOPPED"


class TestAttack60:
    """What counts is what the signed document says."""

    @pytest.mark.req("R401")
    def test_a_corrupt_document_under_a_good_envelope(self, town: Town) -> None:
        request = held_back(town)
        envelope = envelope_of(town, request)
        forged = replace(envelope, data=envelope.data.replace("кашель".encode(), "насморк".encode()))
        answer = registration.receive(town.services, forged)
        assert answer.refusal is not None
        assert answer.refusal.codes == ["SIG_INVALID"]
        assert load(town.services.store, request.id).number == ""

    def test_another_provider_and_another_service(self, town: Town) -> None:
        envelope = envelope_of(town, held_back(town))
        for forged, code in [
            (replace(envelope, receiver="AST02"), "DOC_WRONG_PROVIDER"),
            (replace(envelope, service="PHC_ATT"), "GW_NO_SERVICE"),
            (replace(envelope, message="another"), "SIG_INVALID"),
        ]:
            answer = registration.receive(town.services, forged)
            assert answer.refusal is not None
            assert answer.refusal.codes == [code]

    def test_another_persons_signature(self, town: Town) -> None:
        from egov_sign.flows import signing

        request = held_back(town)
        shown = town.services.store.document(request.prepared)
        envelope = envelope_of(town, request)
        forged = replace(envelope, data=signing.sign(shown, town.world.signer("other-person")))
        answer = registration.receive(town.services, forged)
        assert answer.refusal is not None
        assert answer.refusal.codes == ["SIG_IIN_MISMATCH"]

    def test_a_request_that_nobody_sent(self, town: Town) -> None:
        from egov_sign.flows import signing

        request = held_back(town)
        shown = town.services.store.document(request.prepared)
        invented = shown.replace(request.id.encode(), b"00000000-0000-4000-8000-000000000000")
        forged = replace(envelope_of(town, request), data=signing.sign(invented, town.world.signer("person")))
        answer = registration.receive(town.services, forged)
        assert answer.refusal is not None
        assert answer.refusal.codes == ["GW_FORMAT"]


class TestAnswers:
    @pytest.mark.req("R409", "R41")
    def test_attack_61_an_answer_to_another_request_is_not_taken(self, town: Town) -> None:
        session = town.log_in()
        request = town.sent(session, "CALL", CALL_FORM)
        town.services.faults["ШЭП"] = "unavailable"
        decision = town.decide(request.number)
        town.services.faults.clear()
        envelope = Envelope(
            "m", "m", "PHC_CALL", MessageType.RESPONSE, town.clock.now(), "AST01", "PEP", decision.document
        )
        with town.services.work() as work:
            own = load(work.unit, request.id)
            own.document = "0" * 64
            own.save(work)
        answer = answers.receive(town.services, envelope)
        assert answer.refusal is not None
        assert answer.refusal.codes == ["SIG_INVALID"]
        changed = replace(envelope, data=decision.document.replace(b"Date>2024", b"Date>2025"))
        assert not answers.receive(town.services, changed).accepted
        assert not town.portal.can_view_result(session, request.id)

    def test_an_answer_that_comes_twice_is_taken_once(self, town: Town) -> None:
        session = town.log_in()
        request = town.sent(session, "CALL", CALL_FORM)
        town.services.faults["ШЭП"] = "duplicate"
        town.decide(request.number)
        noted = [event for event in journal.read(town.services.store) if event.node == "portal.answered"]
        assert len(noted) == 1


@pytest.mark.req("R528")
def test_a_message_from_the_future_and_one_of_an_unknown_kind(town: Town) -> None:
    envelope = envelope_of(town, held_back(town))
    signer = town.world.signer("portal")
    from datetime import timedelta

    future = replace(envelope, date=envelope.date + timedelta(hours=1))
    answer = gateway.examine(town.services, future.sealed(signer))
    assert answer.refusal is not None
    assert answer.refusal.codes == ["GW_TRANSPORT_SIG_NOT_ACTUAL"]
    notice = gateway.examine(town.services, replace(envelope, type=MessageType.NOTIFICATION).sealed(signer))
    assert notice.refusal is not None
    assert notice.refusal.codes == ["GW_FORMAT"]
    anonymous = gateway.examine(town.services, replace(envelope, correlation="").sealed(signer))
    assert anonymous.refusal is not None
    assert anonymous.refusal.codes == ["GW_FORMAT"]
    garbage = gateway.examine(town.services, b"\xff\xfe")
    assert garbage.refusal is not None
    assert garbage.refusal.codes == ["GW_FORMAT"]
