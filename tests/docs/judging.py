"""A certificate validator that knows a world as its services would answer at its time."""

from __future__ import annotations

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign_pki import World


def judge_of(world: World) -> CertificateValidator:
    lists = [world.crl(authority) for authority in world.authorities]
    return CertificateValidator(
        TrustStore(Certificate.load(anchor) for anchor in world.anchors),
        intermediates=[Certificate.load(item) for item in world.intermediates],
        revocation=Revocation(RevocationSources(crls=lists)),
    )
