"""The ready scenarios play as they say; a scenario that is wrong is told (issue: scripting)."""

from __future__ import annotations

from pathlib import Path

import pytest

from egov_sign.errors import ConfigurationError
from egov_sign.flows import journal, scenario
from egov_sign.verdict import Indication
from tests.flows.conftest import PASSWORD, Town


def play(town: Town, text: str) -> scenario.Outcome:
    return scenario.play(scenario.parse(text, "test"), town.services, town.clock, town.world.signer, password=PASSWORD)


@pytest.mark.req("R3", "R4")
@pytest.mark.parametrize("name", sorted(scenario.ready_scenarios()))
def test_ready_scenario(town: Town, name: str) -> None:
    outcome = scenario.play(scenario.read_ready(name), town.services, town.clock, town.world.signer, password=PASSWORD)
    assert outcome.as_expected, outcome.steps[-1]
    assert len(outcome.steps) == len(outcome.scenario.steps)
    assert journal.verify(town.services.store).indication is Indication.VALID


def test_there_are_twelve_and_each_pair_of_service_and_channel_is_among_them() -> None:
    names = scenario.ready_scenarios()
    assert len(names) == 12
    pairs = {"call-portal", "call-desk", "call-phone", "appointment-portal", "appointment-desk", "appointment-phone"}
    assert pairs | {"attachment-portal", "attachment-desk"} <= set(names)


def test_the_first_step_that_goes_otherwise_is_told_and_the_last_played(town: Town) -> None:
    outcome = play(
        town,
        """
        title = "wrong"
        at = 2024-03-01T10:00:00+05:00
        [[step]]
        do = "log-in"
        who = "850412110000"
        [[step]]
        do = "order"
        service = "CALL"
        expect = ["FORM_REQUIRED"]
        [[step]]
        do = "withdraw"
        """,
    )
    assert not outcome.as_expected
    assert len(outcome.steps) == 2
    assert (outcome.steps[1].expected, outcome.steps[1].got) == ("FORM_REQUIRED", "accepted")
    assert outcome.to_dict()["as_expected"] is False


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        'title = "no time"\nstep = []',
        'title = "x"\nat = 2024-03-01T10:00:00\nstep = []',
        'title = "x"\nat = 2024-03-01T10:00:00Z\ncolour = 1\nstep = []',
        'title = "x"\nat = 2024-03-01T10:00:00Z\n[[step]]\ndo = "dance"',
    ],
)
def test_what_is_no_scenario_is_told(text: str) -> None:
    with pytest.raises(ConfigurationError, match="SCENARIO_UNREADABLE"):
        scenario.parse(text, "test")


@pytest.mark.parametrize("step", ['do = "order"\nservice = "CALL"', 'do = "decide"\nkey = "x"', 'do = "log-in"'])
def test_a_step_that_lacks_something_is_told(town: Town, step: str) -> None:
    with pytest.raises(ConfigurationError, match=r"step 1 .* lacks"):
        play(town, f'title = "x"\nat = 2024-03-01T10:00:00Z\n[[step]]\n{step}')


def test_a_scenario_from_a_file(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('title = "Wait"\nat = 2024-03-01T10:00:00Z\n[[step]]\ndo = "wait"\ndays = 1\n')
    read = scenario.read(file)
    assert read.name == "mine"
    outcome = scenario.play(read, town.services, town.clock, town.world.signer, password=PASSWORD)
    assert outcome.as_expected
    for missing in (tmp_path / "none.toml",):
        with pytest.raises(ConfigurationError, match="SCENARIO_UNREADABLE"):
            scenario.read(missing)
    for name in ("none", "../../etc/passwd"):
        with pytest.raises(ConfigurationError, match="SCENARIO_UNREADABLE"):
            scenario.read_ready(name)
