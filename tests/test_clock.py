from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from egov_sign.clock import FrozenClock, RunningClock, SystemClock, as_utc, format_time, parse_time
from egov_sign.errors import ConfigurationError, FetchError
from egov_sign.fetch import FetchRequest, OfflineFetcher


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-01T12:00:00Z", "2024-03-01T12:00:00Z"),
        ("2024-03-01T12:00:00+05:00", "2024-03-01T07:00:00Z"),
        ("2024-03-01", "2024-03-01T00:00:00Z"),
    ],
)
@pytest.mark.req("R438")
def test_times_are_read_with_their_zone_and_written_in_utc(text: str, expected: str) -> None:
    assert format_time(parse_time(text)) == expected


@pytest.mark.parametrize(("text", "code"), [("yesterday", "TIME_FORMAT"), ("2024-03-01T12:00:00", "TIME_NAIVE")])
def test_a_time_that_must_be_guessed_is_refused(text: str, code: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_time(text)
    assert caught.value.code == code
    assert caught.value.hint


def test_a_frozen_clock_moves_only_when_told() -> None:
    clock = FrozenClock(datetime(2024, 3, 1, 17, tzinfo=timezone(timedelta(hours=5))))
    assert clock.now() == clock.now() == datetime(2024, 3, 1, 12, tzinfo=UTC)
    clock.advance(90)
    assert clock.now() == datetime(2024, 3, 1, 12, 1, 30, tzinfo=UTC)
    clock.move_to(datetime(2025, 1, 1, tzinfo=UTC))
    assert clock.now().year == 2025


def test_a_running_clock_goes_on_from_where_it_was_set() -> None:
    start = datetime(2024, 3, 1, 12, tzinfo=UTC)
    clock = RunningClock(start)
    first, second = clock.now(), clock.now()
    assert start <= first <= second < start + timedelta(minutes=1)


def test_the_system_clock_knows_its_zone() -> None:
    assert as_utc(SystemClock().now()).tzinfo is UTC


def test_offline_means_offline() -> None:
    with pytest.raises(FetchError, match="FETCH_OFFLINE"):
        OfflineFetcher().fetch(FetchRequest("http://127.0.0.1/x.crl", "crl", 10))
