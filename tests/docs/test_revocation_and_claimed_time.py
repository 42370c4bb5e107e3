"""A revocation that is later than the time a signature claims leaves the matter open; an earlier one settles it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.docs import cms_sign
from egov_sign.docs.cms_validation import CmsValidator
from egov_sign.docs.validation import XmlValidator
from egov_sign.docs.xades_sign import signed_properties
from egov_sign.docs.xmlsign import sign_enveloped
from egov_sign.verdict import Indication, Report, SubIndication
from egov_sign_pki import World

WORLD = World.build()
REVOKED_AT = WORLD.at - timedelta(days=3)


Make = Callable[[datetime | None], Report]


def judge() -> CertificateValidator:
    return CertificateValidator(
        TrustStore([Certificate.load(WORLD.anchors[0])]),
        intermediates=[Certificate.load(WORLD.intermediates[0])],
        revocation=Revocation(RevocationSources(crls=[WORLD.crl(label) for label in WORLD.authorities])),
    )


def xml(claimed: datetime | None) -> Report:
    signer = WORLD.signer("revoked-person")
    extra = signed_properties(signer, claimed) if claimed else None
    return XmlValidator(judge()).validate(sign_enveloped(b"<a/>", signer, extra=extra), WORLD.at)


def cms(claimed: datetime | None) -> Report:
    message = cms_sign.sign(b"a", WORLD.signer("revoked-person"), signing_time=claimed)
    return CmsValidator(judge()).validate(message, WORLD.at)


@pytest.mark.parametrize("make", [xml, cms])
def test_a_claim_of_an_earlier_time_leaves_it_open(make: Make) -> None:
    report = make(REVOKED_AT - timedelta(days=1))
    assert (report.indication, report.sub_indication) == (Indication.INDETERMINATE, SubIndication.REVOKED_NO_POE)


@pytest.mark.parametrize("make", [xml, cms])
@pytest.mark.parametrize("claimed", [REVOKED_AT + timedelta(days=1), REVOKED_AT, None])
def test_otherwise_the_signature_is_refuted(make: Make, claimed: datetime | None) -> None:
    report = make(claimed)
    assert (report.indication, report.sub_indication) == (Indication.INVALID, SubIndication.REVOKED)
