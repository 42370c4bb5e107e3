"""The status of a certificate by CRLs (RFC 5280, 6.3.3): full, delta, indirect and partitioned by reason.

1. Lists that do not speak about the certificate are put aside (:mod:`egov_sign.certs.crl_scope`).
2. The rest are grouped by issuer and scope: the lists of a group replace one another.
3. A list counts if it has no defect and its signature is that of the certificate's issuer, or of somebody with the
   same name and a valid path to the same trust anchor, whose key may sign lists.
4. A delta completes each list it fits: its base is not newer, it is, and the same key signed both.
5. The group speaks through the list that was the latest at the time asked about; through the first issued afterwards
   if there is none.
6. A lasting revocation in that list or in any later one of the group is final, however stale the list.
7. "Not revoked" needs lists that cover all reasons together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.crl import Crl
from egov_sign.certs.crl_entry import CrlEntry
from egov_sign.certs.crl_scope import covered_reasons
from egov_sign.certs.evidence import Evidence, SourceVerdict, Status
from egov_sign.certs.extension_ids import EXPIRED_CERTS_ON_CRL, ISSUING_DISTRIBUTION_POINT
from egov_sign.certs.freshness import Question, Window, earliest
from egov_sign.certs.reasons import ALL_REASONS
from egov_sign.clock import shifted
from egov_sign.crypto.keys import PublicKey
from egov_sign.errors import InputError
from egov_sign.verdict import Finding, Indication, Report, SubIndication


class HeldCrl(NamedTuple):
    """A list at hand, and where it came from."""

    crl: Crl
    source: str


@dataclass(slots=True)
class _Listed:
    """A list that speaks about the certificate."""

    held: HeldCrl
    report: Report
    reasons: frozenset[int]
    signer: bytes = b""

    @property
    def crl(self) -> Crl:
        return self.held.crl


class _View(NamedTuple):
    """A complete list, with a delta applied or without."""

    base: _Listed
    delta: _Listed | None

    @property
    def newest(self) -> _Listed:
        return self.delta or self.base

    @property
    def members(self) -> tuple[_Listed, ...]:
        return (self.base,) if self.delta is None else (self.base, self.delta)

    def window(self, max_age: timedelta | None) -> Window:
        crl = self.newest.crl
        until = crl.next_update
        if until is not None and max_age is not None:
            until = earliest(until, shifted(crl.this_update, max_age))
        return Window(crl.this_update, until, EXPIRED_CERTS_ON_CRL in crl.extensions)

    def find(self, certificate: Certificate) -> CrlEntry | None:
        """Return the certificate's entry; only a suspension can be lifted by a delta."""
        entry = self.base.crl.find(certificate.serial, certificate.issuer)
        if self.delta is not None:
            changed = self.delta.crl.find(certificate.serial, certificate.issuer)
            if changed is not None and not (changed.is_removal and entry is not None and not entry.is_hold):
                entry = changed
        return None if entry is not None and entry.is_removal else entry


def judge_crls(question: Question, lists: Iterable[HeldCrl]) -> SourceVerdict:
    """Return what ``lists`` say together about the certificate of ``question``."""
    verdict = SourceVerdict()
    groups: dict[tuple[bytes, bytes], list[_Listed]] = {}
    for held in lists:
        report = Report("crl", held.source, facts=held.crl.facts, counts=False)
        verdict.reports.append(report)
        reasons = covered_reasons(held.crl, question.certificate)
        if reasons:
            scope = held.crl.extensions.get(ISSUING_DISTRIBUTION_POINT)
            key = (held.crl.issuer.der, scope.value if scope else b"")
            groups.setdefault(key, []).append(_Listed(held, report, reasons))
        else:
            report.fail("CRL_OUT_OF_SCOPE", SubIndication.TRY_LATER)
    covered: set[int] = set()
    for group in groups.values():
        covered |= _judge_group(question, group, verdict)
    if verdict.status is Status.GOOD and not covered >= ALL_REASONS:
        _not_enough(verdict)
    return verdict


def _not_enough(verdict: SourceVerdict) -> None:
    """Take "good" back: the lists are silent about some reasons."""
    verdict.status, verdict.revoked_at, verdict.reason = Status.UNKNOWN, None, None
    for report in verdict.decisive:
        report.fail("CRL_REASONS_INCOMPLETE", SubIndication.TRY_LATER)
    verdict.decisive, verdict.evidence = [], []


def _judge_group(question: Question, group: list[_Listed], verdict: SourceVerdict) -> frozenset[int]:
    """Add to ``verdict`` what the lists of one group say; return the reasons for which they know the status."""
    authentic = [listed for listed in group if _is_authentic(question, listed)]
    views = _views(authentic)
    try:
        chosen = _choose(question, views)
        final = _final(question, [*views, *_lone_deltas(authentic)], chosen)
        if final is not None:
            _settle(question, verdict, *final)
            return ALL_REASONS
        if chosen is None:
            return frozenset()
        _settle(question, verdict, chosen, chosen.find(question.certificate))
    except InputError as error:
        for listed in authentic:
            listed.report.fail("CRL_ENTRY_UNREADABLE", SubIndication.TRY_LATER, error=error.message)
        return frozenset()
    return chosen.base.reasons


def _views(authentic: Sequence[_Listed]) -> list[_View]:
    complete = [listed for listed in authentic if not listed.crl.is_delta]
    deltas = [listed for listed in authentic if listed.crl.is_delta]
    views = [_View(base, None) for base in complete]
    views += [_View(base, delta) for base in complete for delta in deltas if _fits(base, delta)]
    for delta in deltas:
        if not any(view.delta is delta for view in views):
            delta.report.fail("CRL_DELTA_WITHOUT_BASE", SubIndication.TRY_LATER)
    return views


def _lone_deltas(authentic: Sequence[_Listed]) -> list[_View]:
    """Return the deltas as if they were lists of their own: what they revoke is revoked, with a base or without."""
    return [_View(listed, None) for listed in authentic if listed.crl.is_delta]


def _fits(base: _Listed, delta: _Listed) -> bool:
    """Tell whether ``delta`` can be applied to ``base`` (RFC 5280, 5.2.4 and 6.3.3 (c))."""
    number, base_number, delta_number = base.crl.number, delta.crl.base_number, delta.crl.number
    if number is None or base_number is None or delta_number is None:
        return False
    return base_number <= number < delta_number and base.signer == delta.signer


def _choose(question: Question, views: Sequence[_View]) -> _View | None:
    """Return the view through which the group speaks; say in the reports of the others why they do not count."""
    current: list[_View] = []
    later: list[_View] = []
    objections: list[tuple[_View, Finding]] = []
    for view in views:
        window = view.window(question.policy.crl_max_age)
        objection = window.objection(question)
        if objection is not None:
            objections.append((view, objection))
        elif window.is_current(question):
            current.append(view)
        else:
            later.append(view)
    chosen = max(current, key=_age) if current else min(later, key=_age, default=None)
    for view, objection in objections:
        if chosen is None or view.newest not in chosen.members:
            view.newest.report.findings.append(objection)
    return chosen


def _age(view: _View) -> tuple[datetime, int]:
    return view.newest.crl.this_update, view.newest.crl.number or 0


def _final(question: Question, views: Sequence[_View], chosen: _View | None) -> tuple[_View, CrlEntry] | None:
    """Return a lasting revocation that was effective at the time asked about, and the view it stands in.

    Of lists that are younger than the chosen one; by date, or by number, which only grows (RFC 5280, 5.2.3).
    """
    for view in views:
        if chosen is None or _is_as_young(view.newest.crl, chosen.newest.crl):
            entry = view.find(question.certificate)
            if entry is not None and not entry.is_hold and entry.revoked_at <= question.at:
                return view, entry
    return None


def _is_as_young(crl: Crl, than: Crl) -> bool:
    """Tell whether ``crl`` is not older than the list ``than``."""
    later_number = crl.number is not None and than.number is not None and crl.number > than.number
    return crl.this_update >= than.this_update or later_number


def _settle(question: Question, verdict: SourceVerdict, view: _View, entry: CrlEntry | None) -> None:
    """Add what ``view`` says to ``verdict``."""
    status = Status.GOOD
    if entry is not None and entry.revoked_at <= question.at:
        status = Status.ON_HOLD if entry.is_hold else Status.REVOKED
    if status >= verdict.status:
        verdict.status = status
        if entry is not None:
            verdict.revoked_at, verdict.reason = entry.revoked_at, entry.reason
            verdict.invalidity_date = entry.invalidity_date
    for listed in view.members:
        verdict.decisive.append(listed.report)
        crl, serial = listed.crl, question.certificate.serial
        dates = () if entry is None else (entry.revoked_at, entry.reason)
        verdict.evidence.append(Evidence("crl", crl.data, listed.held.source, crl.summary, serial, status, *dates))


def _is_authentic(question: Question, listed: _Listed) -> bool:
    """Tell whether the list may be used at all, and note whose key signed it."""
    crl, report = listed.crl, listed.report
    for defect in crl.defects:
        report.fail(defect, SubIndication.TRY_LATER)
    key = None if crl.defects else _signer(question, crl, report)
    if key is None or not question.accepts(crl.signature_algorithm, key, report):
        return False
    listed.signer = key.spki
    return True


def _signer(question: Question, crl: Crl, report: Report) -> PublicKey | None:
    """Return the key that signed the list and was entitled to; say in ``report`` why there is none."""
    refused: dict[str, Certificate] = {}
    if crl.issuer == question.issuer.subject and crl.is_signed_by(question.context.issuer_key):
        if may_sign_lists(question.issuer):
            return question.context.issuer_key
        refused["CRL_SIGNER_USAGE"] = question.issuer
    for candidate in question.context.known(crl.issuer):
        reason = _refusal(question, crl, candidate, report)
        if reason is None:
            return candidate.public_key
        if reason != "CRL_SIGNATURE":
            refused[reason] = candidate
    for reason, candidate in refused.items():
        report.fail(reason, SubIndication.TRY_LATER, signer=str(candidate.subject))
    if not refused:
        report.fail("CRL_SIGNATURE", SubIndication.TRY_LATER, signer=str(crl.issuer))
    return None


def _refusal(question: Question, crl: Crl, candidate: Certificate, report: Report) -> str | None:
    """Return why ``crl`` is not accepted as signed by ``candidate``; ``None`` if it is."""
    try:
        if not crl.is_signed_by(candidate.public_key):
            return "CRL_SIGNATURE"
        if not may_sign_lists(candidate):
            return "CRL_SIGNER_USAGE"
    except InputError:
        return "CRL_SIGNATURE"  # a key or a usage that cannot be read
    path = question.context.validate(candidate)
    report.children.append(path)
    return None if path.indication is Indication.VALID else "CRL_SIGNER_UNTRUSTED"


def may_sign_lists(certificate: Certificate) -> bool:
    """Tell whether the key of ``certificate`` may sign lists (RFC 5280, 6.3.3 (f))."""
    return certificate.key_usage is None or "cRLSign" in certificate.key_usage
