"""The process model of the regulations as data: services, profiles, channels, and the steps of each (R56).

The data stand in ``process.toml`` beside this file. The engine (:mod:`egov_sign.flows.engine`) runs only the
transitions found here; step tables and diagrams are printed from the same data.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal, TypeAlias

from egov_sign.errors import ConfigurationError

Service: TypeAlias = Literal["CALL", "APPT", "ATT"]
Channel: TypeAlias = Literal["portal", "desk", "phone"]
Profile: TypeAlias = Literal["astana", "zhambyl", "order272-2019"]
Kind: TypeAlias = Literal["process", "condition", "procedure", "timed"]

UNITS = ("Получатель", "ПЭП", "ШЭП", "АРМ", "Услугодатель", "ГБД ФЛ", "РПН")
"""The structural-functional units (СФЕ) that can act (R21); «РПН» is the register of the attached population."""


@dataclass(frozen=True, slots=True)
class Step:
    """One process, condition or procedure of a regulation.

    Attributes:
        id: ``p1``, ``c2``; unique in its flow. ``t…`` limits the time of several steps together.
        kind: what it is.
        number: its number in the regulation.
        requirement: its number in the requirements list.
        actor: who acts, as the regulation writes it.
        unit: the same as one of :data:`UNITS`.
        human: whether a person acts; a deadline cannot bind one, so exceeding it is no breach (D23).
        ru: name in the words of the regulation.
        kk: name in Kazakh.
        en: name in English.
        completion: form of completion, literally; empty where the regulation gives none.
        min_seconds: lower bound of the deadline; informative (R418).
        max_seconds: upper bound of the deadline.
        max_working_days: upper bound in working days, where it is not in seconds.
        deadline: the deadline in the words of the regulation.
        counted_from: the step whose end starts the deadline; empty for the step's own beginning (D22).
        next: the steps that may follow; of a condition, the one for "yes" first.
        refusals: patterns of the refusal codes that belong here, e.g. ``SIG_CERT_*``.
        source: where the regulation says so.
        spans: first and last step that a time limit covers.
    """

    id: str
    kind: Kind
    number: str
    requirement: str
    actor: str
    unit: str
    ru: str
    kk: str
    en: str
    source: str
    next: tuple[str, ...]
    human: bool = False
    completion: str = ""
    min_seconds: int | None = None
    max_seconds: int | None = None
    max_working_days: int | None = None
    deadline: str = ""
    counted_from: str = ""
    refusals: tuple[str, ...] = ()
    spans: tuple[str, str] | None = None

    def name(self, language: Literal["ru", "kk", "en"]) -> str:
        """Return the name of the step in ``language``."""
        return {"ru": self.ru, "kk": self.kk, "en": self.en}[language]


@dataclass(frozen=True, slots=True)
class Flow:
    """The steps of one service on one channel under one profile.

    Attributes:
        profile: the regulation.
        service: code of the service.
        channel: how the recipient applies.
        steps: by identifier, in the order of the regulation.
    """

    profile: str
    service: str
    channel: str
    steps: dict[str, Step]

    @property
    def name(self) -> str:
        """Return ``astana/CALL/portal``."""
        return f"{self.profile}/{self.service}/{self.channel}"

    def step(self, step_id: str) -> Step:
        """Return a step.

        Raises:
            ConfigurationError: ``FLOW_NO_STEP``; the caller names a step that the regulation does not have.
        """
        if step_id not in self.steps:
            raise ConfigurationError("FLOW_NO_STEP", f"{self.name} has no step {step_id}")
        return self.steps[step_id]

    @property
    def entries(self) -> tuple[str, ...]:
        """The steps to begin with: the first, and registration (``p0``), which is done only once."""
        return ("p0", "p1") if "p0" in self.steps else ("p1",)

    @property
    def registers(self) -> bool:
        """Whether registration is a step of its own (Zhambyl's portal flow has none, D9)."""
        return "p8" in self.steps

    @property
    def grounds(self) -> str:
        """The condition that asks for the grounds of the service; empty where procedures stand instead."""
        conditions = [step.id for step in self.steps.values() if step.kind == "condition"]
        return conditions[-1] if conditions else ""


@cache
def flows() -> tuple[Flow, ...]:
    """Return all flows that the regulations provide for."""
    data = tomllib.loads(resources.files(__package__).joinpath("process.toml").read_text(encoding="utf-8"))
    written = [entry for entry in data["flow"] if "same_as" not in entry]
    result = [_flow(entry, service, channel) for entry in written for channel, service in _pairs(entry)]
    by_name = {flow.name: flow for flow in result}
    for entry in data["flow"]:
        if "same_as" in entry:
            for channel, service in _pairs(entry):
                model = by_name[f"{entry['same_as']}/{service}/{channel}"]
                result.append(Flow(entry["profile"], service, channel, model.steps))
    return tuple(result)


def flow(profile: str, service: str, channel: str) -> Flow:
    """Return the flow of a service.

    Raises:
        ConfigurationError: ``FLOW_NOT_PROVIDED`` where the regulation does not offer the service on this channel.
    """
    for candidate in flows():
        if (candidate.profile, candidate.service, candidate.channel) == (profile, service, channel):
            return candidate
    offered = ", ".join(sorted({f.channel for f in flows() if (f.profile, f.service) == (profile, service)}))
    raise ConfigurationError(
        "FLOW_NOT_PROVIDED",
        f"profile {profile} does not provide {service} through {channel}",
        hint=f"channels: {offered}" if offered else "`egov-sign flow list` shows what is provided",
    )


def entrance(profile: str, channel: str) -> Flow:
    """Return a flow to log in through, before a service is chosen: these steps are the same for all services.

    Raises:
        ConfigurationError: ``FLOW_NOT_PROVIDED``.
    """
    for candidate in flows():
        if (candidate.profile, candidate.channel) == (profile, channel):
            return candidate
    raise ConfigurationError("FLOW_NOT_PROVIDED", f"profile {profile} has no channel {channel}")


def _pairs(entry: dict[str, Any]) -> list[tuple[str, str]]:
    return [(channel, service) for channel in entry["channels"] for service in entry["services"]]


def _flow(entry: dict[str, Any], service: str, channel: str) -> Flow:
    number = entry["services"].index(service)
    steps = [_step(row, service, number) for row in entry["step"]]
    return Flow(entry["profile"], service, channel, {step.id: step for step in steps})


def _step(row: dict[str, Any], service: str, number: int) -> Step:
    values = {key: value for key, value in row.items() if not key.isupper()} | row.get(service, {})
    if "max_working_days" in values:
        values.pop("max_seconds", None)
    values["requirement"] = values.pop("requirements")[number]
    values["source"] = values.pop("sources")[number]
    for name in ("next", "refusals", "spans"):
        if name in values:
            values[name] = tuple(values[name])
    return Step(**values)
