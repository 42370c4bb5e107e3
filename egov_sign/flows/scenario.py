"""Plays a whole scenario from a TOML file: people, clock, faults, actions, expectations.

::

    title = "A home call, granted"
    at = 2024-03-01T10:00:00+05:00

    [[step]]
    do = "log-in"
    who = "850412110000"

    [[step]]
    do = "order"
    service = "CALL"
    form = { address = "г. Астана, …", phone = "+7 700 000 00 00", complaints = "кашель" }

    [[step]]
    do = "submit"
    key = "other-person"
    expect = ["SIG_IIN_MISMATCH"]

``expect`` lists the refusal codes that the step must give; without it the step must be accepted. Keys are named by
labels; whoever plays the scenario says what they stand for. What the steps can be: :data:`ACTIONS`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

from egov_sign.clock import FrozenClock, as_utc
from egov_sign.crypto.signer import Signer
from egov_sign.errors import ConfigurationError
from egov_sign.flows.services import Services
from egov_sign.verdict import Json

DEFAULT_PROVIDER = "AST01"
_ALLOWED = {"title", "at", "profile", "provider", "step"}


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario that was read.

    Attributes:
        name: of the file, without its ending.
        title: what it shows.
        at: when it begins.
        profile: the regulation.
        provider: code of the provider.
        steps: what happens, in order.
    """

    name: str
    title: str
    at: datetime
    profile: str
    provider: str
    steps: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Played:
    """What became of one step.

    Attributes:
        number: of the step, from 1.
        action: what was done.
        expected: refusal codes, or another expectation in words.
        got: what came instead, or the same.
    """

    number: int
    action: str
    expected: str
    got: str

    @property
    def as_expected(self) -> bool:
        """Whether it went as the scenario says."""
        return self.expected == self.got


@dataclass(slots=True)
class Outcome:
    """What became of a scenario.

    Attributes:
        scenario: which.
        steps: what became of its steps, up to the first that did not go as expected.
    """

    scenario: Scenario
    steps: list[Played] = field(default_factory=list)

    @property
    def as_expected(self) -> bool:
        """Whether everything went as the scenario says."""
        return all(step.as_expected for step in self.steps)

    def to_dict(self) -> dict[str, Json]:
        """Return the outcome as plain JSON values."""
        return {
            "scenario": self.scenario.name,
            "title": self.scenario.title,
            "as_expected": self.as_expected,
            "steps": [
                {"number": step.number, "action": step.action, "expected": step.expected, "got": step.got}
                for step in self.steps
            ],
        }


def ready_scenarios() -> dict[str, str]:
    """Return name and title of the scenarios that come with the package."""
    folder = resources.files(__package__).joinpath("scenarios")
    names = sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))
    return {name: read_ready(name).title for name in names}


def read_ready(name: str) -> Scenario:
    """Return a scenario of the package by its name.

    Raises:
        ConfigurationError: ``SCENARIO_UNREADABLE``.
    """
    file = resources.files(__package__).joinpath("scenarios", f"{name}.toml")
    if not name.replace("-", "").isalnum() or not file.is_file():
        raise ConfigurationError(
            "SCENARIO_UNREADABLE",
            f"there is no scenario {name!r}",
            hint="list the ready ones: egov-sign flow run --list",
        )
    return parse(file.read_text(encoding="utf-8"), name)


def read(file: Path) -> Scenario:
    """Return the scenario in ``file``.

    Raises:
        ConfigurationError: ``SCENARIO_UNREADABLE``.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError("SCENARIO_UNREADABLE", f"cannot be read: {error}", where=str(file)) from error
    try:
        return parse(text, file.stem)
    except ConfigurationError as error:
        error.where = str(file)
        raise


def parse(text: str, name: str) -> Scenario:
    """Return the scenario that ``text`` describes.

    Raises:
        ConfigurationError: ``SCENARIO_UNREADABLE``, with the place.
    """
    try:
        table = tomllib.loads(text)
        unknown = sorted(set(table) - _ALLOWED)
        if unknown:
            raise ValueError(f"unknown: {', '.join(unknown)}")
        for number, step in enumerate(table["step"], 1):
            if step.get("do") not in ACTIONS:
                raise ValueError(f"step {number}: do must be one of {', '.join(ACTIONS)}")
        return Scenario(
            name,
            table["title"],
            as_utc(table["at"]),
            table.get("profile", "astana"),
            table.get("provider", DEFAULT_PROVIDER),
            tuple(table["step"]),
        )
    except (ValueError, KeyError, TypeError, ConfigurationError) as error:
        wrong = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise ConfigurationError("SCENARIO_UNREADABLE", f"not a scenario: {wrong}", where=name) from error


def play(
    scenario: Scenario,
    services: Services,
    clock: FrozenClock,
    keys: Callable[[str], Signer],
    *,
    password: str,
) -> Outcome:
    """Play ``scenario`` and tell how each step went; stop at the first that did not go as expected.

    Args:
        scenario: what to play.
        services: where; its registers must be filled.
        clock: the clock of ``services``; it is set to the beginning of the scenario.
        keys: what the labels of keys stand for.
        password: of everybody in it.

    Raises:
        ConfigurationError: ``SCENARIO_UNREADABLE`` if a step lacks something.
    """
    from egov_sign.flows.scenario_player import Player  # noqa: PLC0415 - each needs the other

    clock.move_to(scenario.at)
    player = Player(scenario, services, clock, keys, password)
    outcome = Outcome(scenario)
    for number, step in enumerate(scenario.steps, 1):
        try:
            expected, got = player.do(step)
        except KeyError as error:
            raise ConfigurationError(
                "SCENARIO_UNREADABLE", f"step {number} ({step['do']}) lacks {error}", where=scenario.name
            ) from error
        outcome.steps.append(Played(number, step["do"], expected, got))
        if expected != got:
            break
    return outcome


ACTIONS = {
    "register": "open an account: who",
    "log-in": "register if need be and log in on the portal: who",
    "order": "order a service and fill the form: service, form, on_behalf_of, relation",
    "attach": "attach a file: name, kind, or text",
    "submit": "«отправить запрос» with the certificate of: key",
    "sign": "«подписать» with: key; `tamper = true` changes a byte after signing",
    "deliver": "let the gateway try again",
    "withdraw": "take the request back",
    "status": "look at the status screen: shows (the caption expected)",
    "result": "«просмотр результата», «открыть»: kind (result or refusal)",
    "survey": "answer the survey: q1, q2",
    "desk-log-in": "an employee logs in: who",
    "desk-open": "an employee opens a request: service, recipient, surname, name, birth_date, form",
    "desk-register": "the employee signs and registers: key",
    "receive": "reception in two procedures: service, recipient, surname, name, birth_date, form, channel",
    "decide": "check the grounds and sign the outcome: key",
    "wait": "let time pass: seconds, minutes, hours or days",
    "fault": "make an information system fail: system, kind (empty ends it)",
}
"""What a step can be, and what it needs."""


def duration(step: dict[str, Any]) -> timedelta:
    """Return how long a ``wait`` lasts."""
    return timedelta(**{unit: step[unit] for unit in ("seconds", "minutes", "hours", "days") if unit in step})
