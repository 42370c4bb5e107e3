"""Verdicts: what was established, what was not, and why.

A check yields :class:`Finding` objects inside a :class:`Report`, a tree that a person can read and a program can
match. The indication of a report is the worst of its findings and of its children that count; so nothing that could
not be established is ever reported as good. Indications and sub-indications are those of ETSI EN 319 102-1
(tables 5 and 6), with VALID for TOTAL-PASSED / PASSED and INVALID for TOTAL-FAILED / FAILED.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TypeAlias

from egov_sign.native import mypyc_attr

Scalar: TypeAlias = "str | int | float | bool | None"
Json: TypeAlias = "Scalar | list[Json] | dict[str, Json]"

SCHEMA = "egov-sign/report/1"


class Indication(StrEnum):
    """The three possible answers."""

    VALID = "VALID"
    INDETERMINATE = "INDETERMINATE"
    INVALID = "INVALID"


class SubIndication(StrEnum):
    """Why the answer is not VALID (ETSI EN 319 102-1, clause 5.1.3)."""

    FORMAT_FAILURE = "FORMAT_FAILURE"
    HASH_FAILURE = "HASH_FAILURE"
    SIG_CRYPTO_FAILURE = "SIG_CRYPTO_FAILURE"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    SIG_CONSTRAINTS_FAILURE = "SIG_CONSTRAINTS_FAILURE"
    CHAIN_CONSTRAINTS_FAILURE = "CHAIN_CONSTRAINTS_FAILURE"
    CERTIFICATE_CHAIN_GENERAL_FAILURE = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE = "CRYPTO_CONSTRAINTS_FAILURE"
    POLICY_PROCESSING_ERROR = "POLICY_PROCESSING_ERROR"
    SIGNATURE_POLICY_NOT_AVAILABLE = "SIGNATURE_POLICY_NOT_AVAILABLE"
    TIMESTAMP_ORDER_FAILURE = "TIMESTAMP_ORDER_FAILURE"
    NO_SIGNING_CERTIFICATE_FOUND = "NO_SIGNING_CERTIFICATE_FOUND"
    NO_CERTIFICATE_CHAIN_FOUND = "NO_CERTIFICATE_CHAIN_FOUND"
    REVOKED_NO_POE = "REVOKED_NO_POE"
    REVOKED_CA_NO_POE = "REVOKED_CA_NO_POE"
    OUT_OF_BOUNDS_NO_POE = "OUT_OF_BOUNDS_NO_POE"
    OUT_OF_BOUNDS_NOT_REVOKED = "OUT_OF_BOUNDS_NOT_REVOKED"
    REVOCATION_OUT_OF_BOUNDS_NO_POE = "REVOCATION_OUT_OF_BOUNDS_NO_POE"
    CRYPTO_CONSTRAINTS_FAILURE_NO_POE = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
    NO_POE = "NO_POE"
    TRY_LATER = "TRY_LATER"
    SIGNED_DATA_NOT_FOUND = "SIGNED_DATA_NOT_FOUND"
    CUSTOM = "CUSTOM"


TOTAL_FAILED = frozenset(
    {
        SubIndication.FORMAT_FAILURE,
        SubIndication.HASH_FAILURE,
        SubIndication.SIG_CRYPTO_FAILURE,
        SubIndication.REVOKED,
        SubIndication.EXPIRED,
        SubIndication.NOT_YET_VALID,
        SubIndication.CUSTOM,
    }
)
"""The sub-indications that mean INVALID; every other one means INDETERMINATE (ETSI EN 319 102-1, tables 5 and 6).

CUSTOM is ours: a requirement of the caller, such as the IIN the signer must have, that is definitely not met."""


class Severity(IntEnum):
    """How a finding weighs on the verdict, lightest first."""

    NOTE = 0
    WARNING = 1
    INDETERMINATE = 2
    INVALID = 3


_INDICATION = {
    Severity.NOTE: Indication.VALID,
    Severity.WARNING: Indication.VALID,
    Severity.INDETERMINATE: Indication.INDETERMINATE,
    Severity.INVALID: Indication.INVALID,
}


@mypyc_attr(native_class=False)
@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check found out.

    Attributes:
        code: stable identifier; its texts stand under the same name in :mod:`egov_sign.messages`.
        severity: its weight.
        sub_indication: the ETSI reason it gives, for INDETERMINATE and INVALID.
        params: what the text is filled with; plain values only.
        where: the certificate, element or field concerned.
    """

    code: str
    severity: Severity
    sub_indication: SubIndication | None = None
    params: dict[str, Scalar] = field(default_factory=dict)
    where: str = ""

    def to_dict(self) -> dict[str, Json]:
        """Return the finding as plain JSON values."""
        return {
            "code": self.code,
            "severity": self.severity.name,
            "sub_indication": self.sub_indication.value if self.sub_indication else None,
            "params": dict(self.params),
            "where": self.where,
        }


@mypyc_attr(native_class=False, allow_interpreted_subclasses=True)
@dataclass
class Report:
    """What was judged, the findings about it, and the reports of its parts.

    A subclass may put its name and facts together when they are first read: most are never read.

    Attributes:
        subject: kind of thing judged: ``signature``, ``certificate``, ``revocation``, ``timestamp``, ``document``…
        name: which one, in words a person recognises.
        findings: what was found out about it itself.
        children: reports of its parts.
        facts: what was established, as plain JSON values (signer, scope, evidence…).
        counts: ``False`` for a part that was tried and not needed (another path, another source): it is shown,
            and does not weigh.
    """

    subject: str
    name: str = ""
    findings: list[Finding] = field(default_factory=list)
    children: list[Report] = field(default_factory=list)
    facts: dict[str, Json] = field(default_factory=dict)
    counts: bool = True

    def note(self, code: str, where: str = "", **params: Scalar) -> None:
        """Record a fact worth telling that does not weigh."""
        self.findings.append(Finding(code, Severity.NOTE, None, params, where))

    def warn(self, code: str, where: str = "", **params: Scalar) -> None:
        """Record something a person should look at; the verdict stays."""
        self.findings.append(Finding(code, Severity.WARNING, None, params, where))

    def fail(self, code: str, sub: SubIndication, where: str = "", **params: Scalar) -> None:
        """Record what stands against VALID; ``sub`` alone decides between INVALID and INDETERMINATE."""
        severity = Severity.INVALID if sub in TOTAL_FAILED else Severity.INDETERMINATE
        self.findings.append(Finding(code, severity, sub, params, where))

    def walk(self) -> Iterator[tuple[Report, Finding]]:
        """Yield every finding that weighs on the verdict with its report, depth first."""
        waiting = [self]
        while waiting:
            report = waiting.pop()
            for finding in report.findings:
                yield report, finding
            waiting += [child for child in reversed(report.children) if child.counts]

    def _worst(self) -> Finding | None:
        worst: Finding | None = None
        for _, finding in self.walk():
            if worst is None or finding.severity > worst.severity:
                worst = finding
        return worst

    @property
    def severity(self) -> Severity:
        """The heaviest severity in the tree; NOTE where there is no finding."""
        heaviest = Severity.NOTE
        waiting = [self]
        for report in waiting:
            for finding in report.findings:
                heaviest = max(heaviest, finding.severity)
            for child in report.children:
                if child.counts:
                    waiting.append(child)  # noqa: PERF401 - nearly always one child, or none
        return heaviest

    @property
    def indication(self) -> Indication:
        """The verdict."""
        return _INDICATION[self.severity]

    @property
    def sub_indication(self) -> SubIndication | None:
        """The reason for a verdict that is not VALID: that of the first of the heaviest findings."""
        worst = self._worst()
        return worst.sub_indication if worst else None

    @property
    def codes(self) -> list[str]:
        """The codes of all findings that weigh, in tree order."""
        return [finding.code for _, finding in self.walk()]

    def to_dict(self) -> dict[str, Json]:
        """Return the tree as plain JSON values, with the verdict of every node."""
        sub = self.sub_indication
        return {
            "subject": self.subject,
            "name": self.name,
            "indication": self.indication.value,
            "sub_indication": sub.value if sub else None,
            "counts": self.counts,
            "facts": self.facts,
            "findings": [finding.to_dict() for finding in self.findings],
            "children": [child.to_dict() for child in self.children],
        }
