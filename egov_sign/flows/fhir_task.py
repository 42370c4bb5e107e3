"""The case itself as FHIR R4: Task, and what it is about: Appointment, ServiceRequest or EpisodeOfCare."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from egov_sign import messages
from egov_sign.flows import books, catalogue, schedule
from egov_sign.flows.fhir_bundle import (
    DRAFT,
    MESSAGE,
    NUMBER,
    SERVICE,
    SYSTEM,
    Bundle,
    Resource,
    coding,
    concept,
    identifier,
    period,
    stamp,
    without_nothing,
)
from egov_sign.flows.fhir_people import add_doctor
from egov_sign.flows.registers import Provider
from egov_sign.flows.requests import TERMINAL, Request, State
from egov_sign.flows.services import Services
from egov_sign.verdict import Json

TASK_STATUS = {
    State.DRAFT: "draft",
    State.READY_TO_SIGN: "draft",
    State.SIGNED: "requested",
    State.SENT: "requested",
    State.NOT_DELIVERED: "failed",
    State.REGISTERED: "accepted",
    State.IN_PROCESSING: "in-progress",
    State.COMPLETED: "completed",
    State.REFUSED: "failed",
    State.REFUSED_EDS: "rejected",
    State.WITHDRAWN: "cancelled",
}
"""Of a refusal after the work began; before that it is ``rejected``: R4 lets no task in progress be rejected."""
_APPOINTMENT_STATUS = {
    State.DRAFT: "proposed",
    State.READY_TO_SIGN: "proposed",
    State.COMPLETED: "booked",
    State.REFUSED: "cancelled",
    State.REFUSED_EDS: "cancelled",
    State.WITHDRAWN: "cancelled",
}
_PARTICIPATION = {"booked": "accepted", "cancelled": "declined"}
_ORDER_STATUS = {
    State.DRAFT: "draft",
    State.READY_TO_SIGN: "draft",
    State.COMPLETED: "completed",
    State.REFUSED: "revoked",
    State.REFUSED_EDS: "revoked",
    State.WITHDRAWN: "revoked",
}
_STEP_KINDS = {"process": "Процесс", "condition": "Условие", "procedure": "Процедура", "timed": "Срок"}


def number_of(request: Request) -> Resource:
    """Return the business identifier: the number, or before registration the identifier of the draft."""
    return identifier(NUMBER, request.number) if request.number else identifier(DRAFT, request.id)


def add_subject(bundle: Bundle, services: Services, request: Request, provider: Provider) -> Resource:
    """Add what the request asks for and return the reference that the task is focused on."""
    if request.service == "APPT":
        return _add_reception(bundle, services, request, provider)
    order = _add_order(bundle, request)
    if request.service == "CALL":
        _add_visit(bundle, services, request, provider)
        return order
    return _add_episode(bundle, services, request, provider)


def add_task(bundle: Bundle, request: Request, focus: Resource) -> None:
    """Add ``task``: the case, its state, its step in the regulation, its deadline, reasons and documents."""
    flow, step_id = request.run.flow, request.run.step
    step = flow.steps.get(step_id)
    refused = request.state in {State.REFUSED, State.REFUSED_EDS}
    began = datetime.fromisoformat(request.history[0][1])
    changed = datetime.fromisoformat(request.history[-1][1])
    at: Resource = {}
    if step is not None:
        caption = f"{_STEP_KINDS[step.kind]} {step.number}. {step.ru}"
        at = concept(coding(f"{SYSTEM}:step", f"{flow.name}.{step.id}", caption), text=request.state.caption())
    sent = request.entered(State.SENT) or request.entered(State.REGISTERED)
    bundle.add(
        "task",
        "Task",
        contained=[operation_outcome(request)] if refused else [],
        identifier=[number_of(request)],
        groupIdentifier=identifier(MESSAGE, request.message) if request.message else None,
        status=task_status(request),
        statusReason=_status_reason(request) if refused else None,
        businessStatus=at,
        intent="order",
        code=concept(coding(SERVICE, request.service, catalogue.name_of(request.service))),
        focus=focus,
        **{"for": bundle.reference("patient")},
        executionPeriod=period(began, changed if request.state in TERMINAL else None),
        authoredOn=stamp(began),
        lastModified=stamp(changed),
        requester=bundle.reference("representative" if request.represented else "patient"),
        owner=bundle.reference("organization"),
        location=bundle.reference("location"),
        restriction={"period": period(sent, request.due)} if request.due else None,
        input=[_part("signed-request", bundle.reference("request"))] if request.document else [],
        output=_outputs(bundle, request, refused=refused),
    )


def task_status(request: Request) -> str:
    """Return the status of the task."""
    if request.state is State.REFUSED and not request.entered(State.IN_PROCESSING):
        return "rejected"
    return TASK_STATUS[request.state]


def operation_outcome(request: Request) -> Resource:
    """Return the reasons of a refusal; contained in the task, since servers keep no OperationOutcome of its own."""
    issues: list[Json] = []
    for finding in request.reasons:
        reason = coding(f"{SYSTEM}:refusal", finding.code)
        issue: Resource = {
            "severity": "error",
            "code": "business-rule",
            "details": concept(reason, text=messages.describe(finding, "ru")),
            "diagnostics": messages.describe(finding, "en"),
        }
        issues.append(issue)
    return {"resourceType": "OperationOutcome", "id": "refusal", "issue": issues}


def _status_reason(request: Request) -> Resource:
    texts = [messages.describe(finding, "ru") for finding in request.reasons]
    codes = (coding(f"{SYSTEM}:refusal", code) for code in dict.fromkeys(reason.code for reason in request.reasons))
    return concept(*codes, text=" ".join(texts))


def _outputs(bundle: Bundle, request: Request, *, refused: bool) -> list[Json]:
    parts: list[Json] = []
    if request.outcome:
        parts.append(_part("signed-outcome", bundle.reference("outcome")))
    if refused:
        parts.append(_part("reasons", {"reference": "#refusal"}))
    return parts


def _part(code: str, value: Resource) -> Resource:
    return {"type": concept(coding(f"{SYSTEM}:document", code)), "valueReference": value}


def _add_reception(bundle: Bundle, services: Services, request: Request, provider: Provider) -> Resource:
    """Add the appointment, the doctor, the doctor's schedule and the slot."""
    slot_id = request.form.get("slot_id", "")
    record = services.store.get("slot", slot_id) if slot_id else None
    slot = schedule.slot(services.store, slot_id) if record else None
    doctor_id = slot.doctor if slot else request.form.get("doctor_id", "")
    doctor = services.registers.doctor(doctor_id) if doctor_id else None
    if doctor is not None:
        add_doctor(bundle, doctor, provider)
    if slot is not None and record is not None and doctor is not None:
        bundle.add(
            "schedule",
            "Schedule",
            "shared",
            identifier=[identifier(f"{SYSTEM}:schedule", f"{doctor.id}-{slot.day:%Y%m%d}")],
            active=True,
            actor=[bundle.reference(name) for name in ("doctor", "doctor-role", "location")],
            planningHorizon={"start": slot.day.isoformat(), "end": slot.day.isoformat()},
        )
        bundle.add(
            "slot",
            "Slot",
            meta={"versionId": str(record.version)},
            identifier=[identifier(f"{SYSTEM}:slot", slot.id)],
            schedule=bundle.reference("schedule"),
            status=slot.status,
            start=stamp(slot.start),
            end=stamp(slot.end),
        )
    times = (slot.start, slot.end) if slot else None
    return _add_appointment(bundle, request, times, slots=[bundle.reference("slot")] if slot else [])


def _add_visit(bundle: Bundle, services: Services, request: Request, provider: Provider) -> None:
    """Add the doctor's visit, as the journal of calls has it."""
    rows = books.rows(services.store, "call", request.provider) if request.number else []
    row: dict[str, Any] | None = next((dict(row) for row in rows if row["request_number"] == request.number), None)
    if row is None:
        return
    doctor = services.registers.doctor(row["doctor"])
    if doctor is not None:
        add_doctor(bundle, doctor, provider)
    day = date.fromisoformat(row["visit_date"])
    start, end = (provider.calendar.at(day, time.fromisoformat(text)) for text in row["visit_window"])
    _add_appointment(bundle, request, (start, end), basis=[bundle.reference("order")])


def _add_appointment(
    bundle: Bundle,
    request: Request,
    times: tuple[datetime, datetime] | None,
    *,
    slots: list[Json] | None = None,
    basis: list[Json] | None = None,
) -> Resource:
    status = _APPOINTMENT_STATUS.get(request.state, "pending")
    if times is None and status != "cancelled":
        status = "proposed"  # app-3: only these two may have no times
    taking_part = ["patient", *(name for name in ("doctor", "location") if name in bundle)]
    participation = _PARTICIPATION.get(status, "needs-action")
    return bundle.add(
        "appointment",
        "Appointment",
        identifier=[identifier(f"{SYSTEM}:appointment", request.number or request.id)],
        status=status,
        cancelationReason=_status_reason(request) if status == "cancelled" and request.reasons else None,
        serviceType=[concept(coding(SERVICE, request.service, catalogue.name_of(request.service)))],
        start=stamp(times[0]) if times else None,
        end=stamp(times[1]) if times else None,
        minutesDuration=round((times[1] - times[0]).total_seconds() / 60) if times else None,
        slot=slots,
        basedOn=basis,
        created=stamp(datetime.fromisoformat(request.history[0][1])),
        participant=[{"actor": bundle.reference(name), "status": participation} for name in taking_part],
    )


def _add_order(bundle: Bundle, request: Request) -> Resource:
    """Add the order for a home visit, or for an attachment; complaints stand here and nowhere else."""
    form = request.form
    home = form.get("address", "") if request.service == "CALL" else ""
    place: Resource = {"resourceType": "Location", "id": "home", "mode": "instance", "address": {"text": home}}
    return bundle.add(
        "order",
        "ServiceRequest",
        contained=[place] if home else [],
        identifier=[identifier(f"{SYSTEM}:order", request.number or request.id)],
        status=_ORDER_STATUS.get(request.state, "active"),
        intent="order",
        code=concept(coding(SERVICE, request.service), text=catalogue.name_of(request.service)),
        subject=bundle.reference("patient"),
        authoredOn=stamp(datetime.fromisoformat(request.history[0][1])),
        requester=bundle.reference("representative" if request.represented else "patient"),
        performer=[bundle.reference("organization")],
        reasonCode=[concept(text=form[name]) for name in ("complaints", "basis") if form.get(name)],
        locationReference=[{"reference": "#home"}] if home else [],
    )


def _add_episode(bundle: Bundle, services: Services, request: Request, provider: Provider) -> Resource:
    """Add the attachment: from its first day, once it is granted."""
    entries = services.registers.attachments(str(request.recipient))
    entry = next((entry for entry in entries if request.number and entry.request_number == request.number), None)
    status, during = "planned", {}
    if entry is not None:
        end = entry.end.isoformat() if entry.end else None
        during = without_nothing({"start": entry.start.isoformat(), "end": end})
        begun = entry.start <= provider.calendar.local(services.clock.now()).date()
        status = "finished" if entry.end else "active" if begun else "planned"
    elif request.state in TERMINAL:
        status = "cancelled"
    return bundle.add(
        "episode",
        "EpisodeOfCare",
        identifier=[identifier(f"{SYSTEM}:attachment", request.number or request.id)],
        status=status,
        type=[concept(coding(SERVICE, "ATT", catalogue.name_of("ATT")))],
        patient=bundle.reference("patient"),
        managingOrganization=bundle.reference("organization"),
        period=during,
        referralRequest=[bundle.reference("order")],
    )
