"""``egov-sign verify``."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from egov_sign.crypto.algorithms import by_name
from egov_sign.docs import c14n
from egov_sign.docs.xmldsig import XPATH
from egov_sign.docs.xmlparse import parse
from egov_sign.docs.xmlsign import sign_enveloped
from tests.attacks.forging import attach, reference_xml

from .conftest import Cli
from .world import AT, IIN, REQUEST, WorldOnDisk


@pytest.fixture(params=["ec", "rsa", "gost"])
def each_kind(request: pytest.FixtureRequest, tmp_path: Path) -> WorldOnDisk:
    return WorldOnDisk(tmp_path, request.param)


@pytest.fixture
def world(tmp_path: Path) -> WorldOnDisk:
    return WorldOnDisk(tmp_path, "ec")


def test_a_good_document_is_valid_with_every_kind_of_key(cli: Cli, each_kind: WorldOnDisk) -> None:
    ran = cli("verify", each_kind.signed("person"), *each_kind.options(), "--iin", IIN)
    assert (ran.code, ran.out.split()[0]) == (0, "VALID")


@pytest.mark.req("R22")
def test_one_changed_byte_is_invalid(cli: Cli, world: WorldOnDisk) -> None:
    file = world.signed("person")
    file.write_bytes(file.read_bytes().replace(b"<iin>8", b"<iin>9"))
    ran = cli("verify", file, *world.options(), "--json")
    assert ran.code == 10
    assert ran.json["report"]["sub_indication"] == "HASH_FAILURE"
    assert ran.json["schema"] == "egov-sign/report/1"


@pytest.mark.parametrize(
    ("label", "at", "code", "finding"),
    [
        ("revoked-person", AT, 10, "CERT_REVOKED"),
        ("expired-person", AT, 11, "SIGNATURE_TIME_UNPROVEN"),
        ("future-person", AT, 10, "CERT_NOT_YET_VALID"),
        ("held-person", AT, 11, "CERT_ON_HOLD"),
        ("person-auth", AT, 11, "CERT_USAGE"),
        ("person", "2024-04-01T12:00:00Z", 11, "REVOCATION_UNKNOWN"),
    ],
)
def test_what_is_wrong_with_the_certificate_is_named(
    cli: Cli, world: WorldOnDisk, label: str, at: str, code: int, finding: str
) -> None:
    ran = cli("verify", world.signed(label), *world.options(at=at))
    assert ran.code == code
    assert finding in ran.out


def test_a_signer_that_is_not_the_one_required(cli: Cli, world: WorldOnDisk) -> None:
    ran = cli("verify", world.signed("other-person"), *world.options(), "--iin", IIN)
    assert ran.code == 10
    assert "SIGNER_IIN" in ran.out


@pytest.mark.parametrize(("role", "code"), [("head", 0), ("right-to-sign", 10)])
def test_the_role_required(cli: Cli, world: WorldOnDisk, role: str, code: int) -> None:
    ran = cli("verify", world.signed("head"), *world.options(), "--role", role, "--bin", "451240000011")
    assert ran.code == code


def test_without_trust_nothing_is_good_and_a_hint_says_so(cli: Cli, world: WorldOnDisk) -> None:
    ran = cli("verify", world.signed("person"), "--at", AT)
    assert ran.code == 11
    assert "NO_CERTIFICATE_CHAIN_FOUND" in ran.out
    assert "--trust" in ran.err


def test_without_revocation_information_nothing_is_good_unless_asked_so(cli: Cli, world: WorldOnDisk) -> None:
    options = ["--trust", world.trust, "--intermediate", world.intermediate, "--at", AT]
    assert cli("verify", world.signed("person"), *options).code == 11
    ran = cli("verify", world.signed("person"), *options, "--no-revocation")
    assert ran.code == 0
    assert "REVOCATION_NOT_CHECKED" in ran.out


def test_two_signers_and_one_of_them_bad(cli: Cli, world: WorldOnDisk) -> None:
    assert cli("verify", world.signed("person", "other-person"), *world.options()).code == 0
    ran = cli("verify", world.signed("person", "revoked-person"), *world.options())
    assert ran.code == 10


def test_the_form_of_the_report(cli: Cli, world: WorldOnDisk) -> None:
    file = world.signed("person")
    etsi = cli("verify", file, *world.options(), "--report", "etsi")
    assert (etsi.code, "mainindication:total-passed" in etsi.out) == (0, True)
    as_json = cli("verify", file, *world.options(), "--report", "json").out
    assert as_json == cli("verify", file, *world.options(), "--json").out
    assert cli("verify", file, *world.options(), "--report", "text").out.startswith("VALID")


def test_standard_input(cli: Cli, world: WorldOnDisk) -> None:
    data = world.signed("person").read_bytes()
    assert cli("verify", "-", *world.options(), stdin=data).code == 0


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "INPUT_EMPTY"),
        (b"hello", "FORMAT_UNKNOWN"),
        (b"%PDF-1.7\n", "PDF_UNREADABLE"),
        (b"<a>", "XML_NOT_WELL_FORMED"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "XML_DTD"),
        (b"\x30\x03\x02\x01\x01", "CMS_MALFORMED"),
    ],
)
def test_an_input_that_cannot_be_judged_is_told_with_a_hint(
    cli: Cli, world: WorldOnDisk, tmp_path: Path, content: bytes, code: str
) -> None:
    file = tmp_path / "input"
    file.write_bytes(content)
    ran = cli("verify", file, *world.options())
    assert ran.code == 12
    assert f"error[{code}]" in ran.err
    assert str(file) in ran.err
    assert ran.out == ""


def test_a_huge_file_is_refused(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "huge.xml"
    with file.open("wb") as stream:
        stream.write(b"<a>")
        stream.truncate(1 << 30)
    ran = cli("verify", file, "--json")
    assert ran.code == 12
    assert ran.json["code"] == "INPUT_TOO_LARGE"


def test_an_unsigned_document_is_invalid(cli: Cli, world: WorldOnDisk, tmp_path: Path) -> None:
    file = tmp_path / "plain.xml"
    file.write_bytes(REQUEST)
    ran = cli("verify", file, *world.options())
    assert ran.code == 10
    assert "NO_SIGNATURE" in ran.out


@pytest.mark.parametrize(
    ("option", "value"), [("--iin", "850412110001"), ("--iin", "abc"), ("--bin", "1"), ("--at", "noon")]
)
def test_a_malformed_option_is_a_usage_error(cli: Cli, world: WorldOnDisk, option: str, value: str) -> None:
    assert cli("verify", world.signed("person"), option, value).code == 2


def test_a_trust_file_that_is_none(cli: Cli, world: WorldOnDisk, tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_text("nothing")
    ran = cli("verify", world.signed("person"), "--trust", tmp_path / "bad.pem")
    assert ran.code == 13
    assert "TRUST_UNREADABLE" in ran.err


def test_languages_and_verbosity(cli: Cli, world: WorldOnDisk) -> None:
    file = world.signed("revoked-person")
    texts = {language: cli("verify", file, *world.options(), "--lang", language).out for language in ("ru", "kk", "en")}
    assert len(set(texts.values())) == 3
    assert len(cli("verify", file, *world.options(), "--verbose").out) > len(texts["en"])


def test_a_weak_digest_is_not_good_today(cli: Cli, tmp_path: Path) -> None:
    world = WorldOnDisk(tmp_path, "rsa")
    signer = world.world.signer("person", "rsa-sha1")
    (tmp_path / "weak.xml").write_bytes(sign_enveloped(REQUEST, signer))
    ran = cli("verify", tmp_path / "weak.xml", *world.options())
    assert (ran.code, by_name("rsa-sha1").digest) == (11, "sha1")
    assert "CRYPTO_CONSTRAINTS_FAILURE" in ran.out


class TestRealFile:
    """The country's own signed document, from the test environment of the NCA."""

    @pytest.fixture
    def file(self, corpus: Path) -> Path:
        return corpus / "ncanode" / "Xml_XML_SIGNED_VALID_STRING.xml"

    @pytest.fixture
    def options(self, corpus: Path) -> list[object]:
        return ["--trust", corpus / "ncanode" / "ca"]

    def test_it_verifies_at_a_time_inside_the_validity(self, cli: Cli, file: Path, options: list[object]) -> None:
        ran = cli("verify", file, *options, "--at", "2021-06-01", "--no-revocation")
        assert (ran.code, ran.out.split()[0]) == (0, "VALID")

    def test_now_it_has_expired_and_the_report_says_why_that_is_not_fatal(
        self, cli: Cli, file: Path, options: list[object]
    ) -> None:
        ran = cli("verify", file, *options, "--no-revocation")
        assert ran.code == 11
        assert "OUT_OF_BOUNDS_NO_POE" in ran.out
        assert "nothing proves that the signature was made before" in ran.out

    def test_one_byte_changed_is_invalid(self, cli: Cli, file: Path, options: list[object]) -> None:
        data = file.read_bytes().replace(b"<b>test</b>", b"<b>tesT</b>")
        ran = cli("verify", "-", *options, "--at", "2021-06-01", "--no-revocation", stdin=data)
        assert ran.code == 10


class TestWhatIsReadOnRequest:
    """``--manifests`` and ``--xpath``, for one file and for many."""

    @pytest.fixture
    def listed(self, world: WorldOnDisk) -> Path:
        """A signed list with a reference whose digest is wrong."""
        manifest = (
            '<ds:Manifest xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:Reference URI="#r"><ds:DigestMethod '
            'Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>AAAA</ds:DigestValue></ds:Reference>'
            "</ds:Manifest>"
        )
        return world.signed("person", document=REQUEST.replace(b"<iin>", manifest.encode() + b"<iin>"))

    @pytest.fixture
    def filtered(self, world: WorldOnDisk) -> Path:
        signer = world.world.signer("person")
        inner = "<ds:XPath>not(ancestor-or-self::ds:Signature or ancestor-or-self::nothing)</ds:XPath>"
        references = reference_xml("", c14n.canonicalize(parse(REQUEST), c14n.INCLUSIVE), [XPATH], inner)
        file = world.folder / "filtered.xml"
        file.write_bytes(etree.tostring(attach(REQUEST, signer, references)))
        return file

    @pytest.mark.parametrize("many", [False, True])
    def test_manifests(self, cli: Cli, world: WorldOnDisk, listed: Path, many: bool) -> None:
        files = [listed, world.signed("person", name="other.xml")] if many else [listed]
        assert cli("verify", *files, *world.options()).code == 0
        ran = cli("verify", *files, *world.options(), "--manifests")
        assert ran.code == 10
        assert ("HASH_FAILURE" if many else "MANIFEST_MISMATCH") in ran.out

    @pytest.mark.parametrize("many", [False, True])
    def test_xpath(self, cli: Cli, world: WorldOnDisk, filtered: Path, many: bool) -> None:
        files = [filtered, world.signed("person", name="other.xml")] if many else [filtered]
        assert cli("verify", *files, *world.options()).code == 10
        ran = cli("verify", *files, *world.options(), "--xpath")
        assert ran.code == 0
        assert ("VALID" if many else "SCOPE_PARTIAL") in ran.out
