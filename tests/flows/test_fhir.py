"""A case as FHIR R4: every line of the mapping, and what R4 itself asks for."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from egov_sign.errors import ConfigurationError
from egov_sign.flows import fhir, reception, survey
from egov_sign.flows.case_check import verify_case
from egov_sign.flows.desk import Identity, ServiceDesk
from egov_sign.flows.export import export_case
from egov_sign.flows.fhir_task import TASK_STATUS
from egov_sign.flows.forms import Represented
from egov_sign.flows.registers import Attachment, attach
from egov_sign.flows.requests import State
from egov_sign.verdict import Indication
from tests.flows.conftest import CALL_FORM, CHILD, DEPUTY, PASSWORD, PERSON, REGISTRAR, Town, build_town

SLOT = {"doctor_id": "doctor-1", "slot_id": "doctor-1-20240304-01"}
ATT_FORM = {"basis": "residence", "actual_address": "г. Астана", "admin_unit": "71"}
FORMS = {"CALL": CALL_FORM, "APPT": SLOT, "ATT": ATT_FORM}
REFUSED_FORMS = {
    "CALL": CALL_FORM | {"address": "г. Тараз"},
    "ATT": ATT_FORM | {"admin_unit": "31"},
}
WHO = Identity(PERSON, "Тестова", "АЙГЕРІМ", "1985-04-12")
PDF = b"%PDF-1.4 x"

Json = dict[str, Any]


@dataclass
class Case:
    """A bundle as it is written, and its resources."""

    bundle: Json

    def all(self, kind: str) -> list[Json]:
        return [entry["resource"] for entry in self.bundle["entry"] if entry["resource"]["resourceType"] == kind]

    def one(self, kind: str) -> Json:
        (found,) = self.all(kind)
        return found

    def at(self, reference: Json) -> Json:
        (found,) = [e["resource"] for e in self.bundle["entry"] if e["fullUrl"] == reference["reference"]]
        assert isinstance(found, dict)
        return found


def case_of(town: Town, key: str) -> Case:
    return Case(json.loads(fhir.to_json(fhir.bundle(town.services, key))))


def at_the_desk(town: Town, service: str, form: dict[str, str]) -> str:
    counter, session = ServiceDesk(town.services, "AST01"), town.desk_session(REGISTRAR)
    request = counter.open(session, service, WHO).get()
    counter.fill(session, request.id, form).get()
    counter.scan(session, request.id, "удостоверение.pdf", PDF, "identity").get()
    return counter.register(session, request.id, town.world.signer("employee")).get().number


def decided(town: Town, service: str, channel: str, granted: bool) -> Case:
    form = FORMS[service] if granted else REFUSED_FORMS.get(service, SLOT)
    if (service, granted) in {("APPT", False), ("ATT", True)}:
        attached_elsewhere(town)
    number = town.sent(town.log_in(), service, form).number if channel == "portal" else at_the_desk(town, service, form)
    assert (town.decide(number).refusal is None) is granted
    return case_of(town, number)


def attached_elsewhere(town: Town) -> None:
    with town.services.work() as work:
        attach(work.unit, Attachment("t-1", PERSON, "AST02", "residence", date(2024, 2, 1)), town.clock.now())


CASES = [
    pytest.param(service, channel, granted, id=f"{service}-{channel}-{'granted' if granted else 'refused'}")
    for service in FORMS
    for channel in ("portal", "desk")
    for granted in (True, False)
]


def walk(value: Any) -> Iterator[Any]:
    yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from walk(child)


@pytest.mark.parametrize(("service", "channel", "granted"), CASES)
class TestEveryCase:
    def test_r4_accepts_it(self, town: Town, service: str, channel: str, granted: bool) -> None:
        fhirkit = pytest.importorskip("fhirkit", reason="fhirkit-rs, which knows FHIR R4, is not installed")
        case = decided(town, service, channel, granted)
        assert [str(issue) for issue in fhirkit.validate(json.dumps(case.bundle))] == []
        del case.one("Task")["intent"]
        assert [issue.severity for issue in fhirkit.validate(json.dumps(case.bundle))] == ["error"]

    def test_its_references_lead_somewhere_and_nothing_is_empty(
        self, town: Town, service: str, channel: str, granted: bool
    ) -> None:
        case = decided(town, service, channel, granted)
        urls = [entry["fullUrl"] for entry in case.bundle["entry"]]
        assert len(set(urls)) == len(urls)
        for entry in case.bundle["entry"]:
            inside = {f"#{resource['id']}" for resource in entry["resource"].get("contained", [])}
            named = {v["reference"] for v in walk(entry["resource"]) if isinstance(v, dict) and "reference" in v}
            assert named <= {*urls, *inside}
            assert inside <= named
        assert not [value for value in walk(case.bundle) if value in ("", [], {}) or value is None]

    def test_the_task(self, town: Town, service: str, channel: str, granted: bool) -> None:
        case = decided(town, service, channel, granted)
        task, number = case.one("Task"), f"AST01-{service}-2024-000001"
        assert task["status"] == ("completed" if granted else "failed")
        assert task["identifier"] == [{"system": "urn:egov-sign:request-number", "value": number}]
        assert case.bundle["identifier"] == task["identifier"][0]
        assert ("groupIdentifier" in task) is (channel == "portal")
        step = task["businessStatus"]["coding"][0]
        assert step["code"].startswith(f"astana/{service}/{channel}.p")
        assert re.match(r"Процесс \d+\. ", step["display"])
        deadline = task["restriction"]["period"]
        assert deadline["start"] == "2024-03-01T05:00:00Z"
        assert deadline["end"] > deadline["start"]
        assert case.at(task["for"])["identifier"][0]["value"] == PERSON
        assert case.at(task["owner"])["resourceType"] == "Organization"
        kinds = {"CALL": "ServiceRequest", "APPT": "Appointment", "ATT": "EpisodeOfCare"}
        assert case.at(task["focus"])["resourceType"] == kinds[service]
        assert case.at(task["input"][0]["valueReference"])["type"]["coding"][0]["code"] == "signed-request"
        assert case.at(task["output"][0]["valueReference"])["type"]["coding"][0]["code"] == "signed-outcome"
        assert ("statusReason" in task) is not granted
        if not granted:
            (outcome,) = task["contained"]
            codes = [issue["details"]["coding"][0]["code"] for issue in outcome["issue"]]
            assert [code["code"] for code in task["statusReason"]["coding"]] == codes
            assert all(code.startswith((service, "DOC")) for code in codes)
            assert task["output"][1]["valueReference"] == {"reference": "#refusal"}

    def test_signatures_and_documents(self, town: Town, service: str, channel: str, granted: bool) -> None:
        case = decided(town, service, channel, granted)
        request, outcome = case.all("Provenance")
        kind = "1.2.840.10065.1.12.1.1" if channel == "portal" else "1.2.840.10065.1.12.1.5"
        assert request["signature"][0]["type"][0]["code"] == kind
        assert outcome["signature"][0]["type"][0]["code"] == "1.2.840.10065.1.12.1.1"
        signer = case.at(request["signature"][0]["who"])
        assert signer["identifier"][0]["value"] == (PERSON if channel == "portal" else REGISTRAR)
        assert case.at(outcome["signature"][0]["who"])["identifier"][0]["value"] == DEPUTY
        assert b"SignatureValue" in base64.b64decode(outcome["signature"][0]["data"])
        for provenance in (request, outcome):
            document = case.at(provenance["target"][0])
            attachment = document["content"][0]["attachment"]
            data = base64.b64decode(attachment["data"])
            assert data.startswith(b"<")
            assert attachment["contentType"] == "application/xml"
            assert document["masterIdentifier"]["value"] == hashlib.sha256(data).hexdigest()
            assert base64.b64decode(attachment["hash"]) == hashlib.sha1(data).digest()
        files = [d for d in case.all("DocumentReference") if d["type"]["coding"][0]["code"] == "attachment"]
        assert [base64.b64decode(d["content"][0]["attachment"]["data"]) for d in files] == [PDF] * (channel == "desk")
        consent = case.one("Consent")
        assert case.at(consent["sourceReference"]) == case.at(request["target"][0])
        assert "персональных данных" in consent["policyRule"]["text"]

    def test_the_journal_keeps_its_masks(self, town: Town, service: str, channel: str, granted: bool) -> None:
        case = decided(town, service, channel, granted)
        lines = case.all("AuditEvent")
        assert len(lines) > 8
        assert PERSON not in json.dumps(lines)
        outcomes = {line["outcome"] for line in lines}
        assert outcomes == ({"0"} if granted else {"0", "4"})
        hashes = [{d["type"]: d["valueString"] for d in line["entity"][0]["detail"]}["hash"] for line in lines]
        assert len(set(hashes)) == len(lines)


class TestSubjects:
    def test_a_home_call(self, town: Town) -> None:
        case = decided(town, "CALL", "portal", True)
        order, visit = case.one("ServiceRequest"), case.one("Appointment")
        assert (order["status"], order["intent"], visit["status"]) == ("completed", "order", "booked")
        assert order["reasonCode"] == [{"text": "кашель"}]
        assert order["contained"][0]["address"]["text"] == CALL_FORM["address"]
        assert (visit["start"], visit["end"]) == ("2024-03-01T06:00:00Z", "2024-03-01T08:00:00Z")
        assert case.at(visit["basedOn"][0]) == order
        names = [entry["request"]["url"] for entry in case.bundle["entry"]]
        assert not [url for url in names if "кашель" in url or PERSON in url]

    def test_an_appointment(self, town: Town) -> None:
        case = decided(town, "APPT", "desk", True)
        visit, slot = case.one("Appointment"), case.one("Slot")
        assert (visit["status"], slot["status"]) == ("booked", "busy")
        assert (visit["start"], visit["end"]) == (slot["start"], slot["end"])
        assert case.at(visit["slot"][0]) == slot
        assert int(slot["meta"]["versionId"]) >= 2
        actors = [case.at(actor)["resourceType"] for actor in case.at(slot["schedule"])["actor"]]
        assert actors == ["Practitioner", "PractitionerRole", "Location"]
        role = next(r for r in case.all("PractitionerRole") if "specialty" in r)
        assert role["availableTime"][0]["availableStartTime"] == "08:00:00"
        assert {case.at(p["actor"])["resourceType"] for p in visit["participant"]} == {
            "Patient", "Practitioner", "Location",
        }  # fmt: skip

    def test_a_refused_appointment_is_cancelled(self, town: Town) -> None:
        visit = decided(town, "APPT", "portal", False).one("Appointment")
        assert (visit["status"], visit["participant"][0]["status"]) == ("cancelled", "declined")
        assert visit["cancelationReason"]["coding"][0]["code"] == "APPT_NOT_ATTACHED"

    def test_an_attachment(self, town: Town) -> None:
        case = decided(town, "ATT", "portal", True)
        episode = case.one("EpisodeOfCare")
        assert (episode["status"], episode["period"]) == ("active", {"start": "2024-03-01"})
        assert case.at(episode["referralRequest"][0])["status"] == "completed"
        patient = case.one("Patient")
        assert case.at(patient["generalPractitioner"][0]) == case.at(episode["managingOrganization"])

    def test_a_refused_attachment_is_cancelled(self, town: Town) -> None:
        case = decided(town, "ATT", "portal", False)
        assert case.one("EpisodeOfCare")["status"] == "cancelled"
        assert case.one("ServiceRequest")["status"] == "revoked"

    def test_a_choice_of_the_campaign_is_planned(self, tmp_path: Path) -> None:
        town = build_town(tmp_path / "autumn", at=datetime(2024, 10, 2, 5, tzinfo=UTC))
        attached_elsewhere(town)
        request = town.sent(town.log_in(), "ATT", ATT_FORM | {"basis": "campaign"})
        assert town.decide(request.number).refusal is None
        episode = case_of(town, request.number).one("EpisodeOfCare")
        assert (episode["status"], episode["period"]) == ("planned", {"start": "2025-01-01"})

    def test_somebody_attached_elsewhere(self, town: Town) -> None:
        (doctor,) = decided(town, "APPT", "portal", False).one("Patient")["generalPractitioner"]
        assert "reference" not in doctor
        assert doctor["identifier"] == {"system": "urn:egov-sign:provider", "value": "AST02"}


class TestPeople:
    def test_a_child_and_who_represents_it(self, town: Town) -> None:
        session = town.log_in()
        request = town.portal.order(session, "ATT", "AST01", on_behalf_of=Represented(CHILD, "child")).get()
        town.portal.fill(session, request.id, ATT_FORM | {"basis": "child"})
        town.portal.attach(session, request.id, "свидетельство.pdf", PDF, "representation").get()
        town.portal.submit(session, request.id, town.world.certificate("person")).get()
        town.portal.sign(session, request.id, town.world.signer("person")).get()
        case = case_of(town, request.id)
        parent, child = case.one("RelatedPerson"), case.one("Patient")
        assert (child["identifier"][0]["value"], child["birthDate"]) == (CHILD, "2020-06-15")
        assert parent["identifier"][0]["value"] == PERSON
        assert parent["relationship"][0]["coding"][0]["code"] == "PRN"
        assert case.at(parent["patient"]) == child
        assert case.at(case.one("Task")["requester"]) == parent
        assert case.at(case.one("Provenance")["signature"][0]["who"]) == parent

    def test_the_provider(self, town: Town) -> None:
        case = decided(town, "CALL", "portal", True)
        service = case.one("HealthcareService")
        assert case.at(service["providedBy"]) == case.one("Organization")
        assert case.at(service["location"][0]) == next(r for r in case.all("Location"))
        assert service["availableTime"][1] == {
            "daysOfWeek": ["sat"],
            "availableStartTime": "09:00:00",
            "availableEndTime": "14:00:00",
        }
        days = [day["during"]["start"] for day in service["notAvailable"]]
        assert "2024-03-08" in days
        assert "2024-03-04" not in days

    @pytest.mark.req("R47")
    def test_no_secret_and_no_complaint_outside_its_place(self, town: Town) -> None:
        case = decided(town, "CALL", "portal", True)
        for resource in (r for entry in case.bundle["entry"] if (r := entry["resource"])):
            if resource["resourceType"] not in {"ServiceRequest", "DocumentReference"}:
                assert "кашель" not in json.dumps(resource, ensure_ascii=False)
        assert "password" not in json.dumps(case.bundle)


class TestStates:
    def test_every_state_has_a_status_of_r4(self) -> None:
        assert set(TASK_STATUS) == set(State)
        known = {"draft", "requested", "accepted", "in-progress", "failed", "completed", "rejected", "cancelled"}
        assert set(TASK_STATUS.values()) == known

    def test_a_case_on_its_way(self, town: Town) -> None:
        session = town.log_in()
        draft = town.portal.order(session, "APPT", "AST01").get()
        case = case_of(town, draft.id)
        assert (case.one("Task")["status"], case.one("Appointment")["status"]) == ("draft", "proposed")
        assert case.one("Task")["identifier"][0]["value"] == draft.id
        sent = town.sent(session, "APPT", SLOT)
        case = case_of(town, sent.number)
        assert (case.one("Task")["status"], case.one("Appointment")["status"]) == ("accepted", "pending")
        assert case.one("Slot")["status"] == "busy-tentative"
        town.portal.withdraw(session, sent.number)
        case = case_of(town, sent.number)
        assert (case.one("Task")["status"], case.one("Appointment")["status"]) == ("cancelled", "cancelled")

    def test_a_refusal_before_the_work_is_a_rejection(self, tmp_path: Path) -> None:
        town = build_town(tmp_path / "store", profile="zhambyl")
        session = town.desk.log_in(REGISTRAR, PASSWORD).get()
        answer = reception.receive(town.services, session, "APPT", Identity("911130210104"), SLOT)
        assert answer.refusal is not None
        (record,) = town.services.store.scan("request")
        task = case_of(town, record.key).one("Task")
        assert (task["status"], task["statusReason"]["coding"][0]["code"]) == ("rejected", "APPT_NOT_ATTACHED")
        assert task["businessStatus"]["coding"][0]["display"].startswith("Процедура 1. ")


class TestTransaction:
    def test_what_cannot_be_written_is_told(self, town: Town) -> None:
        with pytest.raises(ConfigurationError, match="REQUEST_UNKNOWN"):
            fhir.bundle(town.services, "none")
        draft = town.portal.order(town.log_in(), "CALL", "AST01").get()
        with town.services.work() as work:
            work.unit.delete("provider", "AST01")
        with pytest.raises(ConfigurationError, match="FHIR_INCOMPLETE"):
            fhir.bundle(town.services, draft.id)

    def test_it_can_be_posted_again(self, town: Town) -> None:
        case = decided(town, "ATT", "portal", True)
        number = case.bundle["identifier"]["value"]
        town.clock.advance(60)
        again = case_of(town, number).bundle
        assert again.pop("timestamp") != case.bundle["timestamp"]
        assert again == {name: value for name, value in case.bundle.items() if name != "timestamp"}
        assert again["type"] == "transaction"
        methods = {}
        for entry in again["entry"]:
            kind, request = entry["resource"]["resourceType"], entry["request"]
            methods[kind] = request["method"]
            if kind in {"AuditEvent", "Provenance"}:
                assert request["url"] == f"{kind}/{entry['resource']['id']}"
                assert entry["fullUrl"] == f"urn:uuid:{entry['resource']['id']}"
            elif request["method"] == "POST":
                assert request["ifNoneExist"].startswith("identifier=urn:egov-sign:")
            else:
                assert request["url"].startswith(f"{kind}?identifier=urn:egov-sign:")
            assert entry["resource"]["meta"]["lastUpdated"] == "2024-03-01T05:00:00Z"
        assert methods["Patient"] == methods["Organization"] == "POST"
        assert methods["Task"] == methods["EpisodeOfCare"] == "PUT"

    def test_all_times_are_in_utc(self, town: Town) -> None:
        text = json.dumps(decided(town, "CALL", "portal", True).bundle)
        times = re.findall(r'"\d{4}-\d\d-\d\dT[^"]*"', text)
        assert len(times) > 20
        assert [time for time in times if not time.endswith('Z"')] == []

    @pytest.mark.req("R46")
    def test_the_survey(self, town: Town) -> None:
        session = town.log_in()
        request = town.sent(session, "CALL", CALL_FORM)
        town.decide(request.number)
        assert case_of(town, request.number).all("QuestionnaireResponse") == []
        survey.answer(town.services, session, request.id, 3, 1)
        case = case_of(town, request.number)
        answers, questions = case.one("QuestionnaireResponse"), case.one("Questionnaire")
        assert answers["questionnaire"] == questions["url"]
        assert [item["answer"][0]["valueCoding"]["code"] for item in answers["item"]] == ["3", "1"]
        assert [option["valueCoding"]["code"] for option in questions["item"][0]["answerOption"]] == ["1", "2", "3"]

    @pytest.mark.req("R48")
    def test_its_digest_is_in_the_manifest_of_the_case(self, town: Town, tmp_path: Path) -> None:
        request = town.sent(town.log_in(), "CALL", CALL_FORM)
        town.decide(request.number)
        folder = export_case(town.services, request.number, tmp_path / "case", with_fhir=True).parent
        assert verify_case(town.services, folder).indication is Indication.VALID
        file = folder / "bundle.json"
        assert file.stat().st_mode & 0o777 == 0o600
        file.write_text(file.read_text().replace('"completed"', '"rejected"'))
        assert "CASE_FILE_CHANGED" in verify_case(town.services, folder).codes
        plain = export_case(town.services, request.number, tmp_path / "plain").parent
        assert not (plain / "bundle.json").exists()
