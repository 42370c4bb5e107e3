"""Somebody who fills, races and withdraws where the services do not expect it (row 62, R34, R105, R416)."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from egov_sign.errors import ConfigurationError, StoreError
from egov_sign.flows import books, journal, preparation, requests
from egov_sign.flows.desk import ServiceDesk
from egov_sign.flows.employees import Desk
from egov_sign.flows.jsonstore import JsonStore
from egov_sign.flows.portal import Portal
from egov_sign.flows.requests import State, load
from egov_sign.flows.services import Services
from egov_sign.flows.sessions import Session
from egov_sign.flows.store import StoreConflictError
from egov_sign.flows.workstation import Workstation
from egov_sign_pki.site import EMPLOYEE_PASSWORD, make_site
from tests.cli.conftest import Cli, cli  # noqa: F401 - a fixture
from tests.flows.conftest import CALL_FORM, DEPUTY, NOW, OTHER, PASSWORD, PERSON, REGISTRAR, Town, build_town
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


@pytest.mark.req("R49", "R414")
def test_a_command_killed_before_the_delivery_withholds_nothing(tmp_path: Path, cli: Cli) -> None:  # noqa: F811
    """The request, then the answer, wait in the gateway; what happened is there whole, and is delivered later."""
    site = tmp_path / "site"
    make_site(site, NOW, password_memory_kib=64)
    (tmp_path / "secret").write_text(PASSWORD)
    (tmp_path / "employee").write_text(EMPLOYEE_PASSWORD)
    keys = site / "pki/keys"

    def run(*arguments: object) -> str:
        ran = cli(*arguments, "--site", site, "--at", "2024-03-01T05:00:00Z")
        assert ran.code == 0, ran.err
        return ran.out.strip()

    def killed(*arguments: object) -> None:
        script = "import os, sys; from egov_sign.flows import gateway; from egov_sign_cli.__main__ import main; "
        script += "gateway.deliver_one = lambda *_: os.kill(os.getpid(), 9); main(sys.argv[1:])"
        given = [*map(str, arguments), "--site", str(site), "--at", "2024-03-01T05:00:00Z"]
        ran = subprocess.run([sys.executable, "-c", script, *given], check=False, capture_output=True)
        assert ran.returncode == -9, ran.stderr

    person = ["--key", keys / "person.p12", "--password-file", site / "pki/password"]
    run("portal", "register", "--iin", PERSON, "--password-file", tmp_path / "secret")
    run("portal", "login", "--iin", PERSON, "--password-file", tmp_path / "secret")
    fields = [part for name, value in CALL_FORM.items() for part in ("--field", f"{name}={value}")]
    request = run("portal", "order", "CALL", "--provider", "AST01", *fields, *person)
    killed("portal", "sign", request, *person)
    assert "DELIVERED" in run("site", "deliver")
    number = "AST01-CALL-2024-000001"
    run("desk", "login", "--iin", DEPUTY, "--password-file", tmp_path / "employee")
    signer = ["--key", keys / "right-to-sign.p12", "--password-file", site / "pki/password"]
    killed("desk", "process", number, *signer)
    assert json.loads(run("portal", "status", number, "--json"))["result_ready"] is False
    assert len(json.loads(run("site", "deliver", "--json"))["deliveries"]) == 1
    assert run("site", "deliver") == ""
    assert run("portal", "result", number).startswith("VALID")
    assert run("journal", "verify").startswith("VALID")
    assert run("store", "check").startswith("VALID")


@pytest.mark.req("R14", "R57")
@pytest.mark.parametrize("withdrawn", [False, True], ids=["two employees", "employee and applicant"])
def test_one_request_has_one_end_whoever_is_quicker(town: Town, *, withdrawn: bool) -> None:
    session, clerk = town.log_in(), town.desk_session()
    for _ in range(6):
        number = town.sent(session, "CALL", CALL_FORM).number
        process = partial(_process, town, clerk, number)
        assert _race(town, process, partial(_withdraw, session, number) if withdrawn else process) == {
            "REQUEST_STATE",
            "",
        }
        state = load(town.services.store, number).state
        rows = [row for row in books.rows(town.services.store, "call", "AST01") if row["request_number"] == number]
        assert len(rows) == (1 if state is State.COMPLETED else 0)
    assert journal.verify(town.services.store).codes == []
    assert town.services.store.check().codes == []


def _process(town: Town, clerk: Desk, number: str, own: Services) -> None:
    Workstation(own, "AST01").process(clerk, number, town.world.signer("right-to-sign")).get()


def _withdraw(session: Session, number: str, own: Services) -> None:
    Portal(own).withdraw(session, number).get()


def _race(town: Town, *acts: Callable[[Services], None]) -> set[str]:
    """Do all ``acts`` at once, each with a store of its own, as processes would; return the codes of their errors."""
    start, codes = threading.Barrier(len(acts)), list[str]()

    def run(act: Callable[[Services], None]) -> None:
        own = replace(town.services, store=JsonStore(town.services.store.folder))  # type: ignore[attr-defined]
        start.wait()
        try:
            act(own)
        except ConfigurationError as error:
            codes.append(error.code)
        else:
            codes.append("")

    racers = [threading.Thread(target=run, args=(act,)) for act in acts]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    return set(codes)


@pytest.mark.req("R48", "R409")
@pytest.mark.parametrize(
    "change",
    [
        {"applicant": OTHER},
        {"represented": {"iin": OTHER, "relation": "principal"}},
        {"form": CALL_FORM | {"address": "г. Астана, ул. Другая, д. 1"}},
        {"form": CALL_FORM | {"complaints": ""}},
        {"files": []},
        {"document": ""},
    ],
    ids=["applicant", "represented", "address", "complaints", "files", "document"],
)
def test_row_62_a_request_edited_with_its_digest_is_not_decided_on(town: Town, change: dict[str, Any]) -> None:
    """The record is changed as the toolkit would; only the signed document tells what was asked for."""
    sent = town.sent(town.log_in(), "CALL", CALL_FORM, attached="a.pdf")
    record = town.services.store.get("request", sent.id)
    assert record is not None
    with town.services.store.unit() as unit:
        if "document" in change:
            change["document"] = unit.put_document(unit.document(sent.prepared) + b" ", ".xml")
        unit.put("request", sent.id, record.data | change, index=record.index)
    with pytest.raises(StoreError, match="STORE_EDITED"):
        town.decide(sent.number)
    with town.services.store.unit() as unit:
        unit.put("request", sent.id, record.data, index=record.index)
    assert town.decide(sent.number).request.state is State.COMPLETED
