"""How the judgement of a path is told: one report for each certificate, and one for the path as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.path import CertificatePath
from egov_sign.certs.path_rules import PathState
from egov_sign.clock import format_time
from egov_sign.errors import InputError
from egov_sign.verdict import Json, Report


class IssuerPart:
    """The part of a path above the end entity, judged.

    Args:
        path: the issuer, its issuer, and so on up to the anchor.
        state: the state after the issuer.
        reports: one for each of ``path``.
    """

    def __init__(self, path: CertificatePath, state: PathState, reports: Sequence[Report]) -> None:
        self.path = path
        self.state = state
        self.reports = tuple(reports)
        self._facts = _path_facts(path, reports)

    def report_with(self, certificate: Certificate, report: Report, at: datetime) -> Report:
        """Return the report on the whole path of ``certificate``, whose own is ``report``."""
        own = _path_facts((certificate,), (report,))
        facts: dict[str, Json] = {name: [*value, *self._facts[name]] for name, value in own.items()}
        facts["at"] = format_time(at)
        return Report("certificate", report.name, children=[report, *self.reports], facts=facts)


def path_report(path: CertificatePath, at: datetime, reports: list[Report]) -> Report:
    """Return the report on ``path`` whose certificates have ``reports``."""
    facts: dict[str, Json] = {**_path_facts(path, reports), "at": format_time(at)}
    return Report("certificate", reports[0].name, children=reports, facts=facts)


def certificate_report(certificate: Certificate, checks: Sequence[str], subject: str = "certificate") -> Report:
    """Return a report on ``certificate`` without findings yet; ``checks`` are those that are about to be done."""
    facts: dict[str, Json] = {
        "checks": [*checks],
        "fingerprint": certificate.fingerprint,
        "not_before": format_time(certificate.not_before),
        "not_after": format_time(certificate.not_after),
    }
    return Report(subject, _label(certificate), facts=facts)


def _label(certificate: Certificate) -> str:
    try:
        return certificate.subject.common_name or str(certificate.subject)
    except InputError:
        return f"{certificate.serial:x}"


def _path_facts(path: CertificatePath, reports: Sequence[Report]) -> dict[str, list[Json]]:
    return {
        "path": [report.name for report in reports],
        "fingerprints": [one.fingerprint for one in path],
        "evidence": [child.facts for report in reports for child in report.children if child.subject == "revocation"],
    }
