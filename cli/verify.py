"""``egov-sign verify``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from egov_sign.certs.validator import CertificateValidator
from egov_sign.clock import format_time
from egov_sign.docs.judge import Detached, DocumentValidator
from egov_sign.docs.judged import Required
from egov_sign.docs.qr import QrPayload, judge_payload
from egov_sign.errors import InputError
from egov_sign.limits import DEFAULT_LIMITS
from egov_sign.verdict import SCHEMA, Report

from .exits import of_verdict
from .files import read_input, write_output
from .options import at_option, evidence_options, output_options
from .output import Output
from .render import report_lines
from .requirements import required_options


@click.command(
    "verify", epilog="Example: egov-sign verify signed.xml --trust root.pem --crl crl/ --require-iin 850412110000"
)
@click.argument("file", required=False)
@click.option("--detached", type=click.Path(exists=True, path_type=Path), help="The signed content, if it is apart.")
@click.option("--qr", metavar="PAYLOAD", help="What a scanner read from the paper; alone, it tells what to ask for.")
@click.option("--html", "page", metavar="FILE", help="Write the report as an HTML page, too.")
@output_options
@required_options
@evidence_options
@at_option
def command(
    file: str | None,
    detached: Path | None,
    qr: str | None,
    page: str | None,
    required: Required,
    judge: Callable[[], CertificateValidator],
    at: datetime,
    output: Output,
) -> int:
    """Verify a signed document: VALID, INVALID or INDETERMINATE, and why.

    FILE is signed XML, a message of the gateway, CMS, PDF or a time-stamp, recognised by its content; "-" reads
    standard input. Every signature is judged, and what cannot be established is INDETERMINATE, never good. Of a PDF
    that a provider issued, the attached XML is judged as well, and whether both say the same.
    """
    payload = QrPayload.parse(qr) if qr else None
    if file is None:
        if payload is None:
            raise click.UsageError("name a FILE, or a payload with --qr")
        report, data = judge_payload(payload), b""
        _show(report, payload.number, at, output)
        return of_verdict(report.indication)
    data = read_input(file, DEFAULT_LIMITS.document_bytes)
    validator = judge()
    try:
        documents = DocumentValidator(validator)
        report = documents.validate(data, at, required=required, detached=_content(detached), qr=payload)
    except InputError as error:
        error.where = ", ".join(part for part in (file, error.where) if part)
        raise
    report.name = file
    _show(report, file, at, output)
    if page:
        from egov_sign.docs.html_report import to_html

        write_output(page, to_html(report, language=output.language, source=data).encode())
    if not len(validator.trust):
        output.prose("hint: nothing is trusted; name the root certificates with --trust FILE")
    return of_verdict(report.indication)


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
