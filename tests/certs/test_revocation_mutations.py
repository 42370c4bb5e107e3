"""Lists and responses whose bytes were changed: nothing but what was signed is ever believed.

A second opinion: what is still "good" after a change, OpenSSL (through ``cryptography``) finds signed and unlisted.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import ocsp
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from egov_sign.certs import issue_extensions as ext
from egov_sign.certs.freshness import RevocationPolicy
from egov_sign.certs.issue_ocsp import revoked
from egov_sign.certs.reasons import Reason
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.crypto import der
from egov_sign.verdict import Indication, Report
from tests.certs import paths_double
from tests.certs.small_ca import AT, DAY, SmallCa, entry

MUTATIONS = int(os.environ.get("EGOV_SIGN_MUTATIONS", "300"))
CA = SmallCa()
LEAF = CA.leaf(77, ext.crl_distribution_points("http://a.test/"))
RESPONDER = CA.responder()
POINT = (ext.issuing_distribution_point(url="http://a.test/", only_user=True), ext.freshest_crl("http://b.test/"))
GOOD_LIST = CA.crl(entry(78, reason=Reason.SUPERSEDED), entry(79), extensions=POINT)
BAD_LIST = CA.crl(entry(77, reason=Reason.KEY_COMPROMISE), entry(79), extensions=POINT)
GOOD_RESPONSE = CA.ocsp(CA.answer(), CA.answer(78), responder=RESPONDER, extensions=(ext.ocsp_nonce(b"12345678"),))
BAD_RESPONSE = CA.ocsp(CA.answer(status=revoked(AT - DAY)), CA.answer(78), responder=RESPONDER)
KEY = x509.load_der_x509_certificate(CA.certificate.der).public_key()
TIGHT = RevocationPolicy()
quick = settings(max_examples=MUTATIONS, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])


@st.composite
def changed(draw: st.DrawFn, original: bytes) -> bytes:
    """Return ``original`` with a few bytes set, cut out, put in, or taken from elsewhere in it."""
    data = bytearray(original)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data) - 1))
        match draw(st.sampled_from(["set", "flip", "cut", "insert", "copy"])):
            case "set":
                data[at] = draw(st.integers(0, 255))
            case "flip":
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "cut":
                del data[at : at + draw(st.integers(1, 4))]
            case "insert":
                data[at:at] = draw(st.binary(min_size=1, max_size=4))
            case "copy":
                start = draw(st.integers(0, len(data) - 1))
                piece = data[start : start + draw(st.integers(1, 16))]
                data[at : at + len(piece)] = piece
        assume(data)
    assume(bytes(data) != original)
    return bytes(data)


def judge(data: bytes) -> Report:
    sources = RevocationSources()
    sources.offer(data, "changed")
    return paths_double.check(Revocation(sources, TIGHT), LEAF, CA.certificate, AT)


def signed_part(data: bytes, into: Callable[[der.Reader], der.Reader]) -> bytes:
    return into(der.Reader(data)).element(der.SEQUENCE)


def of_list(reader: der.Reader) -> der.Reader:
    return reader.enter()


def of_response(reader: der.Reader) -> der.Reader:
    fields = reader.enter()
    fields.element(der.ENUMERATED)
    typed = fields.enter(der.explicit(0)).enter()
    typed.oid()
    return der.Reader(typed.take(der.OCTET_STRING)).enter()


def test_the_originals_are_judged_as_meant() -> None:
    for good in (GOOD_LIST, GOOD_RESPONSE):
        assert judge(good).indication is Indication.VALID
    for bad in (BAD_LIST, BAD_RESPONSE):
        assert judge(bad).codes == ["CERT_REVOKED"]


@quick
@given(changed(BAD_LIST))
def test_no_change_makes_a_list_that_revokes_harmless(data: bytes) -> None:
    assert judge(data).indication is not Indication.VALID


@quick
@given(changed(BAD_RESPONSE))
def test_no_change_makes_a_response_that_revokes_harmless(data: bytes) -> None:
    assert judge(data).indication is not Indication.VALID


@quick
@given(changed(GOOD_LIST))
def test_a_list_is_good_only_as_it_was_signed(data: bytes) -> None:
    if judge(data).indication is Indication.VALID:
        assert signed_part(data, of_list) == signed_part(GOOD_LIST, of_list)
        second = x509.load_der_x509_crl(data)
        assert isinstance(KEY, ec.EllipticCurvePublicKey)
        assert second.is_signature_valid(KEY)
        assert second.get_revoked_certificate_by_serial_number(77) is None


@quick
@given(changed(GOOD_RESPONSE))
def test_a_response_is_good_only_as_it_was_signed(data: bytes) -> None:
    if judge(data).indication is Indication.VALID:
        assert signed_part(data, of_response) == signed_part(GOOD_RESPONSE, of_response)
        second = ocsp.load_der_ocsp_response(data)
        key = x509.load_der_x509_certificate(RESPONDER.certificate).public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(second.signature, second.tbs_response_bytes, ec.ECDSA(SHA256()))


def test_the_second_opinion_refuses_what_is_forged() -> None:
    forged = bytearray(GOOD_LIST)
    forged[-1] ^= 1
    assert isinstance(KEY, ec.EllipticCurvePublicKey)
    assert not x509.load_der_x509_crl(bytes(forged)).is_signature_valid(KEY)
    assert x509.load_der_x509_crl(GOOD_LIST).is_signature_valid(KEY)
