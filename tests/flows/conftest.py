"""A small installation for tests: the fixture PKI's world, a store, a clock that stands still, sample registers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.clock import FrozenClock
from egov_sign.flows import sample
from egov_sign.flows.employees import Desk
from egov_sign.flows.jsonstore import JsonStore
from egov_sign.flows.portal import Portal
from egov_sign.flows.requests import Request
from egov_sign.flows.services import Services, Settings
from egov_sign.flows.sessions import Session
from egov_sign.flows.workstation import Decision, Workstation
from egov_sign_pki.world import World

PERSON = "850412110000"
OTHER = "911130210000"
CHILD = "950615610007"
HEAD = "850412110101"
DEPUTY = "950615610804"
REGISTRAR = "991231510403"
PASSWORD = "correct horse 1"
NOW = datetime(2024, 3, 1, 5, 0, tzinfo=UTC)
"""A Friday, ten o'clock in Astana."""
CALL_FORM = {"address": "г. Астана, ул. Сарайшык, д. 5, кв. 12", "phone": "+7 700 000 00 00", "complaints": "кашель"}


def judge_of(world: World) -> CertificateValidator:
    return CertificateValidator(
        TrustStore(Certificate.load(der) for der in world.anchors),
        intermediates=[Certificate.load(der) for der in world.intermediates],
        revocation=Revocation(RevocationSources(crls=[world.crl(name) for name in world.authorities])),
    )


@dataclass
class Town:
    """Portal, provider, people: what the tests of the services play with."""

    services: Services
    world: World
    clock: FrozenClock
    portal: Portal
    desk: Workstation

    def log_in(self, iin: str = PERSON) -> Session:
        self.portal.register(iin, PASSWORD)
        return self.portal.log_in(iin, PASSWORD).get()

    def desk_session(self, iin: str = DEPUTY) -> Desk:
        return self.desk.log_in(iin, PASSWORD).get()

    def ready(
        self, session: Session, service: str, form: dict[str, str], signer: str = "person", attached: str = ""
    ) -> Request:
        request = self.portal.order(session, service, "AST01").get()
        self.portal.fill(session, request.id, form).get()
        if attached:
            self.portal.attach(session, request.id, attached, b"%PDF-1.4 x", "medical").get()
        return self.portal.submit(session, request.id, self.world.certificate(signer)).get()

    def sent(
        self, session: Session, service: str, form: dict[str, str], signer: str = "person", attached: str = ""
    ) -> Request:
        request = self.ready(session, service, form, signer, attached)
        return self.portal.sign(session, request.id, self.world.signer(signer)).get()

    def decide(self, number: str, signer: str = "right-to-sign", iin: str = DEPUTY) -> Decision:
        return self.desk.process(self.desk_session(iin), number, self.world.signer(signer)).get()


@cache
def world_at(at: datetime, kind: str | None = None) -> World:
    """The world of the services at a time; its keys and certificates are made once."""
    return World.build(at=at, kind=kind)


def build_town(folder: Path, *, at: datetime = NOW, profile: str = "astana", kind: str | None = None) -> Town:
    world = world_at(at, kind)
    clock = FrozenClock(at)
    services = Services(
        store=JsonStore(folder),
        judge=judge_of(world),
        portal_signer=world.signer("portal"),
        desk_signers={"AST01": world.signer("workstation")},
        clock=clock,
        settings=Settings(profile=profile, password_memory_kib=64),
    )
    sample.load(services, employee_password=PASSWORD)
    return Town(services, world, clock, Portal(services), Workstation(services, "AST01"))


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return build_town(tmp_path / "store")
