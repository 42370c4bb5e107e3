"""Judging certificates: RFC 5280 section 6, with revocation.

1. The issuers' part of a path that led from a certificate of the same issuer to an anchor before, at the same time,
   is taken as it was found; only the certificate itself is judged.
2. Otherwise paths are searched (:mod:`.path`) and judged from the anchor down (:mod:`.path_rules`), each certificate's
   revocation included, until one is valid.
3. If none is, the best one is reported. The others are shown beside it and do not count.
4. If there is no path at all, what can be said of the certificate alone is said, and why no path was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeAlias

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.extension_ids import ANY_POLICY
from egov_sign.certs.issuer_fetch import IssuerFetch
from egov_sign.certs.name import Name
from egov_sign.certs.path import CertificatePath, CertificatePool, Effort, Obstacle, PathSearch
from egov_sign.certs.path_reports import CertificateReport, IssuerPart, PathReport
from egov_sign.certs.path_rules import (
    ALONE_CHECKS,
    ANCHOR_CHECKS,
    END_CHECKS,
    ISSUER_CHECKS,
    PathRules,
    PathState,
    ValidationPolicy,
)
from egov_sign.certs.trust import TrustStore
from egov_sign.clock import as_utc
from egov_sign.crypto.keys import PublicKey
from egov_sign.fetch import Fetcher, OfflineFetcher
from egov_sign.limits import DEFAULT_LIMITS, Limits
from egov_sign.verdict import Report, Severity, SubIndication

_REMEMBERED = 4096
"""Entries of each cache; a full one is emptied."""
_PARTS_OF_AN_ISSUER = 4
_SHOWN_ALTERNATIVES = 4


class PathContext(Protocol):
    """What a revocation checker may need to know of the path it works for.

    Attributes:
        anchor: the trust anchor of the path; who signs revocation information must have a path to the same one.
        issuer_key: the key of the certificate's issuer, with the parameters it may have inherited on the path.
        end_entity: whether the certificate is the one that was asked about, not one of its issuers.
    """

    anchor: Certificate
    issuer_key: PublicKey
    end_entity: bool

    def known(self, name: Name) -> Sequence[Certificate]:
        """Return the certificates at hand whose subject is ``name``: who may have signed a CRL or an OCSP response."""
        ...

    def validate(self, signer: Certificate, candidates: Sequence[Certificate] = ()) -> Report:
        """Judge the path of ``signer`` to the same anchor at the same time, its own revocation included.

        A certificate whose judgement is already under way is not asked about its revocation again: a CRL may cover
        the certificate it is verified with.
        """
        ...


class RevocationChecker(Protocol):
    """Finds out whether a certificate was revoked."""

    @property
    def revision(self) -> int:
        """A number that changes when it learned something: what was judged before is then judged anew."""
        ...

    def check(self, certificate: Certificate, issuer: Certificate, at: datetime, context: PathContext) -> Report:
        """Return a report with the subject ``revocation`` on ``certificate``, issued by ``issuer``, at the time ``at``.

        VALID means that it is known not to be revoked; what cannot be established is INDETERMINATE, TRY_LATER.
        """
        ...


_Index: TypeAlias = tuple[bytes, datetime, int]
"""What the issuers' part of a path is remembered by: the issuer's name, the time, and the state of revocation."""


class CertificateValidator:
    """Judges certificates against one set of trust anchors.

    It remembers what it found out about issuers, so one validator should serve many certificates; threads may share
    it.

    Args:
        trust: the anchors.
        intermediates: certificates that may help to build paths.
        revocation: finds out about revocation; without one, no certificate is VALID unless ``policy`` does not ask.
        policy: what is demanded.
        limits: bounds.
        fetcher: where missing issuers are fetched from, by the addresses in certificates.
    """

    def __init__(
        self,
        trust: TrustStore,
        *,
        intermediates: Iterable[Certificate] = (),
        revocation: RevocationChecker | None = None,
        policy: ValidationPolicy | None = None,
        limits: Limits = DEFAULT_LIMITS,
        fetcher: Fetcher | None = None,
    ) -> None:
        self.trust = trust
        self.pool = CertificatePool(intermediates)
        self.revocation = revocation
        self.policy = policy or ValidationPolicy()
        self.limits = limits
        self.fetcher = fetcher or OfflineFetcher()
        self._effort: Effort | None = None
        self._signatures: dict[tuple[bytes, bytes], bool] = {}
        self._issuers: dict[_Index, tuple[_Judgement, list[IssuerPart]]] = {}

    def with_revocation(self, revocation: RevocationChecker | None) -> CertificateValidator:
        """Return a validator that differs in nothing but how it finds out about revocation.

        What is known of signatures is shared; what was found out about issuers is not.
        """
        other = copy(self)
        other.revocation = revocation
        other._issuers = {}
        return other

    def for_document(self) -> CertificateValidator:
        """Return a validator for the certificates of one document, which together cost at most ``document_checks``.

        It shares all memory with this one, and is this one if it is that already. What it cannot find for want of
        effort is INDETERMINATE.
        """
        if self._effort is not None:
            return self
        other = CertificateValidator.__new__(type(self))  # copy() takes as long as half a signature check
        other.__dict__.update(self.__dict__)
        other._effort = Effort(self.limits.document_checks)
        return other

    def validate(self, certificate: Certificate, at: datetime, *, candidates: Sequence[Certificate] = ()) -> Report:
        """Judge ``certificate`` at the time ``at``.

        Args:
            certificate: the end of the path.
            at: reference time, timezone-aware; everything is judged at that time.
            candidates: certificates that came along with it and may help to build the path, in any order.

        Returns:
            A report with the subject ``certificate``. Its children are the certificates of the path, the judged one
            first and the trust anchor last, each with its revocation report and with ``facts.checks``, the names of
            the checks done; ``where`` of a finding names the check. Facts: ``path`` (names), ``fingerprints``,
            ``at``, ``evidence`` (facts of the revocation reports).

        Raises:
            ConfigurationError: ``TIME_NAIVE``.
        """
        at = _whole_second(as_utc(at))
        remembered = self._from_memory(certificate, at)
        if remembered is not None:
            return remembered
        pools = (self.pool, CertificatePool(candidates[: self.limits.certificates])) if candidates else (self.pool,)
        rules = PathRules(at, self.policy, self.limits, self.verify)
        return _Judgement(self, self.trust, pools, rules).judge(certificate)

    def verify(self, certificate: Certificate, key: PublicKey) -> bool:
        """Tell whether the signature of ``certificate`` is that of ``key``, and remember the answer.

        Raises:
            UnsupportedError: ``ALGORITHM_UNKNOWN``.
        """
        index = (certificate.der, key.spki)
        known = self._signatures.get(index)
        if known is None:
            if len(self._signatures) >= _REMEMBERED:
                self._signatures.clear()
            known = self._signatures[index] = _verify(certificate, key)
        return known

    def remember(self, certificate: Certificate, at: datetime, part: IssuerPart) -> None:
        """Keep the valid issuers' part of the path of ``certificate`` at the time ``at``."""
        index = self._index(certificate, at)
        if index not in self._issuers:
            if len(self._issuers) >= _REMEMBERED:
                self._issuers.clear()
            rules = PathRules(at, self.policy, self.limits, _verify)
            owner = copy(self)
            owner._effort = None  # it outlives the document
            self._issuers[index] = _Judgement(owner, self.trust, (self.pool,), rules), []
        parts = self._issuers[index][1]
        if len(parts) < _PARTS_OF_AN_ISSUER and all(known.path != part.path for known in parts):
            parts.append(part)

    def _index(self, certificate: Certificate, at: datetime) -> _Index:
        return certificate.issuer.der, at, 0 if self.revocation is None else self.revocation.revision

    def _from_memory(self, certificate: Certificate, at: datetime) -> Report | None:
        """Do step 1; ``None`` if nothing is remembered, or the certificate is not valid that way."""
        remembered = self._issuers.get(self._index(certificate, at))
        if remembered is not None:
            judgement, parts = remembered
            for part in parts:
                report = judgement.complete(certificate, part)
                if report.children[0].severity < Severity.INDETERMINATE:
                    return report
        return None


class _Judgement:
    """The judgement of one certificate, and of those who signed its revocation information.

    Args:
        owner: whose judgement it is.
        trust: the anchors that count.
        pools: certificates at hand.
        rules: the rules, with time and policy.
        under_way: certificates whose revocation is being looked into.
    """

    def __init__(
        self,
        owner: CertificateValidator,
        trust: TrustStore,
        pools: Sequence[CertificatePool],
        rules: PathRules,
        under_way: frozenset[bytes] = frozenset(),
    ) -> None:
        self.owner = owner
        self.trust = trust
        self.pools = pools
        self.rules = rules
        self.under_way = under_way

    def judge(self, certificate: Certificate) -> Report:
        """Do steps 2 to 4."""
        if any(anchor.der == certificate.der for anchor in self.trust.find(certificate.subject)):
            return self._judge_anchor(certificate)
        fetch = IssuerFetch(self.owner.fetcher, self.owner.limits)
        search = PathSearch(
            self.trust,
            self.pools,
            at=self.rules.at,
            limits=self.owner.limits,
            verify=self.owner.verify,
            fetch=fetch,
            effort=self.owner._effort,
        )
        reports: list[Report] = []
        best = None
        for path in search.paths(certificate):
            report = self._judge_path(path)
            reports.append(report)
            if best is None or report.severity < best.severity:
                best = report
            if report.severity < Severity.INDETERMINATE:
                break
        if best is None:
            return self._judge_alone(certificate, search, fetch.failures)
        for other in reports[:_SHOWN_ALTERNATIVES]:
            if other is not best:
                other.counts = False
                best.children.append(other)
        if search.attempts >= self.owner.limits.path_attempts:
            best.warn("CERT_PATH_ATTEMPTS", attempts=search.attempts)
        return best

    def complete(self, certificate: Certificate, part: IssuerPart) -> Report:
        """Judge ``certificate`` below an issuers' part that was judged before."""
        report = CertificateReport(certificate, END_CHECKS)
        self.rules.finish(part.state, certificate, report)
        self._check_revocation(certificate, part.state, part.path[-1], report, end=True)
        return PathReport(self.rules.at, [report, *part.reports])

    def _judge_path(self, path: CertificatePath) -> Report:
        certificate, *issuers = path
        part = self._judge_issuers(tuple(issuers))
        if isinstance(part, IssuerPart):
            if not self.under_way and all(report.severity < Severity.INDETERMINATE for report in part.reports):
                self.owner.remember(certificate, self.rules.at, part)
            return self.complete(certificate, part)
        report = CertificateReport(certificate, ALONE_CHECKS)
        self.rules.alone(certificate, report)
        return PathReport(self.rules.at, [report, *part])

    def _judge_issuers(self, path: CertificatePath) -> IssuerPart | list[CertificateReport]:
        """Judge the issuers from the anchor down; only reports if the rules cannot be followed to the end."""
        anchor = path[-1]
        report = CertificateReport(anchor, ANCHOR_CHECKS, "trust-anchor")
        reports = [report]
        state = self.rules.start(anchor, report)
        for certificate in reversed(path[:-1]):
            report = CertificateReport(certificate, ALONE_CHECKS if state is None else ISSUER_CHECKS)
            reports.insert(0, report)
            if state is None:
                self.rules.alone(certificate, report)
                continue
            following = self.rules.descend(state, certificate, report)
            self._check_revocation(certificate, state, anchor, report, end=False)
            state = following
        return reports if state is None else IssuerPart(path, state, tuple(reports))

    def _check_revocation(
        self, certificate: Certificate, state: PathState, anchor: Certificate, report: Report, *, end: bool
    ) -> None:
        if certificate.der in self.under_way:
            return
        if not self.rules.policy.check_revocation:
            if end:
                report.warn("REVOCATION_NOT_CHECKED", "revocation")
            return
        if self.owner.revocation is None:
            report.fail("REVOCATION_NOT_CHECKED", SubIndication.TRY_LATER, "revocation")
            return
        context = _Context(anchor, state.key, end, self, certificate)
        report.children.append(self.owner.revocation.check(certificate, state.issuer, self.rules.at, context))

    def known(self, name: Name) -> list[Certificate]:
        """Return the certificates at hand whose subject is ``name``; none if there is no effort left to try them."""
        known = [*self.trust.find(name), *(found for pool in self.pools for found in pool.find(name))]
        effort = self.owner._effort
        return known if effort is None or effort.spend(len(known)) else []

    def judge_signer(
        self, signer: Certificate, anchor: Certificate, subject: Certificate, candidates: Sequence[Certificate]
    ) -> Report:
        """Judge who signed revocation information about ``subject``."""
        if len(self.under_way) >= self.owner.limits.path_length:
            report = Report("certificate", signer.subject.common_name)
            report.fail("CERT_PATH_TOO_LONG", SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE)
            return report
        policy = replace(
            self.rules.policy,
            initial_policies=frozenset({ANY_POLICY}),
            require_explicit_policy=False,
            key_usage=frozenset(),
            extended_key_usage=frozenset(),
        )
        pools = (*self.pools, CertificatePool(candidates[: self.owner.limits.certificates]))
        under_way = self.under_way | {subject.der}
        trust = TrustStore([anchor])
        rules = PathRules(self.rules.at, policy, self.owner.limits, self.owner.verify)
        return _Judgement(self.owner, trust, pools, rules, under_way).judge(signer)

    def _judge_anchor(self, anchor: Certificate) -> Report:
        """Judge a certificate that is itself an anchor: it is relied on, and nobody can revoke it."""
        report = CertificateReport(anchor, ANCHOR_CHECKS, "trust-anchor")
        self.rules.alone(anchor, report, anchor=True)
        return PathReport(self.rules.at, [report])

    def _judge_alone(self, certificate: Certificate, search: PathSearch, failures: Mapping[str, str]) -> Report:
        """Do step 4."""
        report = CertificateReport(certificate, ALONE_CHECKS)
        self.rules.alone(certificate, report)
        whole = PathReport(self.rules.at, [report])
        last, obstacle = max(search.obstacles, key=lambda item: item[1].value)
        issuer = str(last.issuer)
        sub = SubIndication.NO_CERTIFICATE_CHAIN_FOUND
        match obstacle:
            case Obstacle.SELF_SIGNED:
                whole.fail("CERT_SELF_SIGNED", sub, issuer=issuer)
            case Obstacle.SIGNATURE:
                whole.fail("CERT_ISSUER_DID_NOT_SIGN", sub, issuer=issuer)
            case Obstacle.ATTEMPTS | Obstacle.TOO_LONG:
                whole.fail("CERT_PATH_NOT_FOUND", sub, issuer=issuer, attempts=search.attempts)
            case Obstacle.NO_ISSUER:
                whole.fail("CERT_UNTRUSTED", sub, issuer=issuer)
        for url, error in failures.items():
            whole.warn("CERT_ISSUER_NOT_FETCHED", url, error=error)
        return whole


@dataclass(slots=True)
class _Context:
    """The :class:`PathContext` of one certificate."""

    anchor: Certificate
    issuer_key: PublicKey
    end_entity: bool
    judgement: _Judgement
    certificate: Certificate

    def known(self, name: Name) -> Sequence[Certificate]:
        return self.judgement.known(name)

    def validate(self, signer: Certificate, candidates: Sequence[Certificate] = ()) -> Report:
        return self.judgement.judge_signer(signer, self.anchor, self.certificate, candidates)


def _whole_second(at: datetime) -> datetime:
    """Return ``at`` without fractions, which certificates do not know: the last second of one counts whole."""
    return at.replace(microsecond=0) if at.microsecond else at


def _verify(certificate: Certificate, key: PublicKey) -> bool:
    return key.verify(certificate.signature, certificate.tbs, certificate.signature_algorithm)
