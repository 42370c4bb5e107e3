"""A world judged by our own validator: every holder is what the declaration makes of them, from files and online."""

from __future__ import annotations

import pytest

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.profile import Role, identify
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.verdict import Indication, Report
from egov_sign_pki import World
from egov_sign_pki.answering import Responder, WorldFetcher

KINDS = ["ec", "rsa", "gost", "gost2004"]
BAD = {
    "expired-person": "CERT_EXPIRED",
    "future-person": "CERT_NOT_YET_VALID",
    "revoked-person": "CERT_REVOKED",
    "held-person": "CERT_ON_HOLD",
}


@pytest.fixture(scope="module", params=KINDS)
def world(request: pytest.FixtureRequest) -> World:
    return World.build(kind=request.param)


def offline(world: World) -> RevocationSources:
    lists = [world.crl(label) for label in world.authorities]
    deltas = [delta for label in world.authorities if (delta := world.delta_crl(label)) is not None]
    return RevocationSources(crls=[*lists, *deltas])


def judge(world: World, label: str, sources: RevocationSources) -> Report:
    validator = CertificateValidator(
        TrustStore(map(Certificate.load, world.anchors)),
        intermediates=map(Certificate.load, world.intermediates),
        revocation=Revocation(sources),
    )
    return validator.validate(Certificate.load(world.certificate(label)), world.at)


def test_every_holder_is_judged_as_declared_by_lists_and_deltas(world: World) -> None:
    sources = offline(world)
    for label in world.labels:
        report = judge(world, label, sources)
        if label in BAD:
            assert BAD[label] in report.codes, label
            assert report.indication is not Indication.VALID
        else:
            assert report.indication is Indication.VALID, (label, report.codes)


def test_every_holder_is_judged_as_declared_by_the_responder(world: World) -> None:
    asked: list[str] = []
    fetcher = WorldFetcher(Responder(world), asked.append)
    for label in world.labels:
        report = judge(world, label, RevocationSources(fetcher=fetcher))
        if label in BAD:
            assert BAD[label] in report.codes, label
        elif label == "ocsp":  # carries nocheck instead of an address to ask
            assert "REVOCATION_UNKNOWN" in report.codes
        else:
            assert report.indication is Indication.VALID, (label, report.codes)
    assert any("/ocsp/issuer" in url for url in asked)


@pytest.mark.parametrize(
    "fault", ["500", "stale", "wrong-nonce", "wrong-responder", "bad-signature", "try-later", "html"]
)
def test_no_fault_of_the_responder_is_taken_for_good(fault: str) -> None:
    world = World.build()
    responder = Responder(world)
    for path in ("/crl/issuer.crl", "/crl/issuer-delta.crl"):
        responder.switch(path, "404")
    responder.switch("/ocsp/issuer", fault)
    report = judge(world, "person", RevocationSources(fetcher=WorldFetcher(responder)))
    assert report.indication is Indication.INDETERMINATE
    assert "REVOCATION_UNKNOWN" in report.codes


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("person", Role.PERSON),
        ("head", Role.HEAD),
        ("right-to-sign", Role.RIGHT_TO_SIGN),
        ("employee", Role.EMPLOYEE),
        ("portal", Role.SYSTEM),
        ("gateway", Role.SYSTEM),
        ("workstation", Role.SYSTEM),
    ],
)
def test_holders_are_recognised_by_their_certificates(label: str, role: Role) -> None:
    world = World.build()
    identity = identify(Certificate.load(world.certificate(label)))
    planned = world.planned(label)
    assert role in identity.roles
    assert str(identity.iin or "") == planned.iin
    assert str(identity.bin or "") == planned.bin
    assert identity.can_sign
    assert identity.findings == ()
