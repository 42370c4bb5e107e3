"""Judging certificates: RFC 5280 section 6, with revocation.

1. The issuers' part of a path that led from a certificate of the same issuer to an anchor before, at the same time,
   is taken as it was found; only the certificate itself is judged.
2. Otherwise paths are searched (:mod:`.path`) and judged from the anchor down (:mod:`.path_rules`), each certificate's
   revocation included, until one is valid (:mod:`.judgement`).
3. If none is, the best one is reported. The others are shown beside it and do not count.
4. If there is no path at all, what can be said of the certificate alone is said, and why no path was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from datetime import datetime
from typing import TypeAlias

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.judgement import Judgement, PathContext, RevocationChecker
from egov_sign.certs.path import CertificatePool, Effort
from egov_sign.certs.path_reports import IssuerPart
from egov_sign.certs.path_rules import PathRules, ValidationPolicy
from egov_sign.certs.trust import TrustStore
from egov_sign.clock import as_utc
from egov_sign.crypto.keys import PublicKey
from egov_sign.fetch import Fetcher, OfflineFetcher
from egov_sign.limits import DEFAULT_LIMITS, Limits
from egov_sign.native import mypyc_attr
from egov_sign.verdict import Report, Severity

__all__ = ["CertificateValidator", "PathContext", "RevocationChecker"]

_REMEMBERED = 4096
"""Entries of each cache; a full one is emptied."""
_PARTS_OF_AN_ISSUER = 4


_Index: TypeAlias = tuple[bytes, datetime, int]
"""What the issuers' part of a path is remembered by: the issuer's name, the time, and the state of revocation."""


@mypyc_attr(native_class=False)
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
        self.effort: Effort | None = None  # of a document, see for_document
        self._signatures: dict[tuple[bytes, bytes], bool] = {}
        self._issuers: dict[_Index, tuple[Judgement, list[IssuerPart]]] = {}

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
        if self.effort is not None:
            return self
        other = CertificateValidator.__new__(type(self))  # copy() takes as long as half a signature check
        other.__dict__.update(self.__dict__)
        other.effort = Effort(self.limits.document_checks)
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
        return Judgement(self, self.trust, pools, rules).judge(certificate)

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
            owner.effort = None  # it outlives the document
            self._issuers[index] = Judgement(owner, self.trust, (self.pool,), rules), []
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


def _whole_second(at: datetime) -> datetime:
    """Return ``at`` without fractions, which certificates do not know: the last second of one counts whole."""
    return at.replace(microsecond=0) if at.microsecond else at


def _verify(certificate: Certificate, key: PublicKey) -> bool:
    return key.verify(certificate.signature, certificate.tbs, certificate.signature_algorithm)
