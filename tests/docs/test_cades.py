"""CAdES levels over the whole stack: real paths, real revocation, years later, with nothing but the anchors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

import pytest

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.reasons import Reason
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.clock import FrozenClock
from egov_sign.docs import cms, cms_sign
from egov_sign.docs.cades import add_evidence, add_timestamps
from egov_sign.docs.cms import SignedData
from egov_sign.docs.cms_validation import CmsValidator
from egov_sign.docs.evidence import evidence_for
from egov_sign.docs.timestamp_authority import TimestampAuthority
from egov_sign.docs.timestamp_validation import TimestampValidator
from egov_sign.verdict import Indication, SubIndication
from egov_sign_pki.world import World
from tests.docs.cms_world import AT, CONTENT, POLICY

LATER = AT + timedelta(days=800)


@dataclass
class Scene:
    """A world of its own, in which certificates can be revoked."""

    world: World

    def validator(self, *, informed: bool = True) -> CmsValidator:
        """Return a validator that trusts the roots, and knows today's status information if it is ``informed``."""
        crls = [self.world.crl(label) for label in self.world.authorities] if informed else []
        return CmsValidator(
            CertificateValidator(
                TrustStore(map(Certificate.load, self.world.anchors)),
                intermediates=map(Certificate.load, self.world.intermediates if informed else ()),
                revocation=Revocation(RevocationSources(crls=crls)),
            )
        )

    def sign(self, *, stamped_at: datetime | None = None) -> SignedData:
        made = SignedData.load(cms_sign.sign(CONTENT, self.world.signer("person"), signing_time=AT))
        if stamped_at is None:
            return made
        authority = TimestampAuthority(
            self.world.signer("tsa"), policy=POLICY, clock=FrozenClock(stamped_at), serial=count(1).__next__
        )
        return SignedData.load(add_timestamps(made, authority))

    def kept(self, message: SignedData, at: datetime) -> SignedData:
        """Return ``message`` with all that its verdict at ``at`` rests on."""
        report = self.validator().validate(message.encoded, at)
        assert report.indication is Indication.VALID, report.to_dict()
        known = map(Certificate.load, (*self.world.anchors, *self.world.intermediates, *message.certificates))
        return SignedData.load(add_evidence(message, evidence_for(report, known)))


@pytest.fixture
def scene() -> Scene:
    return Scene(World.build(seed="cades", at=AT, kind="ec"))


def test_a_signature_is_good_by_a_real_path(scene: Scene) -> None:
    message = scene.sign()
    assert scene.validator().validate(message.encoded, AT).indication is Indication.VALID
    alone = scene.validator(informed=False).validate(message.encoded, AT)
    assert alone.indication is Indication.INDETERMINATE
    assert alone.sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND


def test_with_its_evidence_a_signature_is_good_years_later_by_the_anchors_alone(scene: Scene) -> None:
    made = AT - timedelta(hours=14)  # before the lists were issued that say how it was
    kept = scene.kept(scene.sign(stamped_at=made), AT)
    report = scene.validator(informed=False).validate(kept.encoded, LATER)
    assert report.indication is Indication.VALID, report.to_dict()
    assert report.children[0].facts["level"] == "CAdES-B-LT"


def test_without_a_time_stamp_evidence_does_not_help_after_the_end(scene: Scene) -> None:
    kept = scene.kept(scene.sign(), AT)
    report = scene.validator(informed=False).validate(kept.encoded, LATER)
    assert report.indication is not Indication.VALID


def test_revoked_before_the_time_stamp_is_revoked(scene: Scene) -> None:
    scene.world.revoke("person", at=AT - timedelta(days=2))
    report = scene.validator().validate(scene.sign(stamped_at=AT - timedelta(days=1)).encoded, AT)
    assert report.sub_indication in (SubIndication.REVOKED, SubIndication.REVOKED_NO_POE)


def test_revoked_after_the_time_stamp_was_good_then(scene: Scene) -> None:
    scene.world.revoke("person", at=AT - timedelta(days=1), reason=Reason.SUPERSEDED)
    stamped = scene.sign(stamped_at=AT - timedelta(days=2)).encoded
    assert scene.validator().validate(stamped, AT).indication is Indication.VALID
    assert scene.validator().validate(scene.sign().encoded, AT).indication is not Indication.VALID


def test_the_authority_revoked_proves_nothing(scene: Scene) -> None:
    scene.world.revoke("tsa", at=AT - timedelta(days=5))
    scene.world.revoke("person", at=AT - timedelta(days=1))
    stamped = scene.sign(stamped_at=AT - timedelta(days=2)).encoded
    assert scene.validator().validate(stamped, AT).indication is not Indication.VALID


@pytest.mark.parametrize(
    ("reason", "good"),
    [(Reason.SUPERSEDED, True), (Reason.CESSATION_OF_OPERATION, True), (Reason.KEY_COMPROMISE, False)],
)
def test_the_authority_revoked_since_is_believed_only_if_its_key_is_not_in_doubt(
    scene: Scene, reason: Reason, good: bool
) -> None:
    """RFC 3161, section 4: whoever has the key can make a token of any time."""
    scene.world.revoke("tsa", at=AT - timedelta(days=1), reason=reason)
    scene.world.revoke("person", at=AT - timedelta(days=1))
    stamped = scene.sign(stamped_at=AT - timedelta(days=2)).encoded
    report = scene.validator().validate(stamped, AT)
    assert (report.indication is Indication.VALID) == good
    stamp = report.children[0].children[0]
    assert ("TIMESTAMP_AUTHORITY_REVOKED" in stamp.codes) == (not good)


def test_a_token_alone_is_judged_with_what_is_known_since(scene: Scene) -> None:
    """The lists are of after the token; they say that its authority was good then."""
    stamped = scene.sign(stamped_at=AT - timedelta(days=2))
    [token] = stamped.signers[0].unsigned.all(cms.SIGNATURE_TIMESTAMP)
    judged = TimestampValidator(scene.validator().judge).validate(token, stamped.signers[0].signature, AT)
    assert judged.report.indication is Indication.VALID, judged.report.to_dict()
