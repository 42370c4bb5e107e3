"""Many documents: in order, as they are needed, and nothing that one of them does ends the rest."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pytest

from egov_sign.docs.batch import Outcome, Row, Source, Verification, judge_all
from egov_sign.docs.xmlsign import sign_enveloped
from egov_sign.errors import EgovSignError
from tests.docs.cms_world import AT
from tests.docs.pdf_world import judge, pdf_world

GOOD = sign_enveloped(b"<a/>", pdf_world().signer("person"))
DOCUMENTS = {"good": GOOD, "changed": GOOD.replace(b"<a>", b"<a> "), "text": b"hello"}


def make() -> object:
    return judge(pdf_world())


def read(name: str) -> Source:
    if name == "defect":
        raise RuntimeError("boom")
    return Source(DOCUMENTS[name.split("-", maxsplit=1)[0]])


WORK = Verification(make, read, AT)  # type: ignore[arg-type]


def die(names: list[str]) -> list[Row]:
    os._exit(3)


def test_rows_come_in_the_order_of_the_names_and_a_defect_is_one_of_them() -> None:
    names = [f"{kind}-{number}" for number in range(60) for kind in DOCUMENTS] + ["defect", "good-last"]
    alone = list(judge_all(names, WORK))
    with ThreadPoolExecutor(3) as pool:
        assert list(judge_all(names, WORK, pool)) == alone
    assert [row.name for row in alone] == names
    assert [row.outcome for row in alone[-5:]] == [
        Outcome.VALID, Outcome.INVALID, Outcome.UNREADABLE, Outcome.FAILED, Outcome.VALID,
    ]  # fmt: skip
    assert json.loads(alone[-2].line)["code"] == "INTERNAL"
    assert "boom" in alone[-2].line


def test_names_are_taken_as_they_are_needed() -> None:
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield f"text-{taken}"

    with ThreadPoolExecutor(1) as pool:
        rows = judge_all(endless(), WORK, pool)
        assert [next(rows).name for _ in range(3)] == ["text-1", "text-2", "text-3"]
        rows.close()  # type: ignore[attr-defined]
    assert taken < 2_000


def test_what_is_known_is_not_judged_again_and_keeps_its_place() -> None:
    known = Row("good-2", Outcome.INVALID, "KNOWN", None, "{}")
    with ThreadPoolExecutor(2) as pool:
        for executor in (None, pool):
            rows = judge_all(
                [f"good-{number}" for number in range(5)],
                WORK,
                executor,
                recall=lambda name: known if name == "good-2" else None,
            )
            assert [row.reason for row in rows] == ["", "", "KNOWN", "", ""]


def test_a_worker_that_dies_is_told_in_a_sentence() -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool, pytest.raises(EgovSignError) as raised:
        list(judge_all(["good"], die, pool))
    assert raised.value.code == "WORKER_DIED"
