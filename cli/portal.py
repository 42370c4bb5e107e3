"""``egov-sign portal …``: the portal of electronic government (ПЭП), as a recipient uses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from egov_sign.clock import format_time
from egov_sign.errors import ConfigurationError
from egov_sign.flows import pages, survey
from egov_sign.flows.catalogue import OPEN_BUTTON, ORDER_BUTTON, REFRESH_BUTTON, SEND_BUTTON, SIGN_BUTTON
from egov_sign.flows.forms import Field, Represented, fields
from egov_sign.flows.portal import Portal
from egov_sign.flows.services import Services
from egov_sign.limits import DEFAULT_LIMITS
from egov_sign.messages import LANGUAGES, text
from egov_sign.verdict import Json
from egov_sign.zones import ASTANA, zone

from .exits import Exit, of_verdict
from .extra import load
from .files import read_input, write_output
from .form import form_options, pair
from .installation import (
    forget_session,
    keep_session,
    request_facts,
    session_option,
    session_token,
    site_options,
)
from .keys import certificates_in, load_signer
from .options import output_options, password_options
from .output import Output
from .render import report_lines
from .screens import status_fields, status_lines

SERVICES = ("CALL", "APPT", "ATT")


@click.command("register", epilog="Example: egov-sign portal register --iin 850412110000 --password-file secret.txt")
@click.option("--iin", required=True, prompt="ИИН", help="The person's IIN; it is the login.")
@output_options
@password_options
@site_options
def register_command(iin: str, password: Callable[[], str], services: Services, site: Path, output: Output) -> None:
    """Register a person on the portal (process 0)."""
    Portal(services).register(iin, password()).get()
    output.prose(text("CLI_REGISTERED", output.language))
    if output.as_json:
        output.json({"schema": "egov-sign/account/1", "iin": iin})


@click.command("login", epilog="Example: egov-sign portal login --iin 850412110000 --password-file secret.txt")
@click.option("--iin", required=True, prompt="ИИН", help="The person's IIN.")
@output_options
@password_options
@site_options
@session_option("portal")
def login_command(
    iin: str, password: Callable[[], str], services: Services, session_file: Path, output: Output
) -> None:
    """Log in with IIN and password (process 1, condition 1).

    The session is kept in a file that only you can read, until it ends.
    """
    session = Portal(services).log_in(iin, password()).get()
    keep_session(session_file, session.token)
    until = format_time(session.expires_at)
    output.prose(text("CLI_LOGGED_IN", output.language, {"until": until}))
    if output.as_json:
        output.json({"schema": "egov-sign/session/1", "session_file": str(session_file), "expires_at": until})


@click.command("logout", epilog="Example: egov-sign portal logout")
@output_options
@site_options
@session_option("portal")
def logout_command(services: Services, session_file: Path, output: Output) -> None:
    """Log out: the session ends at once, wherever its file was copied to."""
    portal = Portal(services)
    token = session_token(session_file)
    session = portal.resume(token).value
    if session is not None:
        portal.log_out(session)
    forget_session(session_file, token)
    output.prose(text("CLI_LOGGED_OUT", output.language))


@click.command("services", epilog="Example: egov-sign portal services")
@output_options
@site_options
def services_command(services: Services, site: Path, output: Output) -> None:
    """List the services that can be ordered."""
    rows = Portal(services).catalogue()
    if output.as_json:
        listed: list[Json] = [
            {"code": row.code, "name": dict(row.name), "channels": list(row.channels), "portal": row.portal}
            for row in rows
        ]
        output.json({"schema": "egov-sign/services/1", "services": listed})
        return
    for row in rows:
        output.data(f"{row.code:<5} {row.name[output.language]}")


def _described(field: Field) -> Json:
    described: dict[str, Json] = {"name": field.name, "kind": field.kind, "required": field.required}
    if field.example:
        described["example"] = field.example
    return described | {language: field.caption(language) for language in LANGUAGES}


@click.command("form", epilog="Example: egov-sign portal form CALL")
@click.argument("service", type=click.Choice(SERVICES))
@output_options
def form_command(service: str, output: Output) -> None:
    """List the fields of a service's form; * marks those that must be filled."""
    rows = fields(service)
    if output.as_json:
        output.json({"schema": "egov-sign/form/1", "service": service, "fields": [_described(row) for row in rows]})
        return
    width = max(len(row.name) for row in rows)
    for row in rows:
        mark = "*" if row.required else " "
        kind = f"{row.kind}: {row.example}" if row.example else row.kind
        output.data(f"{mark} {row.name:<{width}}  {row.caption(output.language)} ({kind})")
    if any(row.name == "slot_id" for row in rows):
        output.prose(text("CLI_SEE_SCHEDULE", output.language))


@click.command(
    "order",
    epilog="Example: egov-sign portal order CALL --provider AST01 --key person.p12 "
    '--field address="ул. Сарайшык, 5" --field phone=+77000000000 --field complaints=кашель',
)
@click.argument("service", type=click.Choice(SERVICES))
@click.option("--provider", required=True, help="Code of the medical organisation.")
@click.option("--for", "represented", metavar="RELATION=IIN", help="Whom you represent: child, ward or principal.")
@click.option("--key", required=True, envvar="EGOV_SIGN_KEY", help="PKCS#12 or PEM with the certificate to sign with.")
@output_options
@form_options
@password_options
@site_options
@session_option("portal")
def order_command(
    service: str,
    provider: str,
    represented: str | None,
    key: str,
    form: dict[str, str],
    attached: list[tuple[str, str]],
    password: Callable[[], str],
    services: Services,
    session_file: Path,
    output: Output,
) -> None:
    """Order a service: fill the form and check the certificate (process 3, condition 2).

    Nothing is sent yet: the request waits for your signature, see "portal sign". The form's IIN is that of your
    account. The request's identifier is printed.
    """
    whom = Represented(*reversed(pair(represented, "--for"))) if represented else None
    certificates = [found for found, has_key in certificates_in(key, password) if has_key]
    if not certificates:
        raise ConfigurationError("KEYSTORE_NO_KEY", "the file has no certificate with its private key", where=key)
    portal = Portal(services)
    session = portal.resume(session_token(session_file)).get()
    request = portal.order(session, service, provider, on_behalf_of=whom).get()
    portal.fill(session, request.id, form).get()
    for kind, name in attached:
        content = read_input(name, DEFAULT_LIMITS.attachment_bytes)
        portal.attach(session, request.id, Path(name).name, content, kind).get()
    request = portal.submit(session, request.id, certificates[0].der).get()
    output.prose(f"«{ORDER_BUTTON}», «{SEND_BUTTON}»: {request.state.caption(output.language)}")
    if output.as_json:
        output.json(request_facts(request, output))
    else:
        output.data(request.id)


@click.command("sign", epilog="Example: egov-sign portal sign 3f0c… --key person.p12 --password-file password.txt")
@click.argument("request_id", metavar="REQUEST")
@click.option("--key", required=True, envvar="EGOV_SIGN_KEY", help="PKCS#12 or PEM with key and certificate.")
@click.option("--alias", help="Which key, where the file holds several.")
@output_options
@password_options
@site_options
@session_option("portal")
def sign_command(
    request_id: str,
    key: str,
    alias: str | None,
    password: Callable[[], str],
    services: Services,
    session_file: Path,
    output: Output,
) -> None:
    """Sign a request and send it to the provider (process 5); it comes back with its number.

    The signature must be by the certificate that passed condition 2.
    """
    portal = Portal(services)
    session = portal.resume(session_token(session_file)).get()
    request = portal.sign(session, request_id, load_signer(key, password, alias, None)).get()
    output.prose(f"«{SIGN_BUTTON}»: {request.state.caption(output.language)}")
    if output.as_json:
        output.json(request_facts(request, output))
    else:
        output.data(request.number)


@click.command("status", epilog="Example: egov-sign portal status AST01-CALL-2024-000001")
@click.argument("request_id", metavar="REQUEST")
@output_options
@site_options
@session_option("portal")
def status_command(request_id: str, services: Services, session_file: Path, output: Output) -> None:
    """Show the status screen of a request: IIN, number, service, status, term."""
    portal = Portal(services)
    session = portal.resume(session_token(session_file)).get()
    screen = portal.status(session, request_id, output.language)
    if output.as_json:
        ready = portal.can_view_result(session, request_id)
        values: dict[str, Json] = {
            label.removeprefix("LABEL_").lower(): value for label, value in status_fields(screen).items()
        }
        output.json({"schema": "egov-sign/status/1", **values, "result_ready": ready})
        return
    for line in status_lines(screen, output.language):
        output.data(line)
    button = OPEN_BUTTON if portal.can_view_result(session, request_id) else REFRESH_BUTTON
    output.prose(f"[{button}]")


@click.command("result", epilog="Example: egov-sign portal result AST01-CALL-2024-000001 -o result.xml")
@click.argument("request_id", metavar="REQUEST")
@click.option("-o", "--output", "target", help="Write the signed document to this file.")
@click.option("--pdf", metavar="FILE", help="Write it for reading, with the signed XML attached.")
@output_options
@site_options
@session_option("portal")
def result_command(
    request_id: str,
    target: str | None,
    pdf: str | None,
    services: Services,
    session_file: Path,
    output: Output,
) -> int:
    """Open the result of a request and verify it, as of the time it was signed."""
    portal = Portal(services)
    session = portal.resume(session_token(session_file)).get()
    opened = portal.open_result(session, request_id)
    if target:
        write_output(target, opened.document)
    if pdf:
        write_output(pdf, load("pdf_render").PdfRenderer().render(opened.document))
    if output.as_json:
        output.json({"schema": "egov-sign/result/1", "file": target, "report": opened.report.to_dict()})
    else:
        for line in report_lines(opened.report, output.language, verbose=output.verbose):
            output.data(line)
    return of_verdict(opened.report.indication) if not opened.reasons else Exit.INVALID


@click.command("cabinet", epilog="Example: egov-sign portal cabinet --html cabinet.html")
@click.option("--html", "page", metavar="FILE", help="Write a printable page.")
@click.option("--full-numbers", is_flag=True, help="Show the IIN in full on the page.")
@output_options
@site_options
@session_option("portal")
def cabinet_command(
    page: str | None, full_numbers: bool, services: Services, session_file: Path, output: Output
) -> None:
    """List your own requests, oldest first."""
    portal = Portal(services)
    session = portal.resume(session_token(session_file)).get()
    rows = portal.cabinet(session)
    if page:
        table = pages.cabinet(rows, str(session.iin), zone(ASTANA), language=output.language, full_numbers=full_numbers)
        write_output(page, pages.to_html(table).encode())
        return
    if output.as_json:
        listed: list[Json] = [request_facts(row, output) for row in rows]
        output.json({"schema": "egov-sign/cabinet/1", "requests": listed})
        return
    for row in rows:
        output.data(f"{row.number or row.id:<36}  {row.service:<5} {row.state.caption(output.language)}")


@click.command("withdraw", epilog="Example: egov-sign portal withdraw AST01-CALL-2024-000001")
@click.argument("request_id", metavar="REQUEST")
@output_options
@site_options
@session_option("portal")
def withdraw_command(request_id: str, services: Services, session_file: Path, output: Output) -> None:
    """Take a request back, as long as nobody works on it."""
    portal = Portal(services)
    session = portal.resume(session_token(session_file)).get()
    request = portal.withdraw(session, request_id).get()
    output.prose(request.state.caption(output.language))
    if output.as_json:
        output.json(request_facts(request, output))


@click.command("survey", epilog="Example: egov-sign portal survey AST01-CALL-2024-000001 --q1 3 --q2 2")
@click.argument("request_id", metavar="REQUEST")
@click.option(
    "--q1", type=click.IntRange(1, 3), required=True, help="Process and result: 1 not, 2 partly, 3 satisfied."
)
@click.option("--q2", type=click.IntRange(1, 3), required=True, help="Information: 1 not, 2 partly, 3 satisfied.")
@output_options
@site_options
@session_option("portal")
def survey_command(request_id: str, q1: int, q2: int, services: Services, session_file: Path, output: Output) -> None:
    """Answer the survey of quality and availability, once after the outcome."""
    portal = Portal(services)
    session = portal.resume(session_token(session_file)).get()
    survey.answer(services, session, request_id, q1, q2)
    output.prose(survey.OPTIONS[q1][output.language])
    if output.as_json:
        output.json({"schema": "egov-sign/survey-answer/1", "q1": q1, "q2": q2})
