"""The time-stamping authority that a user names."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from egov_sign.certs.http import HttpFetcher
from egov_sign.docs.timestamp_client import TimestampClient, TimestampSource

F = TypeVar("F", bound=Callable[..., Any])


def tsa_option(function: F) -> F:
    """Add ``--tsa URL``; the command gets ``timestamps``, the source of time-stamps or ``None``.

    The authority may be one on this machine.
    """

    @click.option("--tsa", metavar="URL", envvar="EGOV_SIGN_TSA", help="Time-stamping authority (RFC 3161).")
    @functools.wraps(function)
    def wrapper(tsa: str | None, **values: Any) -> Any:  # noqa: ANN401 - passes on whatever the command takes
        fetcher = HttpFetcher(allowed_networks=("127.0.0.0/8", "::1/128"))
        source: TimestampSource | None = TimestampClient(tsa, fetcher) if tsa else None
        return function(timestamps=source, **values)

    return wrapper  # type: ignore[return-value]
