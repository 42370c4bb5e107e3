"""Attacks on revocation information (rows 34, 35, 37 to 45 and 47), seen from the verdict on the certificate."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from egov_sign.certs import issue_extensions as ext
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.issue import Authority, sign_structure
from egov_sign.certs.issue_crl import TbsCertList, prepare_crl
from egov_sign.certs.issue_ocsp import UNKNOWN, refuse, revoked
from egov_sign.certs.ocsp import ResponseStatus
from egov_sign.certs.reasons import Reason
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.crypto import der_write as der
from egov_sign.verdict import Indication, Report, SubIndication
from tests.certs.small_ca import AT, DAY, HOUR, SmallCa, entry

ROOT = SmallCa("Root", 1)
CA = SmallCa("Issuer", 2, parent=ROOT, serial=20)
LEAF = CA.leaf()
CRITICAL = ext.extension("1.2.398.99", der.NULL, critical=True)
HOLD, REMOVED = Reason.CERTIFICATE_HOLD, Reason.REMOVE_FROM_CRL
FIRST_OF_TWO = CA.leaf(77, ext.crl_distribution_points("http://a.test/", "http://b.test/"))


def judge(*data: bytes, leaf: Certificate = LEAF, at: datetime = AT) -> Report:
    """Judge ``leaf`` below the issuer below the root; the root's list is always there."""
    sources = RevocationSources(crls=[ROOT.crl()])
    for item in data:
        sources.add(item)
    intermediates = [CA.certificate, SmallCa("Issuer", 9).certificate]
    trust = TrustStore([ROOT.certificate])
    return CertificateValidator(trust, intermediates=intermediates, revocation=Revocation(sources)).validate(leaf, at)


def assert_try_later(report: Report) -> None:
    assert (report.indication, report.sub_indication) == (Indication.INDETERMINATE, SubIndication.TRY_LATER)
    assert "REVOCATION_UNKNOWN" in report.codes


def assert_revoked(report: Report) -> None:
    assert (report.indication, report.sub_indication) == (Indication.INVALID, SubIndication.REVOKED)


def test_the_good_case() -> None:
    """Without this, nothing below would mean anything."""
    for data in (CA.crl(), CA.ocsp(), CA.ocsp(responder=CA.responder())):
        assert judge(data).codes == []
    assert_try_later(judge())


@pytest.mark.parametrize(
    "data",
    [
        CA.crl(extensions=(CRITICAL,)),
        CA.crl(entry(5, extensions=(CRITICAL,))),
        CA.ocsp(CA.answer(extensions=(CRITICAL,))),
        CA.ocsp(extensions=(CRITICAL,)),
    ],
    ids=["list", "entry", "single response", "response"],
)
def test_row_34_unknown_critical_extension(data: bytes) -> None:
    assert_try_later(judge(data))


def test_row_35_inner_and_outer_algorithm_differ() -> None:
    def listed(parts: TbsCertList, **change: Any) -> bytes:
        changed = {name: change.get(name, getattr(parts, name)) for name in TbsCertList.__slots__}
        return sign_structure(CA.authority, TbsCertList(**changed).encode())

    parts = prepare_crl(CA.authority, [], number=5, this_update=AT - HOUR, next_update=AT + DAY)
    other = der.sequence(der.oid("1.2.840.10045.4.3.3"))
    assert judge(listed(parts)).codes == []
    assert_try_later(judge(listed(parts, algorithm=other)))
    assert_try_later(judge(listed(parts, extensions=(*parts.extensions, ext.crl_number(6)))))


@pytest.mark.parametrize(
    "data",
    [
        ROOT.crl(number=9),
        SmallCa("Issuer", 9).crl(),
        CA.crl(extensions=(ext.issuing_distribution_point(only_ca=True),)),
        CA.crl(extensions=(ext.issuing_distribution_point(only_reasons=(Reason.SUPERSEDED,)),)),
        CA.crl(next_update=AT - timedelta(seconds=1)),
        CA.crl(this_update=AT + HOUR),
    ],
    ids=["other issuer", "other key", "scope", "some reasons", "expired", "future"],
)
def test_row_37_a_list_that_does_not_speak(data: bytes) -> None:
    assert_try_later(judge(data))


def test_row_38_an_indirect_list_is_read_with_its_certificate_issuers() -> None:
    indirect = (ext.issuing_distribution_point(indirect=True),)
    assert_revoked(judge(CA.crl(entry(5, certificate_issuer=CA.name), entry(77), extensions=indirect)))
    assert judge(CA.crl(entry(5, certificate_issuer=ROOT.name), entry(77), extensions=indirect)).codes == []
    assert_try_later(judge(CA.crl(entry(5, certificate_issuer=ROOT.name), entry(77))))


def test_row_39_a_list_signed_without_the_usage_for_it() -> None:
    silent = SmallCa("Silent", 3, parent=ROOT, serial=30, usage=("keyCertSign",))
    checker = Revocation(RevocationSources(crls=[ROOT.crl(), silent.crl()]))
    validator = CertificateValidator(
        TrustStore([ROOT.certificate]), intermediates=[silent.certificate], revocation=checker
    )
    report = validator.validate(silent.leaf(), AT)
    assert_try_later(report)
    assert "CRL_SIGNER_USAGE" in report.codes


@pytest.mark.parametrize(
    "responder",
    [SmallCa("Other", 4).responder(), CA.responder(usages=()), ROOT.responder(), SmallCa("Other", 4).authority],
    ids=["unrelated", "no OCSPSigning", "of the issuer's issuer", "unrelated authority"],
)
def test_row_40_an_answer_by_somebody_who_is_not_entitled(responder: Authority) -> None:
    assert_try_later(judge(CA.ocsp(responder=responder)))


def test_row_41_another_certificate_and_several_answers() -> None:
    bad = CA.answer(status=revoked(AT - DAY))
    for answers in ((CA.answer(), bad), (bad, CA.answer())):
        assert_revoked(judge(CA.ocsp(*answers)))
    assert_try_later(judge(CA.ocsp(CA.answer(78))))
    assert_try_later(judge(CA.ocsp(ROOT.answer())))


@pytest.mark.parametrize(
    "data",
    [
        CA.ocsp(CA.answer(next_update=AT - timedelta(seconds=1))),
        CA.ocsp(CA.answer(this_update=AT + HOUR), produced_at=AT + HOUR),
        CA.ocsp(produced_at=AT + HOUR),
        CA.ocsp(produced_at=AT - DAY),
    ],
    ids=["stale", "future", "made in the future", "made before what it tells"],
)
def test_row_42_an_answer_with_wrong_times(data: bytes) -> None:
    assert_try_later(judge(data))


@pytest.mark.parametrize(
    "data", [CA.ocsp(CA.answer(status=UNKNOWN)), *(refuse(status) for status in ResponseStatus if status)]
)
def test_row_43_no_answer_is_not_a_good_one(data: bytes) -> None:
    assert_try_later(judge(data))


def test_row_44_before_and_after_the_revocation() -> None:
    data = CA.crl(entry(77, AT))
    assert_revoked(judge(data, at=AT))
    before = judge(data, at=AT - timedelta(seconds=1))
    assert (before.indication, before.codes) == (Indication.VALID, ["CERT_REVOKED_LATER"])


def test_row_45_hold_and_release_in_a_delta() -> None:
    base = CA.crl(entry(77, reason=HOLD), number=5, this_update=AT - DAY)
    held = judge(base)
    assert (held.sub_indication, held.codes) == (SubIndication.TRY_LATER, ["CERT_ON_HOLD"])
    assert judge(base, CA.crl(entry(77, reason=REMOVED), number=6, base_number=5)).codes == []
    assert_revoked(judge(base, CA.crl(entry(77, reason=Reason.KEY_COMPROMISE), number=6, base_number=5)))
    assert judge(CA.crl(this_update=AT - DAY), CA.crl(entry(77, reason=HOLD), number=6, base_number=5)).codes == [
        "CERT_ON_HOLD"
    ]


@pytest.mark.parametrize("url", ["http://a.test/", "http://b.test/"])
def test_row_47_every_distribution_point_counts(url: str) -> None:
    scope = (ext.issuing_distribution_point(url=url),)
    assert judge(CA.crl(extensions=scope), leaf=FIRST_OF_TWO).codes == []
    assert_revoked(judge(CA.crl(entry(77), extensions=scope), leaf=FIRST_OF_TWO))
    other = (ext.issuing_distribution_point(url="http://c.test/"),)
    assert_try_later(judge(CA.crl(extensions=other), leaf=FIRST_OF_TWO))
