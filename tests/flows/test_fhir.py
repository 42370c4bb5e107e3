"""The FHIR R4 export: what R4 requires of each resource, references that resolve, states that correspond."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from egov_sign.errors import ConfigurationError
from egov_sign.flows import fhir
from egov_sign.flows.requests import State
from tests.flows.conftest import CALL_FORM, PERSON, Town

SLOT = {"doctor_id": "doctor-1", "slot_id": "doctor-1-20240304-01"}
ATT_FORM = {"basis": "residence", "actual_address": "г. Астана", "admin_unit": "71"}
REQUIRED = {
    "Patient": set(),
    "Organization": {"name"},
    "Task": {"status", "intent"},
    "ServiceRequest": {"status", "intent", "subject"},
    "Appointment": {"status", "participant"},
    "EpisodeOfCare": {"status", "patient"},
    "DocumentReference": {"status", "content"},
    "Provenance": {"target", "recorded", "agent"},
    "AuditEvent": {"type", "recorded", "agent", "source"},
}
"""Elements with a lower bound of 1 in R4."""


def resources(bundle: Any) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in bundle["entry"]]


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["reference"]] if "reference" in value else []
        return own + [found for item in value.values() for found in references(item)]
    return [found for item in value for found in references(item)] if isinstance(value, list) else []


@pytest.mark.parametrize(
    ("service", "form", "kind", "status"),
    [
        ("CALL", CALL_FORM, "ServiceRequest", "completed"),
        ("APPT", SLOT, "Appointment", "booked"),
        ("ATT", ATT_FORM, "EpisodeOfCare", "cancelled"),
    ],
)
def test_a_case(town: Town, service: str, form: dict[str, str], kind: str, status: str) -> None:
    request = town.sent(town.log_in(), service, form)
    waiting = {r["resourceType"]: r for r in resources(fhir.bundle(town.services, request.number))}
    assert waiting["Task"]["status"] == "accepted"
    decision = town.decide(request.number)
    bundle: Any = fhir.bundle(town.services, request.number)
    found = resources(bundle)
    by_type = {resource["resourceType"]: resource for resource in found}
    assert by_type[kind]["status"] == status
    assert by_type["Task"]["status"] == ("rejected" if decision.refusal else "completed")
    assert by_type["Task"]["identifier"][0]["value"] == request.number
    for resource in found:
        assert REQUIRED[resource["resourceType"]] <= set(resource)
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(urls) == len(set(urls))
    assert set(references(bundle)) <= set(urls)


def test_documents_are_the_signed_ones(town: Town) -> None:
    request = town.sent(town.log_in(), "CALL", CALL_FORM)
    town.decide(request.number)
    documents = [r for r in resources(fhir.bundle(town.services, request.number)) if "content" in r]
    content = base64.b64decode(documents[0]["content"][0]["attachment"]["data"])
    assert hashlib.sha256(content).hexdigest() == request.document
    assert len(documents) == 2


def test_no_personal_number_is_in_an_identifier_of_a_resource(town: Town) -> None:
    request = town.sent(town.log_in(), "CALL", CALL_FORM)
    found = resources(fhir.bundle(town.services, request.number))
    assert all(PERSON not in resource["id"] for resource in found)


def test_every_state_has_its_task_status_and_an_unknown_request_is_told(town: Town) -> None:
    assert set(fhir._TASK) == set(State)
    with pytest.raises(ConfigurationError, match="REQUEST_UNKNOWN"):
        fhir.bundle(town.services, "none")
