"""The default store: ``json:FOLDER``, one readable JSON file per object.

::

    FOLDER/store.json                           says what this folder is
    FOLDER/lock                                 held by the unit that runs
    FOLDER/redo.log                             units since the last checkpoint (see redolog.py)
    FOLDER/records/KIND/1f/KEY.json             a record with its version, index values and SHA-256
    FOLDER/index/KIND/INDEX/1f/VALUE/KEY        an empty file: the record is found by this value
    FOLDER/documents/1f/1f3a….xml               a document, named by its SHA-256
    FOLDER/logs/LOG/000000.jsonl                entries of a log, so many to a file

``1f`` spreads the files over 256 folders, so that the cost of an operation does not grow with the number of objects.
Folders are 0700, files 0600.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from egov_sign.errors import StoreError
from egov_sign.flows import storefiles
from egov_sign.flows.redolog import RedoLog, Write, make_folder
from egov_sign.flows.store import Data, Record, StoreConflictError, Unit
from egov_sign.verdict import Report

FORMAT: Data = {"format": "egov-sign store", "version": 1}
LOG_FILE_ENTRIES = 4096
_COUNTER = "counter"
_LOG_END = "log-end"


class JsonStore:
    """A store in a folder (see :class:`egov_sign.flows.store.Store`).

    Args:
        folder: where it is, or shall be.
        create: whether an absent or empty folder becomes a store.

    Raises:
        StoreError: ``STORE_ABSENT``, ``STORE_FOREIGN`` (the folder holds something else), ``STORE_READ_ONLY``,
            ``STORE_FULL``, ``STORE_IO``.
    """

    def __init__(self, folder: str | Path, *, create: bool = True) -> None:
        self.folder = Path(folder)
        self._root = os.path.abspath(folder)  # noqa: PTH100 - a string, see RedoLog
        self._log = RedoLog(self._root)
        with self._errors():
            self._open(create)
        with self._locked():
            pass

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """Begin a unit of work (see :meth:`egov_sign.flows.store.Store.unit`)."""
        with self._locked() as lock:
            unit = JsonUnit(self)
            yield unit
            with self._errors():
                writes = unit.writes()
                if writes:
                    self._log.commit(lock, writes)

    def get(self, kind: str, key: str) -> Record | None:
        """Return the record, or ``None`` (see :meth:`egov_sign.flows.store.Reader.get`)."""
        if not storefiles.can_be_key(key):
            return None
        path = storefiles.record_path(kind, key)
        with self._errors():
            try:
                with open(f"{self._root}/{path}", "rb") as file:  # noqa: PTH123
                    content = file.read()
            except FileNotFoundError:
                return None
        return self._parse(path, content, kind, key)

    def find(self, kind: str, index: str, value: str) -> list[str]:
        """Return the keys of the records whose ``index`` is ``value``, sorted."""
        if not storefiles.can_be_key(value):
            return []
        with self._errors():
            try:
                names = os.listdir(f"{self._root}/{storefiles.index_folder(kind, index, value)}")  # noqa: PTH208 - names alone
            except FileNotFoundError:
                return []
        return sorted(unquote(name) for name in names if not name.startswith("."))

    def document(self, digest: str) -> bytes:
        """Return the document with this SHA-256 (see :meth:`egov_sign.flows.store.Reader.document`)."""
        with self._errors():
            file = self.document_file(digest)
            content = file.read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            raise _edited(file.relative_to(self.folder).as_posix())
        return content

    def document_file(self, digest: str) -> Path:
        """Return the file that holds a document, for a person to look at.

        Raises:
            StoreError: ``STORE_DOCUMENT_MISSING``.
        """
        for suffix in storefiles.DOCUMENT_SUFFIXES:
            file = self.folder / storefiles.document_path(digest, suffix)
            if file.exists():
                return file
        raise StoreError(
            "STORE_DOCUMENT_MISSING",
            f"the store has no document {digest}",
            where=str(self.folder),
            hint="a file was removed from the store; restore the folder from a copy",
        )

    def has_file(self, path: str) -> bool:
        """Tell whether the store has a file at ``path``, relative to its folder."""
        return os.path.exists(f"{self._root}/{path}")  # noqa: PTH110

    def size_of(self, path: str) -> int:
        """Return the size of the file at ``path`` in bytes; 0 if there is none."""
        return os.path.getsize(f"{self._root}/{path}") if self.has_file(path) else 0  # noqa: PTH202

    def scan(self, kind: str) -> Iterator[Record]:
        """Yield all records of ``kind``."""
        for file in sorted(self.folder.glob(f"records/{storefiles.file_name(kind)}/*/*.json")):
            record = self.get(kind, unquote(file.stem))
            if record is not None:
                yield record

    def read_log(self, log: str, *, locked: bool = False) -> Iterator[Data]:
        """Yield the entries of ``log`` from the first (see :meth:`egov_sign.flows.store.Reader.read_log`).

        Args:
            log: which.
            locked: nobody writes meanwhile, so an entry without its end was torn off.
        """
        for file in sorted(self.folder.glob(f"logs/{storefiles.file_name(log)}/*.jsonl")):
            with self._errors():
                lines = file.read_bytes().splitlines(keepends=True)
            for line in lines:
                if line.endswith(b"\n"):
                    yield self._parse_line(file, line)
                elif locked:
                    raise _edited(file.relative_to(self.folder).as_posix())

    def check(self) -> Report:
        """Read everything: records and documents against their digests, index entries against the records."""
        from egov_sign.flows.storecheck import check_folder  # noqa: PLC0415 - seldom needed

        with self._locked(), self._errors():
            return check_folder(self)

    def stats(self) -> dict[str, int]:
        """Return how many records there are of each kind, and how many documents."""
        counts = {
            unquote(folder.name): sum(1 for _ in folder.glob("*/*.json"))
            for folder in sorted(self.folder.glob("records/*"))
        }
        return counts | {"documents": sum(1 for _ in self.folder.glob("documents/*/[!.]*"))}

    def _open(self, create: bool) -> None:
        marker = self.folder / "store.json"
        if marker.exists():
            if self._parse_line(marker, marker.read_bytes()) != FORMAT:
                raise StoreError(
                    "STORE_FOREIGN",
                    "this store has a format that this version does not know",
                    where=str(marker),
                    hint="use the version of egov-sign that made it",
                )
            return
        if self.folder.exists() and any(self.folder.iterdir()):
            raise StoreError(
                "STORE_FOREIGN",
                "the folder is not empty and not a store",
                where=str(self.folder),
                hint="name another folder, e.g. json:./egov-store",
            )
        if not create:
            raise StoreError("STORE_ABSENT", "there is no store here", where=str(self.folder), hint="check the path")
        make_folder(self._root)
        self._log.create()
        descriptor = os.open(marker, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(FORMAT, file)
            file.write("\n")

    @contextmanager
    def _locked(self) -> Iterator[int]:
        with self._errors():
            lock = os.open(f"{self._root}/lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            with self._errors():
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._log.recover(lock)
            yield lock
        finally:
            os.close(lock)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise _told(error, self.folder) from error

    def _parse(self, path: str, content: bytes, kind: str, key: str) -> Record:
        try:
            row = json.loads(content)
            digest = row.pop("sha256")
            if digest != storefiles.digest_of(row) or (row["kind"], row["key"]) != (kind, key):
                raise _edited(path)
            return Record(**row)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise _edited(path) from error

    def _parse_line(self, file: Path, line: bytes) -> Data:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _edited(file.relative_to(self.folder).as_posix()) from error
        if not isinstance(entry, dict):
            raise _edited(file.relative_to(self.folder).as_posix())
        return entry


class JsonUnit:
    """A unit of work of a :class:`JsonStore` (see :class:`egov_sign.flows.store.Unit`)."""

    def __init__(self, store: JsonStore) -> None:
        self._store = store
        self._records: dict[tuple[str, str], Record | None] = {}
        self._before: dict[tuple[str, str], Record | None] = {}
        self._documents: dict[str, tuple[str, bytes]] = {}
        self._entries: dict[str, list[Data]] = {}

    def get(self, kind: str, key: str) -> Record | None:
        """Return the record as this unit sees it."""
        if (kind, key) in self._records:
            return self._records[kind, key]
        return self._store.get(kind, key)

    def find(self, kind: str, index: str, value: str) -> list[str]:
        """Return the keys of the records whose ``index`` is ``value``, as this unit sees it."""
        keys = set(self._store.find(kind, index, value))
        for (changed_kind, key), record in self._records.items():
            if changed_kind != kind:
                continue
            keys.discard(key)
            if record is not None and record.index.get(index) == value:
                keys.add(key)
        return sorted(keys)

    def document(self, digest: str) -> bytes:
        """Return the document with this SHA-256."""
        if digest in self._documents:
            return self._documents[digest][1]
        return self._store.document(digest)

    def read_log(self, log: str) -> Iterator[Data]:
        """Yield the entries of ``log`` that were there when the unit began."""
        return self._store.read_log(log, locked=True)

    def put(
        self, kind: str, key: str, data: Data, *, index: Mapping[str, str] | None = None, expect: int | None = None
    ) -> Record:
        """Write a record (see :meth:`egov_sign.flows.store.Unit.put`)."""
        now = self.get(kind, key)
        version = now.version if now else 0
        if expect is not None and expect != version:
            raise StoreConflictError(
                "STORE_CONFLICT",
                f"{kind} {key} has version {version}, not {expect}: somebody changed it meanwhile",
                hint="read it again and repeat",
            )
        record = Record(kind, key, version + 1, data, dict(index or {}))
        self._change(kind, key, now, record)
        return record

    def delete(self, kind: str, key: str) -> None:
        """Remove a record; none is fine."""
        self._change(kind, key, self.get(kind, key), None)

    def put_document(self, content: bytes, suffix: str = ".bin") -> str:
        """Keep ``content`` for good and return its SHA-256."""
        digest = hashlib.sha256(content).hexdigest()
        self._documents[digest] = (suffix if suffix in storefiles.DOCUMENT_SUFFIXES else ".bin", content)
        return digest

    def next_number(self, counter: str) -> int:
        """Return the next number of ``counter``."""
        return self._advance(_COUNTER, counter, 1)

    def append(self, log: str, entry: Data) -> None:
        """Add ``entry`` to the end of ``log``."""
        self._entries.setdefault(log, []).append(entry)

    def writes(self) -> list[Write]:
        """Return the changes of files that this unit amounts to."""
        writes = [
            Write(path, content)
            for digest, (suffix, content) in self._documents.items()
            if not self._store.has_file(path := storefiles.document_path(digest, suffix))
        ]
        for log, entries in self._entries.items():
            writes += self._log_writes(log, entries)
        for (kind, key), record in self._records.items():
            before = self._before[kind, key]
            writes.append(
                Write(storefiles.record_path(kind, key), None if record is None else storefiles.encode_record(record))
            )
            old = before.index.items() if before else set()
            new = record.index.items() if record else set()
            writes += [Write(storefiles.index_entry(kind, index, value, key), None) for index, value in old - new]
            writes += [Write(storefiles.index_entry(kind, index, value, key), b"") for index, value in new - old]
        return writes

    def _change(self, kind: str, key: str, now: Record | None, record: Record | None) -> None:
        self._before.setdefault((kind, key), now)
        self._records[kind, key] = record

    def _advance(self, kind: str, key: str, step: int) -> int:
        now = self.get(kind, key)
        value = now.data["value"] if now else 0
        if not isinstance(value, int):
            raise _edited(storefiles.record_path(kind, key))
        self.put(kind, key, {"value": value + step})
        return value + step

    def _log_writes(self, log: str, entries: list[Data]) -> Iterator[Write]:
        lines = [storefiles.compact(entry).encode() + b"\n" for entry in entries]
        first = self._advance(_LOG_END, log, len(lines)) - len(lines)
        while lines:
            room = LOG_FILE_ENTRIES - first % LOG_FILE_ENTRIES
            path = storefiles.log_path(log, first // LOG_FILE_ENTRIES)
            yield Write(path, b"".join(lines[:room]), self._store.size_of(path))
            lines, first = lines[room:], first + room


def _edited(path: str) -> StoreError:
    return StoreError(
        "STORE_EDITED",
        "the file was changed by hand, or was not written by this toolkit",
        where=path,
        hint="restore the file from a copy; `egov-sign store check` lists all such files",
    )


def _told(error: OSError, folder: Path) -> StoreError:
    place = str(error.filename or folder)
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StoreError(
            "STORE_FULL", "the disk is full; nothing was changed", where=place, hint="free some space and repeat"
        )
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return StoreError(
            "STORE_READ_ONLY",
            "no permission to read or write the store",
            where=place,
            hint="give yourself the right (chmod u+rwX) or name another folder",
        )
    if isinstance(error, (NotADirectoryError, FileExistsError)):
        return StoreError("STORE_FOREIGN", "a file stands where a folder is needed", where=place, hint="name a folder")
    return StoreError("STORE_IO", f"the store cannot be read or written: {error.strerror}", where=place)
