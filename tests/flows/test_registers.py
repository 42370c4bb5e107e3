"""Registers, sample data, keys from files."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest

from egov_sign.crypto.keystore import KeyEntry, write_pkcs12
from egov_sign.errors import ConfigurationError
from egov_sign.flows import queries, sample
from egov_sign.flows.calendar import WorkCalendar
from egov_sign.flows.keys import open_signer
from egov_sign.flows.registers import Attachment, Person, Provider, Registers, attach, put_provider
from tests.flows.conftest import CALL_FORM, NOW, PERSON, Town


def test_a_provider_comes_back_with_its_calendar(town: Town) -> None:
    calendar = WorkCalendar(
        "Asia/Qyzylorda",
        {1: (time(7, 30), time(15))},
        frozenset({date(2024, 3, 4)}),
        {date(2024, 3, 9): (time(9), time(12))},
    )
    provider = Provider("TRZ01", "451240000021", {"ru": "Т"}, "31", service_area=("г. Тараз",), calendar=calendar)
    with town.services.work() as work:
        put_provider(work.unit, provider)
        assert Registers(work.unit).provider("TRZ01") == provider
    assert Registers(town.services.store).provider("TRZ01") == provider
    assert Registers(town.services.store).provider("TRZ02") is None
    assert Registers(town.services.store).known_provider("TRZ01") == provider
    with pytest.raises(ConfigurationError, match="PROVIDER_UNKNOWN"):
        Registers(town.services.store).known_provider("TRZ02")


def test_age_counts_full_years() -> None:
    person = Person(PERSON, "Т", "Т", date(2006, 3, 2))
    assert [person.age(date(2024, 3, day)) for day in (1, 2)] == [17, 18]


def test_a_closed_attachment_cannot_be_opened(town: Town) -> None:
    entry = Attachment("x", PERSON, "AST01", "residence", date(2024, 1, 1), end=date(2024, 2, 1))
    with town.services.work() as work, pytest.raises(ConfigurationError, match="ATTACHMENT_CLOSED"):
        attach(work.unit, entry, NOW)


@pytest.mark.req("R509", "R529", "R23")
def test_the_register_of_persons_answers_what_it_has(town: Town) -> None:
    from egov_sign.certs.iin import Iin

    person = queries.person(town.services, Iin.parse(PERSON)).get()
    assert (person.surname, person.birth_date, person.admin_unit) == ("ТЕСТОВА", date(1985, 4, 12), "71")
    for fault in ("unavailable", "malformed"):
        town.services.faults["ГБД ФЛ"] = fault
        answer = queries.person(town.services, Iin.parse(PERSON))
        assert answer.refusal is not None
        assert answer.refusal.codes == ["GBD_UNAVAILABLE"]


class TestSample:
    def test_loading_twice_changes_no_slot_and_no_attachment(self, town: Town) -> None:
        before = town.services.store.stats()
        sample.load(town.services)
        assert {key: count for key, count in town.services.store.stats().items() if key != "documents"} == {
            key: count for key, count in before.items() if key != "documents"
        }

    def test_own_registers(self, town: Town, tmp_path: Path) -> None:
        file = tmp_path / "town.toml"
        file.write_text(
            '[[provider]]\ncode = "TRZ01"\nbin = "451240000021"\nname = { ru = "Т" }\nadmin_unit = "31"\n'
            'timezone = "Asia/Qyzylorda"\nhours = { 1 = ["08:00", "16:00"] }\n'
        )
        sample.load(town.services, file)
        provider = town.services.registers.provider("TRZ01")
        assert provider is not None
        assert provider.calendar.hours == {1: (time(8), time(16))}

    @pytest.mark.parametrize(
        "content", ["not toml", '[[person]]\niin = "1"', '[[doctor]]\nid = "d"\ncolour = "red"', None]
    )
    def test_what_cannot_be_read_is_told(self, town: Town, tmp_path: Path, content: str | None) -> None:
        file = tmp_path / "town.toml"
        if content is not None:
            file.write_text(content)
        with pytest.raises(ConfigurationError, match="SAMPLE_UNREADABLE"):
            sample.load(town.services, file)


class TestKeys:
    @pytest.mark.req("R36", "R37")
    def test_a_request_is_signed_with_a_key_from_a_file(self, town: Town) -> None:
        signer = town.world.signer("person")
        entry = KeyEntry("person", signer.key, signer.certificate, tuple(signer.chain))
        opened = open_signer(write_pkcs12(entry, b"secret"), lambda: b"secret").get()
        session = town.log_in()
        request = town.ready(session, "CALL", CALL_FORM)
        assert town.portal.sign(session, request.id, opened).get().number

    def test_wrong_passwords_and_keys_without_a_certificate(self, town: Town) -> None:
        signer = town.world.signer("person")
        entry = KeyEntry("person", signer.key, signer.certificate, tuple(signer.chain))
        container = write_pkcs12(entry, b"secret")
        bare = write_pkcs12(replace(entry, certificate=None, chain=()), b"secret")
        for data, password in ((container, b"wrong"), (bare, b"secret"), (b"", b"secret")):
            answer = open_signer(data, lambda given=password: given)  # type: ignore[misc]
            assert answer.refusal is not None
            assert answer.refusal.codes == ["SIG_KEY_UNAVAILABLE"]
            assert answer.refusal.retryable


@pytest.mark.req("R511")
def test_a_wrong_previous_organisation_is_unreliable_data(town: Town) -> None:
    form = {
        "basis": "residence",
        "actual_address": "г. Астана",
        "admin_unit": "71",
        "previous_provider": "XXX99",
    }
    request = town.sent(town.log_in(), "ATT", form)
    refusal = town.decide(request.number).refusal
    assert refusal is not None
    assert refusal.codes == ["DOC_UNRELIABLE", "ATT_ALREADY"]
    assert "предыдущая организация не соответствует регистру" in refusal.texts("ru")[0]
