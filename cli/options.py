"""Options that many commands share, and the settings they make."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from egov_sign.clock import SystemClock, parse_time
from egov_sign.errors import ConfigurationError, EgovSignError, PasswordError
from egov_sign.messages import LANGUAGES

from .exits import of_error
from .output import Output, default_language

if TYPE_CHECKING:
    from egov_sign.certs.validator import CertificateValidator

F = TypeVar("F", bound=Callable[..., Any])
TRUST_HELP = "Trust anchors (file or folder)."


@dataclass(frozen=True)
class Judging:
    """What certificates are judged by, as the user named it; calling it makes the validator.

    It can be hashed and pickled, so that every worker of a batch can make its own. The attributes are the arguments of
    :func:`egov_sign_cli.judging.make_validator`.
    """

    trust: tuple[Path, ...]
    intermediates: tuple[Path, ...]
    crls: tuple[Path, ...]
    responses: tuple[Path, ...]
    known_at: datetime
    online: bool
    check_revocation: bool
    allowed_networks: tuple[str, ...]

    def __call__(self) -> CertificateValidator:
        """Return a validator.

        Raises:
            EgovSignError: see :func:`egov_sign_cli.judging.make_validator`.
        """
        from .judging import make_validator

        return make_validator(
            self.trust,
            self.intermediates,
            self.crls,
            self.responses,
            known_at=self.known_at,
            online=self.online,
            check_revocation=self.check_revocation,
            allowed_networks=self.allowed_networks,
        )


class TimeType(click.ParamType[datetime]):
    """An ISO 8601 time with its zone."""

    name = "time"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the time in UTC, or end with a usage error that tells the form."""
        if isinstance(value, datetime):
            return value
        try:
            return parse_time(value)
        except ConfigurationError as error:
            self.fail(f"{error.message} ({error.hint})", param, ctx)


class NetworkType(click.ParamType[str]):
    """A network in CIDR notation, or an address."""

    name = "cidr"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the network as it was written, or end with a usage error that tells what is wrong with it."""
        from ipaddress import ip_network

        try:
            ip_network(value)
        except ValueError as error:
            self.fail(f"{error} (write 10.20.0.0/16)", param, ctx)
        return value


def output_options(function: F) -> F:
    """Add ``--json``, ``--lang``, ``--quiet`` and ``--verbose``; the command gets one ``output`` argument.

    An error of the core is told here, in the form asked for, and becomes the exit code.
    """

    @click.option("--json", "as_json", is_flag=True, envvar="EGOV_SIGN_JSON", help="Print one JSON object.")
    @click.option("--lang", type=click.Choice(LANGUAGES), envvar="EGOV_SIGN_LANG", help="Language of texts.")
    @click.option("-q", "--quiet", is_flag=True, envvar="EGOV_SIGN_QUIET", help="No prose on standard error.")
    @click.option("-v", "--verbose", is_flag=True, envvar="EGOV_SIGN_VERBOSE", help="More detail.")
    @functools.wraps(function)
    def wrapper(as_json: bool, lang: Any, quiet: bool, verbose: bool, **values: Any) -> Any:
        output = Output(as_json=as_json, language=lang or default_language(), quiet=quiet, verbose=verbose)
        try:
            return function(output=output, **values)
        except EgovSignError as error:
            output.error(error)
            return of_error(error)

    return wrapper  # type: ignore[return-value]


def at_option(function: F) -> F:
    """Add ``--at TIME``; the command gets the time to judge at, now if not given."""

    def now_if_missing(ctx: click.Context, param: click.Parameter, value: datetime | None) -> datetime:
        return value or SystemClock().now()

    return click.option(
        "--at",
        type=TimeType(),
        envvar="EGOV_SIGN_AT",
        callback=now_if_missing,
        help="Judge at this time, e.g. 2024-03-01T12:00:00Z. [default: now]",
    )(function)


def evidence_options(function: F) -> F:
    """Add what a certificate is judged by; the command gets one ``judge`` argument, made when it is called.

    ``--trust``, ``--intermediate``, ``--crl`` and ``--ocsp`` are files or folders and may be repeated; ``--online``
    lets missing evidence be fetched; ``--known-at`` bounds when evidence was issued; ``--no-revocation`` asks none.
    """

    @functools.wraps(function)
    def wrapper(
        trust: tuple[Path, ...],
        intermediate: tuple[Path, ...],
        crl: tuple[Path, ...],
        ocsp: tuple[Path, ...],
        online: bool,
        known_at: datetime | None,
        no_revocation: bool,
        allow_network: tuple[str, ...],
        **values: Any,
    ) -> Any:
        judge = Judging(
            trust,
            intermediate,
            crl,
            ocsp,
            known_at=known_at or SystemClock().now(),
            online=online,
            check_revocation=not no_revocation,
            allowed_networks=allow_network,
        )
        return function(judge=judge, **values)

    decorated: Any = click.option(
        "--no-revocation", is_flag=True, help="Do not ask whether certificates were revoked; the verdict says so."
    )(wrapper)
    decorated = network_option(decorated)
    decorated = click.option(
        "--known-at",
        type=TimeType(),
        envvar="EGOV_SIGN_KNOWN_AT",
        help="Evidence issued until this time may be used. [default: now]",
    )(decorated)
    decorated = click.option(
        "--online/--offline",
        default=False,
        envvar="EGOV_SIGN_ONLINE",
        help="Fetch missing evidence. [default: offline]",
    )(decorated)
    for name, text in (
        ("--ocsp", "OCSP responses (file or folder)."),
        ("--crl", "Revocation lists (file or folder)."),
        ("--intermediate", "Certificates that help to build the path (file or folder)."),
        ("--trust", TRUST_HELP),
    ):
        variable = "EGOV_SIGN_" + name.removeprefix("--").upper()
        decorated = click.option(
            name, multiple=True, type=click.Path(exists=True, path_type=Path), envvar=variable, help=text
        )(decorated)
    return decorated  # type: ignore[no-any-return]


def network_option(function: F) -> F:
    """Add ``--allow-network``; the command gets ``allow_network``."""
    return click.option(
        "--allow-network",
        multiple=True,
        type=NetworkType(),
        metavar="CIDR",
        envvar="EGOV_SIGN_ALLOW_NETWORK",
        help="A network that is not public and may be reached all the same, e.g. 10.20.0.0/16.",
    )(function)


def password_options(function: F) -> F:
    """Add ``--password-file``, ``--password-env`` and ``--password-fd``; the command gets a ``password`` callable."""

    @click.option(
        "--password-file",
        type=click.Path(path_type=Path),
        envvar="EGOV_SIGN_PASSWORD_FILE",
        help="File whose first line is the password.",
    )
    @click.option("--password-env", metavar="NAME", help="Environment variable with it. [default: EGOV_SIGN_PASSWORD]")
    @click.option("--password-fd", type=int, metavar="N", help="File descriptor to read it from.")
    @functools.wraps(function)
    def wrapper(password_file: Path | None, password_env: str | None, password_fd: int | None, **values: Any) -> Any:
        return function(password=secret_source(password_file, password_env, password_fd), **values)

    return wrapper  # type: ignore[return-value]


def secret_source(
    file: Path | None, variable: str | None, descriptor: int | None, *, what: str = "Password of the key"
) -> Callable[[], str]:
    """Return a callable that gets a secret when it is needed, and not before.

    Args:
        file: read its first line.
        variable: name of an environment variable; where nothing is named, EGOV_SIGN_PASSWORD is tried.
        descriptor: read the first line of this file descriptor.
        what: how a prompt names it; a prompt is shown only where a person sits at a terminal.
    """

    def secret() -> str:
        if file is not None:
            return _first_line(file)
        if descriptor is not None:
            return _line_of(descriptor)
        if variable is not None and variable not in os.environ:
            raise ConfigurationError("PASSWORD_VARIABLE", f"the environment variable {variable} is not set")
        value = os.environ.get(variable or "EGOV_SIGN_PASSWORD")
        if value is not None:
            return value
        if sys.stdin.isatty():
            return str(click.prompt(what, hide_input=True, err=True))
        raise PasswordError(
            "PASSWORD_NEEDED",
            f"{what.lower()} is needed and there is no terminal to ask on",
            hint="set EGOV_SIGN_PASSWORD or add --password-file FILE",
        )

    return secret


def _line_of(descriptor: int) -> str:
    try:
        with os.fdopen(descriptor, encoding="utf-8") as stream:
            return stream.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "PASSWORD_DESCRIPTOR", f"the password cannot be read from file descriptor {descriptor}"
        ) from error


def _first_line(file: Path) -> str:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError("PASSWORD_FILE", "the password file cannot be read", where=str(file)) from error
    return lines[0] if lines else ""
