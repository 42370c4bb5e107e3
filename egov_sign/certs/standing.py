"""A shorter way for the commonest case: one list, at hand and sound, speaks about all certificates of an issuer.

What :mod:`egov_sign.certs.crl_check` establishes about such a list does not depend on the certificate. It is done for
the first certificate of the issuer; for the next ones the look-up remains. Whatever is not plainly "not listed" goes
the whole way.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from egov_sign.caching import lazy
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.crl_check import HeldCrl, may_sign_lists
from egov_sign.certs.evidence import Evidence, RevocationReport, Status, status_facts
from egov_sign.certs.freshness import Question, earliest
from egov_sign.clock import shifted
from egov_sign.errors import InputError
from egov_sign.native import mypyc_attr
from egov_sign.verdict import Json, Report

_MOMENT = timedelta(microseconds=1)


class Standing(NamedTuple):
    """A list that stands for its issuer.

    Attributes:
        held: the list: complete, without a scope, signed with the issuer's key, the only one at hand.
        heard: the report on it.
        since: first moment that may be asked about.
        until: last moment that may be asked about.
        revision: that of the sources when this was established.
    """

    held: HeldCrl
    heard: Report
    since: datetime
    until: datetime
    revision: int

    @classmethod
    def of(cls, question: Question, held: HeldCrl, revision: int) -> Standing | None:
        """Return the standing of ``held``, by which alone the certificate of ``question`` was found good.

        ``None`` if what was found depends on that certificate or on the time asked about.
        """
        crl, key, policy = held.crl, question.context.issuer_key, question.policy
        age = None if policy.crl_max_age is None else shifted(crl.this_update, policy.crl_max_age)
        until = earliest(crl.next_update, age, policy.algorithms.end(crl.signature_algorithm, key.bits) - _MOMENT)
        since = shifted(crl.this_update, -policy.clock_skew)
        whole = crl.scope is None and not crl.is_delta and crl.issuer == question.issuer.subject
        own = crl.is_signed_by(key) and may_sign_lists(question.issuer)
        if whole and own and crl.next_update is not None and until is not None and since <= question.at <= until:
            heard = Report("crl", held.source, facts=crl.facts)
            return cls(held, heard, since, until, revision)
        return None

    def report(self, certificate: Certificate, at: datetime) -> RevocationReport | None:
        """Return the report on a certificate that is not listed; ``None`` if that is not the whole story."""
        crl = self.held.crl
        if not self.since <= at <= self.until or crl.this_update > certificate.not_after or certificate.serial in crl:
            return None
        try:
            others = any(point.crl_issuer for point in certificate.crl_distribution_points)
        except InputError:
            return None
        return None if others else _NotListed(certificate.serial, self)


@mypyc_attr(native_class=False)
class _NotListed(RevocationReport):
    """The report on a certificate that is not in a standing list; what it tells is written when it is first read."""

    def __init__(self, serial: int, standing: Standing) -> None:
        self.subject = "revocation"
        self.findings = []
        self.children = [standing.heard]
        self._serial = serial
        self._held = standing.held

    @lazy
    def name(self) -> str:
        """The serial number."""
        return f"{self._serial:x}"

    @lazy
    def evidence(self) -> list[Evidence]:
        """The list."""
        crl = self._held.crl
        return [Evidence("crl", crl.data, self._held.source, crl.summary, self._serial, Status.GOOD)]

    @lazy
    def facts(self) -> dict[str, Json]:
        """See :func:`egov_sign.certs.evidence.status_facts`."""
        return status_facts(self._serial, Status.GOOD, self.evidence)
