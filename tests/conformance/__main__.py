"""Print the scores: ``python -m tests.conformance`` from the project's folder."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from egov_sign.verdict import Indication
from tests.conformance import limbo, pkits
from tests.conformance.test_openssl_ocsp import judge as judge_ocsp

SUITES = Path(os.environ.get("EGOV_SIGN_SUITES", Path(__file__).resolve().parents[3] / "shared" / "suites"))


def scores() -> Iterator[str]:
    """Run the suites and yield a line for each."""
    cases = pkits.cases(SUITES)
    yield f"PKITS: {sum(map(pkits.passes, cases))} of {len(cases)}"
    every = limbo.cases(SUITES)
    core = [case for case in every if case.concerns_rfc5280]
    yield f"x509-limbo, what concerns RFC 5280: {sum(map(limbo.passes, core))} of {len(core)}"
    rest = [case for case in every if not case.concerns_rfc5280]
    yield f"x509-limbo, the rest: {sum(map(limbo.passes, rest))} of {len(rest)}"
    wrong = [case.id for case in rest if case.expected == "FAILURE" and limbo.accepts(case)]
    named = sum(case in limbo.NOT_OUR_RULES for case in wrong)
    yield f"  accepted though the suite rejects: {len(wrong)}, of which {named} stand in the list with their reasons"
    folder = SUITES / "openssl-ocsp"
    answers = json.loads((folder / "openssl-ocsp.json").read_text(encoding="utf-8"))
    right = [(judge_ocsp(folder, case).indication is Indication.VALID) == ("error" not in case) for case in answers]
    yield f"OpenSSL's OCSP cases: {sum(right)} of {len(right)}"


for line in scores():
    sys.stdout.write(line + "\n")
