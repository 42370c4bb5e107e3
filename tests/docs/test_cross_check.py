"""Second opinions: agreement and disagreement are told, and the verdict stays."""

from __future__ import annotations

import base64
import sys
from dataclasses import replace

import pytest

from egov_sign.docs import cms_sign, cross_check
from egov_sign.docs.cms import SignedData
from egov_sign.docs.judge import Detached, DocumentValidator
from egov_sign.docs.xmlsign import sign_enveloped
from egov_sign.errors import ConfigurationError
from egov_sign.verdict import Indication, Report
from tests.docs.cms_world import AT
from tests.docs.pdf_world import judge, pdf_world

DOCUMENT = b"<order><iin>8</iin></order>"
COMMENTED = b"<order><!-- a comment --><iin>8</iin></order>"


def checked(data: bytes, kind: str = "ec", content: bytes | None = None) -> tuple[Report, Report]:
    """Return our report alone, and with the second opinions."""
    certificates = judge(pdf_world(kind))
    validator = DocumentValidator(certificates)
    detached = None if content is None else Detached(content)
    report = validator.validate(data, AT, detached=detached)
    cross_check.cross_check(data, report, certificates, AT)
    return validator.validate(data, AT), report


def opinions(report: Report) -> list[tuple[str, str]]:
    return [
        (str(finding.params["peer"]), finding.code.removeprefix("CROSS_CHECK_"))
        for _, finding in report.walk()
        if finding.code.startswith("CROSS_CHECK_")
    ]


@pytest.mark.parametrize("kind", ["rsa", "ec"])
@pytest.mark.parametrize("label", ["person", "revoked-person"])
def test_peers_agree_on_good_and_bad(kind: str, label: str) -> None:
    alone, report = checked(sign_enveloped(DOCUMENT, pdf_world(kind).signer(label)), kind)
    assert opinions(report) == [("signxml", "AGREES"), ("pyhanko-certvalidator", "AGREES")]
    assert (report.indication, report.sub_indication) == (alone.indication, alone.sub_indication)


def test_peers_agree_on_changed_content() -> None:
    signed = sign_enveloped(DOCUMENT, pdf_world().signer("person"))
    _, report = checked(signed.replace(b"<iin>8", b"<iin>9"))
    assert opinions(report)[0] == ("signxml", "AGREES")


def test_a_disagreement_is_a_warning_that_names_both_and_changes_nothing() -> None:
    alone, report = checked(sign_enveloped(COMMENTED, pdf_world().signer("person")))
    assert ("signxml", "DISAGREES") in opinions(report)
    told = next(finding for _, finding in report.walk() if finding.code == "CROSS_CHECK_DISAGREES")
    assert (told.params["theirs"], told.params["ours"]) == ("INVALID", "VALID")
    assert report.indication is alone.indication


def test_a_peer_that_would_say_valid_lifts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cross_check, "_ask_signxml", lambda *_, **__: True)
    monkeypatch.setattr(cross_check, "_ask_certvalidator", lambda *_: True)
    signed = sign_enveloped(DOCUMENT, pdf_world().signer("revoked-person"))
    alone, report = checked(signed.replace(b"<iin>8", b"<iin>9"))
    assert [opinion for _, opinion in opinions(report)] == ["DISAGREES", "DISAGREES"]
    assert (report.indication, report.sub_indication) == (alone.indication, alone.sub_indication)


def test_what_a_peer_does_not_know_it_does_not_judge() -> None:
    _, report = checked(sign_enveloped(DOCUMENT, pdf_world("gost").signer("person")), "gost")
    assert opinions(report) == [("signxml", "SILENT"), ("pyhanko-certvalidator", "SILENT")]
    twice = sign_enveloped(sign_enveloped(DOCUMENT, pdf_world().signer("person")), pdf_world().signer("other-person"))
    assert opinions(checked(twice)[1]).count(("signxml", "SILENT")) == 2


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_cms_is_compared_too(kind: str) -> None:
    message = cms_sign.sign(DOCUMENT, pdf_world(kind).signer("person"), signing_time=AT)
    both = [("pyHanko", "AGREES"), ("pyhanko-certvalidator", "AGREES")]
    assert opinions(checked(message, kind)[1]) == both
    twice = cms_sign.add_signer(SignedData.load(message), pdf_world(kind).signer("other-person"), signing_time=AT)
    assert opinions(checked(twice, kind)[1]) == both * 2
    armoured = base64.encodebytes(message)
    assert opinions(checked(armoured, kind)[1]) == both


def test_a_certificate_that_cannot_be_read_stops_nothing() -> None:
    message = cms_sign.Parts.of(SignedData.load(cms_sign.sign(DOCUMENT, pdf_world().signer("person"), signing_time=AT)))
    broken = replace(message, certificates=message.certificates | {b"\x30\x02\x05\x00"}).encode()
    alone, report = checked(broken)
    assert alone.codes == ["CERTIFICATE_SENT_UNREADABLE"]
    assert ("pyhanko-certvalidator", "AGREES") in opinions(report)


@pytest.mark.parametrize("place", [b"<iin>8", b"person-signature"])
def test_peers_agree_on_changed_cms(place: bytes) -> None:
    message = cms_sign.sign(DOCUMENT, pdf_world().signer("person"), signing_time=AT)
    position = message.index(place) + 5 if place in message else len(message) - 20
    changed = message[:position] + bytes([message[position] ^ 1]) + message[position + 1 :]
    alone, report = checked(changed)
    assert alone.indication is Indication.INVALID
    assert opinions(report)[0] == ("pyHanko", "AGREES")


def test_a_disagreement_on_cms_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cross_check, "_ask_pyhanko", lambda *_: False)
    message = cms_sign.sign(DOCUMENT, pdf_world().signer("person"), signing_time=AT)
    alone, report = checked(message)
    assert opinions(report)[0] == ("pyHanko", "DISAGREES")
    assert report.indication is alone.indication is Indication.VALID


def test_what_pyhanko_cannot_see_it_does_not_judge() -> None:
    apart = cms_sign.sign(DOCUMENT, pdf_world().signer("person"), signing_time=AT, detached=True)
    assert opinions(checked(apart)[1]) == []
    with_content = checked(apart, content=DOCUMENT)[1]
    assert opinions(with_content)[0] == ("pyHanko", "SILENT")
    foreign = cms_sign.sign(DOCUMENT, pdf_world("gost").signer("person"), signing_time=AT)
    assert opinions(checked(foreign, "gost")[1])[0] == ("pyHanko", "SILENT")


def test_without_the_extra_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "signxml", None)
    with pytest.raises(ConfigurationError) as raised:
        checked(sign_enveloped(DOCUMENT, pdf_world().signer("person")))
    assert raised.value.code == "CROSSCHECK_EXTRA"
