"""What the CMS and time-stamp tests share: one small world per kind of key, its signers, its authority."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import count

from egov_sign.certs.certificate import Certificate
from egov_sign.clock import FrozenClock
from egov_sign.crypto.signer import KeySigner
from egov_sign.docs.timestamp_authority import TimestampAuthority
from egov_sign.verdict import Report, SubIndication
from egov_sign_pki.world import World

AT = datetime(2024, 3, 1, 12, tzinfo=UTC)
CONTENT = "Сертификат на лечение".encode()
POLICY = "1.2.398.3.3.2.6.2"


@cache
def world(kind: str = "ec") -> World:
    return World.build(seed=f"cms tests {kind}", at=AT, kind=kind)


def signer(label: str = "person", kind: str = "ec", algorithm: str | None = None) -> KeySigner:
    return world(kind).signer(label, algorithm)


def certificate(label: str = "person", kind: str = "ec") -> Certificate:
    return Certificate.load(world(kind).certificate(label))


def authority(at: datetime = AT, kind: str = "ec") -> TimestampAuthority:
    return TimestampAuthority(signer("tsa", kind), policy=POLICY, clock=FrozenClock(at), serial=count(1).__next__)


class Judge:
    """Judges certificates by their validity alone: trust is tested where certificates are."""

    def validate(self, certificate: Certificate, at: datetime, *, candidates: Sequence[Certificate] = ()) -> Report:
        report = Report("certificate", str(certificate.subject), facts={"at": at.isoformat()})
        if not certificate.not_before <= at <= certificate.not_after:
            report.fail("CERT_EXPIRED", SubIndication.OUT_OF_BOUNDS_NO_POE)
        return report
