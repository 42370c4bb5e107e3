"""A home call by commands alone: site init, portal …, desk …"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .conftest import Cli
from .town import AT, CLERK, COMPLAINT, FIELDS, OTHER, PERSON, Town


@pytest.mark.req("R101", "R102", "R105", "R106", "R108", "R109", "R112", "R38", "R39", "R41", "R42", "R508")
def test_a_home_call_from_registration_to_the_verified_result(town: Town) -> None:
    town.log_in()
    number = town.sent()
    assert number == "AST01-CALL-2024-000001"
    status = town.portal("status", number, "--json")
    assert set(status.json) == {"schema", "iin", "number", "service", "status", "due", "result_ready"}
    assert status.json["result_ready"] is False
    assert town.portal("result", number).code == 13

    assert town.desk("login", "--iin", CLERK, "--password-file", town.employee_secret, "--json").code == 0
    assert number in town.desk("inbox").out
    assert town.desk("inbox", "--json").json["requests"][0]["number"] == number
    issued = town.folder / "issued.xml"
    decided = town.desk("process", number, *town.key("right-to-sign"), "-o", issued)
    assert decided.code == 0, decided.err
    assert town.desk("inbox").out == ""

    screen = town.portal("status", number, "--lang", "ru")
    assert "Выполнено" in screen.out
    assert screen.out.count("\n") == 5
    target = town.folder / "result.xml"
    opened = town.portal("result", number, "-o", target)
    assert (opened.code, opened.out.split()[0]) == (0, "VALID")
    assert target.read_bytes() == issued.read_bytes()
    assert town.portal("result", number, "--json").json["report"]["indication"] == "VALID"
    assert number in town.portal("cabinet").out
    assert town.portal("cabinet", "--json").json["requests"][0]["state"] == "COMPLETED"


@pytest.mark.req("R107", "R403", "R404")
@pytest.mark.parametrize(
    ("iin", "label", "code"),
    [
        (PERSON, "other-person", "SIG_IIN_MISMATCH"),
        ("780228110005", "expired-person", "SIG_CERT_EXPIRED"),
        ("991231510003", "revoked-person", "SIG_CERT_REVOKED"),
        (PERSON, "person-auth", "SIG_CERT_USAGE"),
    ],
)
def test_a_certificate_that_fails_condition_2_is_refused_by_name(town: Town, iin: str, label: str, code: str) -> None:
    town.log_in(iin)
    ran = town.portal("order", "CALL", "--provider", "AST01", *FIELDS, *COMPLAINT, *town.key(label), "--json")
    assert ran.code == 10
    assert code in [row["code"] for row in ran.json["reasons"]]
    assert f"refused[{code}]" in ran.err


def test_stale_revocation_lists_are_never_good(town: Town) -> None:
    town.log_in()
    later = "2024-03-18T05:00:00Z"
    town.portal("login", "--iin", PERSON, "--password-file", town.secret, at=later)
    ran = town.portal("order", "CALL", "--provider", "AST01", *FIELDS, *COMPLAINT, *town.key("person"), at=later)
    assert ran.code == 10
    assert "SIG_CERT_REVOCATION_UNKNOWN" in ran.err


@pytest.mark.req("R111")
def test_after_the_cut_off_the_refusal_is_signed(town: Town) -> None:
    at = "2024-03-01T14:30:00Z"
    town.portal("register", "--iin", PERSON, "--password-file", town.secret, at=at)
    town.portal("login", "--iin", PERSON, "--password-file", town.secret, at=at)
    order = town.portal("order", "CALL", "--provider", "AST01", *FIELDS, *COMPLAINT, *town.key("person"), at=at)
    number = town.portal("sign", order.out.strip(), *town.key("person"), at=at).out.strip()
    town.run("desk", "login", "--iin", CLERK, "--password-file", town.employee_secret, at=at)
    ran = town.run("desk", "process", number, *town.key("right-to-sign"), "--json", at=at)
    assert ran.code == 10
    assert [row["code"] for row in ran.json["reasons"]] == ["CALL_CUTOFF"]
    opened = town.portal("result", number, at=at)
    assert (opened.code, opened.out.split()[0]) == (0, "VALID")


def test_missing_fields_are_all_named(town: Town) -> None:
    town.log_in()
    ran = town.portal("order", "CALL", "--provider", "AST01", *town.key("person"), "--json")
    assert ran.code == 10
    assert [row["code"] for row in ran.json["reasons"]] == ["FORM_REQUIRED"] * 3


def test_the_form_can_come_from_a_file_and_files_can_be_attached(town: Town, tmp_path: Path) -> None:
    town.log_in()
    (tmp_path / "form.toml").write_text('address = "г. Астана"\nphone = "+77000000000"\ncomplaints = "кашель"\n')
    (tmp_path / "form.json").write_text('{"temperature": 38.5}')
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.4 scan")
    base = ["order", "CALL", "--provider", "AST01", *town.key("person"), "--attach", f"medical={tmp_path / 'scan.pdf'}"]
    ran = town.portal(*base, "--form", tmp_path / "form.toml", "--json")
    assert ran.json["state"] == "READY_TO_SIGN"
    assert town.portal(*base, "--form", tmp_path / "form.json").code == 10
    (tmp_path / "bad").write_text("= nothing")
    assert town.portal(*base, "--form", tmp_path / "bad").code == 12
    (tmp_path / "nested.json").write_text('{"address": ["x"]}')
    assert town.portal(*base, "--form", tmp_path / "nested.json").code == 12
    assert town.portal(*base, "--field", "address").code == 2
    (tmp_path / "program.exe").write_bytes(b"MZ")
    ran = town.portal(*base, *FIELDS, *COMPLAINT, "--attach", f"medical={tmp_path / 'program.exe'}")
    assert "FORM_ATTACHMENT_TYPE" in ran.err


@pytest.mark.req("R422")
def test_a_wrong_password_and_an_unknown_person_read_the_same(town: Town, tmp_path: Path) -> None:
    town.log_in()
    (tmp_path / "wrong").write_text("Wrong-horse-1")
    wrong = town.portal("login", "--iin", PERSON, "--password-file", tmp_path / "wrong")
    unknown = town.portal("login", "--iin", OTHER, "--password-file", tmp_path / "wrong")
    assert (wrong.code, wrong.err) == (unknown.code, unknown.err) == (10, wrong.err)


def test_nobody_is_logged_in(town: Town) -> None:
    ran = town.portal("cabinet")
    assert ran.code == 13
    assert "SESSION_MISSING" in ran.err


def test_a_session_ends(town: Town) -> None:
    town.log_in()
    ran = town.portal("cabinet", at="2024-03-01T09:00:00Z")
    assert ran.code == 10
    assert "AUTH_SESSION_EXPIRED" in ran.err


@pytest.mark.req("R47")
def test_who_logs_out_is_out_wherever_the_session_was_copied_to(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.log_in()
    assert town.desk("login", "--iin", CLERK, "--password-file", town.employee_secret).code == 0
    for realm, look in [("portal", "cabinet"), ("desk", "inbox")]:
        file = town.folder / f"session-{realm}"
        token = file.read_text()
        assert town.run(realm, "logout").code == 0
        assert not file.exists()
        file.write_text(token)
        ran = town.run(realm, look)
        assert (ran.code, "AUTH_SESSION_EXPIRED" in ran.err) == (10, True)
        assert town.run(realm, "logout").code == 0, "who is out already is out"
        file.write_bytes(b"\xff\xfe")
        assert town.run(realm, look).code == 10
    file.write_text("of somebody else")
    monkeypatch.setenv("EGOV_SIGN_SESSION", token)
    assert town.desk("logout").code == 0
    assert file.exists()


@pytest.mark.req("R429")
def test_what_a_recipient_writes_makes_no_row_in_the_journal_on_the_screen(town: Town) -> None:
    town.log_in()
    complaint = "кашель\nAST01-000002  01.03.2024  10:00  Портал"
    order = ["order", "CALL", "--provider", "AST01", *FIELDS, "--field", f"complaints={complaint}"]
    number = town.portal("sign", town.portal(*order, *town.key("person")).out.strip(), *town.key("person")).out.strip()
    town.desk("login", "--iin", CLERK, "--password-file", town.employee_secret)
    assert town.desk("process", number, *town.key("right-to-sign")).code == 0
    shown = town.desk("journal", "call").out
    assert len(shown.splitlines()) == 1
    assert "\\u{a}AST01-000002" in shown


def test_the_session_can_come_from_the_environment(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.log_in()
    file = town.folder / "session-portal"
    assert file.stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("EGOV_SIGN_SESSION", file.read_text().strip())
    file.unlink()
    assert town.portal("cabinet").code == 0


def test_services_and_forms_are_listed(town: Town, cli: Cli) -> None:
    assert "Вызов врача на дом" in town.call("portal", "services", "--site", town.folder, "--lang", "ru").out
    listed = town.call("portal", "services", "--site", town.folder, "--json").json["services"]
    assert [row["code"] for row in listed] == ["CALL", "APPT", "ATT"]
    assert {row["portal"] for row in listed} == {"www.e.gov.kz"}
    assert "* complaints" in cli("portal", "form", "CALL").out
    assert any(row["required"] for row in cli("portal", "form", "APPT", "--json").json["fields"])


def test_a_folder_that_is_no_site_and_one_that_is_not_empty(cli: Cli, town: Town, tmp_path: Path) -> None:
    ran = cli("portal", "cabinet", "--site", tmp_path / "none")
    assert ran.code == 13
    assert "egov-sign site init" in ran.err
    assert cli("site", "init", town.folder).code == 13


@pytest.mark.parametrize(
    "settings", ["store = 1 2", "unknown = 1", 'store = "json:s"\nportal_key = "none"\ntrust = ["none"]\n']
)
def test_settings_that_are_wrong(cli: Cli, tmp_path: Path, settings: str) -> None:
    (tmp_path / "site.toml").write_text(settings)
    ran = cli("portal", "services", "--site", tmp_path)
    assert ran.code == 13
    assert "SITE_MALFORMED" in ran.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere: permissions cannot be tested as root")
def test_a_store_without_write_permission(town: Town) -> None:
    town.log_in()
    for folder in [town.folder / "store", *(town.folder / "store").rglob("*")]:
        folder.chmod(0o500 if folder.is_dir() else 0o400)
    ran = town.portal("order", "CALL", "--provider", "AST01", *FIELDS, *COMPLAINT, *town.key("person"))
    for folder in [town.folder / "store", *(town.folder / "store").rglob("*")]:
        folder.chmod(0o700 if folder.is_dir() else 0o600)
    assert ran.code == 13
    assert "STORE_READ_ONLY" in ran.err
    assert town.portal("cabinet").code == 0


@pytest.mark.req("R10", "R47", "R429", "R440")
def test_pages_pdf_and_diagram_of_a_case(town: Town) -> None:
    town.log_in()
    number = town.sent()
    assert town.desk("login", "--iin", CLERK, "--password-file", town.employee_secret).code == 0
    pdf = town.folder / "result.pdf"
    assert town.desk("process", number, *town.key("right-to-sign"), "--pdf", pdf).code == 0
    checked = town.call("verify", pdf, "--at", AT, "--trust", town.folder / "pki" / "trust", "--lang", "ru")
    assert "DOCUMENT_PAGES_SAME" in checked.out
    assert "DOCUMENT_PROVIDER" not in checked.out

    reading = town.folder / "reading.pdf"
    assert town.portal("result", number, "--pdf", reading).code == 0
    assert reading.read_bytes().startswith(b"%PDF-1.7")

    cabinet = town.folder / "cabinet.html"
    assert town.portal("cabinet", "--html", cabinet, "--lang", "ru").code == 0
    assert number in cabinet.read_text()
    assert PERSON not in cabinet.read_text()
    assert town.portal("cabinet", "--html", cabinet, "--full-numbers").code == 0
    assert PERSON in cabinet.read_text()

    page, sheet = town.folder / "journal.html", town.folder / "journal.csv"
    assert town.desk("journal", "call", "--html", page, "--csv", sheet, "--lang", "ru").code == 0
    assert "Журнал регистрации вызовов" in page.read_text()
    assert PERSON not in page.read_text() + sheet.read_text()
    assert number in sheet.read_text()
    listed = town.desk("journal", "call", "--json", "--full-numbers", "--lang", "en")
    assert listed.json["rows"][0]["IIN"] == PERSON

    picture = town.folder / "case.svg"
    ran = town.call("flow", "diagram", "CALL", "--case", number, "--site", town.folder, "-o", picture, "--lang", "ru")
    assert ran.code == 0, ran.err
    assert number in picture.read_text()
    assert picture.read_text().count('class="badge"') >= 5
    unknown = town.call("flow", "diagram", "CALL", "--case", "none", "--site", town.folder)
    assert (unknown.code, "REQUEST_UNKNOWN" in unknown.err) == (13, True)


@pytest.mark.req("R18")
def test_the_schedule_names_what_the_form_of_an_appointment_asks_for(town: Town) -> None:
    town.log_in()
    free = town.portal("schedule", "--doctor", "doctor-1", "--json").json["slots"]
    assert {row["doctor_id"] for row in free} == {"doctor-1"}
    chosen = ["--field", "doctor_id=doctor-1", "--field", f"slot_id={free[0]['slot_id']}"]
    assert town.portal("order", "APPT", "--provider", "AST01", *chosen, *town.key("person")).code == 0
    day = free[0]["local"][:10]
    shown = town.portal("schedule", "--day", day).out
    assert free[0]["slot_id"] not in shown
    assert {line.split()[1] for line in shown.splitlines()} == {day}
    assert town.portal("schedule", "--provider", "NONE").code == 13


def test_a_form_says_what_may_be_filled_in(cli: Cli) -> None:
    assert "(basis: residence, free_choice, campaign, child, student, return)" in cli("portal", "form", "ATT").out
    appointment = cli("portal", "form", "APPT", "--json")
    assert appointment.json["fields"][0]["example"] == "A-Z, 0-9"
    assert "portal schedule" in cli("portal", "form", "APPT", "--lang", "kk").err
