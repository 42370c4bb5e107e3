"""``egov-sign flow list|show|run``: the process model of the regulations, printed and played."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from egov_sign.clock import FrozenClock
from egov_sign.errors import ConfigurationError
from egov_sign.flows import catalogue, scenario
from egov_sign.flows.model import Flow, Step, flow, flows
from egov_sign.flows.scenario import Outcome, Scenario
from egov_sign.flows.site import open_site
from egov_sign.messages import text
from egov_sign.verdict import Json
from egov_sign_pki.site import EMPLOYEE_PASSWORD, make_site

from .exits import Exit
from .options import output_options
from .output import Output

SERVICES = ("CALL", "APPT", "ATT")
PROFILES = ("astana", "zhambyl", "order272-2019")
CHANNELS = ("portal", "desk", "phone")
FLOW_SCHEMA = "egov-sign/flow/1"
SCENARIO_SCHEMA = "egov-sign/scenarios/1"
_QUICK = 64
"""KiB of memory for a password check: the installation of a scenario lives for seconds."""


@click.command("list", epilog="Example: egov-sign flow list")
@output_options
def list_command(output: Output) -> None:
    """List which services the regulations provide, and on which channels."""
    rows = [each for each in flows() if each.service in SERVICES]
    if output.as_json:
        listed: list[Json] = [
            {"profile": each.profile, "service": each.service, "channel": each.channel, "steps": len(each.steps)}
            for each in rows
        ]
        output.json({"schema": FLOW_SCHEMA, "flows": listed})
        return
    for each in rows:
        name = catalogue.name_of(each.service, output.language)
        output.data(f"{each.profile:<14} {each.service:<5} {each.channel:<7} {name}")


@click.command("show", epilog="Example: egov-sign flow show CALL --channel desk --lang ru")
@click.argument("service", type=click.Choice(SERVICES))
@click.option("--profile", type=click.Choice(PROFILES), default="astana", show_default=True, help="Regulation.")
@click.option("--channel", type=click.Choice(CHANNELS), default="portal", show_default=True, help="Way to the service.")
@output_options
def show_command(service: str, profile: str, channel: str, output: Output) -> None:
    """Print the regulation's table of steps, from the data that the engine runs on."""
    chosen = flow(profile, service, channel)
    if output.as_json:
        steps: list[Json] = [_step(step) for step in chosen.steps.values()]
        output.json({"schema": FLOW_SCHEMA, "profile": profile, "service": service, "channel": channel, "steps": steps})
        return
    output.data(click.style(f"{catalogue.name_of(service, output.language)}: {profile}, {channel}", bold=True))
    for step in chosen.steps.values():
        _show(chosen, step, output)


def _show(chosen: Flow, step: Step, output: Output) -> None:
    output.data(f"{step.id:<4} {click.style(step.name(output.language), bold=True)}")
    following = ", ".join(step.next) or "■"
    rows = {
        "LABEL_ACTOR": step.actor,
        "LABEL_COMPLETION": step.completion,
        "LABEL_DEADLINE": step.deadline,
        "LABEL_NEXT": following,
        "LABEL_REFUSALS": ", ".join(step.refusals),
        "LABEL_SOURCE": f"{step.source} ({step.requirement})",
    }
    for label, value in rows.items():
        if value:
            output.data(f"       {text(label, output.language)}: {value}")


def _step(step: Step) -> dict[str, Json]:
    return {
        "id": step.id,
        "kind": step.kind,
        "number": step.number,
        "requirement": step.requirement,
        "actor": step.actor,
        "ru": step.ru,
        "kk": step.kk,
        "en": step.en,
        "completion": step.completion,
        "min_seconds": step.min_seconds,
        "max_seconds": step.max_seconds,
        "max_working_days": step.max_working_days,
        "deadline": step.deadline,
        "next": list(step.next),
        "refusals": list(step.refusals),
        "source": step.source,
    }


@click.command("run", epilog="Example: egov-sign flow run call-portal my-scenario.toml")
@click.argument("scenarios", nargs=-1)
@click.option("--list", "only_list", is_flag=True, help="List the scenarios that come with the program.")
@click.option("--kind", type=click.Choice(["ec", "rsa", "gost"]), default="ec", show_default=True, help="Kind of keys.")
@output_options
def run_command(scenarios: tuple[str, ...], only_list: bool, kind: str, output: Output) -> int:
    """Play scenarios and tell whether everything went as they say; exit code 10 if not.

    A scenario is a ready one by its name, or a TOML file: people, clock, faults, actions, expectations. Each is played
    in an installation of its own, with real keys and a real store, which is deleted afterwards. Without an argument
    all ready ones are played.
    """
    ready = scenario.ready_scenarios()
    if only_list:
        for name, title in ready.items():
            output.data(f"{name:<28} {title}")
        return Exit.DONE
    played = [_play(_read(name, ready), kind) for name in scenarios or ready]
    if output.as_json:
        output.json({"schema": SCENARIO_SCHEMA, "scenarios": [outcome.to_dict() for outcome in played]})
    else:
        for outcome in played:
            _tell(outcome, output)
    return Exit.DONE if all(outcome.as_expected for outcome in played) else Exit.INVALID


def _read(name: str, ready: dict[str, str]) -> Scenario:
    if name in ready:
        return scenario.read_ready(name)
    if not Path(name).exists():
        raise ConfigurationError(
            "SCENARIO_UNREADABLE",
            f"{name!r} is neither a ready scenario nor a file",
            hint="list the ready ones: egov-sign flow run --list",
        )
    return scenario.read(Path(name))


def _play(chosen: Scenario, kind: str) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="egov-sign-") as folder:
        site = Path(folder) / "site"
        world = make_site(site, chosen.at, kind=kind, profile=chosen.profile, password_memory_kib=_QUICK)
        clock = FrozenClock(chosen.at)
        services = open_site(site, clock)
        return scenario.play(chosen, services, clock, world.signer, password=EMPLOYEE_PASSWORD)


def _tell(outcome: Outcome, output: Output) -> None:
    good = outcome.as_expected
    mark = click.style("✓", fg="green") if good else click.style("✗", fg="red")
    output.data(f"{mark} {outcome.scenario.name}: {outcome.scenario.title}")
    for step in outcome.steps:
        if output.verbose or not step.as_expected:
            sign = "✓" if step.as_expected else click.style("✗", fg="red")
            output.data(f"    {sign} {step.number:>2} {step.action}: {step.got}")
            if not step.as_expected:
                output.data(f"         expected: {step.expected}")
