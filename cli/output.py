"""Data on standard output, prose on standard error; colours only where a person reads them."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TextIO, cast

import click

from egov_sign.errors import EgovSignError
from egov_sign.messages import LANGUAGES, Language, translated
from egov_sign.verdict import Json

_DECEIVING = (
    "\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f"
)
"""What makes a text look like another one: C1 controls, changes of direction, characters without a width."""
_UNPRINTABLE = re.compile(f"[\x00-\x1f{_DECEIVING}]")
_STYLE = re.compile(r"(\x1b\[[0-9;]*m|[\n\t])")
_IN_JSON = re.compile(f"[{_DECEIVING}]")


def plain(text: str) -> str:
    """Return ``text``, which somebody else may have written, with all that a terminal would obey made visible.

    A name on a certificate could otherwise clear the screen and write a verdict of its own.
    """
    return _UNPRINTABLE.sub(lambda found: f"\\u{{{ord(found[0]):x}}}", text)


def _safe(line: str) -> str:
    """Return a ``line`` of our own making with nothing for a terminal to obey but colours, tabs and ends of lines."""
    return "".join(part if number % 2 else plain(part) for number, part in enumerate(_STYLE.split(line)))


def one_line(value: dict[str, Json]) -> str:
    """Return ``value`` as JSON on one line, with nothing in it that a terminal would obey."""
    return _plain_json(json.dumps(value, ensure_ascii=False))


def _plain_json(written: str) -> str:
    return _IN_JSON.sub(lambda found: json.dumps(found[0])[1:-1], written)


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


NOTHING_TRUSTED = "nothing is trusted; name the root certificates with --trust FILE"


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
        click.echo(_safe(line), color=wants_colour(sys.stdout))

    def json(self, value: dict[str, Json]) -> None:
        """Write ``value`` as one JSON object to standard output."""
        self.written_json(json.dumps(value, ensure_ascii=False, indent=2))

    def written_json(self, text: str) -> None:
        """Write JSON ``text`` to standard output, with what makes one text look like another escaped as JSON does."""
        click.echo(_plain_json(text))

    def prose(self, line: str) -> None:
        """Write one line for a person to standard error."""
        if not self.quiet:
            click.echo(_safe(line), err=True, color=wants_colour(sys.stderr))

    def hint(self, sentence: str) -> None:
        """Advise a person on standard error; ``sentence`` is English, and translated."""
        self.prose(f"{translated('hint', self.language)}: {translated(sentence, self.language)}")

    def error(self, error: EgovSignError) -> None:
        """Tell of ``error``: what, where, and a hint; with ``--json`` as an object on standard output as well."""
        show_error(error.code, error.message, error.where, error.hint, self.language)
        if self.as_json:
            self.json({**error.to_dict()})


def show_error(code: str, message: str, where: str = "", hint: str = "", language: Language = "en") -> None:
    """Write an error to standard error in the one form that all errors have."""
    colour = wants_colour(sys.stderr)
    message, where, hint = plain(translated(message, language)), plain(where), plain(translated(hint, language))
    click.echo(click.style(f"error[{code}]", fg="red", bold=True) + f": {message}", err=True, color=colour)
    if where:
        click.echo(f"  {translated('where', language)}: {where}", err=True)
    if hint:
        click.echo(click.style(f"  {translated('hint', language)}: ", fg="cyan") + hint, err=True, color=colour)
