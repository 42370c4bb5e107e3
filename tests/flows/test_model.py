"""The process model says what the regulations say, and the engine runs nothing else (R56, R57)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from egov_sign.errors import ConfigurationError
from egov_sign.flows import catalogue
from egov_sign.flows.model import UNITS, Flow, entrance, flow, flows
from egov_sign.flows.refusals import rules

CHANNELS = {"portal-Z": "portal", "desk-phone-Z": "desk"}
EXTERNAL = {"R502", "R513"}


@pytest.fixture(scope="module")
def written() -> list[dict[str, Any]]:
    """The steps as they were extracted from the regulations."""
    file = Path(__file__).resolve().parents[3] / "shared/spec/steps.json"
    if not file.exists():
        pytest.skip("needs the extracted steps beside the repository")
    loaded: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return loaded


def modelled(row: dict[str, Any]) -> Flow:
    profile = "zhambyl" if row["channel"].endswith("-Z") else "astana"
    return flow(profile, row["service"], CHANNELS.get(row["channel"], row["channel"]))


@pytest.mark.req("R56")
def test_every_step_of_the_regulations_is_in_the_model_as_it_is_written(written: list[dict[str, Any]]) -> None:
    for row in written:
        step = next(step for step in modelled(row).steps.values() if step.requirement == row["id"])
        assert step.ru == row["name_ru"]
        assert step.actor == row["actor"]
        assert step.number == row["no"]
        assert step.source == row["source"]
        assert step.completion == row["completion_form_ru"].replace("—", "")
        assert step.min_seconds == row["deadline_min_s"]
        if row["deadline_max_s"] == "1wd":
            assert (step.max_working_days, step.max_seconds) == (1, None)
        else:
            assert step.max_seconds == row["deadline_max_s"]


def test_nothing_else_is_in_the_model(written: list[dict[str, Any]]) -> None:
    known = {row["id"] for row in written}
    assert {step.requirement for one in flows() for step in one.steps.values()} - EXTERNAL == known


@pytest.mark.req("R21")
def test_every_step_has_its_unit_and_its_three_names() -> None:
    for one in flows():
        for step in one.steps.values():
            assert step.unit in UNITS
            assert step.ru
            assert step.kk
            assert step.en


@pytest.mark.req("R57")
def test_the_flows_are_those_of_the_general_graph() -> None:
    portal = "p0>p1 p1>c1 c1>p3,p2 p2> p3>c2 c2>p5,p4 p4> p5>p6 p6>c3 c3>p8,p7 p7> p8>"
    desk = "p1>p2 p2>p3 p3>c1 c1>p5,p4 p4> p5>p6 p6>c2 c2>p8,p7 p7> p8>"
    zhambyl = "p0>p1 p1>c1 c1>p3,p2 p2> p3>c2 c2>p5,p4 p4> p5>c3 c3>p7,p6 p6> p7>"
    for service in ("CALL", "APPT", "ATT"):
        assert graph(flow("astana", service, "portal")) == sorted(portal.split())
        assert graph(flow("astana", service, "desk")) == sorted(desk.split())
    assert graph(flow("zhambyl", "APPT", "portal")) == sorted(zhambyl.split())
    assert graph(flow("zhambyl", "APPT", "phone")) == ["p1>p2", "p2>"]


def graph(one: Flow) -> list[str]:
    return sorted(f"{step.id}>{','.join(step.next)}" for step in one.steps.values() if step.kind != "timed")


def test_every_next_step_exists_and_every_step_is_reached() -> None:
    for one in flows():
        reached = {name for step in one.steps.values() for name in step.next} | set(one.entries)
        assert reached == {step.id for step in one.steps.values() if step.kind != "timed"}


@pytest.mark.req("R3", "R4")
def test_channels_of_the_services() -> None:
    assert flow("zhambyl", "APPT", "phone").service == "APPT"
    assert flow("order272-2019", "CALL", "phone").service == "CALL"
    for profile, service, channel in [
        ("astana", "ATT", "phone"),
        ("astana", "APPT", "phone"),
        ("order272-2019", "ATT", "desk"),
        ("zhambyl", "CALL", "portal"),
    ]:
        with pytest.raises(ConfigurationError) as caught:
            flow(profile, service, channel)
        assert caught.value.code == "FLOW_NOT_PROVIDED"


@pytest.mark.req("R501")
def test_attachment_is_requested_through_the_portal_alone_since_2018() -> None:
    assert [one.channel for one in flows() if (one.profile, one.service) == ("order272-2019", "ATT")] == ["portal"]
    assert {one.channel for one in flows() if (one.profile, one.service) == ("order272-2019", "CALL")} == {
        "portal",
        "desk",
        "phone",
    }


@pytest.mark.req("R202", "R203", "R204", "R302", "R303", "R304", "R102", "R103", "R104")
def test_logging_in_is_the_same_for_all_services_of_a_profile() -> None:
    for profile, channel in {(one.profile, one.channel) for one in flows()}:
        first = entrance(profile, channel)
        for one in flows():
            if (one.profile, one.channel) == (profile, channel) and first.grounds:
                assert [one.steps[name].ru for name in ("p1", "c1")] == [first.steps[name].ru for name in ("p1", "c1")]
    with pytest.raises(ConfigurationError):
        entrance("astana", "phone")


def test_deadlines_of_the_good_path_add_up_as_in_the_matrix() -> None:
    def total(profile: str, service: str, channel: str, steps: str) -> int:
        return sum(flow(profile, service, channel).steps[name].max_seconds or 0 for name in steps.split())

    assert total("astana", "CALL", "portal", "p1 p3 p5 p6 p8") == 2070
    assert total("astana", "APPT", "desk", "p1 p2 p3 p5 p6 p8") == 820
    assert total("zhambyl", "APPT", "portal", "t9.1 t9.3 t9.4") == 1800
    assert total("zhambyl", "APPT", "desk", "p1 p2") == 600


def refusing_steps() -> Iterator[tuple[str, str]]:
    for one in flows():
        for step in one.steps.values():
            for pattern in step.refusals:
                yield f"{one.name}.{step.id}", pattern


def test_every_refusal_pattern_of_a_step_means_at_least_one_code() -> None:
    from fnmatch import fnmatchcase

    for _, pattern in refusing_steps():
        assert any(fnmatchcase(code, pattern) or code.startswith(pattern) for code in rules()), pattern


@pytest.mark.req("R1", "R6", "R7", "R9", "R20", "R506", "R516", "R518")
def test_the_catalogue_names_the_services_exactly() -> None:
    infos = catalogue.catalogue("astana")
    assert [info.name["ru"] for info in infos] == [
        "Вызов врача на дом",
        "Запись на прием к врачу",
        "Прикрепление к медицинской организации, оказывающей первичную медико-санитарную помощь",
    ]
    assert all(info.free for info in infos)
    assert {info.automation for info in infos} == {"полностью автоматизированная"}
    assert {info.contact_centre for info in infos} == {("1414", "8-800-080-7777")}
    assert "1294" in " ".join(infos[0].legal_basis)
    (zhambyl,) = catalogue.catalogue("zhambyl")
    assert "частично автоматизированная" in zhambyl.automation
    assert "272" in zhambyl.legal_basis[0]
    order = {info.code: info.automation for info in catalogue.catalogue("order272-2019")}
    assert ("частично" in order["CALL"], "частично" in order["ATT"]) == (True, False)


@pytest.mark.req("R32", "R35", "R37", "R40", "R41", "R42")
def test_captions_of_the_buttons_are_literal() -> None:
    assert (catalogue.ORDER_BUTTON, catalogue.SEND_BUTTON, catalogue.SIGN_BUTTON) == (
        "Заказать услугу online",
        "отправить запрос",
        "подписать",
    )
    assert (catalogue.REFRESH_BUTTON, catalogue.VIEW_BUTTON, catalogue.OPEN_BUTTON) == (
        "обновить статус",
        "просмотр результата",
        "открыть",
    )
