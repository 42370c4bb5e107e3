"""``egov-sign journal …``, ``store …``, ``case …``, ``survey …``: what an installation keeps."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from egov_sign.flows import case_check, catalogue, export, journal, survey
from egov_sign.flows.services import Relying, RelyingParty, Services
from egov_sign.flows.site import open_site
from egov_sign.verdict import SCHEMA, Json, Report

from .exits import of_verdict
from .files import write_output
from .installation import DEFAULT_SITE, site_options
from .judging import make_validator
from .options import TRUST_HELP, at_option, output_options
from .output import NOTHING_TRUSTED, Output, one_line
from .render import report_lines

SERVICES = ("CALL", "APPT", "ATT")


@click.command("show", epilog="Example: egov-sign journal show --request AST01-CALL-2024-000001")
@click.option("--request", default="", help="Only the lines about this request.")
@output_options
@site_options
def journal_show_command(request: str, services: Services, site: Path, output: Output) -> None:
    """Print the journal: what happened, who acted, how long it took. IINs are masked."""
    events = journal.read(services.store, request)
    if output.as_json:
        rows: list[Json] = [asdict(event) for event in events]
        output.json({"schema": "egov-sign/journal/1", "events": rows})
        return
    for event in events:
        breach = click.style(" breach", fg="red") if event.breach else ""
        codes = " ".join(event.codes)
        output.data(
            f"{event.seq:>6} {event.at} {event.unit:<12} {event.node} {event.phase} {event.outcome} {codes}{breach}"
        )


@click.command("verify", epilog="Example: egov-sign journal verify")
@output_options
@site_options
def journal_verify_command(services: Services, site: Path, output: Output) -> int:
    """Follow the journal's chain of hashes: a line that was removed, changed or moved is found."""
    return _verdict(journal.verify(services.store), output)


@click.command("check", epilog="Example: egov-sign store check")
@output_options
@site_options
def store_check_command(services: Services, site: Path, output: Output) -> int:
    """Read the whole store and compare it with its digests, index entries and logs."""
    return _verdict(services.store.check(), output)


@click.command("stats", epilog="Example: egov-sign store stats")
@output_options
@site_options
def store_stats_command(services: Services, site: Path, output: Output) -> None:
    """Count what the store holds, by kind."""
    counts = services.store.stats()
    if output.as_json:
        output.json({"schema": "egov-sign/store/1", "counts": dict(counts)})
        return
    for kind, count in counts.items():
        output.data(f"{kind:<16} {count}")


@click.command("export", epilog="Example: egov-sign store export request -o requests.jsonl")
@click.argument("kind")
@click.option("-o", "--output", "target", default="-", show_default=True, help="Where the lines go.")
@output_options
@site_options
def store_export_command(kind: str, target: str, services: Services, site: Path, output: Output) -> None:
    """Write all records of KIND, one JSON object a line; "store stats" lists the kinds."""
    lines = [one_line({"key": row.key, "version": row.version, "data": row.data}) for row in services.store.scan(kind)]
    write_output(target, "".join(f"{line}\n" for line in lines).encode(), private=True)
    output.prose(f"{len(lines)} {kind}")


@click.command("export", epilog="Example: egov-sign case export AST01-CALL-2024-000001 case/ --fhir")
@click.argument("number")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--fhir", "with_fhir", is_flag=True, help="Add bundle.json: the case as a FHIR R4 transaction.")
@output_options
@site_options
def case_export_command(
    number: str, folder: Path, with_fhir: bool, services: Services, site: Path, output: Output
) -> None:
    """Write a case into a folder that can be checked elsewhere: request, evidence, result, journal."""
    manifest = export.export_case(services, number, folder, with_fhir=with_fhir)
    output.prose(f"see {manifest}")
    if output.as_json:
        output.json({"schema": "egov-sign/case-export/1", "manifest": str(manifest)})


@click.command("verify", epilog="Example: egov-sign case verify case/ --trust root.pem")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--trust", multiple=True, type=click.Path(exists=True, path_type=Path), envvar="EGOV_SIGN_TRUST", help=TRUST_HELP
)
@click.option(
    "--site",
    type=click.Path(path_type=Path),
    envvar="EGOV_SIGN_SITE",
    help=f"An installation whose trust anchors serve. [default: {DEFAULT_SITE}, if there is one]",
)
@at_option
@output_options
def case_verify_command(folder: Path, trust: tuple[Path, ...], site: Path | None, at: datetime, output: Output) -> int:
    """Check an exported case: digests, both signatures as of their times, and that they belong together.

    No installation is needed: the trust anchors are those of --trust, else of the installation, else those imported
    with "trust import".
    """
    services: Relying
    if not trust and (site or (DEFAULT_SITE / "site.toml").exists()):
        services = open_site(site or DEFAULT_SITE)
    else:
        services = RelyingParty(make_validator(trust, (), (), (), known_at=at))
    report = case_check.verify_case(services, folder)
    code = _verdict(report, output)
    if not len(services.judge.trust):
        output.hint(NOTHING_TRUSTED)
    return code


@click.command("report", epilog="Example: egov-sign survey report")
@output_options
@site_options
def survey_report_command(services: Services, site: Path, output: Output) -> None:
    """Show how recipients answered the survey, by service, with a small chart."""
    results = [survey.results(services, service) for service in SERVICES]
    if output.as_json:
        rows: list[Json] = [
            {
                "service": result.service,
                "answers": result.answers,
                "quality": {str(option): count for option, count in result.quality.items()},
                "availability": {str(option): count for option, count in result.availability.items()},
            }
            for result in results
        ]
        output.json({"schema": "egov-sign/survey/1", "services": rows})
        return
    for result in results:
        output.data(click.style(f"{catalogue.name_of(result.service, output.language)}: {result.answers}", bold=True))
        for question, texts in survey.QUESTIONS.items():
            output.data(f"  {texts[output.language]}")
            for line in survey.chart(result, question, output.language).splitlines():
                output.data(f"    {line}")


def _verdict(report: Report, output: Output) -> int:
    if output.as_json:
        output.json({"schema": SCHEMA, "report": report.to_dict()})
    else:
        for line in report_lines(report, output.language, verbose=output.verbose):
            output.data(line)
    return of_verdict(report.indication)
