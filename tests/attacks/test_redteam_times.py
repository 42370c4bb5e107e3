"""Times at the ends of the calendar: a verdict, never a crash."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from egov_sign.certs.issue_ocsp import GOOD, Answer, cert_id
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.clock import parse_time, shifted
from egov_sign.docs.validation import XmlValidator
from egov_sign.docs.xades_sign import signed_properties
from egov_sign.docs.xmlsign import sign_enveloped
from egov_sign.errors import ConfigurationError
from egov_sign.verdict import Indication, SubIndication
from egov_sign_pki import World
from tests.attacks.forging import REQUEST
from tests.attacks.test_revocation import CA, LEAF, ROOT, judge
from tests.certs.small_ca import AT, HOUR

END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


def answer(this_update: datetime, next_update: datetime | None) -> Answer:
    return Answer(cert_id(CA.name, CA.authority.spki, LEAF.serial), GOOD, this_update, next_update)


def test_an_answer_without_an_end() -> None:
    """RFC 5280 writes 99991231235959Z where no date of expiry is well defined."""
    assert judge(CA.ocsp(answer(AT - HOUR, END))).indication is Indication.VALID
    assert judge(CA.ocsp(answer(AT - HOUR, AT - HOUR / 2))).sub_indication is SubIndication.TRY_LATER


@pytest.mark.parametrize("next_update", [END, None])
def test_an_answer_from_the_end(next_update: datetime | None) -> None:
    report = judge(CA.ocsp(answer(END, next_update), produced_at=END))
    assert report.sub_indication is SubIndication.TRY_LATER


@pytest.mark.parametrize("at", [BEGINNING, END])
def test_asked_about_the_ends(at: datetime) -> None:
    for data in (CA.crl(), CA.ocsp()):
        assert judge(data, at=at).indication is Indication.INVALID
    assert Revocation(RevocationSources(), known_at=END).known_at == END
    known = Revocation(RevocationSources(crls=[ROOT.crl(), CA.crl()]), known_at=END)
    validator = CertificateValidator(TrustStore([ROOT.certificate]), intermediates=[CA.certificate], revocation=known)
    assert validator.validate(LEAF, AT).indication is Indication.VALID


@pytest.mark.parametrize(
    "text",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "٢٠٢٤-01-01T00:00:00Z", "2024-01-01T00:00:00+99:99"],
)
def test_a_claimed_time_that_is_no_time(world: World, validator: XmlValidator, at: datetime, text: str) -> None:
    """The claim is dropped; the signature over it stands."""
    with pytest.raises(ConfigurationError, match="TIME_FORMAT"):
        parse_time(text)
    signer = world.signer("person")
    extra = signed_properties(signer, datetime(2024, 2, 2, 2, 2, 2, tzinfo=UTC))
    signed = sign_enveloped(REQUEST, signer, extra=extra)
    assert "claimed_signing_time" in validator.validate(signed, at).children[0].facts
    assert (
        validator.validate(signed.replace(b"2024-02-02T02:02:02Z", text.encode()), at).indication is Indication.INVALID
    )


def test_moving_beyond_the_calendar() -> None:
    assert shifted(END, HOUR).year == 9999
    assert shifted(BEGINNING, -HOUR).year == 1
    assert shifted(AT, HOUR) == AT + timedelta(hours=1)
