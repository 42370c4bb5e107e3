"""The program as a whole: help, versions, mistyped names, configuration, completion, start-up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from egov_sign import __version__
from egov_sign_cli.__main__ import root
from egov_sign_cli.commands import COMMANDS, children
from egov_sign_cli.lazy import LazyGroup

from .conftest import Cli

HEAVY = {"pyhanko", "lxml", "signxml", "cryptography", "asn1crypto", "gmpy2"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_and_version_import_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from egov_sign_cli.__main__ import run; "
        f"code = run({arguments!r}); print(sorted(set(sys.modules) & {HEAVY!r}), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert done.stdout


def test_completion_answers_from_the_table() -> None:
    code = (
        "import atexit, sys; from egov_sign_cli.__main__ import run; "
        f"atexit.register(lambda: print(sorted(set(sys.modules) & {HEAVY!r}), file=sys.stderr)); run([])"
    )
    environment = {"_EGOV_SIGN_COMPLETE": "bash_complete", "COMP_WORDS": "egov-sign comp", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "plain,completion"
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("path", [path for path, entry in COMMANDS.items() if entry.place])
def test_every_command_of_the_table_exists_and_has_an_example(cli: Cli, path: str) -> None:
    ran = cli(*path.split(), "--help")
    assert ran.code == 0
    assert "Example" in ran.out
    assert COMMANDS[path].help in " ".join(ran.out.split())


@pytest.mark.parametrize("path", ["", *(path for path, entry in COMMANDS.items() if not entry.place)])
def test_a_group_lists_its_commands_in_order(cli: Cli, path: str) -> None:
    ran = cli(*path.split(), "--help")
    assert ran.code == 0
    positions = [ran.out.index(f"\n  {name}") for name in children(path)]
    assert positions == sorted(positions)


def test_groups_have_children_and_the_table_is_sorted() -> None:
    assert list(COMMANDS) == sorted(COMMANDS)
    assert all(children(path) for path, entry in COMMANDS.items() if not entry.place)


def test_version(cli: Cli) -> None:
    assert cli("--version").out.strip() == f"egov-sign, version {__version__}"


def test_without_arguments_the_help_is_shown_as_a_usage_error(cli: Cli) -> None:
    ran = cli()
    assert ran.code == 2
    assert "Commands:" in ran.err


@pytest.mark.parametrize(("arguments", "near"), [(["complet"], "completion")])
def test_a_mistyped_name_is_answered_with_the_near_one(cli: Cli, arguments: list[str], near: str) -> None:
    ran = cli(*arguments)
    assert ran.code == 2
    assert f"Did you mean '{near}'?" in ran.err


def test_an_unknown_name_without_a_near_one(cli: Cli) -> None:
    ran = cli("qqqq")
    assert ran.code == 2
    assert "No such command 'qqqq'." in ran.err
    assert "hint: egov-sign --help" in ran.err


def test_a_broken_configuration_is_told(cli: Cli, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[verify\n")
    ran = cli("--config", config, "completion", "--help")
    assert ran.code == 13
    assert "error[CONFIG_MALFORMED]" in ran.err
    assert cli("--config", tmp_path / "none.toml", "completion", "--help").code == 13


def test_the_configuration_gives_defaults_of_options(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    @click.command("probe")
    @click.option("--word", default="built-in", envvar="EGOV_SIGN_WORD")
    def probe(word: str) -> None:
        seen.append(word)

    monkeypatch.setattr(LazyGroup, "resolve_command", lambda self, ctx, args: ("probe", probe, args[1:]))
    config = tmp_path / "config.toml"
    config.write_text('[probe]\nword = "file"\n')
    cli("probe")
    cli("--config", config, "probe")
    monkeypatch.setenv("EGOV_SIGN_WORD", "environment")
    cli("--config", config, "probe")
    cli("--config", config, "probe", "--word", "flag")
    assert seen == ["built-in", "file", "environment", "flag"]


@pytest.mark.parametrize(
    ("raised", "code", "text"),
    [
        (KeyboardInterrupt(), 130, "INTERRUPTED"),
        (click.Abort(), 130, "INTERRUPTED"),
        (click.ClickException("odd"), 2, "odd"),
        (RuntimeError("boom"), 1, "RuntimeError: boom"),
    ],
)
def test_whatever_happens_becomes_a_sentence_and_an_exit_code(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, raised: BaseException, code: int, text: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(root, "invoke", fail)
    ran = cli("completion")
    assert ran.code == code
    assert text in ran.err
    assert "Traceback" not in ran.err


def test_a_defect_shows_its_traceback_when_asked(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(root, "invoke", fail)
    assert "Traceback" in cli("completion", "--verbose").err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(cli: Cli, shell: str) -> None:
    assert "_EGOV_SIGN_COMPLETE" in cli("completion", shell).out


def test_a_reader_that_goes_away_is_an_interruption_without_a_word() -> None:
    command = [sys.executable, "-m", "egov_sign_cli", "flow", "show", "CALL", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert (running.stderr.read(), running.wait()) == (b"", 130)


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-"])
def test_a_closed_stream_is_no_defect(closed: str) -> None:
    command = f"{sys.executable} -m egov_sign_cli flow list {closed} | cat"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_full_disk_is_told_without_calling_it_a_defect() -> None:
    for arguments in ("flow list", "--help"):
        command = f"{sys.executable} -m egov_sign_cli {arguments} > /dev/full"
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (13, "error[SYSTEM_REFUSED]: No space left on device\n")


def test_a_network_is_checked_before_anything_is_done(cli: Cli) -> None:
    ran = cli("crl", "fetch", "http://localhost/a.crl", "-o", "a.crl", "--allow-network", "intranet")
    assert (ran.code, "10.20.0.0/16" in ran.err) == (2, True)
