from __future__ import annotations

import os
import sys
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from egov_sign.errors import ConfigurationError, EgovSignError, FetchError, InputError, PasswordError
from egov_sign.verdict import Indication
from egov_sign_cli import exits, files, output
from egov_sign_cli.options import secret_source
from egov_sign_pki import World

from .conftest import Cli


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: None, "INPUT_MISSING"),
        (lambda path: path.mkdir(), "INPUT_UNREADABLE"),
        (lambda path: path.write_bytes(b""), "INPUT_EMPTY"),
        (lambda path: path.write_bytes(b"x" * 11), "INPUT_TOO_LARGE"),
    ],
)
def test_an_input_that_cannot_be_read_is_told(tmp_path: Path, make: Callable[[Path], object], code: str) -> None:
    path = tmp_path / "input"
    make(path)
    with pytest.raises(InputError) as caught:
        files.read_input(str(path), 10)
    assert caught.value.code == code
    assert str(path) in str(caught.value)


def test_a_good_input_is_read(tmp_path: Path) -> None:
    (tmp_path / "input").write_bytes(b"x" * 10)
    assert files.read_input(str(tmp_path / "input"), 10) == b"x" * 10


def test_a_gigabyte_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(InputError, match="INPUT_TOO_LARGE"):
        files.read_input(str(path), 1 << 28)


def test_standard_input_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b"x" * 11)))
    with pytest.raises(InputError, match="INPUT_TOO_LARGE"):
        files.read_input("-", 10)
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b"x" * 10)))
    assert files.read_input("-", 10) == b"x" * 10


def test_output_replaces_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "out"
    files.write_output(str(target), b"one", private=True)
    files.write_output(str(target), b"two", private=True)
    assert target.read_bytes() == b"two"
    assert target.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_output_to_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="OUTPUT_UNWRITABLE"):
        files.write_output(str(tmp_path / "none" / "out"), b"data")


def test_output_that_cannot_replace_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(ConfigurationError, match="OUTPUT_UNWRITABLE"):
        files.write_output(str(tmp_path / "out"), b"data")
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_binary_to_a_terminal_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with pytest.raises(ConfigurationError, match="OUTPUT_TERMINAL"):
        files.write_output("-", b"\0")


def test_secrets_come_from_file_variable_and_descriptor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("from-file\nnot this\n")
    assert secret_source(tmp_path / "secret", None, None)() == "from-file"
    monkeypatch.setenv("EGOV_SIGN_PASSWORD", "from-default")
    monkeypatch.setenv("OTHER", "from-other")
    assert secret_source(None, None, None)() == "from-default"
    assert secret_source(None, "OTHER", None)() == "from-other"
    read, write = os.pipe()
    os.write(write, "пароль\n".encode())
    os.close(write)
    assert secret_source(None, None, read)() == "пароль"


def test_a_secret_that_is_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EGOV_SIGN_PASSWORD", raising=False)
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b"")))
    with pytest.raises(PasswordError, match="PASSWORD_NEEDED"):
        secret_source(None, None, None)()
    with pytest.raises(ConfigurationError, match="PASSWORD_VARIABLE"):
        secret_source(None, "NOT_SET_ANYWHERE", None)()
    with pytest.raises(ConfigurationError, match="PASSWORD_FILE"):
        secret_source(tmp_path / "none", None, None)()


@pytest.mark.parametrize(
    "command",
    [
        "cert verify {0}",
        "crl inspect {0}",
        "crl find 1 {0}",
        "trust import {0}",
        "ocsp query {0} --issuer {0}",
        "extend {0}",
        "document render {0}",
        "sign xml {0} --key {1}",
        "sign wsse {0} --key {1}",
        "sign pdf {0} --key {1}",
        "sign cms {0} --key {1} --add-signer",
    ],
)
def test_every_error_names_its_file(cli: Cli, tmp_path: Path, command: str) -> None:
    (tmp_path / "noise").write_bytes(b"\x93noise")
    key = tmp_path / "key.p12"
    key.write_bytes(World.build(world="minimal").pkcs12("person"))
    (tmp_path / "password").write_text(World.password)
    secret = ["--password-file", tmp_path / "password"] if "{1}" in command else []
    ran = cli(*command.format(tmp_path / "noise", key).split(), *secret)
    assert (ran.code, f"where: {tmp_path / 'noise'}" in ran.err) == (12, True), ran.err


@pytest.mark.parametrize(("language", "words"), [("ru", "такого файла нет"), ("kk", "мұндай файл жоқ")])
def test_an_error_is_told_in_the_language_asked_for(cli: Cli, language: str, words: str) -> None:
    ran = cli("verify", "absent.xml", "--lang", language)
    assert (ran.code, f"error[INPUT_MISSING]: {words}" in ran.err, "hint:" in ran.err) == (12, True, False)


def test_a_descriptor_that_is_not_open_is_told() -> None:
    with pytest.raises(ConfigurationError, match="PASSWORD_DESCRIPTOR"):
        secret_source(None, None, 999)()


def test_a_scenario_that_is_none_is_named_with_what_it_lacks(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('title = "x"')
    ran = cli("flow", "run", tmp_path / "mine.toml")
    assert (ran.code, "it lacks '" in ran.err, f"where: {tmp_path / 'mine.toml'}" in ran.err) == (13, True, True)


def test_an_empty_password_file_is_an_empty_password(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("")
    assert secret_source(tmp_path / "secret", None, None)() == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("A", "b"), 12),
        (PasswordError("A", "b"), 15),
        (ConfigurationError("A", "b"), 13),
        (FetchError("A", "b"), 14),
        (EgovSignError("A", "b"), 1),
    ],
)
def test_errors_have_their_exit_codes(error: EgovSignError, code: int) -> None:
    assert exits.of_error(error) == code


def test_verdicts_have_their_exit_codes() -> None:
    verdicts = (Indication.VALID, Indication.INVALID, Indication.INDETERMINATE)
    assert [int(exits.of_verdict(verdict)) for verdict in verdicts] == [0, 10, 11]


def test_the_epilog_names_every_exit_code() -> None:
    assert all(f"{int(code)} " in exits.EPILOG for code in exits.Exit)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LC_ALL": "kk_KZ.UTF-8", "LANG": "ru_RU"}, "kk"),
        ({"LANG": "de_DE"}, "en"),
        ({}, "en"),
    ],
)
def test_the_language_follows_the_locale(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str
) -> None:
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    assert output.default_language() == expected


def test_colours_follow_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = TextIOWrapper(BytesIO())
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert not output.wants_colour(stream)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert output.wants_colour(stream)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not output.wants_colour(stream)
