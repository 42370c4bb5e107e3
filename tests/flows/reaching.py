"""Ways to reach refusals: where they are registered, and what leads there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from egov_sign.flows import gateway
from egov_sign.flows.envelope import Envelope
from egov_sign.flows.refusals import Answer
from egov_sign.flows.requests import Request
from egov_sign.flows.sessions import Session
from tests.flows.conftest import CALL_FORM, Town

PDF = b"%PDF-1.4 test"
SLOT = {"doctor_id": "doctor-1", "slot_id": "doctor-1-20240304-01"}

Case = Callable[[Town], Iterable[str]]
CASES: dict[str, Case] = {}


def case(*codes: str) -> Callable[[Case], Case]:
    """Register a way to reach each of ``codes``."""

    def register(function: Case) -> Case:
        for code in codes:
            CASES[code] = function
        return function

    return register


def codes_of(answer: Answer[Any]) -> list[str]:
    assert answer.refusal is not None
    return answer.refusal.codes


def ordered(town: Town, form: dict[str, str], service: str = "CALL") -> tuple[Session, Request]:
    session = town.log_in()
    request = town.portal.order(session, service, "AST01").get()
    town.portal.fill(session, request.id, form).get()
    return session, request


def submitted(town: Town, form: dict[str, str], service: str = "CALL", signer: str = "person") -> list[str]:
    session, request = ordered(town, form, service)
    return codes_of(town.portal.submit(session, request.id, town.world.certificate(signer)))


def envelope_of(town: Town) -> Envelope:
    session = town.log_in()
    town.services.faults["ШЭП"] = "unavailable"
    request = town.ready(session, "CALL", CALL_FORM)
    town.portal.sign(session, request.id, town.world.signer("person"))
    town.services.faults.clear()
    message = town.services.store.find("message", "state", "NOT_DELIVERED")[0]
    record = town.services.store.get("message", message)
    assert record is not None
    sealed = town.services.store.document(str(record.data["envelope"]))
    return gateway.examine(town.services, sealed).get()
