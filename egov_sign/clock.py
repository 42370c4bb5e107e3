"""Time comes in from outside: one reference time per operation, never ``now()`` inside a check."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from egov_sign.errors import ConfigurationError


class Clock(Protocol):
    """Tells the current time; always timezone-aware, in UTC."""

    def now(self) -> datetime:
        """Return the current time in UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the machine's time in UTC, to the microsecond."""
        return datetime.now(UTC)


class FrozenClock:
    """A clock that stands still until it is told to move; for tests, demonstrations and scenarios.

    Args:
        at: the time it shows, timezone-aware.
    """

    def __init__(self, at: datetime) -> None:
        self._at = as_utc(at)

    def now(self) -> datetime:
        """Return the time the clock stands at."""
        return self._at

    def advance(self, seconds: float) -> None:
        """Move the clock forward by ``seconds``."""
        self._at += timedelta(seconds=seconds)

    def move_to(self, at: datetime) -> None:
        """Set the clock to ``at``, timezone-aware."""
        self._at = as_utc(at)


class RunningClock:
    """A clock that was set to some time and runs on from there; for acting as if it were another day.

    Args:
        at: the time it shows first, timezone-aware.
    """

    def __init__(self, at: datetime) -> None:
        self._at = as_utc(at)
        self._started = time.monotonic()

    def now(self) -> datetime:
        """Return the time it was set to, plus what has passed since."""
        return self._at + timedelta(seconds=time.monotonic() - self._started)


def as_utc(moment: datetime) -> datetime:
    """Return ``moment`` in UTC.

    Raises:
        ConfigurationError: ``TIME_NAIVE`` if it carries no time zone; guessing one would change verdicts.
    """
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        raise ConfigurationError("TIME_NAIVE", "a time without a time zone cannot be judged", hint="add Z or +05:00")
    return moment.astimezone(UTC)


def shifted(moment: datetime, by: timedelta) -> datetime:
    """Return ``moment`` moved ``by`` so much; the end of the calendar where it would lie beyond.

    99991231235959Z is what RFC 5280, 4.1.2.5 writes where there is no end.
    """
    try:
        return moment + by
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if by > timedelta() else datetime.min.replace(tzinfo=UTC)


def parse_time(text: str) -> datetime:
    """Read an ISO 8601 time with its zone, e.g. ``2024-03-01T12:00:00Z``; a bare date means its first second in UTC.

    Raises:
        ConfigurationError: ``TIME_FORMAT`` or ``TIME_NAIVE``.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(
            "TIME_FORMAT", f"not an ISO 8601 time: {text!r}", hint="write 2024-03-01T12:00:00Z"
        ) from error
    if len(text) == len("2024-03-01"):
        moment = moment.replace(tzinfo=UTC)
    try:
        return as_utc(moment)
    except OverflowError as error:
        raise ConfigurationError("TIME_FORMAT", f"a time outside the calendar: {text!r}") from error


def format_time(moment: datetime) -> str:
    """Write ``moment`` as ISO 8601 in UTC with a final ``Z``, to the second (R438)."""
    return as_utc(moment).isoformat(timespec="seconds")[:19] + "Z"
