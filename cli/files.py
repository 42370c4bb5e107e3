"""Reading what the user names and writing what was made: bounded, atomic, never half."""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from egov_sign.errors import ConfigurationError, InputError, LimitError

STDIO = "-"
_CHUNK = 1024 * 1024


def read_input(name: str, limit: int) -> bytes:
    """Return the bytes of the file ``name``, or of standard input for ``-``.

    Args:
        name: path or ``-``.
        limit: a larger input is refused, before it is read where its size is known.

    Raises:
        InputError: ``INPUT_MISSING``, ``INPUT_UNREADABLE``, ``INPUT_EMPTY``.
        LimitError: ``INPUT_TOO_LARGE``.
    """
    if name == STDIO:
        data = _read_stream(limit)
    else:
        try:
            status = Path(name).stat()
            if stat.S_ISREG(status.st_mode) and status.st_size > limit:
                raise _too_large(name, limit)
            with Path(name).open("rb") as file:
                data = file.read(limit + 1)
        except OSError as error:
            raise _unreadable(name, error) from error
        if len(data) > limit:
            raise _too_large(name, limit)
    if not data:
        raise InputError("INPUT_EMPTY", "the input is empty", where=name, hint="check that it was written completely")
    return data


@contextmanager
def about(name: str) -> Iterator[None]:
    """Let every error of an input that is raised in the block name the file it is about."""
    try:
        yield
    except InputError as error:
        if name not in error.where:
            error.where = ", ".join(part for part in (name, error.where) if part)
        raise


def _read_stream(limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while chunk := sys.stdin.buffer.read(_CHUNK):
        size += len(chunk)
        if size > limit:
            raise _too_large("standard input", limit)
        parts.append(chunk)
    return b"".join(parts)


def _too_large(name: str, limit: int) -> LimitError:
    return LimitError(
        "INPUT_TOO_LARGE",
        f"the input is larger than {limit // (1024 * 1024) or 1} MiB",
        where=name,
        hint="signed documents are small; is this the right file?",
    )


def _unreadable(name: str, error: OSError) -> InputError:
    if error.errno == errno.ENOENT:
        return InputError("INPUT_MISSING", "there is no such file", where=name, hint="check the path")
    if error.errno == errno.EISDIR:
        return InputError("INPUT_UNREADABLE", "this is a folder, not a file", where=name, hint="name a file in it")
    return InputError("INPUT_UNREADABLE", f"the file cannot be read: {error.strerror}", where=name)


def write_output(name: str, data: bytes, *, private: bool = False) -> None:
    """Write ``data`` to the file ``name`` at once or not at all; ``-`` writes to standard output.

    Args:
        name: path or ``-``.
        data: the bytes.
        private: make the file readable by its owner alone.

    Raises:
        ConfigurationError: ``OUTPUT_TERMINAL`` for binary data to a terminal, ``OUTPUT_UNWRITABLE``.
    """
    if name == STDIO:
        if sys.stdout.isatty() and b"\0" in data:
            raise ConfigurationError("OUTPUT_TERMINAL", "binary data does not go to a terminal", hint="add -o FILE")
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    target = Path(name)
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o600 if private else 0o666 & ~_umask())
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigurationError(
            "OUTPUT_UNWRITABLE",
            f"the file cannot be written: {error.strerror}",
            where=name,
            hint="" if target.parent.is_dir() else f"make the folder first: {target.parent}",
        ) from error


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
