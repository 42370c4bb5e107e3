"""Desk, journal, store, cases, survey and scenarios by commands."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from .conftest import Cli
from .town import AT, CLERK, COMPLAINT, FIELDS, PERSON, Town


@pytest.fixture
def clerk(town: Town) -> Town:
    assert town.desk("login", "--iin", CLERK, "--password-file", town.employee_secret).code == 0
    return town


@pytest.mark.req("R121", "R122", "R123", "R124", "R126", "R127")
def test_a_home_call_at_the_desk(clerk: Town) -> None:
    ran = clerk.desk("apply", "CALL", "--iin", PERSON, *FIELDS, *COMPLAINT, *clerk.key("right-to-sign"))
    assert (ran.code, ran.out.strip()) == (0, "AST01-CALL-2024-000001"), ran.err
    decided = clerk.desk("process", ran.out.strip(), *clerk.key("right-to-sign"), "--json")
    assert decided.json["state"] == "COMPLETED"
    assert set(decided.json["oral_answer"]) == {"ru", "kk", "en"}


def test_the_register_of_persons_says_no(clerk: Town) -> None:
    unknown = clerk.desk("apply", "CALL", "--iin", "991231510403", *COMPLAINT, *clerk.key("right-to-sign"))
    assert (unknown.code, "GBD_NOT_FOUND" in unknown.err) == (10, True)
    other = clerk.desk("apply", "CALL", "--iin", PERSON, "--surname", "ДРУГАЯ", *COMPLAINT, *clerk.key("right-to-sign"))
    assert (other.code, "GBD_MISMATCH" in other.err) == (10, True)


def test_documents_are_scanned_at_the_desk(clerk: Town, tmp_path: Path) -> None:
    (tmp_path / "id.pdf").write_bytes(b"%PDF-1.4")
    scan = ["--attach", f"identity={tmp_path / 'id.pdf'}"]
    ran = clerk.desk(
        "apply", "CALL", "--iin", PERSON, *FIELDS, *COMPLAINT, *scan, *clerk.key("right-to-sign"), "--json"
    )
    assert ran.json["state"] == "REGISTERED"
    assert clerk.desk("receive", "APPT", "--iin", PERSON, *scan).code == 2


def test_reception_is_not_provided_in_astana(clerk: Town) -> None:
    ran = clerk.desk("receive", "APPT", "--iin", PERSON, "--channel", "phone", "--field", "doctor_id=doctor-1")
    assert ran.code == 13


@pytest.mark.req("R49", "R418")
def test_overdue_requests_are_listed(clerk: Town) -> None:
    clerk.log_in()
    number = clerk.sent()
    assert clerk.run("desk", "overdue").code == 0
    late = clerk.run("desk", "overdue", at="2024-03-01T09:00:00Z")
    assert (late.code, number in late.out) == (10, True)
    assert clerk.run("desk", "overdue", "--json", at="2024-03-01T09:00:00Z").json["requests"][0]["number"] == number


@pytest.mark.req("R423")
def test_the_journal_is_shown_and_a_changed_line_is_found(clerk: Town) -> None:
    clerk.log_in()
    number = clerk.sent()
    shown = clerk.run("journal", "show", "--request", number)
    assert "astana/CALL/portal.p6" in shown.out
    assert PERSON not in clerk.run("journal", "show").out
    events = clerk.run("journal", "show", "--json").json["events"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert clerk.run("journal", "verify").code == 0
    log = next((clerk.folder / "store" / "logs").rglob("*.jsonl"))
    log.write_text(log.read_text().replace('"outcome": "ok"', '"outcome": "no"', 1))
    ran = clerk.run("journal", "verify", "--json")
    assert (ran.code, ran.json["report"]["findings"][0]["code"]) == (10, "JOURNAL_LINE_CHANGED")


@pytest.mark.req("R48")
def test_the_store_is_counted_exported_and_checked(clerk: Town) -> None:
    clerk.log_in()
    clerk.sent()
    assert "request" in clerk.run("store", "stats").out
    assert clerk.run("store", "stats", "--json").json["counts"]["request"] == 1
    assert clerk.run("store", "check").code == 0
    target = clerk.folder / "requests.jsonl"
    assert clerk.run("store", "export", "request", "-o", target).code == 0
    assert json.loads(target.read_text())["data"]["applicant"] == PERSON
    fields = [*FIELDS, "--field", "complaints=\x9b2J\u202eкашель"]
    assert clerk.portal("order", "CALL", "--provider", "AST01", *fields, *clerk.key("person")).code == 0
    assert not {"\x9b", "\u202e"} & set(clerk.run("store", "export", "request").out)
    record = next((clerk.folder / "store" / "records" / "request").rglob("*.json"))
    record.write_text(record.read_text().replace("кашель", "ничего"))
    ran = clerk.run("store", "check")
    assert ran.code == 10


@pytest.mark.req("R402", "R409")
def test_a_case_is_exported_and_checked_elsewhere(clerk: Town, tmp_path: Path) -> None:
    clerk.log_in()
    number = clerk.sent()
    clerk.desk("process", number, *clerk.key("right-to-sign"))
    case = tmp_path / "case"
    assert clerk.run("case", "export", number, case, "--json").json["manifest"] == str(case / "manifest.json")
    years_later = "2031-01-01T00:00:00Z"
    assert clerk.run("case", "verify", case, at=years_later).code == 0
    assert clerk.run("case", "export", number, case).code == 13
    (case / "result.xml").write_bytes((case / "result.xml").read_bytes().replace(b"COMPLETED", b"COMPLETER"))
    assert clerk.run("case", "verify", case).code == 10


@pytest.mark.req("R402")
def test_a_case_is_checked_where_there_is_no_installation(
    clerk: Town, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk.log_in()
    clerk.run("case", "export", clerk.sent(), tmp_path / "case")
    monkeypatch.chdir(tmp_path)
    assert cli("case", "verify", "case", "--trust", clerk.folder / "pki" / "trust").code == 0
    alone = cli("case", "verify", "case")
    assert (alone.code, "nothing is trusted" in alone.err) == (11, True)


def test_an_export_that_fails_leaves_nothing(clerk: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    clerk.log_in()
    number = clerk.sent()
    monkeypatch.setattr(os, "fdopen", full)
    ran = clerk.run("case", "export", number, tmp_path / "case")
    assert (ran.code, "No space left" in ran.err, (tmp_path / "case").exists()) == (13, True, False)


@pytest.mark.req("R48")
def test_a_case_is_exported_as_fhir_beside_the_rest(clerk: Town, tmp_path: Path) -> None:
    clerk.log_in()
    number = clerk.sent()
    case = tmp_path / "case"
    assert clerk.run("case", "export", number, case, "--fhir").code == 0
    bundle = json.loads((case / "bundle.json").read_text())
    assert (bundle["type"], bundle["identifier"]["value"]) == ("transaction", number)
    assert clerk.run("case", "verify", case).code == 0
    (case / "bundle.json").write_text(json.dumps(bundle | {"type": "collection"}))
    assert clerk.run("case", "verify", case).code == 10


@pytest.mark.req("R44", "R45", "R46", "R435")
def test_the_survey_is_answered_once_and_counted(clerk: Town) -> None:
    clerk.log_in()
    number = clerk.sent()
    assert clerk.portal("survey", number, "--q1", 3, "--q2", 2).code == 13
    clerk.desk("process", number, *clerk.key("right-to-sign"))
    assert clerk.portal("survey", number, "--q1", 4, "--q2", 2).code == 2
    assert clerk.portal("survey", number, "--q1", 3, "--q2", 2).code == 0
    assert clerk.portal("survey", number, "--q1", 3, "--q2", 2).code == 13
    assert "partly satisfied" in clerk.run("survey", "report").out
    counted = clerk.run("survey", "report", "--json").json["services"][0]
    assert (counted["quality"]["3"], counted["availability"]["2"]) == (1, 1)
    assert "100%" in clerk.run("survey", "report").out


def test_a_request_is_withdrawn(clerk: Town) -> None:
    clerk.log_in()
    number = clerk.sent()
    assert clerk.portal("withdraw", number, "--json").json["state"] == "WITHDRAWN"
    assert clerk.desk("inbox").out == ""
    assert clerk.portal("withdraw", number).code != 0


def test_reception_under_the_order_of_2015(cli: Cli, tmp_path: Path) -> None:
    site = tmp_path / "site"
    assert cli("site", "init", site, "--at", AT, "--profile", "zhambyl").code == 0
    (tmp_path / "secret").write_text("Test-password-1")
    base = ["--site", site, "--at", AT]
    assert cli("desk", "login", "--iin", CLERK, "--password-file", tmp_path / "secret", *base).code == 0
    who = ["--iin", PERSON, "--surname", "ТЕСТОВА", "--name", "АЙГЕРІМ", "--birth-date", "1985-04-12"]
    slot = ["--field", "doctor_id=doctor-1", "--field", "slot_id=doctor-1-20240304-01"]
    ran = cli("desk", "receive", "APPT", *who, *slot, "--channel", "phone", *base, "--lang", "ru")
    assert (ran.code, "04.03.2024" in ran.out) == (0, True), ran.err
    again = cli("desk", "receive", "APPT", *who, *slot, *base, "--json")
    assert again.code == 10


class TestProcessModel:
    @pytest.mark.req("R56")
    def test_the_table_is_printed_from_the_model(self, cli: Cli) -> None:
        shown = cli("flow", "show", "CALL", "--lang", "ru").out
        for expected in ("R112", "30 мин.", "SIG_CERT_*", "Вызов врача на дом"):
            assert expected in shown
        steps = cli("flow", "show", "ATT", "--channel", "desk", "--json").json["steps"]
        assert [step["requirement"] for step in steps] == [f"R{number}" for number in range(321, 331)]
        assert cli("flow", "show", "CALL", "--profile", "zhambyl").code == 13

    def test_what_is_provided_is_listed(self, cli: Cli) -> None:
        rows = {(row["profile"], row["service"], row["channel"]) for row in cli("flow", "list", "--json").json["flows"]}
        assert ("zhambyl", "APPT", "phone") in rows
        assert ("order272-2019", "ATT", "desk") not in rows
        assert len(cli("flow", "list").out.splitlines()) == len(rows)

    def test_ready_scenarios_go_as_they_say(self, cli: Cli) -> None:
        listed = cli("flow", "run", "--list").out.splitlines()
        assert len(listed) >= 12
        ran = cli("flow", "run", "call-portal", "signature-refused", "--json")
        assert ran.code == 0
        assert [row["as_expected"] for row in ran.json["scenarios"]] == [True, True]

    def test_a_scenario_that_goes_otherwise_is_told(self, cli: Cli, tmp_path: Path) -> None:
        file = tmp_path / "mine.toml"
        file.write_text(
            'title = "mine"\nat = 2024-03-01T10:00:00+05:00\n\n'
            '[[step]]\ndo = "register"\nwho = "850412110000"\nexpect = ["REG_ALREADY"]\n'
        )
        ran = cli("flow", "run", file)
        assert ran.code == 10
        assert "expected: REG_ALREADY" in ran.out
        assert cli("flow", "run", "no-such").code == 13
        file.write_text("title = 1")
        assert cli("flow", "run", file).code == 13
