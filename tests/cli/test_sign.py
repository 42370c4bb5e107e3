"""``egov-sign sign xml``: what it makes, ``verify`` accepts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from egov_sign.crypto.keystore import KeyEntry, write_pkcs12

from .conftest import Cli
from .world import REQUEST, WorldOnDisk

PASSWORD = "пароль-1"


@pytest.fixture(params=["ec", "rsa", "gost"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> WorldOnDisk:
    return WorldOnDisk(tmp_path, request.param)


@pytest.fixture
def key(world: WorldOnDisk) -> Path:
    entry = KeyEntry("key", world.world.key("person"), world.world.certificate("person"))
    (world.folder / "key.p12").write_bytes(write_pkcs12(entry, PASSWORD, iterations=10))
    (world.folder / "password").write_text(PASSWORD + "\n")
    return world.folder / "key.p12"


@pytest.fixture
def document(tmp_path: Path) -> Path:
    (tmp_path / "request.xml").write_bytes(REQUEST)
    return tmp_path / "request.xml"


def test_sign_then_verify(cli: Cli, world: WorldOnDisk, key: Path, document: Path) -> None:
    target = world.folder / "signed.xml"
    ran = cli("sign", "xml", document, "--key", key, "--password-file", world.folder / "password", "-o", target)
    assert (ran.code, ran.out) == (0, "")
    assert "ТЕСТОВА" in ran.err
    assert cli("verify", target, *world.options()).code == 0
    again = world.folder / "again.xml"
    cli("sign", "xml", target, "--key", key, "--password-file", world.folder / "password", "-o", again)
    assert cli("verify", again, *world.options()).code == 0


def test_one_element_by_its_id(cli: Cli, world: WorldOnDisk, key: Path, document: Path) -> None:
    target = world.folder / "signed.xml"
    secret = ["--password-file", world.folder / "password"]
    assert cli("sign", "xml", document, "--key", key, *secret, "--id", "r", "-o", target, "--json").code == 0
    assert cli("verify", target, *world.options()).code == 0
    assert b'URI="#r"' in target.read_bytes()
    assert cli("sign", "xml", document, "--key", key, *secret, "--id", "none").code == 13


def test_standard_streams_and_the_environment(world: WorldOnDisk, key: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "egov_sign_cli", "sign", "xml", "-", "--key", str(key)],
        input=REQUEST,
        capture_output=True,
        check=True,
        env={**os.environ, "EGOV_SIGN_PASSWORD": PASSWORD},
    )
    assert done.stdout.endswith(b"</request>")


@pytest.mark.parametrize(("secret", "code", "name"), [("wrong", 15, "PASSWORD_WRONG"), (None, 15, "PASSWORD_NEEDED")])
def test_a_wrong_and_a_missing_password(
    cli: Cli,
    world: WorldOnDisk,
    key: Path,
    document: Path,
    monkeypatch: pytest.MonkeyPatch,
    secret: str | None,
    code: int,
    name: str,
) -> None:
    monkeypatch.delenv("EGOV_SIGN_PASSWORD", raising=False)
    if secret:
        monkeypatch.setenv("EGOV_SIGN_PASSWORD", secret)
    ran = cli("sign", "xml", document, "--key", key, "-o", world.folder / "out.xml")
    assert ran.code == code
    assert f"error[{name}]" in ran.err
    assert not (world.folder / "out.xml").exists()


def test_a_broken_container_is_not_a_wrong_password(cli: Cli, world: WorldOnDisk, key: Path, document: Path) -> None:
    key.write_bytes(key.read_bytes()[:200])
    ran = cli("sign", "xml", document, "--key", key, "--password-file", world.folder / "password")
    assert ran.code == 12


def test_an_algorithm_of_another_family(cli: Cli, world: WorldOnDisk, key: Path, document: Path) -> None:
    ran = cli(
        "sign", "xml", document, "--key", key, "--password-file", world.folder / "password", "--algorithm", "ed25519"
    )
    assert ran.code == 13
    assert "KEY_ALGORITHM_MISMATCH" in ran.err
