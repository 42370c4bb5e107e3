"""Somebody who fills, races and withdraws where the services do not expect it (row 62, R34, R105, R416)."""

from __future__ import annotations

from pathlib import Path

import pytest

from egov_sign.errors import ConfigurationError
from egov_sign.flows import preparation, requests
from egov_sign.flows.desk import ServiceDesk
from egov_sign.flows.portal import Portal
from egov_sign.flows.requests import State, load
from egov_sign.flows.store import StoreConflictError
from egov_sign.flows.workstation import Workstation
from tests.flows.conftest import CALL_FORM, REGISTRAR, Town, build_town
from tests.flows.test_desk import WHO

ODD = ["a" * 300, "", "..", "/etc/passwd", "a\0b", "\n", "-rf", "\ud800", "КИР" * 60, "a/../../b"]


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return build_town(tmp_path / "store")


@pytest.mark.parametrize("text", ODD)
def test_any_text_in_place_of_an_identifier_is_an_unknown_one(town: Town, text: str) -> None:
    session = town.log_in()
    with pytest.raises(ConfigurationError, match="REQUEST_UNKNOWN"):
        requests.load(town.services.store, text)
    with pytest.raises(ConfigurationError, match="PROVIDER_UNKNOWN"):
        Workstation(town.services, text)
    answer = town.portal.order(session, "CALL", text)
    assert answer.refusal is not None
    assert answer.refusal.codes == ["FORM_FORMAT"]


@pytest.mark.req("R105")
@pytest.mark.parametrize("text", ODD)
def test_what_no_document_can_hold_is_not_kept_in_a_draft(town: Town, text: str) -> None:
    session = town.log_in()
    request = town.portal.order(session, "APPT", "AST01").get()
    entered = {"slot_id": text}
    kept = town.portal.fill(session, request.id, entered).accepted
    assert load(town.services.store, request.id).form == {"iin": str(session.iin)} | (entered if kept else {})
    for form in ({"slot_id": "1" * 10_000_000}, {"unknown": "x"}, {"slot_id": "\x1b[2J"}):
        answer = town.portal.fill(session, request.id, form)
        assert answer.refusal is not None
        assert answer.refusal.codes == ["FORM_FORMAT"]
    assert not town.portal.submit(session, request.id, town.world.certificate("person")).accepted
    assert town.portal.withdraw(session, request.id).get().state is State.WITHDRAWN


@pytest.mark.req("R105")
def test_a_form_changed_while_it_is_checked_is_not_signed(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sessions of one person: the second changes the form between its check and what is made of it."""
    session = town.log_in()
    request = town.portal.order(session, "CALL", "AST01").get()
    town.portal.fill(session, request.id, CALL_FORM)
    _meanwhile(monkeypatch, lambda: Portal(town.services).fill(session, request.id, {"phone": "none"}))
    with pytest.raises(StoreConflictError, match="STORE_CONFLICT"):
        town.portal.submit(session, request.id, town.world.certificate("person"))
    assert load(town.services.store, request.id).state is State.DRAFT


@pytest.mark.req("R126")
def test_a_form_changed_at_another_desk_is_not_registered(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    session, counter = town.desk_session(REGISTRAR), ServiceDesk(town.services, "AST01")
    request = counter.open(session, "CALL", WHO).get()
    counter.fill(session, request.id, CALL_FORM)
    _meanwhile(monkeypatch, lambda: counter.fill(session, request.id, {"phone": "none"}))
    with pytest.raises(StoreConflictError, match="STORE_CONFLICT"):
        counter.register(session, request.id, town.world.signer("employee"))
    assert load(town.services.store, request.id).number == ""


def _meanwhile(monkeypatch: pytest.MonkeyPatch, act: object) -> None:
    real = preparation.parties

    def parties(*given: object) -> object:
        assert callable(act)
        assert act().accepted
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(preparation, "parties", parties)
