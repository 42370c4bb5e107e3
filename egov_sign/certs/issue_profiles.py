"""The kinds of certificates of the country's PKI: usages, policies and subjects as its authorities write them.

The object identifiers and the order of subject attributes were read from the country's own certificates. The single
difference is :data:`TEST_MARK` in every subject, so that no test key can be mistaken for a real one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from egov_sign.certs import issue_extensions as ext
from egov_sign.errors import ConfigurationError

TEST_MARK = ("description", "TEST KEY")
PRACTICE_STATEMENT = "http://pki.gov.kz/cps"

_PERSON = "1.2.398.3.3.4.1.1"
_LEGAL = "1.2.398.3.3.4.1.2"
_POLICY = "1.2.398.3.3.2"
_EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4"
_CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"
_SIGN = ("digitalSignature", "nonRepudiation")
_AUTH = ("digitalSignature", "keyEncipherment")
_CA = ("keyCertSign", "cRLSign")
_LEAF_POLICIES = tuple(f"{_POLICY}.{number}" for number in range(1, 6))


@dataclass(frozen=True, slots=True)
class Profile:
    """What all certificates of one kind have in common.

    Attributes:
        name: its name in world files and on the command line.
        key_usage: names of the keyUsage bits.
        extended: object identifiers of extKeyUsage; none leaves the extension out.
        policies: object identifiers of certificatePolicies; none leaves the extension out.
        ca: whether basicConstraints says CA.
        path_length: its pathLenConstraint.
        extended_critical: whether extKeyUsage is critical (RFC 3161, 2.3, demands it of a TSA).
        no_check: whether it carries id-pkix-ocsp-nocheck.
        services: whether it carries the addresses of CRL, OCSP and issuer.
        days: usual validity.
    """

    name: str
    key_usage: tuple[str, ...]
    extended: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    ca: bool = False
    path_length: int | None = None
    extended_critical: bool = False
    no_check: bool = False
    services: bool = True
    days: int = 365


def _legal(name: str, role: int, *, auth: bool = False) -> Profile:
    extended = (_CLIENT_AUTH if auth else _EMAIL_PROTECTION, _LEGAL, f"{_LEGAL}.{role}")
    return Profile(name, _AUTH if auth else _SIGN, extended, (f"{_POLICY}.{2 if auth else 1}",))


def _system(name: str, kind: int) -> Profile:
    return Profile(name, (*_SIGN, "keyEncipherment"), (_CLIENT_AUTH, f"{_LEGAL}.6", f"{_LEGAL}.6.{kind}"), (_POLICY,))


_ALL = [
    Profile("root", _CA, policies=("1.2.398.3.1.2",), ca=True, services=False, days=25 * 365),
    Profile("issuer", _CA, policies=(_POLICY, *_LEAF_POLICIES), ca=True, path_length=0, days=10 * 365),
    Profile("person-sign", _SIGN, (_EMAIL_PROTECTION, _PERSON), (f"{_POLICY}.3",)),
    Profile("person-auth", _AUTH, (_CLIENT_AUTH, _PERSON), (f"{_POLICY}.4",)),
    Profile("person", (*_SIGN, "keyAgreement"), (_EMAIL_PROTECTION, _CLIENT_AUTH, _PERSON), (_POLICY,)),
    _legal("head-sign", 1),
    _legal("head-auth", 1, auth=True),
    _legal("right-to-sign", 2),
    _legal("finance-sign", 3),
    _legal("hr-sign", 4),
    _legal("employee-sign", 5),
    _legal("employee-auth", 5, auth=True),
    _system("system", 1),
    _system("portal", 7),
    _system("gateway", 8),
    Profile("ocsp-responder", ("digitalSignature",), ("1.3.6.1.5.5.7.3.9",), (_POLICY,), no_check=True, services=False),
    Profile("tsa", _SIGN, ("1.3.6.1.5.5.7.3.8",), (_POLICY,), extended_critical=True, days=3 * 365),
]
PROFILES = {profile.name: profile for profile in _ALL}
"""The kinds by name; ``person`` is the single key of 2022, ``person-sign`` and ``person-auth`` the older pair."""


def profile(name: str) -> Profile:
    """Return the kind called ``name``.

    Raises:
        ConfigurationError: ``PROFILE_UNKNOWN``.
    """
    found = PROFILES.get(name)
    if found is None:
        raise ConfigurationError(
            "PROFILE_UNKNOWN", f"unknown kind of certificate {name!r}", hint=f"one of {', '.join(PROFILES)}"
        )
    return found


@dataclass(frozen=True, slots=True)
class Services:
    """Where an authority's services are; the addresses go into what it issues. Empty ones are left out."""

    crl: str = ""
    delta: str = ""
    ocsp: str = ""
    certificate: str = ""


@lru_cache(maxsize=256)
def extensions(kind: Profile, services: Services = Services()) -> tuple[bytes, ...]:
    """Return the finished extensions of a certificate of ``kind`` whose issuer has ``services``."""
    parts = []
    if kind.ca:
        parts.append(ext.basic_constraints(ca=True, path_length=kind.path_length))
    parts.append(ext.key_usage(*kind.key_usage))
    if kind.extended:
        parts.append(ext.extended_key_usage(*kind.extended, critical=kind.extended_critical))
    if kind.policies:
        parts.append(ext.policies(*kind.policies, statement=PRACTICE_STATEMENT))
    if kind.no_check:
        parts.append(ext.ocsp_no_check())
    return (*parts, *(service_extensions(services) if kind.services else ()))


def service_extensions(services: Services) -> list[bytes]:
    """Return cRLDistributionPoints, freshestCRL and authorityInfoAccess for ``services``, as far as there are any."""
    parts = []
    if services.crl:
        parts.append(ext.crl_distribution_points(services.crl))
    if services.delta:
        parts.append(ext.freshest_crl(services.delta))
    if services.ocsp or services.certificate:
        ocsp = (services.ocsp,) if services.ocsp else ()
        issuers = (services.certificate,) if services.certificate else ()
        parts.append(ext.authority_access(ocsp=ocsp, issuers=issuers))
    return parts


def person_subject(surname: str, given: str, iin: str, *, patronymic: str = "") -> list[tuple[str, str]]:
    """Return the subject attributes of a natural person: CN, SN, serialNumber, C, G (the patronymic)."""
    attributes = [("CN", f"{surname} {given}"), ("SN", surname), ("serialNumber", f"IIN{iin}"), ("C", "KZ")]
    if patronymic:
        attributes.append(("G", patronymic))
    return [*attributes, TEST_MARK]


def employee_subject(
    surname: str, given: str, iin: str, organisation: str, bin_number: str, *, patronymic: str = ""
) -> list[tuple[str, str]]:
    """Return the subject attributes of a legal entity's employee: as a person's, with O and OU = BIN before G."""
    attributes = [("CN", f"{surname} {given}"), ("SN", surname), ("serialNumber", f"IIN{iin}"), ("C", "KZ")]
    attributes += [("O", organisation), ("OU", f"BIN{bin_number}")]
    if patronymic:
        attributes.append(("G", patronymic))
    return [*attributes, TEST_MARK]


def system_subject(title: str, uid: str, organisation: str, bin_number: str) -> list[tuple[str, str]]:
    """Return the subject attributes of an information system: CN, UID, C, O, OU = BIN, no IIN."""
    attributes = [("CN", title), ("UID", uid), ("C", "KZ"), ("O", organisation), ("OU", f"BIN{bin_number}")]
    return [*attributes, TEST_MARK]


def authority_subject(title: str, extra: Sequence[tuple[str, str]] = ()) -> list[tuple[str, str]]:
    """Return the subject attributes of an authority, a responder or a TSA: CN, C and what ``extra`` adds."""
    return [("CN", title), ("C", "KZ"), *extra, TEST_MARK]
