"""Writing the extensions of certificates, CRLs, CRL entries and OCSP messages (RFC 5280, 4.2, 5.2, 5.3; RFC 6960, 4.4).

Each function returns a finished DER ``Extension``. Criticality is what the standard prescribes unless said otherwise.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from egov_sign.certs import extension_ids as ids
from egov_sign.certs.issue_names import directory_name, uri
from egov_sign.certs.reasons import Reason
from egov_sign.crypto import der_write as der


@lru_cache(maxsize=1024)
def extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    """Return an Extension with the DER ``value``."""
    return der.sequence(der.oid(oid), der.TRUE if critical else b"", der.octet_string(value))


def oid_of(encoded: bytes) -> bytes:
    """Return the DER object identifier of an ``encoded`` extension made here."""
    start = 2 if encoded[1] < 0x80 else 2 + (encoded[1] & 0x7F)
    return encoded[start : start + 2 + encoded[start + 1]]


@lru_cache(maxsize=64)
def basic_constraints(*, ca: bool, path_length: int | None = None, critical: bool = True) -> bytes:
    """Return basicConstraints (4.2.1.9)."""
    inner = (der.TRUE if ca else b"") + (der.integer(path_length) if path_length is not None else b"")
    return extension(ids.BASIC_CONSTRAINTS, der.sequence(inner), critical=critical)


@lru_cache(maxsize=64)
def key_usage(*names: str, critical: bool = True) -> bytes:
    """Return keyUsage with the bits called ``names`` (see :data:`~egov_sign.certs.extension_ids.KEY_USAGES`).

    Raises:
        ValueError: for a name that is none of them.
    """
    return extension(ids.KEY_USAGE, der.named_bits(*[ids.KEY_USAGES.index(name) for name in names]), critical=critical)


@lru_cache(maxsize=64)
def extended_key_usage(*oids: str, critical: bool = False) -> bytes:
    """Return extKeyUsage with ``oids`` (4.2.1.12)."""
    return extension(ids.EXTENDED_KEY_USAGE, der.sequence(*map(der.oid, oids)), critical=critical)


@lru_cache(maxsize=64)
def policies(*oids: str, statement: str = "") -> bytes:
    """Return certificatePolicies with ``oids``, each with the practice ``statement`` (an address) if there is one."""
    qualifier = b""
    if statement:
        qualifier = der.sequence(der.sequence(der.oid(ids.PRACTICE_STATEMENT), der.ia5(statement)))
    return extension(ids.CERTIFICATE_POLICIES, der.sequence(*[der.sequence(der.oid(oid), qualifier) for oid in oids]))


def subject_key_id(key_id: bytes) -> bytes:
    """Return subjectKeyIdentifier (4.2.1.2)."""
    return der.sequence(der.oid(ids.SUBJECT_KEY_ID), der.octet_string(der.octet_string(key_id)))


@lru_cache(maxsize=256)
def authority_key_id(key_id: bytes) -> bytes:
    """Return authorityKeyIdentifier with the keyIdentifier alone (4.2.1.1)."""
    return extension(ids.AUTHORITY_KEY_ID, der.sequence(der.implicit(0, key_id)))


@lru_cache(maxsize=64)
def crl_distribution_points(*urls: str) -> bytes:
    """Return cRLDistributionPoints, one point per address (4.2.1.13)."""
    return extension(ids.CRL_DISTRIBUTION_POINTS, der.sequence(*[_point(url) for url in urls]))


@lru_cache(maxsize=64)
def freshest_crl(*urls: str) -> bytes:
    """Return freshestCRL, where the delta lists are (4.2.1.15)."""
    return extension(ids.FRESHEST_CRL, der.sequence(*[_point(url) for url in urls]))


def _point(url: str) -> bytes:
    return der.sequence(der.tagged(0, der.tagged(0, uri(url))))


@lru_cache(maxsize=64)
def authority_access(*, ocsp: tuple[str, ...] = (), issuers: tuple[str, ...] = ()) -> bytes:
    """Return authorityInfoAccess with the addresses of OCSP responders and of the issuer's certificate (4.2.2.1)."""
    access = [(ids.ACCESS_CA_ISSUERS, url) for url in issuers] + [(ids.ACCESS_OCSP, url) for url in ocsp]
    return extension(
        ids.AUTHORITY_INFO_ACCESS, der.sequence(*[der.sequence(der.oid(kind), uri(url)) for kind, url in access])
    )


def subject_alt_name(*general_names: bytes, critical: bool = False) -> bytes:
    """Return subjectAltName of finished GeneralNames (4.2.1.6)."""
    return extension(ids.SUBJECT_ALT_NAME, der.sequence(*general_names), critical=critical)


def name_constraints(*, permitted: tuple[bytes, ...] = (), excluded: tuple[bytes, ...] = ()) -> bytes:
    """Return nameConstraints over finished GeneralNames, critical (4.2.1.10)."""
    trees = [
        der.tagged(number, b"".join(der.sequence(base) for base in bases))
        for number, bases in enumerate((permitted, excluded))
        if bases
    ]
    return extension(ids.NAME_CONSTRAINTS, der.sequence(*trees), critical=True)


def policy_constraints(*, require_explicit: int | None = None, inhibit_mapping: int | None = None) -> bytes:
    """Return policyConstraints, critical (4.2.1.11)."""
    numbers = (require_explicit, inhibit_mapping)
    skips = [der.implicit(tag, der.integer(skip)[2:]) for tag, skip in enumerate(numbers) if skip is not None]
    return extension(ids.POLICY_CONSTRAINTS, der.sequence(*skips), critical=True)


def key_locations(*oids: str) -> bytes:
    """Return the country's extension 1.2.398.3.3.5, which lists where the key lives."""
    return extension(ids.KEY_LOCATIONS, der.sequence(*map(der.oid, oids)))


def ocsp_no_check() -> bytes:
    """Return id-pkix-ocsp-nocheck (RFC 6960, 4.2.2.2.1)."""
    return extension(ids.OCSP_NO_CHECK, der.NULL)


def crl_number(number: int, *, critical: bool = False) -> bytes:
    """Return cRLNumber (5.2.3)."""
    return extension(ids.CRL_NUMBER, der.integer(number), critical=critical)


def delta_crl_indicator(base_number: int) -> bytes:
    """Return deltaCRLIndicator with the number of the base list, critical (5.2.4)."""
    return extension(ids.DELTA_INDICATOR, der.integer(base_number), critical=True)


def issuing_distribution_point(
    *,
    url: str = "",
    only_user: bool = False,
    only_ca: bool = False,
    only_attribute: bool = False,
    only_reasons: tuple[Reason, ...] = (),
    indirect: bool = False,
) -> bytes:
    """Return issuingDistributionPoint, critical (5.2.5)."""
    parts = [der.tagged(0, der.tagged(0, uri(url)))] if url else []
    flags = {1: only_user, 2: only_ca, 4: indirect, 5: only_attribute}
    parts += [der.implicit(tag, b"\xff") for tag in (1, 2) if flags[tag]]
    if only_reasons:
        parts.append(der.implicit(3, der.named_bits(*[_reason_flag(reason) for reason in only_reasons])[2:]))
    parts += [der.implicit(tag, b"\xff") for tag in (4, 5) if flags[tag]]
    return extension(ids.ISSUING_DISTRIBUTION_POINT, der.sequence(*parts), critical=True)


def _reason_flag(reason: Reason) -> int:
    """Return the bit of ``reason`` in ReasonFlags, whose numbers are CRLReason's but for the last two (4.2.1.13)."""
    return {Reason.PRIVILEGE_WITHDRAWN: 7, Reason.AA_COMPROMISE: 8}.get(reason, int(reason))


def reason_code(reason: Reason) -> bytes:
    """Return reasonCode of a CRL entry (5.3.1)."""
    return extension(ids.REASON_CODE, der.enumerated(reason))


def invalidity_date(moment: datetime) -> bytes:
    """Return invalidityDate of a CRL entry (5.3.2)."""
    return extension(ids.INVALIDITY_DATE, der.generalized_time(moment))


def certificate_issuer(encoded_name: bytes) -> bytes:
    """Return certificateIssuer of an entry in an indirect CRL, critical (5.3.3)."""
    return extension(ids.CERTIFICATE_ISSUER, der.sequence(directory_name(encoded_name)), critical=True)


def ocsp_nonce(nonce: bytes) -> bytes:
    """Return the nonce of an OCSP request or response (RFC 9654, 2.1)."""
    return extension(ids.OCSP_NONCE, der.octet_string(nonce))


def ocsp_extended_revoke() -> bytes:
    """Return id-pkix-ocsp-extended-revoke: never-issued certificates are answered as revoked (RFC 6960, 4.4.8)."""
    return extension(ids.OCSP_EXTENDED_REVOKE, der.NULL)
