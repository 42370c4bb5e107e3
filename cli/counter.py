"""``egov-sign desk apply|receive|overdue``: the provider's employee acts for the recipient."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from egov_sign.clock import format_time
from egov_sign.flows.desk import Identity, ServiceDesk
from egov_sign.flows.reception import receive
from egov_sign.flows.services import Services
from egov_sign.flows.workstation import Workstation
from egov_sign.limits import DEFAULT_LIMITS
from egov_sign.verdict import Json

from .desk import provider_option
from .exits import Exit
from .files import read_input
from .form import form_options
from .installation import request_facts, session_option, session_token, site_options
from .keys import load_signer
from .options import output_options, password_options
from .output import Output

SERVICES = ("CALL", "APPT", "ATT")


@click.command(
    "apply",
    epilog="Example: egov-sign desk apply CALL --iin 850412110000 --key employee.p12 --field complaints=кашель",
)
@click.argument("service", type=click.Choice(SERVICES))
@click.option("--iin", required=True, help="The recipient's IIN.")
@click.option("--surname", default="", help="As on the identity document; compared with the register of persons.")
@click.option("--name", "given", default="", help="Given name, likewise.")
@click.option("--birth-date", default="", metavar="YYYY-MM-DD", help="Birth date, likewise.")
@click.option("--key", required=True, envvar="EGOV_SIGN_KEY", help="The employee's key.")
@click.option("--alias", help="Which key, where the file holds several.")
@output_options
@form_options
@provider_option
@password_options
@site_options
@session_option("desk")
def apply_command(
    service: str,
    iin: str,
    surname: str,
    given: str,
    birth_date: str,
    key: str,
    alias: str | None,
    form: dict[str, str],
    attached: list[tuple[str, str]],
    provider: str,
    password: Callable[[], str],
    services: Services,
    session_file: Path,
    output: Output,
) -> None:
    """Apply for a recipient at the desk: ask the register of persons, sign as the employee, give a number.

    Processes 2 to 6 of the desk. The number is printed; "desk process" decides.
    """
    session = Workstation(services, provider).resume(session_token(session_file)).get()
    desk = ServiceDesk(services, provider)
    request = desk.open(session, service, Identity(iin, surname, given, birth_date)).get()
    desk.fill(session, request.id, form).get()
    for kind, file in attached:
        content = read_input(file, DEFAULT_LIMITS.attachment_bytes)
        desk.scan(session, request.id, Path(file).name, content, kind).get()
    request = desk.register(session, request.id, load_signer(key, password, alias, None)).get()
    output.prose(request.state.caption(output.language))
    if output.as_json:
        output.json(request_facts(request, output))
    else:
        output.data(request.number)


@click.command(
    "receive",
    epilog="Example, in a site of the profile zhambyl: egov-sign desk receive APPT --iin 850412110000 --channel phone "
    "--surname ТЕСТОВА --name АЙГЕРІМ --birth-date 1985-04-12 --field doctor_id=doctor-1 "
    "--field slot_id=doctor-1-20240301-01",
)
@click.argument("service", type=click.Choice(SERVICES))
@click.option("--iin", required=True, help="The recipient's IIN.")
@click.option("--surname", default="", help="Needed by phone.")
@click.option("--name", "given", default="", help="Needed by phone.")
@click.option("--birth-date", default="", metavar="YYYY-MM-DD", help="Needed by phone.")
@click.option(
    "--channel", type=click.Choice(["desk", "phone"]), default="desk", show_default=True, help="How they came."
)
@output_options
@form_options
@provider_option
@site_options
@session_option("desk")
def receive_command(
    service: str,
    iin: str,
    surname: str,
    given: str,
    birth_date: str,
    channel: str,
    form: dict[str, str],
    attached: list[tuple[str, str]],
    provider: str,
    services: Services,
    session_file: Path,
    output: Output,
) -> None:
    """Receive somebody in two procedures: attachment checked, a row in the journal, an oral answer.

    This is the desk and the phone of the regulations of 2015: no signature, no number.
    """
    if attached:
        raise click.UsageError("no documents are attached here; --attach belongs to desk apply")
    session = Workstation(services, provider).resume(session_token(session_file)).get()
    identity = Identity(iin, surname, given, birth_date)
    received = receive(services, session, service, identity, form, channel=channel).get()
    if output.as_json:
        answer: dict[str, Json] = dict(received.oral_answer)
        output.json({**request_facts(received.request, output), "row": received.row, "oral_answer": answer})
    else:
        output.data(received.oral_answer[output.language])


@click.command("overdue", epilog="Example: egov-sign desk overdue")
@output_options
@provider_option
@site_options
def overdue_command(provider: str, services: Services, site: Path, output: Output) -> int:
    """List the requests whose term has passed without an outcome; exit code 10 if there are any."""
    rows = Workstation(services, provider).overdue()
    if output.as_json:
        listed: list[Json] = [request_facts(row, output) for row in rows]
        output.json({"schema": "egov-sign/overdue/1", "requests": listed})
    else:
        for row in rows:
            due = format_time(row.due) if row.due else ""
            output.data(f"{row.number or row.id:<36}  {row.service:<5} {due}")
    return Exit.INVALID if rows else Exit.DONE
