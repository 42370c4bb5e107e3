"""``egov-sign demo``: one home call from key to signed certificate, and the same request refused four ways."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path

import click

from egov_sign.clock import RunningClock, SystemClock, format_time
from egov_sign.docs.xmlsign import sign_enveloped
from egov_sign.errors import ConfigurationError
from egov_sign.flows import catalogue, journal
from egov_sign.flows.calendar import WorkCalendar
from egov_sign.flows.engine import StepEvent
from egov_sign.flows.portal import Portal
from egov_sign.flows.refusals import Answer
from egov_sign.flows.requests import Request
from egov_sign.flows.services import Services
from egov_sign.flows.sessions import Session
from egov_sign.flows.site import open_site
from egov_sign.flows.workstation import Workstation
from egov_sign.messages import text
from egov_sign.verdict import Indication, Json, Scalar
from egov_sign_pki.site import EMPLOYEE_PASSWORD, make_site
from egov_sign_pki.world import World

from .exits import Exit
from .files import write_output
from .options import output_options
from .output import Output
from .render import report_lines
from .screens import status_lines

DEFAULT_FOLDER = "egov-sign-demo"
PASSWORD = "Demo-password-1"  # noqa: S105 - of synthetic recipients; protects nothing
FORM = {
    "address": "г. Астана, ул. Сарайшык, д. 5, кв. 12",
    "phone": "+7 700 000 00 00",
    "complaints": "температура 38,5, кашель",
}
_MORNING = time(10, 0)


@click.command("demo", epilog="Example: egov-sign demo --lang ru")
@click.option("--dir", "folder", type=click.Path(path_type=Path), help=f"New folder. [default: {DEFAULT_FOLDER}]")
@click.option("--kind", type=click.Choice(["ec", "rsa", "gost"]), default="ec", show_default=True, help="Kind of keys.")
@output_options
def command(folder: Path | None, kind: str, output: Output) -> int:
    """Play one home call from key to signed certificate, and four refusals.

    A small PKI is made, a person registers on the portal, orders «Вызов врача на дом», signs, the provider decides,
    the result is opened and verified. Each process and condition of the regulation is printed as it happens, with its
    actor, number and time against the deadline.
    """
    folder = folder or _free_folder()
    at = _working_morning(SystemClock().now())
    story = _Story(output)
    world = make_site(folder, at, kind=kind)
    services = open_site(folder, RunningClock(at))
    services.listeners.append(story.step)
    demo = _Demo(folder, world, services, story)
    story.title("DEMO_INTRO", service=catalogue.name_of("CALL", output.language), at=format_time(at))
    story.line("DEMO_PKI", files=sum(1 for file in (folder / "pki").rglob("*") if file.is_file()))
    good = demo.home_call()
    refusals: dict[str, Json] = {code: list[Json](reasons) for code, reasons in demo.refusals().items()}
    chained = journal.verify(services.store).indication is Indication.VALID
    story.title("DEMO_FILES", folder=str(folder))
    for line in demo.commands():
        story.plain(f"  {line}")
    if output.as_json:
        output.json(
            {
                "schema": "egov-sign/demo/1",
                "folder": str(folder),
                "number": good.number,
                "result": str(demo.result),
                "refusals": refusals,
                "journal_intact": chained,
            }
        )
    expected = all(refusals.values()) and chained
    return Exit.DONE if expected else Exit.INTERNAL


def _free_folder() -> Path:
    """Return the default folder, numbered where earlier demonstrations are kept."""
    candidates = [Path(DEFAULT_FOLDER), *(Path(f"{DEFAULT_FOLDER}-{number}") for number in range(2, 1000))]
    for candidate in candidates:
        if not candidate.exists():
            return candidate
    raise ConfigurationError("FOLDER_NOT_EMPTY", "too many demonstrations lie here", hint="add --dir FOLDER")


def _working_morning(now: datetime) -> datetime:
    """Return ten o'clock of the clinic's last working day: at night a home call would rightly be refused."""
    calendar = WorkCalendar()
    day = calendar.local(now).date()
    while calendar.working_hours(day) is None or calendar.at(day, _MORNING) > now:
        day -= timedelta(days=1)
    return calendar.at(day, _MORNING)


class _Story:
    """Tells what happens, as it happens."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self.language = output.language

    def plain(self, line: str = "") -> None:
        if not self.output.as_json:
            self.output.data(line)

    def line(self, code: str, **params: Scalar) -> None:
        self.plain(text(code, self.language, params))

    def title(self, code: str, **params: Scalar) -> None:
        self.plain()
        self.plain(click.style(text(code, self.language, params), bold=True))

    def step(self, told: StepEvent) -> None:
        """Print a process or condition that has ended, with its actor and its time against the deadline."""
        event, step = told.event, told.step
        if step is None or event.phase != "finished":
            return
        kind = "DEMO_CONDITION" if step.kind == "condition" else "DEMO_PROCESS"
        label = text(kind, self.language, {"number": step.number})
        mark = click.style("✓", fg="green") if event.outcome == "ok" else click.style("✗", fg="red")
        spent = f"{(event.duration_ms or 0) / 1000:.2f}"
        limit = "" if event.deadline_s is None else str(event.deadline_s)
        timing = text("DEMO_TIME", self.language, {"seconds": spent, "limit": limit}) if limit else ""
        late = click.style(" !", fg="red") if event.late else ""
        self.plain(f"{mark} {label:<12} {step.actor:<29} {timing:<14}{late} {step.name(self.language)}")

    def refused(self, answer: Answer[Request]) -> list[str]:
        """Print the reasons of a refusal and return their codes."""
        if answer.refusal is None:
            self.plain(click.style("  accepted, though it must not be", fg="red"))
            return []
        for code, words in zip(answer.refusal.codes, answer.refusal.texts(self.language), strict=True):
            self.plain(f"  {click.style(code, fg='red')} {words}")
        return answer.refusal.codes


@dataclass
class _Demo:
    """The people of the demonstration at work.

    Attributes:
        folder: where everything is kept.
        world: the certificates and keys.
        services: the installation.
        story: tells what happens.
    """

    folder: Path
    world: World
    services: Services
    story: _Story

    def __post_init__(self) -> None:
        self.portal = Portal(self.services)
        self.result = self.folder / "result.xml"
        self._sessions: dict[str, Session] = {}

    def home_call(self) -> Request:
        """Play the good path; the signed request and result are written beside the store."""
        story, portal = self.story, self.portal
        story.title("DEMO_PORTAL")
        request = self._order("person")
        sent = portal.sign(self._session("person"), request.id, self.world.signer("person")).get()
        write_output(str(self.folder / "request.xml"), self.services.store.document(sent.document))
        story.line("DEMO_GATEWAY")
        desk = Workstation(self.services, "AST01")
        plan = self.world.planned("head")
        story.title("DEMO_DESK", name=plan.title)
        clerk = desk.log_in(plan.iin, EMPLOYEE_PASSWORD).get()
        desk.process(clerk, sent.number, self.world.signer("head")).get()
        session = self._session("person")
        story.title("DEMO_STATUS")
        for line in status_lines(portal.status(session, request.id, story.language), story.language):
            story.plain(f"  {line}")
        story.title("DEMO_RESULT")
        opened = portal.open_result(session, request.id)
        write_output(str(self.result), opened.document)
        for line in report_lines(opened.report, story.language):
            story.plain(line)
        return sent

    def refusals(self) -> dict[str, list[str]]:
        """Play the same request refused four ways and return the codes by what was wrong."""
        story, codes = self.story, {}
        for what, person, signer in (
            ("DEMO_EXPIRED", "expired-person", "expired-person"),
            ("DEMO_REVOKED", "revoked-person", "revoked-person"),
            ("DEMO_OTHER_IIN", "person", "other-person"),
        ):
            story.title("DEMO_REFUSED", what=text(what, story.language))
            request = self._draft(person)
            answer = self.portal.submit(self._session(person), request.id, self.world.certificate(signer))
            codes[what.removeprefix("DEMO_").lower()] = story.refused(answer)
        story.title("DEMO_REFUSED", what=text("DEMO_CHANGED", story.language))
        codes["changed"] = story.refused(self._send_changed())
        return codes

    def commands(self) -> list[str]:
        """Return commands by which a person can check what was made."""
        pki = self.folder / "pki"
        evidence = f"--trust {pki / 'trust'} --intermediate {pki / 'certificates' / 'issuer.cer'} --crl {pki / 'crl'}"
        key = f"{pki / 'keys' / 'person.p12'} --password-file {pki / 'password'}"
        return [
            f"egov-sign verify {self.result} {evidence}",
            f"egov-sign verify {self.folder / 'changed.xml'} {evidence}",
            f"egov-sign cert inspect {key}",
        ]

    def _send_changed(self) -> Answer[Request]:
        """Sign a good request, change one byte of it, and send that."""
        session = self._session("person")
        request = self._order("person")
        signed = sign_enveloped(self.portal.to_sign(session, request.id), self.world.signer("person"))
        changed = signed.replace(b"38,5", b"36,5")
        write_output(str(self.folder / "changed.xml"), changed)
        return self.portal.send_signed(session, request.id, changed)

    def _session(self, person: str) -> Session:
        """Return the session of ``person``, who registers and logs in when first needed."""
        if person not in self._sessions:
            iin = self.world.planned(person).iin
            self.portal.register(iin, PASSWORD).get()
            self._sessions[person] = self.portal.log_in(iin, PASSWORD).get()
        return self._sessions[person]

    def _draft(self, person: str) -> Request:
        session = self._session(person)
        request = self.portal.order(session, "CALL", "AST01").get()
        return self.portal.fill(session, request.id, FORM).get()

    def _order(self, person: str) -> Request:
        request = self._draft(person)
        return self.portal.submit(self._session(person), request.id, self.world.certificate(person)).get()
