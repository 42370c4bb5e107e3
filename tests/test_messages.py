"""Every code that the source can yield has its three texts, with the same placeholders."""

from __future__ import annotations

import ast
import string
import tomllib
from pathlib import Path

import pytest

from egov_sign import messages

ROOT = Path(__file__).resolve().parent.parent
METHODS = {"note", "warn", "fail"}
CARRIERS = {"Finding", "Refusal"}


def codes_in_source() -> set[str]:
    codes = set()
    for folder in ("egov_sign", "cli", "fixtures/pki"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                    continue
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                value = node.args[0].value
                if (name in METHODS or name in CARRIERS) and isinstance(value, str) and value.isupper():
                    codes.add(value)
    return codes


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.req("R421")
@pytest.mark.parametrize("code", sorted(codes_in_source()))
def test_code_has_its_texts(code: str) -> None:
    entry = messages.catalogue().get(code)
    assert entry is not None, f"{code} has no texts"
    assert set(entry) >= set(messages.LANGUAGES)


@pytest.mark.parametrize("code", sorted(messages.catalogue()))
def test_the_three_texts_have_the_same_placeholders(code: str) -> None:
    entry = messages.catalogue()[code]
    assert len({frozenset(placeholders(entry[language])) for language in messages.LANGUAGES}) == 1
    assert all(entry[language].strip() for language in messages.LANGUAGES)


def test_every_code_stands_in_one_file() -> None:
    """Two files with the same code would hide one text behind the other."""
    found: dict[str, str] = {}
    for file in sorted((ROOT / "egov_sign/messages").glob("*.toml")):
        for code in tomllib.loads(file.read_text(encoding="utf-8")):
            assert code not in found, f"{code} is in {found[code]} and in {file.name}"
            found[code] = file.name


def test_a_parameter_that_is_a_code_speaks_the_language_of_the_text() -> None:
    params = {"field": "FIELD_PHONE"}
    assert messages.text("FORM_REQUIRED", "ru", params) == "Не заполнено обязательное поле: контактный телефон."
    assert messages.text("FORM_REQUIRED", "en", params) == "A required field is empty: contact phone."
    inner = {"detail": "DETAIL_SIG_CERT_EXPIRED", "not_after": "2024-01-01"}
    assert messages.text("EMP_CERT_REJECTED", "en", inner).endswith(": the certificate expired on 2024-01-01.")


def test_an_unknown_code_is_shown_rather_than_hidden() -> None:
    assert messages.text("NO_SUCH_CODE", "kk") == "NO_SUCH_CODE"


def sentences_in_source() -> list[str]:
    """Every string of the source, with ``x`` where an f-string is filled in."""
    found = []
    for folder in ("egov_sign", "cli"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
                elif isinstance(node, ast.JoinedStr):
                    found.append(
                        "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
                    )
    return found


def test_every_sentence_of_an_error_that_has_texts_is_one_of_the_source() -> None:
    said = sentences_in_source()
    for code, entry in messages.catalogue().items():
        if code.startswith("ERROR_") and code != "ERROR_PASSWORD_NEEDED":  # that one names what it asks for
            assert any(messages.translated(one, "ru") != one and entry in translations(one) for one in said), code


def translations(sentence: str) -> list[dict[str, str]]:
    return [entry for pattern, entry in messages._sentences() if pattern.fullmatch(sentence)]


def test_an_error_speaks_the_language_asked_for() -> None:
    assert (
        messages.translated("the file cannot be read: Permission denied", "ru") == "файл не читается: Permission denied"
    )
    assert messages.translated("there is no such file", "kk") == "мұндай файл жоқ"
    assert messages.translated("there is no such file", "en") == "there is no such file"
    assert messages.translated("something new", "ru") == "something new"
