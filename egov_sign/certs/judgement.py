"""The judgement of one certificate: paths are searched, judged from the anchor down, and the best one is told.

This does steps 2 to 4 of :mod:`egov_sign.certs.validator`, for the certificate that was asked about and for those who
signed what is known of its revocation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.extension_ids import ANY_POLICY
from egov_sign.certs.issuer_fetch import IssuerFetch
from egov_sign.certs.name import Name
from egov_sign.certs.path import CertificatePath, CertificatePool, Obstacle, PathSearch
from egov_sign.certs.path_reports import CertificateReport, IssuerPart, PathReport
from egov_sign.certs.path_rules import (
    ALONE_CHECKS,
    ANCHOR_CHECKS,
    END_CHECKS,
    ISSUER_CHECKS,
    PathRules,
    PathState,
)
from egov_sign.certs.trust import TrustStore
from egov_sign.crypto.keys import PublicKey
from egov_sign.verdict import Report, Severity, SubIndication

if TYPE_CHECKING:
    from egov_sign.certs.validator import CertificateValidator

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


class Judgement:
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
            effort=self.owner.effort,
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
        effort = self.owner.effort
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
        return Judgement(self.owner, trust, pools, rules, under_way).judge(signer)

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
    judgement: Judgement
    certificate: Certificate

    def known(self, name: Name) -> Sequence[Certificate]:
        return self.judgement.known(name)

    def validate(self, signer: Certificate, candidates: Sequence[Certificate] = ()) -> Report:
        return self.judgement.judge_signer(signer, self.anchor, self.certificate, candidates)
