"""``egov-sign document render``, ``sign pdf``, ``extend`` and ``verify`` of PDF files."""

from __future__ import annotations

from pathlib import Path

import pytest

from egov_sign.clock import FrozenClock
from egov_sign.crypto.keystore import KeyEntry, write_pkcs12
from egov_sign.docs.xmlsign import sign_enveloped
from egov_sign_pki.serving import running_services
from tests.docs.pdf_samples import result_xml

from .conftest import Cli
from .world import AT, WorldOnDisk

BIN = "451240000011"


class Papers(WorldOnDisk):
    """A world, a signed result of its provider, and the head's key."""

    def __init__(self, folder: Path, kind: str) -> None:
        super().__init__(folder, kind)
        head = self.world.signer("head")
        plain = result_xml("call").replace(b"<c:BIN>123456789011", f"<c:BIN>{BIN}".encode())
        self.xml = self._write("result.xml", sign_enveloped(plain, head))
        entry = KeyEntry("head", head.key, head.certificate, tuple(head.chain))
        self.key = self._write("head.p12", write_pkcs12(entry, "secret"))
        self.secret = self._write("secret", b"secret")

    def signing(self) -> list[object]:
        return ["--key", self.key, "--password-file", self.secret, "--at", AT]


@pytest.fixture
def papers(tmp_path: Path) -> Papers:
    return Papers(tmp_path, "ec")


def issued(cli: Cli, papers: Papers) -> Path:
    plain, signed = papers.folder / "plain.pdf", papers.folder / "signed.pdf"
    assert cli("document", "render", papers.xml, "-o", plain).code == 0
    ran = cli("sign", "pdf", plain, *papers.signing(), "--visible", "--reason", "Выдача справки", "-o", signed)
    assert ran.code == 0, ran.err
    return signed


@pytest.mark.parametrize("kind", ["rsa", "ec", "gost"])
def test_a_document_is_rendered_signed_and_verified(cli: Cli, tmp_path: Path, kind: str) -> None:
    papers = Papers(tmp_path, kind)
    ran = cli("verify", issued(cli, papers), *papers.options(), "--bin", BIN, "--role", "head")
    assert (ran.code, ran.out.split()[0]) == (0, "VALID"), ran.out
    assert "DOCUMENT_PAGES_SAME" in ran.out


def test_a_changed_page_is_invalid(cli: Cli, papers: Papers) -> None:
    file = issued(cli, papers)
    data = bytearray(file.read_bytes())
    place = data.index(b"/MediaBox")
    data[place + 12 : place + 15] = b"111"
    file.write_bytes(data)
    assert cli("verify", file, *papers.options()).code == 10


def test_the_code_on_the_paper(cli: Cli, papers: Papers) -> None:
    from egov_sign.docs.qr import QrPayload

    payload = str(QrPayload.of("AST01-CALL-2024-000123-S", papers.xml.read_bytes()))
    file = issued(cli, papers)
    good = cli("verify", file, *papers.options(), "--qr", payload)
    assert (good.code, "QR_SAME" in good.out) == (0, True)
    other = cli("verify", file, *papers.options(), "--qr", payload[:-1] + ("0" if payload[-1] != "0" else "1"))
    assert (other.code, "QR_DIGEST" in other.out) == (10, True)
    alone = cli("verify", "--qr", payload)
    assert alone.code == 11
    assert "AST01-CALL-2024-000123-S" in alone.out
    assert cli("verify", "--qr", "https://example.org").code == 12
    assert cli("verify").code == 2


def test_the_report_as_a_page(cli: Cli, papers: Papers) -> None:
    page = papers.folder / "report.html"
    assert cli("verify", papers.xml, *papers.options(), "--html", page, "--lang", "kk").code == 0
    assert "Қолтаңба жарамды" in page.read_text()
    assert '<html lang="kk">' in page.read_text()


def test_a_document_is_extended_and_outlives_its_certificates(cli: Cli, papers: Papers) -> None:
    from egov_sign.clock import parse_time
    from egov_sign.docs.pdf_sign import sign_pdf
    from egov_sign.docs.timestamp_authority import TimestampAuthority

    plain = papers.folder / "plain.pdf"
    assert cli("document", "render", papers.xml, "-o", plain).code == 0
    earlier = parse_time("2024-02-29T20:00:00Z")
    authority = TimestampAuthority(
        papers.world.signer("tsa"), policy="1.2.398.3.3.2.6.2", clock=FrozenClock(earlier), serial=lambda: 1
    )
    stamped = sign_pdf(plain.read_bytes(), papers.world.signer("head"), signing_time=earlier, timestamps=authority)
    (papers.folder / "stamped.pdf").write_bytes(stamped)
    long_lived = papers.folder / "long.pdf"
    ran = cli("extend", papers.folder / "stamped.pdf", *papers.options(), "-o", long_lived, "--json")
    assert (ran.code, ran.json["level"]) == (0, "B-LT"), ran.err
    late = ["--at", "2026-03-01T12:00:00Z", "--trust", papers.trust, "--json"]
    report = cli("verify", long_lived, *late).json["report"]
    assert report["children"][0]["indication"] == "VALID"
    assert report["children"][0]["facts"]["level"] == "PAdES-B-LT"
    assert cli("verify", papers.folder / "stamped.pdf", *late).json["report"]["children"][0]["indication"] != "VALID"


@pytest.mark.parametrize("kind", ["rsa", "gost"])
def test_a_time_stamp_comes_from_an_authority_over_http(cli: Cli, tmp_path: Path, kind: str) -> None:
    papers = Papers(tmp_path, kind)
    plain, signed = papers.folder / "plain.pdf", papers.folder / "signed.pdf"
    assert cli("document", "render", papers.xml, "-o", plain).code == 0
    with running_services(papers.world, clock=FrozenClock(papers.world.at)) as services:
        arguments = ["sign", "pdf", plain, *papers.signing(), "-o", signed, "--tsa"]
        assert cli(*arguments, f"{services.url}/tsa/tsa").code == 0
        assert cli(*arguments, f"{services.url}/nothing").code == 14
    ran = cli("verify", signed, *papers.options(), "--json")
    assert ran.code == 0
    assert ran.json["report"]["children"][0]["facts"]["level"] == "PAdES-B-T"


def test_what_is_not_good_today_is_not_extended(cli: Cli, papers: Papers) -> None:
    file = issued(cli, papers)
    ran = cli("extend", file, "--trust", papers.trust, "--at", AT, "-o", papers.folder / "long.pdf")
    assert ran.code == 11
    assert not (papers.folder / "long.pdf").exists()
    assert cli("extend", file, "--level", "B-LTA").code == 2
    assert cli("extend", papers.trust, *papers.options()).code == 12


def test_several_documents_go_into_a_folder(cli: Cli, papers: Papers) -> None:
    second = papers.folder / "second.xml"
    second.write_bytes(result_xml("attachment"))
    out = papers.folder / "out"
    assert cli("document", "render", papers.xml, second, "-o", out, "--language", "en").code == 0
    assert sorted(file.name for file in out.iterdir()) == ["result.pdf", "second.pdf"]
    assert cli("document", "render", papers.xml, second).code == 2
    assert cli("document", "render", second, "--paper", "-o", papers.folder / "talon.pdf").code == 0
    assert cli("document", "render", papers.trust).code == 12


def test_options_that_make_no_sense_are_told(cli: Cli, papers: Papers) -> None:
    file = issued(cli, papers)
    again = cli("sign", "pdf", file, *papers.signing(), "--field", "Signature1", "-o", papers.folder / "x.pdf")
    assert again.code == 13
    certify = cli("sign", "pdf", file, *papers.signing(), "--certify", "forms", "-o", papers.folder / "x.pdf")
    assert certify.code == 13
    assert cli("sign", "pdf", file, *papers.signing(), "--box", "1,2", "-o", papers.folder / "x.pdf").code == 2
    assert cli("sign", "pdf", papers.xml, *papers.signing(), "-o", papers.folder / "x.pdf").code == 12
