"""The country's real signed XML: it verifies, and with any byte changed it fails or says the same as before."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.path_rules import ValidationPolicy
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.docs.judged import Required
from egov_sign.docs.keyinfo import read_key_info
from egov_sign.docs.validation import XmlValidator
from egov_sign.docs.xmldsig import find_signatures, read_signature
from egov_sign.docs.xmlparse import parse
from egov_sign.errors import InputError
from egov_sign.limits import DEFAULT_LIMITS
from egov_sign.verdict import Indication, SubIndication
from tests.docs.known_good import KnownGood

DOCUMENTS = {
    "ncanode/Xml_XML_SIGNED_VALID_STRING.xml": ["rsa-sha256"],
    "ncanode/Xml_XML_SIGNED_VALID_STRING_TWO_SIGNERS.xml": ["rsa-sha256", "gost2015-512"],
    "ncalayer-rs/test_gost512.xml_simple.xml": ["gost2015-512"],
    "ncalayer-rs/test_gost512.xml_ns.xml": ["gost2015-512"],
    "ncalayer-rs/test_gost512.xml_xpath.xml": ["gost2015-512"],
}
EVERY = {"ncanode/Xml_XML_SIGNED_VALID_STRING.xml": 1}
"""Which bytes are changed: all of them, and with GOST, whose verification takes long, one in so many."""


def certificates_in(data: bytes) -> list[Certificate]:
    found = []
    for element in find_signatures(parse(data)):
        info = read_key_info(read_signature(element, DEFAULT_LIMITS).key_info, DEFAULT_LIMITS)
        found += info.certificates
    return found


def validator_and_time(data: bytes) -> tuple[XmlValidator, datetime]:
    """Return a validator that knows the signers, and a time at which the first of their certificates is valid."""
    certificates = certificates_in(data)
    return XmlValidator(KnownGood([item.der for item in certificates])), min(item.not_after for item in certificates)


@pytest.mark.parametrize(("name", "algorithms"), DOCUMENTS.items())
def test_it_verifies(corpus: Path, name: str, algorithms: list[str]) -> None:
    data = (corpus / name).read_bytes()
    validator, at = validator_and_time(data)
    verdict = validator.examine(data, at)
    assert verdict.report.indication is Indication.VALID, verdict.report.to_dict()
    assert [child.facts["algorithm"] for child in verdict.report.children] == algorithms
    assert [judged.stacked_under for judged in verdict.signatures] == list(range(len(algorithms)))[::-1]
    whole = "xpath" not in name
    assert verdict.report.facts["whole_document_signed"] is whole


@pytest.mark.parametrize("name", DOCUMENTS)
def test_any_byte_changed(corpus: Path, name: str) -> None:
    """What stays VALID, such as white space outside SignedInfo, covers the same octets by the same signer."""
    data = (corpus / name).read_bytes()
    validator, at = validator_and_time(data)

    def said(changed: bytes) -> list[object]:
        return [
            (judged.certificate, [item.octets for item in judged.covered])
            for judged in validator.examine(changed, at).signatures
        ]

    truth = said(data)
    survived = []
    for position in range(0, len(data), EVERY.get(name, 41)):
        changed = data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
        try:
            if validator.validate(changed, at).indication is Indication.VALID:
                survived.append(position)
                if "xpath" not in name:
                    assert said(changed) == truth, position
        except InputError:
            continue
    assert len(survived) < len(data) / 8


def test_expired_now_and_the_reason_is_explained(corpus: Path) -> None:
    data = (corpus / "ncanode/Xml_XML_SIGNED_VALID_STRING.xml").read_bytes()
    validator, _ = validator_and_time(data)
    report = validator.validate(data, datetime(2026, 1, 1, tzinfo=UTC))
    assert report.sub_indication is SubIndication.OUT_OF_BOUNDS_NO_POE
    assert "SIGNATURE_TIME_UNPROVEN" in report.codes


def test_with_its_authority_as_trust_anchor(corpus: Path) -> None:
    """Inside its validity the path holds; the only list there is was issued later and says nothing of that time."""
    base = corpus / "ncanode"
    data = (base / "Xml_XML_SIGNED_VALID_STRING.xml").read_bytes()
    trust = TrustStore.from_paths([base / "ca" / "nca_rsa_test.crt"])
    inside = datetime(2021, 6, 1, tzinfo=UTC)
    required = Required(iin="123456789011", root="a")
    unasked = CertificateValidator(trust, policy=ValidationPolicy(check_revocation=False))
    report = XmlValidator(unasked).validate(data, inside, required=required)
    assert report.indication is Indication.VALID, report.to_dict()
    changed = data.replace(b"<b>test</b>", b"<b>Test</b>")
    assert XmlValidator(unasked).validate(changed, inside).sub_indication is SubIndication.HASH_FAILURE
    sources = RevocationSources.from_paths([base / "crl" / "nca_rsa_test.crl"])
    asked = CertificateValidator(trust, revocation=Revocation(sources))
    assert XmlValidator(asked).validate(data, inside).sub_indication is SubIndication.TRY_LATER
