"""The engine: only transitions of the model, every step with beginning, end, duration and deadline (R57, R58, R418)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from egov_sign.clock import FrozenClock
from egov_sign.errors import ConfigurationError
from egov_sign.flows import journal
from egov_sign.flows.engine import Run, TransitionError, Work
from egov_sign.flows.jsonstore import JsonStore
from egov_sign.flows.model import flow
from tests.flows.conftest import NOW


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOW)


@pytest.fixture
def store(tmp_path: Path) -> JsonStore:
    return JsonStore(tmp_path / "store")


@pytest.fixture
def run() -> Run:
    return Run(flow("astana", "CALL", "portal"), request="r1")


@pytest.mark.req("R57")
def test_a_step_that_does_not_follow_raises(store: JsonStore, clock: FrozenClock, run: Run) -> None:
    with store.unit() as unit:
        work = Work(unit, clock)
        for wrong in ("p3", "c1", "p8"):
            with pytest.raises(TransitionError, match=f"{wrong} cannot follow the start"):
                work.begin(run, wrong)
        work.begin(run, "p1")
        with pytest.raises(TransitionError, match="while that is under way"):
            work.begin(run, "c1")
        work.finish(run)
        with pytest.raises(TransitionError, match="no step is under way"):
            work.finish(run)
        with pytest.raises(TransitionError, match="p5 cannot follow p1"):
            work.begin(run, "p5")
        with pytest.raises(ConfigurationError, match="no step p99"):
            work.begin(run, "p99")


@pytest.mark.req("R58", "R102")
def test_every_action_leaves_beginning_and_end_with_its_duration(
    store: JsonStore, clock: FrozenClock, run: Run
) -> None:
    with store.unit() as unit:
        work = Work(unit, clock)
        work.begin(run, "p1")
        clock.advance(45)
        work.finish(run)
    began, ended = journal.read(store)
    assert (began.phase, began.node, began.unit) == ("started", "astana/CALL/portal.p1", "Получатель")
    assert (ended.phase, ended.outcome, ended.duration_ms, ended.deadline_s) == ("finished", "ok", 45_000, 60)
    assert not ended.late


@pytest.mark.req("R418")
@pytest.mark.parametrize(("seconds", "late"), [(60, False), (61, True)])
def test_only_the_upper_bound_counts_and_a_person_breaches_nothing(
    store: JsonStore, clock: FrozenClock, run: Run, seconds: int, late: bool
) -> None:
    with store.unit() as unit:
        work = Work(unit, clock)
        work.begin(run, "p1")
        clock.advance(seconds)
        work.finish(run)
    event = list(journal.read(store))[-1]
    assert (event.late, event.breach) == (late, False)


@pytest.mark.req("R104", "R418")
@pytest.mark.parametrize(("seconds", "breach"), [(30, False), (30.5, True)])
def test_a_system_that_is_late_is_in_breach(
    store: JsonStore, clock: FrozenClock, run: Run, seconds: float, breach: bool
) -> None:
    with store.unit() as unit:
        work = Work(unit, clock)
        work.pass_through(run, "p1")
        work.decide(run, "c1", ["AUTH_FAILED"])
        work.begin(run, "p2")
        clock.advance(seconds)
        work.finish(run, "refused", ["AUTH_FAILED"])
    event = list(journal.read(store))[-1]
    assert (event.late, event.breach) == (breach, breach)
    assert run.over


@pytest.mark.req("R111", "R112")
def test_the_result_is_counted_from_registration(store: JsonStore, clock: FrozenClock, run: Run) -> None:
    with store.unit() as unit:
        work = Work(unit, clock)
        for step in ("p1", "c1", "p3", "c2", "p5", "p6"):
            work.pass_through(run, step)
        clock.advance(1790)
        work.decide(run, "c3", [])
        work.begin(run, "p8")
        clock.advance(11)
        work.finish(run)
    event = list(journal.read(store))[-1]
    assert (event.deadline_s, event.duration_ms, event.breach) == (1800, 11_000, True)


def test_a_run_comes_back_from_the_store(store: JsonStore, clock: FrozenClock, run: Run) -> None:
    with store.unit() as unit:
        work = Work(unit, clock)
        work.pass_through(run, "p1")
        work.begin(run, "c1")
    again = Run.from_data(run.to_data(), request="r1")
    assert again == run
    assert not again.over


def test_another_bound_can_be_given(store: JsonStore, clock: FrozenClock, run: Run) -> None:
    with store.unit() as unit:
        work = Work(unit, clock)
        work.begin(run, "p1")
        clock.advance(10)
        work.finish(run, due=NOW + timedelta(seconds=9))
    assert list(journal.read(store))[-1].late
