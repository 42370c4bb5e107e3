"""``sign cms``, ``sign wsse``, levels of ``sign xml``, ``extend``, ``timestamp``: what is made, ``verify`` accepts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from egov_sign.clock import FrozenClock
from egov_sign.crypto.keystore import KeyEntry, write_pkcs12
from egov_sign.docs.soap import envelope_of
from egov_sign.docs.xmlparse import parse
from egov_sign_pki.serving import running_services

from .conftest import Cli
from .world import AT, REQUEST, WorldOnDisk

LATER = "2026-03-01T12:00:00Z"


class Desk(WorldOnDisk):
    """A world on disk with the key of a person, and a running time-stamping authority."""

    tsa: list[object]

    def __init__(self, folder: Path, kind: str) -> None:
        super().__init__(folder, kind)
        self.request = self._write("request.xml", REQUEST)
        self._write("password", b"secret")

    def signing(self, label: str = "person") -> list[object]:
        signer = self.world.signer(label)
        entry = KeyEntry("key", signer.key, signer.certificate, tuple(signer.chain))
        key = self._write(f"{label}.p12", write_pkcs12(entry, "secret", iterations=10))
        return ["--key", key, "--password-file", self.folder / "password"]


@pytest.fixture(params=["ec", "gost"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, request.param)
    with running_services(made.world, clock=FrozenClock(made.world.at)) as services:
        made.tsa = ["--tsa", f"{services.url}/tsa/tsa"]
        yield made


def level(cli: Cli, desk: Desk, file: Path, *options: object) -> tuple[int, str]:
    """Return the exit code of the verdict on ``file``, and the level of its first signature."""
    ran = cli("verify", file, *desk.options(), *options, "--json")
    return ran.code, ran.json["report"]["children"][0]["facts"]["level"]


@pytest.mark.parametrize(
    ("options", "reached"),
    [
        ([], "XMLDSig"),
        (["--xades"], "XAdES-B-B"),
        (["--level", "b-b"], "XAdES-B-B"),
        (["--level", "B-T", "TSA"], "XAdES-B-T"),
        (["TSA"], "XAdES-B-T"),
        (["--id", "r", "--xades"], "XAdES-B-B"),
        (["--enveloping", "--xades"], "XAdES-B-B"),
    ],
)
def test_levels_and_shapes_of_xml(cli: Cli, desk: Desk, options: list[str], reached: str) -> None:
    given = [word for option in options for word in (desk.tsa if option == "TSA" else [option])]
    target = desk.folder / "signed.xml"
    ran = cli("sign", "xml", desk.request, *desk.signing(), "--at", AT, *given, "-o", target)
    assert (ran.code, ran.out) == (0, ""), ran.err
    assert level(cli, desk, target) == (0, reached)


@pytest.mark.parametrize(("options", "stamps"), [([], ["content", "signature"]), (["--level", "b-b"], ["content"])])
def test_the_content_is_time_stamped_on_request(cli: Cli, desk: Desk, options: list[str], stamps: list[str]) -> None:
    target = desk.folder / "signed.xml"
    arguments = ["sign", "xml", desk.request, *desk.signing(), "--content-timestamp", *options, "--at", AT, "-o"]
    arguments.append(target)
    assert cli(*arguments).code == 2
    assert cli(*arguments, *desk.tsa).code == 0
    ran = cli("verify", target, *desk.options(), "--json")
    signature = ran.json["report"]["children"][0]
    judged = [part["facts"]["over"] for part in signature["children"] if part["subject"] == "timestamp"]
    assert (ran.code, sorted(judged)) == (0, stamps)


def test_detached_xml(cli: Cli, desk: Desk) -> None:
    target = desk.folder / "signature.xml"
    assert cli("sign", "xml", desk.request, *desk.signing(), "--detached", "-o", target).code == 0
    assert cli("verify", target, *desk.options(), "--detached", desk.request).code == 0
    assert cli("verify", target, *desk.options(), "--detached", desk.trust).code == 11  # it has another name
    assert cli("verify", target, *desk.options()).code == 11
    desk.request.write_bytes(REQUEST + b" ")
    assert cli("verify", target, *desk.options(), "--detached", desk.request).code == 10


@pytest.mark.parametrize(("options", "reached"), [([], "CAdES-B-B"), (["TSA", "--level", "b-t"], "CAdES-B-T")])
@pytest.mark.parametrize("detached", [False, True])
def test_cms(cli: Cli, desk: Desk, options: list[str], reached: str, detached: bool) -> None:
    given = [word for option in options for word in (desk.tsa if option == "TSA" else [option])]
    apart = ["--detached"] if detached else []
    target = desk.folder / "signed.p7s"
    ran = cli("sign", "cms", desk.request, *desk.signing(), "--at", AT, *given, *apart, "-o", target, "--json")
    assert (ran.code, ran.json["bytes"]) == (0, target.stat().st_size), ran.err
    content = ["--detached", desk.request] if detached else []
    assert level(cli, desk, target, *content) == (0, reached)
    assert (REQUEST in target.read_bytes()) is not detached


@pytest.mark.parametrize("detached", [False, True])
def test_a_second_signer_of_cms(cli: Cli, desk: Desk, detached: bool) -> None:
    apart = ["--detached"] if detached else []
    first, both = desk.folder / "first.p7s", desk.folder / "both.p7s"
    assert cli("sign", "cms", desk.request, *desk.signing(), "--at", AT, *apart, "-o", first).code == 0
    arguments = ["sign", "cms", first, *desk.signing("other-person"), "--at", AT, "--add-signer", "-o", both]
    if detached:
        assert cli(*arguments).code == 12
        arguments += ["--content", desk.request]
    assert cli(*arguments).code == 0
    content = ["--detached", desk.request] if detached else []
    ran = cli("verify", both, *desk.options(), *content, "--json")
    assert (ran.code, len(ran.json["report"]["children"])) == (0, 2)


@pytest.mark.parametrize("reference", ["certificate", "issuer-serial"])
def test_a_soap_envelope(cli: Cli, desk: Desk, reference: str) -> None:
    envelope = desk.folder / "envelope.xml"
    envelope.write_bytes(envelope_of(parse(b"<x:order xmlns:x='urn:x'><iin>850412110000</iin></x:order>")))
    target = desk.folder / "signed.xml"
    assert cli("sign", "wsse", envelope, *desk.signing("portal"), "--reference", reference, "-o", target).code == 0
    ran = cli("verify", target, *desk.options())
    assert ran.code == (0 if reference == "certificate" else 11)  # a certificate that is only named must be at hand
    target.write_bytes(target.read_bytes().replace(b"<iin>8", b"<iin>9"))
    assert cli("verify", target, *desk.options()).code == 10
    assert cli("sign", "wsse", desk.request, *desk.signing("portal")).code == 12


@pytest.mark.parametrize("kind", ["xml", "cms"])
def test_a_signature_is_extended_and_outlives_its_certificate(cli: Cli, desk: Desk, kind: str) -> None:
    xades = ["--xades"] if kind == "xml" else []
    plain, stamped, long_lived = (desk.folder / name for name in ("plain", "stamped", "long"))
    assert cli("sign", kind, desk.request, *desk.signing(), "--at", AT, *xades, "-o", plain).code == 0
    assert cli("extend", plain, "--level", "b-t", *desk.options(), *desk.tsa, "-o", stamped).code == 0
    ran = cli("extend", stamped, *desk.options(), "-o", long_lived, "--json")
    assert (ran.code, ran.json["level"]) == (0, "B-LT"), ran.err
    for file, reached in ((plain, "B-B"), (stamped, "B-T"), (long_lived, "B-LT")):
        found = level(cli, desk, file)
        assert (found[0], found[1][-len(reached) :]) == (0, reached)
    late = ["--at", LATER, "--known-at", LATER, "--trust", desk.trust]
    assert cli("verify", plain, *late).code == 11
    assert cli("verify", long_lived, *late).code == 0, cli("verify", long_lived, *late).out


def test_a_document_is_archived_and_archived_again(cli: Cli, desk: Desk) -> None:
    plain, once, twice = (desk.folder / name for name in ("plain.xml", "once.xml", "twice.xml"))
    sign = ["sign", "xml", desk.request, *desk.signing(), "--at", AT, "--xades"]
    assert cli(*sign, "-o", plain).code == 0
    for source, target in ((plain, once), (once, twice)):
        archive = ["extend", source, "--level", "b-lta", *desk.options()]
        assert cli(*archive, "-o", target).code == 2, "it needs an authority"
        assert cli(*archive, *desk.tsa, "-o", target).code == 0
        assert level(cli, desk, target) == (0, "XAdES-B-LTA")
    assert twice.read_bytes().count(b"<xades141:ArchiveTimeStamp") == 2
    late = ["--at", LATER, "--known-at", LATER, "--trust", desk.trust]
    assert cli("verify", twice, *late).code == 0, cli("verify", twice, *late).out
    twice.write_bytes(twice.read_bytes().replace(b"EncapsulatedCRLValue>", b"EncapsulatedCRLValue>\n", 1))
    assert cli("verify", twice, *late).code == 10

    detached, archived = desk.folder / "signature.xml", desk.folder / "archived.xml"
    assert cli(*sign, "--detached", "-o", detached).code == 0
    content = ["--detached", desk.request]
    assert cli("extend", detached, "--level", "b-lta", *desk.options(), *desk.tsa, *content, "-o", archived).code == 0
    assert level(cli, desk, archived, *content) == (0, "XAdES-B-LTA")


@pytest.mark.parametrize("detached", [False, True])
def test_a_message_is_archived_and_archived_again(cli: Cli, desk: Desk, detached: bool) -> None:
    plain, once, twice = (desk.folder / name for name in ("plain.p7s", "once.p7s", "twice.p7s"))
    apart, content = (["--detached"], ["--detached", desk.request]) if detached else ([], [])
    assert cli("sign", "cms", desk.request, *desk.signing(), "--at", AT, *apart, "-o", plain).code == 0
    for source, target in ((plain, once), (once, twice)):
        archive = ["extend", source, "--level", "b-lta", *desk.options(), *content]
        assert cli(*archive, *desk.tsa, "-o", target).code == 0
        assert level(cli, desk, target, *content) == (0, "CAdES-B-LTA")
    late = ["--at", LATER, "--known-at", LATER, "--trust", desk.trust, *content]
    assert cli("verify", twice, *late).code == 0, cli("verify", twice, *late).out


def test_every_signature_of_a_message_gets_its_own_time_stamp(cli: Cli, desk: Desk) -> None:
    """A message is written with its signatures sorted, so each time-stamp may move them."""
    first, both, stamped, third = (desk.folder / name for name in ("first", "both", "stamped", "third"))
    assert cli("sign", "cms", desk.request, *desk.signing(), "--at", AT, "-o", first).code == 0
    other = [*desk.signing("other-person"), "--at", AT, "--add-signer"]
    assert cli("sign", "cms", first, *other, "-o", both).code == 0
    assert cli("extend", both, "--level", "b-t", *desk.options(), *desk.tsa, "-o", stamped).code == 0
    assert _stamps(cli, desk, stamped) == {"ТЕСТОВА": 1, "ТЕСТОВ": 1}
    assert cli("sign", "cms", first, *other, *desk.tsa, "-o", third).code == 0
    assert _stamps(cli, desk, third) == {"ТЕСТОВА": 0, "ТЕСТОВ": 1}


def _stamps(cli: Cli, desk: Desk, file: Path) -> dict[str, int]:
    """Return how many time-stamps the signature of each signer has, by surname."""
    report = cli("verify", file, *desk.options(), "--json").json["report"]
    return {
        signature["facts"]["signer"]["name"].split()[0]: sum(
            part["subject"] == "timestamp" for part in signature["children"]
        )
        for signature in report["children"]
    }


def test_both_steps_at_once_for_a_detached_message(cli: Cli, desk: Desk) -> None:
    plain, long_lived = desk.folder / "plain.p7s", desk.folder / "long.p7s"
    assert cli("sign", "cms", desk.request, *desk.signing(), "--at", AT, "--detached", "-o", plain).code == 0
    arguments = ["extend", plain, *desk.options(), *desk.tsa, "-o", long_lived]
    assert cli(*arguments).code == 11
    assert cli(*arguments, "--detached", desk.request).code == 0
    assert level(cli, desk, long_lived, "--detached", desk.request) == (0, "CAdES-B-LT")


def test_what_cannot_be_extended(cli: Cli, desk: Desk) -> None:
    target = desk.folder / "target"
    plain = desk.signed("person")
    assert "XADES_NO_PROPERTIES" in cli("extend", plain, *desk.options(), *desk.tsa, "-o", target).err
    signed = desk.folder / "xades.xml"
    cli("sign", "xml", desk.request, *desk.signing(), "--at", AT, "--xades", "-o", signed)
    assert "error[EXTEND_TSA]" in cli("extend", signed, *desk.options(), "-o", target).err
    signed.write_bytes(signed.read_bytes().replace(b"<iin>8", b"<iin>9"))
    for wanted in ("b-t", "b-lt"):
        ran = cli("extend", signed, "--level", wanted, *desk.options(), *desk.tsa, "-o", target)
        assert ran.code == 10
        assert "HASH_FAILURE" in ran.err
    assert cli("extend", desk.request, *desk.options(), *desk.tsa, "-o", target).code == 10
    assert not target.exists()


def test_a_time_stamp_is_made_and_verified(cli: Cli, desk: Desk) -> None:
    token = desk.folder / "token.tst"
    ran = cli("timestamp", "create", desk.request, *desk.tsa, "-o", token, "--json")
    assert (ran.code, ran.json["time"]) == (0, AT), ran.err
    verify = ["timestamp", "verify", token]
    assert cli(*verify, desk.request, *desk.options(), "--json").json["report"]["indication"] == "VALID"
    other = cli(*verify, desk.trust, *desk.options())
    assert (other.code, "TIMESTAMP_IMPRINT" in other.out) == (10, True)
    assert cli("verify", token, *desk.options(), "--detached", desk.request).code == 0
    assert cli(*verify, desk.request, "--at", AT).code == 11


def test_a_whole_answer_of_an_authority_is_read_too(cli: Cli, desk: Desk) -> None:
    from egov_sign.docs.timestamp_authority import grant, refuse

    token, answer = desk.folder / "token.tst", desk.folder / "answer.tsr"
    assert cli("timestamp", "create", desk.request, *desk.tsa, "-o", token).code == 0
    verify = ["timestamp", "verify", answer, desk.request, *desk.options()]
    for content, code in ((grant(token.read_bytes()), 0), (refuse(0), 12), (b"\x30\x00", 12), (b"text", 12)):
        answer.write_bytes(content)
        assert cli(*verify).code == code


def test_what_makes_no_sense_is_a_usage_error(cli: Cli, desk: Desk) -> None:
    for arguments in (
        ["sign", "xml", desk.request, *desk.signing(), "--detached", "--enveloping"],
        ["sign", "xml", desk.request, *desk.signing(), "--level", "B-T"],
        ["sign", "cms", desk.request, *desk.signing(), "--level", "B-T"],
        ["sign", "cms", desk.request, *desk.signing(), "--detached", "--add-signer"],
        ["sign", "cms", desk.request, *desk.signing(), "--content", desk.request],
        ["timestamp", "create", desk.request],
    ):
        assert cli(*arguments).code == 2


def test_an_authority_that_cannot_be_reached(cli: Cli, desk: Desk) -> None:
    ran = cli("timestamp", "create", desk.request, "--tsa", "http://127.0.0.1:1/", "-o", desk.folder / "token")
    assert ran.code == 14
    assert not (desk.folder / "token").exists()
