"""``egov-sign extend``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from egov_sign.certs.validator import CertificateValidator
from egov_sign.docs.extend import Target, extend
from egov_sign.docs.judge import Detached
from egov_sign.docs.timestamp_client import TimestampSource
from egov_sign.limits import DEFAULT_LIMITS

from .exits import Exit, of_verdict
from .files import about, read_input, write_output
from .options import at_option, evidence_options, output_options
from .output import Output
from .render import report_lines
from .sign import SIGNED_SCHEMA
from .tsa import tsa_option


@click.command(
    "extend", epilog="Example: egov-sign extend signed.xml --level B-T --tsa http://tsp.pki.gov.kz/ -o stamped.xml"
)
@click.argument("file")
@click.option(
    "--level",
    type=click.Choice([item.value for item in Target], case_sensitive=False),
    default=Target.B_LT.value,
    show_default=True,
    help="Level to reach.",
)
@click.option("--detached", type=click.Path(exists=True, path_type=Path), help="The signed content, if it is apart.")
@click.option("-o", "--output", "target", default="-", show_default=True, help="Where the extended document goes.")
@tsa_option
@evidence_options
@at_option
@output_options
def command(
    file: str,
    level: str,
    detached: Path | None,
    target: str,
    timestamps: TimestampSource | None,
    judge: Callable[[], CertificateValidator],
    at: datetime,
    output: Output,
) -> int:
    """Add to a signed document what it takes to verify it years later.

    B-T: a time-stamp (needs --tsa). B-LT: the certificates and the revocation information on which today's verdict
    rests. B-LTA: a time-stamp over all of that, and one more each time. FILE is XAdES, CMS or PDF; only
    what is VALID now gets more than a time-stamp. Of XML, the last signature is extended.
    """
    wanted = Target(level)
    if wanted is Target.B_LTA and timestamps is None:
        raise click.UsageError("B-LTA needs a time-stamping authority: add --tsa URL")
    document = read_input(file, DEFAULT_LIMITS.document_bytes)
    content = Detached(read_input(str(detached), DEFAULT_LIMITS.document_bytes), detached.name) if detached else None
    validator = judge()
    with about(file):
        report, extended = extend(document, wanted, validator, at, timestamps=timestamps, detached=content)
    if extended is None:
        report.name = file
        for line in report_lines(report, output.language):
            output.prose(line)
        return of_verdict(report.indication)
    write_output(target, extended)
    if output.as_json and target != "-":
        output.json({"schema": SIGNED_SCHEMA, "file": target, "level": level, "bytes": len(extended)})
    return Exit.DONE
