"""Revocation over the wire: a world's services on loopback, the HTTP fetcher, the validator; every fault of theirs."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from egov_sign.certs.cache import DiskCache
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.evidence import evidence_in
from egov_sign.certs.freshness import RevocationPolicy
from egov_sign.certs.http import HttpFetcher
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.limits import Limits
from egov_sign.verdict import Indication, Report, SubIndication
from egov_sign_pki import World
from egov_sign_pki.serving import Services, running_services

LOOPBACK = ["127.0.0.1/32"]
FETCHER = HttpFetcher(allowed_networks=LOOPBACK)
IMPATIENT = HttpFetcher(Limits(fetch_seconds=0.5), allowed_networks=LOOPBACK)
"""For services that are slow on purpose: keys are made when they are first needed, which may take as long."""


@pytest.fixture
def world() -> World:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return World.build(base_url=f"http://127.0.0.1:{free.getsockname()[1]}")


@pytest.fixture
def services(world: World) -> Iterator[Services]:
    with running_services(world, port=int(world.declaration.base_url.rpartition(":")[2])) as running:
        yield running


def judge(
    world: World,
    *,
    prefer: Literal["ocsp", "crl"] = "ocsp",
    cache: DiskCache | None = None,
    fetcher: HttpFetcher | None = FETCHER,
) -> Report:
    sources = RevocationSources(fetcher=fetcher, cache=cache)
    validator = CertificateValidator(
        TrustStore([Certificate.load(anchor) for anchor in world.anchors]),
        intermediates=[Certificate.load(one) for one in world.intermediates],
        revocation=Revocation(sources, RevocationPolicy(prefer=prefer)),
    )
    return validator.validate(Certificate.load(world.certificate("person")), world.at)


@pytest.mark.usefixtures("services")
@pytest.mark.parametrize("prefer", ["ocsp", "crl"])
def test_a_person_is_judged_by_what_the_services_say(world: World, prefer: Literal["ocsp", "crl"]) -> None:
    report = judge(world, prefer=prefer)
    assert (report.indication, report.codes) == (Indication.VALID, [])
    serial = Certificate.load(world.certificate("person")).serial
    assert {found.kind for found in evidence_in(report) if found.serial == serial} == {prefer}
    world.revoke("person", at=world.at - timedelta(days=2))
    assert judge(world, prefer=prefer).sub_indication is SubIndication.REVOKED


@pytest.mark.req("R404")
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("slow", "SOURCE_NOT_FETCHED"),
        ("500", "SOURCE_NOT_FETCHED"),
        ("404", "SOURCE_NOT_FETCHED"),
        ("html", "SOURCE_UNREADABLE"),
        ("empty", "SOURCE_UNREADABLE"),
        ("truncated", "SOURCE_UNREADABLE"),
        ("stale", "STATUS_STALE"),
        ("wrong-nonce", "OCSP_NONCE_MISMATCH"),
        ("wrong-responder", "OCSP_RESPONDER_USAGE"),
        ("bad-signature", "OCSP_SIGNATURE"),
        ("try-later", "OCSP_NO_ANSWER"),
    ],
)
def test_no_fault_of_the_services_is_taken_for_good(world: World, services: Services, fault: str, code: str) -> None:
    services.switch("/ocsp/issuer", fault)
    world.crl("issuer")
    fetcher = IMPATIENT if fault == "slow" else FETCHER
    by_list = judge(world, fetcher=fetcher)
    assert by_list.indication is Indication.VALID  # the list helps out
    services.switch("/crl/issuer.crl", "404")
    report = judge(world, fetcher=fetcher)
    assert (report.indication, report.sub_indication) == (Indication.INDETERMINATE, SubIndication.TRY_LATER)
    assert {"REVOCATION_UNKNOWN", code} <= set(report.codes)


def test_work_goes_on_from_the_cache_when_the_services_are_gone(world: World, tmp_path: Path) -> None:
    cache = DiskCache(tmp_path)
    port = int(world.declaration.base_url.rpartition(":")[2])
    with running_services(world, port=port):
        assert judge(world, prefer="crl", cache=cache).indication is Indication.VALID
    assert judge(world, prefer="crl", cache=cache, fetcher=None).indication is Indication.VALID
    assert "REVOCATION_UNKNOWN" in judge(world, prefer="crl", fetcher=None).codes


def test_a_private_address_is_not_asked_unless_allowed(world: World, services: Services) -> None:
    assert services.url.startswith("http://127.")
    sources = RevocationSources(fetcher=HttpFetcher())
    issuer, person = (Certificate.load(world.certificate(label)) for label in ("issuer", "person"))
    validator = CertificateValidator(TrustStore([issuer]), revocation=Revocation(sources))
    report = validator.validate(person, world.at)
    assert "REVOCATION_UNKNOWN" in report.codes
    told = [finding for _, finding in report.walk() if finding.code == "SOURCE_NOT_FETCHED"]
    assert all("not a public address" in str(finding.params["error"]) for finding in told)
    assert told
