"""The example of the documentation: one home call from registration to the opened certificate."""

from __future__ import annotations

import pytest

from egov_sign.flows import journal
from egov_sign.flows.engine import StepEvent
from egov_sign.verdict import Indication
from tests.flows.conftest import CALL_FORM, DEPUTY, PASSWORD, PERSON, Town


@pytest.mark.req("R101", "R102", "R103", "R105", "R106", "R108", "R109", "R110", "R112", "R39", "R41", "R42")
def test_a_home_call_from_registration_to_the_certificate(town: Town) -> None:
    seen: list[StepEvent] = []
    town.services.listeners.append(seen.append)
    portal, desk = town.portal, town.desk

    portal.register(PERSON, PASSWORD).get()
    session = portal.log_in(PERSON, PASSWORD).get()
    request = portal.order(session, "CALL", "AST01").get()
    portal.fill(session, request.id, CALL_FORM).get()
    signer = town.world.signer("person")
    portal.submit(session, request.id, signer.certificate).get()
    sent = portal.sign(session, request.id, signer).get()
    assert sent.number == "AST01-CALL-2024-000001"

    clerk = desk.log_in(DEPUTY, PASSWORD).get()
    assert [waiting.number for waiting in desk.inbox(clerk)] == [sent.number]
    decision = desk.process(clerk, sent.number, town.world.signer("right-to-sign")).get()
    assert decision.refusal is None

    screen = portal.status(session, request.id)
    assert screen.status == "Выполнено (результат выдан)"
    assert portal.can_view_result(session, request.id)
    opened = portal.open_result(session, request.id)
    assert opened.reasons == ()
    assert opened.report.indication is Indication.VALID

    steps = [event.event.step for event in seen if event.step and event.event.phase == "finished"]
    assert steps == ["p0", "p1", "c1", "p3", "c2", "p5", "p6", "p1", "c3", "p8"]
    assert journal.verify(town.services.store).codes == []
