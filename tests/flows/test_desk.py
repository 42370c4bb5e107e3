"""The desk in eight actions, and the reception in two procedures (R121–R130, R221–R230, R261, R262, R321–R330)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from egov_sign.errors import ConfigurationError
from egov_sign.flows import books, journal, reception, signing
from egov_sign.flows.desk import Identity, ServiceDesk
from egov_sign.flows.forms import Represented
from egov_sign.flows.refusals import RefusedError
from egov_sign.flows.registers import Registers, put_employee
from egov_sign.flows.request_document import read_request
from egov_sign.flows.requests import State
from egov_sign.flows.talon import paper_talon
from tests.flows.conftest import CALL_FORM, CHILD, DEPUTY, PASSWORD, PERSON, REGISTRAR, Town, build_town

SLOT = {"doctor_id": "doctor-1", "slot_id": "doctor-1-20240304-01"}
ATT_FORM = {"basis": "residence", "actual_address": "г. Астана", "admin_unit": "71"}
WHO = Identity(PERSON, "Тестова", "АЙГЕРІМ", "1985-04-12")
PDF = b"%PDF-1.4 scan"


@pytest.fixture
def counter(town: Town) -> ServiceDesk:
    return ServiceDesk(town.services, "AST01")


class TestEightActions:
    @pytest.mark.req("R121", "R122", "R123", "R124", "R126", "R127", "R128", "R130", "R429", "R431", "R15", "R11")
    def test_a_home_call(self, town: Town, counter: ServiceDesk) -> None:
        session = town.desk_session(REGISTRAR)
        request = counter.open(session, "CALL", WHO).get()
        assert request.form["address"].startswith("г. Астана")  # from the register of persons
        counter.fill(session, request.id, CALL_FORM).get()
        counter.scan(session, request.id, "удостоверение.pdf", PDF, "identity").get()
        registered = counter.register(session, request.id, town.world.signer("employee")).get()
        assert registered.number == "AST01-CALL-2024-000001"
        decision = town.decide(registered.number)
        assert decision.oral_answer["ru"] == (
            "Вызов принят. Врач ТЕСТОВ АРМАН посетит Вас 01.03.2024 с 11:00 до 13:00."
        )
        (row,) = books.rows(town.services.store, "call", "AST01")
        assert row["request_number"] == registered.number
        assert row["oral_answer"] == decision.oral_answer["ru"]
        assert decision.request.state is State.COMPLETED
        steps = [e.step for e in journal.read(town.services.store, request.id) if e.phase == "finished"]
        assert steps == ["p2", "p3", "c1", "p5", "p6", "c2", "p8"]

    @pytest.mark.req("R126", "R410", "R411", "R436")
    def test_the_employee_signs_for_the_recipient(self, town: Town, counter: ServiceDesk) -> None:
        session = town.desk_session(REGISTRAR)
        request = counter.open(session, "CALL", WHO).get()
        counter.fill(session, request.id, CALL_FORM).get()
        counter.scan(session, request.id, "scan.pdf", PDF, "identity").get()
        registered = counter.register(session, request.id, town.world.signer("employee")).get()
        document = town.services.store.document(registered.document)
        opened = signing.open_signed(town.services, document, "request", town.clock.now())
        assert opened.root is not None
        content = read_request(opened.root)
        assert (content.applicant, content.employee, content.channel) == (PERSON, REGISTRAR, "desk")
        assert content.files[0].digest == registered.files[0].digest
        assert b"<c:IdentityBasis>document<" in document

    @pytest.mark.req("R411")
    @pytest.mark.parametrize(
        ("signer", "details"),
        [
            ("person", {"SIG_IIN_MISMATCH", "SIG_BIN_MISMATCH"}),
            ("head", {"SIG_IIN_MISMATCH"}),
            ("portal", {"SIG_IIN_MISMATCH", "SIG_BIN_MISMATCH"}),
            ("expired-person", {"SIG_CERT_EXPIRED", "SIG_IIN_MISMATCH", "SIG_BIN_MISMATCH"}),
        ],
    )
    def test_the_employees_certificate_is_checked_like_the_recipients(
        self, town: Town, counter: ServiceDesk, signer: str, details: set[str]
    ) -> None:
        session = town.desk_session(REGISTRAR)
        request = counter.open(session, "CALL", WHO).get()
        counter.fill(session, request.id, CALL_FORM).get()
        answer = counter.register(session, request.id, town.world.signer(signer))
        assert answer.refusal is not None
        assert set(answer.refusal.codes) == {"EMP_CERT_REJECTED"}
        assert {str(found.params["detail"]) for found in answer.refusal.reasons} == {
            f"DETAIL_{name}" for name in details
        }
        assert counter.register(session, request.id, town.world.signer("employee")).get().number

    @pytest.mark.req("R122", "R222", "R322")
    def test_a_wrong_iin_is_refused_before_any_register_is_asked(self, town: Town, counter: ServiceDesk) -> None:
        answer = counter.open(town.desk_session(REGISTRAR), "CALL", Identity("123"))
        assert answer.refusal is not None
        assert answer.refusal.codes == ["FORM_FORMAT"]
        assert list(town.services.store.scan("request")) == []

    @pytest.mark.req("R124", "R125", "R224", "R225", "R324", "R325", "R59", "R123", "R223", "R323")
    @pytest.mark.parametrize(
        ("identity", "code"),
        [
            (Identity("850412110101"), "GBD_NOT_FOUND"),
            (Identity(PERSON, "ТЕСТОВ"), "GBD_MISMATCH"),
            (Identity(PERSON, birth_date="1985-04-13"), "GBD_MISMATCH"),
            (None, "GBD_UNAVAILABLE"),
        ],
    )
    def test_no_data_means_no_number_and_no_row(
        self, town: Town, counter: ServiceDesk, identity: Identity | None, code: str
    ) -> None:
        if identity is None:
            town.services.faults["ГБД ФЛ"] = "unavailable"
        for service in ("CALL", "APPT", "ATT"):
            answer = counter.open(town.desk_session(REGISTRAR), service, identity or WHO)
            assert answer.refusal is not None
            assert answer.refusal.codes == [code]
            assert answer.refusal.step == "p4"
        assert {record.data["number"] for record in town.services.store.scan("request")} == {""}
        assert books.rows(town.services.store, "call", "AST01") == []

    @pytest.mark.req("R221", "R226", "R227", "R228", "R230", "R430", "R431", "R12")
    def test_an_appointment(self, town: Town, counter: ServiceDesk) -> None:
        session = town.desk_session(REGISTRAR)
        request = counter.open(session, "APPT", WHO).get()
        counter.fill(session, request.id, SLOT).get()
        registered = counter.register(session, request.id, town.world.signer("employee")).get()
        decision = town.decide(registered.number)
        assert decision.oral_answer["ru"] == (
            "Вы записаны на прием: терапевт ТЕСТОВ АРМАН, 04.03.2024 в 09:00, кабинет 210."
        )
        (row,) = books.rows(town.services.store, "appointment", "AST01")
        assert (row["visit_date"], row["visit_time"], row["channel"]) == ("2024-03-04", "09:00", "desk")

    @pytest.mark.req("R321", "R326", "R327", "R328", "R330", "R432", "R13")
    def test_an_attachment_with_its_paper_talon(self, town: Town, counter: ServiceDesk) -> None:
        session = town.desk_session(REGISTRAR)
        request = counter.open(session, "ATT", Identity("911130210104")).get()
        assert request.form["admin_unit"] == "31"
        counter.fill(session, request.id, ATT_FORM).get()
        registered = counter.register(session, request.id, town.world.signer("employee")).get()
        decision = town.decide(registered.number)
        assert decision.oral_answer == {}
        registers = town.services.registers
        person, provider = registers.person("911130210104"), registers.provider("AST01")
        assert person is not None
        assert provider is not None
        text = paper_talon(decision.request, person, provider, session.employee)
        for part in ("ТЕСТОВ ТИМУР", "Тестовая поликлиника", "01.03.2024", registered.number, "ТЕСТОВА ДИНАРА"):
            assert part in text
        entry = registers.attachment("911130210104")
        assert entry is not None
        assert entry.provider == "AST01"

    @pytest.mark.req("R129", "R229", "R329")
    def test_a_refusal_is_stored_and_signed(self, town: Town, counter: ServiceDesk) -> None:
        session = town.desk_session(REGISTRAR)
        request = counter.open(session, "ATT", WHO).get()
        counter.fill(session, request.id, ATT_FORM).get()
        registered = counter.register(session, request.id, town.world.signer("employee")).get()
        decision = town.decide(registered.number)
        assert decision.refusal is not None
        assert decision.refusal.codes == ["ATT_ALREADY"]
        assert decision.refusal.number == registered.number
        opened = signing.open_signed(town.services, decision.document, "refusal", town.clock.now())
        assert opened.reasons == ()

    @pytest.mark.req("R413", "R127")
    def test_portal_and_desk_share_one_sequence_of_numbers(self, town: Town, counter: ServiceDesk) -> None:
        first = town.sent(town.log_in(), "CALL", CALL_FORM)
        session = town.desk_session(REGISTRAR)
        request = counter.open(session, "CALL", Identity("911130210000")).get()
        counter.fill(session, request.id, CALL_FORM).get()
        second = counter.register(session, request.id, town.world.signer("employee")).get()
        assert [first.number, second.number] == ["AST01-CALL-2024-000001", "AST01-CALL-2024-000002"]

    def test_the_form_and_the_scans_are_checked(self, town: Town, counter: ServiceDesk) -> None:
        session = town.desk_session(REGISTRAR)
        request = counter.open(session, "CALL", WHO).get()
        signer = town.world.signer("employee")
        empty = counter.register(session, request.id, signer)
        assert empty.refusal is not None
        assert set(empty.refusal.codes) == {"FORM_REQUIRED"}
        scan = counter.scan(session, request.id, "x.exe", b"MZ", "identity")
        assert scan.refusal is not None
        assert scan.refusal.codes == ["FORM_ATTACHMENT_TYPE"]

    def test_who_has_no_role_cannot_go_on(self, town: Town, counter: ServiceDesk) -> None:
        session = town.desk_session(REGISTRAR)
        doctor = replace(session, employee=replace(session.employee, roles=("doctor",)))
        for answer in (
            counter.open(doctor, "CALL", WHO),
            counter.fill(doctor, "x", {}),
            counter.scan(doctor, "x", "x", PDF, "other"),
            counter.register(doctor, "x", town.world.signer("employee")),
        ):
            assert answer.refusal is not None
            assert answer.refusal.codes == ["EMP_NO_ROLE"]
        town.clock.advance(3600)
        with pytest.raises(RefusedError, match="AUTH_SESSION_EXPIRED"):
            counter.open(session, "CALL", WHO).get()

    def test_a_request_of_another_desk_is_unknown(self, town: Town, counter: ServiceDesk) -> None:
        portal_request = town.ready(town.log_in(), "CALL", CALL_FORM)
        session = town.desk_session(REGISTRAR)
        with pytest.raises(ConfigurationError, match="REQUEST_UNKNOWN"):
            counter.fill(session, portal_request.id, {})
        with pytest.raises(ConfigurationError, match="PROVIDER_UNKNOWN"):
            ServiceDesk(town.services, "XXX99")
        request = counter.open(session, "CALL", WHO).get()
        counter.fill(session, request.id, CALL_FORM).get()
        counter.register(session, request.id, town.world.signer("employee")).get()
        with pytest.raises(ConfigurationError, match="REQUEST_STATE"):
            counter.fill(session, request.id, {})
        wrong = counter.open(session, "CALL", WHO, on_behalf_of=Represented(CHILD, "friend"))
        assert wrong.refusal is not None
        assert wrong.refusal.codes == ["FORM_FORMAT"]


class TestTwoProcedures:
    @pytest.fixture
    def zhambyl(self, tmp_path: Path) -> Town:
        return build_town(tmp_path / "zhambyl", profile="zhambyl")

    @pytest.mark.req("R261", "R262", "R26", "R437", "R25", "R4", "R24", "R507")
    @pytest.mark.parametrize("channel", ["desk", "phone"])
    def test_an_appointment_in_ten_minutes(self, zhambyl: Town, channel: str) -> None:
        session = zhambyl.desk.log_in(REGISTRAR, PASSWORD).get()
        received = reception.receive(zhambyl.services, session, "APPT", WHO, SLOT, channel=channel).get()
        assert "04.03.2024 в 09:00" in received.oral_answer["ru"]
        (row,) = books.rows(zhambyl.services.store, "appointment", "AST01")
        assert (row["row"], row["channel"]) == (received.row, channel)
        assert (received.request.number, received.request.identity_basis) == (
            "",
            "phone" if channel == "phone" else "document",
        )
        events = list(journal.read(zhambyl.services.store, received.request.id))
        assert [e.node for e in events if e.phase == "noted"] == ["rpn.checked"]
        assert [e.codes for e in events if e.phase == "noted"] == [["found"]]
        assert [e.deadline_s for e in events if e.phase == "finished"] == [300, 300]

    @pytest.mark.req("R261", "R437")
    def test_not_attached_ends_the_first_procedure(self, zhambyl: Town) -> None:
        session = zhambyl.desk.log_in(REGISTRAR, PASSWORD).get()
        who = Identity("911130210104")
        answer = reception.receive(zhambyl.services, session, "APPT", who, SLOT)
        assert answer.refusal is not None
        assert (answer.refusal.step, answer.refusal.codes) == ("p1", ["APPT_NOT_ATTACHED"])
        assert "Прикрепление" in answer.refusal.advice("ru")[0]
        (record,) = zhambyl.services.store.scan("request")
        assert record.data["state"] == "REFUSED"

    @pytest.mark.req("R437", "R262")
    def test_a_register_that_does_not_answer_and_a_slot_that_is_gone(self, zhambyl: Town) -> None:
        session = zhambyl.desk.log_in(REGISTRAR, PASSWORD).get()
        zhambyl.services.faults["РПН"] = "unavailable"
        answer = reception.receive(zhambyl.services, session, "APPT", WHO, SLOT)
        assert answer.refusal is not None
        assert answer.refusal.codes == ["GW_UNAVAILABLE"]
        zhambyl.services.faults.clear()
        reception.receive(zhambyl.services, session, "APPT", WHO, SLOT).get()
        taken = reception.receive(zhambyl.services, session, "APPT", Identity("911130210000"), SLOT)
        assert taken.refusal is not None
        assert (taken.refusal.step, taken.refusal.codes) == ("p2", ["APPT_SLOT_TAKEN"])

    def test_by_phone_one_says_who_one_is(self, zhambyl: Town) -> None:
        session = zhambyl.desk.log_in(REGISTRAR, PASSWORD).get()
        answer = reception.receive(zhambyl.services, session, "APPT", Identity(PERSON), SLOT, channel="phone")
        assert answer.refusal is not None
        assert set(answer.refusal.codes) == {"GBD_MISMATCH"}
        unknown = Identity("850412110101", "A", "B", "2000-01-01")
        answer = reception.receive(zhambyl.services, session, "APPT", unknown, SLOT, channel="phone")
        assert answer.refusal is not None
        assert answer.refusal.codes == ["GBD_NOT_FOUND"]

    def test_what_cannot_be_received(self, zhambyl: Town) -> None:
        session = zhambyl.desk.log_in(REGISTRAR, PASSWORD).get()
        for who, form, code in [(Identity("1"), SLOT, "FORM_FORMAT"), (WHO, {}, "FORM_REQUIRED")]:
            answer = reception.receive(zhambyl.services, session, "APPT", who, form)
            assert answer.refusal is not None
            assert code in answer.refusal.codes
        with pytest.raises(ConfigurationError, match="FLOW_NOT_PROVIDED"):
            reception.receive(zhambyl.services, session, "ATT", WHO, ATT_FORM, channel="phone")
        nobody = replace(session, employee=replace(session.employee, roles=()))
        assert not reception.receive(zhambyl.services, nobody, "APPT", WHO, SLOT).accepted

    @pytest.mark.req("R501", "R513", "R504")
    def test_a_home_call_by_phone_under_the_order_of_2015(self, town: Town) -> None:
        session = town.desk_session(REGISTRAR)
        received = reception.receive(
            town.services, session, "CALL", WHO, CALL_FORM, channel="phone", profile="order272-2019"
        ).get()
        assert received.oral_answer["ru"].startswith("Вызов принят")
        assert len(books.rows(town.services.store, "call", "AST01")) == 1


class TestZhambylPortal:
    @pytest.mark.req("R241", "R242", "R243", "R244", "R245", "R246", "R248", "R249", "R251", "R27")
    def test_the_good_path(self, tmp_path: Path) -> None:
        town = build_town(tmp_path / "store", profile="zhambyl")
        session = town.log_in()
        request = town.sent(session, "APPT", SLOT)
        assert request.number  # given technically: there is no step for it (D9)
        decision = town.decide(request.number)
        assert decision.refusal is None
        assert town.portal.status(session, request.id).status == "Выполнено (результат выдан)"
        assert town.portal.open_result(session, request.id).reasons == ()
        steps = [e.step for e in journal.read(town.services.store) if e.phase == "finished"]
        assert steps == ["p0", "p1", "c1", "p3", "t9.1", "c2", "p5", "c3", "t9.3", "p7", "t9.4"]

    @pytest.mark.req("R252", "R254", "R255")
    def test_steps_that_share_a_time_limit_are_measured_together(self, tmp_path: Path) -> None:
        town = build_town(tmp_path / "store", profile="zhambyl")
        session = town.log_in()
        town.clock.advance(300)
        request = town.portal.order(session, "APPT", "AST01").get()
        town.portal.fill(session, request.id, SLOT)
        town.clock.advance(301)
        town.portal.submit(session, request.id, town.world.certificate("person")).get()
        sent = town.portal.sign(session, request.id, town.world.signer("person")).get()
        town.clock.advance(601)
        town.decide(sent.number)
        limits = {e.step: e for e in journal.read(town.services.store)}
        assert (limits["t9.1"].duration_ms, limits["t9.1"].late, limits["t9.1"].breach) == (601_000, True, False)
        assert (limits["t9.3"].duration_ms, limits["t9.3"].deadline_s, limits["t9.3"].breach) == (601_000, 600, True)
        assert not limits["t9.4"].late

    @pytest.mark.req("R247", "R250", "R253", "R254")
    def test_the_refusals(self, tmp_path: Path) -> None:
        town = build_town(tmp_path / "store", profile="zhambyl")
        session = town.log_in()
        request = town.portal.order(session, "APPT", "AST01").get()
        town.portal.fill(session, request.id, SLOT)
        answer = town.portal.submit(session, request.id, town.world.certificate("other-person"))
        assert answer.refusal is not None
        assert (answer.refusal.step, answer.refusal.codes) == ("p4", ["SIG_IIN_MISMATCH"])
        sent = town.sent(session, "APPT", SLOT)
        town.clock.move_to(town.clock.now().replace(day=5))
        decision = town.decide(sent.number)
        assert decision.refusal is not None
        assert (decision.refusal.step, decision.refusal.codes) == ("p6", ["APPT_SLOT_PAST"])


def test_employees_can_be_asked_who_they_are(town: Town) -> None:
    registers = Registers(town.services.store)
    employee = registers.employee(DEPUTY)
    assert employee is not None
    with town.services.work() as work:
        put_employee(work.unit, replace(employee, provider="AST02"))
    answer = town.desk.log_in(DEPUTY, PASSWORD)
    assert answer.refusal is not None
    assert answer.refusal.codes == ["EMP_NO_ROLE"]
