"""What we issue, read back by `cryptography` and OpenSSL."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import ocsp

from egov_sign.certs import issue_extensions as ext
from egov_sign.certs import issue_names as names
from egov_sign.certs.issue import Authority, issue_certificate
from egov_sign.certs.issue_crl import RevokedEntry, issue_crl
from egov_sign.certs.issue_ocsp import GOOD, UNKNOWN, Answer, cert_id, issue_ocsp, refuse, revoked
from egov_sign.certs.issue_profiles import (
    PROFILES,
    Services,
    authority_subject,
    extensions,
    person_subject,
    profile,
)
from egov_sign.certs.ocsp import ResponseStatus
from egov_sign.certs.reasons import Reason
from egov_sign.crypto.algorithms import by_name
from egov_sign.crypto.keys import PrivateKey, PycaPrivateKey
from egov_sign.errors import ConfigurationError, InputError

AT = datetime(2024, 3, 1, 12, tzinfo=UTC)
SERVICES = Services(
    crl="http://127.0.0.1/ca.crl",
    delta="http://127.0.0.1/ca-d.crl",
    ocsp="http://127.0.0.1/ocsp",
    certificate="http://127.0.0.1/ca.cer",
)


def make_key(kind: str) -> PrivateKey:
    if kind == "rsa":
        return PycaPrivateKey(rsa.generate_private_key(65537, 2048))
    return PycaPrivateKey(ec.derive_private_key(int(kind[2:]) + 7, ec.SECP256R1()))


@pytest.fixture(scope="module", params=["ec1", "rsa"])
def root(request: pytest.FixtureRequest) -> Authority:
    return self_signed(make_key(request.param))


def self_signed(key: PrivateKey, algorithm: str | None = None) -> Authority:
    subject = names.name(authority_subject("НЕГІЗГІ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ"))
    bare = Authority.of(subject, key, by_name(algorithm) if algorithm else None)
    certificate = issue_certificate(
        bare,
        subject=subject,
        spki=bare.spki,
        serial=1,
        not_before=AT,
        not_after=AT + timedelta(days=9000),
        extensions=extensions(profile("root")),
    )
    return Authority.of(subject, key, bare.algorithm, certificate)


def person(root: Authority, kind: str = "person", serial: int = 77) -> x509.Certificate:
    return x509.load_der_x509_certificate(person_der(root, kind, serial))


def person_der(root: Authority, kind: str = "person", serial: int = 77) -> bytes:
    return issue_certificate(
        root,
        subject=names.name(person_subject("ТЕСТОВ", "ТЕСТ", "123456789011", patronymic="ТЕСТОВИЧ")),
        spki=make_key("ec5").public_key().spki,
        serial=serial,
        not_before=AT,
        not_after=AT + timedelta(days=365),
        extensions=extensions(profile(kind), SERVICES),
    )


def test_a_certificate_is_signed_by_its_issuer_and_says_what_it_was_told(root: Authority) -> None:
    leaf = person(root)
    leaf.verify_directly_issued_by(x509.load_der_x509_certificate(root.certificate))
    assert leaf.serial_number == 77
    assert leaf.not_valid_before_utc == AT
    assert leaf.subject.rfc4514_string().startswith("2.5.4.13=TEST KEY,2.5.4.42=ТЕСТОВИЧ,C=KZ,")
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.content_commitment
    assert not usage.value.key_cert_sign
    access = leaf.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert [point.access_location.value for point in access] == ["http://127.0.0.1/ca.cer", "http://127.0.0.1/ocsp"]


@pytest.mark.parametrize("kind", sorted(PROFILES))
def test_every_kind_is_read_by_cryptography(kind: str) -> None:
    leaf = person(self_signed(make_key("ec1")), kind)
    asked = PROFILES[kind]
    found = {extension.oid.dotted_string for extension in leaf.extensions}
    assert ("2.5.29.37" in found) == bool(asked.extended)
    assert ("2.5.29.19" in found) == asked.ca
    assert ("2.5.29.31" in found) == asked.services
    assert ("1.3.6.1.5.5.7.48.1.5" in found) == asked.no_check


def test_an_unknown_kind_names_those_there_are() -> None:
    with pytest.raises(ConfigurationError) as caught:
        profile("persn")
    assert "person-sign" in caught.value.hint


def test_a_subject_attribute_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(InputError, match="NAME_ATTRIBUTE"):
        names.name([("XX", "1")])
    with pytest.raises(InputError, match="NAME_ATTRIBUTE"):
        names.name([("C", "ҚЗ")])


def test_the_same_input_gives_the_same_bytes() -> None:
    first, second = (self_signed(make_key("ec1")).certificate for _ in range(2))
    assert first == second


def test_pss_and_sha384_signatures_verify() -> None:
    key = make_key("rsa")
    for name in ("rsa-pss-sha256", "rsa-sha384"):
        root = self_signed(key, name)
        person(root).verify_directly_issued_by(x509.load_der_x509_certificate(root.certificate))


def test_times_from_2050_on_are_generalized() -> None:
    root = self_signed(make_key("ec1"))
    late = issue_certificate(
        root,
        subject=root.name,
        spki=root.spki,
        serial=5,
        not_before=AT,
        not_after=datetime(2050, 1, 1, tzinfo=UTC),
    )
    assert b"\x17\x0d240301120000Z" in late
    assert b"\x18\x0f20500101000000Z" in late
    assert x509.load_der_x509_certificate(late).not_valid_after_utc.year == 2050


def test_a_crl_says_who_when_and_why(root: Authority) -> None:
    entries = [
        RevokedEntry(77, AT, Reason.KEY_COMPROMISE, invalidity_date=AT - timedelta(days=1)),
        RevokedEntry(78, AT, Reason.CERTIFICATE_HOLD),
        RevokedEntry(79, AT),
    ]
    crl = x509.load_der_x509_crl(issue_crl(root, entries, number=3, this_update=AT, next_update=AT + timedelta(days=1)))
    issuer = x509.load_der_x509_certificate(root.certificate)
    assert crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    found = crl.get_revoked_certificate_by_serial_number(77)
    assert found is not None
    assert found.extensions.get_extension_for_class(x509.CRLReason).value.reason is x509.ReasonFlags.key_compromise
    invalid = found.extensions.get_extension_for_class(x509.InvalidityDate).value.invalidity_date_utc
    assert invalid == AT - timedelta(days=1)
    assert crl.get_revoked_certificate_by_serial_number(80) is None
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 3


def test_a_delta_removes_and_is_scoped(root: Authority) -> None:
    scope = ext.issuing_distribution_point(
        url="http://127.0.0.1/x.crl", only_user=True, only_reasons=(Reason.KEY_COMPROMISE, Reason.PRIVILEGE_WITHDRAWN)
    )
    crl = x509.load_der_x509_crl(
        issue_crl(
            root,
            [RevokedEntry(78, AT, Reason.REMOVE_FROM_CRL)],
            number=4,
            base_number=3,
            this_update=AT,
            next_update=AT + timedelta(days=1),
            extensions=[scope],
        )
    )
    assert crl.extensions.get_extension_for_class(x509.DeltaCRLIndicator).value.crl_number == 3
    point = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    assert point.only_contains_user_certs
    assert point.only_some_reasons == frozenset({x509.ReasonFlags.key_compromise, x509.ReasonFlags.privilege_withdrawn})


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (GOOD, ocsp.OCSPCertStatus.GOOD),
        (UNKNOWN, ocsp.OCSPCertStatus.UNKNOWN),
        (revoked(AT, Reason.SUPERSEDED), ocsp.OCSPCertStatus.REVOKED),
    ],
)
def test_an_ocsp_response_carries_status_and_nonce(
    root: Authority, status: bytes, expected: ocsp.OCSPCertStatus
) -> None:
    answer = Answer(cert_id(root.name, root.spki, 77), status, AT, AT + timedelta(hours=1))
    encoded = issue_ocsp(root, [answer], produced_at=AT, extensions=[ext.ocsp_nonce(b"n" * 16)])
    response = ocsp.load_der_ocsp_response(encoded)
    assert response.certificate_status is expected
    assert response.serial_number == 77
    assert response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"n" * 16
    issuer = x509.load_der_x509_certificate(root.certificate)
    asked = ocsp.OCSPRequestBuilder().add_certificate(person(root), issuer, SHA256()).build()
    assert asked.issuer_key_hash != response.issuer_key_hash
    same = ocsp.OCSPRequestBuilder().add_certificate(person(root), issuer, response.hash_algorithm).build()
    assert same.issuer_key_hash == response.issuer_key_hash
    assert same.issuer_name_hash == response.issuer_name_hash


def test_a_refusal_has_a_status_and_no_body() -> None:
    response = ocsp.load_der_ocsp_response(refuse(ResponseStatus.TRY_LATER))
    assert response.response_status is ocsp.OCSPResponseStatus.TRY_LATER


def test_openssl_verifies_path_crl_and_ocsp(root: Authority, tmp_path: Path) -> None:
    crl = issue_crl(root, [], number=1, this_update=AT, next_update=AT + timedelta(days=1))
    answer = Answer(cert_id(root.name, root.spki, 77), GOOD, AT, AT + timedelta(hours=1))
    files = {
        "root.cer": root.certificate,
        "leaf.cer": person_der(root),
        "root.crl": crl,
        "leaf.ors": issue_ocsp(root, [answer], produced_at=AT),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    def openssl(*arguments: str) -> str:
        done = subprocess.run(
            ["openssl", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
        )
        return done.stdout + done.stderr

    openssl("x509", "-in", "root.cer", "-out", "root.pem")
    openssl("crl", "-in", "root.crl", "-out", "crl.pem")
    at = str(int(AT.timestamp()) + 60)
    path = openssl("verify", "-attime", at, "-CAfile", "root.pem", "-crl_check", "-CRLfile", "crl.pem", "leaf.cer")
    assert path.strip() == "leaf.cer: OK"
    status = openssl(
        "ocsp", "-respin", "leaf.ors", "-CAfile", "root.pem", "-issuer", "root.pem", "-cert", "leaf.cer", "-attime", at,
        "-no_nonce", "-validity_period", "999999999",
    )  # fmt: skip
    assert "Response verify OK" in status
    assert "leaf.cer: good" in status
