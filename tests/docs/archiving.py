"""Documents that are archived over many years: one PKI, whose certificates are renewed for the same keys."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.clock import FrozenClock
from egov_sign.docs.evidence import Evidence
from egov_sign.docs.timestamp_authority import TimestampAuthority
from egov_sign.docs.validation import XmlValidator
from egov_sign.docs.xades_sign import add_archive_timestamp, add_evidence, add_timestamp, signed_properties
from egov_sign.docs.xmlsign import sign_enveloped
from egov_sign_pki import World
from tests.attacks.forging import REQUEST

SIGNED = datetime(2024, 3, 1, 12, tzinfo=UTC)
"""The person's certificate then ends in January 2025, the authority's of time-stamps in January 2027."""
RENEWED = datetime(2026, 6, 1, tzinfo=UTC)
"""A time-stamp of this day is by a certificate that ends in May 2029."""


@cache
def world(at: datetime = SIGNED) -> World:
    return World.build(kind="ec", at=at)


def stamper(at: datetime) -> TimestampAuthority:
    return TimestampAuthority(world(at).signer("tsa"), policy="1.2.3", clock=FrozenClock(at), serial=lambda: 7)


def evidence(at: datetime = SIGNED, *holders: str) -> Evidence:
    """Return what proves the certificates of ``holders`` at ``at``."""
    labels = ("issuer", *holders)
    return Evidence(
        tuple(world(at).certificate(label) for label in labels),
        tuple(world(at).crl(authority) for authority in world(at).authorities),
    )


def validator(at: datetime) -> XmlValidator:
    """Return a validator that trusts the root of the beginning and hears what the services say at ``at``."""
    anchor = Certificate.load(world().certificate("root"))
    lists = [world(at).crl(authority) for authority in world(at).authorities]
    issuer = Certificate.load(world(at).certificate("issuer"))
    revocation = Revocation(RevocationSources(crls=lists))
    return XmlValidator(CertificateValidator(TrustStore([anchor]), intermediates=[issuer], revocation=revocation))


def b_b() -> bytes:
    signer = world().signer("person")
    return sign_enveloped(REQUEST, signer, extra=signed_properties(signer, SIGNED))


def b_lt() -> bytes:
    return add_evidence(add_timestamp(b_b(), stamper(SIGNED)), evidence(SIGNED, "tsa"))


def b_lta(at: datetime = RENEWED) -> bytes:
    return add_archive_timestamp(b_lt(), stamper(at))
