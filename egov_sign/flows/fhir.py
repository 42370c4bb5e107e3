"""A case as FHIR R4 resources, for the systems of a clinic.

The public service is a Task; what it is about is a ServiceRequest (home call), an Appointment or an EpisodeOfCare
(attachment). The signed documents are DocumentReferences with a Provenance each, the journal is AuditEvents. Numbers of
persons and organisations stand in identifiers of project systems: no national ones were published.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Iterator
from datetime import datetime

from egov_sign.clock import format_time
from egov_sign.errors import ConfigurationError
from egov_sign.flows import catalogue, journal, requests, schedule
from egov_sign.flows.journal import Event
from egov_sign.flows.registers import Person, Provider
from egov_sign.flows.requests import Request, State
from egov_sign.flows.services import Services
from egov_sign.verdict import Json

Resource = dict[str, Json]
SYSTEMS = {"iin": "urn:egov-sign:iin", "bin": "urn:egov-sign:bin", "request": "urn:egov-sign:request"}
"""Systems of the identifiers."""
_TASK = {
    State.DRAFT: "draft",
    State.READY_TO_SIGN: "draft",
    State.SIGNED: "requested",
    State.SENT: "requested",
    State.NOT_DELIVERED: "failed",
    State.REGISTERED: "accepted",
    State.IN_PROCESSING: "in-progress",
    State.COMPLETED: "completed",
    State.REFUSED: "rejected",
    State.REFUSED_EDS: "rejected",
    State.WITHDRAWN: "cancelled",
}
_OVER = {"rejected", "cancelled", "failed"}
_AUTHOR = {"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.1", "display": "Author's Signature"}


def bundle(services: Services, number: str) -> Resource:
    """Return the case of a request as a FHIR R4 Bundle of the type ``collection``.

    Raises:
        ConfigurationError: ``REQUEST_UNKNOWN``; ``FHIR_INCOMPLETE`` if the registers no longer know whom it is about.
    """
    request = requests.load(services.store, number)
    person = services.registers.person(str(request.recipient))
    provider = services.registers.provider(request.provider)
    if person is None or provider is None:
        raise ConfigurationError("FHIR_INCOMPLETE", "the registers do not know the recipient or the provider")
    resources = list(_resources(services, request, person, provider))
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "identifier": {"system": SYSTEMS["request"], "value": request.number or request.id},
        "timestamp": request.history[-1][1],
        "entry": [{"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource} for resource in resources],
    }


def _resources(services: Services, request: Request, person: Person, provider: Provider) -> Iterator[Resource]:
    yield _patient(request, person)
    yield _organisation(request, provider)
    yield _task(request)
    yield _focus(services, request)
    for kind, digest in (("request", request.document), ("outcome", request.outcome)):
        if digest:
            yield _document(services, request, kind, digest)
            yield _provenance(request, kind)
    for event in journal.read(services.store, request.id):
        yield _audit(request, event)


def _id(request: Request, kind: str) -> str:
    return str(uuid.uuid5(uuid.UUID(request.id), kind))


def _reference(request: Request, kind: str) -> Resource:
    return {"reference": f"urn:uuid:{_id(request, kind)}"}


def _patient(request: Request, person: Person) -> Resource:
    given: list[Json] = [name for name in (person.name, person.patronymic) if name]
    return {
        "resourceType": "Patient",
        "id": _id(request, "patient"),
        "identifier": [{"system": SYSTEMS["iin"], "value": person.iin}],
        "name": [{"family": person.surname, "given": given}],
        "birthDate": person.birth_date.isoformat(),
        "managingOrganization": _reference(request, "organisation"),
    }


def _organisation(request: Request, provider: Provider) -> Resource:
    return {
        "resourceType": "Organization",
        "id": _id(request, "organisation"),
        "identifier": [{"system": SYSTEMS["bin"], "value": provider.bin}],
        "name": provider.name["ru"],
    }


def _task(request: Request) -> Resource:
    task: Resource = {
        "resourceType": "Task",
        "id": _id(request, "task"),
        "identifier": [{"system": SYSTEMS["request"], "value": request.number or request.id}],
        "status": _TASK[request.state],
        "businessStatus": {"text": request.state.caption("ru")},
        "intent": "order",
        "code": {"text": catalogue.name_of(request.service)},
        "focus": _reference(request, "focus"),
        "for": _reference(request, "patient"),
        "owner": _reference(request, "organisation"),
        "authoredOn": request.history[0][1],
        "lastModified": request.history[-1][1],
    }
    if request.due:
        task["restriction"] = {"period": {"end": format_time(request.due)}}
    if request.reasons:
        task["statusReason"] = {"text": ", ".join(finding.code for finding in request.reasons)}
    return task


def _focus(services: Services, request: Request) -> Resource:
    return {"CALL": _home_call, "APPT": _appointment, "ATT": _episode}[request.service](services, request)


def _home_call(_: Services, request: Request) -> Resource:
    task = _TASK[request.state]
    return {
        "resourceType": "ServiceRequest",
        "id": _id(request, "focus"),
        "status": "completed" if task == "completed" else "revoked" if task in _OVER else "active",
        "intent": "order",
        "code": {"text": "home visit"},
        "subject": _reference(request, "patient"),
        "performer": [_reference(request, "organisation")],
    }


def _appointment(services: Services, request: Request) -> Resource:
    task = _TASK[request.state]
    slot = schedule.slot(services.store, request.form.get("slot_id", ""))
    status = "booked" if task == "completed" else "cancelled" if task in _OVER else "pending"
    resource: Resource = {
        "resourceType": "Appointment",
        "id": _id(request, "focus"),
        "status": status,
        "participant": [{"actor": _reference(request, "patient"), "status": "accepted"}],
    }
    if slot is not None:
        resource |= {"start": format_time(slot.start), "end": format_time(slot.end)}
    return resource


def _episode(_: Services, request: Request) -> Resource:
    task = _TASK[request.state]
    return {
        "resourceType": "EpisodeOfCare",
        "id": _id(request, "focus"),
        "status": "active" if task == "completed" else "cancelled" if task in _OVER else "planned",
        "type": [{"text": "primary health care attachment"}],
        "patient": _reference(request, "patient"),
        "managingOrganization": _reference(request, "organisation"),
    }


def _document(services: Services, request: Request, kind: str, digest: str) -> Resource:
    content = services.store.document(digest)
    return {
        "resourceType": "DocumentReference",
        "id": _id(request, kind),
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": f"urn:sha256:{digest}"}],
        "status": "current",
        "subject": _reference(request, "patient"),
        "content": [
            {
                "attachment": {
                    "contentType": "application/xml",
                    "language": "ru",
                    "data": base64.b64encode(content).decode(),
                    "size": len(content),
                    # FHIR R4 defines this element as SHA-1; the identifier above carries SHA-256.
                    "hash": base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode(),
                }
            }
        ],
    }


def _provenance(request: Request, kind: str) -> Resource:
    at = request.entered(State.SIGNED) if kind == "request" else datetime.fromisoformat(request.history[-1][1])
    assert at is not None
    who = _reference(request, "patient" if kind == "request" and not request.employee else "organisation")
    return {
        "resourceType": "Provenance",
        "id": _id(request, f"{kind}-provenance"),
        "target": [_reference(request, kind)],
        "recorded": format_time(at),
        "agent": [{"who": who}],
        "signature": [{"type": [dict(_AUTHOR)], "when": format_time(at), "who": who, "sigFormat": "application/xml"}],
    }


def _audit(request: Request, event: Event) -> Resource:
    return {
        "resourceType": "AuditEvent",
        "id": _id(request, f"audit-{event.seq}"),
        "type": {"system": "urn:egov-sign:node", "code": event.node},
        "action": "E",
        "recorded": event.at,
        "outcome": "8" if event.outcome == "error" else "4" if event.outcome == "refused" else "0",
        "outcomeDesc": " ".join([event.phase, *event.codes]),
        "agent": [{"name": event.unit, "requestor": True}],
        "source": {"observer": {"display": event.unit}},
    }
