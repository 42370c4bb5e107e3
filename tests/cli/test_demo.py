"""``egov-sign demo``: the main job, on real cryptography."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from egov_sign_cli.demo import _working_morning

from .conftest import Cli


@pytest.mark.req("R101", "R102", "R103", "R105", "R106", "R107", "R108", "R109", "R110", "R112", "R58")
def test_the_demo_plays_every_step_and_refuses_four_ways(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = cli("demo")
    assert ran.code == 0, ran.err
    story = ran.out
    first = story[: story.index("SIG_CERT_EXPIRED")]
    steps = ["process 0", "process 1", "condition 1", "process 3", "condition 2", "process 5", "process 6"]
    places = [first.index(step) for step in steps]
    assert places == sorted(places)
    for expected in ("condition 3", "process 8", "of 1800", "Term of the service", "VALID"):
        assert expected in first
    for code in ("SIG_CERT_EXPIRED", "SIG_CERT_REVOKED", "SIG_IIN_MISMATCH", "SIG_INVALID"):
        assert code in story


def test_the_commands_it_ends_with_work(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    story = cli("demo", "--lang", "ru").out
    commands = [line.split()[1:] for line in story.splitlines() if line.startswith("  egov-sign ")]
    assert [cli(*command).code for command in commands] == [0, 10, 0]


def test_an_earlier_demo_is_kept(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = [cli("demo", "--json").json["folder"] for _ in range(2)]
    assert names == ["egov-sign-demo", "egov-sign-demo-2"]
    ran = cli("demo", "--dir", names[0])
    assert ran.code == 13
    assert "FOLDER_NOT_EMPTY" in ran.err


@pytest.mark.parametrize("kind", ["rsa", "gost"])
def test_other_kinds_of_keys(cli: Cli, tmp_path: Path, kind: str) -> None:
    ran = cli("demo", "--dir", tmp_path / kind, "--kind", kind, "--json")
    assert ran.code == 0, ran.err
    assert set(ran.json["refusals"]) == {"expired", "revoked", "other_iin", "changed"}
    assert ran.json["journal_intact"] is True


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2024, 3, 1, 12, tzinfo=UTC), datetime(2024, 3, 1, 5, tzinfo=UTC)),
        (datetime(2024, 3, 1, 3, tzinfo=UTC), datetime(2024, 2, 29, 4, tzinfo=UTC)),
        (datetime(2024, 3, 3, 12, tzinfo=UTC), datetime(2024, 3, 2, 5, tzinfo=UTC)),
    ],
)
def test_it_plays_on_the_last_working_morning(now: datetime, expected: datetime) -> None:
    assert _working_morning(now) == expected
