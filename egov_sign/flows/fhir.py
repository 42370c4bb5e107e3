"""A case as a FHIR R4 (4.0.1) transaction, for the information systems of health care (data model, section 4)."""

from __future__ import annotations

import json
from datetime import datetime

from egov_sign.errors import ConfigurationError
from egov_sign.flows import requests
from egov_sign.flows.fhir_bundle import Bundle, Resource
from egov_sign.flows.fhir_people import add_patient, add_provider
from egov_sign.flows.fhir_records import add_documents, add_journal, add_survey
from egov_sign.flows.fhir_task import add_subject, add_task, number_of
from egov_sign.flows.services import Services


def bundle(services: Services, number: str) -> Resource:
    """Return the case of a request as a Bundle of type ``transaction``; see :mod:`egov_sign.flows.fhir_bundle`.

    Everything is read and nothing judged: whether the signatures hold is what ``case verify`` says. The bundle holds
    what the request itself holds, complaints included, and is as confidential.

    Args:
        services: where the case is.
        number: of the request, or its identifier while it has none.

    Raises:
        ConfigurationError: ``REQUEST_UNKNOWN``; ``FHIR_INCOMPLETE`` if the register no longer knows the provider.
    """
    request = requests.load(services.store, number)
    provider = services.registers.provider(request.provider)
    if provider is None:
        raise ConfigurationError("FHIR_INCOMPLETE", "the register does not know the provider", where=request.provider)
    changed = datetime.fromisoformat(request.history[-1][1])
    made = Bundle(request.id, changed)
    add_provider(made, request, provider, provider.calendar.local(changed).year)
    add_patient(made, request, services.registers)
    add_task(made, request, add_subject(made, services, request, provider))
    add_documents(made, services, request)
    add_survey(made, services, request)
    add_journal(made, services, request)
    return made.finish(number_of(request), services.clock.now())


def to_json(made: Resource) -> bytes:
    """Write a bundle as FHIR JSON in UTF-8."""
    return json.dumps(made, ensure_ascii=False, indent=1).encode() + b"\n"
