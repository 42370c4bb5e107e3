"""CAdES B-LTA: what archive time-stamps prove, that nothing they list can be changed, and that more can be added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import pytest

from egov_sign.crypto import ber, der_write, digests
from egov_sign.crypto.der import Reader
from egov_sign.docs import cms, cms_sign
from egov_sign.docs.cades import add_evidence, add_timestamps
from egov_sign.docs.cades_archive import HashIndex, add_archive_timestamps, stamped_octets
from egov_sign.docs.cms import SignedData
from egov_sign.docs.cms_sign import Parts, digest_identifier, with_unsigned
from egov_sign.docs.cms_validation import CmsValidator
from egov_sign.docs.timestamp import TimestampToken
from egov_sign.errors import ConfigurationError, InputError
from egov_sign.limits import Limits
from egov_sign.verdict import Indication, Report, SubIndication
from egov_sign_pki import World
from tests.docs.archiving import RENEWED, SIGNED, evidence, stamper, validator, world

CONTENT = b"content"
AFTER_SIGNER = datetime(2026, 8, 1, tzinfo=UTC)
CONTENT_DIGEST = digests.digest("sha256", CONTENT)
AFTER_FIRST_AUTHORITY = datetime(2028, 3, 1, tzinfo=UTC)
AFTER_SECOND_AUTHORITY = datetime(2030, 3, 1, tzinfo=UTC)
AFTER_ISSUER = datetime(2033, 3, 1, tzinfo=UTC)
AGAIN = datetime(2029, 1, 1, tzinfo=UTC)


def judge(document: bytes, at: datetime, content: bytes | None = None) -> Report:
    return CmsValidator(validator(at).judge).validate(document, at, content=content)


@cache
def b_lt(*, detached: bool = False) -> SignedData:
    made = cms_sign.sign(CONTENT, world().signer("person"), signing_time=SIGNED, detached=detached)
    return SignedData.load(
        add_evidence(SignedData.load(add_timestamps(SignedData.load(made), stamper(SIGNED))), evidence(SIGNED, "tsa"))
    )


@cache
def b_lta(at: datetime = RENEWED) -> SignedData:
    return SignedData.load(add_archive_timestamps(b_lt(), stamper(at)))


def archived_again(message: SignedData, at: datetime) -> SignedData:
    """Return ``message`` with what proves the authority of ``at``'s forerunner, and a time-stamp of ``at`` over all."""
    kept = SignedData.load(add_evidence(message, evidence(at, "tsa")))
    return SignedData.load(add_archive_timestamps(kept, stamper(at)))


def test_it_outlives_the_signer_and_the_first_authority() -> None:
    for at in (SIGNED, AFTER_SIGNER, AFTER_FIRST_AUTHORITY):
        report = judge(b_lta(SIGNED if at == SIGNED else RENEWED).encoded, at)
        assert report.indication is Indication.VALID, report.to_dict()
        assert report.codes == []
        signature = report.children[0]
        assert signature.facts["level"] == "CAdES-B-LTA"
        assert str(signature.facts["best_signature_time"]).startswith("2024-03-01T12:00:0"), "but for the accuracy"
    without = judge(b_lt().encoded, AFTER_FIRST_AUTHORITY)
    assert without.indication is Indication.INDETERMINATE
    assert without.sub_indication is SubIndication.OUT_OF_BOUNDS_NO_POE


def test_an_archive_time_stamp_made_too_late_proves_nothing_of_the_past() -> None:
    report = judge(b_lta(datetime(2027, 6, 1, tzinfo=UTC)).encoded, AFTER_FIRST_AUTHORITY)
    assert report.indication is Indication.INDETERMINATE
    assert report.sub_indication is SubIndication.OUT_OF_BOUNDS_NO_POE


def test_several_archive_time_stamps() -> None:
    assert judge(b_lta().encoded, AFTER_SECOND_AUTHORITY).indication is Indication.INDETERMINATE
    twice = archived_again(b_lta(), AGAIN)
    report = judge(twice.encoded, AFTER_SECOND_AUTHORITY)
    assert report.indication is Indication.VALID, report.to_dict()
    assert report.codes == []
    over = [part.facts["over"] for part in report.children[0].children if part.subject == "timestamp"]
    assert over == ["archive", "archive", "signature"]


def test_an_expired_issuer_needs_proof_that_its_list_is_older() -> None:
    once_more = datetime(2031, 12, 1, tzinfo=UTC)
    proven = archived_again(archived_again(b_lta(), AGAIN), once_more)
    assert judge(proven.encoded, AFTER_ISSUER).indication is Indication.VALID, judge(proven.encoded, AFTER_ISSUER)

    made = SignedData.load(cms_sign.sign(CONTENT, world().signer("person"), signing_time=SIGNED))
    unproven = SignedData.load(add_timestamps(made, stamper(SIGNED)))
    for at in (RENEWED, AGAIN, once_more):
        unproven = SignedData.load(add_archive_timestamps(unproven, stamper(at)))
    for at in (SIGNED, RENEWED, AGAIN):
        unproven = SignedData.load(add_evidence(unproven, evidence(at, "tsa")))
    report = judge(unproven.encoded, AFTER_ISSUER)
    assert report.indication is Indication.INDETERMINATE
    assert "PATH_TIME_UNPROVEN" in str(report.to_dict())


@pytest.mark.parametrize("kind", ["rsa", "gost"])
def test_every_kind_of_key(kind: str) -> None:
    from egov_sign.certs.certificate import Certificate
    from egov_sign.certs.revocation import Revocation
    from egov_sign.certs.sources import RevocationSources
    from egov_sign.certs.trust import TrustStore
    from egov_sign.certs.validator import CertificateValidator
    from egov_sign.clock import FrozenClock
    from egov_sign.docs.timestamp_authority import TimestampAuthority

    place = World.build(kind=kind, at=SIGNED)
    authority = TimestampAuthority(place.signer("tsa"), policy="1.2", clock=FrozenClock(SIGNED), serial=lambda: 1)
    made = SignedData.load(cms_sign.sign(CONTENT, place.signer("person"), signing_time=SIGNED))
    stamped = SignedData.load(add_timestamps(made, authority))
    archived = add_archive_timestamps(stamped, authority)
    judges = CertificateValidator(
        TrustStore(map(Certificate.load, place.anchors)),
        intermediates=map(Certificate.load, place.intermediates),
        revocation=Revocation(RevocationSources(crls=[place.crl(label) for label in place.authorities])),
    )
    assert CmsValidator(judges).validate(archived, SIGNED).indication is Indication.VALID


def test_a_detached_message() -> None:
    with pytest.raises(InputError, match="CMS_CONTENT_MISSING"):
        add_archive_timestamps(b_lt(detached=True), stamper(RENEWED))
    archived = add_archive_timestamps(b_lt(detached=True), stamper(RENEWED), content=CONTENT)
    assert judge(archived, AFTER_FIRST_AUTHORITY, CONTENT).indication is Indication.VALID
    assert judge(archived, AFTER_FIRST_AUTHORITY, CONTENT + b".").indication is Indication.INVALID


def _without_certificate(parts: Parts) -> Parts:
    return replace(parts, certificates=parts.certificates - {world().certificate("tsa")})


def _with_another_list(parts: Parts) -> Parts:
    return replace(parts, revocations=frozenset({world(RENEWED).crl("issuer"), world(RENEWED).crl("root")}))


@pytest.mark.parametrize("change", [_without_certificate, _with_another_list])
def test_what_is_listed_cannot_be_taken_out(change: Callable[[Parts], Parts]) -> None:
    parts = Parts.of(b_lta())
    assert change(parts) != parts
    report = judge(change(parts).encode(), AFTER_FIRST_AUTHORITY)
    assert report.indication is Indication.INVALID
    assert "ARCHIVE_INDEX_BROKEN" in report.codes


def test_the_first_time_stamp_cannot_be_taken_out() -> None:
    (signer,) = b_lta().signers
    archive = signer.unsigned.all(cms.ARCHIVE_TIMESTAMP)[0]
    bare = SignedData.load(cms_sign.sign(CONTENT, world().signer("person"), signing_time=SIGNED))
    (plain,) = bare.signers
    assert plain.signature == signer.signature, "ECDSA here is deterministic"
    moved = with_unsigned(replace(b_lta(), signers=(plain,)), 0, [(cms.ARCHIVE_TIMESTAMP, archive)])
    report = judge(Parts.of(moved).encode(), AFTER_FIRST_AUTHORITY)
    assert "ARCHIVE_INDEX_BROKEN" in report.codes


def test_more_can_be_added_later() -> None:
    richer = SignedData.load(add_evidence(b_lta(), evidence(RENEWED, "tsa")))
    assert judge(richer.encoded, AFTER_FIRST_AUTHORITY).indication is Indication.VALID
    countersigned = cms_sign.countersign(richer, 0, world(RENEWED).signer("other-person"), signing_time=RENEWED)
    report = judge(countersigned, RENEWED)
    assert report.indication is Indication.VALID, report.to_dict()


def _forged(indexes: list[bytes]) -> bytes:
    """Return a message whose archive time-stamp has ``indexes`` and is over the first of them."""
    message = b_lt()
    (signer,) = message.signers
    index = HashIndex.of(message, signer, "sha256")
    forged = replace(index, encoded=indexes[0]) if indexes else index
    token = TimestampToken.load(stamper(RENEWED).stamp(stamped_octets(message, signer, CONTENT_DIGEST, forged)))
    data = token.signed_data
    for encoded in indexes:
        data = with_unsigned(data, 0, [(cms.HASH_INDEX, encoded)])
    return Parts.of(with_unsigned(message, 0, [(cms.ARCHIVE_TIMESTAMP, Parts.of(data).encode())])).encode()


def test_an_index_that_is_not_as_it_should_be() -> None:
    (signer,) = b_lt().signers
    good = HashIndex.of(b_lt(), signer, "sha256").encoded
    empty = der_write.sequence(digest_identifier("sha256"), *[der_write.sequence()] * 3)
    assert judge(_forged([good]), AFTER_FIRST_AUTHORITY).indication is Indication.VALID
    for indexes in (
        [],
        [good, good],
        [der_write.NULL],
        [der_write.sequence(digest_identifier("sha256"), *[der_write.sequence()] * 2)],
        [der_write.sequence(digest_identifier("sha256"), *[der_write.sequence(der_write.NULL)] * 3)],
        [HashIndex.of(b_lt(), signer, "sha1").encoded],
        [good.replace(digest_identifier("sha256"), digest_identifier("sha512"))],
        [der_write.sequence(der_write.sequence(der_write.oid("1.2.3")), *[der_write.sequence()] * 3)],
    ):
        report = judge(_forged(indexes), AFTER_FIRST_AUTHORITY)
        assert report.indication is Indication.INVALID, indexes
        assert "TIMESTAMP_UNREADABLE" in report.codes
    # An index that lists nothing is sound, and proves nothing but the signature itself.
    report = judge(_forged([empty]), AFTER_FIRST_AUTHORITY)
    assert report.indication is Indication.INDETERMINATE
    assert "TIMESTAMP_PROVES_NOTHING" in report.codes


def test_an_index_that_was_exchanged_is_not_what_was_stamped() -> None:
    (signer,) = b_lta().signers
    (archive,) = signer.unsigned.all(cms.ARCHIVE_TIMESTAMP)
    token = SignedData.load(archive)
    (stamper_info,) = token.signers
    other = der_write.sequence(digest_identifier("sha256"), *[der_write.sequence()] * 3)
    index = stamper_info.unsigned.all(cms.HASH_INDEX)[0]
    plain = replace(token, signers=(cms.read_signer(_without_unsigned(stamper_info)),))
    for given, indication in ((index, Indication.VALID), (other, Indication.INVALID)):
        exchanged = Parts.of(with_unsigned(plain, 0, [(cms.HASH_INDEX, given)])).encode()
        message = with_unsigned(b_lt(), 0, [(cms.ARCHIVE_TIMESTAMP, exchanged)])
        assert judge(Parts.of(message).encode(), AFTER_FIRST_AUTHORITY).indication is indication


def _without_unsigned(signer: cms.SignerInfo) -> bytes:
    fields = Reader(signer.encoded).enter()
    return der_write.sequence(*[fields.element() for _ in range(6)])


def test_the_older_archive_time_stamp_is_named_as_not_judged() -> None:
    token = stamper(RENEWED).stamp(b"whatever it was over")
    message = with_unsigned(b_lt(), 0, [(cms.ARCHIVE_TIMESTAMP_V2, token)])
    report = judge(Parts.of(message).encode(), SIGNED)
    assert report.indication is Indication.VALID
    assert report.codes == ["TIMESTAMP_KIND_UNSUPPORTED"]


def test_archive_time_stamps_are_not_earlier_than_what_they_cover() -> None:
    later = SignedData.load(
        add_timestamps(SignedData.load(Parts.of(b_lta(SIGNED)).encode()), stamper(RENEWED), only=lambda _: True)
    )
    report = judge(later.encoded, RENEWED)
    assert report.sub_indication is SubIndication.TIMESTAMP_ORDER_FAILURE


def test_an_authority_that_stamps_with_another_digest_is_told() -> None:
    class Other:
        def stamp(self, data: bytes) -> bytes:
            from egov_sign.docs.timestamp import MessageImprint, TimestampRequest, TimestampResponse

            request = TimestampRequest(MessageImprint.of(data, "sha512"), nonce=1).encode()
            token = TimestampResponse.load(stamper(SIGNED).respond(request)).token
            assert token is not None
            return token.encoded

    with pytest.raises(ConfigurationError, match="ARCHIVE_DIGEST"):
        add_archive_timestamps(b_lt(), Other())


@pytest.mark.usefixtures("interpreted")
def test_what_many_archive_time_stamps_cover_is_digested_once(monkeypatch: pytest.MonkeyPatch) -> None:
    (archive,) = b_lta().signers[0].unsigned.all(cms.ARCHIVE_TIMESTAMP)
    hostile = Parts.of(with_unsigned(b_lta(), 0, [(cms.ARCHIVE_TIMESTAMP, archive)] * 8)).encode()
    real, seen = digests.digest, Counter[tuple[str, bytes]]()

    def digest(name: str, data: bytes) -> bytes:
        seen[name, data] += 1
        return real(name, data)

    monkeypatch.setattr(digests, "digest", digest)
    limited = CmsValidator(validator(RENEWED).judge, limits=Limits(signature_timestamps=4))
    report = limited.validate(hostile, RENEWED)
    assert "TIMESTAMP_TOO_MANY" in report.codes
    evidence_and_content = {CONTENT, *b_lta().certificates, *b_lta().revocations}
    indexed = {data: count for (name, data), count in seen.items() if data in evidence_and_content and name == "sha256"}
    # The certificates of signers and authorities are digested for their signing-certificate attributes, too.
    assert {indexed[data] for data in (CONTENT, *b_lta().revocations)} == {1}


def test_large_lists_are_not_read_through_for_time_stamps_in_them(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []
    real = ber.to_definite

    def to_definite(data: bytes) -> bytes:
        read.append(data)
        return real(data)

    monkeypatch.setattr(ber, "to_definite", to_definite)
    assert judge(b_lta().encoded, RENEWED).indication is Indication.VALID
    assert not read


def test_an_archive_time_stamp_by_a_digest_that_is_not_known_proves_nothing() -> None:
    (archive,) = b_lta().signers[0].unsigned.all(cms.ARCHIVE_TIMESTAMP)
    unknown = archive.replace(der_write.oid(digests.OIDS["sha256"]), der_write.oid("2.16.840.1.101.3.4.2.99"))
    message = replace(b_lt(), signers=b_lt().signers)
    document = Parts.of(with_unsigned(message, 0, [(cms.ARCHIVE_TIMESTAMP, unknown)])).encode()
    report = judge(document, SIGNED)
    assert (report.indication, report.codes[-1]) == (Indication.VALID, "TIMESTAMP_PROVES_NOTHING")
