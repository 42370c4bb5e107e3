"""``egov-sign cert verify|explain|chain``, ``crl …``, ``ocsp query``, ``trust …``."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from egov_sign.certs import issue_extensions as ext
from egov_sign.clock import FrozenClock, parse_time
from egov_sign_cli import judging, trust
from egov_sign_pki import World
from egov_sign_pki.serving import running_services
from tests.certs.small_ca import SmallCa, entry

from .conftest import Cli
from .world import AT, WorldOnDisk


@pytest.fixture(params=["ec", "gost"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> WorldOnDisk:
    return WorldOnDisk(tmp_path, request.param)


def certificate(world: WorldOnDisk, label: str) -> Path:
    file = world.folder / f"{label}.cer"
    file.write_bytes(world.world.certificate(label))
    return file


@pytest.mark.parametrize(
    ("label", "code", "words"),
    [
        ("person", 0, "VALID"),
        ("revoked-person", 10, "CERT_REVOKED"),
        ("expired-person", 10, "CERT_EXPIRED"),
        ("future-person", 10, "CERT_NOT_YET_VALID"),
        ("held-person", 11, "CERT_ON_HOLD"),
        ("released-person", 0, "VALID"),
    ],
)
def test_verify(cli: Cli, world: WorldOnDisk, label: str, code: int, words: str) -> None:
    ran = cli("cert", "verify", certificate(world, label), *world.options())
    assert ran.code == code
    assert words in ran.out
    assert cli("cert", "verify", certificate(world, label), *world.options(), "--json").json["report"]["facts"]["at"]


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("--require-iin", "850412110101", 0),
        ("--require-iin", "850412110000", 10),
        ("--require-bin", "451240000011", 0),
        ("--require-bin", "451240000021", 10),
        ("--require-role", "head", 0),
        ("--require-role", "employee", 10),
    ],
)
def test_who_the_holder_must_be(cli: Cli, world: WorldOnDisk, option: str, value: str, code: int) -> None:
    assert cli("cert", "verify", certificate(world, "head"), *world.options(), option, value).code == code


def test_explain_names_every_check_and_marks_the_bad_one(cli: Cli, world: WorldOnDisk) -> None:
    good = cli("cert", "explain", certificate(world, "person"), *world.options())
    assert good.code == 0
    assert good.out.count("✓") == 7 + 7 + 3
    bad = cli("cert", "explain", certificate(world, "revoked-person"), *world.options())
    assert "✗ revocation" in bad.out
    stale = cli("cert", "explain", certificate(world, "person"), *world.options(at="2024-06-01T00:00:00Z"))
    assert "? revocation" in stale.out
    alone = cli("cert", "explain", certificate(world, "person"), "--at", AT, "--json")
    assert (alone.code, alone.json["report"]["sub_indication"]) == (11, "NO_CERTIFICATE_CHAIN_FOUND")
    expired = cli("cert", "explain", certificate(world, "expired-person"), *world.options())
    assert "✗ validity period" in expired.out


def test_chain(cli: Cli, world: WorldOnDisk) -> None:
    ran = cli("cert", "chain", certificate(world, "person"), *world.options(), "--json")
    assert [len(row["sha256"]) for row in ran.json["path"]] == [64] * 3
    assert len(cli("cert", "chain", certificate(world, "person"), *world.options()).out.splitlines()) == 6


def test_without_a_way_to_an_anchor_the_chain_is_the_certificate_alone(cli: Cli, world: WorldOnDisk) -> None:
    ran = cli("cert", "chain", certificate(world, "person"), "--at", AT, "--json")
    assert (ran.code, len(ran.json["path"])) == (11, 1)


def test_crl_inspect_and_find(cli: Cli, world: WorldOnDisk) -> None:
    file = world.folder / "issuer.crl"
    ran = cli("crl", "inspect", file)
    assert "keyCompromise" in ran.out
    listed = cli("crl", "inspect", file, "--json").json
    serial = next(entry["serial"] for entry in listed["entries"] if entry["reason"] == "keyCompromise")
    found = cli("crl", "find", serial, world.folder / "root.crl", file)
    assert found.code == 10
    assert str(file) in found.out
    assert cli("crl", "find", serial, file, "--json").json["found"][0]["reason"] == "keyCompromise"
    assert cli("crl", "find", "01:02", file).code == 0
    assert cli("crl", "find", "xyz", file).code == 2
    assert cli("crl", "inspect", certificate(world, "person")).code == 12


def test_a_number_in_an_indirect_list_is_found_whoever_issued_it(cli: Cli, tmp_path: Path) -> None:
    other = SmallCa("Other", 2)
    entries = (entry(77, certificate_issuer=other.name), entry(78, certificate_issuer=SmallCa().name))
    data = SmallCa().crl(*entries, extensions=(ext.issuing_distribution_point(indirect=True),))
    (tmp_path / "indirect.crl").write_bytes(data)
    found = cli("crl", "find", "4d", tmp_path / "indirect.crl", "--json")
    assert (found.code, found.json["found"][0]["issuer"]) == (10, "C=KZ, CN=Other")


class Online:
    """A world whose services answer on loopback, at the addresses that its certificates name."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self.world = World.build(at=parse_time(AT), base_url=self.url)
        self.folder = folder

    def file(self, label: str) -> Path:
        file = self.folder / f"{label}.cer"
        file.write_bytes(self.world.certificate(label))
        return file


@pytest.fixture
def online(tmp_path: Path) -> Iterator[Online]:
    made = Online(tmp_path)
    with running_services(made.world, port=made.port, clock=FrozenClock(made.world.at)):
        yield made


LOOPBACK = ["--allow-network", "127.0.0.0/8"]


def test_evidence_is_fetched_when_asked(cli: Cli, online: Online) -> None:
    options = ["--trust", online.file("root"), "--at", AT, "--known-at", AT]
    for label, code in (("person", 0), ("revoked-person", 10)):
        assert cli("cert", "verify", online.file(label), *options, "--online", *LOOPBACK).code == code
    assert cli("cert", "verify", online.file("person"), *options).code == 11
    assert cli("cert", "verify", online.file("person"), *options, "--online").code == 11


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
def test_ocsp_query(cli: Cli, online: Online, digest: str) -> None:
    options = ["--issuer", online.file("issuer"), "--at", AT, "--digest", digest, *LOOPBACK]
    answer = online.folder / "answer.ors"
    good = cli("ocsp", "query", online.file("person"), *options, "-o", answer)
    assert (good.code, good.out.split()[0]) == (0, "VALID")
    assert answer.read_bytes()[:1] == b"\x30"
    revoked = cli("ocsp", "query", online.file("revoked-person"), *options, "--json")
    assert (revoked.code, revoked.json["report"]["facts"]["status"]) == (10, "revoked")


def test_ocsp_query_that_gets_no_answer(cli: Cli, online: Online) -> None:
    person, issuer = online.file("person"), online.file("issuer")
    assert cli("ocsp", "query", person, "--issuer", issuer, "--at", AT).code == 14
    options = ["--issuer", issuer, "--at", AT, *LOOPBACK]
    assert cli("ocsp", "query", person, *options, "--url", f"{online.url}/nothing").code == 14
    assert cli("ocsp", "query", online.file("root"), *options).code == 13


def test_crl_fetch(cli: Cli, online: Online) -> None:
    target = online.folder / "issuer.crl"
    ran = cli("crl", "fetch", f"{online.url}/crl/issuer.crl", "-o", target, *LOOPBACK, "--json")
    assert (ran.code, ran.json["entries"]) == (0, 3)
    assert target.read_bytes() == online.world.crl("issuer")
    assert cli("crl", "fetch", f"{online.url}/certificates/person.cer", "-o", target, *LOOPBACK).code == 12
    assert cli("crl", "fetch", f"{online.url}/crl/issuer.crl", "-o", target).code == 14


def test_trust_is_given_only_to_what_was_recognised_or_confirmed(
    cli: Cli, world: WorldOnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (trust, judging):
        monkeypatch.setattr(module, "TRUST_FOLDER", world.folder / "trusted")
    ran = cli("trust", "import", world.trust)
    assert ran.code == 13
    assert "TRUST_UNCONFIRMED" in ran.err
    digest = ran.err.split("--sha256 ")[1].strip()
    assert cli("trust", "import", world.trust, "--sha256", "00" * 32).code == 13
    assert cli("trust", "import", world.trust, "--sha256", digest, "--json").json["sha256"] == digest
    assert digest[:16] in cli("trust", "list").out
    assert cli("trust", "list", "--json").json["anchors"][0]["sha256"] == digest
    options = [*world.options()[2:]]
    assert cli("cert", "verify", certificate(world, "person"), *options).code == 0


def test_the_countrys_roots_are_recognised(
    cli: Cli, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "TRUST_FOLDER", tmp_path / "trusted")
    assert cli("trust", "import", corpus / "nca-production" / "root_rsa_2020.cer").code == 0
    assert "НЕГІЗГІ" in cli("trust", "list").out
