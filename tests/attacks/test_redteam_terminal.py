"""What somebody else wrote must not steer the terminal of who verifies it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from egov_sign.certs import issue_names as names
from egov_sign.certs.issue import Authority, issue_certificate
from egov_sign.certs.name import Name
from egov_sign.crypto.algorithms import by_name
from egov_sign.crypto.signer import KeySigner
from egov_sign.docs.keyinfo import same_name
from egov_sign.docs.xmlsign import sign_enveloped
from egov_sign_cli.output import plain
from tests.certs.small_ca import AT, key
from tests.cli.conftest import Cli, cli  # noqa: F401 - a fixture
from tests.cli.world import REQUEST

DAY = timedelta(days=1)
CLEAR = "\x1b[2J\x1b[H\x1b[32mVALID\x1b[0m"
HOSTILE = [
    CLEAR,
    "A\nVALID  signed.xml",
    "A\rVALID",
    "\x9b2J",
    "ТЕСТОВ\u202eDILAV",
    "IIN\u200b",
    "A\x08\x08\x07",
    "\x1b]0;x\x07",
]
STEERING = {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), "\u202e", "\u200b"} - {"\n"}


def hostile(title: str) -> KeySigner:
    subject = names.name([("CN", title), ("SN", title), ("O", title), ("C", "KZ")])
    authority = Authority.of(subject, key(4711))
    certificate = issue_certificate(
        authority, subject=subject, spki=authority.spki, serial=1, not_before=AT - DAY, not_after=AT + DAY
    )
    return KeySigner(key(4711), certificate, by_name("ecdsa-sha256"))


@pytest.mark.parametrize("title", HOSTILE)
@pytest.mark.parametrize("more", [(), ("--json",), ("--verbose",)])
def test_names_of_certificates(cli: Cli, tmp_path: Path, title: str, more: tuple[str, ...]) -> None:  # noqa: F811
    signer = hostile(title)
    (tmp_path / "signed.xml").write_bytes(sign_enveloped(REQUEST, signer))
    (tmp_path / "cert.der").write_bytes(signer.certificate)
    at = "2024-03-01T12:00:00Z"
    for arguments in (
        ("verify", tmp_path / "signed.xml", "--at", at),
        ("cert", "inspect", tmp_path / "cert.der", "--at", at),
        ("cert", "verify", tmp_path / "cert.der", "--at", at),
    ):
        ran = cli(*arguments, *more)
        assert not STEERING & set(ran.out + ran.err)
        assert not any(line.startswith("VALID") for line in ran.out.splitlines())


@pytest.mark.parametrize("title", HOSTILE)
def test_names_on_a_path(cli: Cli, tmp_path: Path, title: str) -> None:  # noqa: F811
    (tmp_path / "cert.der").write_bytes(hostile(title).certificate)
    ran = cli("cert", "chain", tmp_path / "cert.der", "--trust", tmp_path / "cert.der", "--at", "2024-03-01T12:00:00Z")
    assert not STEERING & set(ran.out + ran.err)
    assert len(ran.out.splitlines()) == 2


@pytest.mark.parametrize("title", HOSTILE)
def test_many_documents(cli: Cli, tmp_path: Path, title: str) -> None:  # noqa: F811
    """A line for each, whatever the files are called and whoever signed them; in JSON, too."""
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "signed.xml").write_bytes(sign_enveloped(REQUEST, hostile(title)))
    (folder / title.replace("/", "-")).write_bytes(b"<a>")
    told = cli("verify", folder, "--jobs", "1", "--at", "2024-03-01T12:00:00Z")
    assert not STEERING & set(told.out + told.err)
    assert sorted(line.split()[0] for line in told.out.splitlines()) == ["INDETERMINATE", "UNREADABLE"]
    rows = cli("verify", folder, "--jobs", "1", "--json", "--at", "2024-03-01T12:00:00Z").out
    assert not STEERING & set(rows)
    assert sum("report" in json.loads(row) for row in rows.splitlines()) == 1


def test_an_honest_name_is_shown_as_it_is(cli: Cli, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "cert.der").write_bytes(hostile("ӘЛИЯ Қ").certificate)
    assert "ӘЛИЯ Қ" in cli("cert", "inspect", tmp_path / "cert.der").out
    assert plain("ӘЛИЯ — «Қ»") == "ӘЛИЯ — «Қ»"


def test_names_of_elements_and_files(cli: Cli, tmp_path: Path) -> None:  # noqa: F811
    file = tmp_path / "\x1b[2Jsigned.xml"
    file.write_bytes(b"<a>")
    ran = cli("verify", file)
    assert ran.code != 0
    assert not STEERING & set(ran.out + ran.err)


@pytest.mark.parametrize("title", [*HOSTILE, "a,b+c", "#1", "ӘЛИЯ"])
def test_a_name_in_text_is_still_the_same_name(title: str) -> None:
    name = Name(names.name([("CN", title), ("C", "KZ")]))
    assert same_name(name.rfc4514(), name)
