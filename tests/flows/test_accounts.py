"""Registration and login: what is refused, that nothing is given away, that locks and sessions end (R101–R104)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from egov_sign.flows import passwords, survey
from egov_sign.flows.refusals import RefusedError
from egov_sign.flows.registers import put_employee
from egov_sign.flows.sessions import resume
from tests.flows.conftest import CALL_FORM, DEPUTY, OTHER, PASSWORD, PERSON, REGISTRAR, Town


@pytest.mark.req("R101", "R201", "R301", "R30", "R50")
def test_one_registers_once_and_logs_in_with_the_iin(town: Town) -> None:
    assert str(town.portal.register(PERSON, PASSWORD).get()) == PERSON
    again = town.portal.register(PERSON, PASSWORD)
    assert again.refusal is not None
    assert again.refusal.codes == ["REG_ALREADY"]
    assert town.portal.log_in(PERSON, PASSWORD).get().iin.digits == PERSON


@pytest.mark.req("R434")
@pytest.mark.parametrize("iin", ["85041211000", "8504121100000", "85041211000a", "８50412110000", "850412110001", ""])
def test_a_wrong_iin_is_refused_at_registration(town: Town, iin: str) -> None:
    answer = town.portal.register(iin, PASSWORD)
    assert answer.refusal is not None
    assert answer.refusal.codes[0] in {"REG_IIN_FORMAT", "REG_IIN_CHECK_DIGIT"}


@pytest.mark.req("R107")
def test_all_that_is_wrong_is_told_at_once(town: Town) -> None:
    answer = town.portal.register("1", "short")
    assert answer.refusal is not None
    assert answer.refusal.codes == ["REG_IIN_FORMAT", "REG_WEAK_PASSWORD"]


@pytest.mark.parametrize("password", ["", "short1", "onlyletters", "12345678", f"x{PERSON}"])
def test_weak_passwords(town: Town, password: str) -> None:
    assert not passwords.is_strong(password, PERSON)
    assert not town.portal.register(PERSON, password).accepted
    assert passwords.is_strong(PASSWORD, PERSON)


@pytest.mark.req("R422", "R103", "R104")
def test_a_failed_login_does_not_tell_whether_the_iin_is_registered(town: Town) -> None:
    town.portal.register(PERSON, PASSWORD).get()
    texts = []
    for iin in (PERSON, OTHER, "not an iin"):
        answer = town.portal.log_in(iin, "wrong")
        assert answer.refusal is not None
        texts.append(
            (answer.refusal.texts("ru"), answer.refusal.to_dict(), answer.refusal.codes, answer.refusal.advice("kk"))
        )
    assert texts[0] == texts[1] == texts[2]


@pytest.mark.req("R422")
def test_an_unknown_user_costs_the_same_check(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow hash is computed once in every case; timing itself is not asserted."""
    town.portal.register(PERSON, PASSWORD).get()
    calls = []

    def verify(_: object, digest: str, password: str) -> bool:
        calls.append(password)
        raise VerifyMismatchError(digest)

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    for iin in (PERSON, OTHER, "not an iin"):
        town.portal.log_in(iin, "wrong")
    assert len(calls) == 3


@pytest.mark.req("R422")
@pytest.mark.parametrize("iin", [OTHER, DEPUTY, "not an iin"])
def test_the_first_unknown_user_of_a_process_costs_one_hash_too(
    town: Town, monkeypatch: pytest.MonkeyPatch, iin: str
) -> None:
    """Every command is a process of its own: a hash made there for comparison would double the time of an answer."""
    checked: list[str] = []
    verify = PasswordHasher.verify

    def counted(hasher: PasswordHasher, digest: str, password: bytes) -> bool:
        checked.append(digest)
        return verify(hasher, digest, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    monkeypatch.setattr(PasswordHasher, "hash", lambda *_: pytest.fail("a second hash is made"))
    assert not town.portal.log_in(iin, "wrong").accepted
    (digest,) = checked
    assert extract_parameters(digest) == extract_parameters(str(_credential(town)))


def _credential(town: Town) -> object:
    record = town.services.store.get("credential", f"desk-{DEPUTY}")
    assert record is not None
    return record.data["hash"]


@pytest.mark.parametrize("iin", ["8" * 3000, "a" * 300, "\ud800", "a\0b", "", "..", f"{PERSON}\n"])
def test_whatever_is_typed_is_refused_and_nothing_breaks(town: Town, iin: str) -> None:
    town.portal.register(PERSON, PASSWORD).get()
    for password in (PASSWORD, "\ud800", ""):
        for answer in (town.portal.log_in(iin, password), town.desk.log_in(iin, password)):
            assert answer.refusal is not None
            assert answer.refusal.codes[0] in {"AUTH_FAILED", "EMP_AUTH_FAILED"}
    assert not town.portal.resume(iin).accepted
    assert not town.portal.log_in(PERSON, "\ud800").accepted


@pytest.mark.req("R49")
@pytest.mark.parametrize("iin", [PERSON, OTHER])
def test_guessing_locks_for_a_while_registered_or_not(town: Town, iin: str) -> None:
    town.portal.register(PERSON, PASSWORD).get()
    for _ in range(5):
        town.portal.log_in(iin, "guess")
    locked = town.portal.log_in(iin, PASSWORD)
    assert locked.refusal is not None
    assert locked.refusal.codes == ["AUTH_LOCKED"]
    town.clock.advance(timedelta(minutes=15).total_seconds())
    assert town.portal.log_in(iin, PASSWORD).accepted is (iin == PERSON)


def test_a_good_login_forgets_earlier_failures(town: Town) -> None:
    town.portal.register(PERSON, PASSWORD).get()
    for _ in range(2):
        for _ in range(4):
            town.portal.log_in(PERSON, "guess")
        assert town.portal.log_in(PERSON, PASSWORD).accepted


@pytest.mark.req("R47")
def test_sessions_end_by_time_and_by_logging_out(town: Town) -> None:
    first, second = town.log_in(), town.portal.log_in(PERSON, PASSWORD).get()
    assert town.portal.resume(first.token).get().iin == first.iin
    town.portal.log_out(first)
    assert not town.portal.resume(first.token).accepted
    assert town.portal.resume(second.token).accepted
    assert resume(town.services, second.token, "desk") is None
    town.clock.advance(3600)
    answer = town.portal.resume(second.token)
    assert answer.refusal is not None
    assert answer.refusal.codes == ["AUTH_SESSION_EXPIRED"]
    assert not town.portal.resume("forged").accepted


@pytest.mark.req("R47")
def test_who_has_logged_out_sees_nothing_more(town: Town) -> None:
    session = town.log_in()
    request = town.sent(session, "CALL", CALL_FORM)
    town.decide(request.number)
    waiting = town.ready(session, "CALL", CALL_FORM)
    stolen = replace(town.log_in(OTHER), iin=session.iin)
    town.portal.log_out(session)
    for ended in (session, stolen):
        for look in (
            town.portal.cabinet,
            lambda who: town.portal.status(who, request.id),
            lambda who: town.portal.can_view_result(who, request.id),
            lambda who: town.portal.open_result(who, request.id),
            lambda who: town.portal.to_sign(who, waiting.id),
            lambda who: survey.answer(town.services, who, request.id, 1, 1),
        ):
            with pytest.raises(RefusedError, match="AUTH_SESSION_EXPIRED"):
                look(ended)
        assert not town.portal.fill(ended, waiting.id, {}).accepted


@pytest.mark.req("R121", "R412")
def test_a_role_that_was_taken_away_ends_the_session(town: Town) -> None:
    session = town.desk_session()
    with town.services.work() as work:
        put_employee(work.unit, replace(session.employee, roles=("doctor",)))
    assert not town.desk.resume(session.token).accepted


@pytest.mark.req("R121", "R221", "R321", "R412", "R28")
def test_employees_log_in_at_their_own_provider(town: Town) -> None:
    session = town.desk.log_in(REGISTRAR, PASSWORD).get()
    assert session.employee.position == "медицинский регистратор"
    assert town.desk.resume(session.token).get().employee == session.employee
    for iin, password, code in [
        (REGISTRAR, "wrong", "EMP_AUTH_FAILED"),
        (PERSON, PASSWORD, "EMP_AUTH_FAILED"),
        ("letters", PASSWORD, "EMP_AUTH_FAILED"),
    ]:
        answer = town.desk.log_in(iin, password)
        assert answer.refusal is not None
        assert answer.refusal.codes == [code]
    for _ in range(5):
        town.desk.log_in(DEPUTY, "guess")
    locked = town.desk.log_in(DEPUTY, PASSWORD)
    assert locked.refusal is not None
    assert locked.refusal.codes == ["AUTH_LOCKED"]
    assert not town.desk.resume("forged").accepted
