"""Texts of findings, refusals and screens by code, in Russian, Kazakh and English.

The texts live in TOML files beside this module, one file per area; each table is a code with ``ru``, ``kk`` and
``en``. Placeholders (``{name}``) are the ``params`` of the finding. Codes are stable, texts may change (R421).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Literal

from egov_sign.verdict import Finding, Scalar

Language = Literal["ru", "kk", "en"]
LANGUAGES: tuple[Language, ...] = ("ru", "kk", "en")


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Return all texts: code → language → text with placeholders."""
    texts: dict[str, dict[str, str]] = {}
    for file in sorted(resources.files(__name__).iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            texts.update(tomllib.loads(file.read_text(encoding="utf-8")))
    return texts


class _Lenient(dict[str, Scalar]):
    """A missing parameter shows as its placeholder rather than hiding the message."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def text(code: str, language: Language = "en", params: Mapping[str, Scalar] | None = None) -> str:
    """Return the text of ``code`` in ``language``, filled with ``params``.

    A code without a text gives the code itself: a verdict is never withheld for want of a translation
    (a test holds that every code in the source has its three texts). A parameter that is itself a code stands for
    its text, without the final full stop: the name of a field, the reason behind a refusal.
    """
    entry = catalogue().get(code)
    if entry is None:
        return code
    values = _Lenient(params or {})
    for name, value in values.items():
        if isinstance(value, str) and value in catalogue():
            values[name] = catalogue()[value][language].format_map(values).rstrip(".")
    return entry[language].format_map(values)


@cache
def _sentences() -> list[tuple[re.Pattern[str], dict[str, str]]]:
    """Return the sentences of errors: a pattern of the English one, and all three."""
    return [
        (re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.*)", re.escape(entry["en"]))), entry)
        for code, entry in catalogue().items()
        if code.startswith("ERROR_")
    ]


def translated(sentence: str, language: Language) -> str:
    """Return the English ``sentence`` of an error in ``language``; as it is where there are no texts for it."""
    if language == "en":
        return sentence
    found = ((pattern.fullmatch(sentence), entry) for pattern, entry in _sentences())
    return next((entry[language].format_map(match.groupdict()) for match, entry in found if match), sentence)


def describe(finding: Finding, language: Language = "en") -> str:
    """Return ``finding`` in plain words."""
    return text(finding.code, language, finding.params)
