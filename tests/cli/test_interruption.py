"""Interruptions that are not lost."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import pytest

from egov_sign_cli.interruption import interruptions

pytestmark = pytest.mark.usefixtures("heeding_interruptions")


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


class Finalised:
    """Is interrupted while it is finalised, where an exception goes nowhere."""

    def __del__(self) -> None:
        interrupt()
        for _ in range(1000):
            pass


def test_one_that_comes_in_a_finaliser_shows_at_the_next_check(monkeypatch: pytest.MonkeyPatch) -> None:
    dropped: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", dropped.append)
    with interruptions() as check:
        check()
        Finalised()
        assert [one.exc_type for one in dropped] == [KeyboardInterrupt]
        with pytest.raises(KeyboardInterrupt):
            check()
    dropped.clear()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_one_that_comes_at_another_time_comes_at_once() -> None:
    with interruptions(), pytest.raises(KeyboardInterrupt):
        interrupt()


def test_who_ignores_them_goes_on_ignoring_them() -> None:
    earlier = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptions() as check:
            interrupt()
            check()
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, earlier)
