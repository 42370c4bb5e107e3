"""Time zones, the same on every machine."""

from __future__ import annotations

from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from egov_sign.errors import ConfigurationError

ASTANA = "Asia/Almaty"
"""The zone of the capital, and of the whole country since 1 March 2024: UTC+5; Astana was at UTC+6 before."""


@cache
def zone(name: str) -> ZoneInfo:
    """Return a time zone from the pinned ``tzdata`` package, whatever the machine has.

    Raises:
        ConfigurationError: ``ZONE_UNKNOWN``.
    """
    file = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    if not name or ".." in name or not file.is_file():
        raise ConfigurationError("ZONE_UNKNOWN", f"unknown time zone {name!r}", hint="write Asia/Almaty")
    with file.open("rb") as data:
        return ZoneInfo.from_file(data, key=name)
