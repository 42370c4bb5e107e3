"""What a check of revocation found, and the bytes that prove it (R401–R404).

A report on revocation keeps the lists and responses that decided it. They can be stored with the signature and judged
again years later: :func:`evidence_in` collects them from any report, and
:meth:`egov_sign.certs.sources.RevocationSources.of_evidence` makes a source of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple

from egov_sign.certs.freshness import Kind
from egov_sign.certs.reasons import Reason
from egov_sign.clock import format_time
from egov_sign.verdict import Json, Report


class Status(IntEnum):
    """What is known about a certificate at the time asked for, gravest last."""

    UNKNOWN = 0
    GOOD = 1
    ON_HOLD = 2
    REVOKED = 3
    NEVER_ISSUED = 4

    @property
    def label(self) -> str:
        """The name in reports: ``good``, ``on-hold`` and so on."""
        return _LABELS[self]


_LABELS = {status: status.name.lower().replace("_", "-") for status in Status}


class Evidence(NamedTuple):
    """A list or a response that decided about a certificate.

    Attributes:
        kind: ``crl`` or ``ocsp``.
        data: its DER bytes.
        source: where it came from: a file, an address, ``embedded``…
        summary: ``digest`` (SHA-256), ``issuer``, ``this_update`` and ``next_update`` as plain JSON values.
        serial: the serial number of the certificate it was asked about.
        status: what it says about the certificate.
        revoked_at: when that was revoked; also a revocation that was not yet effective.
        reason: why.
    """

    kind: Kind
    data: bytes
    source: str
    summary: Mapping[str, Json]
    serial: int
    status: Status
    revoked_at: datetime | None = None
    reason: Reason | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, in lower-case hexadecimal digits."""
        return str(self.summary["digest"])

    def to_dict(self) -> dict[str, Json]:
        """Return all but the bytes as plain JSON values."""
        return {
            **self.summary,
            "kind": self.kind,
            "source": self.source,
            "serial": f"{self.serial:x}",
            "status": self.status.label,
            "revoked_at": None if self.revoked_at is None else format_time(self.revoked_at),
            "reason": None if self.reason is None else self.reason.label,
        }


@dataclass
class RevocationReport(Report):
    """A report that keeps its evidence; ``facts["evidence"]`` tells about it, without the bytes."""

    evidence: list[Evidence] = field(default_factory=list)


def evidence_in(report: Report) -> list[Evidence]:
    """Return the evidence that ``report`` rests on, every list and response once, in tree order."""
    once: dict[str, Evidence] = {}
    for found in _walk(report):
        once.setdefault(found.digest, found)
    return list(once.values())


def _walk(report: Report) -> Iterator[Evidence]:
    if isinstance(report, RevocationReport):
        yield from report.evidence
    for child in report.children:
        if child.counts:
            yield from _walk(child)


def status_facts(
    serial: int,
    status: Status,
    evidence: Sequence[Evidence],
    *,
    revoked_at: datetime | None = None,
    reason: Reason | None = None,
    invalidity_date: datetime | None = None,
) -> dict[str, Json]:
    """Return the facts of a report on revocation."""
    return {
        "status": status.label,
        "serial": f"{serial:x}",
        "revoked_at": None if revoked_at is None else format_time(revoked_at),
        "reason": None if reason is None else reason.label,
        "invalidity_date": None if invalidity_date is None else format_time(invalidity_date),
        "evidence": [found.to_dict() for found in evidence],
    }


@dataclass(slots=True)
class SourceVerdict:
    """What the sources of one kind say together.

    Attributes:
        status: the gravest of what could be established.
        revoked_at: when the certificate was revoked; with GOOD, a revocation that was not yet effective.
        reason: why.
        invalidity_date: since when the key is suspected.
        reports: one for every source heard.
        decisive: those among them that the status rests on.
        evidence: the same as evidence.
    """

    status: Status = Status.UNKNOWN
    revoked_at: datetime | None = None
    reason: Reason | None = None
    invalidity_date: datetime | None = None
    reports: list[Report] = field(default_factory=list)
    decisive: list[Report] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)

    @property
    def is_decided(self) -> bool:
        """Whether anything could be established."""
        return self.status is not Status.UNKNOWN
