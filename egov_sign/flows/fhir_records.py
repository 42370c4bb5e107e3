"""What proves a case, as FHIR R4: signed documents, signatures, journal, consent, survey."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

from lxml import etree

from egov_sign.docs.xmlparse import parse
from egov_sign.flows import catalogue, journal, survey
from egov_sign.flows.fhir_bundle import (
    SHA256,
    SYSTEM,
    Bundle,
    Resource,
    coding,
    concept,
    identifier,
    stamp,
    without_nothing,
)
from egov_sign.flows.fhir_people import add_employee
from egov_sign.flows.journal import Event
from egov_sign.flows.outcome_document import read_outcome
from egov_sign.flows.request_document import CONSENT_RU
from egov_sign.flows.requests import Request, State
from egov_sign.flows.services import Services
from egov_sign.verdict import Json

_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_SIGNATURE_TYPES = "urn:iso-astm:E1762-95:2013"
AUTHOR, VERIFICATION = "1.2.840.10065.1.12.1.1", "1.2.840.10065.1.12.1.5"
"""Kinds of signature: of who wrote it; of the employee who vouches for what a recipient said at the desk."""
_OUTCOMES = {"ok": "0", "refused": "4", "error": "8"}


def add_documents(bundle: Bundle, services: Services, request: Request) -> None:
    """Add the signed request, the signed outcome and the attached files, each with its bytes and digests."""
    signed_at = _entered(request, State.SIGNED, State.REGISTERED)
    if request.document:
        signed = services.store.document(request.document)
        clerk = services.registers.employee(request.employee) if request.employee else None
        applicant = "representative" if request.represented else "patient"
        signer = add_employee(bundle, clerk) if clerk else applicant
        _add_document(bundle, "request", signed, title="Заявление", at=signed_at)
        _add_signature(bundle, "request", signed, signed_at, signer, kind=VERIFICATION if clerk else AUTHOR)
        _add_consent(bundle, request, signed_at)
    if request.outcome:
        signed = services.store.document(request.outcome)
        decided_at = _entered(request, State.COMPLETED, State.REFUSED)
        granted = request.state is State.COMPLETED
        title = catalogue.result_title(request.service) if granted else "Мотивированный ответ об отказе"
        signatory = services.registers.employee(read_outcome(parse(signed)).signatory)
        signer = add_employee(bundle, signatory) if signatory else "organization"
        _add_document(bundle, "outcome", signed, title=title, at=decided_at)
        _add_signature(bundle, "outcome", signed, decided_at, signer, kind=AUTHOR)
    for file in request.files:
        content = services.store.document(file.digest)
        _add_document(bundle, f"{request.id}-{file.id}", content, file.media_type, title=file.name, at=signed_at)


def _entered(request: Request, *states: State) -> datetime:
    found = (request.entered(state) for state in states)
    return next((moment for moment in found if moment), datetime.fromisoformat(request.history[0][1]))


def _add_document(
    bundle: Bundle, name: str, content: bytes, media_type: str = "application/xml", *, title: str, at: datetime
) -> None:
    """Add a document; R4 has only SHA-1 for ``hash``, so the digest that counts is the master identifier."""
    digest = hashlib.sha256(content).hexdigest()
    signed = name in {"request", "outcome"}
    attachment: Resource = {
        "contentType": media_type,
        "data": base64.b64encode(content).decode(),
        "size": len(content),
        "hash": base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode(),
        "title": title,
        "creation": stamp(at),
    }
    bundle.add(
        name,
        "DocumentReference",
        masterIdentifier=identifier(SHA256, digest),
        identifier=[identifier(f"{SYSTEM}:document", digest if signed else name)],
        status="current",
        docStatus="final",
        type=concept(coding(f"{SYSTEM}:document", f"signed-{name}" if signed else "attachment"), text=title),
        subject=bundle.reference("patient"),
        date=stamp(at),
        custodian=bundle.reference("organization"),
        content=[{"attachment": attachment}],
        context={"related": [bundle.reference("task")]},
    )


def _add_signature(bundle: Bundle, name: str, document: bytes, at: datetime, signer: str, *, kind: str) -> None:
    """Add the signature over the document ``name``, made by the resource ``signer``."""
    element = parse(document).find(f".//{_SIGNATURE}")
    assert element is not None
    author = kind == AUTHOR
    agent: Resource = {
        "type": concept(coding("provenance-participant-type", "author" if author else "verifier")),
        "who": bundle.reference(signer),
    }
    if signer.startswith("employee-"):
        agent["onBehalfOf"] = bundle.reference("organization")
    signature: Resource = {
        "type": [coding(_SIGNATURE_TYPES, kind, "Author's Signature" if author else "Verification Signature")],
        "when": stamp(at),
        "who": bundle.reference(signer),
        "targetFormat": "application/xml",
        "sigFormat": "application/signature+xml",
        "data": base64.b64encode(etree.tostring(element, with_tail=False)).decode(),
    }
    bundle.add(
        f"{name}-signature",
        "Provenance",
        target=[bundle.reference(name)],
        occurredDateTime=stamp(at),
        recorded=stamp(at),
        agent=[agent],
        signature=[signature],
    )


def _add_consent(bundle: Bundle, request: Request, at: datetime) -> None:
    """Add the consent to the use of personal data that stands in the signed request."""
    bundle.add(
        "consent",
        "Consent",
        identifier=[identifier(f"{SYSTEM}:consent", request.number or request.id)],
        status="active",
        scope=concept(coding("consentscope", "patient-privacy", "Privacy Consent")),
        category=[concept(coding("http://loinc.org", "59284-0", "Consent Document"))],
        patient=bundle.reference("patient"),
        dateTime=stamp(at),
        performer=[bundle.reference("representative" if request.represented else "patient")],
        organization=[bundle.reference("organization")],
        sourceReference=bundle.reference("request"),
        policyRule=concept(text=CONSENT_RU),
        provision={"type": "permit"},
    )


def add_journal(bundle: Bundle, services: Services, request: Request) -> None:
    """Add a line of the journal each as an AuditEvent; people stay masked, as they are in the journal."""
    for event in journal.read(services.store, request.id):
        bundle.add(
            f"journal-{event.seq}",
            "AuditEvent",
            type=coding("http://dicom.nema.org/resources/ontology/DCM", "110100", "Application Activity"),
            subtype=[coding(f"{SYSTEM}:step", event.node)],
            action="E",
            recorded=event.at,
            outcome=_OUTCOMES.get(event.outcome, "0"),
            outcomeDesc=" ".join(event.codes),
            agent=[
                without_nothing({"name": event.unit, "altId": event.actor, "requestor": event.unit == "Получатель"})
            ],
            source={"site": event.unit, "observer": bundle.reference("organization")},
            entity=[{"what": bundle.reference("task"), "detail": _details(event)}],
        )


def _details(event: Event) -> list[Json]:
    values: dict[str, object] = {
        "seq": event.seq,
        "phase": event.phase,
        "duration_ms": event.duration_ms,
        "deadline_s": event.deadline_s,
        "breach": "true" if event.breach else None,
        "subject": event.subject,
        "sha256": event.digest,
        "previous": event.previous,
        "hash": event.hash,
    }
    return [{"type": name, "valueString": str(value)} for name, value in values.items() if value not in (None, "")]


def add_survey(bundle: Bundle, services: Services, request: Request) -> None:
    """Add the questionnaire and what the applicant answered, if the survey was answered."""
    keys = services.store.find("survey", "service", request.service) if request.survey else []
    found = (services.store.get("survey", key) for key in keys)
    row = next((record.data for record in found if record and record.data["request_number"] == request.number), None)
    if row is None:
        return
    url = f"{SYSTEM}:questionnaire:{request.service}"
    options: list[Json] = [{"valueCoding": _option(number)} for number in survey.OPTIONS]
    bundle.add(
        "questionnaire",
        "Questionnaire",
        "shared",
        url=url,
        identifier=[identifier(f"{SYSTEM}:questionnaire", request.service)],
        language="ru",
        status="active",
        title=f"{survey.TITLE}. {catalogue.name_of(request.service)}",
        subjectType=["Patient", "RelatedPerson"],
        item=[
            {"linkId": link, "text": texts["ru"], "type": "choice", "required": True, "answerOption": options}
            for link, texts in survey.QUESTIONS.items()
        ],
    )
    applicant = bundle.reference("representative" if request.represented else "patient")
    bundle.add(
        "answers",
        "QuestionnaireResponse",
        identifier=identifier(f"{SYSTEM}:survey", request.number),
        questionnaire=url,
        status="completed",
        subject=applicant,
        authored=str(row["answered_at"]),
        author=applicant,
        item=[
            {"linkId": link, "text": texts["ru"], "answer": [{"valueCoding": _option(int(str(row[link])))}]}
            for link, texts in survey.QUESTIONS.items()
        ],
    )


def _option(number: int) -> Resource:
    return coding(f"{SYSTEM}:survey-option", str(number), survey.OPTIONS[number]["ru"])
