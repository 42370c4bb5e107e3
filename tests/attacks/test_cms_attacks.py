"""Attacks on CMS messages (rows 23 to 29 and 53 to 55, 58), each beside a message that is good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from egov_sign.certs import issue_extensions as ext
from egov_sign.certs import issue_names
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.issue import issue_certificate
from egov_sign.certs.issue_profiles import person_subject
from egov_sign.crypto import algorithms, der_write, digests
from egov_sign.crypto.der import Reader
from egov_sign.crypto.signer import KeySigner
from egov_sign.docs import cms, cms_sign
from egov_sign.docs.cms import SignedData
from egov_sign.docs.cms_ess import signing_certificate_v2
from egov_sign.docs.cms_sign import Parts, attribute
from egov_sign.docs.cms_validation import CmsValidator
from egov_sign.errors import InputError, LimitError
from egov_sign.limits import Limits
from egov_sign.verdict import Indication, Report, SubIndication
from egov_sign_pki import World
from tests.attacks.cms_forging import CONTENT, Forgery
from tests.docs.judging import judge_of

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

Judged = Callable[[bytes], Report]


@pytest.fixture(scope="session")
def judged(world: World) -> Judged:
    validator = CmsValidator(judge_of(world))
    return lambda encoded: validator.validate(encoded, world.at)


def verdict(report: Report) -> tuple[list[str], SubIndication | None]:
    return report.codes, report.sub_indication


@pytest.mark.parametrize("digest", ["sha1", "md5"])
def test_row_25_weak_digests(rsa_world: World, digest: str) -> None:
    """Refused by a dated policy, be it the signature's digest or the content's."""
    validator = CmsValidator(judge_of(rsa_world))
    weak = rsa_world.signer("person", f"rsa-{digest}")
    made = cms_sign.sign(CONTENT, weak, signing_time=rsa_world.at)
    assert verdict(validator.validate(made, rsa_world.at)) == (
        ["ALGORITHM_WEAK"],
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
    )
    good = cms_sign.sign(CONTENT, rsa_world.signer("person"), signing_time=rsa_world.at)
    assert validator.validate(good, rsa_world.at).indication is Indication.VALID


def test_row_27_ecdsa_values_out_of_range(judged: Judged, signer: KeySigner) -> None:
    made = Forgery(signer)
    value = SignedData.load(made.message()).signers[0].signature
    assert judged(made.message()).indication is Indication.VALID
    numbers = Reader(value).enter()
    r, s = numbers.integer(), numbers.integer()

    def pair(*members: int) -> bytes:
        return der_write.sequence(*map(der_write.integer, members))

    assert pair(r, s) == value
    for forged in (
        pair(0, s),
        pair(r, 0),
        pair(0, 0),
        pair(r + P256_ORDER, s),
        pair(r, s + P256_ORDER),
        pair(P256_ORDER, P256_ORDER),
        pair(-r, s),
        pair(r, s, 0),
        r.to_bytes(32, "big") + s.to_bytes(32, "big"),
        value + b"\x00",
        value[:-1],
        b"",
    ):
        report = judged(Forgery(signer, signature=forged).message())
        assert verdict(report) == (["CMS_SIGNATURE_WRONG"], SubIndication.SIG_CRYPTO_FAILURE), forged.hex()


def test_row_28_the_digest_bare_or_padded_otherwise(rsa_world: World) -> None:
    """What is not PKCS #1 v1.5 padding, whole and in its place, is no signature."""
    validator = CmsValidator(judge_of(rsa_world))
    signer = rsa_world.signer("person")
    good = Forgery(signer)
    assert validator.validate(good.message(), rsa_world.at).indication is Indication.VALID
    value = SignedData.load(good.message()).signers[0].signature
    pss = rsa_world.signer("person", "rsa-pss-sha256").sign(b"other")
    for forged in (bytes(len(value)), value[1:], b"\x00" + value, pss, value[:-1]):
        report = validator.validate(Forgery(signer, signature=forged).message(), rsa_world.at)
        assert verdict(report) == (["CMS_SIGNATURE_WRONG"], SubIndication.SIG_CRYPTO_FAILURE)


def test_row_29_one_bad_signature_among_good_ones(judged: Judged, world: World, signer: KeySigner) -> None:
    first = SignedData.load(Forgery(signer).message())
    both = cms_sign.add_signer(first, world.signer("other-person"), signing_time=None)
    assert judged(both).indication is Indication.VALID
    parts = Parts.of(SignedData.load(both))
    bad = Forgery(signer, signature=b"\x00").signer_info()
    for position in range(2):
        signers = [*parts.signers]
        signers[position] = bad
        report = judged(replace(parts, signers=tuple(signers)).encode())
        assert report.indication is Indication.INVALID
        assert sum(child.indication is Indication.INVALID for child in report.children) == 1


def test_row_53_nothing_signed_and_empty_values(judged: Judged, signer: KeySigner) -> None:
    message = SignedData.load(Forgery(signer).message())
    nobody = replace(Parts.of(message), signers=()).encode()
    assert verdict(judged(nobody)) == (["NO_SIGNATURE"], SubIndication.FORMAT_FAILURE)
    missing = Forgery(signer).message(detached=True)
    assert verdict(judged(missing)) == (["CMS_CONTENT_MISSING"], SubIndication.SIGNED_DATA_NOT_FOUND)
    empty = Forgery(signer, content=b"")
    assert judged(empty.message()).indication is Indication.VALID, "an empty document can be signed"
    emptied = replace(Parts.of(message), content=b"").encode()
    assert verdict(judged(emptied)) == (["CMS_DIGEST_WRONG"], SubIndication.HASH_FAILURE)


@pytest.mark.parametrize("oid", [cms.CONTENT_TYPE, cms.MESSAGE_DIGEST])
def test_row_54_a_mandatory_attribute_is_missing(judged: Judged, signer: KeySigner, oid: str) -> None:
    assert judged(Forgery(signer).message()).indication is Indication.VALID
    report = judged(Forgery(signer).without(oid).message())
    assert verdict(report) == (["CMS_ATTRIBUTE_MISSING"], SubIndication.FORMAT_FAILURE)


def test_row_54_a_mandatory_attribute_is_wrong(judged: Judged, signer: KeySigner) -> None:
    other = {cms.MESSAGE_DIGEST: der_write.octet_string(digests.digest("sha256", b"other"))}
    assert verdict(judged(Forgery(signer, other).message())) == (["CMS_DIGEST_WRONG"], SubIndication.HASH_FAILURE)
    kind = {cms.CONTENT_TYPE: der_write.oid(cms.TST_INFO)}
    assert verdict(judged(Forgery(signer, kind).message())) == (
        ["CMS_CONTENT_TYPE_WRONG"],
        SubIndication.FORMAT_FAILURE,
    )


@pytest.mark.parametrize("oid", [cms.CONTENT_TYPE, cms.MESSAGE_DIGEST, cms.SIGNING_TIME, cms.SIGNING_CERTIFICATE_V2])
def test_row_54_a_second_attribute_contradicts_the_first(
    judged: Judged, signer: KeySigner, oid: str, at: datetime
) -> None:
    made = Forgery(signer, {cms.SIGNING_TIME: der_write.time(at)})
    assert judged(made.message()).indication is Indication.VALID
    for second in (made.attributes[oid], der_write.octet_string(b"other")):
        report = judged(replace(made, more=[attribute(oid, second)]).message())
        assert report.indication is not Indication.VALID
        assert "CMS_ATTRIBUTE_REPEATED" in report.codes


def test_row_54_two_values_in_one_attribute(judged: Judged, signer: KeySigner) -> None:
    made = Forgery(signer)
    value = made.attributes[cms.MESSAGE_DIGEST]
    double = der_write.sequence(
        der_write.oid(cms.MESSAGE_DIGEST), der_write.set_of(value, der_write.octet_string(b"other"))
    )
    report = judged(replace(made.without(cms.MESSAGE_DIGEST), more=[double]).message())
    assert report.sub_indication is SubIndication.FORMAT_FAILURE


def test_row_54_signed_attributes_passed_off_as_content(judged: Judged, signer: KeySigner) -> None:
    """A signature with attributes is also one without, over the attributes; so it would sign what nobody saw."""
    honest = SignedData.load(Forgery(signer).message())
    assert honest.signers[0].signed is not None
    attributes = der_write.tlv(0x31, honest.signers[0].signed.encoded)
    forged = Forgery(signer, content=attributes, without_attributes=True, signature=honest.signers[0].signature)
    assert verdict(judged(forged.message())) == (
        ["CMS_ATTRIBUTES_AS_CONTENT", "CMS_SIGNING_CERTIFICATE_UNBOUND"],
        SubIndication.FORMAT_FAILURE,
    )
    crowded = der_write.set_of(*(attribute(f"1.2.3.{number}", der_write.NULL) for number in range(100)))
    many = Forgery(signer, content=crowded, without_attributes=True)
    assert "CMS_ATTRIBUTES_AS_CONTENT" in judged(many.message()).codes, "more than anybody reads"
    good = Forgery(signer, without_attributes=True)
    assert verdict(judged(good.message())) == (["CMS_SIGNING_CERTIFICATE_UNBOUND"], None)


def test_row_54_content_of_another_type_needs_attributes(judged: Judged, signer: KeySigner) -> None:
    report = judged(Forgery(signer, without_attributes=True, content_type=cms.TST_INFO).message())
    assert report.sub_indication is SubIndication.FORMAT_FAILURE
    assert judged(Forgery(signer, content_type=cms.TST_INFO).message()).indication is Indication.VALID


def test_row_55_no_signing_certificate_attribute(world: World, signer: KeySigner) -> None:
    """Where CAdES is asked for it is refused; a plain CMS signature, as the country makes, is told from it."""
    plain = Forgery(signer).without(cms.SIGNING_CERTIFICATE_V2).message()
    strict = CmsValidator(judge_of(world), require_signing_certificate=True)
    assert verdict(strict.validate(plain, world.at)) == (
        ["CMS_SIGNING_CERTIFICATE_MISSING"],
        SubIndication.SIG_CONSTRAINTS_FAILURE,
    )
    assert strict.validate(Forgery(signer).message(), world.at).indication is Indication.VALID
    report = CmsValidator(judge_of(world)).validate(plain, world.at)
    assert report.codes == ["CMS_SIGNING_CERTIFICATE_UNBOUND"]
    assert report.children[0].facts["level"] == "CMS"


def test_row_55_a_signing_certificate_attribute_for_another_certificate(
    judged: Judged, world: World, signer: KeySigner
) -> None:
    other = signing_certificate_v2(Certificate.load(world.certificate("other-person")))
    report = judged(Forgery(signer, {cms.SIGNING_CERTIFICATE_V2: other}).message())
    assert verdict(report) == (["CMS_SIGNING_CERTIFICATE_WRONG"], SubIndication.SIG_CONSTRAINTS_FAILURE)


def test_row_55_an_unreadable_signing_certificate_attribute(judged: Judged, signer: KeySigner) -> None:
    for value in (der_write.NULL, der_write.sequence(), der_write.sequence(der_write.sequence(der_write.NULL))):
        report = judged(Forgery(signer, {cms.SIGNING_CERTIFICATE_V2: value}).message())
        assert verdict(report) == (["CMS_SIGNING_CERTIFICATE_UNREADABLE"], SubIndication.SIG_CONSTRAINTS_FAILURE)


def test_row_55_another_certificate_for_the_same_key(judged: Judged, world: World, signer: KeySigner) -> None:
    """Who gets a certificate for a stranger's key cannot take over what the stranger signed."""
    honest = Certificate.load(signer.certificate)
    thief = issue_certificate(
        world.authority("issuer"),
        subject=issue_names.name(person_subject("ТЕСТОВ", "ВОР", "911130210000")),
        spki=honest.spki,
        serial=4242,
        not_before=honest.not_before,
        not_after=honest.not_after,
        extensions=[ext.key_usage("digitalSignature", "nonRepudiation")],
    )
    assert honest.ski is not None
    bound = Forgery(signer, key_id=honest.ski)
    for sent in ([thief, honest.der], [honest.der, thief]):
        report = judged(replace(bound, certificates=sent).message())
        assert report.indication is Indication.VALID
        assert report.children[0].facts["signer"]["serial"] == str(honest.serial)  # type: ignore[index,call-overload]
    assert verdict(judged(replace(bound, certificates=[thief]).message())) == (
        ["CMS_SIGNING_CERTIFICATE_WRONG"],
        SubIndication.SIG_CONSTRAINTS_FAILURE,
    )
    plain = Forgery(signer, key_id=honest.ski, certificates=[thief, honest.der]).without(cms.SIGNING_CERTIFICATE_V2)
    assert judged(plain.message()).sub_indication is SubIndication.SIG_CONSTRAINTS_FAILURE


def test_the_signer_is_named_by_somebody_else_s_number(judged: Judged, world: World, signer: KeySigner) -> None:
    """The certificate that is named does not fit the signature."""
    stranger = Certificate.load(world.certificate("other-person"))
    made = Forgery(signer, certificates=[stranger.der, signer.certificate]).without(cms.SIGNING_CERTIFICATE_V2)
    assert "CMS_SIGNATURE_WRONG" not in judged(made.message()).codes
    made.certificate = stranger
    report = judged(made.message())
    assert report.sub_indication is SubIndication.SIG_CRYPTO_FAILURE


def test_digest_and_signature_do_not_go_together(judged: Judged, signer: KeySigner) -> None:
    report = judged(Forgery(signer, digest="sha384").message())
    assert "CMS_ALGORITHM_MISMATCH" in report.codes
    assert report.sub_indication is SubIndication.FORMAT_FAILURE


def test_exchanged_algorithms_are_found_by_the_attribute_that_protects_them(judged: Judged, signer: KeySigner) -> None:
    def protection(digest: str, algorithm: str) -> dict[str, bytes]:
        named = algorithms.to_identifier(algorithms.by_name(algorithm))
        return {cms.ALGORITHM_PROTECTION: der_write.sequence(digests.to_identifier(digest), b"\xa1" + named[1:])}

    assert judged(Forgery(signer, protection("sha256", "ecdsa-sha256")).message()).codes == []
    for exchanged in (protection("sha512", "ecdsa-sha256"), protection("sha256", "ecdsa-sha512")):
        report = judged(Forgery(signer, exchanged).message())
        assert verdict(report) == (["CMS_ALGORITHM_PROTECTION"], SubIndication.FORMAT_FAILURE)
    unreadable = {cms.ALGORITHM_PROTECTION: der_write.NULL}
    assert judged(Forgery(signer, unreadable).message()).codes == ["CMS_ALGORITHM_PROTECTION"]


def test_rsa_with_parameters_it_does_not_have(rsa_world: World) -> None:
    """The key's identifier stands for the signature's (RFC 3370, 3.2), with NULL or nothing beside it."""
    validator = CmsValidator(judge_of(rsa_world))
    made = Forgery(rsa_world.signer("person")).message()
    named = algorithms.to_identifier(rsa_world.signer("person").algorithm)
    key = der_write.oid("1.2.840.113549.1.1.1")
    position = made.rindex(named)

    def put(parameters: bytes) -> Report:
        identifier = der_write.sequence(key, parameters)
        assert len(identifier) == len(named)
        encoded = made[:position] + identifier + made[position + len(named) :]
        return validator.validate(encoded, rsa_world.at)

    assert put(der_write.NULL).indication is Indication.VALID
    assert put(b"\x04\x00").codes == ["CMS_ALGORITHM_UNKNOWN"]


def test_signed_attributes_of_other_kinds_may_stand_twice(judged: Judged, signer: KeySigner) -> None:
    twice = [attribute("1.2.3.4", der_write.integer(number)) for number in range(2)]
    assert judged(Forgery(signer, more=twice).message()).indication is Indication.VALID


def test_a_version_that_does_not_fit(judged: Judged, signer: KeySigner) -> None:
    report = judged(Forgery(signer, version=3).message())
    assert verdict(report) == (["CMS_SIGNER_VERSION"], SubIndication.FORMAT_FAILURE)


def test_an_algorithm_nobody_knows(judged: Judged, signer: KeySigner) -> None:
    good = Forgery(signer).message()
    known = algorithms.to_identifier(signer.algorithm)
    unknown = known[:-1] + bytes([known[-1] ^ 0x40])
    report = judged(good.replace(known, unknown))
    assert report.indication is not Indication.VALID
    assert "CMS_ALGORITHM_UNKNOWN" in report.codes


def test_row_23_a_counter_signature_of_another_signature(judged: Judged, world: World, signer: KeySigner) -> None:
    def confirmed(content: bytes) -> SignedData:
        made = SignedData.load(Forgery(signer, content=content).message())
        return SignedData.load(cms_sign.countersign(made, 0, world.signer("other-person"), signing_time=None))

    good = confirmed(CONTENT)
    assert judged(good.encoded).indication is Indication.VALID
    [copied] = confirmed(b"something else").signers[0].unsigned.all(cms.COUNTER_SIGNATURE)
    plain = SignedData.load(Forgery(signer).message())
    forged = cms_sign.with_unsigned(plain, 0, [(cms.COUNTER_SIGNATURE, copied)])
    parts = Parts.of(forged)
    certificates = parts.certificates | {world.certificate("other-person")}
    report = judged(replace(parts, certificates=certificates).encode())
    counter = report.children[0].children[-1]
    assert verdict(counter) == (["CMS_DIGEST_WRONG"], SubIndication.HASH_FAILURE)
    assert report.indication is Indication.INVALID


def test_row_23_a_counter_signature_that_is_no_signature(judged: Judged, signer: KeySigner) -> None:
    plain = SignedData.load(Forgery(signer).message())
    forged = cms_sign.with_unsigned(plain, 0, [(cms.COUNTER_SIGNATURE, der_write.sequence(der_write.NULL))])
    report = judged(Parts.of(forged).encode())
    assert verdict(report) == (["CMS_UNREADABLE"], SubIndication.FORMAT_FAILURE)


def test_row_23_a_counter_signature_has_no_content_type(judged: Judged, world: World, signer: KeySigner) -> None:
    plain = SignedData.load(Forgery(signer).message())
    value = plain.signers[0].signature
    wrong = Forgery(world.signer("other-person"), content=value)
    right = Forgery(world.signer("other-person"), content=value).without(cms.CONTENT_TYPE)
    for counter, expected in ((right, Indication.VALID), (wrong, Indication.INVALID)):
        made = cms_sign.with_unsigned(plain, 0, [(cms.COUNTER_SIGNATURE, counter.signer_info())])
        parts = Parts.of(made)
        sent = replace(parts, certificates=parts.certificates | {world.certificate("other-person")})
        assert judged(sent.encode()).indication is expected


def test_row_58_nested_counter_signatures_are_bounded(judged: Judged, world: World, signer: KeySigner) -> None:
    """Each confirms the one before; the work they make is bounded for all of them together."""
    encoded = Forgery(signer).signer_info()
    info = cms.read_signer(encoded)
    chain = b""
    for _ in range(70):
        unsigned = [attribute(cms.COUNTER_SIGNATURE, chain)] if chain else []
        chain = Forgery(signer, content=info.signature, unsigned=unsigned).without(cms.CONTENT_TYPE).signer_info()
    message = Forgery(signer, unsigned=[attribute(cms.COUNTER_SIGNATURE, chain)])
    report = judged(message.message())
    assert "CMS_TOO_MANY_SIGNATURES" in report.codes


def test_row_58_many_of_everything_is_bounded(signer: KeySigner) -> None:
    good = Forgery(signer)
    parts = Parts.of(SignedData.load(good.message()))
    limits = Limits()
    signers = replace(parts, signers=parts.signers * (limits.cms_signers + 1)).encode()
    certificates = frozenset(der_write.sequence(der_write.integer(n)) for n in range(limits.certificates + 1))
    many = [attribute(f"1.2.3.{number}", der_write.NULL) for number in range(limits.cms_attributes + 1)]
    for encoded in (
        signers,
        replace(parts, certificates=certificates).encode(),
        Forgery(signer, more=many).message(),
        Forgery(signer, unsigned=many).message(),
    ):
        with pytest.raises(LimitError):
            SignedData.load(encoded)
    SignedData.load(Forgery(signer, more=many[:8]).message())


def test_row_58_nesting_is_bounded(signer: KeySigner) -> None:
    good = Forgery(signer).message()
    deep = b"\x30\x80" * 100_000
    for encoded in (deep, good[:20] + deep):
        with pytest.raises(InputError):
            SignedData.load(encoded)
