"""Attacks on time-stamps (rows 24, 56, 57), each beside a token that is good.

The catalogue of defects has more of them, one token each (``tsa::…``); here they stand in signed documents.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from egov_sign.certs import issue_extensions as ext
from egov_sign.certs import issue_names
from egov_sign.certs.algorithm_policy import AlgorithmPolicy, algorithm_policy
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.issue import issue_certificate
from egov_sign.certs.issue_profiles import authority_subject
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.clock import FrozenClock
from egov_sign.crypto.signer import KeySigner
from egov_sign.docs import cms, cms_sign
from egov_sign.docs.cms import SignedData
from egov_sign.docs.cms_sign import Parts
from egov_sign.docs.cms_validation import CmsValidator
from egov_sign.docs.timestamp import (
    MessageImprint,
    ResponseStatus,
    TimestampInfo,
    TimestampRequest,
    TimestampResponse,
    TimestampToken,
)
from egov_sign.docs.timestamp_authority import TimestampAuthority, encode_info, issue_token
from egov_sign.docs.timestamp_validation import TimestampValidator, check_response
from egov_sign.errors import InputError
from egov_sign.verdict import Indication, Report, SubIndication
from egov_sign_pki import World
from tests.attacks.cms_forging import CONTENT, Forgery
from tests.docs.judging import judge_of

POLICY = "1.2.398.3.3.2.6.4"
STAMPING = "1.3.6.1.5.5.7.3.8"
MINUTE = timedelta(minutes=1)


def info(at: datetime, data: bytes = CONTENT) -> TimestampInfo:
    return TimestampInfo(policy=POLICY, imprint=MessageImprint.of(data), serial=7, gen_time=at, nonce=9)


@pytest.fixture(scope="session")
def stamps(world: World) -> TimestampValidator:
    return TimestampValidator(judge_of(world))


def judged(stamps: TimestampValidator, token: bytes, at: datetime, data: bytes = CONTENT) -> Report:
    return stamps.validate(token, data, at).report


@pytest.fixture(scope="session")
def tsa(world: World) -> KeySigner:
    return world.signer("tsa")


def test_row_24_a_time_stamp_copied_from_another_signature(world: World, signer: KeySigner, tsa: KeySigner) -> None:
    validator = CmsValidator(judge_of(world))

    def stamped(content: bytes, over: bytes) -> bytes:
        made = SignedData.load(Forgery(signer, content=content).message())
        token = issue_token(info(world.at - MINUTE, over or made.signers[0].signature), tsa)
        return Parts.of(cms_sign.with_unsigned(made, 0, [(cms.SIGNATURE_TIMESTAMP, token)])).encode()

    assert validator.validate(stamped(CONTENT, b""), world.at).indication is Indication.VALID
    other = SignedData.load(Forgery(signer, content=b"else").message()).signers[0].signature
    report = validator.validate(stamped(CONTENT, other), world.at)
    assert (report.codes, report.sub_indication) == (["TIMESTAMP_IMPRINT"], SubIndication.HASH_FAILURE)
    assert report.children[0].facts["best_signature_time"] == "2024-03-01T12:00:00Z", "it proves no time"


@pytest.mark.parametrize(
    ("usage", "good"),
    [
        (ext.extended_key_usage(STAMPING, critical=True), True),
        (ext.extended_key_usage(STAMPING, critical=False), False),
        (ext.extended_key_usage(STAMPING, "1.3.6.1.5.5.7.3.4", critical=True), False),
        (ext.extended_key_usage("1.3.6.1.5.5.7.3.4", critical=True), False),
        (ext.extended_key_usage("2.5.29.37.0", critical=True), False),
        (None, False),
    ],
)
def test_row_56_an_authority_not_for_time_stamping_alone(world: World, usage: bytes | None, good: bool) -> None:
    report = judged(TimestampValidator(judge_of(world)), issue_token(info(world.at), impostor(world, usage)), world.at)
    assert (report.codes == []) == good, report.codes
    assert good or report.codes[0] == "TIMESTAMP_PURPOSE"
    assert (report.indication is Indication.VALID) == good


def impostor(world: World, usage: bytes | None) -> KeySigner:
    key = world.key("tsa")
    extensions = [ext.key_usage("digitalSignature"), *([] if usage is None else [usage])]
    certificate = issue_certificate(
        world.authority("issuer"),
        subject=issue_names.name(authority_subject("TSA OF SORTS")),
        spki=key.public_key().spki,
        serial=77,
        not_before=world.at - timedelta(days=1),
        not_after=world.at + timedelta(days=1),
        extensions=extensions,
    )
    return KeySigner(key, certificate, world.signer("tsa").algorithm)


def test_row_56_an_authority_that_may_sign_certificates(world: World) -> None:
    signer = world.signer("tsa")
    forged = replace(signer, certificate=world.certificate("issuer"), key=world.key("issuer"))
    report = judged(TimestampValidator(judge_of(world)), issue_token(info(world.at), forged), world.at)
    assert "TIMESTAMP_PURPOSE" in report.codes


def test_row_56_a_person_stamps(world: World, stamps: TimestampValidator, signer: KeySigner) -> None:
    report = judged(stamps, issue_token(info(world.at), signer), world.at)
    assert "TIMESTAMP_PURPOSE" in report.codes
    assert report.indication is not Indication.VALID


def test_row_57_imprint(world: World, stamps: TimestampValidator, tsa: KeySigner) -> None:
    token = issue_token(info(world.at), tsa)
    assert judged(stamps, token, world.at).indication is Indication.VALID
    report = judged(stamps, token, world.at, CONTENT + b" ")
    assert (report.codes, report.sub_indication) == (["TIMESTAMP_IMPRINT"], SubIndication.HASH_FAILURE)
    shortened = replace(info(world.at), imprint=MessageImprint("sha256", info(world.at).imprint.value[:16]))
    assert judged(stamps, issue_token(shortened, tsa), world.at).codes == ["TIMESTAMP_IMPRINT"]
    renamed = replace(info(world.at), imprint=MessageImprint("sha512", info(world.at).imprint.value))
    assert judged(stamps, issue_token(renamed, tsa), world.at).codes == ["TIMESTAMP_IMPRINT"]


def test_row_57_nonce(world: World, tsa: KeySigner) -> None:
    request = TimestampRequest(MessageImprint.of(CONTENT), nonce=9)
    good = TimestampResponse(ResponseStatus.GRANTED, "", (), TimestampToken.load(issue_token(info(world.at), tsa)))
    assert check_response(good, request).indication is Indication.VALID
    for nonce in (8, None):
        report = check_response(good, replace(request, nonce=nonce))
        assert report.codes == ["TIMESTAMP_NONCE"]
        assert report.indication is not Indication.VALID


def test_row_57_time_stamps_out_of_order(world: World, signer: KeySigner, tsa: KeySigner) -> None:
    """A time-stamp over the content is older than any over the signature."""

    def both(content_at: datetime, signature_at: datetime) -> Report:
        before = {cms.CONTENT_TIMESTAMP: issue_token(info(content_at), tsa)}
        made = SignedData.load(Forgery(signer, before).message())
        after = issue_token(info(signature_at, made.signers[0].signature), tsa)
        encoded = Parts.of(cms_sign.with_unsigned(made, 0, [(cms.SIGNATURE_TIMESTAMP, after)])).encode()
        return CmsValidator(judge_of(world)).validate(encoded, world.at)

    early, late = world.at - 3 * MINUTE, world.at - MINUTE
    assert both(early, late).indication is Indication.VALID
    report = both(late, early)
    assert (report.codes, report.sub_indication) == (["TIMESTAMP_ORDER"], SubIndication.TIMESTAMP_ORDER_FAILURE)


def test_a_time_stamp_from_the_future_proves_nothing(world: World, stamps: TimestampValidator, tsa: KeySigner) -> None:
    assert judged(stamps, issue_token(info(world.at), tsa), world.at).codes == []
    report = judged(stamps, issue_token(info(world.at + MINUTE), tsa), world.at)
    assert report.codes == ["TIMESTAMP_FUTURE"]
    assert report.indication is Indication.INDETERMINATE


def test_a_token_changed_after_it_was_signed(world: World, stamps: TimestampValidator, tsa: KeySigner) -> None:
    token = SignedData.load(issue_token(info(world.at), tsa))
    earlier = encode_info(info(world.at - timedelta(days=30)))
    assert token.content is not None
    assert len(earlier) == len(token.content)
    report = judged(stamps, replace(Parts.of(token), content=earlier).encode(), world.at)
    assert report.sub_indication is SubIndication.HASH_FAILURE


def test_two_authorities_in_one_token(world: World, stamps: TimestampValidator, tsa: KeySigner) -> None:
    token = SignedData.load(issue_token(info(world.at), tsa))
    double = cms_sign.add_signer(token, tsa, signing_time=None)
    report = judged(stamps, double, world.at)
    assert (report.codes, report.sub_indication) == (["TIMESTAMP_SIGNERS"], SubIndication.FORMAT_FAILURE)


def test_a_signed_document_is_no_time_stamp(world: World, stamps: TimestampValidator, tsa: KeySigner) -> None:
    document = cms_sign.sign(encode_info(info(world.at)), tsa, signing_time=world.at)
    report = judged(stamps, document, world.at)
    assert (report.codes, report.sub_indication) == (["TIMESTAMP_UNREADABLE"], SubIndication.FORMAT_FAILURE)
    with pytest.raises(InputError):
        TimestampToken.load(document)


def test_the_authority_says_it_is_another(world: World, stamps: TimestampValidator, tsa: KeySigner) -> None:
    own = Certificate.load(tsa.certificate).subject.der
    other = issue_names.name(authority_subject("ANOTHER"))
    assert judged(stamps, issue_token(replace(info(world.at), tsa=own), tsa), world.at).codes == []
    report = judged(stamps, issue_token(replace(info(world.at), tsa=other), tsa), world.at)
    assert report.codes == ["TIMESTAMP_AUTHORITY"]


def test_a_policy_that_nobody_asked_for(world: World, tsa: KeySigner) -> None:
    judge: CertificateValidator = judge_of(world)
    token = issue_token(info(world.at), tsa)
    assert TimestampValidator(judge, policies=[POLICY]).validate(token, CONTENT, world.at).report.codes == []
    report = TimestampValidator(judge, policies=["1.2.3"]).validate(token, CONTENT, world.at).report
    assert report.codes == ["TIMESTAMP_POLICY"]


def test_a_request_cannot_make_an_authority_stamp_weakly(world: World, tsa: KeySigner) -> None:
    authority = TimestampAuthority(tsa, policy=POLICY, clock=FrozenClock(world.at), serial=lambda: 1)
    for digest, granted in (("sha256", True), ("sha1", False), ("md5", False)):
        request = TimestampRequest(MessageImprint.of(CONTENT, digest)).encode()
        assert (TimestampResponse.load(authority.respond(request)).token is not None) == granted


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(("proven", "good"), [(None, False), (30 * MINUTE, True), (90 * MINUTE, False)])
def test_a_token_of_an_authority_whose_key_is_compromised(proven: timedelta | None, good: bool) -> None:
    """Only a token that is proven to be older than the revocation is believed."""
    world = World.build(seed="compromised", kind="ec")
    token = issue_token(info(world.at), world.signer("tsa"))
    world.revoke("tsa", at=world.at + HOUR)
    later = world.at + 24 * HOUR
    lists = [world.crl(authority, later) for authority in world.authorities]
    anchors = TrustStore(Certificate.load(anchor) for anchor in world.anchors)
    known = [Certificate.load(item) for item in world.intermediates]
    revocation = Revocation(RevocationSources(crls=lists), known_at=later)
    stamps = TimestampValidator(CertificateValidator(anchors, intermediates=known, revocation=revocation))
    existed_by = None if proven is None else world.at + proven
    report = stamps.validate(token, CONTENT, later, existed_by=existed_by).report
    assert ("TIMESTAMP_AUTHORITY_REVOKED" in report.codes) is not good
    assert (report.indication is Indication.VALID) is good, report.to_dict()


def test_a_token_whose_authority_has_expired(world: World, stamps: TimestampValidator, tsa: KeySigner) -> None:
    token = issue_token(info(world.at), tsa)
    last = Certificate.load(tsa.certificate).not_after
    later = last + HOUR
    for existed_by, good in ((None, False), (later, False), (last + timedelta(milliseconds=999), True), (last, True)):
        report = stamps.validate(token, CONTENT, later, existed_by=existed_by).report
        assert report.codes == ([] if good else ["TIMESTAMP_AUTHORITY_EXPIRED"])
        assert (report.indication is Indication.VALID) is good
    beyond = stamps.validate(token, CONTENT, later, existed_by=later + HOUR).report
    assert beyond.codes == ["TIMESTAMP_AUTHORITY_EXPIRED"], "nothing is proven by a time after the judgement"


def test_a_token_with_a_digest_that_was_good_then(world: World, tsa: KeySigner) -> None:
    token = issue_token(info(world.at), tsa)
    policy = algorithm_policy()
    ended = AlgorithmPolicy("test", {**policy.digests, "sha256": world.at + HOUR}, policy.keys)
    stamps = TimestampValidator(judge_of(world), policy=ended)
    later = world.at + 24 * HOUR
    assert stamps.validate(token, CONTENT, later, existed_by=world.at + MINUTE).report.codes == []
    report = stamps.validate(token, CONTENT, later).report
    assert report.codes == ["ALGORITHM_WEAK"]
    assert report.indication is not Indication.VALID
