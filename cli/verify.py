"""``egov-sign verify``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from click.core import ParameterSource

from egov_sign.clock import format_time
from egov_sign.docs.judge import Detached, DocumentValidator
from egov_sign.docs.judged import Required, XmlRules
from egov_sign.docs.qr import QrPayload, judge_payload
from egov_sign.errors import InputError
from egov_sign.limits import DEFAULT_LIMITS
from egov_sign.verdict import SCHEMA, Report

from .exits import of_verdict
from .extra import without_http_client
from .files import STDIO, read_input, write_output
from .options import Judging, at_option, evidence_options, output_options
from .output import NOTHING_TRUSTED, Output
from .render import report_lines
from .requirements import required_options


@click.command(
    "verify", epilog="Example: egov-sign verify signed.xml --trust root.pem --crl crl/ --require-iin 850412110000"
)
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("-r", "--recursive", is_flag=True, help="Take the files of folders in folders, too.")
@click.option("--jobs", type=click.IntRange(1), envvar="EGOV_SIGN_JOBS", help="Processes. [default: one per processor]")
@click.option(
    "--resume", type=click.Path(dir_okay=False, path_type=Path), help="Remember here what is done, and go on from it."
)
@click.option("--detached", type=click.Path(exists=True, path_type=Path), help="The signed content, if it is apart.")
@click.option("--qr", metavar="PAYLOAD", help="What a scanner read from the paper; alone, it tells what to ask for.")
@click.option(
    "--report",
    "form",
    type=click.Choice(["text", "json", "etsi"]),
    help="Form of the report; etsi is the XML of TS 119 102-2. [default: text, json with --json]",
)
@click.option(
    "--cross-check",
    is_flag=True,
    help="Ask signxml, pyHanko and pyhanko-certvalidator, too, and tell where they disagree; the verdict stays.",
)
@click.option("--xpath", is_flag=True, help="Evaluate XPath filters of XML signatures, too: of a safe kind only.")
@click.option("--manifests", is_flag=True, help="Verify what signed manifests list, too.")
@click.option("--html", "page", metavar="FILE", help="Write the report as an HTML page, too.")
@output_options
@required_options
@evidence_options
@at_option
def command(
    files: tuple[str, ...],
    recursive: bool,
    jobs: int | None,
    resume: Path | None,
    detached: Path | None,
    qr: str | None,
    form: str | None,
    cross_check: bool,
    xpath: bool,
    manifests: bool,
    page: str | None,
    required: Required,
    judge: Judging,
    at: datetime,
    output: Output,
) -> int:
    """Verify a signed document: VALID, INVALID or INDETERMINATE, and why.

    FILE is signed XML, a message of the gateway, CMS, PDF or a time-stamp, recognised by its content; "-" reads
    standard input. Every signature is judged, and what cannot be established is INDETERMINATE, never good. Of a PDF
    that a provider issued, the attached XML is judged as well, and whether both say the same.

    Several files, and the files of a folder, are verified in parallel: a line for each on standard output (of JSON with
    --json), a summary on standard error, and the exit code of the worst. With --resume, an interrupted run goes on
    where it was when it is started again.
    """
    output.as_json = form == "json" if form else output.as_json
    rules = XmlRules(xpath, manifests)
    if len(files) > 1 or resume or any(Path(file).is_dir() for file in files):
        if detached or qr or page or form == "etsi" or STDIO in files:
            raise click.UsageError("--detached, --qr, --html, --report etsi and standard input go with one FILE")
        from .verify_many import Batch
        from .workers import processors

        jobs = jobs or processors()
        batch = Batch(files, recursive, jobs, resume, at, required, judge, _given_times(), rules, cross_check)
        return batch.run(output)
    payload = QrPayload.parse(qr) if qr else None
    file = files[0] if files else None
    if file is None:
        if payload is None:
            raise click.UsageError("name a FILE, or a payload with --qr")
        report, data = judge_payload(payload), b""
        _show(report, payload.number, at, output)
        return of_verdict(report.indication)
    data = read_input(file, DEFAULT_LIMITS.document_bytes)
    validator = judge()
    try:
        documents = DocumentValidator(validator, rules=rules)
        with without_http_client():
            report = documents.validate(data, at, required=required, detached=_content(detached), qr=payload)
    except InputError as error:
        error.where = ", ".join(part for part in (file, error.where) if part)
        raise
    report.name = file
    if cross_check:
        from egov_sign.docs import cross_check as peers

        peers.cross_check(data, report, validator, at)
    if page:
        from egov_sign.docs.html_report import to_html

        write_output(page, to_html(report, language=output.language, source=data).encode())
    if form == "etsi":
        from egov_sign.docs.etsi_report import to_etsi

        output.data(to_etsi(report, data).decode().rstrip())
    else:
        _show(report, file, at, output)
    if not len(validator.trust):
        output.hint(NOTHING_TRUSTED)
    return of_verdict(report.indication)


def _given_times() -> frozenset[str]:
    """Return the names of the times that the user gave."""
    source = click.get_current_context().get_parameter_source
    return frozenset(name for name in ("at", "known_at") if source(name) is not ParameterSource.DEFAULT)


def _show(report: Report, file: str, at: datetime, output: Output) -> None:
    if output.as_json:
        output.json({"schema": SCHEMA, "file": file, "at": format_time(at), "report": report.to_dict()})
    else:
        for line in report_lines(report, output.language, verbose=output.verbose):
            output.data(line)


def _content(detached: Path | None) -> Detached | None:
    if detached is None:
        return None
    return Detached(read_input(str(detached), DEFAULT_LIMITS.document_bytes), detached.name)
