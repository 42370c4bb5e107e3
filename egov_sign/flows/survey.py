"""The survey of quality and availability: two questions, once per request, by its owner (R43–R46, R435)."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass

from egov_sign.clock import format_time
from egov_sign.errors import ConfigurationError
from egov_sign.flows import catalogue, requests, sessions
from egov_sign.flows.requests import State
from egov_sign.flows.services import Services
from egov_sign.flows.sessions import Session
from egov_sign.flows.store import Data
from egov_sign.messages import Language

TITLE = "Форма анкеты для определения показателей электронной государственной услуги: «качество» и «доступность»"
QUESTIONS = {
    "q1": {
        "ru": "Удовлетворены ли Вы качеством процесса и результатом оказания электронной государственной услуги?",
        "kk": "Электрондық мемлекеттік қызмет көрсету процесінің сапасына және нәтижесіне қанағаттанасыз ба?",
        "en": "Are you satisfied with the quality of the process and with the result of the service?",
    },
    "q2": {
        "ru": "Удовлетворены ли Вы качеством информации о порядке оказания электронной государственной услуги?",
        "kk": "Электрондық мемлекеттік қызмет көрсету тәртібі туралы ақпараттың сапасына қанағаттанасыз ба?",
        "en": "Are you satisfied with the quality of the information on how the service is given?",
    },
}
OPTIONS = {
    1: {"ru": "не удовлетворен", "kk": "қанағаттанбадым", "en": "not satisfied"},
    2: {"ru": "частично удовлетворен", "kk": "ішінара қанағаттандым", "en": "partly satisfied"},
    3: {"ru": "удовлетворен", "kk": "қанағаттандым", "en": "satisfied"},
}


@dataclass(frozen=True, slots=True)
class SurveyResult:
    """The answers about one service.

    Attributes:
        service: code of the service.
        answers: how many people answered.
        quality: answers to question 1 by option.
        availability: answers to question 2 by option.
    """

    service: str
    answers: int
    quality: dict[int, int]
    availability: dict[int, int]

    def share(self, question: str, option: int) -> float:
        """Return the share of ``option`` among the answers to ``q1`` or ``q2``; 0 where nobody has answered."""
        counts = self.quality if question == "q1" else self.availability
        return counts[option] / self.answers if self.answers else 0.0


def form(service: str) -> str:
    """Return the questionnaire as the regulation prints it, with the name of the service filled in (R43–R45)."""
    lines = [TITLE, catalogue.name_of(service)]
    for number, question in enumerate(QUESTIONS.values(), 1):
        lines.append(f"{number}. {question['ru']}")
        lines += [f"{option}) {text['ru']}" for option, text in OPTIONS.items()]
    return "\n".join(lines)


def answer(services: Services, session: Session, request_id: str, q1: int, q2: int) -> None:
    """Keep the answers of the owner of a finished request.

    Raises:
        RefusedError: ``AUTH_SESSION_EXPIRED``.
        ConfigurationError: ``SURVEY_OPTION`` for an option that is not 1, 2 or 3; ``SURVEY_TOO_EARLY`` before the
            outcome; ``SURVEY_ANSWERED`` the second time; ``REQUEST_UNKNOWN`` for somebody else's request.
    """
    if not {q1, q2} <= OPTIONS.keys():
        raise ConfigurationError("SURVEY_OPTION", "each question has the options 1, 2 and 3")
    sessions.demand_open(services, session)
    with services.work() as work:
        request = requests.load(work.unit, request_id)
        if request.applicant != session.iin:
            raise ConfigurationError("REQUEST_UNKNOWN", f"there is no request {request_id!r}")
        if request.state not in {State.COMPLETED, State.REFUSED}:
            raise ConfigurationError("SURVEY_TOO_EARLY", "the survey follows the outcome", where=request.number)
        if request.survey:
            raise ConfigurationError("SURVEY_ANSWERED", "the survey was answered already", where=request.number)
        row: Data = {
            "service": request.service,
            "request_number": request.number,
            "q1": q1,
            "q2": q2,
            "answered_at": format_time(work.now),
        }
        work.unit.put("survey", str(uuid.uuid4()), row, index={"service": request.service})
        request.survey = True
        request.save(work)


def results(services: Services, service: str) -> SurveyResult:
    """Return the answers about ``service``, counted (R46)."""
    found = [services.store.get("survey", key) for key in services.store.find("survey", "service", service)]
    rows = [record.data for record in found if record]
    quality = Counter(row["q1"] for row in rows)
    availability = Counter(row["q2"] for row in rows)
    return SurveyResult(
        service,
        len(rows),
        {option: quality[option] for option in OPTIONS},
        {option: availability[option] for option in OPTIONS},
    )


def chart(result: SurveyResult, question: str, language: Language = "ru", width: int = 40) -> str:
    """Return a bar for every option, as wide as its share, e.g. for a terminal."""
    counts = result.quality if question == "q1" else result.availability
    lines = []
    for option, text in OPTIONS.items():
        share = result.share(question, option)
        lines.append(f"{text[language]:<22} {'█' * round(share * width):<{width}} {share:4.0%} ({counts[option]})")
    return "\n".join(lines)
