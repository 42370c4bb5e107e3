"""Data on standard output, prose on standard error; colours only where a person reads them."""

from __future__ import annotations

import json
import os
import sys
from typing import TextIO, cast

import click

from egov_sign.errors import EgovSignError
from egov_sign.messages import LANGUAGES, Language
from egov_sign.verdict import Json


def wants_colour(stream: TextIO) -> bool:
    """Tell whether ``stream`` should be coloured: NO_COLOR forbids, FORCE_COLOR demands, else a terminal decides."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def default_language() -> Language:
    """Return the language of the user's locale: Russian, Kazakh, else English."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            return cast("Language", value[:2]) if value[:2] in LANGUAGES else "en"
    return "en"


class Output:
    """Where a command writes.

    Args:
        as_json: print one JSON object instead of text.
        language: of texts.
        quiet: no prose at all.
        verbose: more of it.
    """

    def __init__(
        self, *, as_json: bool = False, language: Language = "en", quiet: bool = False, verbose: bool = False
    ) -> None:
        self.as_json = as_json
        self.language = language
        self.quiet = quiet
        self.verbose = verbose

    def data(self, line: str) -> None:
        """Write one line of data to standard output."""
        click.echo(line, color=wants_colour(sys.stdout))

    def json(self, value: dict[str, Json]) -> None:
        """Write ``value`` as one JSON object to standard output."""
        click.echo(json.dumps(value, ensure_ascii=False, indent=2))

    def prose(self, line: str) -> None:
        """Write one line for a person to standard error."""
        if not self.quiet:
            click.echo(line, err=True, color=wants_colour(sys.stderr))

    def error(self, error: EgovSignError) -> None:
        """Tell of ``error``: what, where, and a hint; with ``--json`` as an object on standard output as well."""
        show_error(error.code, error.message, error.where, error.hint)
        if self.as_json:
            self.json({**error.to_dict()})


def show_error(code: str, message: str, where: str = "", hint: str = "") -> None:
    """Write an error to standard error in the one form that all errors have."""
    colour = wants_colour(sys.stderr)
    click.echo(click.style(f"error[{code}]", fg="red", bold=True) + f": {message}", err=True, color=colour)
    if where:
        click.echo(f"  where: {where}", err=True)
    if hint:
        click.echo(click.style("  hint: ", fg="cyan") + hint, err=True, color=colour)
