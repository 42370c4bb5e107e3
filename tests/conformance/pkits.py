"""NIST PKITS: certification path validation (public domain).

The cases are run as a relying party sees them (``profile_rules=False``): the suite holds valid paths that break what
RFC 5280 demands of authorities, such as basicConstraints and policyConstraints that are not critical.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.path_rules import ValidationPolicy
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.errors import InputError
from egov_sign.verdict import Indication, Report


@dataclass(frozen=True)
class Case:
    """One case of the suite."""

    id: str
    expected: str
    folder: Path
    fields: dict[str, Any]

    def files(self, kind: str) -> list[bytes]:
        """The contents of the files of a ``kind``: ``chain`` (anchor first) or ``crls``."""
        return [_read(self.folder / name) for name in self.fields[kind]]


@cache
def _read(file: Path) -> bytes:
    return file.read_bytes()


def cases(suites: Path) -> list[Case]:
    """All cases of the suite."""
    folder = suites / "pkits"
    rows = json.loads((folder / "pkits.json").read_text(encoding="utf-8"))
    return [Case(row["id"], row["expected"], folder, row) for row in rows]


def policy_of(case: Case) -> ValidationPolicy:
    """The initial settings of a case."""
    return ValidationPolicy(
        profile_rules=False,
        initial_policies=frozenset(case.fields["policies"]),
        require_explicit_policy=case.fields["explicit"],
        inhibit_policy_mapping=case.fields["inhibit_mapping"],
        inhibit_any_policy=case.fields["inhibit_any"],
    )


def sources_of(case: Case) -> RevocationSources:
    """The CRLs of a case; one that cannot be read is none."""
    sources = RevocationSources()
    for data in case.files("crls"):
        with contextlib.suppress(InputError):
            sources.add_crl(data)
    return sources


def judge(case: Case) -> Report | None:
    """Judge the end of a case's path; ``None`` if a certificate of it cannot be read."""
    try:
        anchor, *chain = [Certificate.load(data) for data in case.files("chain")]
    except InputError:
        return None
    validator = CertificateValidator(
        TrustStore([anchor]),
        intermediates=chain[:-1],
        revocation=Revocation(sources_of(case)),
        policy=policy_of(case),
    )
    return validator.validate(chain[-1], datetime.fromisoformat(case.fields["time"]))


def passes(case: Case) -> bool:
    """Tell whether the verdict is the expected one."""
    report = judge(case)
    valid = report is not None and report.indication is Indication.VALID
    return valid == (case.expected == "VALID")
