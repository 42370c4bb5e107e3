"""Running the command line as a user does, inside the test process so that coverage counts it."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from egov_sign_cli.__main__ import run

if TYPE_CHECKING:
    from .town import Town


@dataclass(frozen=True)
class Ran:
    """What a run of the command line left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Ran]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Call with arguments (and ``stdin=bytes``); returns exit code, standard output and standard error."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG", "EGOV_SIGN_CONFIG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")

    def call(*arguments: object, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(stdin), encoding="utf-8"))
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(int(code), captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation in which checking a password costs little."""
    folder = tmp_path_factory.mktemp("ready") / "site"
    assert run(["site", "init", str(folder), "--at", "2024-03-01T05:00:00Z"]) == 0
    settings = folder / "site.toml"
    settings.write_text(settings.read_text().replace("= 65536", "= 64"))
    return folder


@pytest.fixture
def town(tmp_path: Path, cli: Cli, ready: Path) -> Town:
    """An installation of its own for each test."""
    from .town import Town

    return Town(tmp_path, cli, ready)


@pytest.fixture
def heeding_interruptions() -> Iterator[None]:
    """Undo that a shell makes its jobs in the background deaf, these tests and what they start among them."""
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, earlier)
