"""Fuzz the readers of certificates, names and IINs, and the judgement of paths, with atheris.

How to run it: :mod:`tests.fuzz.common`.

Anything but :class:`egov_sign.errors.InputError` while reading is a finding, and so is any exception while judging
what could be read, and a VALID verdict on anything but a seed.
"""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import UTC, datetime

from egov_sign.certs import issue_extensions as ext
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.iin import Iin
from egov_sign.certs.issue import Authority, issue_certificate
from egov_sign.certs.issue_names import dns, name, rfc822
from egov_sign.certs.issue_profiles import PROFILES, Services, extensions
from egov_sign.certs.nca import recognise
from egov_sign.certs.path_rules import ValidationPolicy
from egov_sign.certs.profile import identify
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.crypto.generate import KeyKind, generate_private_key
from egov_sign.errors import InputError
from egov_sign.verdict import Indication
from tests.fuzz.common import run

AT = datetime(2024, 6, 1, tzinfo=UTC)
YEARS = [datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)]
SERVICES = Services("http://a.kz/a.crl", "http://a.kz/d.crl", "http://a.kz/ocsp", "http://a.kz/a.cer")
KINDS = (KeyKind.EC256, KeyKind.EC256, KeyKind.ED25519, KeyKind.GOST512)
ROOT_KEY, *KEYS = [generate_private_key(kind, random.Random(number).randbytes) for number, kind in enumerate(KINDS)]
ROOT = Authority.of(name([("CN", "root"), ("C", "KZ")]), ROOT_KEY)
PERSON = name([("CN", "ТЕСТОВ ТЕСТ"), ("SN", "ТЕСТОВ"), ("serialNumber", "IIN850412110000"), ("C", "KZ")])


def issue(subject: bytes, spki: bytes, *parts: bytes) -> bytes:
    """Return a certificate under :data:`ROOT`."""
    return issue_certificate(
        ROOT, subject=subject, spki=spki, serial=7, not_before=YEARS[0], not_after=YEARS[1], extensions=parts
    )


ANCHOR = issue(ROOT.name, ROOT.spki, *extensions(PROFILES["root"]))


def seeds() -> list[bytes]:
    """Return certificates of every kind, and some with all that extensions can hold."""
    found = [
        issue(PERSON, key.public_key().spki, *extensions(profile, SERVICES))
        for key in KEYS
        for profile in PROFILES.values()
    ]
    names = (dns("example.kz"), rfc822("a@example.kz"))
    constraints = ext.name_constraints(permitted=names, excluded=(dns("b.example.kz"),))
    policy = ext.policy_constraints(require_explicit=1, inhibit_mapping=0)
    found.append(issue(PERSON, ROOT.spki, ext.subject_alt_name(*names), ext.policies("1.2.3"), constraints, policy))
    return [*found, ANCHOR]


VALIDATOR = CertificateValidator(
    TrustStore([Certificate.load(ANCHOR)]), policy=ValidationPolicy(check_revocation=False, profile_rules=False)
)
SIGNED = {Certificate.load(seed).tbs for seed in seeds()}


def one_input(data: bytes) -> None:
    """Read ``data``, and judge it if it can be read; raise if something fails otherwise than it says."""
    with suppress(InputError):
        Iin.parse(data[:16].decode("utf-8", "replace"))
    try:
        certificate = Certificate.load(data)
    except InputError:
        return
    identify(certificate)
    with suppress(InputError):
        recognise(certificate)
    report = VALIDATOR.validate(certificate, AT, candidates=[certificate])
    assert report.indication is not Indication.VALID or certificate.tbs in SIGNED
    report.to_dict()


if __name__ == "__main__":
    run(seeds, one_input)
