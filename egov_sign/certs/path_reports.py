"""How the judgement of a path is told: one report for each certificate, and one for the path as a whole.

Names and facts are written when they are first read; a judgement alone needs neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from egov_sign.caching import lazy
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.path import CertificatePath
from egov_sign.certs.path_rules import PathState
from egov_sign.clock import format_time
from egov_sign.errors import InputError
from egov_sign.native import mypyc_attr
from egov_sign.verdict import Json, Report


@mypyc_attr(native_class=False)
class CertificateReport(Report):
    """The report on one certificate of a path.

    Args:
        certificate: the certificate.
        checks: names of the checks that are about to be done.
        subject: ``certificate`` or ``trust-anchor``.
    """

    def __init__(self, certificate: Certificate, checks: Sequence[str], subject: str = "certificate") -> None:
        self.subject = subject
        self.findings = []
        self.children = []
        self.certificate = certificate
        self._checks = checks

    @lazy
    def name(self) -> str:
        """The common name of its subject; the whole name, or the serial number, where there is none."""
        subject = self.certificate.subject
        try:
            return subject.common_name or str(subject)
        except InputError:
            return f"{self.certificate.serial:x}"

    @lazy
    def facts(self) -> dict[str, Json]:
        """``checks``, ``fingerprint``, ``not_before`` and ``not_after``."""
        return {
            "checks": [*self._checks],
            "fingerprint": self.certificate.fingerprint,
            "not_before": format_time(self.certificate.not_before),
            "not_after": format_time(self.certificate.not_after),
        }


@mypyc_attr(native_class=False)
class PathReport(Report):
    """The report on a path.

    Args:
        at: the time it was judged at.
        reports: those on its certificates, the end entity's first.
    """

    def __init__(self, at: datetime, reports: list[CertificateReport]) -> None:
        self.subject = "certificate"
        self.findings = []
        self.children = [*reports]
        self._at = at
        self._reports = reports

    @lazy
    def name(self) -> str:
        """The name of the end entity."""
        return self._reports[0].name

    @lazy
    def facts(self) -> dict[str, Json]:
        """``path`` (names), ``fingerprints``, ``evidence`` (facts of the revocation reports) and ``at``."""
        parts = [child for report in self._reports for child in report.children]
        return {
            "path": [report.name for report in self._reports],
            "fingerprints": [report.certificate.fingerprint for report in self._reports],
            "evidence": [part.facts for part in parts if part.subject == "revocation"],
            "at": format_time(self._at),
        }


class IssuerPart:
    """The part of a path above the end entity, judged.

    Args:
        path: the issuer, its issuer, and so on up to the anchor.
        state: the state after the issuer.
        reports: one for each of ``path``.
    """

    def __init__(self, path: CertificatePath, state: PathState, reports: Sequence[CertificateReport]) -> None:
        self.path = path
        self.state = state
        self.reports = tuple(reports)
