"""A world is complete, the same every time, and says what its declaration says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509 import ocsp

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.reasons import Reason
from egov_sign.errors import ConfigurationError
from egov_sign_pki import World

AT = datetime(2024, 3, 1, 12, tzinfo=UTC)


def serials_and_reasons(der: bytes) -> dict[int, str]:
    found = {}
    for entry in x509.load_der_x509_crl(der):
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
        found[entry.serial_number] = reason.value
    return found


@pytest.fixture(scope="module", params=["ec", "rsa"])
def world(request: pytest.FixtureRequest) -> World:
    return World.build(kind=request.param)


def test_every_certificate_is_signed_by_its_issuer(world: World) -> None:
    for label in world.labels:
        leaf = x509.load_der_x509_certificate(world.certificate(label))
        leaf.verify_directly_issued_by(x509.load_der_x509_certificate(world.certificate(world.planned(label).issuer)))
        assert "TEST KEY" in leaf.subject.rfc4514_string()


@pytest.mark.parametrize("kind", ["gost", "gost256", "gost2004"])
def test_a_gost_world_is_signed_throughout(kind: str) -> None:
    world = World.build(kind=kind, world="minimal")
    for label in world.labels:
        certificate = Certificate.load(world.certificate(label))
        issuer = world.key(world.planned(label).issuer).public_key()
        assert issuer.verify(certificate.signature, certificate.tbs, certificate.signature_algorithm)


def test_a_signer_signs_with_the_key_of_its_certificate(world: World) -> None:
    signer = world.signer("person")
    assert world.key("person").public_key().spki in signer.certificate
    assert world.key("person").public_key().verify(signer.sign(b"text"), b"text", signer.algorithm)
    assert signer.chain == (world.certificate("issuer"), world.certificate("root"))
    assert world.anchors == (world.certificate("root"),)
    assert world.intermediates == (world.certificate("issuer"),)


@pytest.mark.parametrize("kind", ["ec", "rsa", "gost", "gost2004"])
def test_same_seed_and_time_give_the_same_bytes_in_whatever_order(kind: str) -> None:
    first, second = World.build("seed", AT, kind), World.build("seed", AT, kind)
    assert first.signer("gateway").certificate == second.certificate("gateway")
    for label in reversed(first.labels):
        first.certificate(label)
    assert [first.certificate(label) for label in first.labels] == [second.certificate(label) for label in first.labels]
    assert first.crl("issuer") == second.crl("issuer")
    assert first.delta_crl("issuer") == second.delta_crl("issuer")
    assert first.ocsp("person", nonce=b"1" * 16) == second.ocsp("person", nonce=b"1" * 16)


def test_another_seed_or_time_gives_other_bytes() -> None:
    base = World.build("seed", AT).certificate("person")
    assert World.build("other", AT).certificate("person") != base
    assert World.build("seed", AT + timedelta(days=1)).certificate("person") != base


def test_the_lists_say_what_was_revoked_by_then(world: World) -> None:
    serial = {label: world.issued(label).serial for label in ("revoked-person", "held-person", "released-person")}
    assert serials_and_reasons(world.crl("issuer")) == {
        serial["revoked-person"]: "keyCompromise",
        serial["held-person"]: "certificateHold",
        serial["released-person"]: "certificateHold",
    }
    delta = world.delta_crl("issuer")
    assert delta is not None
    assert serials_and_reasons(delta) == {serial["released-person"]: "removeFromCRL"}
    assert serials_and_reasons(world.crl("root")) == {}
    assert world.delta_crl("root") is None


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("person", ocsp.OCSPCertStatus.GOOD),
        ("revoked-person", ocsp.OCSPCertStatus.REVOKED),
        ("held-person", ocsp.OCSPCertStatus.REVOKED),
        ("released-person", ocsp.OCSPCertStatus.GOOD),
    ],
)
def test_the_responder_says_the_same(world: World, label: str, expected: ocsp.OCSPCertStatus) -> None:
    response = ocsp.load_der_ocsp_response(world.ocsp(label))
    assert response.certificate_status is expected
    assert response.serial_number == world.issued(label).serial
    assert response.certificates == [x509.load_der_x509_certificate(world.certificate("ocsp"))]


def test_a_serial_never_issued_is_unknown_and_the_root_answers_for_itself(world: World) -> None:
    response = ocsp.load_der_ocsp_response(world.answer_ocsp("issuer", [12345]))
    assert response.certificate_status is ocsp.OCSPCertStatus.UNKNOWN
    about_issuer = ocsp.load_der_ocsp_response(world.ocsp("issuer"))
    assert about_issuer.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert about_issuer.certificates == []


def test_revoking_holding_and_releasing_by_hand() -> None:
    world = World.build()
    assert world.status("person") == "good"
    world.hold("person", at=AT - timedelta(days=1))
    assert world.status("person") == "on hold"
    assert world.status("person", AT - timedelta(days=2)) == "good"
    world.release("person")
    assert world.status("person") == "good"
    world.revoke("person", reason=Reason.SUPERSEDED, at=AT - timedelta(days=1))
    assert world.status("person") == "revoked"
    assert serials_and_reasons(world.crl("issuer"))[world.issued("person").serial] == "superseded"
    with pytest.raises(ConfigurationError, match="NOT_ON_HOLD"):
        world.release("person")


def test_validity_follows_the_templates(world: World) -> None:
    assert world.issued("expired-person").not_after < world.at
    assert world.issued("future-person").not_before > world.at
    assert world.issued("person").not_before < world.at < world.issued("person").not_after


def test_an_unknown_label_or_world_names_those_there_are(world: World) -> None:
    with pytest.raises(ConfigurationError) as caught:
        world.signer("nobody")
    assert "revoked-person" in caught.value.hint
    with pytest.raises(ConfigurationError) as mistyped:
        world.signer("persom")
    assert mistyped.value.hint == "did you mean person?"
    with pytest.raises(ConfigurationError) as missing:
        World.build(world="sevices")
    assert "minimal" in missing.value.hint


def test_the_minimal_world_has_one_person_under_one_root() -> None:
    world = World.build(world="minimal")
    assert world.labels == ("root", "ocsp", "person")
    assert world.chain("person") == (world.certificate("root"),)


def test_an_unknown_kind_of_keys_names_those_there_are() -> None:
    with pytest.raises(ConfigurationError) as caught:
        World.build(kind="dsa")
    assert "gost" in caught.value.hint
