"""Deciding: who may sign, the grounds on both channels, one signed outcome for a request (R110–R112, R14, R408)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations

import pytest
from lxml import etree

from egov_sign.clock import parse_time
from egov_sign.errors import ConfigurationError
from egov_sign.flows import books, journal, outcome_document, requests, schedule, signing
from egov_sign.flows.desk import Identity, ServiceDesk
from egov_sign.flows.documents import conforms
from egov_sign.flows.forms import Represented
from egov_sign.flows.refusals import RefusedError, rules
from egov_sign.flows.registers import Attachment, Registers, attach, put_doctor, put_provider
from egov_sign.flows.requests import State, load
from egov_sign.flows.workstation import Workstation
from tests.flows.conftest import CALL_FORM, CHILD, DEPUTY, HEAD, NOW, OTHER, PERSON, REGISTRAR, Town

SLOT = {"doctor_id": "doctor-1", "slot_id": "doctor-1-20240304-01"}
ATT_FORM = {"basis": "residence", "actual_address": "г. Астана", "admin_unit": "71"}
PDF = b"%PDF-1.4 proof"


def attached_to(town: Town, iin: str, provider: str, basis: str = "residence") -> None:
    with town.services.work() as work:
        entry = Attachment(f"t-{iin}-{provider}", iin, provider, basis, date(2024, 2, 1), district="5")
        attach(work.unit, entry, town.clock.now())


class TestWhoSigns:
    @pytest.mark.req("R408", "R11", "R20")
    @pytest.mark.parametrize(
        ("signer", "details"),
        [
            ("employee", {"SIG_IIN_MISMATCH", "SIG_CERT_USAGE"}),
            ("head", {"SIG_IIN_MISMATCH"}),
            ("person", {"SIG_IIN_MISMATCH", "SIG_BIN_MISMATCH", "SIG_CERT_USAGE"}),
            ("workstation", {"SIG_IIN_MISMATCH", "SIG_CERT_USAGE"}),
        ],
    )
    def test_nobody_but_the_entitled_employee(self, town: Town, signer: str, details: set[str]) -> None:
        request = town.sent(town.log_in(), "CALL", CALL_FORM)
        answer = town.desk.process(town.desk_session(DEPUTY), request.number, town.world.signer(signer))
        assert answer.refusal is not None
        assert set(answer.refusal.codes) == {"EMP_CERT_REJECTED"}
        assert {str(found.params["detail"]) for found in answer.refusal.reasons} == {
            f"DETAIL_{name}" for name in details
        }
        assert load(town.services.store, request.id).state is State.REGISTERED

    def test_a_registrar_receives_and_does_not_decide(self, town: Town) -> None:
        request = town.sent(town.log_in(), "CALL", CALL_FORM)
        answer = town.desk.process(town.desk_session(REGISTRAR), request.number, town.world.signer("employee"))
        assert answer.refusal is not None
        assert "EMP_NO_ROLE" in answer.refusal.codes

    @pytest.mark.req("R515")
    def test_the_talon_of_2015_is_signed_by_the_head(self, town: Town) -> None:
        session = town.log_in()
        attached_to(town, PERSON, "AST02")
        request = town.portal.order(session, "ATT", "AST01", profile="order272-2019").get()
        town.portal.fill(session, request.id, ATT_FORM)
        town.portal.submit(session, request.id, town.world.certificate("person")).get()
        sent = town.portal.sign(session, request.id, town.world.signer("person")).get()
        deputy = town.desk.process(town.desk_session(DEPUTY), sent.number, town.world.signer("right-to-sign"))
        assert deputy.refusal is not None
        decision = town.decide(sent.number, "head", HEAD)
        text = etree.fromstring(decision.document).findtext(".//{*}Text")
        assert text == (
            "Уважаемый (ая) ТЕСТОВА АЙГЕРІМ ТЕСТҚЫЗЫ, Вы прикреплены к медицинской организации "
            "«КГП «Тестовая поликлиника № 1»»."
        )

    def test_requests_of_another_provider_and_decided_ones(self, town: Town) -> None:
        provider = town.services.registers.provider("AST01")
        assert provider is not None
        with town.services.work() as work:
            put_provider(work.unit, replace(provider, code="AST02", bin="451240000021"))
        request = town.sent(town.log_in(), "CALL", CALL_FORM)
        elsewhere = Workstation(town.services, "AST02")
        signer = town.world.signer("right-to-sign")
        stranger = elsewhere.process(town.desk_session(), request.number, signer)
        assert stranger.refusal is not None
        assert stranger.refusal.codes == ["EMP_NO_ROLE"]
        with pytest.raises(RefusedError, match="EMP_NO_ROLE"):
            elsewhere.inbox(town.desk_session())
        own = town.desk_session()
        own = replace(own, employee=replace(own.employee, provider="AST02"))
        with pytest.raises(ConfigurationError, match="REQUEST_UNKNOWN"):
            elsewhere.process(own, request.number, signer)
        town.decide(request.number)
        with pytest.raises(ConfigurationError, match="REQUEST_STATE"):
            town.decide(request.number)
        with pytest.raises(ConfigurationError, match="PROVIDER_UNKNOWN"):
            Workstation(town.services, "XXX99")

    def test_an_ended_session_decides_nothing(self, town: Town) -> None:
        request = town.sent(town.log_in(), "CALL", CALL_FORM)
        session = town.desk_session()
        town.clock.advance(3600)
        answer = town.desk.process(session, request.number, town.world.signer("right-to-sign"))
        assert answer.refusal is not None
        assert answer.refusal.codes == ["AUTH_SESSION_EXPIRED"]
        with pytest.raises(RefusedError, match="AUTH_SESSION_EXPIRED"):
            town.desk.inbox(session)

    @pytest.mark.parametrize(("register", "code"), [("ГБД ФЛ", "GBD_UNAVAILABLE"), ("РПН", "GW_UNAVAILABLE")])
    def test_a_register_that_does_not_answer_refuses_nobody(self, town: Town, register: str, code: str) -> None:
        request = town.sent(town.log_in(), "CALL", CALL_FORM)
        town.services.faults[register] = "unavailable"
        answer = town.desk.process(town.desk_session(), request.number, town.world.signer("right-to-sign"))
        assert answer.refusal is not None
        assert answer.refusal.codes == [code]
        assert load(town.services.store, request.id).state is State.REGISTERED
        town.services.faults.clear()
        assert town.decide(request.number).refusal is None


class TestOutcome:
    @pytest.mark.req("R14", "R8", "R112", "R212", "R312")
    @pytest.mark.parametrize(
        ("service", "form"), [("CALL", CALL_FORM), ("APPT", SLOT), ("ATT", ATT_FORM)], ids=["CALL", "APPT", "ATT"]
    )
    def test_a_certificate_that_says_all_and_verifies(self, town: Town, service: str, form: dict[str, str]) -> None:
        if service == "ATT":
            attached_to(town, PERSON, "AST02")
        request = town.sent(town.log_in(), service, form)
        decision = town.decide(request.number)
        opened = signing.open_signed(town.services, decision.document, "result", town.clock.now())
        assert opened.root is not None
        content = outcome_document.read_outcome(opened.root)
        assert content.request_digest == decision.request.document
        assert (content.request_number, content.recipient) == (request.number, PERSON)
        assert content.number == f"{request.number}-R"
        titles = {
            "CALL": "Справка о вызове врача на дом",
            "APPT": "Справка о записи на прием к врачу",
            "ATT": "Справка (талон) о прикреплении",
        }
        assert opened.root.findtext("{*}Title") == titles[service]
        note = opened.root.find("{*}LegalNote")
        assert note is not None
        assert "равнозначен документу на бумажном носителе" in note.get("ru", "")
        assert opened.root.findtext("{*}VerificationCode") == outcome_document.verification_code(
            content.number, content.request_digest
        )

    @pytest.mark.req("R111", "R211", "R311", "R14", "R517", "R421")
    def test_a_refusal_with_every_reason_in_three_languages(self, town: Town) -> None:
        town.clock.move_to(parse_time("2024-03-03T12:00:00+05:00"))
        attached_to(town, PERSON, "AST02")
        session = town.log_in()
        request = town.sent(session, "CALL", CALL_FORM | {"address": "г. Тараз"})
        decision = town.decide(request.number)
        assert decision.refusal is not None
        assert decision.refusal.codes == ["CALL_NON_WORKING_DAY", "CALL_NOT_ATTACHED", "CALL_ADDRESS_OUT_OF_AREA"]
        opened = signing.open_signed(town.services, decision.document, "refusal", town.clock.now())
        assert opened.root is not None
        content = outcome_document.read_outcome(opened.root)
        assert list(content.codes) == decision.refusal.codes
        assert content.request_number == request.number
        texts = [element.text or "" for element in opened.root.findall(".//{*}Reason/{*}Text")]
        assert len(texts) == 9
        assert texts[0] == "Услугодатель не работает 2024-03-03; ближайший рабочий день — 2024-03-04."
        appeal = [element.text or "" for element in opened.root.findall("{*}Appeal")]
        assert "5 рабочих дней" in appeal[0]
        assert town.portal.status(session, request.id).status == "Отказано"
        assert town.portal.open_result(session, request.id).content == content

    @pytest.mark.req("R529", "R15", "R16", "R429")
    def test_a_call_is_visited_the_same_day_and_stands_in_the_journal_on_both_channels(self, town: Town) -> None:
        request = town.sent(town.log_in(), "CALL", CALL_FORM)
        town.decide(request.number)
        (row,) = books.rows(town.services.store, "call", "AST01")
        assert row["visit_date"] == "2024-03-01"
        assert row["visit_window"] == ["11:00", "13:00"]
        assert row["doctor"] == "doctor-1"  # of the patient's district

    @pytest.mark.req("R427", "R519", "R521", "R13")
    def test_an_attachment_closes_the_one_before(self, town: Town) -> None:
        attached_to(town, PERSON, "AST02")
        town.decide(town.sent(town.log_in(), "ATT", ATT_FORM).number)
        entries = Registers(town.services.store).attachments(PERSON)
        assert [(entry.provider, entry.end) for entry in entries] == [
            ("AST01", date(2024, 2, 1)),
            ("AST02", date(2024, 3, 1)),
            ("AST01", None),
        ]
        assert len(town.services.store.find("attachment", "open", PERSON)) == 1

    @pytest.mark.req("R428")
    def test_a_refused_attachment_leaves_the_register_alone(self, town: Town) -> None:
        before = Registers(town.services.store).attachments(PERSON)
        assert town.decide(town.sent(town.log_in(), "ATT", ATT_FORM).number).refusal is not None
        assert Registers(town.services.store).attachments(PERSON) == before

    @pytest.mark.req("R521")
    def test_a_choice_of_the_campaign_takes_effect_with_the_new_year(self, town: Town) -> None:
        attached_to(town, PERSON, "AST02")
        decision = town.decide(town.sent(town.log_in(), "ATT", ATT_FORM | {"basis": "campaign"}).number)
        assert etree.fromstring(decision.document).findtext(".//{*}StartDate") == "2025-01-01"


class TestGrounds:
    @pytest.mark.req("R17", "R504", "R110")
    @pytest.mark.parametrize(
        ("sent", "code"),
        [
            ("2024-03-01T17:59:59+05:00", None),
            ("2024-03-01T18:00:00+05:00", "CALL_CUTOFF"),
            ("2024-03-02T11:59:59+05:00", None),
            ("2024-03-02T12:00:00+05:00", "CALL_CUTOFF"),
            ("2024-03-01T19:00:00+05:00", "CALL_CUTOFF"),
            ("2024-03-01T23:00:00+05:00", "CALL_CUTOFF"),
            ("2024-03-03T12:00:00+05:00", "CALL_NON_WORKING_DAY"),
        ],
    )
    def test_a_home_call_until_two_hours_before_closing(self, town: Town, sent: str, code: str | None) -> None:
        town.clock.move_to(parse_time(sent))
        request = town.sent(town.log_in(), "CALL", CALL_FORM)
        refusal = town.decide(request.number).refusal
        assert (refusal.codes if refusal else None) == ([code] if code else None)

    @pytest.mark.req("R17")
    def test_the_cutoff_is_compared_with_the_time_of_sending(self, town: Town) -> None:
        town.clock.move_to(parse_time("2024-03-01T17:59:00+05:00"))
        request = town.sent(town.log_in(), "CALL", CALL_FORM)
        town.clock.advance(20 * 60)
        assert town.decide(request.number).refusal is None

    @pytest.mark.req("R415", "R110", "R210", "R310", "R128", "R228", "R328", "R511")
    @pytest.mark.parametrize(
        "grounds", [g for n in range(4) for g in combinations(["far", "away", "late"], n)], ids=str
    )
    def test_portal_and_desk_see_the_same_grounds_alone_and_combined(
        self, town: Town, grounds: tuple[str, ...]
    ) -> None:
        form = CALL_FORM | ({"address": "г. Тараз"} if "far" in grounds else {})
        expected = []
        if "late" in grounds:
            town.clock.move_to(parse_time("2024-03-01T19:00:00+05:00"))
            expected.append("CALL_CUTOFF")
        if "away" in grounds:
            for iin in (PERSON, OTHER):
                attached_to(town, iin, "AST02")
            expected.append("CALL_NOT_ATTACHED")
        if "far" in grounds:
            expected.append("CALL_ADDRESS_OUT_OF_AREA")
        portal = town.decide(town.sent(town.log_in(), "CALL", form).number)
        counter, clerk = ServiceDesk(town.services, "AST01"), town.desk_session(REGISTRAR)
        request = counter.open(clerk, "CALL", Identity(OTHER)).get()
        counter.fill(clerk, request.id, form).get()
        desk = town.decide(counter.register(clerk, request.id, town.world.signer("employee")).get().number)
        assert (portal.refusal.codes if portal.refusal else []) == expected
        assert (desk.refusal.codes if desk.refusal else []) == expected

    def test_what_no_regulation_says_is_refused_without_naming_one(self, town: Town) -> None:
        session = town.log_in()
        town.decide(town.sent(session, "CALL", CALL_FORM | {"address": "г. Тараз"}).number)
        request = requests.load_all(town.services.store, "applicant", str(session.iin))[-1]
        document = town.services.store.document(request.outcome)
        assert b"CALL_ADDRESS_OUT_OF_AREA" in document
        assert b"Ground" not in document
        assert conforms(document, "refusal")
        assert not [rule for rule in rules().values() if re.search(r"\[|\b[A-Z]\d? |[A-Za-z]{4}", rule.ground)]

    @pytest.mark.req("R512")
    @pytest.mark.parametrize(
        ("border", "basis", "granted"),
        [(False, "free_choice", False), (True, "residence", False), (True, "free_choice", True)],
    )
    def test_the_border_exception(self, town: Town, border: bool, basis: str, granted: bool) -> None:
        attached_to(town, PERSON, "AST02")
        provider = town.services.registers.provider("AST01")
        assert provider is not None
        town.desk.provider = replace(provider, border_territory=border)
        request = town.sent(town.log_in(), "ATT", ATT_FORM | {"admin_unit": "31", "basis": basis})
        refusal = town.decide(request.number).refusal
        assert (refusal is None) is granted

    @pytest.mark.req("R512", "R523", "R510", "R522")
    @pytest.mark.parametrize("service", ["ATT", "CALL"])
    @pytest.mark.parametrize("proof", [True, False])
    def test_a_child_is_represented_with_a_document(self, town: Town, service: str, proof: bool) -> None:
        if service == "CALL":
            attached_to(town, CHILD, "AST01")
        session = town.log_in()
        request = town.portal.order(session, service, "AST01", on_behalf_of=Represented(CHILD, "child")).get()
        town.portal.fill(session, request.id, ATT_FORM | {"basis": "child"} if service == "ATT" else CALL_FORM)
        if proof:
            town.portal.attach(session, request.id, "свидетельство.pdf", PDF, "representation").get()
        town.portal.submit(session, request.id, town.world.certificate("person")).get()
        sent = town.portal.sign(session, request.id, town.world.signer("person")).get()
        decision = town.decide(sent.number)
        code = {"ATT": "ATT_REPRESENTATION", "CALL": "DOC_NO_AUTHORITY"}[service]
        assert (decision.refusal.codes if decision.refusal else []) == ([] if proof else [code])
        if proof:
            assert etree.fromstring(decision.document).findtext("{*}Recipient/{*}IIN") == CHILD

    @pytest.mark.req("R520")
    def test_free_choice_once_a_year_or_as_often_as_configured(self, town: Town) -> None:
        attached_to(town, PERSON, "AST02", "free_choice")
        session = town.log_in()
        form = ATT_FORM | {"basis": "free_choice"}
        first = town.decide(town.sent(session, "ATT", form).number)
        assert first.refusal is not None
        assert first.refusal.codes == ["ATT_YEAR_LIMIT"]
        town.services.settings = replace(town.services.settings, free_choices_a_year=2)
        assert town.decide(town.sent(session, "ATT", form).number).refusal is None

    @pytest.mark.req("R18")
    def test_a_busy_doctor_is_spared(self, town: Town) -> None:
        doctor = town.services.registers.doctor("doctor-1")
        assert doctor is not None
        with town.services.work() as work:
            put_doctor(work.unit, replace(doctor, visits_a_day=0))
        town.decide(town.sent(town.log_in(), "CALL", CALL_FORM).number)
        (row,) = books.rows(town.services.store, "call", "AST01")
        assert row["doctor"] == "doctor-2"


class TestSlots:
    @pytest.mark.req("R18", "R416", "R514")
    def test_a_chosen_slot_is_held_and_then_booked(self, town: Town) -> None:
        def free() -> list[str]:
            found = schedule.free_slots(town.services.store, "doctor-1", date(2024, 3, 4), town.clock.now())
            return [slot.id for slot in found]

        assert len(free()) == 10
        session = town.log_in()
        request = town.ready(session, "APPT", SLOT)
        assert SLOT["slot_id"] not in free()
        sent = town.portal.sign(session, request.id, town.world.signer("person")).get()
        town.decide(sent.number)
        slot = schedule.slot(town.services.store, SLOT["slot_id"])
        assert slot is not None
        assert (slot.status, slot.request) == ("busy", request.id)

    @pytest.mark.req("R417", "R416")
    def test_a_hold_ends_by_time_by_withdrawal_and_by_refusal(self, town: Town) -> None:
        session = town.log_in()

        def held() -> bool:
            slot = schedule.slot(town.services.store, SLOT["slot_id"])
            assert slot is not None
            return not slot.free_for("somebody", town.clock.now())

        request = town.ready(session, "APPT", SLOT)
        assert held()
        town.portal.withdraw(session, request.id).get()
        assert not held()
        town.ready(session, "APPT", SLOT)
        assert held()
        town.clock.advance(timedelta(minutes=35).total_seconds())
        assert not held()
        sent = town.sent(session, "APPT", SLOT)
        assert held()
        attached_to(town, PERSON, "AST02")
        assert town.decide(sent.number).refusal is not None
        assert not held()

    @pytest.mark.req("R416")
    def test_the_second_of_two_gets_a_refusal(self, town: Town) -> None:
        first, second = town.log_in(), town.log_in(OTHER)
        one = town.sent(first, "APPT", SLOT)
        town.clock.advance(timedelta(minutes=36).total_seconds())  # the first hold has ended
        two = town.sent(second, "APPT", SLOT, "other-person")
        assert town.decide(two.number).refusal is None
        loser = town.decide(one.number)
        assert loser.refusal is not None
        assert loser.refusal.codes == ["APPT_SLOT_TAKEN"]


@pytest.mark.req("R49", "R418")
def test_what_is_overdue_is_found_and_a_late_outcome_is_a_breach(town: Town) -> None:
    request = town.sent(town.log_in(), "CALL", CALL_FORM)
    assert town.desk.overdue() == []
    town.clock.advance(1861)
    assert [found.number for found in town.desk.overdue()] == [request.number]
    assert town.decide(request.number).refusal is None
    assert town.desk.overdue() == []
    (event,) = [e for e in journal.read(town.services.store) if e.step == "p8" and e.phase == "finished"]
    assert event.breach
    assert event.number == request.number


@pytest.mark.req("R420")
def test_an_appointment_asked_for_at_night_is_no_breach_in_the_morning(town: Town) -> None:
    town.clock.move_to(NOW + timedelta(hours=12))
    request = town.sent(town.log_in(), "APPT", SLOT)
    town.clock.move_to(parse_time("2024-03-02T09:25:00+05:00"))
    town.decide(request.number)
    (event,) = [e for e in journal.read(town.services.store) if e.step == "p8" and e.phase == "finished"]
    assert not event.late
