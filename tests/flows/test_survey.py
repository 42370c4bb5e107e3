"""The survey: literal questions, once per request, by its owner (R43–R46, R435)."""

from __future__ import annotations

import pytest

from egov_sign.errors import ConfigurationError
from egov_sign.flows import survey
from tests.flows.conftest import CALL_FORM, OTHER, Town


@pytest.mark.req("R43", "R44", "R45")
def test_the_questionnaire_is_literal() -> None:
    assert survey.form("CALL").splitlines() == [
        "Форма анкеты для определения показателей электронной государственной услуги: «качество» и «доступность»",
        "Вызов врача на дом",
        "1. Удовлетворены ли Вы качеством процесса и результатом оказания электронной государственной услуги?",
        "1) не удовлетворен",
        "2) частично удовлетворен",
        "3) удовлетворен",
        "2. Удовлетворены ли Вы качеством информации о порядке оказания электронной государственной услуги?",
        "1) не удовлетворен",
        "2) частично удовлетворен",
        "3) удовлетворен",
    ]


@pytest.mark.req("R46", "R435")
def test_answers_once_by_the_owner_after_the_outcome(town: Town) -> None:
    session, other = town.log_in(), town.log_in(OTHER)
    request = town.sent(session, "CALL", CALL_FORM)

    def code(*answers: int, by: object = session) -> str:
        with pytest.raises(ConfigurationError) as caught:
            survey.answer(town.services, by, request.id, *answers)  # type: ignore[arg-type]
        return caught.value.code

    assert code(3, 3) == "SURVEY_TOO_EARLY"
    town.decide(request.number)
    assert code(0, 3) == code(3, 4) == "SURVEY_OPTION"
    assert code(3, 3, by=other) == "REQUEST_UNKNOWN"
    survey.answer(town.services, session, request.id, 3, 2)
    assert code(3, 3) == "SURVEY_ANSWERED"


@pytest.mark.req("R46")
def test_results_per_service_with_shares(town: Town) -> None:
    session = town.log_in()
    for answers in ((3, 3), (3, 1), (1, 2)):
        town.clock.advance(1)
        request = town.sent(session, "CALL", CALL_FORM)
        town.decide(request.number)
        survey.answer(town.services, session, request.id, *answers)
    result = survey.results(town.services, "CALL")
    assert (result.answers, result.quality) == (3, {1: 1, 2: 0, 3: 2})
    assert result.share("q1", 3) == pytest.approx(2 / 3)
    assert result.share("q2", 2) == pytest.approx(1 / 3)
    assert survey.results(town.services, "ATT").share("q1", 3) == 0
    lines = survey.chart(result, "q1", width=30).splitlines()
    assert [line.count("█") for line in lines] == [10, 0, 20]
    assert lines[2].endswith("67% (2)")
