"""PKITS whole, and of x509-limbo what concerns RFC 5280; the rest against a list of reasons."""

from __future__ import annotations

from pathlib import Path

import pytest

from egov_sign.verdict import Indication
from tests.conformance import limbo, pkits


@pytest.fixture(scope="module")
def limbo_cases(suites: Path) -> list[limbo.Case]:
    return limbo.cases(suites)


def test_pkits(suites: Path) -> None:
    cases = pkits.cases(suites)
    assert len(cases) == 249
    assert [case.id for case in cases if not pkits.passes(case)] == []


def test_pkits_without_its_crls_is_never_valid(suites: Path) -> None:
    for case in pkits.cases(suites)[::10]:
        case.fields["crls"] = []
        report = pkits.judge(case)
        assert report is None or report.indication is not Indication.VALID, case.id


def test_limbo_where_it_concerns_rfc5280(limbo_cases: list[limbo.Case]) -> None:
    cases = [case for case in limbo_cases if case.concerns_rfc5280]
    assert len(cases) == 133
    assert [case.id for case in cases if not limbo.passes(case)] == []


def test_what_limbo_rejects_and_we_accept_has_a_reason(limbo_cases: list[limbo.Case]) -> None:
    accepted = {case.id for case in limbo_cases if case.expected == "FAILURE" and limbo.accepts(case)}
    assert accepted == limbo.NOT_OUR_RULES.keys()
