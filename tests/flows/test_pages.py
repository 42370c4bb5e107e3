"""The cabinet and the journals as pages and as tables."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from egov_sign.flows import pages
from egov_sign.flows.books import Book
from egov_sign.flows.store import Data
from egov_sign.messages import LANGUAGES
from egov_sign.zones import zone
from tests.browser import measure

IIN = "123456789011"
CALL: Data = {
    "row": "AST01-000001", "date": "2024-03-05", "time_received": "2024-03-05T05:12:00Z", "channel": "portal",
    "request_number": "AST01-CALL-2024-000001", "iin": IIN, "full_name": "Әбдіғаппарұлы Ғұмар Өмірзақұлы",
    "birth_date": "1985-03-21", "phone": "+7 700 000 00 00", "entered_by": "", "address": "г. Астана, ул. Сарайшык, 5",
    "complaints": "=HYPERLINK(\"http://x\") <b>кашель</b>", "district": "12", "doctor": "d1",
    "visit_date": "2024-03-05",
    "visit_window": ["14:00", "18:00"], "visit_status": "doctor_assigned", "oral_answer": "Вызов принят.",
}  # fmt: skip
APPOINTMENT: Data = {key: value for key, value in CALL.items() if key not in ("address", "complaints")} | {
    "specialty": "терапевт", "room": "214", "visit_time": "09:40", "state": "booked", "entered_by": IIN,
}  # fmt: skip


def table(book: Book = "call", **options: object) -> pages.Table:
    rows = [CALL if book == "call" else APPOINTMENT] * 3
    return pages.journal(
        rows, book, "«Городская поликлиника № 1»", zone("Asia/Almaty"),
        doctor={"d1": "Нұрпейісова Құралай"}.__getitem__,
        **options,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.req("R429", "R430", "R438")
def test_a_journal_shows_what_was_entered_in_the_time_of_the_provider() -> None:
    row = dict(zip(table().columns, table().rows[0], strict=True))
    assert row["Время поступления"] == "10:12"
    assert row["Врач"] == "Нұрпейісова Құралай"
    assert row["Время посещения"] == "14:00 – 18:00"
    assert row["Дата рождения"] == "21.03.1985"
    assert (row["Канал"], row["Состояние"]) == ("портал", "назначен врач")
    assert table("appointment").title == "Журнал предварительной записи на прием к врачу"


@pytest.mark.req("R47", "R436")
@pytest.mark.parametrize("book", ["call", "appointment"])
def test_iins_are_masked_unless_asked_for(book: Book) -> None:
    shown = pages.to_html(table(book)) + pages.to_csv(table(book))
    assert IIN not in shown
    assert "1234******11" in shown
    assert IIN in pages.to_csv(table(book, full_numbers=True))


def test_entries_stay_text_in_a_page_and_in_a_spreadsheet() -> None:
    assert "<b>" not in pages.to_html(table())
    rows = list(csv.reader(io.StringIO(pages.to_csv(table()), newline="")))
    assert len(rows) == 4
    assert [cell for cell in rows[1] if cell.startswith(("=", "+", "-", "@"))] == []
    assert '\'=HYPERLINK("http://x") <b>кашель</b>' in rows[1]


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"), ("@x", "'@x"), ("\t=1", "'\t'=1"), ("\uff1d1", "'\uff1d1"),
        ("кашель;=1+1", "кашель;'=1+1"), ("кашель\n=1+1", "кашель\n'=1+1"), ("a\t-1", "a\t'-1"),
        ("ул. 5; кв. 1-2", "ул. 5; кв. 1-2"), ("a=b, c+d", "a=b, c+d"), ("", ""),
    ],
)  # fmt: skip
def test_no_part_of_a_cell_becomes_a_formula_whatever_separates_cells(cell: str, written: str) -> None:
    """A spreadsheet set up for Kazakhstan separates cells by semicolons, and knows no quotes in the middle of one."""
    page = pages.Table("", "", ("c",), ((cell,),), "ru")
    rows = list(csv.reader(io.StringIO(pages.to_csv(page), newline="")))
    assert "".join(rows[1]) == written


@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_browser_shows_the_page_and_only_the_table_scrolls(language: str, width: int, tmp_path: Path) -> None:
    page = pages.to_html(table(language=language))
    script = """() => ({
      overflow: document.documentElement.scrollWidth > document.documentElement.clientWidth,
      rows: document.querySelectorAll("tbody tr").length, lang: document.documentElement.lang,
      scopes: [...document.querySelectorAll("th")].every(cell => cell.scope === "col")})"""
    assert measure(page, script, tmp_path, width=width) == {
        "overflow": False, "rows": 3, "lang": language, "scopes": True,
    }  # fmt: skip


def test_an_empty_cabinet_is_a_page_too() -> None:
    empty = pages.cabinet([], IIN, zone("Asia/Almaty"))
    assert empty.rows == ()
    assert "1414" in pages.to_html(empty)
    assert "1234******11" in empty.subtitle
