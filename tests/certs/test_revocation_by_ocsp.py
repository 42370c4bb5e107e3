"""The status of a certificate by OCSP; every refusal stands beside the good case it differs from in one thing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from egov_sign.certs import issue_extensions as ext
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.evidence import evidence_in
from egov_sign.certs.issue_ocsp import UNKNOWN, issue_ocsp, refuse, revoked
from egov_sign.certs.ocsp import CertId, OcspResponse, ResponseStatus, build_request
from egov_sign.certs.reasons import Reason
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.crypto import der_write as der
from egov_sign.errors import InputError, LimitError, UnsupportedError
from egov_sign.limits import Limits
from egov_sign.verdict import Indication, Report, SubIndication
from tests.certs import paths_double
from tests.certs.small_ca import AT, DAY, HOUR, SmallCa, entry

CA = SmallCa()
OTHER = SmallCa("Other", 2)
LEAF = CA.leaf()
SECOND = timedelta(seconds=1)
SUPERSEDED, NEVER = "2022-01-18T06:30:55Z", "1970-01-01T00:00:00Z"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CRITICAL = ext.extension("1.2.398.99", der.NULL, critical=True)


def check(
    *responses: bytes, leaf: Certificate = LEAF, at: datetime = AT, crls: tuple[bytes, ...] = (), **more: Any
) -> Report:
    checker = Revocation(RevocationSources(responses=responses, crls=crls), **more)
    return paths_double.check(checker, leaf, CA.certificate, at)


def assert_good(report: Report) -> None:
    assert report.indication is Indication.VALID, report.codes
    assert report.facts["status"] == "good"


def assert_unknown(report: Report, *codes: str) -> None:
    assert (report.indication, report.sub_indication) == (Indication.INDETERMINATE, SubIndication.TRY_LATER)
    assert report.codes == ["REVOCATION_UNKNOWN", *codes]


def assert_revoked(report: Report, code: str = "CERT_REVOKED") -> None:
    assert (report.indication, report.sub_indication) == (Indication.INVALID, SubIndication.REVOKED)
    assert code in report.codes


# Who signed


@pytest.mark.parametrize("by_name", [False, True])
def test_the_issuer_answers_itself(by_name: bool) -> None:
    response = CA.ocsp(by_name=by_name)
    report = check(response)
    assert_good(report)
    (evidence,) = evidence_in(report)
    assert (evidence.kind, evidence.data, evidence.status.label) == ("ocsp", response, "good")


@pytest.mark.parametrize("by_name", [False, True])
def test_a_responder_of_the_issuer_answers(by_name: bool) -> None:
    assert_good(check(CA.ocsp(responder=CA.responder(), by_name=by_name)))


@pytest.mark.req("R404")
@pytest.mark.parametrize(
    ("responder", "code"),
    [
        (CA.responder(usages=()), "OCSP_RESPONDER_USAGE"),
        (CA.responder(usages=("1.3.6.1.5.5.7.3.2",)), "OCSP_RESPONDER_USAGE"),
        (CA.responder(not_after=AT - HOUR), "OCSP_RESPONDER_EXPIRED"),
        (CA.responder(not_before=AT), "OCSP_RESPONDER_EXPIRED"),
        (CA.responder(CRITICAL), "OCSP_RESPONDER_IRREGULAR"),
        (OTHER.responder(), "OCSP_RESPONDER_FOREIGN"),
        (SmallCa("CA", 3).responder(), "OCSP_RESPONDER_FOREIGN"),
        (SmallCa("Sub", 4, parent=CA).responder(), "OCSP_RESPONDER_FOREIGN"),
    ],
    ids=["no EKU", "other EKU", "expired", "not yet valid", "critical", "other CA", "same name", "below the issuer"],
)
def test_a_signer_who_is_not_entitled(responder: Any, code: str) -> None:
    assert_unknown(check(CA.ocsp(responder=responder)), code)


def test_any_extended_key_usage_is_not_the_one_for_ocsp() -> None:
    assert_unknown(check(CA.ocsp(responder=CA.responder(usages=("2.5.29.37.0",)))), "OCSP_RESPONDER_USAGE")


def test_a_signature_of_somebody_else() -> None:
    assert_unknown(check(OTHER.ocsp(CA.answer())), "OCSP_SIGNATURE")
    changed = CA.ocsp(CA.answer(this_update=AT - HOUR)).replace(b"20240301110000Z", b"20240301110001Z")
    assert_unknown(check(changed), "OCSP_SIGNATURE")


def test_of_two_certificates_for_one_responder_key_the_one_that_holds_counts() -> None:
    old, new = CA.responder(not_after=AT - DAY), CA.responder(serial=5001)
    for first, second in ((old, new), (new, old)):
        response = issue_ocsp(
            new, [CA.answer()], produced_at=AT - HOUR / 2, certificates=[first.certificate, second.certificate]
        )
        assert_good(check(response))
    both_old = issue_ocsp(new, [CA.answer()], produced_at=AT - HOUR / 2, certificates=[old.certificate])
    assert_unknown(check(both_old), "OCSP_RESPONDER_EXPIRED")


# The responder's own status


def test_a_responder_without_nocheck_is_checked_where_its_certificate_says_how() -> None:
    point = ext.crl_distribution_points("http://crl/")
    response = CA.ocsp(responder=CA.responder(point, no_check=False))
    scope = (ext.issuing_distribution_point(url="http://crl/"),)
    assert_good(check(response, crls=(CA.crl(extensions=scope),)))
    for crls in ((), (CA.crl(entry(5000), extensions=scope),)):
        report = check(response, crls=crls)
        assert report.indication is Indication.INDETERMINATE
        assert "OCSP_RESPONDER_REVOKED" in report.codes


def test_a_responder_that_says_nothing_about_its_status_is_accepted_with_a_note() -> None:
    response = CA.ocsp(responder=CA.responder(no_check=False))
    report = check(response)
    assert_good(report)
    assert report.codes == ["OCSP_RESPONDER_UNCHECKED"]
    by_list = check(response, crls=(CA.crl(entry(5000)),))
    assert_good(by_list)  # by the list: what a revoked responder says is not heard
    (unheard,) = (child for child in by_list.children if child.subject == "ocsp")
    assert (unheard.counts, unheard.codes) == (False, ["OCSP_RESPONDER_REVOKED"])


def test_a_responder_does_not_vouch_for_itself() -> None:
    pointer = ext.authority_access(ocsp=("http://ocsp/",))
    responder = CA.responder(pointer, no_check=False)
    about_itself = CA.ocsp(CA.answer(5000), responder=responder)
    about_both = CA.ocsp(CA.answer(77), CA.answer(5000), responder=responder)
    assert_unknown(check(CA.ocsp(responder=responder), about_itself), "OCSP_RESPONDER_REVOKED")
    assert_unknown(check(about_both), "OCSP_RESPONDER_REVOKED")


# What is said


@pytest.mark.req("R404")
@pytest.mark.parametrize(
    ("response", "code"),
    [
        (CA.ocsp(CA.answer(status=UNKNOWN)), "OCSP_UNKNOWN"),
        (CA.ocsp(CA.answer(next_update=AT - SECOND)), "STATUS_STALE"),
        (CA.ocsp(CA.answer(next_update=None, this_update=AT - 2 * HOUR)), "OCSP_TIMES"),
        (CA.ocsp(CA.answer(this_update=AT + HOUR), produced_at=AT + HOUR), "OCSP_TIMES"),
        (CA.ocsp(CA.answer(), produced_at=AT - 2 * HOUR), "OCSP_TIMES"),
        (CA.ocsp(CA.answer(), produced_at=AT + HOUR), "OCSP_TIMES"),
        (CA.ocsp(extensions=(CRITICAL,)), "OCSP_CRITICAL_EXTENSION"),
        (CA.ocsp(CA.answer(extensions=(CRITICAL,))), "OCSP_CRITICAL_EXTENSION"),
        (CA.ocsp(CA.answer(), CA.answer(status=UNKNOWN)), "OCSP_UNKNOWN"),
        *((refuse(status), "OCSP_NO_ANSWER") for status in ResponseStatus if status),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_answer_that_proves_nothing(response: bytes, code: str) -> None:
    assert_good(check(CA.ocsp()))
    assert_unknown(check(response), code)


def test_a_response_without_next_update_holds_for_a_while() -> None:
    answer = CA.answer(next_update=None, this_update=AT - HOUR)
    assert_good(check(CA.ocsp(answer, produced_at=AT - HOUR)))
    assert_unknown(check(CA.ocsp(answer, produced_at=AT - HOUR), at=AT + SECOND), "STATUS_STALE")


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
def test_the_certificate_is_identified_with_any_known_digest(digest: str) -> None:
    assert_good(check(CA.ocsp(CA.answer(digest=digest))))
    assert_unknown(check(CA.ocsp(OTHER.answer(digest=digest))), "OCSP_OTHER_CERTIFICATE")


def test_a_certificate_named_by_an_unknown_digest_is_not_recognised() -> None:
    identifier = der.sequence(
        der.sequence(der.oid("1.2.398.99"), der.NULL), der.octet_string(b"n"), der.octet_string(b"k"), der.integer(77)
    )
    (answer,) = OcspResponse.load(CA.ocsp(replace(CA.answer(), certificate=identifier))).answers
    assert answer.cert_id is None
    both = CA.ocsp(replace(CA.answer(), certificate=identifier), CA.answer(status=revoked(AT - DAY)))
    assert_revoked(check(both))


def test_an_answer_about_the_same_number_of_another_issuer() -> None:
    same_name = SmallCa("CA", 3)
    same_key = SmallCa("Renamed", 1)
    for other in (OTHER, same_name, same_key):
        assert_unknown(check(CA.ocsp(other.answer())), "OCSP_OTHER_CERTIFICATE")
    assert_unknown(check(CA.ocsp(CA.answer(78))))


def test_of_several_answers_the_gravest_counts() -> None:
    bad = CA.answer(status=revoked(AT - DAY, Reason.KEY_COMPROMISE))
    for answers in ((CA.answer(), bad), (bad, CA.answer()), (CA.answer(78), bad)):
        assert_revoked(check(CA.ocsp(*answers)))
    assert_good(check(CA.ocsp(CA.answer(78), CA.answer(), CA.answer(79, UNKNOWN))))


def test_of_several_responses_the_latest_speaks_unless_one_is_final() -> None:
    earlier: dict[str, Any] = {"this_update": AT - 3 * HOUR}
    held, final = revoked(AT - DAY, Reason.CERTIFICATE_HOLD), revoked(AT - DAY)
    old_hold = CA.ocsp(CA.answer(status=held, **earlier), produced_at=AT - 3 * HOUR)
    old_good = CA.ocsp(CA.answer(**earlier), produced_at=AT - 3 * HOUR)
    assert_good(check(old_hold, CA.ocsp()))
    assert check(old_good, CA.ocsp(CA.answer(status=held))).codes == ["CERT_ON_HOLD"]
    assert_revoked(check(CA.ocsp(CA.answer(status=final, **earlier), produced_at=AT - 3 * HOUR), CA.ocsp()))


@pytest.mark.req("R402")
def test_revocation_is_judged_at_the_time_asked_about() -> None:
    response = CA.ocsp(CA.answer(status=revoked(AT, Reason.SUPERSEDED)))
    assert_revoked(check(response, at=AT))
    before = check(response, at=AT - SECOND)
    assert_good(before)
    assert before.codes == ["CERT_REVOKED_LATER"]


def test_hold_and_never_issued_are_told_apart() -> None:
    hold = check(CA.ocsp(CA.answer(status=revoked(AT - DAY, Reason.CERTIFICATE_HOLD))))
    assert (hold.indication, hold.codes) == (Indication.INDETERMINATE, ["CERT_ON_HOLD"])
    answer = CA.answer(status=revoked(EPOCH, Reason.CERTIFICATE_HOLD))
    assert check(CA.ocsp(answer)).codes == ["CERT_ON_HOLD"]
    assert_revoked(check(CA.ocsp(answer, extensions=(ext.ocsp_extended_revoke(),))), "CERT_NEVER_ISSUED")


@pytest.mark.req("R404")
def test_a_list_that_says_good_does_not_outweigh_a_response_that_says_revoked() -> None:
    response = CA.ocsp(CA.answer(status=revoked(AT - DAY)))
    good, bad = CA.ocsp(), CA.crl(entry(77))
    for report in (check(response, crls=(CA.crl(),)), check(good, crls=(bad,))):
        assert_revoked(report)
        assert "REVOCATION_SOURCES_DISAGREE" in report.codes
        assert len(report.children) == 2
    assert check(good, crls=(CA.crl(),)).codes == []


def test_a_stale_response_still_proves_a_lasting_revocation() -> None:
    stale: dict[str, Any] = {"this_update": AT - 9 * DAY, "next_update": AT - 8 * DAY}
    final, hold = revoked(AT - 9 * DAY), revoked(AT - 9 * DAY, Reason.CERTIFICATE_HOLD)
    assert_revoked(check(CA.ocsp(CA.answer(status=final, **stale), produced_at=AT - 9 * DAY)))
    assert_unknown(check(CA.ocsp(CA.answer(status=hold, **stale), produced_at=AT - 9 * DAY)), "STATUS_STALE")


def test_a_response_made_later_is_used_only_where_it_was_known() -> None:
    later = CA.ocsp(CA.answer(this_update=AT + DAY, next_update=AT + 2 * DAY), produced_at=AT + DAY)
    assert_unknown(check(later), "OCSP_TIMES")
    assert_good(check(later, known_at=AT + DAY))


# Reading


def test_a_response_is_read_whole() -> None:
    responder = CA.responder()
    nonce = ext.ocsp_nonce(b"12345678")
    response = OcspResponse.load(CA.ocsp(responder=responder, extensions=(nonce, ext.ocsp_extended_revoke())))
    assert (response.status, response.produced_at) == (ResponseStatus.SUCCESSFUL, AT - HOUR / 2)
    assert (response.nonce, response.extended_revoke) == (b"12345678", True)
    assert [found.der for found in response.certificates] == [responder.certificate]
    (answer,) = response.answers
    assert answer.cert_id == CertId.of(LEAF, CA.certificate)
    assert (answer.this_update, answer.next_update, answer.reason) == (AT - HOUR / 2, AT + DAY, None)


def test_what_is_no_response_is_refused() -> None:
    encoded = CA.ocsp()
    for data in (b"", b"<html>", CA.crl(), encoded + b"\x00", *(encoded[:length] for length in range(len(encoded)))):
        with pytest.raises(InputError) as caught:
            OcspResponse.load(data)
        assert caught.value.code == "OCSP_MALFORMED"
    with pytest.raises(LimitError, match="OCSP_TOO_LARGE"):
        OcspResponse.load(encoded, Limits(ocsp_bytes=len(encoded) - 1))
    with pytest.raises(UnsupportedError, match="OCSP_TYPE"):
        OcspResponse.load(encoded.replace(der.oid("1.3.6.1.5.5.7.48.1.1"), der.oid("1.3.6.1.5.5.7.48.1.8")))


def test_a_request_is_what_other_tools_read() -> None:
    from cryptography.x509 import ocsp

    request = ocsp.load_der_ocsp_request(build_request(CertId.of(LEAF, CA.certificate, "sha256"), b"0123456789abcdef"))
    assert request.serial_number == 77
    assert request.hash_algorithm.name == "sha256"
    assert request.extensions[0].value.nonce == b"0123456789abcdef"
    assert len(ocsp.load_der_ocsp_request(build_request(CertId.of(LEAF, CA.certificate))).extensions) == 0


# The country's responses


@pytest.mark.req("R404")
@pytest.mark.parametrize(
    ("response", "issuer", "serial", "status", "since"),
    [
        ("ceo_2015_revoked", "gost2015", 0x3A90343E720594C55204B19CB9A402422EF0E622, "on-hold", "2022-07-27T10:25:30Z"),
        (
            "ceo_sign_2004_revoked",
            "gost",
            0x12E3E7B9966D09EB9CDA64251457E815C2A8DDED,
            "revoked",
            SUPERSEDED,
        ),
        (
            "individual_2015",
            "gost2015",
            0x0FF06211DC82BEB00253FFA000F1DE84ABEF454F,
            "never-issued",
            "1970-01-01T00:00:00Z",
        ),
        ("individual_sign_2004", "rsa", 0x4279390A141F5353A62947B61ED65E81741467D1, "good", None),
    ],
)
def test_the_responses_of_the_country(
    corpus: Path, response: str, issuer: str, serial: int, status: str, since: str | None
) -> None:
    authority = Certificate.read(corpus / f"ncanode/ca/nca_{issuer}_test.{'cer' if issuer == 'gost2015' else 'crt'}")
    data = (corpus / f"ncanode/ocsp/ocsp_response_{response}.bin").read_bytes()
    leaf = CA.leaf(serial, until=AT)  # of the certificate, OCSP looks at its number and its issuer's name only
    leaf.issuer = authority.subject
    checker = Revocation(RevocationSources(responses=[data]))
    at = OcspResponse.load(data).produced_at
    report = paths_double.check(checker, leaf, authority, at)
    assert report.facts["status"] == status
    assert report.facts["revoked_at"] == since
    stale = paths_double.check(checker, leaf, authority, at + DAY)
    assert stale.facts["status"] == (status if status in {"revoked", "never-issued"} else "unknown")
    changed = data.replace(der.generalized_time(at), der.generalized_time(at - SECOND))
    tampered = Revocation(RevocationSources(responses=[changed]))
    assert_unknown(paths_double.check(tampered, leaf, authority, at), "OCSP_SIGNATURE")
