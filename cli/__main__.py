"""Entry point of ``egov-sign``: options of the whole program, and the one place where errors become exit codes."""

from __future__ import annotations

import os
import sys
import tomllib
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from egov_sign import __version__
from egov_sign.errors import ConfigurationError, EgovSignError

from .exits import EPILOG, Exit, of_error
from .lazy import LazyGroup
from .output import Output, default_language, show_error


def _load_config(ctx: click.Context, param: click.Parameter, value: Path | None) -> None:
    """Take defaults of options from a TOML file: one table per command, e.g. ``[verify] trust = ["ca/"]``."""
    file = value or Path(click.get_app_dir("egov-sign", force_posix=False)) / "config.toml"
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if value is None:
            return
        raise ConfigurationError("CONFIG_MISSING", "there is no such configuration file", where=str(file)) from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "CONFIG_MALFORMED", f"the configuration is unreadable: {error}", where=str(file)
        ) from (error)
    ctx.default_map = settings


class _ReaderGoneError(Exception):
    """Who reads our output has gone away: ``egov-sign … | head``."""


class _Program(LazyGroup):
    """The top level; click would end with the exit code of an internal failure when the reader goes away."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click returns what the command returned
        """Run the command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _ReaderGoneError from error


root = _Program(
    name="egov-sign",
    help="PKI and document signing for Kazakhstan's electronic government.\n\n"
    "Example: egov-sign verify request.xml --trust ca/ --crl crl/",
    epilog=EPILOG,
    params=[
        click.Option(
            ["--config"],
            type=click.Path(path_type=Path),
            envvar="EGOV_SIGN_CONFIG",
            is_eager=True,
            expose_value=False,
            callback=_load_config,
            help="Defaults of options, as TOML.",
        ),
    ],
    context_settings={"auto_envvar_prefix": "EGOV_SIGN", "help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
)
click.version_option(__version__, "-V", "--version", prog_name="egov-sign")(root)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    _open_closed_streams()
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def _open_closed_streams() -> None:
    """Put nothing in the place of a standard stream that was closed (``>&-``): Python has None there."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - until the process ends


def run(arguments: list[str]) -> int:
    """Run the command line on ``arguments`` and return the exit code; every error is told on standard error."""
    try:
        return _exit_code(root.main(arguments, prog_name="egov-sign", standalone_mode=False))
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return Exit.USAGE
    except click.UsageError as error:
        _show_usage(error)
        return Exit.USAGE
    except click.ClickException as error:
        show_error("USAGE", error.format_message())
        return Exit.USAGE
    except click.exceptions.Exit as error:
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        show_error("INTERRUPTED", "interrupted; what was finished before stays", language=default_language())
        return Exit.INTERRUPTED
    except _ReaderGoneError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes it once more at the end
        return Exit.INTERRUPTED
    except EgovSignError as error:
        Output(as_json="--json" in arguments, language=default_language()).error(error)
        return of_error(error)
    except OSError as error:  # the disk is full, a file may not be read: nothing that we could have done better
        return _refused_by_system(error, arguments)
    except Exception as error:  # the last resort: a person gets a sentence, not a traceback
        return _internal(error, verbose=bool({"-v", "--verbose"} & set(arguments)))


def _exit_code(result: Any) -> int:  # noqa: ANN401 - click returns what the command returned
    return result if isinstance(result, int) else Exit.DONE


def _refused_by_system(error: OSError, arguments: list[str]) -> int:
    told = ConfigurationError("SYSTEM_REFUSED", error.strerror or str(error), where=str(error.filename or ""))
    with suppress(OSError):  # it may be the output that cannot be written
        Output(as_json="--json" in arguments, language=default_language()).error(told)
    with suppress(OSError):
        sys.stdout.flush()
    return of_error(told)


def _internal(error: Exception, *, verbose: bool) -> int:
    if verbose:
        traceback.print_exception(error)
    show_error(
        "INTERNAL",
        f"this is a defect of egov-sign: {type(error).__name__}: {error}",
        hint="run it again with --verbose and report the traceback",
    )
    return Exit.INTERNAL


def _show_usage(error: click.UsageError) -> None:
    command = error.ctx.command_path if error.ctx else "egov-sign"
    show_error("USAGE", error.format_message(), hint=f"{command} --help")


if __name__ == "__main__":
    main()
