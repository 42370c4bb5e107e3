"""When a provider works: hours, holidays, transferred days, in its own time zone (R419, R505, R534)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib import resources

from egov_sign.clock import as_utc
from egov_sign.errors import ConfigurationError
from egov_sign.zones import zone

STANDARD_HOURS: dict[int, tuple[time, time]] = {
    **{weekday: (time(8), time(20)) for weekday in range(1, 6)},
    6: (time(9), time(14)),
}
"""Monday to Friday 08:00 to 20:00, Saturday 09:00 to 14:00 (R505); the keys are ISO weekdays."""
_SEARCH_DAYS = 400


@dataclass(frozen=True, slots=True)
class _Holiday:
    day: date
    moves: bool


@cache
def _holidays(year: int) -> tuple[_Holiday, ...]:
    table = tomllib.loads(resources.files(__package__).joinpath("holidays.toml").read_text(encoding="utf-8"))
    fixed = [
        _Holiday(date.fromisoformat(f"{year}-{row['day']}"), row["moves"])
        for row in table["fixed"]
        if row.get("since", year) <= year <= row.get("until", year)
    ]
    yearly = [_Holiday(date.fromisoformat(day), False) for day in table["yearly"]["days"] if day.startswith(str(year))]
    return tuple(sorted([*fixed, *yearly], key=lambda holiday: holiday.day))


@dataclass(frozen=True)
class WorkCalendar:
    """The working time of one provider.

    Attributes:
        timezone: IANA name.
        hours: ISO weekday → opening and closing; a weekday that is missing is a day off.
        days_off: further days off.
        working_days: days that are worked although they would be off, with their hours.
    """

    timezone: str = "Asia/Almaty"
    hours: Mapping[int, tuple[time, time]] = field(default_factory=lambda: STANDARD_HOURS)
    days_off: frozenset[date] = frozenset()
    working_days: Mapping[date, tuple[time, time]] = field(default_factory=dict)

    def local(self, moment: datetime) -> datetime:
        """Return ``moment`` in the provider's time zone."""
        return as_utc(moment).astimezone(zone(self.timezone))

    def at(self, day: date, clock_time: time) -> datetime:
        """Return the moment at which the provider's clocks show ``clock_time`` on ``day``."""
        return as_utc(datetime.combine(day, clock_time, zone(self.timezone)))

    def working_hours(self, day: date) -> tuple[datetime, datetime] | None:
        """Return opening and closing on ``day``, in UTC; ``None`` on a day off."""
        if day in self.working_days:
            opening, closing = self.working_days[day]
        elif day.isoweekday() not in self.hours or day in self.days_off or day in self._holidays_around(day):
            return None
        else:
            opening, closing = self.hours[day.isoweekday()]
        return self.at(day, opening), self.at(day, closing)

    def is_open(self, moment: datetime) -> bool:
        """Tell whether the provider works at ``moment``; at closing time it does not."""
        hours = self.working_hours(self.local(moment).date())
        return hours is not None and hours[0] <= moment < hours[1]

    def next_working_day(self, day: date) -> date:
        """Return the first working day after ``day``.

        Raises:
            ConfigurationError: ``CALENDAR_CLOSED`` if there is none within a year.
        """
        for ahead in range(1, _SEARCH_DAYS):
            candidate = day + timedelta(days=ahead)
            if self.working_hours(candidate):
                return candidate
        raise ConfigurationError("CALENDAR_CLOSED", "the provider's calendar has no working day within a year")

    def received(self, moment: datetime, cutoff: timedelta = timedelta(0)) -> datetime:
        """Return when a request of ``moment`` counts as received (R420, R505, D25).

        Within working hours, and ``cutoff`` before closing, that is at once; before opening, at opening; later, at
        the opening of the next working day.
        """
        day = self.local(moment).date()
        hours = self.working_hours(day)
        if hours is not None and moment < hours[1] - cutoff:
            return max(as_utc(moment), hours[0])
        following = self.working_hours(self.next_working_day(day))
        assert following is not None
        return following[0]

    def end_of_working_day(self, moment: datetime, days: int = 1) -> datetime:
        """Return the close of the ``days``-th working day, the day of ``moment`` being the first if it is one."""
        day = self.local(moment).date()
        if not self.working_hours(day):
            day = self.next_working_day(day)
        for _ in range(days - 1):
            day = self.next_working_day(day)
        hours = self.working_hours(day)
        assert hours is not None
        return hours[1]

    @cache  # noqa: B019 - calendars are few, small and live as long as the program
    def _days_off_of(self, year: int) -> frozenset[date]:
        holidays = _holidays(year)
        off = {holiday.day for holiday in holidays} | self.days_off
        for holiday in holidays:
            if holiday.moves and holiday.day.isoweekday() not in self.hours:
                substitute = holiday.day
                while substitute in off or substitute.isoweekday() not in self.hours:
                    substitute += timedelta(days=1)
                off.add(substitute)
        return frozenset(off)

    def _holidays_around(self, day: date) -> frozenset[date]:
        """Return the holidays that can fall on ``day``: of its year, and those moved over from the year before."""
        return self._days_off_of(day.year) | self._days_off_of(day.year - 1)

    def __hash__(self) -> int:
        return hash((self.timezone, tuple(sorted(self.hours.items())), self.days_off, tuple(self.working_days)))
