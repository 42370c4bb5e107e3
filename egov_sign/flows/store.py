"""Where the services keep their objects: one small protocol, the errors, and the choice of a store by its URL.

A store holds *records* (JSON objects under ``kind`` and ``key``), *documents* (signed XML, attachments: bytes under
their SHA-256) and *logs* (append-only sequences of JSON objects). Everything is written in *units*: all of a unit is
there, or none of it, whatever kills the process (R424).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from egov_sign.errors import ConfigurationError, StoreError
from egov_sign.verdict import Json, Report

Data: TypeAlias = "dict[str, Json]"


@dataclass(frozen=True, slots=True)
class Record:
    """One stored object.

    Attributes:
        kind: what it is: ``request``, ``account``, ``slot``…
        key: its identifier within the kind.
        version: 1 when it is first written, one more with every change.
        data: its content, plain JSON values.
        index: the look-ups that find it: name of the index → value.
    """

    kind: str
    key: str
    version: int
    data: Data
    index: dict[str, str] = field(default_factory=dict)


class StoreConflictError(StoreError):
    """The object was changed by somebody else since it was read (``STORE_CONFLICT``)."""


class Reader(Protocol):
    """What can be read, inside a unit and outside."""

    def get(self, kind: str, key: str) -> Record | None:
        """Return the record, or ``None``.

        Raises:
            StoreError: ``STORE_EDITED`` if the file was changed by hand or is not one of ours.
        """
        ...

    def find(self, kind: str, index: str, value: str) -> list[str]:
        """Return the keys of the records whose ``index`` is ``value``, sorted."""
        ...

    def document(self, digest: str) -> bytes:
        """Return the document with this SHA-256 (hexadecimal).

        Raises:
            StoreError: ``STORE_DOCUMENT_MISSING``, or ``STORE_EDITED`` if its bytes have another digest.
        """
        ...

    def read_log(self, log: str) -> Iterator[Data]:
        """Yield the entries of ``log`` from the first.

        Outside a unit somebody may be writing the last one, which is left out then; in a unit, which sees what was
        there when it began, nobody can be.

        Raises:
            StoreError: ``STORE_EDITED`` at an entry that cannot be read.
        """
        ...


class Unit(Reader, Protocol):
    """A unit of work: sees its own writes; they become visible to others together, or not at all."""

    def put(
        self, kind: str, key: str, data: Data, *, index: Mapping[str, str] | None = None, expect: int | None = None
    ) -> Record:
        """Write a record and return it with its new version.

        Args:
            kind: what it is.
            key: its identifier.
            data: its content.
            index: the look-ups that shall find it; replaces those it had.
            expect: the version it must have now; 0 means that it must not exist.

        Raises:
            StoreConflictError: it has another version.
        """
        ...

    def delete(self, kind: str, key: str) -> None:
        """Remove a record; none is fine."""
        ...

    def put_document(self, content: bytes, suffix: str = ".bin") -> str:
        """Keep ``content`` for good and return its SHA-256 in hexadecimal; ``suffix`` makes the file recognisable."""
        ...

    def next_number(self, counter: str) -> int:
        """Return the next number of ``counter``, starting at 1; a number is never given twice (R413)."""
        ...

    def append(self, log: str, entry: Data) -> None:
        """Add ``entry`` to the end of ``log``."""
        ...


class Store(Reader, Protocol):
    """A place for objects."""

    def unit(self) -> AbstractContextManager[Unit]:
        """Begin a unit of work; it is kept when the block ends, and forgotten when an exception leaves the block.

        Units do not run at the same time, in whatever process: what a unit has read stays true until its end.

        Raises:
            StoreError: ``STORE_READ_ONLY``, ``STORE_FULL``, ``STORE_IO``; nothing of the unit was kept then.
        """
        ...

    def scan(self, kind: str) -> Iterator[Record]:
        """Yield all records of ``kind``, in no particular order."""
        ...

    def check(self) -> Report:
        """Read everything and compare it with its digests, index entries and logs."""
        ...

    def stats(self) -> dict[str, int]:
        """Return how many records there are of each kind; ``documents`` counts the documents."""
        ...


def open_store(url: str, *, create: bool = True) -> Store:
    """Open the store at ``url``.

    Args:
        url: ``json:FOLDER``.
        create: whether an absent or empty folder becomes a store.

    Raises:
        ConfigurationError: ``STORE_URL`` for an unknown kind of store.
        StoreError: the store cannot be opened.
    """
    scheme, colon, place = url.partition(":")
    if scheme == "json" and colon and place:
        from egov_sign.flows.jsonstore import JsonStore  # noqa: PLC0415 - one kind of store loads no other

        return JsonStore(place, create=create)
    raise ConfigurationError("STORE_URL", f"unknown kind of store: {url!r}", hint="write json:FOLDER")
