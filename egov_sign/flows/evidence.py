"""The evidence of a certificate's judgement, kept so that the same judgement can be made years later (R402).

A list of revoked certificates of today says nothing about the time of an old signature. So what condition 2 rested on
is stored with the request: certificate, issuers, lists and OCSP responses, time, verdict. Lists are kept once for all
requests that rest on them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.evidence import evidence_in
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.validator import CertificateValidator
from egov_sign.clock import format_time
from egov_sign.flows.condition2 import CertificateCheck
from egov_sign.flows.engine import Work
from egov_sign.flows.services import Relying, Services
from egov_sign.flows.store import Data

SCHEMA = "egov-sign/condition2/1"
"""Name and version of the form in which evidence is kept."""


def keep(work: Work, services: Services, check: CertificateCheck) -> str:
    """Store what ``check`` rested on and return the SHA-256 of its description."""
    evidence = evidence_in(check.report)
    for found in evidence:
        work.unit.put_document(found.data)
    row: Data = {
        "schema": SCHEMA,
        "at": format_time(check.at),
        "certificate": base64.b64encode(check.certificate.der).decode(),
        "issuers": [base64.b64encode(issuer.der).decode() for issuer in _issuers(services, check.certificate)],
        "evidence": [found.to_dict() for found in evidence],
        "verdict": check.report.indication.value,
    }
    return work.unit.put_document(json.dumps(row, ensure_ascii=False, indent=1).encode() + b"\n", ".json")


def judge_of_the_time(services: Services, digest: str) -> CertificateValidator:
    """Return a judge that knows of revocation what was known when the evidence ``digest`` was kept."""
    issuers, statuses = read(services, digest)
    return judge_knowing(services, issuers, statuses.values())


def read(services: Services, digest: str) -> tuple[list[bytes], dict[str, bytes]]:
    """Return what the evidence ``digest`` holds: issuers' certificates; lists and responses by a name for each."""
    row: dict[str, Any] = json.loads(services.store.document(digest))
    statuses = {
        f"{found['digest'][:16]}.{found['kind']}": services.store.document(found["digest"]) for found in row["evidence"]
    }
    return [base64.b64decode(text) for text in row["issuers"]], statuses


def judge_knowing(services: Relying, issuers: Iterable[bytes], statuses: Iterable[bytes]) -> CertificateValidator:
    """Return a judge with the anchors and the policy of ``services``, and the knowledge given."""
    sources = RevocationSources(limits=services.limits)
    for status in statuses:
        sources.offer(status, "evidence")
    return CertificateValidator(
        services.judge.trust,
        intermediates=[Certificate.load(der, services.limits) for der in issuers],
        revocation=Revocation(sources),
        policy=services.judge.policy,
        limits=services.limits,
    )


def _issuers(services: Services, certificate: Certificate) -> Iterator[Certificate]:
    """Yield the issuers of ``certificate`` that are not trust anchors, nearest first."""
    for _ in range(services.limits.path_length):
        found = services.judge.pool.find(certificate.issuer)
        if not found or services.judge.trust.anchor_of(found[0]) is not None:
            return
        certificate = found[0]
        yield certificate
