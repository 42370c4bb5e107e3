"""Options of commands that work on an installation of the services, and what they share."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from egov_sign.clock import RunningClock, SystemClock, format_time
from egov_sign.errors import ConfigurationError
from egov_sign.messages import translated
from egov_sign.verdict import Json

from .exits import Exit
from .files import write_output
from .options import TimeType
from .output import Output

if TYPE_CHECKING:
    from egov_sign.flows.refusals import Refusal
    from egov_sign.flows.requests import Request

F = TypeVar("F", bound=Callable[..., Any])
REFUSAL_SCHEMA = "egov-sign/refusal/1"
REQUEST_SCHEMA = "egov-sign/request/1"
DEFAULT_SITE = Path("egov-site")


def site_options(function: F) -> F:
    """Add ``--site`` and ``--at``; the command gets ``services`` and the ``site`` folder.

    A refusal that the command does not handle (:meth:`egov_sign.flows.refusals.Answer.get`) is told, and becomes the
    exit code.
    """

    @click.option(
        "--site",
        type=click.Path(path_type=Path),
        default=DEFAULT_SITE,
        show_default=True,
        envvar="EGOV_SIGN_SITE",
        help="Folder of the installation.",
    )
    @click.option("--at", type=TimeType(), envvar="EGOV_SIGN_AT", help="Act as if it were this time. [default: now]")
    @functools.wraps(function)
    def wrapper(site: Path, at: datetime | None, **values: Any) -> Any:
        from egov_sign.flows.refusals import RefusedError
        from egov_sign.flows.site import open_site

        services = open_site(site, RunningClock(at) if at else SystemClock())
        try:
            return function(services=services, site=site, **values)
        except RefusedError as error:
            return show_refusal(values["output"], error.refusal)

    return wrapper  # type: ignore[return-value]


def session_option(realm: str) -> Callable[[F], F]:
    """Add ``--session-file``; the command gets ``session_file``, by default a file in the site's folder."""

    def decorate(function: F) -> F:
        @click.option(
            "--session-file",
            type=click.Path(path_type=Path),
            envvar="EGOV_SIGN_SESSION_FILE",
            help=f"Where the session is kept. [default: session-{realm} in the site's folder]",
        )
        @functools.wraps(function)
        def wrapper(session_file: Path | None, site: Path, **values: Any) -> Any:
            return function(session_file=session_file or site / f"session-{realm}", **values)

        return wrapper  # type: ignore[return-value]

    return decorate


def keep_session(file: Path, token: str) -> None:
    """Keep a session's token in ``file``, for its owner alone."""
    write_output(str(file), (token + "\n").encode(), private=True)


def session_token(file: Path) -> str:
    """Return the session's token: of the environment variable EGOV_SIGN_SESSION, or of ``file``.

    Raises:
        ConfigurationError: ``SESSION_MISSING``.
    """
    token = os.environ.get("EGOV_SIGN_SESSION")
    if token:
        return token
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError as error:
        raise ConfigurationError(
            "SESSION_MISSING", "nobody is logged in here", where=str(file), hint="log in first: … login --iin IIN"
        ) from error


def forget_session(file: Path, token: str) -> None:
    """Remove ``file`` if it is the session ``token`` that it keeps; another's is left alone."""
    if file.is_file() and file.read_text(encoding="utf-8", errors="replace").strip() == token:
        file.unlink()


def show_refusal(output: Output, refusal: Refusal) -> int:
    """Tell why the service was refused, how to mend it, and return the exit code."""
    if output.as_json:
        output.json({"schema": REFUSAL_SCHEMA, **refusal.to_dict()})
    for code, line in zip(refusal.codes, refusal.texts(output.language), strict=True):
        output.prose(click.style(f"refused[{code}]", fg="red", bold=True) + f": {line}")
    for advice in refusal.advice(output.language):
        output.prose(click.style(f"  {translated('hint', output.language)}: ", fg="cyan") + advice)
    return Exit.INVALID


def request_facts(request: Request, output: Output) -> dict[str, Json]:
    """Return what is told of a request as plain JSON values."""
    return {
        "schema": REQUEST_SCHEMA,
        "id": request.id,
        "number": request.number or None,
        "service": request.service,
        "profile": request.profile,
        "channel": request.channel,
        "provider": request.provider,
        "state": request.state.value,
        "caption": request.state.caption(output.language),
        "due": format_time(request.due) if request.due else None,
    }
