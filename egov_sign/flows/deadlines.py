"""Until when a step must be done (R418–R420, D22, D25)."""

from __future__ import annotations

from datetime import datetime, timedelta

from egov_sign.flows.model import Flow, Step
from egov_sign.flows.registers import Provider


def due_at(step: Step, start: datetime, provider: Provider, service: str) -> datetime | None:
    """Return when ``step`` must have ended, counted from ``start``; ``None`` if the regulation sets no bound.

    A working day is the one on which the request counts as received; it ends with the provider's working time
    (R19, D25). A bound in seconds for work at the provider runs in its working time only (R420, R505); a home call
    is decided at once, since out of hours it is refused (R17).
    """
    calendar = provider.calendar
    if step.max_working_days is not None:
        received = calendar.received(start, provider.cutoff(service))
        return calendar.end_of_working_day(received, step.max_working_days)
    if step.max_seconds is None:
        return None
    begins = calendar.received(start) if step.counted_from and service != "CALL" else start
    return begins + timedelta(seconds=step.max_seconds)


def service_due(flow: Flow, sent: datetime, provider: Provider) -> datetime:
    """Return until when the applicant gets an answer: the term that the status screen shows (R39, D22)."""
    start = sent
    result = list(_last_steps(flow))[-1]
    if result.counted_from in flow.steps and flow.steps[result.counted_from].max_seconds and flow.registers:
        start += timedelta(seconds=flow.steps[result.counted_from].max_seconds or 0)
    due = due_at(result, start, provider, flow.service)
    return due or start


def _last_steps(flow: Flow) -> list[Step]:
    return [step for step in flow.steps.values() if not step.next and step.kind != "timed"]
