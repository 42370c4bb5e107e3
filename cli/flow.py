"""``egov-sign flow …``: the process model of the regulations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import click

from egov_sign.messages import Language

from .files import write_output
from .options import output_options
from .output import Output

SERVICES = ("CALL", "APPT", "ATT")


@click.command("diagram", epilog="Example: egov-sign flow diagram CALL --channel desk -o call.svg")
@click.argument("service", type=click.Choice(SERVICES))
@click.option(
    "--profile",
    type=click.Choice(["astana", "zhambyl", "order272-2019"]),
    default="astana",
    show_default=True,
    help="The regulation.",
)
@click.option("--channel", type=click.Choice(["portal", "desk", "phone"]), default="portal", show_default=True)
@click.option(
    "--book", type=click.Choice(["A", "B"]), help="A form of Zhambyl's business-process reference book instead."
)
@click.option("--case", "number", metavar="NUMBER", help="Draw what happened to this request over its diagram.")
@click.option(
    "--site",
    type=click.Path(path_type=Path),
    default=Path("egov-site"),
    show_default=True,
    envvar="EGOV_SIGN_SITE",
    help="Folder of the installation, for --case.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["svg", "bpmn"]),
    help="Picture or BPMN 2.0 XML. [default: by the file's name]",
)
@click.option("-o", "--output", "target", default="-", show_default=True, help="Where the diagram goes.")
@output_options
def diagram_command(
    service: str,
    profile: str,
    channel: str,
    book: str | None,
    number: str | None,
    site: Path,
    form: str | None,
    target: str,
    output: Output,
) -> None:
    """Draw the diagram of a service from the process model (Приложение 2 of the regulations).

    Processes, conditions and deadlines as the regulation numbers them, in the lanes of the units that act. With --case,
    the request's own service, regulation and channel are drawn, with the path taken, times and missed deadlines.
    """
    bpmn = form == "bpmn" or (form is None and target.endswith((".bpmn", ".xml")))
    if number and (bpmn or book):
        raise click.UsageError("a case is drawn over a diagram in SVG: leave out --book and BPMN")
    if number:
        drawn = _case(site, number, output.language)
    else:
        drawn = _drawing(service, profile, channel, book, output.language)(bpmn)
    write_output(target, drawn)


def _drawing(service: str, profile: str, channel: str, book: str | None, language: Language) -> Callable[[bool], bytes]:
    from egov_sign.flows.diagram import diagram
    from egov_sign.flows.diagram_book import book_form_a, book_form_b
    from egov_sign.flows.diagram_bpmn import to_bpmn
    from egov_sign.flows.diagram_svg import to_svg
    from egov_sign.flows.model import flow

    if book:
        drawing = book_form_a(language) if book == "A" else book_form_b(language)
    else:
        drawing = diagram(flow(profile, service, channel), language)
    return lambda bpmn: to_bpmn(drawing) if bpmn else to_svg(drawing).encode()


def _case(site: Path, number: str, language: Language) -> bytes:
    from egov_sign.flows import journal, requests
    from egov_sign.flows.diagram import diagram
    from egov_sign.flows.diagram_case import overlay
    from egov_sign.flows.diagram_svg import to_svg
    from egov_sign.flows.model import flow
    from egov_sign.flows.site import open_site
    from egov_sign.zones import zone

    services = open_site(site)
    request = requests.load(services.store, number)
    drawn = diagram(flow(request.profile, request.service, request.channel), language)
    events = journal.read(services.store, request.id)
    provider = services.registers.provider(request.provider)
    local = zone(provider.calendar.timezone) if provider else UTC
    return to_svg(drawn, overlay(drawn, events, number, zone=local, language=language)).encode()
