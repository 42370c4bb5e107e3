"""Small authorities and certificates for the tests of this folder, made in memory; nothing here checks anything."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from egov_sign.certs import issue_extensions as ext
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.issue import Authority, TbsCertificate, prepare_certificate, sign_structure
from egov_sign.certs.issue_names import name
from egov_sign.certs.path_rules import ValidationPolicy
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.crypto.generate import generate_private_key
from egov_sign.crypto.keys import PrivateKey
from egov_sign.limits import DEFAULT_LIMITS, Limits
from egov_sign.verdict import Indication, Report, Severity

AT = datetime(2024, 6, 1, 12, tzinfo=UTC)
BEFORE = datetime(2024, 1, 1, tzinfo=UTC)
AFTER = datetime(2025, 1, 1, tzinfo=UTC)
IIN = "850412110000"
BIN = "911130210104"
CA_USAGE = (ext.basic_constraints(ca=True), ext.key_usage("keyCertSign", "cRLSign"))
_serials = itertools.count(1)

Subject = Sequence[tuple[str, str]]
PERSON: Subject = (
    ("CN", "ТЕСТОВ ТЕСТ"),
    ("SN", "ТЕСТОВ"),
    ("serialNumber", f"IIN{IIN}"),
    ("C", "KZ"),
    ("G", "ТЕСТОВИЧ"),
)


def key(label: str) -> PrivateKey:
    """The P-256 key called ``label``; always the same."""
    return generate_private_key("ec256", lambda count: hashlib.shake_256(label.encode()).digest(count))


def tbs(
    issuer: Authority,
    subject: Subject,
    holder: PrivateKey,
    extensions: Iterable[bytes] = (),
    not_before: datetime = BEFORE,
    not_after: datetime = AFTER,
) -> TbsCertificate:
    """What :func:`certificate` signs; for :func:`dataclasses.replace`."""
    return prepare_certificate(
        issuer,
        subject=name(subject),
        spki=holder.public_key().spki,
        serial=next(_serials),
        not_before=not_before,
        not_after=not_after,
        extensions=extensions,
    )


def signed(issuer: Authority, to_be_signed: TbsCertificate) -> Certificate:
    """``to_be_signed`` with the issuer's signature."""
    return Certificate.load(sign_structure(issuer, to_be_signed.encode()))


def root(title: str = "root", extensions: Iterable[bytes] = CA_USAGE, label: str = "") -> Authority:
    """A self-signed authority."""
    own = Authority.of(name([("CN", title), ("C", "KZ")]), key(label or title))
    made = signed(own, tbs(own, [("CN", title), ("C", "KZ")], own.key, extensions))
    return replace(own, certificate=made.der)


def authority(
    issuer: Authority,
    title: str,
    extensions: Iterable[bytes] = CA_USAGE,
    label: str = "",
    not_before: datetime = BEFORE,
    not_after: datetime = AFTER,
) -> Authority:
    """An authority under ``issuer``."""
    holder = key(label or title)
    made = signed(issuer, tbs(issuer, [("CN", title), ("C", "KZ")], holder, extensions, not_before, not_after))
    return replace(Authority.of(made.subject.der, holder), certificate=made.der)


SIGNING = (ext.key_usage("digitalSignature", "nonRepudiation"),)


def leaf(
    issuer: Authority,
    subject: Subject = PERSON,
    extensions: Iterable[bytes] = SIGNING,
    not_before: datetime = BEFORE,
    not_after: datetime = AFTER,
) -> Certificate:
    """An end-entity certificate under ``issuer``."""
    return signed(issuer, tbs(issuer, subject, key("leaf"), extensions, not_before, not_after))


def certificate_of(owner: Authority) -> Certificate:
    """The certificate of an authority."""
    return Certificate.load(owner.certificate)


QUIET = ValidationPolicy(check_revocation=False)


def judge(
    certificate: Certificate,
    anchors: Iterable[Authority],
    others: Iterable[Authority] = (),
    *,
    at: datetime = AT,
    policy: ValidationPolicy = QUIET,
    limits: Limits = DEFAULT_LIMITS,
) -> Report:
    """Judge ``certificate``, twice: what is remembered changes no verdict."""
    trust = TrustStore(map(certificate_of, anchors))
    validator = CertificateValidator(trust, intermediates=map(certificate_of, others), policy=policy, limits=limits)
    report = validator.validate(certificate, at)
    again = validator.validate(certificate, at)
    assert again.to_dict() == report.to_dict() or report.indication is Indication.VALID
    assert (again.indication, again.codes) == (report.indication, report.codes)
    return report


def codes(report: Report) -> list[str]:
    """The codes of what stands against the verdict; nothing does exactly if it is VALID."""
    against = [finding.code for _, finding in report.walk() if finding.severity >= Severity.INDETERMINATE]
    assert (report.indication is Indication.VALID) == (not against)
    return against
