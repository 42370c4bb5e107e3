"""The catalogue itself: complete, distinct, the same every time; each case one step from its good twin."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from egov_sign.errors import ConfigurationError
from egov_sign.verdict import Indication
from egov_sign_pki.cases import Case, Lab, catalogue, find
from egov_sign_pki.cases.catalogue import NAMESPACES, register
from egov_sign_pki.cases.publishing import page

SALTED = {"alg::good-pss", "alg::pss-wrong-params"}
"""Signed with RSASSA-PSS, whose salt OpenSSL draws anew each time."""

ROOT = Path(__file__).resolve().parents[2]
ALL = list(catalogue().values())


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab()


def test_there_are_enough_of_them() -> None:
    assert len(ALL) >= 170
    assert {case.namespace for case in ALL} == set(NAMESPACES)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_a_case_is_described_and_has_a_good_twin(case: Case) -> None:
    assert re.fullmatch(r"[a-z0-9]+::[a-z0-9-]+", case.id, re.IGNORECASE)
    assert case.definition.endswith(".")
    assert "\n" not in case.definition
    assert case.clause
    assert case.at.tzinfo is not None
    twin = catalogue()[case.twin]
    assert twin.expected is Indication.VALID
    assert (case.expected is Indication.VALID) == (case.code == "") == (case.twin == case.id)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_a_case_gives_the_same_bytes_every_time(case: Case, lab: Lab) -> None:
    if case.id in SALTED:
        assert case.make(lab).anchors == case.make(Lab()).anchors
        return
    assert case.make(lab) == case.make(Lab())


def test_no_two_cases_are_the_same(lab: Lab) -> None:
    accepted_twins = {case.id for case in ALL if case.expected is Indication.VALID}
    seen: dict[object, str] = {}
    for case in ALL:
        if case.id in accepted_twins:
            continue
        material = case.make(lab)
        key = (case.namespace, case.at, repr(material))
        assert key not in seen, f"{case.id} is {seen[key]}"
        seen[key] = case.id


def test_a_second_case_of_one_name_is_refused() -> None:
    good = find("time::good")
    with pytest.raises(ValueError, match="taken"):
        register(good.make, Indication.VALID, "", "")


def test_an_unknown_case_is_told() -> None:
    with pytest.raises(ConfigurationError, match="CASE_UNKNOWN"):
        find("time::never")


def test_the_published_page_is_that_of_the_cases() -> None:
    published = (ROOT / "docs/pki-cases.md").read_text(encoding="utf-8")
    assert published == page(), "run: python -m egov_sign_pki.cases.publishing > docs/pki-cases.md"
