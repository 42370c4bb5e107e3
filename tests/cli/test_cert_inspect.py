"""``egov-sign cert inspect``."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from egov_sign.crypto.keystore import KeyEntry, write_pkcs12
from egov_sign_pki import World

from .conftest import Cli
from .world import AT


@pytest.fixture(scope="module")
def world() -> World:
    return World.build()


def pem(der: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"


def test_a_person(cli: Cli, world: World, tmp_path: Path) -> None:
    (tmp_path / "person.der").write_bytes(world.certificate("person"))
    ran = cli("cert", "inspect", tmp_path / "person.der", "--at", AT)
    assert ran.code == 0
    for expected in (
        "ТЕСТОВА АЙГЕРІМ",
        "850412110000",
        "signing",
        "nonRepudiation",
        "1.2.398.3.3",
        "within its validity",
    ):
        assert expected in ran.out


def test_a_head_of_an_organisation_as_json(cli: Cli, world: World, tmp_path: Path) -> None:
    (tmp_path / "head.pem").write_bytes(pem(world.certificate("head")) + pem(world.certificate("issuer")))
    ran = cli("cert", "inspect", tmp_path / "head.pem", "--at", AT, "--json")
    head, issuer = ran.json["certificates"]
    assert (head["bin"], head["iin"]) == ("451240000011", "850412110101")
    assert "head" in head["roles"]
    assert issuer["holder"] == "authority"
    assert head["private_key"] is False


def test_a_key_container_tells_which_certificate_has_the_key(cli: Cli, world: World, tmp_path: Path) -> None:
    entry = KeyEntry("key", world.key("person"), world.certificate("person"), world.chain("person"))
    (tmp_path / "key.p12").write_bytes(write_pkcs12(entry, "secret", iterations=10))
    (tmp_path / "password").write_text("secret")
    ran = cli("cert", "inspect", tmp_path / "key.p12", "--password-file", tmp_path / "password", "--json")
    assert [row["private_key"] for row in ran.json["certificates"]][:2] == [True, False]
    text = cli("cert", "inspect", tmp_path / "key.p12", "--password-file", tmp_path / "password", "--lang", "ru")
    assert "Закрытый ключ" in text.out


@pytest.mark.parametrize(
    ("label", "at", "words"),
    [("expired-person", AT, "expired"), ("future-person", AT, "not yet valid"), ("person", AT, "within its validity")],
)
def test_the_validity_is_put_in_words(cli: Cli, world: World, tmp_path: Path, label: str, at: str, words: str) -> None:
    (tmp_path / "c.der").write_bytes(world.certificate(label))
    assert words in cli("cert", "inspect", tmp_path / "c.der", "--at", at).out


def test_what_is_no_certificate(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    assert cli("cert", "inspect", tmp_path / "text").code == 12
    assert cli("cert", "inspect", tmp_path / "none").code == 12


def test_the_certificates_of_the_country(cli: Cli, corpus: Path) -> None:
    for file in sorted((corpus / "ncanode" / "certs").iterdir()):
        ran = cli("cert", "inspect", file, "--json")
        assert ran.code == 0, file
        assert ran.json["certificates"][0]["iin"] == "123456789011"
    ran = cli("cert", "inspect", corpus / "nca-production" / "root_gost_2022.pem")
    assert "GOST" in ran.out
