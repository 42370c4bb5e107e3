"""The redo log of the JSON store: the one place that is synchronised with the disk for every unit.

A unit is *acknowledged* once its line is in the log and the log is on the disk. Its files are renamed into place
afterwards, unsynchronised; when the log has grown, a checkpoint synchronises all files it names and empties it. So a
unit costs one ``fsync``, and each file is synchronised once per checkpoint rather than once per change.

After a crash the log is replayed: every line holds whole file contents, so doing it twice does no harm. Whether that
is needed is told by the lock file, which names the boot of the machine and the length of the log already applied.
While the machine runs, files written by a killed process are seen by all others, and only what it had not applied is
done; after a power cut the boot is another one, and everything since the last checkpoint is written again.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CHECKPOINT_BYTES = 32 * 1024 * 1024
"""Length of the log that calls for a checkpoint; by then the system has written most files out by itself."""
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Write:
    """One change of a file: new content, more content at an offset, or removal.

    Attributes:
        path: relative to the store, with slashes.
        content: what is written; ``None`` removes the file.
        offset: where it goes in a file that only grows; ``None`` replaces the file.
    """

    path: str
    content: bytes | None
    offset: int | None = None


@cache
def boot() -> str:
    """Identify the time since the machine was started; an approximation where the system gives no name to it.

    A wrong guess costs one needless replay.
    """
    with suppress(OSError):
        return _BOOT_ID.read_text().strip()
    return f"minute-{int((time.time() - time.monotonic()) // 60)}"


def encode(writes: list[Write]) -> bytes:
    """Return the line of a unit: SHA-256 of the rest, a space, JSON, a line end."""
    rows: list[dict[str, str | int]] = []
    for write in writes:
        row: dict[str, str | int] = {"path": write.path}
        if write.content is not None:
            try:
                row["text"] = write.content.decode()
            except UnicodeDecodeError:
                row["base64"] = base64.b64encode(write.content).decode()
        if write.offset is not None:
            row["offset"] = write.offset
        rows.append(row)
    body = json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
    return hashlib.sha256(body).hexdigest().encode() + b" " + body + b"\n"


def decode(log: bytes) -> Iterator[list[Write]]:
    """Yield the units of ``log``; a line cut short by a crash, and what follows it, was never acknowledged."""
    for line in log.splitlines(keepends=True):
        digest, _, body = line.rstrip(b"\n").partition(b" ")
        if not line.endswith(b"\n") or hashlib.sha256(body).hexdigest().encode() != digest:
            return
        yield [_write_of(row) for row in json.loads(body)]


def _write_of(row: dict[str, str | int]) -> Write:
    content: bytes | None = None
    if "text" in row:
        content = str(row["text"]).encode()
    elif "base64" in row:
        content = base64.b64decode(str(row["base64"]))
    return Write(str(row["path"]), content, int(row["offset"]) if "offset" in row else None)


class RedoLog:
    """The log and the lock file of one store; every method but :meth:`__init__` needs the store's lock.

    Paths are strings here: a unit touches dozens of files, and making path objects would cost more than writing them.

    Args:
        folder: of the store.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._path = f"{folder}/redo.log"

    def commit(self, lock: int, writes: list[Write]) -> None:
        """Make ``writes`` survive any crash, then put them in place.

        Args:
            lock: descriptor of the locked lock file.
            writes: what the unit changes.

        Raises:
            OSError: before the log was synchronised; the log is as before, nothing was put in place.
        """
        length = self._length()
        prepared: list[tuple[str, str]] = []
        try:
            prepared.extend(self._prepare(w) for w in writes if w.content is not None and w.offset is None)
            self._append(encode(writes), length)
        except OSError:
            for temporary, _ in prepared:
                with suppress(OSError):
                    os.unlink(temporary)  # noqa: PTH108
            with suppress(OSError):
                os.truncate(self._path, length)
            raise
        # The unit is acknowledged from here on. What cannot be put in place now is replayed by the next unit, which
        # then reports the reason.
        with suppress(OSError):
            for temporary, final in prepared:
                os.rename(temporary, final)  # noqa: PTH104
            for write in writes:
                if write.content is None or write.offset is not None:
                    self._apply(write)
            self._mark_applied(lock)
            if self._length() > CHECKPOINT_BYTES:
                self.checkpoint(lock)

    def create(self) -> None:
        """Make the empty log of a new store, and its name safe on the disk."""
        self._append(b"", 0)
        _synchronise(self._folder)

    def recover(self, lock: int) -> None:
        """Finish what a killed process or a power cut left undone; cheap where there is nothing to do."""
        length = self._length()
        state = os.pread(lock, 256, 0)
        if state == _state(length):
            return
        known_boot, _, applied = state.decode(errors="replace").partition(" ")
        start = int(applied) if known_boot == boot() and applied.strip().isdigit() else 0
        with open(self._path, "rb") as log:  # noqa: PTH123
            log.seek(start)
            tail = log.read()
        for unit in decode(tail):
            for write in unit:
                self._apply(write)
        self.checkpoint(lock)

    def checkpoint(self, lock: int) -> None:
        """Synchronise every file that the log names, then empty the log."""
        if self._length():
            with open(self._path, "rb") as log:  # noqa: PTH123
                touched = {write.path for unit in decode(log.read()) for write in unit}
            folders = {path[:end] for path in touched for end, char in enumerate(path) if char == "/"}
            for place in [*touched, *folders, ""]:
                _synchronise(f"{self._folder}/{place}")
            os.truncate(self._path, 0)
        self._mark_applied(lock)

    def _length(self) -> int:
        try:
            return os.stat(self._path).st_size  # noqa: PTH116
        except FileNotFoundError:
            return 0

    def _append(self, line: bytes, length: int) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            _write_all(descriptor, line, length)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _mark_applied(self, lock: int) -> None:
        state = _state(self._length())
        os.pwrite(lock, state, 0)
        os.ftruncate(lock, len(state))

    def _prepare(self, write: Write) -> tuple[str, str]:
        folder, _, name = write.path.rpartition("/")
        temporary = f"{self._folder}/{folder}/.{name}.tmp"
        _write_file(temporary, write.content or b"", os.O_TRUNC, 0)
        return temporary, f"{self._folder}/{write.path}"

    def _apply(self, write: Write) -> None:
        if write.content is None:
            with suppress(FileNotFoundError):
                os.unlink(f"{self._folder}/{write.path}")  # noqa: PTH108
        elif write.offset is not None:
            _write_file(f"{self._folder}/{write.path}", write.content, 0, write.offset)
        else:
            temporary, final = self._prepare(write)
            os.rename(temporary, final)  # noqa: PTH104


def _state(length: int) -> bytes:
    return f"{boot()} {length}\n".encode()


def make_folder(folder: str) -> None:
    """Make ``folder`` and what is missing above it, for the owner's eyes only."""
    try:
        os.mkdir(folder, 0o700)  # noqa: PTH102
    except FileExistsError:
        return
    except FileNotFoundError:
        make_folder(folder.rpartition("/")[0])
        make_folder(folder)


def _write_file(path: str, content: bytes, flags: int, offset: int) -> None:
    flags |= os.O_WRONLY | os.O_CREAT
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileNotFoundError:
        make_folder(path.rpartition("/")[0])
        descriptor = os.open(path, flags, 0o600)
    try:
        _write_all(descriptor, content, offset)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, content: bytes, offset: int) -> None:
    view = memoryview(content)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def _synchronise(place: str) -> None:
    try:
        descriptor = os.open(place, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
