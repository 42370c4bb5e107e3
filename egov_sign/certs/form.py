"""The form of a certificate: what RFC 5280 section 4 demands of it, wherever it stands in a path.

1. Its fields agree with each other: version, the two algorithm identifiers, no extension twice (4.1, 4.2).
2. Every extension we know can be decoded; an unknown one is not critical (4.2).
3. Keys are given by named curves only (RFC 5480, 2.1.1).
4. The profile: what conforming authorities must write, though a relying party is not told to check it: criticality,
   key identifiers, serial numbers, the syntax of names, nothing of a CA in an end entity's certificate (4.1.2, 4.2.1).

The fourth group only warns where the caller's policy does not insist on the profile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from egov_sign.certs import extension_ids as ids
from egov_sign.certs import extensions as ext
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.name_constraints import check_form as check_constraints
from egov_sign.certs.name_constraints import is_well_formed
from egov_sign.verdict import Report, Scalar, SubIndication

_DECODERS: Mapping[str, Callable[[bytes], object]] = {
    ids.SUBJECT_KEY_ID: ext.subject_key_id,
    ids.KEY_USAGE: ext.key_usage,
    ids.SUBJECT_ALT_NAME: ext.general_names,
    ids.ISSUER_ALT_NAME: ext.general_names,
    ids.BASIC_CONSTRAINTS: ext.basic_constraints,
    ids.NAME_CONSTRAINTS: ext.name_constraints,
    ids.CRL_DISTRIBUTION_POINTS: ext.distribution_points,
    ids.CERTIFICATE_POLICIES: ext.certificate_policies,
    ids.POLICY_MAPPINGS: ext.policy_mappings,
    ids.AUTHORITY_KEY_ID: ext.authority_key_id,
    ids.POLICY_CONSTRAINTS: ext.policy_constraints,
    ids.EXTENDED_KEY_USAGE: ext.oids,
    ids.FRESHEST_CRL: ext.distribution_points,
    ids.INHIBIT_ANY_POLICY: ext.inhibit_any_policy,
    ids.AUTHORITY_INFO_ACCESS: ext.authority_info_access,
}
_UNDERSTOOD = (_DECODERS.keys() | {ids.OCSP_NO_CHECK}) - {ids.ISSUER_ALT_NAME}
_NEVER_CRITICAL = frozenset(
    {
        ids.SUBJECT_KEY_ID,
        ids.AUTHORITY_KEY_ID,
        ids.FRESHEST_CRL,
        ids.AUTHORITY_INFO_ACCESS,
        ids.SUBJECT_INFO_ACCESS,
        ids.SUBJECT_DIRECTORY_ATTRIBUTES,
    }
)
_ALWAYS_CRITICAL = frozenset({ids.NAME_CONSTRAINTS, ids.POLICY_CONSTRAINTS, ids.INHIBIT_ANY_POLICY})
_CONTRADICTIONS = frozenset({"CERT_VERSION", "CERT_ALGORITHM_MISMATCH", "CERT_EXTENSION_TWICE"})
_EXPLICIT_CURVE = bytes.fromhex("06072a8648ce3d020130")
"""id-ecPublicKey followed by a SEQUENCE, where the identifier of a curve belongs."""


class _Rules:
    """Findings on the profile: they stand against the certificate, or only warn."""

    def __init__(self, report: Report, strict: bool) -> None:
        self._report = report
        self._strict = strict

    def fail(self, code: str, **params: Scalar) -> None:
        if self._strict:
            self._report.fail(code, SubIndication.CHAIN_CONSTRAINTS_FAILURE, "form", **params)
        else:
            self._report.warn(code, "form", **params)


def check_form(certificate: Certificate, report: Report, *, strict: bool, anchor: bool = False) -> None:
    """Judge the form of ``certificate`` and add what is wrong to ``report``.

    Args:
        certificate: any certificate of a path.
        report: where the findings go.
        strict: whether breaches of the profile stand against it; otherwise they are warnings.
        anchor: whether it is a trust anchor: who issued it does not matter, so it needs no identifier of that key;
            where it issued itself, its number identifies nothing either.

    Raises:
        InputError: ``DER_*``, ``NAME_MALFORMED`` or ``NAME_CONSTRAINT_MALFORMED`` if a name or an extension cannot be
            decoded.
    """
    rules = _Rules(report, strict)
    own_issuer = anchor and certificate.is_self_issued
    for code in certificate.irregularities:
        if code in _CONTRADICTIONS:
            report.fail(code, SubIndication.FORMAT_FAILURE, "form")
        elif not own_issuer:
            rules.fail(code)
    if _EXPLICIT_CURVE in certificate.spki[:32]:
        report.fail("CERT_EC_PARAMETERS_EXPLICIT", SubIndication.CRYPTO_CONSTRAINTS_FAILURE, "form")
    decoded = _check_extensions(certificate, report, rules)
    _check_names(certificate, decoded, rules)
    _check_key_identifiers(decoded, rules, anchor)
    _check_authority_fields(certificate, decoded, rules)


def _check_extensions(certificate: Certificate, report: Report, rules: _Rules) -> dict[str, Any]:
    """Decode all extensions that we know and return what is in them."""
    decoded: dict[str, Any] = {}
    for oid, (critical, value) in certificate.extensions.items():
        decode = _DECODERS.get(oid)
        if decode is not None:
            decoded[oid] = decode(value)
        if critical:
            if oid in _NEVER_CRITICAL:
                rules.fail("CERT_EXTENSION_CRITICALITY", oid=oid)
            elif oid not in _UNDERSTOOD:
                report.fail("CERT_EXTENSION_UNKNOWN_CRITICAL", SubIndication.CHAIN_CONSTRAINTS_FAILURE, "form", oid=oid)
        elif oid in _ALWAYS_CRITICAL:
            rules.fail("CERT_EXTENSION_CRITICALITY", oid=oid)
    return decoded


def _check_names(certificate: Certificate, decoded: Mapping[str, Any], rules: _Rules) -> None:
    names: tuple[ext.GeneralName, ...] = decoded.get(ids.SUBJECT_ALT_NAME, ())
    if not certificate.subject.rdns:
        basic: ext.BasicConstraints | None = decoded.get(ids.BASIC_CONSTRAINTS)
        if not names or (basic is not None and basic.ca):
            rules.fail("CERT_SUBJECT_EMPTY")
        elif not certificate.extensions[ids.SUBJECT_ALT_NAME].critical:
            rules.fail("CERT_EXTENSION_CRITICALITY", oid=ids.SUBJECT_ALT_NAME)
    for item in names:
        if not is_well_formed(item):
            rules.fail("CERT_ALT_NAME_MALFORMED", name=item.text)


def _check_key_identifiers(decoded: Mapping[str, Any], rules: _Rules, anchor: bool) -> None:
    basic: ext.BasicConstraints | None = decoded.get(ids.BASIC_CONSTRAINTS)
    if basic is not None and basic.ca and ids.SUBJECT_KEY_ID not in decoded:
        rules.fail("CERT_SKI_MISSING")
    issuer_key: ext.AuthorityKeyId | None = decoded.get(ids.AUTHORITY_KEY_ID)
    if not anchor and (issuer_key is None or issuer_key.key_id is None):
        rules.fail("CERT_AKI_MISSING")


def _check_authority_fields(certificate: Certificate, decoded: Mapping[str, Any], rules: _Rules) -> None:
    """Check what only a CA's certificate may say, and what it must (4.2.1.3, 4.2.1.9, 4.2.1.10)."""
    basic: ext.BasicConstraints | None = decoded.get(ids.BASIC_CONSTRAINTS)
    constraints: ext.NameConstraints | None = decoded.get(ids.NAME_CONSTRAINTS)
    if basic is not None and basic.ca:
        if not certificate.extensions[ids.BASIC_CONSTRAINTS].critical:
            rules.fail("CERT_EXTENSION_CRITICALITY", oid=ids.BASIC_CONSTRAINTS)
        if constraints is not None:
            check_constraints(constraints)
        return
    if "keyCertSign" in decoded.get(ids.KEY_USAGE, ()):
        rules.fail("CERT_AUTHORITY_FIELD", field="keyCertSign")
    if basic is not None and basic.path_length is not None:
        rules.fail("CERT_AUTHORITY_FIELD", field="pathLenConstraint")
    if constraints is not None:
        rules.fail("CERT_AUTHORITY_FIELD", field="nameConstraints")
