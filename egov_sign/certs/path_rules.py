"""The rules of RFC 5280 section 6.1 for one certificate after another, from the trust anchor to the end entity.

For every certificate, in this order (the words in brackets are what ``where`` of a finding says):

1. [form] It is well formed (:mod:`.form`).
2. [signature] Its issuer's key verifies it (6.1.3 (a)(1)); that signature and its own key are good enough at the time
   (:mod:`.algorithm_policy`).
3. [validity] The time lies within its validity (6.1.3 (a)(2)).
4. [names] Its issuer is the subject before it (6.1.3 (a)(4)); its own names satisfy all name constraints so far, unless
   it is self-issued and not the last (6.1.3 (b), (c)).
5. [policies] Its policies continue those of the path; where an explicit policy is required, one is left (6.1.3 (d) to
   (f)).

For every certificate but the last:

6. [policies] Policy mappings, policy constraints and inhibitAnyPolicy take effect (6.1.4 (a), (b), (h) to (j)).
7. [names] Its name constraints join those of the path (6.1.4 (g)).
8. [authority] It is a CA's, with keyCertSign, and the path length allows another one (6.1.4 (k) to (n)).

For the last:

9. [policies] The policies that are left satisfy the caller (6.1.5 (a), (b), (g)).
10. [usage] Its key usage and extended key usage are what the caller needs.

A trust anchor is held to 1, 3 and 8, and its name, length and policy constraints take effect as RFC 5937 describes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from egov_sign.certs import policies
from egov_sign.certs.algorithm_policy import AlgorithmPolicy, algorithm_policy
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.extension_ids import ANY_EXTENDED_KEY_USAGE, ANY_POLICY
from egov_sign.certs.extensions import NameConstraints
from egov_sign.certs.form import check_form
from egov_sign.certs.name_constraints import constrained_names, violation
from egov_sign.clock import format_time
from egov_sign.crypto import der, der_write
from egov_sign.crypto.algorithms import KeyType
from egov_sign.crypto.keys import KeySize, PublicKey, load_public_key, plain_size
from egov_sign.errors import InputError, LimitError, UnsupportedError
from egov_sign.limits import Limits
from egov_sign.native import mypyc_attr
from egov_sign.verdict import Report, SubIndication

END_CHECKS = ("form", "signature", "validity", "names", "policies", "usage", "revocation")
"""What the last certificate of a path is held to, in the order in which a person reads it."""
ISSUER_CHECKS = ("form", "signature", "validity", "names", "policies", "authority", "revocation")
"""What the certificates between anchor and last are held to."""
ANCHOR_CHECKS = ("form", "validity", "authority")
"""What a trust anchor is held to."""
ALONE_CHECKS = ("form", "validity")
"""What can be said of a certificate without a path."""


@mypyc_attr(native_class=False)
@dataclass(frozen=True, slots=True)
class ValidationPolicy:
    """What a caller demands of a certificate and its path.

    Attributes:
        check_revocation: ``False`` accepts certificates without asking whether they were revoked.
        profile_rules: whether breaches of RFC 5280's profile for authorities stand against a certificate; see
            :mod:`egov_sign.certs.form`.
        initial_policies: the policies of which the path must be valid under one (user-initial-policy-set).
        require_explicit_policy: whether the path must be valid under a policy at all (initial-explicit-policy).
        inhibit_policy_mapping: whether policy mappings are ignored from the start.
        inhibit_any_policy: whether anyPolicy has no meaning from the start.
        max_intermediates: how many CAs that are not self-issued may stand between anchor and end; ``None``: any.
        key_usage: the certificate must have keyUsage with one of these; empty: any or none.
        extended_key_usage: the certificate's extended key usages, if it has any, must include one of these or
            anyExtendedKeyUsage; empty: any.
        algorithms: which mechanisms are good enough, and until when.
    """

    check_revocation: bool = True
    profile_rules: bool = True
    initial_policies: frozenset[str] = frozenset({ANY_POLICY})
    require_explicit_policy: bool = False
    inhibit_policy_mapping: bool = False
    inhibit_any_policy: bool = False
    max_intermediates: int | None = None
    key_usage: frozenset[str] = frozenset()
    extended_key_usage: frozenset[str] = frozenset()
    algorithms: AlgorithmPolicy = field(default_factory=algorithm_policy)


@mypyc_attr(native_class=False)
@dataclass(frozen=True, slots=True)
class PathState:
    """The state variables of RFC 5280, 6.1.2, after some certificates. A counter of ``None`` never runs out.

    Attributes:
        issuer: the certificate that the next one is issued by.
        key: its key (working_public_key with its parameters).
        policies: the lowest level of the valid policy graph.
        explicit_policy: certificates left before a policy is required.
        inhibit_any_policy: certificates left before anyPolicy loses its meaning.
        policy_mapping: certificates left before mappings are ignored.
        max_path_length: CAs that may still follow.
        name_constraints: those of all certificates so far.
    """

    issuer: Certificate
    key: PublicKey
    policies: policies.PolicyLevel
    explicit_policy: int | None
    inhibit_any_policy: int | None
    policy_mapping: int | None
    max_path_length: int | None
    name_constraints: tuple[NameConstraints, ...] = ()


class PathRules:
    """The rules for one reference time and one policy.

    Args:
        at: the time at which everything is judged, in UTC.
        policy: what the caller demands.
        limits: bounds.
        verify: tells whether a certificate's signature is that of a key.
    """

    def __init__(
        self, at: datetime, policy: ValidationPolicy, limits: Limits, verify: Callable[[Certificate, PublicKey], bool]
    ) -> None:
        self.at = at
        self.policy = policy
        self.limits = limits
        self._verify = verify

    def start(self, anchor: Certificate, report: Report) -> PathState | None:
        """Judge a trust anchor and return the state before the first certificate of the path.

        ``None`` means that no path can go on from here; ``report`` says why.
        """
        policy = self.policy
        try:
            check_form(anchor, report, strict=policy.profile_rules, anchor=True)
            self._check_validity(anchor, report, end=False)
            if policy.profile_rules:
                _check_authority(anchor, report)
            state = PathState(
                issuer=anchor,
                key=anchor.public_key,
                policies=policies.INITIAL,
                explicit_policy=0 if policy.require_explicit_policy else None,
                inhibit_any_policy=0 if policy.inhibit_any_policy else None,
                policy_mapping=0 if policy.inhibit_policy_mapping else None,
                max_path_length=policy.max_intermediates,
            )
            self._check_key(state.key, report)
            return _constrain(state, anchor)
        except InputError as error:
            unreadable(report, error)
        return None

    def descend(self, state: PathState, certificate: Certificate, report: Report) -> PathState | None:
        """Judge a CA's certificate below ``state`` (steps 1 to 8) and return the state after it.

        ``None`` means that no path can go on from here; ``report`` says why.
        """
        try:
            self._check_common(state, certificate, report, end=False)
            level = self._policies(state, certificate, report, end=False)
            mappings = certificate.policy_mappings
            if mappings:
                if any(ANY_POLICY in pair for pair in mappings):
                    report.fail("CERT_POLICY_MAPPING_ANY", SubIndication.CHAIN_CONSTRAINTS_FAILURE, "policies")
                level = policies.apply_mappings(level, mappings, allowed=state.policy_mapping != 0)
            _check_authority(certificate, report)
            state = replace(state, policies=level)
            if not certificate.is_self_issued:
                if state.max_path_length == 0:
                    report.fail("CERT_PATH_TOO_LONG", SubIndication.CHAIN_CONSTRAINTS_FAILURE, "authority")
                state = replace(
                    state,
                    explicit_policy=_one_less(state.explicit_policy),
                    policy_mapping=_one_less(state.policy_mapping),
                    inhibit_any_policy=_one_less(state.inhibit_any_policy),
                    max_path_length=_one_less(state.max_path_length),
                )
            return _constrain(replace(state, issuer=certificate, key=working_key(certificate, state.key)), certificate)
        except InputError as error:
            unreadable(report, error)
        return None

    def finish(self, state: PathState, certificate: Certificate, report: Report) -> None:
        """Judge the end entity's certificate below ``state`` (steps 1 to 5, 9 and 10)."""
        try:
            self._check_common(state, certificate, report, end=True)
            constraints = certificate.policy_constraints
            demanded = constraints is not None and constraints.require_explicit == 0
            # As long as no policy is required, which ones are left does not matter.
            if demanded or state.explicit_policy in (0, 1):
                level = self._policies(state, certificate, report, end=True)
                if level and not policies.accepted(level, self.policy.initial_policies):
                    report.fail("CERT_POLICY_NOT_ACCEPTED", SubIndication.CHAIN_CONSTRAINTS_FAILURE, "policies")
            self._check_usage(certificate, report)
            self._check_key(plain_size(certificate.spki) or working_key(certificate, state.key), report)
        except InputError as error:
            unreadable(report, error)

    def alone(self, certificate: Certificate, report: Report, *, anchor: bool = False) -> None:
        """Judge what can be judged of a certificate without a path (steps 1, 3 and 10)."""
        try:
            check_form(certificate, report, strict=self.policy.profile_rules, anchor=anchor)
            self._check_validity(certificate, report, end=True)
            self._check_usage(certificate, report)
        except InputError as error:
            unreadable(report, error)

    def _check_common(self, state: PathState, certificate: Certificate, report: Report, *, end: bool) -> None:
        """Do steps 1 to 4."""
        check_form(certificate, report, strict=self.policy.profile_rules)
        self._check_signature(state, certificate, report)
        self._check_validity(certificate, report, end=end)
        self._check_names(state, certificate, report, end=end)

    def _policies(
        self, state: PathState, certificate: Certificate, report: Report, *, end: bool
    ) -> policies.PolicyLevel:
        """Do step 5 and return the policies after the certificate."""
        any_policy_counts = state.inhibit_any_policy != 0 or (not end and certificate.is_self_issued)
        level = policies.process(state.policies, certificate.policies, any_policy_counts=any_policy_counts)
        if not level and (end or state.explicit_policy == 0):
            report.fail("CERT_POLICY_NOT_ACCEPTED", SubIndication.CHAIN_CONSTRAINTS_FAILURE, "policies")
        return level

    def _check_signature(self, state: PathState, certificate: Certificate, report: Report) -> None:
        if not self._verify(certificate, state.key):
            report.fail("CERT_SIGNATURE_WRONG", SubIndication.NO_CERTIFICATE_CHAIN_FOUND, "signature")
        algorithm = certificate.signature_algorithm
        bits = state.key.bits
        if not self.policy.algorithms.allows(algorithm, bits, self.at):
            sub = SubIndication.CRYPTO_CONSTRAINTS_FAILURE
            report.fail("CERT_ALGORITHM_WEAK", sub, "signature", algorithm=algorithm.name, bits=bits)

    def _check_key(self, key: PublicKey | KeySize, report: Report) -> None:
        """Check that a certified key is good enough at the time."""
        odd = key.key_type is KeyType.RSA and key.bits % 8
        if odd or self.at >= self.policy.algorithms.key_end(key.key_type, key.bits):
            sub = SubIndication.CRYPTO_CONSTRAINTS_FAILURE
            report.fail("CERT_KEY_WEAK", sub, "signature", kind=key.key_type.value, bits=key.bits)

    def _check_validity(self, certificate: Certificate, report: Report, *, end: bool) -> None:
        """Check step 3. An end entity's own period decides; outside an issuer's the path merely proves nothing."""
        if self.at > certificate.not_after:
            sub = SubIndication.EXPIRED if end else SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE
            report.fail("CERT_EXPIRED", sub, "validity", not_after=format_time(certificate.not_after))
        if self.at < certificate.not_before:
            sub = SubIndication.NOT_YET_VALID if end else SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE
            report.fail("CERT_NOT_YET_VALID", sub, "validity", not_before=format_time(certificate.not_before))

    def _check_names(self, state: PathState, certificate: Certificate, report: Report, *, end: bool) -> None:
        if certificate.issuer != state.issuer.subject:
            report.fail("CERT_ISSUER_MISMATCH", SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE, "names")
        named, own = certificate.aki, state.issuer.ski
        if self.policy.profile_rules and named is not None and own is not None and named.key_id not in (None, own):
            report.fail("CERT_AKI_MISMATCH", SubIndication.CHAIN_CONSTRAINTS_FAILURE, "names")
        if not state.name_constraints or (certificate.is_self_issued and not end):
            return
        try:
            offender = violation(constrained_names(certificate), state.name_constraints, self.limits.name_comparisons)
        except LimitError:
            report.fail("CERT_NAMES_TOO_MANY", SubIndication.CHAIN_CONSTRAINTS_FAILURE, "names")
            return
        if offender is not None:
            sub = SubIndication.CHAIN_CONSTRAINTS_FAILURE
            report.fail("CERT_NAME_NOT_PERMITTED", sub, "names", name=offender.text)

    def _check_usage(self, certificate: Certificate, report: Report) -> None:
        wanted = self.policy.key_usage
        if wanted and wanted.isdisjoint(certificate.key_usage or ()):
            _wrong_usage(report, wanted)
        wanted = self.policy.extended_key_usage
        if wanted and not (wanted | {ANY_EXTENDED_KEY_USAGE}) & frozenset(certificate.eku or wanted):
            _wrong_usage(report, wanted)


def _wrong_usage(report: Report, wanted: frozenset[str]) -> None:
    sub = SubIndication.CHAIN_CONSTRAINTS_FAILURE
    report.fail("CERT_USAGE", sub, "usage", wanted=", ".join(sorted(wanted)))


def unreadable(report: Report, error: InputError) -> None:
    """Add to ``report`` what of its certificate cannot be read or is of an unknown kind."""
    if error.code == "NAME_MALFORMED":
        report.fail("CERT_NAME_MALFORMED", SubIndication.FORMAT_FAILURE, "form", reason=error.message)
    elif isinstance(error, UnsupportedError):
        report.fail("CERT_UNSUPPORTED", SubIndication.CRYPTO_CONSTRAINTS_FAILURE, "form", reason=error.message)
    elif error.code.startswith("KEY_"):
        report.fail("CERT_KEY_MALFORMED", SubIndication.CRYPTO_CONSTRAINTS_FAILURE, "form", reason=error.message)
    else:
        report.fail("CERT_EXTENSION_MALFORMED", SubIndication.FORMAT_FAILURE, "form", reason=error.message)


def _check_authority(certificate: Certificate, report: Report) -> None:
    """Check step 8 but for the path length."""
    if not certificate.is_ca:
        report.fail("CERT_NOT_CA", SubIndication.CHAIN_CONSTRAINTS_FAILURE, "authority")
    if certificate.key_usage is not None and "keyCertSign" not in certificate.key_usage:
        report.fail("CERT_NO_KEY_CERT_SIGN", SubIndication.CHAIN_CONSTRAINTS_FAILURE, "authority")


def _constrain(state: PathState, certificate: Certificate) -> PathState:
    """Let the constraints of ``certificate`` take effect on what follows (6.1.4 (g), (i), (j), (m))."""
    basic = certificate.basic_constraints
    names = certificate.name_constraints
    constraints = certificate.policy_constraints
    inhibit_any = certificate.inhibit_any_policy
    if basic is not None and basic.path_length is not None:
        state = replace(state, max_path_length=_smaller(state.max_path_length, basic.path_length))
    if names is not None:
        state = replace(state, name_constraints=(*state.name_constraints, names))
    if constraints is not None:
        state = replace(
            state,
            explicit_policy=_smaller(state.explicit_policy, constraints.require_explicit),
            policy_mapping=_smaller(state.policy_mapping, constraints.inhibit_mapping),
        )
    if inhibit_any is not None:
        state = replace(state, inhibit_any_policy=_smaller(state.inhibit_any_policy, inhibit_any))
    return state


def _one_less(counter: int | None) -> int | None:
    return counter - 1 if counter else counter


def _smaller(counter: int | None, bound: int | None) -> int | None:
    return counter if bound is None or (counter is not None and counter <= bound) else bound


_DSA = bytes.fromhex("06072a8648ce380401")
"""The identifier of DSA keys, with its header."""


def working_key(certificate: Certificate, issuer_key: PublicKey) -> PublicKey:
    """Return the key of ``certificate``; a DSA key without parameters has those of its issuer (6.1.4 (d) to (f)).

    Raises:
        InputError: ``KEY_MALFORMED``.
        UnsupportedError: ``KEY_UNKNOWN``.
    """
    if _DSA not in certificate.spki[:32]:
        return certificate.public_key
    fields = der.Reader(certificate.spki).enter()
    inherited = der.Reader(issuer_key.spki).enter().element(der.SEQUENCE)
    if fields.take(der.SEQUENCE) not in (_DSA, _DSA + der_write.NULL) or _DSA not in inherited:
        return certificate.public_key
    return load_public_key(der_write.sequence(inherited, fields.element(der.BIT_STRING)))
