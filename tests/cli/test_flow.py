"""``egov-sign flow diagram``."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from .conftest import Cli


@pytest.mark.req("R51")
@pytest.mark.parametrize("channel", ["portal", "desk"])
@pytest.mark.parametrize("service", ["CALL", "APPT", "ATT"])
def test_both_diagrams_of_every_service(cli: Cli, tmp_path: Path, service: str, channel: str) -> None:
    picture, bpmn = tmp_path / "d.svg", tmp_path / "d.bpmn"
    assert cli("flow", "diagram", service, "--channel", channel, "-o", picture, "--lang", "ru").code == 0
    assert cli("flow", "diagram", service, "--channel", channel, "-o", bpmn, "--lang", "kk").code == 0
    assert etree.QName(etree.parse(picture).getroot()).localname == "svg"
    assert "Процесс 7" in picture.read_text()
    assert etree.QName(etree.parse(bpmn).getroot()).localname == "definitions"
    assert "7-процесс" in bpmn.read_text()


@pytest.mark.req("R53", "R54")
@pytest.mark.parametrize("form", ["A", "B"])
def test_the_reference_book_of_zhambyl(cli: Cli, form: str) -> None:
    ran = cli("flow", "diagram", "APPT", "--profile", "zhambyl", "--book", form, "--lang", "ru")
    assert ran.code == 0
    assert "Справочник бизнес-процессов" in ran.out


def test_what_a_regulation_does_not_provide_is_told(cli: Cli) -> None:
    ran = cli("flow", "diagram", "CALL", "--profile", "zhambyl")
    assert (ran.code, "FLOW_NOT_PROVIDED" in ran.err) == (13, True)
    assert cli("flow", "diagram", "CALL", "--case", "1", "--format", "bpmn").code == 2
