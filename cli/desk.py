"""``egov-sign desk …``: the provider's workstation (АРМ услугодателя)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from egov_sign.clock import format_time
from egov_sign.flows import books, pages
from egov_sign.flows.books import Book
from egov_sign.flows.services import Services
from egov_sign.flows.workstation import Workstation
from egov_sign.messages import text
from egov_sign.verdict import Json
from egov_sign.zones import zone

from .exits import Exit
from .extra import load
from .files import write_output
from .installation import (
    forget_session,
    keep_session,
    request_facts,
    session_option,
    session_token,
    show_refusal,
    site_options,
)
from .keys import load_signer
from .options import output_options, password_options
from .output import Output, plain

provider_option = click.option(
    "--provider", default="AST01", show_default=True, envvar="EGOV_SIGN_PROVIDER", help="Code of the organisation."
)


@click.command("login", epilog="Example: egov-sign desk login --iin 950615610804 --password-file secret.txt")
@click.option("--iin", required=True, prompt="ИИН", help="The employee's IIN.")
@output_options
@provider_option
@password_options
@site_options
@session_option("desk")
def login_command(
    iin: str, provider: str, password: Callable[[], str], services: Services, session_file: Path, output: Output
) -> None:
    """Log in an employee at the provider's workstation.

    The session is kept in a file that only you can read, until it ends.
    """
    desk = Workstation(services, provider).log_in(iin, password()).get()
    keep_session(session_file, desk.token)
    until = format_time(desk.session.expires_at)
    output.prose(text("CLI_LOGGED_IN", output.language, {"until": until}))
    if output.as_json:
        output.json({"schema": "egov-sign/session/1", "session_file": str(session_file), "expires_at": until})


@click.command("logout", epilog="Example: egov-sign desk logout")
@output_options
@provider_option
@site_options
@session_option("desk")
def logout_command(provider: str, services: Services, session_file: Path, output: Output) -> None:
    """Log out: the session ends at once, wherever its file was copied to."""
    workstation = Workstation(services, provider)
    token = session_token(session_file)
    session = workstation.resume(token).value
    if session is not None:
        workstation.log_out(session)
    forget_session(session_file, token)
    output.prose(text("CLI_LOGGED_OUT", output.language))


@click.command("inbox", epilog="Example: egov-sign desk inbox")
@output_options
@provider_option
@site_options
@session_option("desk")
def inbox_command(provider: str, services: Services, session_file: Path, output: Output) -> None:
    """List the requests that wait for a decision, those due first."""
    workstation = Workstation(services, provider)
    rows = workstation.inbox(workstation.resume(session_token(session_file)).get())
    if output.as_json:
        listed: list[Json] = [request_facts(row, output) for row in rows]
        output.json({"schema": "egov-sign/inbox/1", "requests": listed})
        return
    for row in rows:
        due = format_time(row.due) if row.due else ""
        output.data(f"{row.number:<24}  {row.service:<5} {row.recipient.masked()}  {due}")


@click.command("journal", epilog="Example: egov-sign desk journal call --csv calls.csv")
@click.argument("book", type=click.Choice(["call", "appointment"]))
@click.option("--html", "page", metavar="FILE", help="Write a printable page.")
@click.option("--csv", "sheet", metavar="FILE", help="Write a table for a spreadsheet.")
@click.option("--full-numbers", is_flag=True, help="Show IINs in full.")
@output_options
@provider_option
@site_options
@session_option("desk")
def journal_command(
    book: Book,
    page: str | None,
    sheet: str | None,
    full_numbers: bool,
    provider: str,
    services: Services,
    session_file: Path,
    output: Output,
) -> None:
    """Print the journal of calls or of appointments."""
    workstation = Workstation(services, provider)
    workstation.resume(session_token(session_file)).get()
    table = pages.journal(
        books.rows(services.store, book, provider),
        book,
        workstation.provider.name["ru"],
        zone(workstation.provider.calendar.timezone),
        doctor=lambda code: getattr(services.registers.doctor(code), "full_name", code),
        language=output.language,
        full_numbers=full_numbers,
    )
    if page:
        write_output(page, pages.to_html(table).encode())
    if sheet:
        write_output(sheet, pages.to_csv(table).encode("utf-8-sig"))
    if output.as_json:
        rows: list[Json] = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
        output.json({"schema": "egov-sign/journal/1", "book": book, "rows": rows})
    elif not page and not sheet:
        for row in table.rows:
            output.data("  ".join(map(plain, row)))


@click.command("process", epilog="Example: egov-sign desk process AST01-CALL-2024-000001 --key head.p12")
@click.argument("number")
@click.option("--key", required=True, envvar="EGOV_SIGN_KEY", help="Key of the person who signs for the provider.")
@click.option("--alias", help="Which key, where the file holds several.")
@click.option("-o", "--output", "target", help="Write the signed certificate or refusal to this file.")
@click.option("--pdf", metavar="FILE", help="Write it as a signed PDF, too.")
@output_options
@provider_option
@password_options
@site_options
@session_option("desk")
def process_command(
    number: str,
    key: str,
    alias: str | None,
    target: str | None,
    pdf: str | None,
    provider: str,
    password: Callable[[], str],
    services: Services,
    session_file: Path,
    output: Output,
) -> int:
    """Check the grounds of a request and issue the signed outcome.

    It is the certificate of the service, or a reasoned refusal, which is signed as well (exit code 10).
    """
    workstation = Workstation(services, provider)
    session = workstation.resume(session_token(session_file)).get()
    signer = load_signer(key, password, alias, None)
    decision = workstation.process(session, number, signer).get()
    if target:
        write_output(target, decision.document)
    if pdf:
        now = services.clock.now()
        signature = load("pdf_sign").PdfSignature(appearance=load("pdf_appearance").Appearance())
        rendered = load("pdf_render").PdfRenderer().render(decision.document)
        write_output(pdf, load("pdf_sign").sign_pdf(rendered, signer, signing_time=now, signature=signature))
    if decision.refusal:
        return show_refusal(output, decision.refusal)
    output.prose(decision.request.state.caption(output.language))
    if output.as_json:
        output.json(request_facts(decision.request, output) | {"oral_answer": dict(decision.oral_answer)})
    else:
        output.data(decision.request.outcome_number)
    return Exit.DONE
