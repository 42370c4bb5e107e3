"""XAdES B-LTA: what archive time-stamps prove, and that nothing they cover can be changed."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.docs import c14n
from egov_sign.docs.references import XmlDocument
from egov_sign.docs.validation import XmlValidator
from egov_sign.docs.xades import XADES, XADES141, Level
from egov_sign.docs.xades_imprint import Imprints
from egov_sign.docs.xades_sign import (
    add_archive_timestamp,
    add_evidence,
    add_timestamp,
    counter_sign,
    signed_properties,
)
from egov_sign.docs.xmldsig import DS, read_signature
from egov_sign.docs.xmlparse import parse
from egov_sign.docs.xmlsign import sign_detached, sign_enveloped, sign_enveloping
from egov_sign.docs.xmlverify import SignatureCheck, check_references
from egov_sign.errors import ConfigurationError, InputError
from egov_sign.limits import DEFAULT_LIMITS
from egov_sign.verdict import Indication, Report, SubIndication
from tests.attacks.forging import REQUEST, octets
from tests.docs.archiving import RENEWED, SIGNED, b_b, b_lt, b_lta, evidence, stamper, validator, world

AFTER_SIGNER = datetime(2026, 8, 1, tzinfo=UTC)
AFTER_FIRST_AUTHORITY = datetime(2028, 3, 1, tzinfo=UTC)
AFTER_SECOND_AUTHORITY = datetime(2030, 3, 1, tzinfo=UTC)
AFTER_ISSUER = datetime(2033, 3, 1, tzinfo=UTC)


def judge(document: bytes, at: datetime) -> Report:
    return validator(at).validate(document, at)


def test_an_archived_signature_outlives_signer_and_authority() -> None:
    document = b_lta()
    for at in (RENEWED + timedelta(days=1), AFTER_SIGNER, AFTER_FIRST_AUTHORITY):
        report = judge(document, at)
        assert report.indication is Indication.VALID, report.to_dict()
        assert report.codes == []
        facts = report.children[0].facts
        assert facts["level"] == Level.B_LTA
        assert facts["best_signature_time"] == "2024-03-01T12:00:01Z"
    stamps = [child.facts["over"] for child in report.children[0].children if child.subject == "timestamp"]
    assert stamps == ["signature", "archive"]


def test_without_it_the_authority_of_the_signature_timestamp_must_not_have_expired() -> None:
    assert judge(b_lt(), AFTER_SIGNER).indication is Indication.VALID
    report = judge(b_lt(), AFTER_FIRST_AUTHORITY)
    assert report.indication is Indication.INDETERMINATE
    assert report.sub_indication is SubIndication.OUT_OF_BOUNDS_NO_POE
    assert {"TIMESTAMP_PROVES_NOTHING", "SIGNATURE_TIME_UNPROVEN"} <= set(report.codes)


def test_an_archive_timestamp_made_too_late_proves_nothing_of_the_past() -> None:
    """The first authority's key may have been in other hands when the time-stamp was archived."""
    late = b_lta(datetime(2027, 6, 1, tzinfo=UTC))
    report = judge(late, AFTER_FIRST_AUTHORITY)
    assert report.indication is Indication.INDETERMINATE
    assert report.sub_indication is SubIndication.OUT_OF_BOUNDS_NO_POE


def test_several_archive_timestamps_in_their_order() -> None:
    once = b_lta()
    expired = judge(once, AFTER_SECOND_AUTHORITY)
    assert expired.indication is Indication.INDETERMINATE
    again = datetime(2029, 1, 1, tzinfo=UTC)
    twice = add_archive_timestamp(once, stamper(again), evidence=evidence(again, "tsa"))
    report = judge(twice, AFTER_SECOND_AUTHORITY)
    assert report.indication is Indication.VALID, report.to_dict()
    assert report.codes == []
    added = [etree.QName(child).localname for child in properties_of(parse(twice))]
    assert added == [
        "SignatureTimeStamp",
        "CertificateValues",
        "RevocationValues",
        "ArchiveTimeStamp",
        "TimeStampValidationData",
        "ArchiveTimeStamp",
    ]
    changed = parse(twice)
    del properties_of(changed)[3]
    assert judge(octets(changed), AFTER_SECOND_AUTHORITY).sub_indication is SubIndication.HASH_FAILURE
    swapped = parse(twice)
    holder = properties_of(swapped)
    holder.insert(3, holder[5])
    assert judge(octets(swapped), AFTER_SECOND_AUTHORITY).indication is not Indication.VALID


def properties_of(root: etree._Element) -> etree._Element:
    return next(root.iter(XADES + "UnsignedSignatureProperties"))


def test_an_expired_issuer_needs_proof_that_its_list_is_older() -> None:
    """Whoever has its key afterwards could sign a list of any date."""
    middle = b_lta()
    again = datetime(2029, 1, 1, tzinfo=UTC)
    document = add_archive_timestamp(middle, stamper(again), evidence=evidence(again, "tsa"))
    once_more = datetime(2031, 12, 1, tzinfo=UTC)
    document = add_archive_timestamp(document, stamper(once_more), evidence=evidence(once_more, "tsa"))
    assert judge(document, AFTER_ISSUER).indication is Indication.VALID, judge(document, AFTER_ISSUER).to_dict()

    unproven = add_timestamp(b_b(), stamper(SIGNED))
    for at in (RENEWED, again, once_more):
        unproven = add_archive_timestamp(unproven, stamper(at))
    unproven = add_evidence(unproven, evidence(SIGNED, "tsa").joined(evidence(RENEWED, "tsa")))
    unproven = add_evidence(unproven, evidence(again, "tsa"))
    report = judge(unproven, AFTER_ISSUER)
    assert report.indication is Indication.INDETERMINATE
    assert "PATH_TIME_UNPROVEN" in str(report.to_dict())


def test_the_issuer_of_the_last_authority_needs_that_proof_too() -> None:
    """Nothing stands behind the last archive time-stamp that could prove the age of what its path rests on."""
    document = b_lta()
    for at in (datetime(2029, 1, 1, tzinfo=UTC), datetime(2031, 12, 1, tzinfo=UTC)):
        document = add_archive_timestamp(document, stamper(at), evidence=evidence(at, "tsa"))
        lists = [world(at).crl(authority) for authority in world(at).authorities]
    revocation = Revocation(RevocationSources(crls=lists))
    anchor, issuer = (Certificate.load(world().certificate(label)) for label in ("root", "issuer"))
    judges = CertificateValidator(TrustStore([anchor]), intermediates=[issuer], revocation=revocation)
    before = XmlValidator(judges).validate(document, datetime(2032, 1, 1, tzinfo=UTC))
    assert before.indication is Indication.VALID, before.to_dict()
    after = XmlValidator(judges).validate(document, AFTER_ISSUER)
    assert after.indication is Indication.INDETERMINATE
    assert "PATH_TIME_UNPROVEN" in str(after.to_dict())


@pytest.mark.parametrize(
    "tag",
    [
        XADES + "EncapsulatedX509Certificate",
        XADES + "EncapsulatedCRLValue",
        XADES + "EncapsulatedTimeStamp",
        DS + "X509Certificate",
        DS + "SignatureValue",
        "IIN",
    ],
)
def test_whatever_is_archived_cannot_be_changed(tag: str) -> None:
    """White space alone is enough: it is the octets that are archived."""
    root = parse(b_lta())
    element = next(root.iter(tag))
    element.text = (element.text or "") + " "
    report = judge(octets(root), AFTER_FIRST_AUTHORITY)
    assert report.indication is Indication.INVALID
    assert report.sub_indication is SubIndication.HASH_FAILURE


@pytest.mark.parametrize("tag", ["SignatureTimeStamp", "CertificateValues", "RevocationValues"])
def test_whatever_is_archived_cannot_be_removed(tag: str) -> None:
    root = parse(b_lta())
    holder = properties_of(root)
    holder.remove(next(holder.iterchildren(XADES + tag)))
    assert judge(octets(root), AFTER_FIRST_AUTHORITY).sub_indication is SubIndication.HASH_FAILURE


def test_what_is_added_before_or_moved_behind_an_archive_timestamp() -> None:
    root = parse(b_lta())
    properties_of(root).insert(0, etree.Element(XADES + "CounterSignature"))
    assert judge(octets(root), AFTER_SIGNER).sub_indication is SubIndication.HASH_FAILURE
    root = parse(b_lta())
    holder = properties_of(root)
    holder.append(holder[0])
    assert judge(octets(root), AFTER_SIGNER).sub_indication is SubIndication.HASH_FAILURE
    later = parse(b_lta())
    properties_of(later).append(etree.Element(XADES + "CertificateValues"))
    assert judge(octets(later), AFTER_SIGNER).indication is Indication.VALID


def test_two_sets_of_unsigned_properties_are_refused() -> None:
    root = parse(b_lta())
    holder = properties_of(root)
    (both,) = holder.iterancestors(XADES + "UnsignedProperties")
    etree.SubElement(both, holder.tag).append(holder[-1])
    assert judge(octets(root), AFTER_SIGNER).codes == ["XADES_MALFORMED"]


@pytest.mark.parametrize("shape", ["enveloping", "detached", "counter-signed"])
def test_every_shape_can_be_archived(shape: str) -> None:
    signer = world().signer("person")
    extra = signed_properties(signer, SIGNED)
    contents = {"a.bin": b"\0"}
    document = {
        "enveloping": lambda: sign_enveloping(parse(REQUEST), signer, extra=extra),
        "detached": lambda: sign_detached(contents, signer, extra=extra),
        "counter-signed": lambda: counter_sign(
            sign_enveloped(REQUEST, signer, extra=extra), world().signer("other-person")
        ),
    }[shape]()
    kept = add_evidence(add_timestamp(document, stamper(SIGNED)), evidence(SIGNED, "tsa"))
    archived = add_archive_timestamp(kept, stamper(SIGNED + timedelta(days=1)), contents=contents)
    at = SIGNED + timedelta(days=2)
    report = validator(at).validate(archived, at, contents=contents)
    assert report.indication is Indication.VALID, report.to_dict()
    if shape == "detached":
        with pytest.raises(InputError, match="XML_REFERENCE_EXTERNAL"):
            add_archive_timestamp(kept, stamper(SIGNED))
        absent = judge(archived, at)
        assert absent.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND
        assert "TIMESTAMP_PROVES_NOTHING" in absent.codes


def test_archive_timestamp_earlier_than_what_it_covers() -> None:
    """Attack row 57: the order of time-stamps."""
    day = timedelta(days=1)
    stamped = add_evidence(add_timestamp(b_b(), stamper(SIGNED)), evidence(SIGNED, "tsa"))
    good = add_archive_timestamp(stamped, stamper(SIGNED + day))
    bad = add_archive_timestamp(stamped, stamper(SIGNED - day))
    at = SIGNED + 2 * day
    assert judge(good, at).indication is Indication.VALID
    report = judge(bad, at)
    assert report.indication is Indication.INDETERMINATE
    assert report.sub_indication is SubIndication.TIMESTAMP_ORDER_FAILURE
    between = add_archive_timestamp(good, stamper(SIGNED + timedelta(hours=1)))
    assert judge(between, at).sub_indication is SubIndication.TIMESTAMP_ORDER_FAILURE


def test_a_broken_signature_cannot_be_archived() -> None:
    broken = b_lt().replace(b"850412110000", b"950412110000")
    with pytest.raises(InputError, match="XML_DIGEST_MISMATCH"):
        add_archive_timestamp(broken, stamper(SIGNED))
    with pytest.raises(ConfigurationError, match="not XAdES"):
        add_archive_timestamp(sign_enveloped(REQUEST, world().signer("person")), stamper(SIGNED))


def test_too_many_timestamps_are_not_judged() -> None:
    root = parse(b_lta())
    stamp = properties_of(root)[-1]
    for _ in range(DEFAULT_LIMITS.signature_timestamps):
        stamp.append(parse(etree.tostring(stamp[-1])))
    assert "TIMESTAMP_TOO_MANY" in judge(octets(root), AFTER_SIGNER).codes


def _rename(root: etree._Element, name: str) -> None:
    properties_of(root)[-1].tag = name


def _of_parts(root: etree._Element) -> None:
    properties_of(root)[-1].insert(0, etree.Element(XADES + "Include", URI="#sig-1-value"))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda root: _rename(root, XADES + "ArchiveTimeStamp"), "ArchiveTimeStamp"),
        (lambda root: _rename(root, XADES + "RefsOnlyTimeStamp"), "RefsOnlyTimeStamp"),
        (lambda root: _rename(root, XADES141 + "SigAndRefsTimeStampV2"), "SigAndRefsTimeStampV2"),
        (_of_parts, "ArchiveTimeStamp"),
    ],
)
def test_timestamps_of_other_kinds_prove_nothing(change: Callable[[etree._Element], None], name: str) -> None:
    root = parse(b_lta())
    change(root)
    report = judge(octets(root), AFTER_SIGNER)
    assert report.indication is Indication.VALID, "the signature time-stamp is still good"
    assert report.codes == ["XADES_TIMESTAMP_UNSUPPORTED"]
    assert next(finding for _, finding in report.walk()).params == {"property": name}
    assert judge(octets(root), AFTER_FIRST_AUTHORITY).indication is Indication.INDETERMINATE


def test_openssl_verifies_the_archive_timestamp(tmp_path: Path) -> None:
    """Over octets that are put together here by hand, in the order of clause 5.5.2.2."""
    root = parse(b_lta())
    (signature,) = root.iter(DS + "Signature")
    check = SignatureCheck(Report("signature"), read_signature(signature, DEFAULT_LIMITS))
    document = XmlDocument(root)
    check_references(document, check)
    *before, stamp = properties_of(root)
    (key_info,) = signature.iterfind(DS + "KeyInfo")
    elements = [signature[0], signature[1], key_info, *before]
    stamped = b"".join(item.octets for item in check.covered)
    stamped += b"".join(c14n.canonicalize(element, c14n.EXCLUSIVE) for element in elements)
    assert check.signature is not None
    assert Imprints(document, check.signature, check.covered).archive(before, c14n.EXCLUSIVE) == stamped

    (tmp_path / "stamped").write_bytes(stamped)
    (tmp_path / "token").write_bytes(base64.b64decode(stamp[-1].text or ""))
    chain = "".join(pem(world(RENEWED).certificate(label)) for label in ("issuer", "root"))
    (tmp_path / "chain.pem").write_text(chain)
    (tmp_path / "tsa.pem").write_text(pem(world(RENEWED).certificate("tsa")))
    arguments = ["-data", "stamped", "-in", "token", "-token_in", "-CAfile", "chain.pem", "-untrusted", "tsa.pem"]
    moment = str(int(RENEWED.timestamp()) + 60)
    verify = ["openssl", "ts", "-verify", *arguments, "-attime", moment]
    good = subprocess.run(verify, cwd=tmp_path, capture_output=True, check=False)
    assert b"Verification: OK" in good.stdout, good.stderr
    (tmp_path / "stamped").write_bytes(stamped + b" ")
    assert subprocess.run(verify, cwd=tmp_path, capture_output=True, check=False).returncode != 0


def pem(der: bytes) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE-----\n"


def test_comments_between_the_parts_of_a_signature() -> None:
    """They are covered by nothing and change nothing; and canonicalising one instead of a part crashed libxml2."""
    between = b"<!-- 1 --><!-- 2 --><ds:SignedInfo>"
    for document in (b_lt(), b_lta()):
        assert judge(document.replace(b"<ds:SignedInfo>", between), AFTER_SIGNER).indication is Indication.VALID
    commented = b_b().replace(b"<ds:SignedInfo>", between)
    kept = add_evidence(add_timestamp(commented, stamper(SIGNED)), evidence(SIGNED, "tsa"))
    at = SIGNED + timedelta(days=2)
    assert judge(add_archive_timestamp(kept, stamper(SIGNED)), at).codes == []
    assert judge(counter_sign(commented, world().signer("other-person")), at).codes == []
    with pytest.raises(ValueError, match="crashes"):
        c14n.canonicalize(parse(commented)[-1][0], c14n.EXCLUSIVE)
