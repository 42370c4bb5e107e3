"""What is remembered of an issuer's list changes the time that a check takes, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from egov_sign.certs import issue_extensions as ext
from egov_sign.certs import standing
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.evidence import evidence_in
from egov_sign.certs.freshness import RevocationPolicy
from egov_sign.certs.issue_ocsp import revoked
from egov_sign.certs.reasons import Reason
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.verdict import Indication, Report
from tests.certs import paths_double
from tests.certs.small_ca import AT, DAY, HOUR, SmallCa, entry, point_elsewhere

CA = SmallCa()
OTHER = SmallCa("Other", 2)
LIST = CA.crl(entry(1), entry(2, reason=Reason.CERTIFICATE_HOLD), entry(3, AT + HOUR))
INDIRECT = CA.leaf(10, point_elsewhere("http://other/", OTHER.name))
UNREADABLE = CA.leaf(11, ext.extension("2.5.29.31", b"\x05\x00"))
LEAVES = [*(CA.leaf(serial) for serial in range(1, 7)), CA.leaf(8, until=AT - 2 * HOUR), INDIRECT, UNREADABLE]
MOMENTS = [AT + hours * HOUR for hours in (-30, -2, -1.05, -1, 0, 0.5, 1, 24, 24.1, 999)]


def judge(checker: Revocation, leaf: Certificate, at: Any = AT) -> Report:
    return paths_double.check(checker, leaf, CA.certificate, at)


@pytest.mark.parametrize("policy", [RevocationPolicy(), RevocationPolicy(crl_max_age=2 * HOUR)])
@pytest.mark.parametrize("at", MOMENTS, ids=str)
def test_a_warm_check_says_what_a_cold_one_says(at: Any, policy: RevocationPolicy) -> None:
    warm = Revocation(RevocationSources(crls=[LIST]), policy)
    judge(warm, CA.leaf(99))
    for leaf in LEAVES:
        cold = Revocation(RevocationSources(crls=[LIST]), policy)
        first, second = judge(cold, leaf, at), judge(warm, leaf, at)
        assert first.to_dict() == second.to_dict()
        assert evidence_in(first) == evidence_in(second)


def test_the_short_way_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    checker = Revocation(RevocationSources(crls=[LIST]))
    judge(checker, CA.leaf(98))
    monkeypatch.setattr("egov_sign.certs.revocation._Inquiry", None)
    assert judge(checker, CA.leaf(99)).indication is Indication.VALID


def test_what_is_added_is_heard() -> None:
    sources = RevocationSources(crls=[LIST])
    checker = Revocation(sources)
    for leaf, add, data in (
        (CA.leaf(77), sources.add_crl, CA.crl(entry(77), number=6, this_update=AT - HOUR / 2)),
        (CA.leaf(78), sources.add_response, CA.ocsp(CA.answer(78, revoked(AT - DAY)))),
    ):
        assert judge(checker, leaf).indication is Indication.VALID
        add(data)
        assert "CERT_REVOKED" in judge(checker, leaf).codes


@pytest.mark.parametrize(
    "crls",
    [
        [CA.crl(extensions=(ext.issuing_distribution_point(only_user=True),))],
        [CA.crl(number=4), CA.crl(number=5, this_update=AT - HOUR / 2)],
        [CA.crl(this_update=AT - DAY), CA.crl(number=6, base_number=5)],
        [],
    ],
    ids=["scope", "two lists", "delta", "none"],
)
def test_nothing_else_gets_a_standing(crls: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    checker = Revocation(RevocationSources(crls=crls))
    before = judge(checker, CA.leaf(99)).to_dict()
    monkeypatch.setattr(standing.Standing, "report", None)
    assert judge(checker, CA.leaf(99)).to_dict() == before


def test_another_key_under_the_issuers_name_has_no_standing() -> None:
    checker = Revocation(RevocationSources(crls=[LIST]))
    assert judge(checker, CA.leaf(99)).indication is Indication.VALID
    impostor = SmallCa("CA", 3)
    report = paths_double.check(checker, impostor.leaf(99), impostor.certificate, AT)
    assert report.codes == ["REVOCATION_UNKNOWN", "CRL_SIGNATURE"]


def test_the_end_of_an_algorithm_ends_the_standing() -> None:
    policy = RevocationPolicy()
    end = AT + timedelta(minutes=30)
    limited = type(policy.algorithms)("ends", dict.fromkeys(policy.algorithms.digests, end), policy.algorithms.keys)
    checker = Revocation(RevocationSources(crls=[LIST]), RevocationPolicy(algorithms=limited))
    assert judge(checker, CA.leaf(99)).indication is Indication.VALID
    assert judge(checker, CA.leaf(99), end - timedelta(seconds=1)).indication is Indication.VALID
    assert judge(checker, CA.leaf(99), end).codes == ["REVOCATION_UNKNOWN", "STATUS_ALGORITHM"]
