"""The evidence of a certificate's judgement, kept so that the same judgement can be made years later (R402).

A list of revoked certificates of today says nothing about the time of an old signature. So what condition 2 rested on
is stored with the request: certificate, lists and OCSP responses, time, verdict. Lists are kept once for all requests
that rest on them.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from egov_sign.certs.evidence import evidence_in
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.validator import CertificateValidator
from egov_sign.clock import format_time
from egov_sign.flows.condition2 import CertificateCheck
from egov_sign.flows.engine import Work
from egov_sign.flows.services import Services
from egov_sign.flows.store import Data

SCHEMA = "egov-sign/condition2/1"
"""Name and version of the form in which evidence is kept."""


def keep(work: Work, check: CertificateCheck) -> str:
    """Store what ``check`` rested on and return the SHA-256 of its description."""
    evidence = evidence_in(check.report)
    for found in evidence:
        work.unit.put_document(found.data, ".bin")
    row: Data = {
        "schema": SCHEMA,
        "at": format_time(check.at),
        "certificate": base64.b64encode(check.certificate.der).decode(),
        "evidence": [found.to_dict() for found in evidence],
        "verdict": check.report.indication.value,
    }
    return work.unit.put_document(json.dumps(row, ensure_ascii=False, indent=1).encode() + b"\n", ".json")


def judge_of_the_time(services: Services, digest: str) -> CertificateValidator:
    """Return a judge that knows of revocation what was known when the evidence ``digest`` was kept."""
    row: dict[str, Any] = json.loads(services.store.document(digest))
    sources = RevocationSources(limits=services.limits)
    for found in row["evidence"]:
        sources.add(services.store.document(found["digest"]), found["source"])
    judge = CertificateValidator(
        services.judge.trust,
        revocation=Revocation(sources),
        policy=services.judge.policy,
        limits=services.limits,
    )
    judge.pool = services.judge.pool
    return judge
