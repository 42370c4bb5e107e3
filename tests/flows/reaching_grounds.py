"""The grounds on which a provider refuses, each reached by the way a user would meet it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from egov_sign.clock import parse_time
from egov_sign.flows import registration, schedule
from egov_sign.flows.forms import Represented
from egov_sign.flows.registers import Attachment, Doctor, attach, put_doctor, put_provider
from tests.flows.conftest import CALL_FORM, CHILD, PERSON, Town
from tests.flows.reaching import PDF, SLOT, case, codes_of, envelope_of, ordered, submitted

ATT_FORM = {"basis": "residence", "actual_address": "г. Астана, ул. Сыганак, д. 1", "admin_unit": "71"}


def decided(town: Town, service: str, form: dict[str, str], change: Callable[[], object] = lambda: None) -> list[str]:
    """Send a request, let something happen, decide."""
    session = town.log_in()
    request = town.sent(session, service, form)
    change()
    refusal = town.decide(request.number).refusal
    assert refusal is not None
    return refusal.codes


def provider_with(town: Town, **changes: object) -> None:
    provider = town.services.registers.provider("AST01")
    assert provider is not None
    with town.services.work() as work:
        put_provider(work.unit, replace(provider, **changes))  # type: ignore[arg-type]
    town.desk.provider = replace(provider, **changes)  # type: ignore[arg-type]


def attached_to(town: Town, iin: str, provider: str, basis: str = "residence") -> None:
    with town.services.work() as work:
        entry = Attachment(f"test-{iin}-{provider}", iin, provider, basis, date(2024, 2, 1), district="5")
        attach(work.unit, entry, town.clock.now())


@case("DOC_UNRELIABLE")
def _(town: Town) -> list[str]:
    return decided(town, "CALL", CALL_FORM | {"onset": "2024-12-31"})


@case("DOC_MISSING")
def _(town: Town) -> list[str]:
    attached_to(town, PERSON, "AST02")
    return decided(town, "ATT", ATT_FORM | {"basis": "student"})


@case("DOC_DIGEST_MISMATCH")
def _(town: Town) -> list[str]:
    session, request = ordered(town, CALL_FORM)
    file = town.portal.attach(session, request.id, "scan.pdf", PDF, "medical").get()
    town.portal.submit(session, request.id, town.world.certificate("person")).get()
    sent = town.portal.sign(session, request.id, town.world.signer("person")).get()
    town.services.store.document_file(file.digest).write_bytes(PDF + b" changed")  # type: ignore[attr-defined]
    refusal = town.decide(sent.number).refusal
    assert refusal is not None
    return refusal.codes


@case("DOC_WRONG_PROVIDER")
def _(town: Town) -> list[str]:
    envelope = envelope_of(town)
    return codes_of(registration.receive(town.services, replace(envelope, receiver="AST02")))


@case("DOC_DUPLICATE_REQUEST")
def _(town: Town) -> list[str]:
    session = town.log_in()
    town.sent(session, "CALL", CALL_FORM)
    return decided(town, "CALL", CALL_FORM)


@case("DOC_NO_AUTHORITY")
def _(town: Town) -> list[str]:
    attached_to(town, CHILD, "AST01")
    session = town.log_in()
    request = town.portal.order(session, "CALL", "AST01", on_behalf_of=Represented(CHILD, "child")).get()
    town.portal.fill(session, request.id, CALL_FORM).get()
    town.portal.submit(session, request.id, town.world.certificate("person")).get()
    sent = town.portal.sign(session, request.id, town.world.signer("person")).get()
    refusal = town.decide(sent.number).refusal
    assert refusal is not None
    return refusal.codes


@case("CALL_NOT_ATTACHED")
def _(town: Town) -> list[str]:
    return decided(town, "CALL", CALL_FORM, lambda: attached_to(town, PERSON, "AST02"))


@case("CALL_CUTOFF")
def _(town: Town) -> list[str]:
    town.clock.move_to(parse_time("2024-03-01T18:00:00+05:00") + timedelta(hours=1))
    return decided(town, "CALL", CALL_FORM)


@case("CALL_NON_WORKING_DAY")
def _(town: Town) -> list[str]:
    town.clock.move_to(datetime(2024, 3, 3, 6, tzinfo=UTC))
    return decided(town, "CALL", CALL_FORM)


@case("CALL_ADDRESS_OUT_OF_AREA")
def _(town: Town) -> list[str]:
    return decided(town, "CALL", CALL_FORM | {"address": "г. Тараз, ул. Абая, д. 1"})


@case("CALL_NO_DOCTOR")
def _(town: Town) -> list[str]:
    with town.services.work() as work:
        for doctor in list(town.services.registers.doctors("AST01")):
            put_doctor(work.unit, replace(doctor, home_visits=False))
    return decided(town, "CALL", CALL_FORM)


@case("CALL_EMERGENCY")
def _(town: Town) -> list[str]:
    session = town.log_in()
    sent = town.sent(session, "CALL", CALL_FORM | {"complaints": "муж потерял сознание"})
    assert town.decide(sent.number).refusal is None  # advice alone, the call stands
    return [finding.code for finding in sent.advice]


@case("APPT_NOT_ATTACHED")
def _(town: Town) -> list[str]:
    return decided(town, "APPT", SLOT, lambda: attached_to(town, PERSON, "AST02"))


@case("APPT_DOCTOR_NOT_FOUND")
def _(town: Town) -> list[str]:
    def leave() -> None:
        with town.services.work() as work:
            put_doctor(work.unit, Doctor("doctor-1", "AST02", "ТЕСТОВ АРМАН", "терапевт"))

    return decided(town, "APPT", SLOT, leave)


@case("APPT_OUTSIDE_SCHEDULE")
def _(town: Town) -> list[str]:
    return submitted(town, SLOT | {"slot_id": "doctor-2-20240304-01"}, "APPT")


@case("APPT_SLOT_TAKEN")
def _(town: Town) -> list[str]:
    def take() -> None:
        with town.services.work() as work:
            chosen = schedule.slot(work.unit, SLOT["slot_id"])
            assert chosen is not None
            schedule.book(work, chosen, "somebody else")

    return decided(town, "APPT", SLOT, take)


@case("APPT_SLOT_PAST")
def _(town: Town) -> list[str]:
    return decided(town, "APPT", SLOT, lambda: town.clock.move_to(datetime(2024, 3, 4, 8, tzinfo=UTC)))


@case("APPT_DUPLICATE")
def _(town: Town) -> list[str]:
    session = town.log_in()
    town.decide(town.sent(session, "APPT", SLOT).number)
    return decided(town, "APPT", SLOT | {"slot_id": "doctor-1-20240304-02"})


@case("ATT_TERRITORY")
def _(town: Town) -> list[str]:
    return decided(town, "ATT", ATT_FORM | {"admin_unit": "31"})


@case("ATT_REPRESENTATION")
def _(town: Town) -> list[str]:
    session = town.log_in()
    request = town.portal.order(session, "ATT", "AST01", on_behalf_of=Represented(CHILD, "child")).get()
    town.portal.fill(session, request.id, ATT_FORM | {"basis": "child"}).get()
    town.portal.submit(session, request.id, town.world.certificate("person")).get()
    sent = town.portal.sign(session, request.id, town.world.signer("person")).get()
    refusal = town.decide(sent.number).refusal
    assert refusal is not None
    return refusal.codes


@case("ATT_ALREADY")
def _(town: Town) -> list[str]:
    return decided(town, "ATT", ATT_FORM)


@case("ATT_YEAR_LIMIT")
def _(town: Town) -> list[str]:
    attached_to(town, PERSON, "AST02", "free_choice")
    return decided(town, "ATT", ATT_FORM | {"basis": "free_choice"})


@case("ATT_ORG_CLOSED")
def _(town: Town) -> list[str]:
    attached_to(town, PERSON, "AST02")
    return decided(town, "ATT", ATT_FORM, lambda: provider_with(town, accepts_attachment=False))


@case("ATT_PENDING")
def _(town: Town) -> list[str]:
    attached_to(town, PERSON, "AST02")
    town.sent(town.log_in(), "ATT", ATT_FORM)
    return decided(town, "ATT", ATT_FORM)
