"""Interruptions (Ctrl-C) that are not lost."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interruptions() -> Iterator[Callable[[], None]]:
    """Give a check that raises KeyboardInterrupt if one came; to be called now and then in long work.

    Python raises KeyboardInterrupt wherever the main thread happens to be. In a finaliser or a callback of the
    interpreter it is shown on standard error, and dropped.
    """
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)
        signal.default_int_handler(number, frame)

    def check() -> None:
        if came:
            raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield check  # somebody else's business, or ignored, as in a job in the background
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
