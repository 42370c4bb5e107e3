"""OpenSSL's 29 OCSP cases: responses of real authorities of 2012, and what somebody broke in them."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from egov_sign.certs.algorithm_policy import ALWAYS, AlgorithmPolicy, algorithm_policy
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.freshness import RevocationPolicy
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.verdict import Indication, Report
from tests.certs.paths_double import check

_POLICY = algorithm_policy("etsi")
SHA1_ALLOWED = RevocationPolicy(
    algorithms=AlgorithmPolicy("with SHA-1", _POLICY.digests | {"sha1": ALWAYS}, _POLICY.keys)
)
"""The responses were signed with SHA-1 a few weeks after its end."""
CAUSES = {
    "success": "",
    "invalid_response_signature": "OCSP_SIGNATURE",
    "wrong_responder_id": "OCSP_SIGNATURE",
    "wrong_issuer_name_hash": "OCSP_OTHER_CERTIFICATE",
    "wrong_issuer_key_hash": "OCSP_OTHER_CERTIFICATE",
    "wrong_key_in_signing_cert": "OCSP_SIGNATURE",
    "invalid_signature_on_signing_cert": "OCSP_RESPONDER_FOREIGN",
    "stale": "STATUS_STALE",
}
"""What the name of a case says, and the finding that must say so."""


def judge(folder: Path, case: dict[str, Any]) -> Report:
    """Judge the certificates of the chain that the case has responses about; it says nothing about the others."""
    root = Certificate.read(folder / case["root"])
    pool = [root, *(Certificate.read(folder / name) for name in case.get("other_certs", ()))]
    sources = RevocationSources(responses=[base64.b64decode((folder / name).read_bytes()) for name in case["ocsps"]])
    checker, report = Revocation(sources, SHA1_ALLOWED), Report("certificate")
    certificate = Certificate.read(folder / case["cert"])
    while certificate != root:
        issuer = next(issuer for issuer in pool if issuer.subject == certificate.issuer)
        if sources.responses(certificate.serial):
            moment = datetime.fromisoformat(case["moment"])
            report.children.append(check(checker, certificate, issuer, moment, anchor=root, pool=pool))
        certificate = issuer
    return report


@pytest.mark.req("R404")
def test_all_29_cases(suites: Path) -> None:
    folder = suites / "openssl-ocsp"
    cases = json.loads((folder / "openssl-ocsp.json").read_text())
    assert len(cases) == 29
    for case in cases:
        report = judge(folder, case)
        code = next(code for words, code in CAUSES.items() if words in case["name"])
        expected = {code, "REVOCATION_UNKNOWN"} if code else set()
        assert set(report.codes) - {"OCSP_RESPONDER_UNCHECKED"} == expected, case["name"]
        assert bool(code) == ("error" in case), case["name"]


def test_sha1_is_judged_by_the_policy(suites: Path) -> None:
    folder = suites / "openssl-ocsp"
    root, leaf = (Certificate.read(folder / f"ND3_{name}.pem") for name in ("Issuer_Root", "Cert_EE"))
    sources = RevocationSources(responses=[base64.b64decode((folder / "ND3.ors").read_bytes())])
    at = datetime.fromisoformat("2012-10-12T00:00:00+00:00")
    assert check(Revocation(sources, SHA1_ALLOWED), leaf, root, at).indication is Indication.VALID
    assert check(Revocation(sources), leaf, root, at).codes == ["REVOCATION_UNKNOWN", "STATUS_ALGORITHM"]
