"""The whole verdict on a document: steps, scope, requirements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.profile import Role
from egov_sign.crypto.signer import KeySigner
from egov_sign.docs.judged import Required
from egov_sign.docs.validation import XmlValidator
from egov_sign.docs.xmlparse import text_of
from egov_sign.docs.xmlsign import sign_detached, sign_element, sign_enveloped, sign_enveloping
from egov_sign.verdict import Indication, Report, SubIndication
from egov_sign_pki import World

REQUEST = (
    '<rq:Order xmlns:rq="urn:rq" Id="order"><IIN>850412110000</IIN><Note Id="note">Әлия</Note></rq:Order>'.encode()
)


class TrustsTheWorld:
    """Judges by validity alone, so that these tests are about documents."""

    def validate(self, certificate: Certificate, at: datetime, *, candidates: Sequence[Certificate] = ()) -> Report:
        report = Report("certificate", str(certificate.subject))
        if not certificate.not_before <= at <= certificate.not_after:
            report.fail("CERT_EXPIRED", SubIndication.OUT_OF_BOUNDS_NO_POE)
        return report


@pytest.fixture
def validator() -> XmlValidator:
    return XmlValidator(TrustsTheWorld())


@pytest.fixture
def at(rsa_world: World) -> datetime:
    return rsa_world.at


def test_a_signed_request(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    verdict = validator.examine(sign_enveloped(REQUEST, signer), at, required=Required(iin="850412110000", root="*"))
    report = verdict.report
    assert report.indication is Indication.VALID, report.to_dict()
    assert report.facts["whole_document_signed"] is True
    facts = report.children[0].facts
    assert facts["signer"]["iin"] == "850412110000"  # type: ignore[index,call-overload]
    assert facts["scope"][0]["element"] == "/rq:Order"  # type: ignore[index,call-overload]
    root = verdict.signatures[0].signed_root()
    assert root is not None
    assert text_of(root[0]) == "850412110000"


@pytest.mark.parametrize(("good", "bad"), [(b"850412110000", b"850412110001"), ("Әлия".encode(), b"Alia")])
def test_one_changed_byte(validator: XmlValidator, signer: KeySigner, at: datetime, good: bytes, bad: bytes) -> None:
    verdict = validator.examine(sign_enveloped(REQUEST, signer).replace(good, bad), at)
    assert verdict.report.indication is Indication.INVALID
    assert verdict.report.sub_indication is SubIndication.HASH_FAILURE
    assert verdict.signatures[0].signed_root() is None


def test_a_document_without_signature_is_a_format_failure(validator: XmlValidator, at: datetime) -> None:
    report = validator.validate(REQUEST, at)
    assert (report.codes, report.indication) == (["NO_SIGNATURE"], Indication.INVALID)
    assert report.sub_indication is SubIndication.FORMAT_FAILURE


def test_after_expiry_the_time_of_signing_decides(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    signed = sign_enveloped(REQUEST, signer)
    report = validator.validate(signed, at + timedelta(days=3650))
    assert report.indication is Indication.INDETERMINATE
    assert report.sub_indication is SubIndication.OUT_OF_BOUNDS_NO_POE
    assert "SIGNATURE_TIME_UNPROVEN" in report.codes
    assert validator.validate(signed, at).indication is Indication.VALID


def test_without_trust_nothing_is_valid(signer: KeySigner, at: datetime) -> None:
    report = XmlValidator(None).validate(sign_enveloped(REQUEST, signer), at)
    assert report.codes == ["CERT_NOT_JUDGED"]
    assert report.indication is Indication.INDETERMINATE


@pytest.mark.parametrize(
    ("required", "code"),
    [
        (Required(iin="911130210000"), "SIGNER_IIN_MISMATCH"),
        (Required(bin="240140000008"), "SIGNER_BIN_MISMATCH"),
        (Required(roles=frozenset({Role.HEAD})), "SIGNER_ROLE_MISMATCH"),
        (Required(root="{urn:other}Order"), "SIGNED_ROOT_MISMATCH"),
    ],
)
def test_requirements(validator: XmlValidator, signer: KeySigner, at: datetime, required: Required, code: str) -> None:
    report = validator.validate(sign_enveloped(REQUEST, signer), at, required=required)
    assert report.codes == [code]
    assert report.indication is Indication.INVALID


def test_requirements_that_are_met(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    required = Required(iin="850412110000", roles=frozenset({Role.PERSON, Role.HEAD}), root="{urn:rq}Order")
    assert validator.validate(sign_enveloped(REQUEST, signer), at, required=required).codes == []


def test_a_partly_signed_document_names_what_is_not_signed(
    validator: XmlValidator, signer: KeySigner, at: datetime
) -> None:
    signed = sign_element(REQUEST, signer, "note")
    report = validator.validate(signed, at)
    assert report.indication is Indication.VALID
    assert report.codes == ["SCOPE_PARTIAL"]
    assert report.facts["not_signed"] == ["/rq:Order/IIN"]
    strict = validator.validate(signed, at, required=Required(root="*"))
    assert strict.codes == ["SCOPE_PARTIAL", "SIGNED_ROOT_MISMATCH"]


def test_enveloping_and_detached(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    assert validator.validate(sign_enveloping(b"octets", signer), at).codes == []
    detached = sign_detached({"file.bin": b"octets"}, signer)
    assert validator.validate(detached, at, contents={"file.bin": b"octets"}).codes == []
    assert validator.validate(detached, at).sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND


def test_a_bad_signature_among_good_ones_is_not_hidden(validator: XmlValidator, rsa_world: World, at: datetime) -> None:
    twice = sign_enveloped(sign_enveloped(REQUEST, rsa_world.signer("person")), rsa_world.signer("other-person"))
    good = validator.examine(twice, at)
    assert good.report.codes == ["SIGNATURE_STACKED"]
    assert [judged.stacked_under for judged in good.signatures] == [1, 0]
    root = etree.fromstring(twice)
    value = root[-2][1]
    value.text = "AAAA" + (value.text or "")[5:]
    bad = validator.validate(etree.tostring(root), at)
    assert bad.indication is Indication.INVALID
    assert [child.indication for child in bad.children] == [Indication.INVALID, Indication.INVALID]


def test_the_real_document(validator: XmlValidator, corpus: Path) -> None:
    data = (corpus / "ncanode" / "Xml_XML_SIGNED_VALID_STRING.xml").read_bytes()
    inside = datetime(2021, 6, 1, tzinfo=UTC)
    verdict = validator.examine(data, inside, required=Required(iin="123456789011", root="a"))
    assert verdict.report.indication is Indication.VALID, verdict.report.to_dict()
    later = validator.validate(data, datetime(2026, 1, 1, tzinfo=UTC))
    assert later.sub_indication is SubIndication.OUT_OF_BOUNDS_NO_POE
    changed = validator.validate(data.replace(b"<b>test</b>", b"<b>Test</b>"), inside)
    assert changed.sub_indication is SubIndication.HASH_FAILURE
