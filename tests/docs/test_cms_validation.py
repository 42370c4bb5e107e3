"""The whole verdict on a CMS message: time, counter-signatures, what is not signed, what is required."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.profile import Role
from egov_sign.crypto import der_write
from egov_sign.docs import cms, cms_sign
from egov_sign.docs.cades import add_evidence, add_timestamps, evidence_of
from egov_sign.docs.cms import SignedData
from egov_sign.docs.cms_validation import CmsValidator
from egov_sign.docs.evidence import Evidence, read_certificates
from egov_sign.docs.judged import Required
from egov_sign.errors import FetchError
from egov_sign.limits import Limits
from egov_sign.verdict import Indication, Report, SubIndication
from tests.docs.cms_world import AT, CONTENT, Judge, authority, certificate, signer, world
from tests.docs.judging import judge_of

LATER = AT + timedelta(days=800)
"""When the person's certificate has expired and the authority's has not."""


def signed(label: str = "person", *, detached: bool = False) -> SignedData:
    return SignedData.load(cms_sign.sign(CONTENT, signer(label), signing_time=AT, detached=detached))


def stamped(at: datetime = AT) -> SignedData:
    return SignedData.load(add_timestamps(signed(), authority(at)))


def validate(
    encoded: bytes, at: datetime = AT, content: bytes | None = None, required: Required | None = None
) -> Report:
    return CmsValidator(Judge()).validate(encoded, at, content=content, required=required or Required())


def test_a_good_signature_says_all_about_itself() -> None:
    verdict = CmsValidator(Judge()).examine(signed().encoded, AT)
    assert verdict.report.indication is Indication.VALID, verdict.report.to_dict()
    assert verdict.report.codes == []
    assert verdict.content == CONTENT
    [one] = verdict.signatures
    assert one.certificate == certificate()
    assert one.report.facts["level"] == "CAdES-B-B"
    assert one.report.facts["algorithm"] == "ecdsa-sha256"
    assert one.report.facts["claimed_signing_time"] == "2024-03-01T12:00:00Z"
    assert one.report.facts["scope"] == [{"what": "content", "type": cms.DATA, "bytes": len(CONTENT)}]
    assert one.report.facts["signer"]["iin"] == "850412110000"  # type: ignore[index,call-overload]
    assert verdict.report.facts["not_signed"] == ["version", "digestAlgorithms", "sid", "certificates"]


def test_a_detached_signature_needs_its_content() -> None:
    made = signed(detached=True).encoded
    assert validate(made, content=CONTENT).indication is Indication.VALID
    assert validate(made, content=CONTENT + b" ").sub_indication is SubIndication.HASH_FAILURE
    without = validate(made)
    assert without.codes == ["CMS_CONTENT_MISSING"]
    assert without.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND


def test_content_beside_other_content_is_a_contradiction() -> None:
    made = signed().encoded
    assert validate(made, content=CONTENT).indication is Indication.VALID
    assert validate(made, content=b"other").codes == ["CMS_CONTENT_TWICE"]


def test_a_time_stamp_keeps_a_signature_good_after_its_certificate() -> None:
    assert validate(signed().encoded, LATER).sub_indication is SubIndication.OUT_OF_BOUNDS_NO_POE
    report = validate(stamped().encoded, LATER)
    assert report.indication is Indication.VALID, report.to_dict()
    signature = report.children[0]
    assert signature.facts["best_signature_time"] == "2024-03-01T12:00:01Z"
    assert signature.facts["level"] == "CAdES-B-T"
    assert [child.subject for child in signature.children] == ["timestamp", "certificate"]


def test_a_signature_that_says_it_was_made_too_late_is_not_excused() -> None:
    late = cms_sign.sign(CONTENT, signer(), signing_time=LATER)
    report = CmsValidator(judge_of(world())).validate(late, LATER)
    assert (report.indication, report.sub_indication) == (Indication.INVALID, SubIndication.EXPIRED)
    silent = cms_sign.sign(CONTENT, signer(), signing_time=None)
    report = CmsValidator(judge_of(world())).validate(silent, LATER)
    assert (report.indication, report.sub_indication) == (
        Indication.INDETERMINATE,
        SubIndication.OUT_OF_BOUNDS_NO_POE,
    )


def test_of_several_time_stamps_the_earliest_counts() -> None:
    twice = add_timestamps(stamped(AT + timedelta(days=9)), authority(AT + timedelta(days=3)))
    report = validate(twice, LATER)
    assert report.indication is Indication.VALID
    assert report.children[0].facts["best_signature_time"] == "2024-03-04T12:00:01Z"


def test_a_time_stamp_after_the_certificate_s_end_proves_nothing_useful() -> None:
    late = stamped(AT + timedelta(days=500)).encoded
    assert validate(late, LATER).sub_indication is SubIndication.OUT_OF_BOUNDS_NO_POE


def test_a_time_stamp_nobody_can_judge_is_shown_and_left_out() -> None:
    class OnlyPeople(Judge):
        def validate(self, certificate: Certificate, at: datetime, *, candidates: Sequence[Certificate] = ()) -> Report:
            report = super().validate(certificate, at, candidates=candidates)
            if "TIMESTAMPING" in str(certificate.subject):
                report.fail("CERT_UNTRUSTED", SubIndication.NO_CERTIFICATE_CHAIN_FOUND)
            return report

    validator = CmsValidator(OnlyPeople())
    report = validator.validate(stamped().encoded, AT + timedelta(days=1))
    assert report.indication is Indication.VALID
    assert report.codes == ["TIMESTAMP_PROVES_NOTHING"]
    assert report.children[0].facts["best_signature_time"] == "2024-03-02T12:00:00Z"
    assert validator.validate(stamped().encoded, LATER).sub_indication is SubIndication.OUT_OF_BOUNDS_NO_POE


def test_one_signature_of_several_can_be_stamped() -> None:
    two = SignedData.load(cms_sign.add_signer(signed(), signer("other-person"), signing_time=AT))
    chosen = two.signers[1].signature
    once = SignedData.load(add_timestamps(two, authority(), only=lambda one: one.signature == chosen))
    assert [one.signature for one in once.signers if cms.SIGNATURE_TIMESTAMP in one.unsigned] == [chosen]
    assert validate(once.encoded).indication is Indication.VALID


def test_no_time_stamp_no_level() -> None:
    class Nowhere:
        def stamp(self, data: bytes) -> bytes:
            raise FetchError("FETCH_OFFLINE", "not fetched")

    with pytest.raises(FetchError):
        add_timestamps(signed(), Nowhere())


def test_evidence_goes_into_the_message_and_comes_out_again() -> None:
    here = world()
    evidence = Evidence((*here.anchors, *here.intermediates), (here.crl("issuer"),), (here.ocsp("person"),))
    kept = SignedData.load(add_evidence(stamped(), evidence))
    report = validate(kept.encoded, LATER)
    assert report.indication is Indication.VALID
    assert report.children[0].facts["level"] == "CAdES-B-LT"
    assert report.facts["not_signed"] == ["version", "digestAlgorithms", "sid", "certificates", "crls", "unsignedAttrs"]
    found = evidence_of(kept)
    assert set(found.certificates) > set(evidence.certificates)
    assert (found.crls, found.ocsps) == (evidence.crls, evidence.ocsps)
    assert kept.version == 5


def attribute_evidence(value: bytes, oid: str = cms.REVOCATION_VALUES) -> Evidence:
    return evidence_of(cms_sign.with_unsigned(signed(), 0, [(oid, value)]))


def test_evidence_in_older_shapes_is_found() -> None:
    here = world()
    response, revoked = here.ocsp("person"), here.crl("issuer")
    basic = response[response.index(bytes.fromhex("2b0601050507300101")) + 9 :]
    basic = basic[4:] if basic[1] & 0x7F == 2 else basic[3:]
    values = der_write.sequence(
        der_write.tagged(0, der_write.sequence(revoked)), der_write.tagged(1, der_write.sequence(basic))
    )
    assert attribute_evidence(values).crls == (revoked,)
    assert attribute_evidence(values).ocsps == (response,)
    assert attribute_evidence(response).ocsps == (response,)
    assert attribute_evidence(basic).ocsps == (response,)
    assert attribute_evidence(der_write.NULL).has_revocation is False
    anchors = der_write.sequence(*here.anchors)
    assert set(attribute_evidence(anchors, cms.CERTIFICATE_VALUES).certificates) > set(here.anchors)


@pytest.mark.parametrize("number", [0, 1])
def test_revocation_values_that_break_off_are_no_reason_to_refuse_the_message(number: int) -> None:
    """They are not signed: whoever hands the message on may have added them."""
    broken = der_write.sequence(der_write.tagged(number, b""))
    assert attribute_evidence(broken).has_revocation is False
    message = cms_sign.with_unsigned(signed(), 0, [(cms.REVOCATION_VALUES, broken)])
    assert validate(message.encoded).indication is Indication.VALID


def test_counter_signatures_are_judged_as_signatures() -> None:
    confirmed = cms_sign.countersign(signed(), 0, signer("other-person"), signing_time=AT)
    report = validate(confirmed)
    assert report.indication is Indication.VALID, report.to_dict()
    counter = report.children[0].children[-1]
    assert counter.name == "signerInfos[0]/countersignatures[0]"
    assert counter.facts["scope"] == [
        {"what": "signature", "bytes": len(SignedData.load(confirmed).signers[0].signature)}
    ]
    assert counter.facts["signer"]["iin"] == "911130210000"  # type: ignore[index,call-overload]
    assert counter.children[0].subject == "certificate"


def test_signatures_and_counter_signatures_share_one_bound() -> None:
    confirmed = cms_sign.countersign(signed(), 0, signer("other-person"), signing_time=AT)
    assert CmsValidator(Judge(), limits=Limits(cms_signers=2)).validate(confirmed, AT).indication is Indication.VALID
    report = CmsValidator(Judge(), limits=Limits(cms_signers=1)).validate(confirmed, AT)
    assert report.codes == ["CMS_TOO_MANY_SIGNATURES"]


def test_time_stamps_have_a_bound() -> None:
    twice = add_timestamps(stamped(), authority())
    assert (
        CmsValidator(Judge(), limits=Limits(signature_timestamps=2)).validate(twice, AT).indication is Indication.VALID
    )
    report = CmsValidator(Judge(), limits=Limits(signature_timestamps=1)).validate(twice, AT)
    assert report.codes == ["TIMESTAMP_TOO_MANY"]


def test_certificates_have_a_bound_and_unreadable_ones_are_told() -> None:
    here = world()
    more = SignedData.load(add_evidence(signed(), Evidence((*here.anchors, *here.intermediates, b"\x30\x00"))))
    report = CmsValidator(Judge()).validate(more.encoded, AT)
    assert (report.codes, report.indication) == (["CERTIFICATE_SENT_UNREADABLE"], Indication.VALID)
    sent = Report("document")
    assert len(read_certificates(more.certificates, sent, Limits(certificates=2))) <= 2
    assert "CERTIFICATES_SENT_TOO_MANY" in sent.codes


@pytest.mark.parametrize(
    ("required", "code"),
    [
        (Required(iin="911130210000"), "SIGNER_IIN_MISMATCH"),
        (Required(bin="240140000008"), "SIGNER_BIN_MISMATCH"),
        (Required(roles=frozenset({Role.HEAD})), "SIGNER_ROLE_MISMATCH"),
    ],
)
def test_what_is_required_of_the_signer(required: Required, code: str) -> None:
    report = validate(signed().encoded, required=required)
    assert (report.indication, report.codes) == (Indication.INVALID, [code])
    met = Required(iin="850412110000", roles=frozenset({Role.PERSON}))
    assert validate(signed().encoded, required=met).indication is Indication.VALID


def test_a_message_that_nobody_signed() -> None:
    nobody = cms_sign.Parts.of(signed())
    empty = replace(nobody, signers=()).encode()
    report = validate(empty)
    assert report.codes == ["NO_SIGNATURE"]
    assert report.sub_indication is SubIndication.FORMAT_FAILURE


def test_a_key_for_logging_in_does_not_sign_documents() -> None:
    report = validate(signed("person-auth").encoded)
    assert report.codes == ["SIGNER_CERT_USAGE"]
    assert validate(signed("person-sign").encoded).codes == []
