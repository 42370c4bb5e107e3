"""Runs flows: only the transitions of the model, every step with its beginning and end in the journal (R57, R58)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from egov_sign.certs.iin import Iin
from egov_sign.clock import Clock
from egov_sign.errors import EgovSignError
from egov_sign.flows import journal
from egov_sign.flows.journal import Event
from egov_sign.flows.model import Flow, Step, flow
from egov_sign.flows.store import Data, Unit

Outcome: TypeAlias = Literal["ok", "refused", "error"]


class TransitionError(EgovSignError):
    """The program asked for a step that the regulation does not allow here (``FLOW_TRANSITION``)."""


@dataclass(frozen=True, slots=True)
class StepEvent:
    """What a listener is told: a line of the journal, and the step it belongs to.

    Attributes:
        event: the line, as it was written.
        step: the step of the model; ``None`` for what is only noted (a delivery, a withdrawal).
    """

    event: Event
    step: Step | None


Listener: TypeAlias = Callable[[StepEvent], None]


@dataclass(slots=True)
class Run:
    """Where one passage through a flow stands.

    Attributes:
        flow: the flow.
        step: the step last begun; empty before the first.
        under_way: whether that step is still going on.
        began: when each step began.
        ended: when each step ended.
        request: identifier of the request.
        number: number of the request, once it has one.
        subject: whom it is about.
        actor: masked IIN and role of the employee who acts.
    """

    flow: Flow
    step: str = ""
    under_way: bool = False
    began: dict[str, datetime] = field(default_factory=dict)
    ended: dict[str, datetime] = field(default_factory=dict)
    request: str = ""
    number: str = ""
    subject: Iin | None = None
    actor: str = ""

    @property
    def over(self) -> bool:
        """Whether the flow has come to its end."""
        return bool(self.step) and not self.under_way and not self.flow.step(self.step).next

    def to_data(self) -> Data:
        """Return what a store keeps of it."""
        return {
            "profile": self.flow.profile,
            "service": self.flow.service,
            "channel": self.flow.channel,
            "step": self.step,
            "under_way": self.under_way,
            "began": {step: at.isoformat() for step, at in self.began.items()},
            "ended": {step: at.isoformat() for step, at in self.ended.items()},
            "actor": self.actor,
        }

    @classmethod
    def from_data(cls, data: Data, *, request: str = "", number: str = "", subject: Iin | None = None) -> Run:
        """Return the run that :meth:`to_data` described."""
        return cls(
            flow(str(data["profile"]), str(data["service"]), str(data["channel"])),
            str(data["step"]),
            bool(data["under_way"]),
            _times(data["began"]),
            _times(data["ended"]),
            request,
            number,
            subject,
            str(data["actor"]),
        )


def _times(value: object) -> dict[str, datetime]:
    assert isinstance(value, dict)
    return {step: datetime.fromisoformat(at) for step, at in value.items()}


class Work:
    """A unit of work of the services: the store's unit, the clock, and the journal with its listeners.

    Args:
        unit: of the store.
        clock: tells when steps begin and end.
    """

    def __init__(self, unit: Unit, clock: Clock) -> None:
        self.unit = unit
        self.clock = clock
        self.now = clock.now()
        self.events: list[StepEvent] = []

    def begin(self, run: Run, step_id: str, at: datetime | None = None) -> None:
        """Begin a step.

        Args:
            run: the passage.
            step_id: the step.
            at: when it began, if that was before this unit of work.

        Raises:
            TransitionError: the model does not allow it here.
        """
        step = run.flow.step(step_id)
        allowed = run.flow.step(run.step).next if run.step else run.flow.entries
        if run.under_way or step_id not in allowed:
            raise TransitionError(
                "FLOW_TRANSITION",
                f"{run.flow.name}: {step_id} cannot follow {run.step or 'the start'}"
                + (" while that is under way" if run.under_way else ""),
                where=run.number or run.request,
            )
        run.step, run.under_way = step_id, True
        run.began[step_id] = at or self.clock.now()
        self._note(run, step, "started", at=run.began[step_id])

    def finish(
        self,
        run: Run,
        outcome: Outcome = "ok",
        codes: Iterable[str] = (),
        *,
        due: datetime | None = None,
        digest: str = "",
    ) -> None:
        """Finish the step that is under way, and record whether it was in time.

        Args:
            run: the passage.
            outcome: how it ended.
            codes: refusal codes.
            due: until when the step had to end, where that is no plain number of seconds (working days, R419).
            digest: SHA-256 of the document that the step made.

        Raises:
            TransitionError: no step is under way.
        """
        if not run.under_way:
            raise TransitionError("FLOW_TRANSITION", f"{run.flow.name}: no step is under way", where=run.request)
        step = run.flow.step(run.step)
        at = self.clock.now()
        start = run.ended.get(step.counted_from, run.began[step.id])
        if due is None and step.max_seconds is not None:
            due = start + timedelta(seconds=step.max_seconds)
        late = due is not None and at > due
        run.under_way = False
        run.ended[step.id] = at
        self._note(
            run,
            step,
            "finished",
            at=at,
            outcome=outcome,
            codes=list(codes),
            duration_ms=round((at - run.began[step.id]).total_seconds() * 1000),
            deadline_s=round((due - start).total_seconds()) if due else None,
            late=late,
            breach=late and not step.human,
            digest=digest,
        )
        for limit in run.flow.steps.values():
            if limit.spans is not None and limit.spans[1] == step.id and limit.spans[0] in run.began:
                self._note_limit(run, limit, run.began[limit.spans[0]], at)

    def pass_through(self, run: Run, step_id: str, outcome: Outcome = "ok", codes: Iterable[str] = ()) -> None:
        """Begin and finish a step that takes no time of its own."""
        self.begin(run, step_id)
        self.finish(run, outcome, codes)

    def decide(self, run: Run, step_id: str, codes: Iterable[str]) -> bool:
        """Go through a condition and return whether it holds: it does when there are no refusal codes."""
        codes = list(codes)
        self.pass_through(run, step_id, "refused" if codes else "ok", codes)
        return not codes

    def note(self, node: str, unit: str, run: Run | None = None, **values: object) -> None:
        """Write something to the journal that is no step of the regulation."""
        details: dict[str, object] = dict(values)
        if run is not None:
            details = _whose(run) | details
        event = journal.append(self.unit, at=_stamp(self.clock.now()), unit=unit, node=node, phase="noted", **details)
        self.events.append(StepEvent(event, None))

    def _note_limit(self, run: Run, limit: Step, began: datetime, ended: datetime) -> None:
        """Record how long several steps took together, where the regulation limits that (Zhambyl, item 9)."""
        seconds = (ended - began).total_seconds()
        late = limit.max_seconds is not None and seconds > limit.max_seconds
        details = {"duration_ms": round(seconds * 1000), "deadline_s": limit.max_seconds, "late": late}
        self._note(run, limit, "finished", at=ended, outcome="ok", breach=late and not limit.human, **details)

    def _note(self, run: Run, step: Step, phase: str, *, at: datetime, **values: object) -> None:
        event = journal.append(
            self.unit,
            at=_stamp(at),
            unit=step.unit,
            node=f"{run.flow.name}.{step.id}",
            phase=phase,
            **_whose(run),
            **values,
        )
        self.events.append(StepEvent(event, step))


def _whose(run: Run) -> dict[str, object]:
    return {
        "request": run.request,
        "number": run.number,
        "subject": run.subject.masked() if run.subject else "",
        "actor": run.actor,
    }


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
