"""Whether a certificate was revoked: all sources together (RFC 5280, 6.3; RFC 6960; R404).

1. What is at hand of either kind is heard: lists and responses given, embedded or cached.
2. If nothing at hand says "revoked" for good, what is missing is fetched, the preferred kind first: from an OCSP
   responder of the certificate, or from all its distribution points until the lists suffice, and a delta where one is
   offered.
3. The gravest answer counts: a list that says "good" does not outweigh a response that says "revoked".
4. If nothing could be established, the answer is REVOCATION_UNKNOWN (INDETERMINATE, TRY_LATER), never "good".

Every source that was heard has its report among the children; those that the answer rests on count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeVar

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.crl_check import HeldCrl, judge_crls
from egov_sign.certs.crl_scope import crl_issuers
from egov_sign.certs.evidence import RevocationReport, SourceVerdict, Status, status_facts
from egov_sign.certs.extensions import DistributionPoint
from egov_sign.certs.freshness import DEFAULT_POLICY, Kind, Question, RevocationPolicy
from egov_sign.certs.ocsp import CertId
from egov_sign.certs.ocsp_check import HeldResponse, judge_responses
from egov_sign.certs.reasons import Reason
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.standing import Standing
from egov_sign.certs.validator import PathContext
from egov_sign.clock import as_utc, format_time
from egov_sign.errors import ConfigurationError, FetchError, InputError
from egov_sign.verdict import Report, SubIndication

TRY_LATER = SubIndication.TRY_LATER
_T = TypeVar("_T")
_KINDS: tuple[Kind, Kind] = ("ocsp", "crl")


class Revocation:
    """Judges revocation with given sources under a given policy.

    Args:
        sources: where lists and responses come from.
        policy: which are chosen, and how old they may be.
        known_at: the time of asking, where the status at an earlier time is wanted and what was issued since may be
            used; the time that is asked about if not given.
    """

    def __init__(
        self,
        sources: RevocationSources,
        policy: RevocationPolicy = DEFAULT_POLICY,
        *,
        known_at: datetime | None = None,
    ) -> None:
        self.sources = sources
        self.policy = policy
        self.known_at = None if known_at is None else as_utc(known_at)
        self._standing: dict[tuple[bytes, bytes], Standing] = {}

    @property
    def revision(self) -> int:
        """A number that changes when its sources learned something."""
        return self.sources.revision

    def check(
        self, certificate: Certificate, issuer: Certificate, at: datetime, context: PathContext
    ) -> RevocationReport:
        """Return whether ``certificate``, issued by ``issuer``, was revoked at the time ``at``.

        The report's subject is ``revocation``. Its ``facts`` are ``status`` (``good``, ``on-hold``, ``revoked``,
        ``never-issued``, ``unknown``), ``serial``, ``revoked_at``, ``reason``, ``invalidity_date`` and ``evidence``.
        A certificate revoked in the very second ``at`` was revoked; one revoked later was good, with a note.
        """
        at = as_utc(at)
        standing = self._standing.get((issuer.der, context.issuer_key.spki))
        if standing is not None and standing.revision == self.sources.revision:
            report = None if self.sources.responses(certificate.serial) else standing.report(certificate, at)
            if report is not None:
                return report
        return self._check(certificate, issuer, at, context, frozenset())

    def _check(
        self, certificate: Certificate, issuer: Certificate, at: datetime, context: PathContext, asking: frozenset[str]
    ) -> RevocationReport:
        report = RevocationReport("revocation", f"{certificate.serial:x}")
        known_at = at if self.known_at is None else max(at, self.known_at)
        question = Question(certificate, issuer, at, known_at, context, self.policy)

        def status_of(delegate: Certificate, moment: datetime) -> Report:
            names = asking | {certificate.fingerprint}
            if delegate.fingerprint in names:
                loop = Report("revocation", f"{delegate.serial:x}")
                loop.fail("OCSP_RESPONDER_LOOP", TRY_LATER)
                return loop
            return self._check(delegate, issuer, max(at, moment), context, names)

        inquiry = _Inquiry(question, self.sources, status_of)
        try:
            inquiry.run()
        except InputError as error:
            report.fail("REVOCATION_POINTERS_UNREADABLE", TRY_LATER, error=error.message)
        if inquiry.cache_error:
            report.warn("REVOCATION_CACHE_UNWRITABLE", error=inquiry.cache_error)
        _conclude(report, question, inquiry)
        if inquiry.is_by_one_list and not self.sources.remembers:
            standing = Standing.of(question, inquiry.lists[0], self.sources.revision)
            if standing is not None:
                self._standing[issuer.der, context.issuer_key.spki] = standing
        return report


@dataclass(slots=True)
class _Inquiry:
    """One question put to all sources."""

    question: Question
    sources: RevocationSources
    status_of: Callable[[Certificate, datetime], Report]
    lists: list[HeldCrl] = field(default_factory=list)
    responses: list[HeldResponse] = field(default_factory=list)
    verdicts: dict[Kind, SourceVerdict] = field(default_factory=dict)
    failures: list[Report] = field(default_factory=list)
    fetches: int = 0
    cache_error: str = ""

    def run(self) -> None:
        """Hear what is at hand, then fetch what is missing."""
        certificate = self.question.certificate
        remembers = self.sources.remembers
        self.lists = self.sources.crls(crl_issuers(certificate), certificate.crl_urls if remembers else ())
        self.responses = self.sources.responses(certificate.serial, self._queries() if remembers else ())
        for kind in _KINDS:
            self._judge(kind)
        if not self.sources.is_online or any(verdict.status > Status.ON_HOLD for verdict in self.verdicts.values()):
            return
        preferred = self.question.policy.prefer
        for kind in (preferred, *(other for other in _KINDS if other != preferred)):
            if kind == "ocsp":
                self._fetch_responses()
            else:
                self._fetch_lists()
            if self.verdicts[kind].is_decided:
                return

    @property
    def is_by_one_list(self) -> bool:
        """Whether the certificate was found good, and a single list is all there was to hear."""
        if len(self.lists) != 1 or self.responses or self.sources.unreadable:
            return False
        verdict = self.verdicts.get("crl")
        return verdict is not None and verdict.status is Status.GOOD

    def _judge(self, kind: Kind) -> SourceVerdict:
        if kind == "crl":
            verdict = judge_crls(self.question, self.lists)
        else:
            verdict = judge_responses(self.question, self.responses, self.status_of)
        self.verdicts[kind] = verdict
        return verdict

    def _queries(self) -> list[tuple[str, CertId]]:
        urls = self.question.certificate.ocsp_urls
        if not urls:
            return []
        cert_id = CertId.of(self.question.certificate, self.question.issuer)
        return [(url, cert_id) for url in urls]

    def _fetch_responses(self) -> None:
        """Ask the responders that the certificate names, one after the other, until one knows."""
        if self.verdicts["ocsp"].is_decided:
            return
        for url, cert_id in self._queries():
            held = self._fetched("ocsp", url, partial(self.sources.query, url, cert_id))
            if held is not None:
                self.responses.append(held)
                verdict = self._judge("ocsp")
                if _rests_on(verdict, held.response.digest):
                    self._keep(held, cert_id)
                if verdict.is_decided:
                    return

    def _fetch_lists(self) -> None:
        """Fetch from every distribution point until the lists suffice; then the delta that makes them fresher."""
        certificate = self.question.certificate
        verdict = self.verdicts["crl"]
        for url in certificate.crl_urls:
            if verdict.is_decided:
                break
            verdict = self._take_list(url)
        has_delta = any(self._is_delta(found.digest) for found in verdict.evidence)
        if has_delta or verdict.status not in {Status.GOOD, Status.ON_HOLD}:
            return
        for url in self._delta_urls(verdict):
            verdict = self._take_list(url)

    def _take_list(self, url: str) -> SourceVerdict:
        """Fetch the list at ``url`` and judge again with it."""
        held = self._fetched("crl", url, partial(self.sources.fetch_crl, url))
        if held is None:
            return self.verdicts["crl"]
        if all(held.crl.digest != other.crl.digest for other in self.lists):
            self.lists.append(held)
        verdict = self._judge("crl")
        if _rests_on(verdict, held.crl.digest):
            self._keep(held)
        return verdict

    def _keep(self, held: HeldCrl | HeldResponse, cert_id: CertId | None = None) -> None:
        try:
            self.sources.keep(held, cert_id)
        except ConfigurationError as error:
            self.cache_error = error.message

    def _delta_urls(self, verdict: SourceVerdict) -> Iterator[str]:
        points: list[DistributionPoint] = list(self.question.certificate.freshest_crl)
        for held in self.lists:
            if _rests_on(verdict, held.crl.digest):
                points += held.crl.freshest_crl
        yield from dict.fromkeys(url for point in points for url in point.urls)

    def _is_delta(self, digest: str) -> bool:
        return any(held.crl.is_delta and held.crl.digest == digest for held in self.lists)

    def _fetched(self, kind: Kind, url: str, fetch: Callable[[], _T]) -> _T | None:
        """Return what ``fetch`` brings from ``url``; a failure becomes a report."""
        report = Report(kind, url, counts=False)
        if not _is_fetchable(url):
            report.fail("SOURCE_ADDRESS_UNUSABLE", TRY_LATER, url=url)
        elif self.fetches >= self.sources.limits.fetches:
            report.fail("SOURCE_TOO_MANY_FETCHES", TRY_LATER, limit=self.sources.limits.fetches)
        else:
            self.fetches += 1
            try:
                return fetch()
            except FetchError as error:
                report.fail("SOURCE_NOT_FETCHED", TRY_LATER, error=error.message)
            except InputError as error:
                report.fail("SOURCE_UNREADABLE", TRY_LATER, error=error.message)
        self.failures.append(report)
        return None


def _rests_on(verdict: SourceVerdict, digest: str) -> bool:
    return any(found.digest == digest for found in verdict.evidence)


def _is_fetchable(url: str) -> bool:
    """Tell whether ``url`` can be an address at all; old test certificates of the country say ``http://…/*.crl``."""
    return url.lower().startswith(("http://", "https://")) and "*" not in url and url.isprintable() and " " not in url


def _conclude(report: RevocationReport, question: Question, inquiry: _Inquiry) -> None:
    """Fill ``report`` with the gravest answer and with the reports of all sources."""
    verdicts = list(inquiry.verdicts.values())
    gravest = max(verdicts, key=lambda verdict: verdict.status, default=SourceVerdict())
    decided = [verdict for verdict in verdicts if verdict.is_decided]
    report.evidence = [found for verdict in decided for found in verdict.evidence]
    report.children += [child for verdict in verdicts for child in verdict.reports] + inquiry.failures
    report.children += [_unreadable(source, error) for source, error in inquiry.sources.unreadable]
    for child in report.children:
        child.counts = not gravest.is_decided
    for verdict in decided:
        for child in verdict.decisive:
            child.counts = True
    report.facts = status_facts(
        question.certificate.serial,
        gravest.status,
        report.evidence,
        revoked_at=gravest.revoked_at,
        reason=gravest.reason,
        invalidity_date=gravest.invalidity_date,
    )
    _judge_status(report, gravest)
    if len({verdict.status for verdict in decided}) > 1:
        report.warn("REVOCATION_SOURCES_DISAGREE", status=gravest.status.label)


def _judge_status(report: RevocationReport, verdict: SourceVerdict) -> None:
    when = "" if verdict.revoked_at is None else format_time(verdict.revoked_at)
    why = (verdict.reason or Reason.UNSPECIFIED).label
    match verdict.status:
        case Status.NEVER_ISSUED:
            report.fail("CERT_NEVER_ISSUED", SubIndication.REVOKED)
        case Status.REVOKED:
            report.fail("CERT_REVOKED", SubIndication.REVOKED, revoked_at=when, reason=why)
        case Status.ON_HOLD:
            report.fail("CERT_ON_HOLD", TRY_LATER, revoked_at=when)
        case Status.GOOD if verdict.revoked_at is not None:
            report.note("CERT_REVOKED_LATER", revoked_at=when, reason=why)
        case Status.UNKNOWN:
            report.fail("REVOCATION_UNKNOWN", TRY_LATER)
    if verdict.invalidity_date is not None:
        report.note("KEY_SUSPECT_SINCE", invalidity_date=format_time(verdict.invalidity_date))


def _unreadable(source: str, error: Exception) -> Report:
    report = Report("revocation", source)
    report.fail("SOURCE_UNREADABLE", TRY_LATER, error=str(error))
    return report
