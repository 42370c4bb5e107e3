"""Our own validator on the catalogue: every case gets its verdict for its own reason."""

from __future__ import annotations

import pytest

from egov_sign.verdict import Severity
from egov_sign_pki.cases import Case, Lab, catalogue
from egov_sign_pki.cases.judging import judge

CONCLUSIONS = {"REVOCATION_UNKNOWN", "SOURCE_NOT_FETCHED"}
"""What follows when a source fails: nothing is established, and another source is tried in vain."""

COMPANIONS = {
    "time::validity-inverted": {"CERT_NOT_YET_VALID"},  # no time lies within it
    "rev::ocsp-responder-revoked": {"CRL_OUT_OF_SCOPE"},  # the list that covers the responder does not cover the leaf
    "path::bc-missing": {"CERT_AUTHORITY_FIELD"},  # keyCertSign without cA
    "path::bc-ca-false": {"CERT_AUTHORITY_FIELD"},
    "enc::v1-cert": {"CERT_AKI_MISSING"},  # version 1 has no extensions at all
    "enc::empty-issuer": {"CERT_SUBJECT_EMPTY"},  # the same name, seen in the issuer's own certificate
    "tsa::expired-at-gentime": {"SIGNATURE_TIME_UNPROVEN"},
}
"""What else must be found, because the one defect shows in two places."""


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab()


@pytest.mark.parametrize("case", list(catalogue().values()), ids=lambda case: case.id)
def test_a_case_gets_its_verdict_for_its_own_reason(case: Case, lab: Lab) -> None:
    report = judge(case, case.make(lab))
    against = {finding.code for _, finding in report.walk() if finding.severity >= Severity.INDETERMINATE}
    assert report.indication is case.expected
    assert against - CONCLUSIONS - COMPANIONS.get(case.id, set()) == {case.code} - CONCLUSIONS - {""}
    if case.code:
        assert case.code in against


def test_every_companion_belongs_to_a_case() -> None:
    assert set(COMPANIONS) <= set(catalogue())
