"""A progress bar for a person: only on a terminal, only where it takes longer than a moment."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable

_AFTER_SECONDS = 1.0
_EVERY_SECONDS = 0.1
_BAR = 30


class Progress:
    """Shows on standard error how far a work has come.

    Args:
        total: counts what there is to do; asked once, when the bar is first shown.
        quiet: show nothing.
    """

    def __init__(self, total: Callable[[], int], *, quiet: bool = False) -> None:
        self._count = total
        self._total = 0
        self._next = time.monotonic() + _AFTER_SECONDS
        self._active = not quiet and sys.stderr.isatty()
        self._shown = False

    def show(self, done: int) -> None:
        """Draw the bar for ``done`` things, if it is time to."""
        if not self._active or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _EVERY_SECONDS
        self._total = max(self._total or self._count(), done)
        filled = _BAR * done // max(self._total, 1)
        line = f"[{'#' * filled}{'-' * (_BAR - filled)}] {done}/{self._total}"
        sys.stderr.write("\r" + line[: shutil.get_terminal_size().columns - 1])
        sys.stderr.flush()
        self._shown = True

    def clear(self) -> None:
        """Take the bar away, for other text to be written."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False
