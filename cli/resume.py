"""The record of a batch: what was judged already, so that an interrupted one goes on where it was.

A file of JSON lines. The first names the options of the batch and the times it judges at; each other line is a row with
the state of its file. A row counts as long as its file has the size, the time of change and the digest it had. Lines
are written as rows are finished; the last one may be torn, and is dropped.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from egov_sign.docs.batch import Outcome, Row, Source, State
from egov_sign.errors import ConfigurationError, InputError
from egov_sign.verdict import Json

RESUME_SCHEMA = "egov-sign/resume/1"


class Record:
    """The record of one batch.

    Args:
        file: where it is kept.
        read: gets a document, to see whether it is still the same.

    Attributes:
        header: what the first line says; empty for a new record.

    Raises:
        ConfigurationError: ``RESUME_UNREADABLE`` if the file is something else, ``RESUME_IN_USE`` if another run has
            it, ``RESUME_UNUSABLE`` if it cannot be read or written.
    """

    def __init__(self, file: Path, read: Callable[[str], Source]) -> None:
        self.file = file
        self._read = read
        self._places: dict[str, int] = {}
        self.header: dict[str, Any] = {}
        try:
            self._stream: BinaryIO = file.open("r+b" if file.exists() else "w+b")
        except OSError as error:
            raise self._unusable(error) from error
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._load()
        except BlockingIOError as error:
            self.close()
            raise ConfigurationError(
                "RESUME_IN_USE",
                "another run is writing this record",
                where=str(self.file),
                hint="wait until it has ended, or name another file",
            ) from error
        except OSError as error:
            self.close()
            raise self._unusable(error) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.close()
            raise ConfigurationError(
                "RESUME_UNREADABLE", "this is not the record of a batch", where=str(self.file), hint="name a new file"
            ) from error

    def _unusable(self, error: OSError) -> ConfigurationError:
        return ConfigurationError(
            "RESUME_UNUSABLE", f"the record cannot be kept: {error.strerror}", where=str(self.file)
        )

    def _load(self) -> None:
        end = 0
        for line in self._stream:
            if end and not line.endswith(b"\n"):
                break
            value = json.loads(line)
            if end == 0:
                if value.get("schema") != RESUME_SCHEMA:
                    raise ValueError(value)
                self.header = value
            else:
                self._places[value["name"]] = end
            end += len(line)
        self._stream.seek(end)
        self._stream.truncate()

    def begin(self, options: str, times: dict[str, str]) -> None:
        """Start a new record, or make sure that the one at hand is of a batch with the same ``options``.

        Args:
            options: digest of everything that decides about verdicts, times apart.
            times: the times to judge at, by name; those of the record must be the same.

        Raises:
            ConfigurationError: ``RESUME_OPTIONS``.
        """
        wanted: dict[str, Json] = {"schema": RESUME_SCHEMA, "options": options, **times}
        if not self.header:
            self.header = {**wanted}
            self._write(wanted)
        elif self.header != wanted:
            raise ConfigurationError(
                "RESUME_OPTIONS",
                "this record is of a batch with other options, other evidence or another version",
                where=str(self.file),
                hint="repeat the options of that batch, or name a new file",
            )

    def recall(self, name: str) -> Row | None:
        """Return the row of the document ``name`` if it was judged and has not changed since."""
        place = self._places.get(_key(name))
        if place is None:
            return None
        self._stream.seek(place)
        value = json.loads(self._stream.readline())
        state = State(**value["state"])
        if not self._is_still(name, state):
            del self._places[_key(name)]
            return None
        return Row(name, Outcome(value["outcome"]), value["reason"], state, value["line"])

    def _is_still(self, name: str, state: State) -> bool:
        try:
            status = Path(name).stat()
            same = (status.st_size, status.st_mtime_ns) == (state.size, state.modified)
            return same and State.of(self._read(name)) == state
        except (OSError, InputError):
            return False

    def keep(self, row: Row) -> None:
        """Write ``row`` down unless it stands there; one without a state is tried again the next time."""
        if row.state is not None and _key(row.name) not in self._places:
            self._places[_key(row.name)] = self._write({**asdict(row), "name": _key(row.name)})

    def _write(self, value: dict[str, Any]) -> int:
        try:
            place = self._stream.seek(0, 2)
            self._stream.write(json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
            self._stream.flush()
        except OSError as error:
            raise self._unusable(error) from error
        return place

    def close(self) -> None:
        """Close the file and let others have it."""
        with suppress(OSError):  # what could not be written was told when it was
            self._stream.close()


def _key(name: str) -> str:
    return str(Path(name).absolute()).encode("utf-8", "backslashreplace").decode("utf-8")
