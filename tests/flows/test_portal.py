"""The portal: form, attachments, condition 2, signing, status, result (R105–R108, R30–R42 and their kin)."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.iin import Iin
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.errors import ConfigurationError
from egov_sign.flows import catalogue, condition2, journal, signing
from egov_sign.flows.documents import NAMESPACES
from egov_sign.flows.forms import Represented, check_form
from egov_sign.flows.forms import fields as form_fields
from egov_sign.flows.portal import StatusScreen
from egov_sign.flows.refusals import RefusedError
from egov_sign.flows.request_document import read_request
from egov_sign.flows.requests import State, load
from tests.flows.conftest import CALL_FORM, CHILD, DEPUTY, NOW, OTHER, PASSWORD, PERSON, Town

PDF = b"%PDF-1.4 test"


class TestForm:
    @pytest.mark.req("R105", "R205", "R305", "R33")
    @pytest.mark.parametrize("service", ["CALL", "APPT", "ATT"])
    def test_each_required_field_is_asked_for(self, service: str) -> None:
        iin = Iin.parse(PERSON)
        missing = {finding.where for finding in check_form(service, {}, iin)}
        assert missing == {field.name for field in form_fields(service) if field.required}

    @pytest.mark.req("R105")
    @pytest.mark.parametrize(
        ("service", "name", "wrong", "right"),
        [
            ("CALL", "phone", "call me", "+7 (700) 000-00-00"),
            ("CALL", "temperature", "hot", "38.5"),
            ("CALL", "temperature", "99", "37"),
            ("CALL", "onset", "29.12.2012", "2012-12-29"),
            ("CALL", "onset", "2012-13-01", "2012-12-01"),
            ("CALL", "wanted_time", "25:00", "15:30"),
            ("CALL", "complaints", "x" * 1001, "x" * 1000),
            ("CALL", "complaints", "a\x00b", "a b"),
            ("APPT", "doctor_id", "../doctor", "doctor-1"),
            ("ATT", "basis", "because", "residence"),
            ("ATT", "admin_unit", "Астана", "71"),
        ],
    )
    def test_formats(self, service: str, name: str, wrong: str, right: str) -> None:
        iin = Iin.parse(PERSON)
        assert ("FORM_FORMAT", name) in [(f.code, f.where) for f in check_form(service, {name: wrong}, iin)]
        assert name not in [f.where for f in check_form(service, {name: right}, iin)]

    def test_a_field_that_the_form_does_not_have_is_told(self) -> None:
        findings = check_form("CALL", CALL_FORM | {"colour": "red"}, Iin.parse(PERSON))
        assert [(f.code, f.where) for f in findings] == [("FORM_FORMAT", "colour")]

    @pytest.mark.req("R34")
    def test_the_iin_is_there_and_stays(self, town: Town) -> None:
        session = town.log_in()
        request = town.portal.order(session, "CALL", "AST01").get()
        assert request.form == {"iin": PERSON}
        refused = town.portal.fill(session, request.id, {"iin": OTHER})
        assert refused.refusal is not None
        assert refused.refusal.codes == ["FORM_IIN_READONLY"]
        assert town.portal.fill(session, request.id, {"iin": PERSON} | CALL_FORM).accepted

    @pytest.mark.req("R2")
    def test_a_request_is_addressed_to_one_known_provider(self, town: Town) -> None:
        answer = town.portal.order(town.log_in(), "CALL", "XXX99")
        assert answer.refusal is not None
        assert answer.refusal.codes == ["FORM_FORMAT"]

    @pytest.mark.req("R31")
    def test_a_service_the_regulation_does_not_have_cannot_be_ordered(self, town: Town) -> None:
        with pytest.raises(ConfigurationError, match="FLOW_NOT_PROVIDED"):
            town.portal.order(town.log_in(), "CALL", "AST01", profile="zhambyl")
        assert [info.code for info in town.portal.catalogue()] == ["CALL", "APPT", "ATT"]

    def test_a_corrected_form_goes_through(self, town: Town) -> None:
        session = town.log_in()
        request = town.portal.order(session, "CALL", "AST01").get()
        certificate = town.world.certificate("person")
        assert not town.portal.submit(session, request.id, certificate).accepted
        town.portal.fill(session, request.id, CALL_FORM)
        assert town.portal.submit(session, request.id, certificate).get().state is State.READY_TO_SIGN

    @pytest.mark.parametrize("represented", [Represented("1", "child"), Represented(CHILD, "friend")])
    def test_a_represented_person_must_be_one(self, town: Town, represented: Represented) -> None:
        answer = town.portal.order(town.log_in(), "CALL", "AST01", on_behalf_of=represented)
        assert answer.refusal is not None
        assert answer.refusal.codes == ["FORM_FORMAT"]


class TestAttachments:
    @pytest.mark.req("R410", "R33")
    def test_a_file_goes_under_the_signature_by_its_digest(self, town: Town) -> None:
        session = town.log_in()
        request = town.portal.order(session, "CALL", "AST01").get()
        file = town.portal.attach(session, request.id, "../../etc/C:\\справка.pdf", PDF, "medical").get()
        assert (file.name, file.media_type, file.size, file.id) == ("справка.pdf", "application/pdf", 13, "att-1")
        town.portal.fill(session, request.id, CALL_FORM)
        town.portal.submit(session, request.id, town.world.certificate("person")).get()
        sent = town.portal.sign(session, request.id, town.world.signer("person")).get()
        opened = signing.open_signed(
            town.services, town.services.store.document(sent.document), "request", town.clock.now()
        )
        assert opened.root is not None
        assert read_request(opened.root).files == (file,)

    @pytest.mark.parametrize(
        "name",
        ["..", "", "/", ".hidden", "a\u202efdp.exe", "..\\..\\x", "a\x9b2J", "a\u2028b", "a\u061cb", "a\U000e0041b"],
    )
    def test_names_are_labels(self, town: Town, name: str) -> None:
        session = town.log_in()
        request = town.portal.order(session, "CALL", "AST01").get()
        file = town.portal.attach(session, request.id, name, PDF, "weapon").get()
        assert file.kind == "other"
        assert file.name
        assert not set(file.name) & set("/\\\u202e\x9b\u2028\u061c\U000e0041")
        assert not file.name.startswith(".")


class TestCondition2:
    def submit(self, town: Town, signer: str) -> list[str]:
        session = town.log_in()
        request = town.portal.order(session, "CALL", "AST01").get()
        town.portal.fill(session, request.id, CALL_FORM)
        answer = town.portal.submit(session, request.id, town.world.certificate(signer))
        return answer.refusal.codes if answer.refusal else []

    @pytest.mark.req("R106", "R206", "R306", "R405")
    @pytest.mark.parametrize(
        ("signer", "codes"),
        [
            ("person", []),
            ("person-sign", []),
            ("other-person", ["SIG_IIN_MISMATCH"]),
            ("expired-person", ["SIG_CERT_EXPIRED", "SIG_IIN_MISMATCH"]),
            ("future-person", ["SIG_CERT_NOT_YET_VALID", "SIG_IIN_MISMATCH"]),
            ("revoked-person", ["SIG_CERT_REVOKED", "SIG_IIN_MISMATCH"]),
            ("held-person", ["SIG_CERT_REVOKED", "SIG_IIN_MISMATCH"]),
            ("person-auth", ["SIG_CERT_USAGE"]),
            ("portal", ["SIG_IIN_MISMATCH", "SIG_CERT_USAGE"]),
            ("employee", ["SIG_IIN_MISMATCH", "SIG_CERT_USAGE"]),
        ],
    )
    def test_all_reasons_are_listed(self, town: Town, signer: str, codes: list[str]) -> None:
        assert self.submit(town, signer) == codes

    @pytest.mark.req("R403", "R107", "R207", "R307")
    def test_expired_and_revoked_and_foreign_together(self, town: Town) -> None:
        """The list is of a time shortly before the certificate expired, and still in force after it."""
        from egov_sign_pki.world import World
        from tests.flows.conftest import judge_of

        ends = Certificate.load(town.world.certificate("revoked-person")).not_after
        world = World.build(at=ends - timedelta(hours=1))
        town.services.judge = judge_of(world)
        world_then = World.build(at=NOW)
        certificate = Certificate.load(world_then.certificate("revoked-person"))
        at = certificate.not_after + timedelta(days=1)
        check = condition2.check_recipient(town.services, certificate, Iin.parse(PERSON), at)
        assert [finding.code for finding in check.reasons] == [
            "SIG_CERT_EXPIRED",
            "SIG_CERT_REVOKED",
            "SIG_IIN_MISMATCH",
        ]

    @pytest.mark.req("R406", "R407")
    def test_an_employees_certificate_only_by_configuration(self, town: Town) -> None:
        certificate = Certificate.load(town.world.certificate("right-to-sign"))
        iin, now = Iin.parse(DEPUTY), town.clock.now()

        def codes() -> list[str]:
            return [f.code for f in condition2.check_recipient(town.services, certificate, iin, now).reasons]

        assert codes() == ["SIG_CERT_USAGE"]
        town.services.settings = replace(town.services.settings, employee_certificates=True)
        assert codes() == []

    @pytest.mark.req("R404")
    @pytest.mark.parametrize("lists", ["none", "of another", "stale"])
    def test_what_cannot_be_established_counts_as_wrong(self, town: Town, lists: str) -> None:
        from egov_sign_pki.world import World

        crls = {
            "none": [],
            "of another": [World.build("other seed", at=NOW).crl("issuer")],
            "stale": [World.build(at=NOW - timedelta(days=60)).crl("issuer")],
        }[lists]
        town.services.judge.revocation = Revocation(RevocationSources(crls=[town.world.crl("root"), *crls]))
        assert self.submit(town, "person") == ["SIG_CERT_REVOCATION_UNKNOWN"]

    @pytest.mark.req("R59", "R107")
    def test_a_refused_request_has_no_number_and_leaves_its_traces(self, town: Town) -> None:
        assert self.submit(town, "other-person")
        (record,) = town.services.store.scan("request")
        assert (record.data["state"], record.data["number"]) == ("REFUSED_EDS", "")
        assert [e.step for e in journal.read(town.services.store, record.key)][-2:] == ["p4", "p4"]
        assert town.services.store.find("message", "state", "ON_DELIVERY") == []

    @pytest.mark.req("R36")
    def test_certificates_are_offered_with_owner_and_validity(self, town: Town) -> None:
        choices = town.portal.choices([town.world.certificate(name) for name in ("person", "person-auth")])
        assert [(choice.owner, choice.iin, choice.can_sign) for choice in choices] == [
            ("ТЕСТОВА АЙГЕРІМ ТЕСТҚЫЗЫ", PERSON, True),
            ("ТЕСТОВА АЙГЕРІМ ТЕСТҚЫЗЫ", PERSON, False),
        ]
        assert all(choice.not_before < NOW < choice.not_after for choice in choices)


class TestSigning:
    @pytest.mark.req("R35", "R37")
    def test_sending_the_form_sends_nothing_yet(self, town: Town) -> None:
        session = town.log_in()
        request = town.ready(session, "CALL", CALL_FORM)
        assert request.state is State.READY_TO_SIGN
        assert town.desk.inbox(town.desk_session()) == []
        assert list(town.services.store.scan("message")) == []
        town.portal.sign(session, request.id, town.world.signer("person")).get()
        assert len(town.desk.inbox(town.desk_session())) == 1

    @pytest.mark.req("R22", "R108", "R208", "R308", "R401")
    def test_attack_59_another_key_or_another_document(self, town: Town) -> None:
        session = town.log_in()
        request = town.ready(session, "CALL", CALL_FORM)
        shown = town.portal.to_sign(session, request.id)
        good = signing.sign(shown, town.world.signer("person"))
        other_text = signing.sign(shown.replace("кашель".encode(), "насморк".encode()), town.world.signer("person"))
        for attempt in (
            signing.sign(shown, town.world.signer("other-person")),
            signing.sign(shown, town.world.signer("person-sign")),
            other_text,
            good.replace("кашель".encode(), "насморк".encode()),
            shown,
            b"not xml",
        ):
            answer = town.portal.send_signed(session, request.id, attempt)
            assert answer.refusal is not None
            assert set(answer.refusal.codes) <= {"SIG_INVALID", "GW_FORMAT"}
            assert load(town.services.store, request.id).state is State.READY_TO_SIGN
        assert town.portal.send_signed(session, request.id, good).get().number

    @pytest.mark.req("R401")
    def test_a_certificate_revoked_between_condition_2_and_signing(self, town: Town) -> None:
        from egov_sign_pki.world import World
        from tests.flows.conftest import judge_of

        session = town.log_in()
        request = town.ready(session, "CALL", CALL_FORM)
        world = World.build(at=NOW)
        world.revoke("person", at=NOW - timedelta(days=1))
        town.services.judge = judge_of(world)
        answer = town.portal.sign(session, request.id, town.world.signer("person"))
        assert answer.refusal is not None
        assert answer.refusal.codes == ["SIG_CERT_REVOKED"]

    @pytest.mark.req("R433", "R8")
    def test_the_request_follows_its_schema_and_carries_the_signature(self, town: Town) -> None:
        session = town.log_in()
        request = town.sent(session, "CALL", CALL_FORM)
        root = etree.fromstring(town.services.store.document(request.document))
        assert etree.QName(root).namespace == NAMESPACES["request"]
        assert root[-1].tag == "{http://www.w3.org/2000/09/xmldsig#}Signature"
        shown = town.services.store.document(request.prepared)
        odd = signing.sign(shown.replace(b"<rq:Profile>", b"<rq:Extra/><rq:Profile>"), town.world.signer("person"))
        opened = signing.open_signed(town.services, odd, "request", NOW)
        assert [finding.code for finding in opened.reasons] == ["GW_FORMAT"]

    @pytest.mark.req("R433")
    def test_a_dtd_is_refused(self, town: Town) -> None:
        bomb = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
        opened = signing.open_signed(town.services, bomb, "request", NOW)
        assert opened.root is None
        assert opened.reasons[0].where == "XML_DTD"

    def test_two_signatures_are_one_too_many(self, town: Town) -> None:
        session = town.log_in()
        request = town.ready(session, "CALL", CALL_FORM)
        twice = signing.sign(
            signing.sign(town.portal.to_sign(session, request.id), town.world.signer("person")),
            town.world.signer("other-person"),
        )
        answer = town.portal.send_signed(session, request.id, twice)
        assert not answer.accepted

    def test_a_request_is_signed_once(self, town: Town) -> None:
        session = town.log_in()
        request = town.sent(session, "CALL", CALL_FORM)
        with pytest.raises(ConfigurationError, match="REQUEST_STATE"):
            town.portal.sign(session, request.id, town.world.signer("person"))


class TestFollowing:
    @pytest.mark.req("R39")
    def test_the_status_screen_has_exactly_five_fields(self, town: Town) -> None:
        assert [field.name for field in fields(StatusScreen)] == ["iin", "number", "service", "status", "due"]
        session = town.log_in()
        request = town.sent(session, "CALL", CALL_FORM)
        screen = town.portal.status(session, request.id)
        assert screen == StatusScreen(
            PERSON, request.number, "Вызов врача на дом", "Зарегистрирован", NOW + timedelta(seconds=1860)
        )
        assert town.portal.status(session, request.id, "kk").status == "Тіркелді"

    @pytest.mark.req("R40", "R426")
    def test_refreshing_the_status_changes_nothing(self, town: Town) -> None:
        session = town.log_in()
        request = town.sent(session, "CALL", CALL_FORM)
        before = sorted((file, file.stat().st_mtime_ns) for file in town.services.store.folder.rglob("*"))  # type: ignore[attr-defined]
        town.portal.status(session, request.id)
        assert sorted((f, f.stat().st_mtime_ns) for f in town.services.store.folder.rglob("*")) == before  # type: ignore[attr-defined]

    @pytest.mark.req("R41", "R42")
    def test_the_result_can_be_viewed_when_it_has_come_and_not_before(self, town: Town) -> None:
        session = town.log_in()
        request = town.sent(session, "CALL", CALL_FORM)
        assert not town.portal.can_view_result(session, request.id)
        with pytest.raises(ConfigurationError, match="RESULT_NOT_READY"):
            town.portal.open_result(session, request.id)
        town.services.faults["ШЭП"] = "unavailable"
        town.decide(request.number)
        assert not town.portal.can_view_result(session, request.id)
        assert town.portal.status(session, request.id).status == "В обработке"
        town.services.faults.clear()
        from egov_sign.flows import gateway

        gateway.deliver(town.services)
        assert town.portal.can_view_result(session, request.id)

    @pytest.mark.req("R10", "R47")
    def test_the_cabinet_has_only_ones_own_requests(self, town: Town) -> None:
        mine, other = town.log_in(), town.log_in(OTHER)
        request = town.sent(mine, "CALL", CALL_FORM)
        assert [found.id for found in town.portal.cabinet(mine)] == [request.id]
        assert town.portal.cabinet(other) == []
        for peep in (town.portal.status, town.portal.open_result, town.portal.can_view_result):
            with pytest.raises(ConfigurationError, match="REQUEST_UNKNOWN"):
                peep(other, request.id)
        with pytest.raises(ConfigurationError, match="REQUEST_UNKNOWN"):
            town.portal.withdraw(other, request.number)

    @pytest.mark.req("R402")
    def test_an_old_result_stays_good_when_the_certificate_has_expired(self, town: Town) -> None:
        session = town.log_in()
        request = town.sent(session, "CALL", CALL_FORM)
        town.decide(request.number)
        town.clock.move_to(datetime(2030, 1, 1, tzinfo=UTC))
        later = town.portal.log_in(PERSON, PASSWORD).get()
        opened = town.portal.open_result(later, request.id)
        assert opened.reasons == ()
        assert opened.at < NOW + timedelta(minutes=1)

    @pytest.mark.req("R42", "R48", "R409")
    def test_attack_61_the_result_of_another_request_is_noticed(self, town: Town) -> None:
        session = town.log_in()
        first = town.sent(session, "CALL", CALL_FORM)
        town.decide(first.number)
        town.clock.advance(1)
        second = town.sent(session, "CALL", CALL_FORM)
        town.decide(second.number)
        with town.services.work() as work:
            one, two = load(work.unit, first.id), load(work.unit, second.id)
            one.outcome, two.outcome = two.outcome, one.outcome
            one.save(work)
            two.save(work)
        for request in (first, second):
            assert [f.code for f in town.portal.open_result(session, request.id).reasons] == ["SIG_INVALID"]

    def test_a_request_can_be_withdrawn_until_somebody_works_on_it(self, town: Town) -> None:
        session = town.log_in()
        request = town.sent(session, "CALL", CALL_FORM)
        assert town.portal.withdraw(session, request.id).get().state is State.WITHDRAWN
        assert town.desk.inbox(town.desk_session()) == []
        with pytest.raises(ConfigurationError, match="REQUEST_STATE"):
            town.decide(request.number)

    def test_nothing_goes_on_without_a_session(self, town: Town) -> None:
        session = town.log_in()
        request = town.ready(session, "CALL", CALL_FORM)
        town.portal.log_out(session)
        signer = town.world.signer("person")
        for answer in (
            town.portal.order(session, "CALL", "AST01"),
            town.portal.fill(session, request.id, {}),
            town.portal.attach(session, request.id, "x.pdf", PDF, "other"),
            town.portal.submit(session, request.id, signer.certificate),
            town.portal.sign(session, request.id, signer),
            town.portal.send_signed(session, request.id, b""),
            town.portal.withdraw(session, request.id),
        ):
            assert answer.refusal is not None
            assert answer.refusal.codes == ["AUTH_SESSION_EXPIRED"]
            with pytest.raises(RefusedError, match="AUTH_SESSION_EXPIRED"):
                answer.get()

    @pytest.mark.req("R5")
    def test_the_portal_works_round_the_clock(self, town: Town) -> None:
        town.clock.move_to(datetime(2024, 3, 2, 22, 30, tzinfo=UTC))  # night to Sunday
        assert town.sent(town.log_in(), "ATT", ATT).number

    def test_a_register_that_does_not_answer_leaves_the_draft(self, town: Town) -> None:
        session = town.log_in()
        request = town.portal.order(session, "CALL", "AST01").get()
        town.portal.fill(session, request.id, CALL_FORM)
        town.services.faults["ГБД ФЛ"] = "unavailable"
        certificate = town.world.certificate("person")
        answer = town.portal.submit(session, request.id, certificate)
        assert answer.refusal is not None
        assert answer.refusal.codes == ["GBD_UNAVAILABLE"]
        assert answer.refusal.retryable
        town.services.faults.clear()
        assert town.portal.submit(session, request.id, certificate).accepted


ATT = {"basis": "residence", "actual_address": "г. Астана", "admin_unit": "71"}


def test_the_name_of_the_service_is_the_exact_one_in_the_signed_request(town: Town) -> None:
    request = town.sent(town.log_in(), "ATT", ATT)
    document = town.services.store.document(request.document).decode()
    assert f">{catalogue.name_of('ATT')}<" in document
