"""The README tells the truth: its help is the program's, its commands run, its example works."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from egov_sign_cli.__main__ import run
from egov_sign_cli.commands import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)
SHELL = "\n".join(body for language, body in BLOCKS if language == "sh").replace("\\\n", " ")


def test_the_help_is_the_programs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["--help"]) == 0
    help_text = capsys.readouterr().out
    shown = re.search(r"<!-- help: egov-sign --help -->\n```\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    assert shown[1] == help_text


def commands() -> list[list[str]]:
    lines = [line.split("#")[0].replace("$(", " ").replace(")", " ") for line in SHELL.splitlines()]
    return [shlex.split(line[line.index("egov-sign ") :])[1:] for line in lines if "egov-sign " in line]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_shown_exists_with_its_options(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    path = next((" ".join(words[:count]) for count in (2, 1) if " ".join(words[:count]) in COMMANDS), "")
    assert path
    assert run([*path.split(), "--help"]) == 0
    help_text = capsys.readouterr().out
    for option in (word for word in words if word.startswith("--")):
        assert option in help_text


def test_the_home_call_by_hand_runs_as_shown(tmp_path: Path) -> None:
    block = next(body for language, body in BLOCKS if "site init" in body and language == "sh")
    at = "2024-03-01T05:00:00Z"
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "EGOV_SIGN_AT": at,
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-10:]
    assert (tmp_path / "result.xml").read_bytes().startswith(b"<?xml")


def test_the_python_example_runs_as_shown(tmp_path: Path) -> None:
    example = next(body for language, body in BLOCKS if language == "python")
    script = (
        "from pathlib import Path\n"
        "from egov_sign_pki import World\n"
        "from egov_sign.docs.xmlsign import sign_enveloped\n"
        "from datetime import UTC, datetime\n"
        "world = World.build(at=datetime.now(UTC))\n"
        "Path('ca').mkdir(); Path('crl').mkdir()\n"
        "Path('ca/root.cer').write_bytes(world.anchors[0])\n"
        "Path('ca/issuer.cer').write_bytes(world.intermediates[0])\n"
        "for name in world.authorities: Path(f'crl/{name}.crl').write_bytes(world.crl(name))\n"
        "Path('signed.xml').write_bytes(sign_enveloped(b'<a/>', world.signer('person')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script + example], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("VALID")
