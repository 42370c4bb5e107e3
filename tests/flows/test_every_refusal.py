"""Every refusal code of the specification can be reached, by the way a user would meet it, and reads well."""

from __future__ import annotations

from dataclasses import replace

import pytest

from egov_sign import messages
from egov_sign.flows import gateway, journal, reception, registration, signing
from egov_sign.flows.desk import Identity, ServiceDesk
from egov_sign.flows.envelope import Envelope
from egov_sign.flows.keys import open_signer
from egov_sign.flows.refusals import rules
from egov_sign.flows.registers import put_employee, put_person
from egov_sign_pki.world import World
from tests.flows import reaching_grounds  # noqa: F401 - registers its cases
from tests.flows.conftest import CALL_FORM, DEPUTY, HEAD, OTHER, PASSWORD, PERSON, REGISTRAR, Town, judge_of
from tests.flows.reaching import CASES, PDF, SLOT, case, codes_of, envelope_of, ordered, submitted

UNATTACHED = "911130210104"


@pytest.mark.parametrize("code", sorted(rules()))
def test_code_is_reached(town: Town, code: str) -> None:
    assert code in list(CASES[code](town))
    for language in messages.LANGUAGES:
        assert messages.text(code, language) != code
    assert messages.text(rules()[code].mend, "kk") != rules()[code].mend


# Registration and login


@case("REG_IIN_FORMAT")
def _(town: Town) -> list[str]:
    return codes_of(town.portal.register("85041211000", PASSWORD))


@case("REG_IIN_CHECK_DIGIT")
def _(town: Town) -> list[str]:
    return codes_of(town.portal.register("850412110001", PASSWORD))


@case("REG_ALREADY")
def _(town: Town) -> list[str]:
    town.portal.register(PERSON, PASSWORD).get()
    return codes_of(town.portal.register(PERSON, PASSWORD))


@case("REG_WEAK_PASSWORD")
def _(town: Town) -> list[str]:
    return codes_of(town.portal.register(PERSON, "password"))


@case("REG_NOT_IN_GBDFL")
def _(town: Town) -> list[str]:
    return codes_of(town.portal.register("850412110101", PASSWORD))


@case("AUTH_FAILED")
def _(town: Town) -> list[str]:
    town.portal.register(PERSON, PASSWORD).get()
    return codes_of(town.portal.log_in(PERSON, "wrong"))


@case("AUTH_NOT_REGISTERED")
def _(town: Town) -> list[str]:
    assert codes_of(town.portal.log_in(PERSON, PASSWORD)) == ["AUTH_FAILED"]  # the journal alone knows better
    return [code for event in journal.read(town.services.store) for code in event.codes]


@case("AUTH_LOCKED")
def _(town: Town) -> list[str]:
    town.portal.register(PERSON, PASSWORD).get()
    for _ in range(5):
        town.portal.log_in(PERSON, "wrong")
    return codes_of(town.portal.log_in(PERSON, PASSWORD))


@case("AUTH_SESSION_EXPIRED")
def _(town: Town) -> list[str]:
    session = town.log_in()
    town.clock.advance(3600)
    return codes_of(town.portal.order(session, "CALL", "AST01"))


# The form


@case("FORM_REQUIRED")
def _(town: Town) -> list[str]:
    return submitted(town, CALL_FORM | {"complaints": " "})


@case("FORM_FORMAT")
def _(town: Town) -> list[str]:
    return submitted(town, CALL_FORM | {"phone": "call me"})


@case("FORM_IIN_READONLY")
def _(town: Town) -> list[str]:
    session, request = ordered(town, CALL_FORM)
    return codes_of(town.portal.fill(session, request.id, {"iin": OTHER}))


@case("FORM_ATTACHMENT_TYPE")
def _(town: Town) -> list[str]:
    session, request = ordered(town, CALL_FORM)
    return codes_of(town.portal.attach(session, request.id, "virus.pdf", b"MZ\x90", "other"))


@case("FORM_ATTACHMENT_SIZE")
def _(town: Town) -> list[str]:
    town.services.limits = replace(town.services.limits, attachment_bytes=10)
    session, request = ordered(town, CALL_FORM)
    return codes_of(town.portal.attach(session, request.id, "scan.pdf", PDF, "other"))


# Condition 2


@case("SIG_CERT_EXPIRED")
def _(town: Town) -> list[str]:
    return submitted(town, CALL_FORM, signer="expired-person")


@case("SIG_CERT_NOT_YET_VALID")
def _(town: Town) -> list[str]:
    return submitted(town, CALL_FORM, signer="future-person")


@case("SIG_CERT_REVOKED")
def _(town: Town) -> list[str]:
    return submitted(town, CALL_FORM, signer="revoked-person")


@case("SIG_CERT_REVOCATION_UNKNOWN")
def _(town: Town) -> list[str]:
    town.services.judge.revocation = None
    return submitted(town, CALL_FORM)


@case("SIG_IIN_MISMATCH")
def _(town: Town) -> list[str]:
    return submitted(town, CALL_FORM, signer="other-person")


@case("SIG_BIN_MISMATCH")
def _(town: Town) -> list[str]:
    from egov_sign.certs.certificate import Certificate
    from egov_sign.certs.iin import Iin
    from egov_sign.flows.condition2 import check_employee

    certificate = Certificate.load(town.world.certificate("head"))
    check = check_employee(town.services, certificate, Iin.parse(HEAD), "451240000021", town.clock.now())
    return [finding.code for finding in check.reasons]


@case("SIG_CERT_UNTRUSTED")
def _(town: Town) -> list[str]:
    town.services.judge = judge_of(World.build("another seed", at=town.clock.now()))
    return submitted(town, CALL_FORM)


@case("SIG_CERT_USAGE")
def _(town: Town) -> list[str]:
    return submitted(town, CALL_FORM, signer="person-auth")


@case("SIG_INVALID")
def _(town: Town) -> list[str]:
    session = town.log_in()
    request = town.ready(session, "CALL", CALL_FORM)
    signed = signing.sign(town.portal.to_sign(session, request.id), town.world.signer("person"))
    return codes_of(town.portal.send_signed(session, request.id, signed.replace("кашель".encode(), "насморк".encode())))


# The gateway


def examined(town: Town, envelope: Envelope, signer: str = "portal") -> list[str]:
    return codes_of(gateway.examine(town.services, envelope.sealed(town.world.signer(signer))))


@case("GW_FORMAT")
def _(town: Town) -> list[str]:
    return codes_of(gateway.examine(town.services, b"<Message/>"))


@case("GW_NO_SERVICE")
def _(town: Town) -> list[str]:
    return examined(town, replace(envelope_of(town), service="PHC_OTHER"))


@case("GW_TRANSPORT_SIG_NOT_ACTUAL")
def _(town: Town) -> list[str]:
    return examined(town, envelope_of(town), "expired-person")


@case("GW_TRANSPORT_SIG_INVALID")
def _(town: Town) -> list[str]:
    sealed = envelope_of(town).sealed(town.world.signer("portal"))
    return codes_of(gateway.examine(town.services, sealed.replace(b">PEP<", b">PIP<")))


@case("GW_NOT_SIGNED")
def _(town: Town) -> list[str]:
    sealed = envelope_of(town).sealed(town.world.signer("portal"))
    header = sealed[sealed.index(b"<soap:Header") : sealed.index(b"</soap:Header>") + len(b"</soap:Header>")]
    return codes_of(gateway.examine(town.services, sealed.replace(header, b"")))


@case("GW_DATA_SIG_NOT_ACTUAL")
def _(town: Town) -> list[str]:
    envelope = envelope_of(town)
    unsigned = town.services.store.document(prepared(town))
    return examined(town, replace(envelope, data=signing.sign(unsigned, town.world.signer("expired-person"))))


@case("GW_DATA_SIG_INVALID")
def _(town: Town) -> list[str]:
    envelope = envelope_of(town)
    return examined(town, replace(envelope, data=envelope.data.replace("кашель".encode(), "насморк".encode())))


@case("GW_DATA_NOT_SIGNED")
def _(town: Town) -> list[str]:
    envelope = envelope_of(town)
    return examined(town, replace(envelope, data=town.services.store.document(prepared(town))))


@case("GW_UNAVAILABLE")
def _(town: Town) -> list[str]:
    town.services.faults["ШЭП"] = "unavailable"
    session = town.log_in()
    request = town.ready(session, "CALL", CALL_FORM)
    return codes_of(town.portal.sign(session, request.id, town.world.signer("person")))


def prepared(town: Town) -> str:
    return str(next(iter(town.services.store.scan("request"))).data["prepared"])


@case("REG_DUP_MESSAGE")
def _(town: Town) -> list[str]:
    envelope = envelope_of(town)
    registration.receive(town.services, envelope).get()
    return codes_of(registration.receive(town.services, envelope))


# The desk


def opened(town: Town, identity: Identity) -> list[str]:
    return codes_of(ServiceDesk(town.services, "AST01").open(town.desk_session(REGISTRAR), "CALL", identity))


@case("GBD_NOT_FOUND")
def _(town: Town) -> list[str]:
    return opened(town, Identity("850412110101"))


@case("GBD_UNAVAILABLE")
def _(town: Town) -> list[str]:
    town.services.faults["ГБД ФЛ"] = "unavailable"
    return opened(town, Identity(PERSON))


@case("GBD_MISMATCH")
def _(town: Town) -> list[str]:
    return opened(town, Identity(PERSON, surname="ДРУГАЯ"))


@case("GBD_NOT_ALIVE")
def _(town: Town) -> list[str]:
    person = town.services.registers.person(PERSON)
    assert person is not None
    with town.services.work() as work:
        put_person(work.unit, replace(person, life_status="1"))
    return opened(town, Identity(PERSON))


@case("EMP_AUTH_FAILED")
def _(town: Town) -> list[str]:
    return codes_of(town.desk.log_in(DEPUTY, "wrong"))


@case("EMP_NO_ROLE")
def _(town: Town) -> list[str]:
    employee = town.services.registers.employee(DEPUTY)
    assert employee is not None
    with town.services.work() as work:
        put_employee(work.unit, replace(employee, active=False))
    return codes_of(town.desk.log_in(DEPUTY, PASSWORD))


@case("EMP_CERT_REJECTED")
def _(town: Town) -> list[str]:
    session = town.log_in()
    sent = town.sent(session, "CALL", CALL_FORM)
    return codes_of(town.desk.process(town.desk_session(), sent.number, town.world.signer("person")))


@case("SIG_KEY_UNAVAILABLE")
def _(town: Town) -> list[str]:
    assert town
    return codes_of(open_signer(b"no key store", lambda: "password"))


def test_reception_gives_reasons_too(town: Town) -> None:
    answer = reception.receive(
        town.services,
        town.desk_session(REGISTRAR),
        "APPT",
        Identity(UNATTACHED, "ТЕСТОВ", "ТИМУР", "1991-11-30"),
        SLOT,
        channel="phone",
        profile="zhambyl",
    )
    assert codes_of(answer) == ["APPT_NOT_ATTACHED"]


def test_what_a_text_is_filled_with_speaks_its_language(town: Town) -> None:
    session, request = ordered(town, CALL_FORM | {"phone": "call me"})
    refusal = town.portal.submit(session, request.id, town.world.certificate("person")).refusal
    assert refusal is not None
    assert refusal.texts("ru") == ["Поле контактный телефон заполнено с нарушением формата: +7 717 200 00 00."]
    assert refusal.texts("kk")[0].startswith("байланыс телефоны өрісі")
    assert refusal.texts("en") == ["The field contact phone violates the format: +7 717 200 00 00."]


def test_the_reason_behind_a_reason_is_told_in_words(town: Town) -> None:
    sent = town.sent(town.log_in(), "CALL", CALL_FORM)
    refusal = town.desk.process(town.desk_session(), sent.number, town.world.signer("expired-person")).refusal
    assert refusal is not None
    assert refusal.texts("ru")[0].startswith(
        "Не подтверждена подлинность ЭЦП сотрудника: срок действия регистрационного свидетельства истек (2024"
    )
    assert "{" not in "".join(refusal.texts("ru") + refusal.texts("kk") + refusal.texts("en"))
