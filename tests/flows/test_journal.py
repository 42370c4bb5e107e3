"""The journal cannot be changed unnoticed, and tells no secrets (R48, R423, R47, R439)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from egov_sign.errors import StoreError
from egov_sign.flows import journal
from egov_sign.flows.jsonstore import JsonStore
from egov_sign.verdict import Indication
from tests.flows.conftest import CALL_FORM, PASSWORD, PERSON, Town


@pytest.fixture
def store(tmp_path: Path) -> JsonStore:
    store = JsonStore(tmp_path / "store")
    for number in range(6):
        with store.unit() as unit:
            journal.append(unit, at="2024-03-01T00:00:00Z", unit="ПЭП", node=f"n{number}", phase="noted")
    return store


def lines(store: JsonStore) -> tuple[Path, list[str]]:
    file = store.folder / "logs/journal/000000.jsonl"
    return file, file.read_text(encoding="utf-8").splitlines(keepends=True)


def test_the_journal_as_it_was_written_verifies(store: JsonStore) -> None:
    report = journal.verify(store)
    assert report.indication is Indication.VALID
    assert report.facts["events"] == 6
    assert [event.seq for event in journal.read(store)] == [1, 2, 3, 4, 5, 6]


@pytest.mark.req("R48", "R423")
@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (lambda rows: rows[:2] + rows[3:], {"JOURNAL_CHAIN_BROKEN", "JOURNAL_END_MISSING"}),
        (lambda rows: rows[:-1], {"JOURNAL_END_MISSING"}),
        (lambda rows: [*rows[:2], rows[3], rows[2], *rows[4:]], {"JOURNAL_CHAIN_BROKEN"}),
        (lambda rows: [*rows[:2], rows[2].replace("n2", "nX"), *rows[3:]], {"JOURNAL_LINE_CHANGED"}),
        (lambda rows: [*rows, rows[-1]], {"JOURNAL_CHAIN_BROKEN", "JOURNAL_END_MISSING"}),
        (lambda _: [], {"JOURNAL_END_MISSING"}),
    ],
    ids=["removed", "cut", "moved", "changed", "repeated", "emptied"],
)
def test_what_was_done_to_it_is_told(
    store: JsonStore, change: Callable[[list[str]], list[str]], codes: set[str]
) -> None:
    file, rows = lines(store)
    file.write_text("".join(change(rows)), encoding="utf-8")
    report = journal.verify(store)
    assert report.indication is Indication.INVALID
    assert codes <= set(report.codes)


@pytest.mark.req("R48", "R423")
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + '{"seq": 7, "at": "20',
        lambda text: text + "\n",
        lambda text: "[" * 200_000 + "\n" + text,
        lambda text: "null\n" + text,
        lambda text: text[:-1],
        lambda text: text.replace('"seq"', '"seq": 0, "more"', 1),
    ],
    ids=["torn", "blank", "deep", "null", "unfinished", "another attribute"],
)
def test_a_line_that_cannot_be_read_is_told_as_a_verdict(store: JsonStore, change: Callable[[str], str]) -> None:
    file, rows = lines(store)
    file.write_text(change("".join(rows)), encoding="utf-8")
    report = journal.verify(store)
    assert report.indication is Indication.INVALID
    assert "JOURNAL_LINE_CHANGED" in report.codes


@pytest.mark.parametrize("line", ['{"seq": 1}', '{"extra": 1}'])
def test_a_line_that_is_none_is_told_where_the_journal_is_shown(store: JsonStore, line: str) -> None:
    file, rows = lines(store)
    file.write_text(f"{line}\n" + "".join(rows), encoding="utf-8")
    with pytest.raises(StoreError, match="STORE_EDITED"):
        list(journal.read(store))


@pytest.mark.req("R423")
def test_an_edited_head_does_not_hide_anything(store: JsonStore) -> None:
    (head,) = store.folder.glob("records/journal-head/*/*.json")
    head.write_text(head.read_text().replace('"seq": 6', '"seq": 5'))
    assert journal.verify(store).codes == ["JOURNAL_END_MISSING"]


@pytest.mark.req("R423")
def test_a_journal_that_is_being_written_verifies(store: JsonStore) -> None:
    """The last line and the count of lines are compared as of one moment."""
    stop = threading.Event()

    def write() -> None:
        own = JsonStore(store.folder)
        while not stop.is_set():
            with own.unit() as unit:
                journal.append(unit, at="2024-03-01T00:00:00Z", unit="ПЭП", node="n", phase="noted")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert [journal.verify(store).codes for _ in range(20)] == [[]] * 20
    finally:
        stop.set()
        writer.join()


@pytest.mark.req("R423")
def test_a_line_changed_with_a_new_hash_breaks_the_chain_behind_it(store: JsonStore) -> None:
    file, rows = lines(store)
    row = json.loads(rows[2])
    row["node"] = "forged"
    row["hash"] = journal._hash(row)
    rows[2] = json.dumps(row, ensure_ascii=False) + "\n"
    file.write_text("".join(rows), encoding="utf-8")
    assert journal.verify(store).codes == ["JOURNAL_CHAIN_BROKEN"]


@pytest.mark.req("R47", "R439")
def test_neither_secrets_nor_health_data_nor_whole_numbers_get_into_the_journal(town: Town) -> None:
    session = town.log_in()
    request = town.sent(session, "CALL", CALL_FORM)
    town.decide(request.number)
    text = "".join(file.read_text() for file in (town.services.store.folder / "logs").rglob("*.jsonl"))  # type: ignore[attr-defined]
    assert "8504******00" in text
    for secret in (PERSON, PASSWORD, session.token, CALL_FORM["complaints"]):
        assert secret not in text


@pytest.mark.req("R439", "R47")
def test_no_password_and_no_token_is_anywhere_in_the_store(town: Town) -> None:
    session = town.log_in()
    town.decide(town.sent(session, "CALL", CALL_FORM).number)
    for file in town.services.store.folder.rglob("*"):  # type: ignore[attr-defined]
        if file.is_file():
            content = file.read_bytes()
            assert PASSWORD.encode() not in content
            assert session.token.encode() not in content


@pytest.mark.req("R21", "R58", "R436")
def test_every_event_names_its_unit_and_the_employee_is_masked(town: Town) -> None:
    from egov_sign.flows.model import UNITS

    session = town.log_in()
    request = town.sent(session, "CALL", CALL_FORM)
    town.decide(request.number)
    events = list(journal.read(town.services.store))
    assert {event.unit for event in events} <= set(UNITS)
    (issued,) = [event for event in events if event.step == "p8" and event.phase == "finished"]
    assert issued.actor == "9506******04 signer/registrar"
    assert issued.number == request.number
    own = list(journal.read(town.services.store, request.number))
    assert {event.request for event in own} == {request.id}
