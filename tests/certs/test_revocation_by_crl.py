"""The status of a certificate by CRLs; every refusal stands beside the good case it differs from in one thing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from egov_sign.certs import issue_extensions as ext
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.evidence import RevocationReport, evidence_in
from egov_sign.certs.freshness import RevocationPolicy
from egov_sign.certs.issue import sign_structure
from egov_sign.certs.issue_crl import prepare_crl
from egov_sign.certs.reasons import Reason
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.crypto import der_write as der
from egov_sign.verdict import Indication, Report, SubIndication
from tests.certs import paths_double
from tests.certs.small_ca import AT, DAY, HOUR, SmallCa, entry, point_elsewhere

CA = SmallCa()
OTHER = SmallCa("Other", 2)
LEAF = CA.leaf()
SECOND = timedelta(seconds=1)
HOLD, REMOVED = Reason.CERTIFICATE_HOLD, Reason.REMOVE_FROM_CRL


def check(
    *crls: bytes,
    leaf: Certificate = LEAF,
    at: datetime = AT,
    known_at: datetime | None = None,
    policy: RevocationPolicy | None = None,
    ca: SmallCa = CA,
    pool: tuple[Certificate, ...] = (),
) -> Report:
    checker = Revocation(RevocationSources(crls=crls), policy or RevocationPolicy(), known_at=known_at)
    return paths_double.check(checker, leaf, ca.certificate, at, anchor=CA.certificate, pool=pool)


def assert_good(report: Report) -> None:
    assert report.indication is Indication.VALID, report.codes
    assert report.facts["status"] == "good"


def assert_unknown(report: Report, *codes: str) -> None:
    assert (report.indication, report.sub_indication) == (Indication.INDETERMINATE, SubIndication.TRY_LATER)
    assert report.codes == ["REVOCATION_UNKNOWN", *codes]
    assert report.facts["status"] == "unknown"
    assert report.facts["evidence"] == []


def assert_revoked(report: Report) -> None:
    assert (report.indication, report.sub_indication) == (Indication.INVALID, SubIndication.REVOKED)
    assert "CERT_REVOKED" in report.codes


def assert_on_hold(report: Report) -> None:
    assert (report.indication, report.sub_indication) == (Indication.INDETERMINATE, SubIndication.TRY_LATER)
    assert report.codes == ["CERT_ON_HOLD"]


def test_not_listed_is_good_and_the_evidence_is_kept() -> None:
    crl = CA.crl(entry(78))
    report = check(crl)
    assert_good(report)
    (evidence,) = evidence_in(report)
    assert (evidence.kind, evidence.data, evidence.status.label) == ("crl", crl, "good")
    assert report.facts["evidence"] == [evidence.to_dict()]
    assert evidence.to_dict() == {
        "kind": "crl",
        "digest": evidence.digest,
        "source": "given",
        "issuer": "C=KZ, CN=CA",
        "this_update": "2024-03-01T11:00:00Z",
        "next_update": "2024-03-02T12:00:00Z",
        "serial": "4d",
        "status": "good",
        "revoked_at": None,
        "reason": None,
    }


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason not in {HOLD, REMOVED}])
def test_every_lasting_reason_revokes(reason: Reason) -> None:
    report = check(CA.crl(entry(77, reason=reason)))
    assert_revoked(report)
    assert report.facts["reason"] == reason.label
    assert report.facts["revoked_at"] == "2024-02-29T12:00:00Z"


def test_an_entry_without_a_reason_revokes() -> None:
    assert_revoked(check(CA.crl(entry(77))))


def test_a_hold_is_neither_good_nor_final() -> None:
    assert_on_hold(check(CA.crl(entry(77, reason=HOLD))))


@pytest.mark.req("R402")
@pytest.mark.parametrize("reason", [None, HOLD])
def test_the_second_of_revocation_decides(reason: Reason | None) -> None:
    crl = CA.crl(entry(77, AT, reason))
    assert check(crl, at=AT).indication is not Indication.VALID
    assert check(crl, at=AT + SECOND).indication is not Indication.VALID
    before = check(crl, at=AT - SECOND)
    assert_good(before)
    assert before.codes == ["CERT_REVOKED_LATER"]
    assert before.facts["revoked_at"] == "2024-03-01T12:00:00Z"


def test_an_invalidity_date_is_information_only() -> None:
    suspect = CA.crl(entry(77, AT + HOUR, Reason.KEY_COMPROMISE, invalidity_date=AT - 9 * DAY))
    report = check(suspect)
    assert_good(report)
    assert report.codes == ["CERT_REVOKED_LATER", "KEY_SUSPECT_SINCE"]
    assert report.facts["invalidity_date"] == "2024-02-21T12:00:00Z"


@pytest.mark.req("R404")
def test_nothing_at_hand_is_unknown() -> None:
    assert_unknown(check())


@pytest.mark.req("R404")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"next_update": AT - SECOND}, "STATUS_STALE"),
        ({"next_update": None}, "STATUS_NO_NEXT_UPDATE"),
        ({"this_update": AT + HOUR}, "STATUS_FROM_FUTURE"),
        ({"extensions": (ext.extension("1.2.398.99", der.NULL, critical=True),)}, "CRL_CRITICAL_EXTENSION"),
        ({"extensions": (ext.issuing_distribution_point(only_ca=True),)}, "CRL_OUT_OF_SCOPE"),
        ({"extensions": (ext.issuing_distribution_point(only_attribute=True),)}, "CRL_OUT_OF_SCOPE"),
        ({"extensions": (ext.issuing_distribution_point(url="http://other/"),)}, "CRL_OUT_OF_SCOPE"),
        (
            {"extensions": (ext.issuing_distribution_point(only_reasons=(Reason.KEY_COMPROMISE,)),)},
            "CRL_REASONS_INCOMPLETE",
        ),
        ({"base_number": 4}, "CRL_DELTA_WITHOUT_BASE"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_list_that_proves_nothing_is_unknown(change: dict[str, Any], code: str) -> None:
    assert_good(check(CA.crl()))
    assert_unknown(check(CA.crl(**change)), code)


def test_a_list_holds_to_its_last_second() -> None:
    assert_good(check(CA.crl(next_update=AT)))


def test_the_issuers_clock_may_be_a_little_ahead() -> None:
    ahead = CA.crl(this_update=AT + timedelta(minutes=5))
    assert_good(check(ahead))
    assert_unknown(check(ahead, policy=RevocationPolicy(clock_skew=timedelta(0))), "STATUS_FROM_FUTURE")


def test_a_maximum_age_shortens_what_the_list_promises() -> None:
    assert_good(check(CA.crl(), policy=RevocationPolicy(crl_max_age=HOUR)))
    assert_unknown(check(CA.crl(), policy=RevocationPolicy(crl_max_age=HOUR - SECOND)), "STATUS_STALE")


@pytest.mark.req("R404")
def test_a_list_of_somebody_else_is_unknown() -> None:
    assert_unknown(check(OTHER.crl()))
    impostor = SmallCa("CA", 3)
    assert_unknown(check(impostor.crl()), "CRL_SIGNATURE")
    assert_unknown(check(impostor.crl(), pool=(impostor.certificate,)), "CRL_SIGNER_UNTRUSTED", "CERT_UNTRUSTED")


def test_a_changed_list_is_unknown() -> None:
    crl = CA.crl(entry(77))
    changed = crl.replace(der.integer(77), der.integer(78))
    assert_unknown(check(changed), "CRL_SIGNATURE")


def test_the_issuers_key_must_be_allowed_to_sign_lists() -> None:
    for usage, good in ((("keyCertSign", "cRLSign"), True), (("keyCertSign",), False)):
        ca = SmallCa("Sub", 4, parent=CA, usage=usage)
        report = check(ca.crl(), leaf=ca.leaf(), ca=ca)
        if good:
            assert_good(report)
        else:
            assert_unknown(report, "CRL_SIGNER_USAGE")


SIGNERS = (ext.issuing_distribution_point(url="http://signers/"),)
"""The scope of a list that speaks only about certificates with this distribution point: those who sign lists."""


def list_signer(title: str) -> SmallCa:
    point = ext.crl_distribution_points("http://signers/")
    return SmallCa(title, 5, parent=CA, usage=("cRLSign",), ca=False, serial=500, extensions=(point,))


def test_a_list_signed_with_another_key_of_the_same_authority() -> None:
    """RFC 5280, 6.3.3 (f): the other key needs a valid path of its own to the same anchor, its status included."""
    signer = list_signer("CA")
    pool = (signer.certificate,)
    good, revoked = CA.crl(extensions=SIGNERS), CA.crl(entry(500), extensions=SIGNERS)
    report = check(signer.crl(), good, pool=pool)
    assert_good(report)
    assert {found.data for found in evidence_in(report)} == {signer.crl(), good}
    again = Revocation(RevocationSources.of_evidence(evidence_in(report)))
    assert_good(paths_double.check(again, LEAF, CA.certificate, AT, pool=pool))
    assert_revoked(check(signer.crl(entry(77)), good, pool=pool))
    assert_unknown(check(signer.crl(), good), "CRL_SIGNATURE", "CRL_OUT_OF_SCOPE")
    report = check(signer.crl(), revoked, pool=pool)
    assert report.codes[:2] == ["REVOCATION_UNKNOWN", "CRL_SIGNER_UNTRUSTED"]
    assert "CERT_REVOKED" in report.codes


def test_an_entry_that_cannot_be_read_proves_nothing() -> None:
    """30 February: the list is what was signed, and what it says of this one certificate is not to be had."""
    dated = entry(77).encode().replace(b"240229120000Z", b"240230120000Z")
    parts = prepare_crl(CA.authority, [], number=5, this_update=AT - HOUR, next_update=AT + DAY)
    crl = sign_structure(CA.authority, replace(parts, entries=(dated,)).encode())
    assert_unknown(check(crl), "CRL_ENTRY_UNREADABLE")
    assert_good(check(crl, leaf=CA.leaf(78)))


def test_a_namesake_with_an_unknown_key_is_passed_over() -> None:
    odd = CA.leaf(79)
    odd.subject, odd.spki = (
        CA.certificate.subject,
        der.sequence(der.sequence(der.oid("1.2.398.99")), der.bit_string(b"k")),
    )
    assert_unknown(check(SmallCa("CA", 3).crl(), pool=(odd,)), "CRL_SIGNATURE")


# Several lists


def test_a_stale_list_still_proves_a_lasting_revocation_and_nothing_else() -> None:
    stale = {"this_update": AT - 9 * DAY, "next_update": AT - 8 * DAY}
    assert_revoked(check(CA.crl(entry(77, AT - 9 * DAY), **stale)))  # type: ignore[arg-type]
    assert_unknown(check(CA.crl(entry(77, AT - 9 * DAY, HOLD), **stale)), "STATUS_STALE")  # type: ignore[arg-type]


def test_the_newer_list_counts_whatever_the_order() -> None:
    older = CA.crl(entry(77, AT - 9 * DAY, HOLD), number=4, this_update=AT - DAY)
    newer = CA.crl(number=5)
    assert_on_hold(check(older))
    assert_good(check(older, newer))
    assert_good(check(newer, older))
    assert_revoked(check(CA.crl(number=4, this_update=AT - DAY), CA.crl(entry(77), number=5)))


def test_a_list_issued_later_is_used_only_where_it_was_known() -> None:
    later = CA.crl(entry(77, AT - HOUR), number=6, this_update=AT + DAY, next_update=AT + 2 * DAY)
    assert_unknown(check(later, leaf=CA.leaf(78)), "STATUS_FROM_FUTURE")
    assert_good(check(later, leaf=CA.leaf(78), known_at=AT + DAY))
    assert_revoked(check(CA.crl(), later, known_at=AT + DAY))


def test_a_list_issued_after_the_certificate_expired_proves_nothing() -> None:
    expired = CA.leaf(until=AT + HOUR)
    later = {"number": 6, "this_update": AT + DAY, "next_update": AT + 2 * DAY}
    assert_unknown(check(CA.crl(**later), leaf=expired, known_at=AT + DAY), "STATUS_AFTER_EXPIRY")  # type: ignore[arg-type]
    keeps = ext.extension("2.5.29.60", der.generalized_time(AT - 999 * DAY))
    assert_good(check(CA.crl(**later, extensions=(keeps,)), leaf=expired, known_at=AT + DAY))  # type: ignore[arg-type]


def test_reasons_add_up_over_lists() -> None:
    half = (Reason.KEY_COMPROMISE, Reason.CA_COMPROMISE)
    rest = tuple(reason for reason in Reason if reason not in {*half, Reason.UNSPECIFIED, REMOVED})
    first = CA.crl(extensions=(ext.issuing_distribution_point(only_reasons=half),))
    second = CA.crl(extensions=(ext.issuing_distribution_point(only_reasons=rest),))
    revoking = CA.crl(entry(77, reason=HOLD), extensions=(ext.issuing_distribution_point(only_reasons=rest),))
    assert_unknown(check(first), "CRL_REASONS_INCOMPLETE")
    assert_unknown(check(second), "CRL_REASONS_INCOMPLETE")
    good = check(first, second)
    assert_good(good)
    assert len(evidence_in(good)) == 2
    assert_on_hold(check(first, revoking))


@pytest.mark.req("R404")
def test_every_distribution_point_is_considered() -> None:
    leaf = CA.leaf(77, ext.crl_distribution_points("http://first/", "http://second/"))
    for url, good in (("http://first/", True), ("http://second/", True), ("http://third/", False)):
        report = check(CA.crl(extensions=(ext.issuing_distribution_point(url=url),)), leaf=leaf)
        if good:
            assert_good(report)
        else:
            assert_unknown(report, "CRL_OUT_OF_SCOPE")


# Deltas

BASE = {"number": 5, "this_update": AT - DAY}


@pytest.mark.parametrize(
    ("base", "delta", "verdict"),
    [
        ((), (), assert_good),
        ((), (entry(77, reason=Reason.SUPERSEDED),), assert_revoked),
        ((), (entry(77, reason=HOLD),), assert_on_hold),
        ((entry(77, reason=HOLD),), (), assert_on_hold),
        ((entry(77, reason=HOLD),), (entry(77, reason=REMOVED),), assert_good),
        ((entry(77, reason=HOLD),), (entry(77, reason=Reason.KEY_COMPROMISE),), assert_revoked),
        ((entry(77, reason=Reason.SUPERSEDED),), (entry(77, reason=REMOVED),), assert_revoked),
        ((), (entry(77, reason=REMOVED),), assert_good),
    ],
)
def test_a_delta_changes_its_base(base: Any, delta: Any, verdict: Any) -> None:
    complete = CA.crl(*base, **BASE)  # type: ignore[arg-type]
    changes = CA.crl(*delta, number=6, base_number=5)
    verdict(check(complete, changes))
    verdict(check(changes, complete))


def test_a_delta_of_the_same_second_as_its_base_counts() -> None:
    assert_on_hold(check(CA.crl(number=5), CA.crl(entry(77, reason=HOLD), number=6, base_number=5)))


def test_a_fresh_delta_makes_a_stale_base_fresh() -> None:
    base = CA.crl(number=5, this_update=AT - 9 * DAY, next_update=AT - 8 * DAY)
    assert_unknown(check(base), "STATUS_STALE")
    report = check(base, CA.crl(number=6, base_number=5))
    assert_good(report)
    assert len(evidence_in(report)) == 2


def test_a_stale_delta_adds_nothing_but_what_it_revokes() -> None:
    stale = {"number": 6, "base_number": 5, "this_update": AT - 9 * DAY, "next_update": AT - 8 * DAY}
    base = CA.crl(number=5, this_update=AT - 10 * DAY)
    assert_good(check(base, CA.crl(**stale)))  # type: ignore[arg-type]
    assert_revoked(check(base, CA.crl(entry(77, AT - 9 * DAY), **stale)))  # type: ignore[arg-type]


@pytest.mark.parametrize(("number", "base_number"), [(7, 6), (5, 4)], ids=["base too new", "older than the base"])
def test_a_delta_that_does_not_fit_is_not_applied(number: int, base_number: int) -> None:
    base = CA.crl(entry(77, reason=HOLD), **BASE)  # type: ignore[arg-type]
    lifted = CA.crl(entry(77, reason=REMOVED), number=number, base_number=base_number)
    assert_on_hold(check(base, lifted))
    assert_good(check(base, CA.crl(entry(77, reason=REMOVED), number=6, base_number=5)))


# Indirect lists


def test_an_indirect_list_speaks_for_those_who_name_its_issuer() -> None:
    indirect = (ext.issuing_distribution_point(indirect=True),)
    signer = list_signer("Lists")
    pool, status = (signer.certificate,), CA.crl(extensions=SIGNERS)
    leaf = CA.leaf(77, point_elsewhere("http://lists/", signer.name))
    ours, theirs = entry(77, certificate_issuer=CA.name), entry(77, certificate_issuer=OTHER.name)
    assert_good(check(signer.crl(theirs, extensions=indirect), status, leaf=leaf, pool=pool))
    assert_revoked(check(signer.crl(ours, extensions=indirect), status, leaf=leaf, pool=pool))
    assert_unknown(check(signer.crl(), status, leaf=leaf, pool=pool), "CRL_OUT_OF_SCOPE", "CRL_OUT_OF_SCOPE")
    assert_unknown(check(signer.crl(extensions=indirect), status, leaf=LEAF, pool=pool), "CRL_OUT_OF_SCOPE")


def test_an_entry_of_another_issuer_with_the_same_serial_is_somebody_else() -> None:
    indirect = ext.issuing_distribution_point(indirect=True)
    assert_good(check(CA.crl(entry(77, certificate_issuer=OTHER.name), extensions=(indirect,))))
    assert_revoked(check(CA.crl(entry(77), extensions=(indirect,))))


def test_a_list_of_others_that_does_not_say_so_is_unusable() -> None:
    assert_unknown(check(CA.crl(entry(77, certificate_issuer=OTHER.name))), "CRL_SCOPE_MALFORMED")


def test_evidence_is_judged_again_years_later() -> None:
    """R402: the status at the time of signing, from the bytes that were kept."""
    kept = evidence_in(check(CA.crl(entry(78))))
    again = Revocation(RevocationSources.of_evidence(kept))
    assert_good(paths_double.check(again, LEAF, CA.certificate, AT))
    assert_unknown(paths_double.check(again, LEAF, CA.certificate, AT + 700 * DAY), "STATUS_STALE")


def test_a_report_without_revocation_has_no_evidence() -> None:
    assert evidence_in(Report("certificate", children=[Report("signature")])) == []
    uncounted = RevocationReport("revocation", counts=False, evidence=evidence_in(check(CA.crl())))
    assert evidence_in(Report("certificate", children=[uncounted])) == []
