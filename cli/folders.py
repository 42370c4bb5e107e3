"""Naming the files that a user means by files and folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from egov_sign.docs.batch import Source
from egov_sign.limits import DEFAULT_LIMITS

from .files import read_input


def files_in(named: Iterable[str], *, recursive: bool) -> Iterator[str]:
    """Yield the files that ``named`` stands for, in an order that is the same every time.

    A file is itself, whatever it is. Of a folder the regular files are taken, and those of the folders in it if
    ``recursive``; links to folders are not followed. A folder that cannot be listed is yielded itself, so that reading
    it tells why.
    """
    for name in named:
        if Path(name).is_dir():
            yield from _listed(name, recursive=recursive)
        else:
            yield name


def _listed(folder: str, *, recursive: bool) -> Iterator[str]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        yield folder
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if recursive:
                yield from _listed(entry.path, recursive=True)
        elif entry.is_file() or entry.is_symlink():
            yield entry.path


def read_source(name: str) -> Source:
    """Return the document in the file ``name``.

    Raises:
        InputError: see :func:`.files.read_input`.
    """
    data = read_input(name, DEFAULT_LIMITS.document_bytes)
    return Source(data, Path(name).stat().st_mtime_ns)
