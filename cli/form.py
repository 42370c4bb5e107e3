"""Options that fill in the form of a service."""

from __future__ import annotations

import functools
import json
import tomllib
from collections.abc import Callable
from typing import Any, TypeVar

import click

from egov_sign.errors import InputError
from egov_sign.limits import DEFAULT_LIMITS

from .files import read_input

F = TypeVar("F", bound=Callable[..., Any])


def form_options(function: F) -> F:
    """Add ``--field``, ``--form`` and ``--attach``; the command gets ``form`` and ``attached``.

    ``form`` is name → value; ``attached`` are pairs of kind and file.
    """

    @click.option("--field", "pairs", multiple=True, metavar="NAME=VALUE", help="A field of the form; see portal form.")
    @click.option("--form", "form_file", metavar="FILE", help="Fields from a TOML or JSON file.")
    @click.option("--attach", "files", multiple=True, metavar="KIND=FILE", help="A document, e.g. identity=scan.pdf.")
    @functools.wraps(function)
    def wrapper(pairs: tuple[str, ...], form_file: str | None, files: tuple[str, ...], **values: Any) -> Any:
        form = (read_form(form_file) if form_file else {}) | dict(pair(each, "--field") for each in pairs)
        return function(form=form, attached=[pair(each, "--attach") for each in files], **values)

    return wrapper  # type: ignore[return-value]


def pair(given: str, option: str) -> tuple[str, str]:
    """Split ``NAME=VALUE``; anything else is a usage error."""
    name, equals, value = given.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"{given!r} is not NAME=VALUE", param_hint=option)
    return name.strip(), value


def read_form(file: str) -> dict[str, str]:
    """Return the fields in a TOML or JSON file.

    Raises:
        InputError: ``FORM_FILE``.
    """
    data = read_input(file, DEFAULT_LIMITS.attachment_bytes)
    try:
        table = json.loads(data) if data.lstrip().startswith(b"{") else tomllib.loads(data.decode("utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError("FORM_FILE", f"neither TOML nor JSON: {error}", where=file) from error
    wrong = [str(name) for name, value in table.items() if not isinstance(value, str | int | float)]
    if wrong:
        raise InputError("FORM_FILE", f"not a text or a number: {', '.join(wrong)}", where=file)
    return {name: str(value) for name, value in table.items()}
