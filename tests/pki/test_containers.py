"""Everything a world writes is read by OpenSSL; its PKCS#12 files open in OpenSSL and in Java's keytool."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from egov_sign.crypto.keystore import open_keystore
from egov_sign.verdict import Indication
from egov_sign_pki import World
from egov_sign_pki.cases import Case, Lab, catalogue


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module", params=["ec", "rsa"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp(request.param)
    World.build(kind=request.param).write(target)
    return target


def test_openssl_reads_every_object(folder: Path) -> None:
    checks = {
        ".cer": ("x509", "-inform", "DER", "-noout", "-in"),
        ".crl": ("crl", "-inform", "DER", "-noout", "-in"),
        ".ors": ("ocsp", "-noverify", "-resp_text", "-respin"),
    }
    read = 0
    for file in sorted(folder.rglob("*")):
        if file.suffix in checks:
            done = run("openssl", *checks[file.suffix], file)
            assert done.returncode == 0, f"{file.name}: {done.stderr}"
            read += 1
    assert read > 40
    for file in (folder / "keys").glob("*.pem"):
        assert run("openssl", "pkey", "-noout", "-in", file).returncode == 0


@pytest.mark.parametrize(("name", "legacy"), [("person", []), ("person-legacy", ["-legacy"])])
def test_openssl_opens_containers(folder: Path, name: str, legacy: list[str]) -> None:
    file = folder / f"keys/{name}.p12"
    opened = run("openssl", "pkcs12", *legacy, "-in", file, "-passin", f"pass:{World.password}", "-noenc")
    assert opened.returncode == 0, opened.stderr
    assert opened.stdout.count("BEGIN CERTIFICATE") == (1 if legacy else 3)
    assert "BEGIN PRIVATE KEY" in opened.stdout
    assert run("openssl", "pkcs12", *legacy, "-in", file, "-passin", "pass:wrong", "-noenc").returncode != 0


@pytest.mark.skipif(shutil.which("keytool") is None, reason="needs Java's keytool")
@pytest.mark.parametrize("name", ["person", "person-legacy"])
def test_keytool_opens_containers(folder: Path, name: str) -> None:
    told = run("keytool", "-list", "-v", "-keystore", folder / f"keys/{name}.p12", "-storepass", World.password)
    assert "PrivateKeyEntry" in told.stdout
    assert "person" in told.stdout


ACCEPTED = [case for case in catalogue().values() if case.expected is Indication.VALID and "gost" not in case.id]


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.id)
def test_openssl_reads_what_must_be_accepted(case: Case, tmp_path: Path) -> None:
    material = case.make(Lab())
    file = tmp_path / "file"
    commands: dict[str, list[str | Path]] = {
        "leaf": ["x509", "-inform", "DER", "-noout", "-in", file],
        "timestamp": ["ts", "-reply", "-text", "-in", file],
        "keystore": ["pkcs12", "-noenc", "-passin", f"pass:{material.password}", "-in", file],
    }
    if "legacy" in case.id:
        commands["keystore"].append("-legacy")
    for name, command in commands.items():
        content: bytes = getattr(material, name)
        if content:
            file.write_bytes(content)
            done = run("openssl", *command)
            assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", ["ec", "gost", "gost2004"])
@pytest.mark.parametrize("legacy", [False, True])
def test_a_container_is_the_same_every_time_and_opens(kind: str, legacy: bool) -> None:
    world = World.build(kind=kind, world="minimal")
    container = world.pkcs12("person", legacy=legacy)
    assert container == World.build(kind=kind, world="minimal").pkcs12("person", legacy=legacy)
    entry = open_keystore(container, lambda: World.password).entry()
    assert entry.certificate == world.certificate("person")
    assert entry.chain == (() if legacy else world.chain("person"))
    signer = entry.signer()
    assert world.key("person").public_key().verify(signer.sign(b"x"), b"x", signer.algorithm)
