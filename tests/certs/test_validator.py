"""Finding paths and judging them: candidates, time, authorities, revocation (attacks 32, 46)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from egov_sign.certs import issue_extensions as ext
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.issue import Authority
from egov_sign.certs.issue_names import name
from egov_sign.certs.name import Name
from egov_sign.certs.path_rules import ANCHOR_CHECKS, END_CHECKS, ISSUER_CHECKS, ValidationPolicy
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator, PathContext
from egov_sign.crypto import der_write as der
from egov_sign.errors import ConfigurationError, FetchError
from egov_sign.fetch import FetchRequest
from egov_sign.limits import Limits
from egov_sign.verdict import Indication, Report, SubIndication
from tests.certs.making import (
    AFTER,
    AT,
    BEFORE,
    CA_USAGE,
    PERSON,
    QUIET,
    SIGNING,
    authority,
    certificate_of,
    codes,
    judge,
    key,
    leaf,
    root,
    signed,
    tbs,
)

SECOND = timedelta(seconds=1)

TOP = root()
MIDDLE = authority(TOP, "middle")


# Paths.


def test_a_path_over_an_intermediate() -> None:
    end = leaf(MIDDLE)
    report = judge(end, [TOP], [MIDDLE])
    assert codes(report) == []
    assert report.subject == "certificate"
    assert report.facts["path"] == ["ТЕСТОВ ТЕСТ", "middle", "root"]
    assert report.facts["fingerprints"] == [
        end.fingerprint,
        *(certificate_of(one).fingerprint for one in (MIDDLE, TOP)),
    ]
    assert [child.subject for child in report.children] == ["certificate", "certificate", "trust-anchor"]
    last, *issuers, anchor = report.children
    assert last.facts["checks"] == list(END_CHECKS)
    assert all(issuer.facts["checks"] == list(ISSUER_CHECKS) for issuer in issuers)
    assert anchor.facts["checks"] == list(ANCHOR_CHECKS)


def test_a_missing_intermediate() -> None:
    report = judge(leaf(MIDDLE), [TOP])
    assert codes(report) == ["CERT_UNTRUSTED"]
    assert report.sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND
    assert report.findings[0].params["issuer"] == "C=KZ, CN=middle"


def test_an_untrusted_root() -> None:
    other = root("other")
    assert codes(judge(leaf(MIDDLE), [other], [MIDDLE])) == ["CERT_UNTRUSTED"]
    assert codes(judge(leaf(MIDDLE), [other], [MIDDLE, TOP])) == ["CERT_SELF_SIGNED"]
    assert codes(judge(leaf(MIDDLE), [other, TOP], [MIDDLE])) == []


def test_a_self_signed_leaf() -> None:
    own = Authority.of(name(PERSON), key("leaf"))
    alone = signed(own, tbs(own, PERSON, own.key, SIGNING))
    assert codes(judge(alone, [TOP])) == ["CERT_SELF_SIGNED"]


def test_a_trust_anchor_is_relied_on() -> None:
    assert codes(judge(certificate_of(TOP), [TOP])) == []
    assert codes(judge(certificate_of(TOP), [TOP], at=AFTER + SECOND)) == ["CERT_EXPIRED"]


def test_the_same_name_with_another_key_is_no_issuer() -> None:
    impostor = root("root", label="impostor")
    assert codes(judge(leaf(impostor), [TOP])) == ["CERT_ISSUER_DID_NOT_SIGN"]
    assert codes(judge(leaf(impostor), [TOP], [impostor])) == ["CERT_ISSUER_DID_NOT_SIGN"]
    assert codes(judge(leaf(impostor), [TOP, impostor])) == []


def test_a_homoglyph_is_another_name() -> None:
    cyrillic = authority(TOP, "middlе")
    assert codes(judge(leaf(cyrillic), [TOP], [MIDDLE])) == ["CERT_UNTRUSTED"]


def test_names_match_without_regard_to_case_space_and_string_type() -> None:
    spelled = der.sequence(
        der.set_of(der.sequence(der.oid("2.5.4.3"), der.utf8("  MIDDLE "))),
        der.set_of(der.sequence(der.oid("2.5.4.6"), der.utf8("kz"))),
    )
    assert spelled != certificate_of(MIDDLE).subject.der
    assert codes(judge(leaf(replace(MIDDLE, name=spelled)), [TOP], [MIDDLE])) == []


def test_candidates_may_come_in_any_order() -> None:
    lower = authority(MIDDLE, "lower")
    end = leaf(lower)
    validator = CertificateValidator(TrustStore([certificate_of(TOP)]), policy=QUIET)
    pool = [certificate_of(TOP), certificate_of(MIDDLE), certificate_of(lower), end]
    for candidates in (pool, pool[::-1]):
        assert codes(validator.validate(end, AT, candidates=candidates)) == []
    assert codes(CertificateValidator(TrustStore([certificate_of(TOP)]), policy=QUIET).validate(end, AT)) != []


def test_a_cross_certificate_is_found_and_the_expired_one_does_not_count() -> None:
    other = root("other")
    expired = authority(other, "middle", not_before=BEFORE, not_after=AT - SECOND)
    report = judge(leaf(MIDDLE), [other, TOP], [expired, MIDDLE])
    assert codes(report) == []
    report = judge(leaf(MIDDLE), [other], [expired])
    assert codes(report) == ["CERT_EXPIRED"]


def test_alternatives_are_shown_and_do_not_count() -> None:
    late = authority(root("late"), "middle", not_before=AT + SECOND)
    weak = authority(TOP, "middle", (ext.basic_constraints(ca=False), ext.key_usage("keyCertSign")))
    report = judge(leaf(MIDDLE), [root("late"), TOP], [late, weak])
    assert report.indication is Indication.INDETERMINATE
    assert [child.counts for child in report.children if child.subject == "certificate"][-1] is False


def test_cycles_end() -> None:
    first, second = authority(TOP, "first"), authority(TOP, "second")
    circle = [authority(second, "first"), authority(first, "second")]
    assert codes(judge(leaf(first), [root("other")], circle)) == ["CERT_UNTRUSTED"]
    assert codes(judge(leaf(first), [TOP], [*circle, first])) == []


def test_a_graph_with_exponentially_many_paths_is_bounded() -> None:
    layers = [[f"{layer}-{one}" for one in range(4)] for layer in range(7)]
    mesh = [
        authority(Authority.of(name([("CN", upper), ("C", "KZ")]), key(upper)), lower)
        for uppers, lowers in pairwise(layers)
        for upper in uppers
        for lower in lowers
    ]
    end = leaf(Authority.of(name([("CN", "6-0"), ("C", "KZ")]), key("6-0")))
    report = judge(end, [TOP], mesh, limits=Limits(path_attempts=200))
    assert codes(report) == ["CERT_PATH_NOT_FOUND"]
    assert report.findings[0].params["attempts"] == 200


def test_a_path_may_be_as_long_as_the_limit() -> None:
    chain = [TOP]
    for number in range(4):
        chain.append(authority(chain[-1], f"ca{number}"))
    assert codes(judge(leaf(chain[-1]), [TOP], chain[1:], limits=Limits(path_length=6))) == []
    assert codes(judge(leaf(chain[-1]), [TOP], chain[1:], limits=Limits(path_length=5))) == ["CERT_PATH_NOT_FOUND"]


class Library:
    """A fetcher with one resource."""

    def __init__(self, url: str, content: bytes) -> None:
        self.content = {url: content}
        self.asked: list[str] = []

    def fetch(self, request: FetchRequest) -> bytes:
        self.asked.append(request.url)
        if request.url not in self.content:
            raise FetchError("FETCH_FAILED", "not there", where=request.url)
        return self.content[request.url]


def test_a_missing_issuer_is_fetched_from_where_the_certificate_says() -> None:
    access = ext.authority_access(issuers=("http://a.kz/none.cer", "http://a.kz/middle.cer"))
    end = leaf(MIDDLE, extensions=(*SIGNING, access))
    library = Library("http://a.kz/middle.cer", MIDDLE.certificate)
    validator = CertificateValidator(TrustStore([certificate_of(TOP)]), policy=QUIET, fetcher=library)
    assert codes(validator.validate(end, AT)) == []
    assert library.asked == ["http://a.kz/none.cer", "http://a.kz/middle.cer"]
    none = Limits(fetches=0)
    offline = CertificateValidator(TrustStore([certificate_of(TOP)]), policy=QUIET, fetcher=library, limits=none)
    assert codes(offline.validate(end, AT)) == ["CERT_UNTRUSTED"]


def test_why_a_missing_issuer_was_not_fetched_is_told() -> None:
    access = ext.authority_access(issuers=("http://a.kz/none.cer", "http://a.kz/middle.cer"))
    end = leaf(MIDDLE, extensions=(*SIGNING, access))
    trust = TrustStore([certificate_of(TOP)])
    broken = Library("http://a.kz/middle.cer", b"<html>")
    online = CertificateValidator(trust, policy=QUIET, fetcher=broken).validate(end, AT)
    told = {finding.where: finding for finding in online.findings if finding.code == "CERT_ISSUER_NOT_FETCHED"}
    assert codes(online) == ["CERT_UNTRUSTED"]
    assert told.keys() == {"http://a.kz/none.cer", "http://a.kz/middle.cer"}
    assert told["http://a.kz/none.cer"].params == {"error": "not there"}
    offline = CertificateValidator(trust, policy=QUIET).validate(end, AT)
    assert [finding.code for finding in offline.findings] == ["CERT_UNTRUSTED"]


# Time.


def test_a_certificate_is_valid_from_its_first_to_its_last_second() -> None:
    end = leaf(TOP, not_before=AT, not_after=AT + 10 * SECOND)
    for at in (AT, AT + 10 * SECOND, AT + timedelta(seconds=10.9)):
        assert codes(judge(end, [TOP], at=at)) == []
    early = judge(end, [TOP], at=AT - SECOND)
    late = judge(end, [TOP], at=AT + 11 * SECOND)
    assert (codes(early), early.sub_indication) == (["CERT_NOT_YET_VALID"], SubIndication.NOT_YET_VALID)
    assert (codes(late), late.sub_indication) == (["CERT_EXPIRED"], SubIndication.EXPIRED)
    assert late.indication is Indication.INVALID
    assert late.children[0].findings[0].params == {"not_after": "2024-06-01T12:00:10Z"}


def test_an_expired_issuer_leaves_the_answer_open() -> None:
    expired = authority(TOP, "middle", not_after=AT - SECOND)
    report = judge(leaf(expired), [TOP], [expired])
    assert codes(report) == ["CERT_EXPIRED"]
    assert report.indication is Indication.INDETERMINATE
    assert codes(judge(leaf(MIDDLE, not_after=AFTER + 9 * SECOND), [TOP], [MIDDLE], at=AFTER + SECOND)) != []


def test_all_that_is_wrong_with_a_certificate_is_told() -> None:
    end = leaf(MIDDLE, extensions=(ext.key_usage("digitalSignature"),), not_after=AT - SECOND)
    policy = replace(QUIET, key_usage=frozenset({"nonRepudiation"}))
    assert codes(judge(end, [TOP], [MIDDLE], policy=policy)) == ["CERT_EXPIRED", "CERT_USAGE"]
    assert set(codes(judge(end, [], policy=policy))) == {"CERT_EXPIRED", "CERT_USAGE", "CERT_UNTRUSTED"}


def test_a_time_without_a_zone_is_refused() -> None:
    validator = CertificateValidator(TrustStore())
    with pytest.raises(ConfigurationError, match="time zone"):
        validator.validate(leaf(TOP), datetime(2024, 6, 1))  # noqa: DTZ001


# Authorities.


@pytest.mark.parametrize(
    ("extensions", "expected"),
    [
        (CA_USAGE, []),
        ((ext.basic_constraints(ca=True),), []),
        ((ext.basic_constraints(ca=False), ext.key_usage("cRLSign")), ["CERT_NOT_CA", "CERT_NO_KEY_CERT_SIGN"]),
        ((ext.key_usage("digitalSignature"),), ["CERT_NOT_CA", "CERT_NO_KEY_CERT_SIGN"]),
        ((ext.basic_constraints(ca=True), ext.key_usage("cRLSign")), ["CERT_NO_KEY_CERT_SIGN"]),
        ((ext.basic_constraints(ca=True, critical=False),), ["CERT_EXTENSION_CRITICALITY"]),
    ],
)
def test_an_issuer_is_an_authority(extensions: Sequence[bytes], expected: list[str]) -> None:
    issuer = authority(TOP, "issuer", extensions)
    report = judge(leaf(issuer), [TOP], [issuer])
    assert codes(report) == expected
    assert report.sub_indication is (SubIndication.CHAIN_CONSTRAINTS_FAILURE if expected else None)


def test_path_length() -> None:
    short = authority(TOP, "short", (ext.basic_constraints(ca=True, path_length=0), CA_USAGE[1]))
    below = authority(short, "below")
    renewed = authority(short, "short", label="renewed")
    assert codes(judge(leaf(short), [TOP], [short])) == []
    assert codes(judge(leaf(below), [TOP], [short, below])) == ["CERT_PATH_TOO_LONG"]
    assert codes(judge(leaf(renewed), [TOP], [short, renewed])) == []
    policy = replace(QUIET, max_intermediates=1)
    assert codes(judge(leaf(authority(MIDDLE, "low")), [TOP], [MIDDLE, authority(MIDDLE, "low")], policy=policy)) == [
        "CERT_PATH_TOO_LONG"
    ]


# Revocation.


class Checker:
    """A revocation checker that knows the revoked names, and remembers what it was asked."""

    revision = 0

    def __init__(self, *revoked: str, signer: Certificate | None = None) -> None:
        self.revoked = revoked
        self.signer = signer
        self.asked: list[str] = []
        self.signers: list[Report] = []

    def check(self, certificate: Certificate, issuer: Certificate, at: datetime, context: PathContext) -> Report:
        assert certificate.issuer == issuer.subject
        assert context.issuer_key.verify(certificate.signature, certificate.tbs, certificate.signature_algorithm)
        title = certificate.subject.common_name
        self.asked.append(title)
        assert context.end_entity == (title == "ТЕСТОВ ТЕСТ")
        report = Report("revocation", title, facts={"status": "good"})
        if self.signer is not None:
            self.signers.append(context.validate(self.signer))
        if title in self.revoked:
            report.fail("CERT_REVOKED", SubIndication.REVOKED)
        return report


def validator_with(checker: Checker | None, policy: ValidationPolicy | None = None) -> CertificateValidator:
    trust = TrustStore([certificate_of(TOP)])
    return CertificateValidator(trust, intermediates=[certificate_of(MIDDLE)], revocation=checker, policy=policy)


def test_without_revocation_nothing_is_valid() -> None:
    report = validator_with(None).validate(leaf(MIDDLE), AT)
    assert codes(report) == ["REVOCATION_NOT_CHECKED"] * 2
    assert report.sub_indication is SubIndication.TRY_LATER
    assert codes(validator_with(None, QUIET).validate(leaf(MIDDLE), AT)) == []


def test_every_certificate_but_the_anchor_is_checked_once() -> None:
    checker = Checker()
    validator = validator_with(checker)
    report = validator.validate(leaf(MIDDLE), AT)
    assert codes(report) == []
    assert checker.asked == ["middle", "ТЕСТОВ ТЕСТ"]
    assert report.facts["evidence"] == [{"status": "good"}] * 2
    validator.validate(leaf(MIDDLE), AT)
    assert checker.asked == ["middle", "ТЕСТОВ ТЕСТ", "ТЕСТОВ ТЕСТ"]
    validator.validate(leaf(MIDDLE), AT + SECOND)
    assert checker.asked[3:] == ["middle", "ТЕСТОВ ТЕСТ"]


@pytest.mark.parametrize("revoked", ["middle", "ТЕСТОВ ТЕСТ"])
def test_a_revoked_certificate(revoked: str) -> None:
    report = validator_with(Checker(revoked)).validate(leaf(MIDDLE), AT)
    assert codes(report) == ["CERT_REVOKED"]
    assert report.indication is Indication.INVALID


def test_a_revoked_leaf_is_not_saved_by_what_is_remembered() -> None:
    checker = Checker()
    validator = validator_with(checker)
    assert codes(validator.validate(leaf(MIDDLE), AT)) == []
    checker.revoked = ("ТЕСТОВ ТЕСТ",)
    assert codes(validator.validate(leaf(MIDDLE), AT)) == ["CERT_REVOKED"]


def test_certificates_that_are_not_valid_make_the_next_ones_no_slower() -> None:
    checker = Checker("ТЕСТОВ ТЕСТ")
    validator = validator_with(checker)
    costs = []
    for _ in range(5):
        checker.asked.clear()
        assert codes(validator.validate(leaf(MIDDLE), AT)) == ["CERT_REVOKED"]
        costs.append(len(checker.asked))
    assert len(set(costs[1:])) == 1


def test_what_is_learned_of_an_issuer_is_heard() -> None:
    checker = Checker()
    validator = validator_with(checker)
    assert codes(validator.validate(leaf(MIDDLE), AT)) == []
    checker.revoked, checker.revision = ("middle",), 1
    assert codes(validator.validate(leaf(MIDDLE), AT)) == ["CERT_REVOKED"]


def test_who_signs_revocation_information_is_judged_to_the_same_anchor_and_ends() -> None:
    responder = leaf(MIDDLE, [("CN", "ТЕСТОВ ТЕСТ")])
    checker = Checker(signer=responder)
    assert codes(validator_with(checker).validate(leaf(MIDDLE), AT)) == []
    assert {report.indication for report in checker.signers} == {Indication.VALID}
    stranger = leaf(root("stranger"), [("CN", "ТЕСТОВ ТЕСТ")])
    checker = Checker(signer=stranger)
    validator_with(checker).validate(leaf(MIDDLE), AT)
    assert {report.indication for report in checker.signers} == {Indication.INDETERMINATE}


def test_names_can_be_looked_up_for_revocation() -> None:
    found: list[list[Certificate]] = []

    class Looking(Checker):
        def check(self, certificate: Certificate, issuer: Certificate, at: datetime, context: PathContext) -> Report:
            found.append([*context.known(Name(MIDDLE.name)), *context.known(Name(TOP.name))])
            return super().check(certificate, issuer, at, context)

    validator_with(Looking()).validate(leaf(MIDDLE), AT)
    assert found[0] == [certificate_of(MIDDLE), certificate_of(TOP)]
