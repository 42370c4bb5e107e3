"""Every certificate of the corpus gets the verdict it must have, before, within and after its validity."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.path_rules import ValidationPolicy
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore, load_certificates
from egov_sign.certs.validator import CertificateValidator
from egov_sign.crypto.keystore import open_keystore
from egov_sign.verdict import Indication, Report, SubIndication

DAY = timedelta(days=1)
MONTH = 30 * DAY
AUTHORITIES_UNDER = {
    "btsd_gost.cer": "root_gost_2020.cer",
    "nca_gost.pem": "root_gost.pem",
    "nca_gost_2022.pem": "root_gost_2022.pem",
    "nca_rsa.pem": "root_rsa.pem",
    "nca_rsa_2022.cer": "root_rsa_2020.cer",
    "ucgo_gost.cer": "root_gost_2020.cer",
}
HOLDERS = {
    "CERT_INDIVIDUAL.cer": "nca_rsa_test.crt",
    "certs/individual_valid_sign_2004_rsa.cer": "nca_rsa_test.crt",
    "certs/individual_valid_sign_2004_rsa_auth.cer": "nca_rsa_test.crt",
    "certs/ceo_valid_sign_2004_gost.cer": "nca_gost_test.crt",
}
STATUSES = {
    "KEY_CEO_REVOKED_2015.p12": ("CERT_ON_HOLD", "certificateHold"),
    "KEY_CEO_SIGN_REVOKED_2004.p12": ("CERT_REVOKED", "superseded"),
    "KEY_INDIVIDUAL_AUTH_REVOKED_2004.p12": ("CERT_REVOKED", "superseded"),
    "KEY_INDIVIDUAL_SIGN_REVOKED_2004.p12": ("CERT_REVOKED", "superseded"),
    "KEY_INDIVIDUAL_VALID_2015.p12": (None, None),
}
QUIET = ValidationPolicy(check_revocation=False)


def assert_limits_of_validity(certificate: Certificate, validator: CertificateValidator, issuer: Certificate) -> None:
    begins = max(certificate.not_before, issuer.not_before)
    within = validator.validate(certificate, begins + MONTH)
    assert within.indication is Indication.VALID
    assert within.facts["fingerprints"] == [certificate.fingerprint, issuer.fingerprint]
    early = validator.validate(certificate, certificate.not_before - timedelta(seconds=1))
    late = validator.validate(certificate, certificate.not_after + timedelta(seconds=1))
    assert early.sub_indication is SubIndication.NOT_YET_VALID
    assert late.sub_indication is SubIndication.EXPIRED
    assert "CERT_NOT_YET_VALID" in early.codes
    assert "CERT_EXPIRED" in late.codes


@pytest.mark.parametrize(("file", "root"), AUTHORITIES_UNDER.items())
def test_an_authority_of_the_country(corpus: Path, file: str, root: str) -> None:
    everything = load_certificates([corpus / "nca-production"])
    roots = TrustStore(one for one in everything if one.is_self_issued)
    validator = CertificateValidator(roots, intermediates=everything, policy=QUIET)
    issuer = Certificate.read(corpus / "nca-production" / root)
    assert_limits_of_validity(Certificate.read(corpus / "nca-production" / file), validator, issuer)


def test_an_authority_that_began_before_its_root_is_not_yet_trusted_then(corpus: Path) -> None:
    authority = Certificate.read(corpus / "nca-production/btsd_gost.cer")
    root = Certificate.read(corpus / "nca-production/root_gost_2020.cer")
    report = CertificateValidator(TrustStore([root]), policy=QUIET).validate(authority, authority.not_before + MONTH)
    assert report.indication is Indication.INDETERMINATE
    assert [finding.code for finding in report.children[-1].findings] == ["CERT_NOT_YET_VALID"]


def test_the_roots_that_share_a_common_name_are_told_apart(corpus: Path) -> None:
    old, new = (Certificate.read(corpus / "nca-production" / file) for file in ("root_rsa.pem", "root_rsa_2020.cer"))
    issuer = Certificate.read(corpus / "nca-production/nca_rsa_2022.cer")
    at = issuer.not_before + MONTH
    assert old.subject.common_name == new.subject.common_name
    assert CertificateValidator(TrustStore([new]), policy=QUIET).validate(issuer, at).indication is Indication.VALID
    assert CertificateValidator(TrustStore([old]), policy=QUIET).validate(issuer, at).codes == ["CERT_UNTRUSTED"]


@pytest.mark.parametrize(("file", "issuer"), HOLDERS.items())
def test_a_holder_of_the_test_environment(corpus: Path, file: str, issuer: str) -> None:
    folder = corpus / "ncanode"
    anchors = TrustStore.from_paths([folder / "ca"])
    validator = CertificateValidator(anchors, policy=QUIET)
    assert_limits_of_validity(Certificate.read(folder / file), validator, Certificate.read(folder / "ca" / issuer))


def judge_container(folder: Path, file: str, at: datetime) -> Report:
    password = "Aa123456" if file.endswith("_2015.p12") else "Qwerty12"
    entry = open_keystore((folder / file).read_bytes(), lambda: password).entries[0]
    assert entry.certificate is not None
    sources = RevocationSources(crls=[path.read_bytes() for path in sorted((folder / "crl").iterdir())])
    validator = CertificateValidator(TrustStore.from_paths([folder / "ca"]), revocation=Revocation(sources))
    return validator.validate(Certificate.load(entry.certificate), at)


@pytest.mark.parametrize("file", STATUSES)
def test_a_container_by_the_lists_of_the_test_environment(corpus: Path, file: str) -> None:
    code, reason = STATUSES[file]
    at = datetime(2022, 8, 1, tzinfo=UTC)
    report = judge_container(corpus / "ncanode", file, at)
    assert report.codes == ([code] if code else [])
    assert [child.facts.get("reason") for child in report.children[0].children] == [reason]
    late = judge_container(corpus / "ncanode", file, at + 365 * DAY)
    assert late.indication is Indication.INVALID
    assert "CERT_EXPIRED" in late.codes


def test_an_expired_container(corpus: Path) -> None:
    report = judge_container(corpus / "ncanode", "KEY_INDIVIDUAL_VALID_SIGN_2004.p12", datetime(2022, 8, 1, tzinfo=UTC))
    assert report.sub_indication is SubIndication.EXPIRED


def test_before_the_lists_were_issued_the_answer_is_open(corpus: Path) -> None:
    at = datetime(2022, 1, 20, tzinfo=UTC)
    report = judge_container(corpus / "ncanode", "KEY_INDIVIDUAL_SIGN_REVOKED_2004.p12", at)
    assert report.indication is not Indication.VALID
