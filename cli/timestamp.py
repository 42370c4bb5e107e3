"""``egov-sign timestamp …``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import click

from egov_sign.certs.validator import CertificateValidator
from egov_sign.clock import format_time
from egov_sign.docs.judge import Detached, DocumentValidator
from egov_sign.docs.timestamp import TimestampToken, bare_token
from egov_sign.docs.timestamp_client import TimestampSource
from egov_sign.errors import InputError
from egov_sign.limits import DEFAULT_LIMITS
from egov_sign.verdict import SCHEMA

from .exits import of_verdict
from .files import read_input, write_output
from .options import at_option, evidence_options, output_options
from .output import Output
from .render import report_lines
from .tsa import tsa_option

TIMESTAMP_SCHEMA = "egov-sign/timestamp/1"


@click.command("create", epilog="Example: egov-sign timestamp create act.pdf --tsa http://tsp.pki.gov.kz/ -o act.tst")
@click.argument("file")
@click.option("-o", "--output", "target", default="-", show_default=True, help="Where the token goes.")
@tsa_option
@output_options
def create_command(file: str, target: str, timestamps: TimestampSource | None, output: Output) -> None:
    """Get a time-stamp over a file from an authority (RFC 3161).

    Only the digest of FILE leaves this machine. Whether the authority is to be trusted, "timestamp verify" tells.
    """
    if timestamps is None:
        raise click.UsageError("name a time-stamping authority: --tsa URL")
    token = timestamps.stamp(read_input(file, DEFAULT_LIMITS.document_bytes))
    write_output(target, token)
    info = TimestampToken.load(token).info
    output.prose(f"stamped {format_time(info.gen_time)} under policy {info.policy}")
    if output.as_json and target != "-":
        output.json(
            {
                "schema": TIMESTAMP_SCHEMA,
                "file": target,
                "time": format_time(info.gen_time),
                "policy": info.policy,
                "serial": str(info.serial),
                "digest": info.imprint.digest,
            }
        )


@click.command("verify", epilog="Example: egov-sign timestamp verify act.tst act.pdf --trust root.pem --crl crl/")
@click.argument("token")
@click.argument("file")
@evidence_options
@at_option
@output_options
def verify_command(
    token: str, file: str, judge: Callable[[], CertificateValidator], at: datetime, output: Output
) -> int:
    """Verify that TOKEN stamps FILE, and whether its authority is to be believed.

    TOKEN is a time-stamp token or the whole response of an authority.
    """
    try:
        encoded = bare_token(read_input(token, DEFAULT_LIMITS.timestamp_bytes))
        TimestampToken.load(encoded)
    except InputError as error:
        error.where = token
        raise
    stamped = Detached(read_input(file, DEFAULT_LIMITS.document_bytes))
    report = DocumentValidator(judge()).validate(encoded, at, detached=stamped)
    report.name = token
    if output.as_json:
        output.json({"schema": SCHEMA, "file": token, "at": format_time(at), "report": report.to_dict()})
    else:
        for line in report_lines(report, output.language, verbose=output.verbose):
            output.data(line)
    return of_verdict(report.indication)
