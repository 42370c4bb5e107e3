"""Documents made to be expensive: what they may cost together is bounded, and honest ones do not notice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from egov_sign.certs import issue_extensions as ext
from egov_sign.certs import issue_names as names
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.issue import Authority, issue_certificate
from egov_sign.certs.issue_ocsp import GOOD, Answer, cert_id, issue_ocsp
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.crypto import digests
from egov_sign.crypto.algorithms import SignatureAlgorithm, by_name
from egov_sign.crypto.keys import PycaPublicKey
from egov_sign.crypto.signer import KeySigner
from egov_sign.docs import cms
from egov_sign.docs.cms_sign import Parts
from egov_sign.docs.cms_validation import CmsValidator
from egov_sign.limits import Limits
from egov_sign.verdict import Indication
from egov_sign_pki import World
from tests.attacks.cms_forging import CONTENT, Forgery
from tests.attacks.test_revocation import CA, LEAF, ROOT
from tests.certs import paths_double
from tests.certs.small_ca import AT, DAY, HOUR, SmallCa, key
from tests.docs.judging import judge_of

SAME = names.name([("CN", "Same"), ("C", "KZ")])
AUTHORITIES = [Authority.of(SAME, key(20_000 + number)) for number in range(24)]


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch, interpreted: None) -> list[bytes]:
    """The values of all signatures that were verified with an EC or RSA key."""
    seen: list[bytes] = []
    real = PycaPublicKey.verify

    def verify(self: PycaPublicKey, signature: bytes, message: bytes, algorithm: SignatureAlgorithm) -> bool:
        seen.append(signature)
        return real(self, signature, message, algorithm)

    monkeypatch.setattr(PycaPublicKey, "verify", verify)
    return seen


def issued(by: Authority, subject: bytes, spki: bytes, serial: int, *extensions: bytes) -> bytes:
    return issue_certificate(
        by, subject=subject, spki=spki, serial=serial, not_before=AT - DAY, not_after=AT + DAY, extensions=extensions
    )


def hostile(signers: int) -> bytes:
    """Many signers below many authorities that all have one name and certify each other in a ring."""
    usage = (ext.basic_constraints(ca=True), ext.key_usage("keyCertSign", "cRLSign"))
    ring = [
        issued(AUTHORITIES[(7 * number + 1) % len(AUTHORITIES)], SAME, one.spki, number + 1, *usage)
        for number, one in enumerate(AUTHORITIES)
    ]
    forgeries = []
    for number in range(signers):
        private = key(30_000 + number)
        subject = names.name([("CN", f"P{number}"), ("C", "KZ")])
        by = AUTHORITIES[number % len(AUTHORITIES)]
        leaf = issued(by, subject, private.public_key().spki, 1000 + number, ext.key_usage("nonRepudiation"))
        forgeries.append(Forgery(KeySigner(private, leaf, by_name("ecdsa-sha256"))))
    return Parts(
        content_type=cms.DATA,
        content=CONTENT,
        digest_algorithms=frozenset({digests.to_identifier("sha256")}),
        certificates=frozenset([*ring, *(one.certificate.der for one in forgeries)]),
        revocations=frozenset(),
        signers=tuple(one.signer_info() for one in forgeries),
    ).encode()


def test_many_signers_below_many_authorities_of_one_name(world: World, at: datetime, verified: list[bytes]) -> None:
    bounded = judge_of(world)
    bounded.limits = replace(Limits(), document_checks=60)
    report = CmsValidator(bounded).validate(hostile(32), at)
    assert report.indication is Indication.INDETERMINATE
    assert {child.indication for child in report.children} == {Indication.INDETERMINATE}
    assert "CERT_PATH_NOT_FOUND" in report.codes
    assert len(verified) <= 60 + 32


def test_the_next_document_begins_anew(world: World, signer: KeySigner, at: datetime) -> None:
    judge = judge_of(world)
    judge.limits = replace(Limits(), document_checks=8)
    validator = CmsValidator(judge)
    assert validator.validate(hostile(8), at).indication is Indication.INDETERMINATE
    for _ in range(10):
        assert validator.validate(Forgery(signer).message(), at).indication is Indication.VALID
    for moment in range(10):
        later = at + timedelta(seconds=moment)
        assert validator.validate(Forgery(signer).message(), later).indication is Indication.VALID


def test_without_a_document_only_the_bound_of_the_path_counts(world: World, at: datetime) -> None:
    judge = judge_of(world)
    judge.limits = replace(Limits(), document_checks=0)
    certificate = Certificate.load(world.certificate("person"))
    assert judge.validate(certificate, at).indication is Indication.VALID
    assert judge_of(world).for_document().validate(certificate, at).indication is Indication.VALID
    fresh = judge_of(world)
    fresh.limits = judge.limits
    assert fresh.for_document().validate(certificate, at).indication is Indication.INDETERMINATE


def test_lists_that_somebody_else_may_have_signed(verified: list[bytes]) -> None:
    """Each embedded list would be tried with the key of every certificate that has its issuer's name."""
    impostors = [SmallCa("Issuer", 300 + number) for number in range(20)]
    lists = [impostor.crl(number=number) for number, impostor in enumerate(impostors)]
    sources = RevocationSources(crls=[ROOT.crl(), CA.crl()]).with_embedded(lists)
    limits = replace(Limits(), document_checks=50)

    def validator() -> CertificateValidator:
        trust, revocation = TrustStore([ROOT.certificate]), Revocation(sources)
        return CertificateValidator(trust, intermediates=[CA.certificate], revocation=revocation, limits=limits)

    candidates = [impostor.certificate for impostor in impostors]
    report = validator().for_document().validate(LEAF, AT, candidates=candidates)
    assert report.indication is Indication.VALID  # the issuer's own list is there
    assert len(verified) <= 50 + len(lists) + 10
    assert validator().validate(LEAF, AT).indication is Indication.VALID


def test_embedded_lists_are_counted() -> None:
    sources = RevocationSources(limits=replace(Limits(), embedded_statuses=3))
    few = sources.with_embedded([CA.crl(number=number) for number in range(3)])
    assert (len(few.crls([LEAF.issuer])), few.unreadable) == (3, [])
    many = sources.with_embedded([CA.crl(number=number) for number in range(9)])
    assert len(many.crls([LEAF.issuer])) == 3
    assert [error.code for _, error in many.unreadable] == ["STATUS_TOO_MANY"]


def test_responders_that_nobody_certified_are_tried_once_for_all_certificates(verified: list[bytes]) -> None:
    forger = SmallCa("Issuer", 99)
    responders = [forger.responder(serial=5000 + number) for number in range(8)]
    leaves = [CA.leaf(serial) for serial in range(100, 110)]
    answers = tuple(Answer(cert_id(CA.name, CA.authority.spki, leaf.serial), GOOD, AT - HOUR) for leaf in leaves)
    sent = [responder.certificate for responder in responders]
    response = issue_ocsp(responders[0], answers, produced_at=AT - HOUR, certificates=sent)
    checker = Revocation(RevocationSources(responses=[response]))
    for leaf in leaves:
        assert "OCSP_RESPONDER_FOREIGN" in paths_double.check(checker, leaf, CA.certificate, AT).codes
    assert len(verified) == 1 + len(responders)  # the response, and who certified each of them
