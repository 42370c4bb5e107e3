"""Working time: hours, holidays, time zones, and the deadlines that rest on them (R419, R420, D25)."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta

import pytest

from egov_sign.clock import parse_time
from egov_sign.errors import ConfigurationError
from egov_sign.flows.calendar import STANDARD_HOURS, WorkCalendar
from egov_sign.flows.deadlines import due_at, service_due
from egov_sign.flows.model import flow
from egov_sign.flows.registers import Provider
from egov_sign.zones import zone

CALENDAR = WorkCalendar()
FIVE_DAYS = WorkCalendar(hours={day: STANDARD_HOURS[day] for day in range(1, 6)})
PROVIDER = Provider("AST01", "451240000011", {"ru": "П"}, "71")


@pytest.mark.req("R419", "R438")
@pytest.mark.parametrize(
    ("day", "offset"),
    [(date(2012, 12, 29), 6), (date(2024, 2, 29), 6), (date(2024, 3, 1), 5), (date(2026, 1, 5), 5)],
)
def test_astana_changed_its_offset_in_march_2024(day: date, offset: int) -> None:
    moment = datetime.combine(day, time(12), zone("Asia/Almaty"))
    assert moment.utcoffset() == timedelta(hours=offset)
    assert CALENDAR.at(day, time(12)) == datetime.combine(day, time(12 - offset), UTC)


def test_zones_come_from_the_pinned_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoneinfo, "TZPATH", ("/nowhere",))
    zone.cache_clear()
    assert zone("Asia/Qyzylorda").key == "Asia/Qyzylorda"
    for wrong in ("Asia/Nowhere", "", "../../etc/passwd"):
        with pytest.raises(ConfigurationError, match="ZONE_UNKNOWN"):
            zone(wrong)


@pytest.mark.req("R505")
@pytest.mark.parametrize(
    ("local", "is_open"),
    [
        ("2024-03-01T07:59:59+05:00", False),
        ("2024-03-01T08:00:00+05:00", True),
        ("2024-03-01T19:59:59+05:00", True),
        ("2024-03-01T20:00:00+05:00", False),
        ("2024-03-02T08:59:59+05:00", False),
        ("2024-03-02T13:59:59+05:00", True),
        ("2024-03-02T14:00:00+05:00", False),
        ("2024-03-03T12:00:00+05:00", False),
    ],
)
def test_standard_hours(local: str, is_open: bool) -> None:
    assert CALENDAR.is_open(parse_time(local)) is is_open


@pytest.mark.req("R419", "R534")
@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2012-12-29", True),  # Saturday
        ("2012-12-30", False),  # Sunday
        ("2012-12-17", False),
        ("2012-12-18", False),  # in place of Sunday the 16th
        ("2013-05-07", False),
        ("2012-05-07", True),
        ("2024-03-08", False),
        ("2024-03-21", False),
        ("2024-10-25", False),
        ("2024-12-17", True),  # no holiday any more
        ("2021-12-17", False),
        ("2024-06-16", False),
        ("2024-06-17", True),  # Kurban-ait on a Sunday moves nothing
        ("2023-01-07", False),
        ("2026-05-27", False),
    ],
)
def test_holidays_of_a_six_day_week(day: str, works: bool) -> None:
    assert (CALENDAR.working_hours(date.fromisoformat(day)) is not None) is works


def test_a_holiday_on_saturday_moves_only_where_saturday_is_off() -> None:
    """8 March 2025 was a Saturday."""
    assert CALENDAR.working_hours(date(2025, 3, 10)) is not None
    assert FIVE_DAYS.working_hours(date(2025, 3, 10)) is None


def test_new_year_on_sunday_moves_past_the_second() -> None:
    """1 January 2023 was a Sunday, the 2nd is a holiday itself."""
    assert [CALENDAR.working_hours(date(2023, 1, day)) is not None for day in (2, 3, 4)] == [False, False, True]


def test_a_provider_can_have_days_of_its_own() -> None:
    special = WorkCalendar(days_off=frozenset({date(2024, 3, 4)}), working_days={date(2024, 3, 3): (time(9), time(13))})
    assert special.working_hours(date(2024, 3, 4)) is None
    assert special.is_open(parse_time("2024-03-03T12:00:00+05:00"))
    never = WorkCalendar(hours={})
    with pytest.raises(ConfigurationError, match="CALENDAR_CLOSED"):
        never.next_working_day(date(2024, 3, 1))


@pytest.mark.req("R420", "R505")
@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ("2024-03-01T10:00:00+05:00", "2024-03-01T10:00:00+05:00"),
        ("2024-03-01T06:00:00+05:00", "2024-03-01T08:00:00+05:00"),
        ("2024-03-01T20:00:00+05:00", "2024-03-02T09:00:00+05:00"),
        ("2024-03-02T14:00:00+05:00", "2024-03-04T08:00:00+05:00"),
        ("2024-03-07T21:00:00+05:00", "2024-03-09T09:00:00+05:00"),
    ],
)
def test_out_of_hours_counts_from_the_next_opening(sent: str, received: str) -> None:
    assert CALENDAR.received(parse_time(sent)) == parse_time(received)


class TestDeadlines:
    @pytest.mark.req("R19", "R311", "R312", "R329", "R330", "R503", "R420")
    @pytest.mark.parametrize(
        ("registered", "due"),
        [
            ("2024-03-01T10:00:00+05:00", "2024-03-01T20:00:00+05:00"),
            ("2024-03-01T17:59:59+05:00", "2024-03-01T20:00:00+05:00"),
            ("2024-03-01T18:00:00+05:00", "2024-03-02T14:00:00+05:00"),
            ("2024-03-02T12:00:00+05:00", "2024-03-04T20:00:00+05:00"),
            ("2024-03-03T12:00:00+05:00", "2024-03-04T20:00:00+05:00"),
            ("2024-03-20T19:00:00+05:00", "2024-03-25T20:00:00+05:00"),
        ],
    )
    def test_one_working_day_ends_with_the_day_it_counts_as_received(self, registered: str, due: str) -> None:
        for channel in ("portal", "desk"):
            step = flow("astana", "ATT", channel).step("p8")
            assert due_at(step, parse_time(registered), PROVIDER, "ATT") == parse_time(due)

    @pytest.mark.req("R111", "R112", "R129", "R130", "R211", "R229", "R230")
    @pytest.mark.parametrize(("channel", "minutes"), [("portal", 30), ("desk", 10)])
    def test_minutes_count_from_registration(self, channel: str, minutes: int) -> None:
        start = parse_time("2024-03-01T10:00:00+05:00")
        for service in ("CALL", "APPT"):
            step = flow("astana", service, channel).step("p7")
            assert due_at(step, start, PROVIDER, service) == start + timedelta(minutes=minutes)

    @pytest.mark.req("R420")
    def test_an_appointment_asked_for_at_night_is_decided_after_opening(self) -> None:
        night = parse_time("2024-03-01T23:00:00+05:00")
        step = flow("astana", "APPT", "portal").step("p8")
        assert due_at(step, night, PROVIDER, "APPT") == parse_time("2024-03-02T09:30:00+05:00")

    def test_a_step_without_a_bound_has_no_deadline(self) -> None:
        start = parse_time("2024-03-01T10:00:00+05:00")
        assert due_at(flow("astana", "CALL", "portal").step("p0"), start, PROVIDER, "CALL") is None

    @pytest.mark.req("R39", "R502")
    @pytest.mark.parametrize(
        ("profile", "service", "channel", "seconds"),
        [
            ("astana", "CALL", "portal", 1860),
            ("astana", "APPT", "desk", 690),
            ("zhambyl", "APPT", "portal", 1800),
        ],
    )
    def test_the_term_that_the_applicant_sees(self, profile: str, service: str, channel: str, seconds: int) -> None:
        sent = parse_time("2024-03-01T10:00:00+05:00")
        assert service_due(flow(profile, service, channel), sent, PROVIDER) == sent + timedelta(seconds=seconds)
