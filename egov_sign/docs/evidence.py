"""What a signed document brings along for judging certificates, and how it is used: the L and the T of B-LT.

Nothing of it is trusted. It is offered to the judge of certificates, who believes a list or a response if its own
signature leads to an anchor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.evidence import evidence_in
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.validator import CertificateValidator
from egov_sign.docs.acceptance import CertificateJudge
from egov_sign.errors import InputError
from egov_sign.limits import DEFAULT_LIMITS, Limits
from egov_sign.native import mypyc_attr
from egov_sign.verdict import Report


@mypyc_attr(native_class=False)
@dataclass(frozen=True, slots=True)
class Evidence:
    """Certificates and revocation information, each item once.

    Attributes:
        certificates: DER certificates.
        crls: DER revocation lists.
        ocsps: DER OCSPResponses.
    """

    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()

    @property
    def has_revocation(self) -> bool:
        """Whether there is any revocation information."""
        return bool(self.crls or self.ocsps)

    def joined(self, other: Evidence) -> Evidence:
        """Return the evidence of both."""
        return united((self, other))

    def without(self, other: Evidence) -> Evidence:
        """Return what is here and not in ``other``."""
        return Evidence(
            tuple(item for item in self.certificates if item not in other.certificates),
            tuple(item for item in self.crls if item not in other.crls),
            tuple(item for item in self.ocsps if item not in other.ocsps),
        )


def read_certificates(
    encoded: Iterable[bytes], report: Report | None = None, limits: Limits = DEFAULT_LIMITS
) -> list[Certificate]:
    """Read DER certificates that were sent along; those that cannot be read, or are too many, are left out.

    Args:
        encoded: the certificates.
        report: is told what was left out.
        limits: how many are read, and how large they may be.
    """
    report = Report("certificates") if report is None else report
    found: list[Certificate] = []
    for position, data in enumerate(encoded):
        if position == limits.certificates:
            report.warn("CERTIFICATES_SENT_TOO_MANY", limit=limits.certificates)
            break
        try:
            found.append(Certificate.load(data, limits))
        except InputError as error:
            report.warn("CERTIFICATE_SENT_UNREADABLE", where=f"certificates[{position}]", reason=error.message)
    return found


def united(parts: Iterable[Evidence]) -> Evidence:
    """Return the evidence of all ``parts``."""
    listed = list(parts)
    return Evidence(
        tuple(dict.fromkeys(item for part in listed for item in part.certificates)),
        tuple(dict.fromkeys(item for part in listed for item in part.crls)),
        tuple(dict.fromkeys(item for part in listed for item in part.ocsps)),
    )


def evidence_for(report: Report, certificates: Iterable[Certificate]) -> Evidence:
    """Return what the verdict ``report`` rests on, to be kept with the document.

    Args:
        report: on the document, with the reports of the paths and of revocation.
        certificates: where the certificates of the paths are taken from: anchors, intermediates, those sent along.
    """
    needed = set(_fingerprints(report))
    found = evidence_in(report)
    return Evidence(
        tuple(dict.fromkeys(one.der for one in certificates if one.fingerprint in needed)),
        tuple(one.data for one in found if one.kind == "crl"),
        tuple(one.data for one in found if one.kind == "ocsp"),
    )


def _fingerprints(report: Report) -> Iterable[str]:
    listed = report.facts.get("fingerprints")
    if isinstance(listed, list):
        yield from map(str, listed)
    for child in report.children:
        if child.counts:
            yield from _fingerprints(child)


def for_document(judge: CertificateJudge | None) -> CertificateJudge | None:
    """Return ``judge`` with a bound on what the certificates of one document may cost together."""
    return judge.for_document() if isinstance(judge, CertificateValidator) else judge


def judge_with(judge: CertificateJudge | None, evidence: Evidence, known_at: datetime) -> CertificateJudge | None:
    """Return a judge that also hears the revocation information in ``evidence``.

    Args:
        judge: the caller's; one that does not ask about revocation, or asks in a way of its own, is returned as it is.
        evidence: what the document brought along.
        known_at: the moment of judgement: what was issued until then may be used for the status at an earlier time;
            a judge that may already use more goes on doing so.
    """
    if not isinstance(judge, CertificateValidator) or not isinstance(judge.revocation, Revocation):
        return judge
    asked = judge.revocation
    sources = (
        asked.sources.with_embedded((*evidence.crls, *evidence.ocsps)) if evidence.has_revocation else asked.sources
    )
    latest = known_at if asked.known_at is None else max(asked.known_at, known_at)
    return judge.with_revocation(Revocation(sources, asked.policy, known_at=latest))
