"""Does what the steps of a scenario say (:mod:`egov_sign.flows.scenario`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from egov_sign.clock import FrozenClock
from egov_sign.crypto.signer import Signer
from egov_sign.flows import gateway, reception, signing, survey
from egov_sign.flows.desk import Identity, ServiceDesk
from egov_sign.flows.employees import Desk
from egov_sign.flows.forms import Represented
from egov_sign.flows.portal import Portal
from egov_sign.flows.refusals import Answer
from egov_sign.flows.scenario import Scenario, duration
from egov_sign.flows.services import Services
from egov_sign.flows.sessions import Session
from egov_sign.flows.workstation import Workstation

Told = tuple[str, str]
"""What was expected, and what came."""


class Player:
    """Plays one scenario; remembers who is logged in and which request is meant."""

    def __init__(
        self,
        scenario: Scenario,
        services: Services,
        clock: FrozenClock,
        keys: Callable[[str], Signer],
        password: str,
    ) -> None:
        services.settings = replace(services.settings, profile=scenario.profile)
        self._services = services
        self._clock = clock
        self._keys = keys
        self._password = password
        self._provider = scenario.provider
        self._portal = Portal(services)
        self._desk = Workstation(services, scenario.provider)
        self._counter = ServiceDesk(services, scenario.provider)
        self._session: Session | None = None
        self._clerk: Desk | None = None
        self._request = ""
        self._number = ""

    def do(self, step: dict[str, Any]) -> Told:
        """Do one step and return what was expected and what came."""
        action: Callable[[dict[str, Any]], Told] = getattr(self, f"_{step['do'].replace('-', '_')}")
        return action(step)

    # On the portal

    def _register(self, step: dict[str, Any]) -> Told:
        return _told(step, self._portal.register(step["who"], step.get("password", self._password)))

    def _log_in(self, step: dict[str, Any]) -> Told:
        if "expect" not in step:
            self._portal.register(step["who"], self._password)
        answer = self._portal.log_in(step["who"], step.get("password", self._password))
        self._session = answer.value
        return _told(step, answer)

    def _order(self, step: dict[str, Any]) -> Told:
        represented = Represented(step["on_behalf_of"], step["relation"]) if "on_behalf_of" in step else None
        answer = self._portal.order(self._user, step["service"], self._provider, on_behalf_of=represented)
        if answer.value is None:
            return _told(step, answer)
        self._request = answer.value.id
        return _told(step, self._portal.fill(self._user, self._request, step.get("form", {})))

    def _attach(self, step: dict[str, Any]) -> Told:
        content = step.get("text", "%PDF-1.4\n").encode()
        return _told(step, self._portal.attach(self._user, self._request, step["name"], content, step["kind"]))

    def _submit(self, step: dict[str, Any]) -> Told:
        return _told(step, self._portal.submit(self._user, self._request, self._keys(step["key"]).certificate))

    def _sign(self, step: dict[str, Any]) -> Told:
        signed = signing.sign(self._portal.to_sign(self._user, self._request), self._keys(step["key"]))
        if step.get("tamper"):
            signed = signed.replace(b"CreatedAt>2", b"CreatedAt>3", 1)
        answer = self._portal.send_signed(self._user, self._request, signed)
        self._number = answer.value.number if answer.value else ""
        return _told(step, answer)

    def _deliver(self, step: dict[str, Any]) -> Told:
        reasons = [found.code for delivery in gateway.deliver(self._services) for found in delivery.reasons]
        own = {request.id: request.number for request in self._portal.cabinet(self._user)}
        self._number = own.get(self._request, "")
        return _codes(step.get("expect", [])), _codes(reasons)

    def _withdraw(self, step: dict[str, Any]) -> Told:
        return _told(step, self._portal.withdraw(self._user, self._request))

    def _status(self, step: dict[str, Any]) -> Told:
        return step["shows"], self._portal.status(self._user, self._request).status

    def _result(self, step: dict[str, Any]) -> Told:
        opened = self._portal.open_result(self._user, self._request)
        kind = opened.content.kind if opened.content else ""
        return f"{step['kind']} {_codes([])}", f"{kind} {_codes([finding.code for finding in opened.reasons])}"

    def _survey(self, step: dict[str, Any]) -> Told:
        survey.answer(self._services, self._user, self._request, step["q1"], step["q2"])
        return "answered", "answered"

    # At the provider

    def _desk_log_in(self, step: dict[str, Any]) -> Told:
        answer = self._desk.log_in(step["who"], step.get("password", self._password))
        self._clerk = answer.value
        return _told(step, answer)

    def _desk_open(self, step: dict[str, Any]) -> Told:
        answer = self._counter.open(self._employee, step["service"], _identity(step))
        if answer.value is None:
            return _told(step, answer)
        self._request = answer.value.id
        return _told(step, self._counter.fill(self._employee, self._request, step.get("form", {})))

    def _desk_register(self, step: dict[str, Any]) -> Told:
        answer = self._counter.register(self._employee, self._request, self._keys(step["key"]))
        self._number = answer.value.number if answer.value else ""
        return _told(step, answer)

    def _receive(self, step: dict[str, Any]) -> Told:
        return _told(
            step,
            reception.receive(
                self._services,
                self._employee,
                step["service"],
                _identity(step),
                step.get("form", {}),
                channel=step.get("channel", "desk"),
            ),
        )

    def _decide(self, step: dict[str, Any]) -> Told:
        answer = self._desk.process(self._employee, self._number, self._keys(step["key"]))
        if answer.value is None:
            return _told(step, answer)
        refusal = answer.value.refusal
        return _codes(step.get("expect", [])), _codes(refusal.codes if refusal else [])

    # Around

    def _wait(self, step: dict[str, Any]) -> Told:
        self._clock.advance(duration(step).total_seconds())
        return "time passes", "time passes"

    def _fault(self, step: dict[str, Any]) -> Told:
        self._services.faults[step["system"]] = step["kind"]
        return "fault set", "fault set"

    @property
    def _user(self) -> Session:
        if self._session is None:
            raise KeyError("a log-in before it")
        return self._session

    @property
    def _employee(self) -> Desk:
        if self._clerk is None:
            raise KeyError("a desk-log-in before it")
        return self._clerk


def _identity(step: dict[str, Any]) -> Identity:
    return Identity(step["recipient"], step.get("surname", ""), step.get("name", ""), step.get("birth_date", ""))


def _told(step: dict[str, Any], answer: Answer[Any]) -> Told:
    return _codes(step.get("expect", [])), _codes(answer.refusal.codes if answer.refusal else [])


def _codes(codes: list[str]) -> str:
    return ", ".join(codes) or "accepted"
