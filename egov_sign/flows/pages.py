"""Printable pages: the personal cabinet of a recipient, and the provider's journals (R10, R429, R430).

Everything is escaped, nothing is loaded, IINs are masked unless asked for (R47). Times are told in the zone of the
provider (R438).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from html import escape
from importlib import resources

from egov_sign.flows import catalogue
from egov_sign.flows.books import TITLES, Book
from egov_sign.flows.requests import Request
from egov_sign.flows.store import Data
from egov_sign.messages import Language, text
from egov_sign.messages import catalogue as catalogue_of_texts

_COLUMNS: dict[Book, tuple[str, ...]] = {
    "call": (
        "row", "date", "time_received", "channel", "request_number", "iin", "full_name", "birth_date", "address",
        "phone", "complaints", "district", "doctor", "visit_date", "visit_window", "visit_status", "entered_by",
    ),
    "appointment": (
        "row", "date", "time_received", "channel", "request_number", "iin", "full_name", "birth_date", "phone",
        "specialty", "doctor", "room", "visit_date", "visit_time", "state", "entered_by",
    ),
}  # fmt: skip
_DAYS = frozenset({"date", "birth_date", "visit_date"})
_CODED = frozenset({"channel", "visit_status", "state"})
_NUMBERS = frozenset({"iin", "entered_by"})
_FORMULA = re.compile(r"^[\t\r]|(?:^|(?<=[;\t\r\n]))[=+\-@\uff0b\uff0d\uff1d\uff20]")
"""How a formula begins, in a cell and in what becomes one: spreadsheets of this country separate by semicolons."""


@dataclass(frozen=True, slots=True)
class Table:
    """A page of rows.

    Attributes:
        title: heading.
        subtitle: whose it is.
        columns: captions.
        rows: cells in the order of the columns.
        language: of the captions.
    """

    title: str
    subtitle: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    language: Language


def cabinet(
    requests: Iterable[Request], iin: str, zone: tzinfo, *, language: Language = "ru", full_numbers: bool = False
) -> Table:
    """Return the personal cabinet: the five fields of the status screen for every request (R39).

    Args:
        requests: the recipient's own.
        iin: of the recipient.
        zone: in which the terms are told.
        language: of captions and texts.
        full_numbers: show the IIN in full.
    """
    owner = iin if full_numbers else masked(iin)
    rows = [
        (
            request.number or "—",
            catalogue.name_of(request.service, language),
            request.state.caption(language),
            f"{request.due.astimezone(zone):%d.%m.%Y %H:%M}" if request.due else "—",
        )
        for request in requests
    ]
    codes = ("LABEL_NUMBER", "LABEL_SERVICE", "LABEL_STATUS", "LABEL_DUE")
    columns = tuple(text(code, language) for code in codes)
    subtitle = f"{text('LABEL_IIN', language)} {owner}"
    return Table(text("PAGE_CABINET", language), subtitle, columns, tuple(rows), language)


def journal(
    rows: Iterable[Data],
    book: Book,
    provider: str,
    zone: tzinfo,
    *,
    doctor: Callable[[str], str] = str,
    language: Language = "ru",
    full_numbers: bool = False,
) -> Table:
    """Return a provider's journal of calls or of appointments.

    Args:
        rows: as :func:`egov_sign.flows.books.rows` gives them.
        book: which journal.
        provider: name of the organisation.
        zone: in which times are told.
        doctor: gives the name of a doctor by identifier.
        language: of the captions; the entries are as they were made.
        full_numbers: show IINs in full.
    """

    def cell(name: str, value: object) -> str:
        if value is None or value == "":
            return ""
        if isinstance(value, list | tuple):
            return " – ".join(map(str, value))
        written = str(value)
        if name in _NUMBERS:
            return written if full_numbers else masked(written)
        if name in _DAYS:
            return f"{datetime.fromisoformat(written):%d.%m.%Y}"
        if name == "time_received":
            return f"{datetime.fromisoformat(written).astimezone(zone):%H:%M}"
        if name in _CODED:
            code = f"PAGE_{name}_{written}".upper()
            return text(code, language) if code in catalogue_of_texts() else written
        return doctor(written) if name == "doctor" else written

    columns = _COLUMNS[book]
    title = TITLES[book] if language == "ru" else text(f"PAGE_JOURNAL_{book.upper()}", language)
    return Table(
        title=title[:1].upper() + title[1:],
        subtitle=provider,
        columns=tuple(text(f"PAGE_{name.upper()}", language) for name in columns),
        rows=tuple(tuple(cell(name, row.get(name)) for name in columns) for row in rows),
        language=language,
    )


def masked(iin: str) -> str:
    """Return an IIN as it is shown to others: ``1234******11``."""
    return f"{iin[:4]}******{iin[10:]}" if len(iin) == 12 else iin


def to_html(table: Table) -> str:
    """Return the table as one self-contained HTML page."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.columns)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows)
    note = text("PAGE_ROWS", table.language, {"count": len(table.rows)})
    contact = text("PAGE_CONTACT", table.language, {"numbers": ", ".join(catalogue.CONTACT_CENTRE)})
    return (
        f'<!doctype html>\n<html lang="{table.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(table.title)}</title><style>{_style()}</style></head><body><main>"
        f'<h1>{escape(table.title)}</h1><p class="sub">{escape(table.subtitle)}</p>'
        f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        f"<footer>{escape(note)} {escape(contact)}</footer></main></body></html>\n"
    )


def to_csv(table: Table) -> str:
    """Return the table as CSV (RFC 4180); what a spreadsheet would take for a formula gets an apostrophe before it."""
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\r\n")
    writer.writerow(table.columns)
    writer.writerows(map(_harmless, table.rows))
    return output.getvalue()


def _harmless(row: Sequence[str]) -> list[str]:
    return [_FORMULA.sub(r"'\g<0>", cell) for cell in row]


@cache
def _style() -> str:
    return resources.files(__package__ or "").joinpath("pages.css").read_text(encoding="utf-8")
