"""When revocation information may be relied upon: a policy, and one rule for lists and responses alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from egov_sign.certs.algorithm_policy import AlgorithmPolicy, algorithm_policy
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.validator import PathContext
from egov_sign.clock import format_time, shifted
from egov_sign.crypto.algorithms import SignatureAlgorithm
from egov_sign.crypto.keys import PublicKey
from egov_sign.verdict import Finding, Report, Scalar, Severity, SubIndication

Kind = Literal["ocsp", "crl"]


@dataclass(frozen=True, slots=True)
class RevocationPolicy:
    """How revocation information is chosen and how old it may be.

    Attributes:
        prefer: the kind asked first. The other is asked where this one cannot tell; what is already at hand of either
            kind is always heard.
        ocsp_max_age: age at which a response without ``nextUpdate`` no longer counts.
        crl_max_age: age at which a list no longer counts though its ``nextUpdate`` is still ahead; ``None``: never.
        clock_skew: how far the issuer's clock may be ahead.
        algorithms: with which mechanisms it may be signed, and until when.
    """

    prefer: Kind = "ocsp"
    ocsp_max_age: timedelta = timedelta(hours=1)
    crl_max_age: timedelta | None = None
    clock_skew: timedelta = timedelta(minutes=5)
    algorithms: AlgorithmPolicy = field(default_factory=algorithm_policy)


DEFAULT_POLICY = RevocationPolicy()


class Question(NamedTuple):
    """What is asked: was this certificate revoked at that time, as far as is known at this one?

    Attributes:
        certificate: the certificate.
        issuer: the certificate of its issuer.
        at: the time its status is asked for, UTC.
        known_at: the time of asking, ``at`` or later, UTC; what was issued after it is from the future.
        context: the path the certificate stands in.
        policy: what may be relied upon.
    """

    certificate: Certificate
    issuer: Certificate
    at: datetime
    known_at: datetime
    context: PathContext
    policy: RevocationPolicy

    def accepts(self, algorithm: SignatureAlgorithm, key: PublicKey, report: Report) -> bool:
        """Tell whether ``algorithm`` with ``key`` was good enough at the time asked about; say in ``report`` if not."""
        if self.policy.algorithms.allows(algorithm, key.bits, self.at):
            return True
        report.fail("STATUS_ALGORITHM", SubIndication.TRY_LATER, algorithm=f"{algorithm.name}, {key.bits}")
        return False


class Window(NamedTuple):
    """When something was issued, and until when it holds.

    Attributes:
        this_update: since when it is known.
        until: until when it may be relied upon; ``None`` if it does not say.
        keeps_expired: whether certificates stay in it after they expired.
    """

    this_update: datetime
    until: datetime | None
    keeps_expired: bool = False

    def is_current(self, question: Question) -> bool:
        """Tell whether it was issued by the time that is asked about; else it was issued later."""
        return self.this_update <= shifted(question.at, question.policy.clock_skew)

    def objection(self, question: Question) -> Finding | None:
        """Return why "not revoked" may not be concluded from it; ``None`` if it may.

        1. It was issued by the time of asking.
        2. It still held at the time that is asked about; what was issued after that time knows more, not less.
        3. It was issued before the certificate expired: afterwards a revoked certificate may have been dropped.
        """
        if self.this_update > shifted(question.known_at, question.policy.clock_skew):
            return _objection("STATUS_FROM_FUTURE", this_update=format_time(self.this_update))
        if self.is_current(question):
            if self.until is None:
                return _objection("STATUS_NO_NEXT_UPDATE")
            if question.at > self.until:
                return _objection("STATUS_STALE", until=format_time(self.until))
        if self.this_update > question.certificate.not_after and not self.keeps_expired:
            return _objection("STATUS_AFTER_EXPIRY", this_update=format_time(self.this_update))
        return None


def _objection(code: str, **params: Scalar) -> Finding:
    return Finding(code, Severity.INDETERMINATE, SubIndication.TRY_LATER, params)


def earliest(*moments: datetime | None) -> datetime | None:
    """Return the earliest of the moments that are known."""
    return min((moment for moment in moments if moment is not None), default=None)
