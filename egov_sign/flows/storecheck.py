"""Reads a whole JSON store and tells what is not as the toolkit left it (R48, R424).

Digests find accidents and careless editing. Somebody who edits a file and recomputes its digest is found elsewhere:
by the signatures over requests and results, and by the hash chain of the journal.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from egov_sign.errors import StoreError
from egov_sign.flows.storefiles import index_entry, record_path
from egov_sign.verdict import Report, SubIndication

if TYPE_CHECKING:
    from egov_sign.flows.jsonstore import JsonStore


def check_folder(store: JsonStore) -> Report:
    """Check ``store``; its lock must be held."""
    report = Report("store", str(store.folder))
    expected = _check_records(store, report)
    _check_index(store, report, expected)
    _check_documents(store, report)
    _check_logs(store, report)
    return report


def _check_records(store: JsonStore, report: Report) -> set[str]:
    expected = set()
    for file in sorted((store.folder / "records").glob("*/*/*")):
        place = _relative(store, file)
        if file.name.startswith("."):
            report.note("STORE_LEFT_OVER", where=place)
            continue
        kind, key = unquote(file.parent.parent.name), unquote(file.stem)
        try:
            record = store.get(kind, key)
        except StoreError:
            record = None
        if record is None or record_path(kind, key) != place:
            report.fail("STORE_RECORD_EDITED", SubIndication.HASH_FAILURE, where=place)
            continue
        expected |= {index_entry(kind, index, value, key) for index, value in record.index.items()}
    return expected


def _check_index(store: JsonStore, report: Report, expected: set[str]) -> None:
    found = {_relative(store, file) for file in (store.folder / "index").glob("*/*/*/*/*") if file.name[0] != "."}
    for place in sorted(expected - found):
        report.fail("STORE_INDEX_MISSING", SubIndication.FORMAT_FAILURE, where=place)
    for place in sorted(found - expected):
        report.fail("STORE_INDEX_STRAY", SubIndication.FORMAT_FAILURE, where=place)


def _check_documents(store: JsonStore, report: Report) -> None:
    for file in sorted((store.folder / "documents").glob("*/*")):
        if file.name.startswith("."):
            report.note("STORE_LEFT_OVER", where=_relative(store, file))
        elif hashlib.sha256(file.read_bytes()).hexdigest() != file.stem:
            report.fail("STORE_DOCUMENT_EDITED", SubIndication.HASH_FAILURE, where=_relative(store, file))


def _check_logs(store: JsonStore, report: Report) -> None:
    for folder in sorted((store.folder / "logs").glob("*")):
        log = unquote(folder.name)
        end = store.get("log-end", log)
        try:
            count = sum(1 for _ in store.read_log(log, locked=True))
        except StoreError as error:
            report.fail("STORE_LOG_EDITED", SubIndication.FORMAT_FAILURE, where=error.where)
            continue
        if end is None or end.data["value"] != count:
            report.fail("STORE_LOG_EDITED", SubIndication.FORMAT_FAILURE, where=_relative(store, folder))


def _relative(store: JsonStore, file: Path) -> str:
    return file.relative_to(store.folder).as_posix()
