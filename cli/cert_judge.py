"""``egov-sign cert verify|explain|chain``: certificates judged, with their paths."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

import click

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.profile import identify
from egov_sign.certs.validator import CertificateValidator
from egov_sign.clock import format_time
from egov_sign.docs.acceptance import report_signers
from egov_sign.docs.judged import Required
from egov_sign.errors import ConfigurationError
from egov_sign.limits import DEFAULT_LIMITS
from egov_sign.verdict import SCHEMA, Json, Report

from .exits import of_verdict
from .files import about, read_input
from .options import at_option, evidence_options, output_options
from .output import Output, plain
from .render import explained_lines, report_lines
from .requirements import required_options

CHAIN_SCHEMA = "egov-sign/chain/1"


@click.command(
    "verify", epilog="Example: egov-sign cert verify person.cer --trust root.pem --intermediate ca/ --crl crl/"
)
@click.argument("file")
@output_options
@required_options
@evidence_options
@at_option
def verify_command(
    file: str, required: Required, judge: Callable[[], CertificateValidator], at: datetime, output: Output
) -> int:
    """Judge a certificate: its path, every check of it, and revocation.

    FILE is DER or PEM; further certificates in a PEM file help to build the path.
    """
    report = _judge(file, judge(), required, at)
    lines = partial(report_lines, report, output.language, verbose=output.verbose)
    return _tell(report, lines, file, at, output)


@click.command("explain", epilog="Example: egov-sign cert explain person.cer --trust root.pem --crl crl/ --lang ru")
@click.argument("file")
@output_options
@required_options
@evidence_options
@at_option
def explain_command(
    file: str, required: Required, judge: Callable[[], CertificateValidator], at: datetime, output: Output
) -> int:
    """Judge a certificate and show every check that was done, good ones too, and every source that was tried."""
    report = _judge(file, judge(), required, at)
    return _tell(report, partial(explained_lines, report, output.language), file, at, output)


@click.command("chain", epilog="Example: egov-sign cert chain person.cer --trust root.pem --intermediate ca/")
@click.argument("file")
@output_options
@evidence_options
@at_option
def chain_command(file: str, judge: Callable[[], CertificateValidator], at: datetime, output: Output) -> int:
    """List the path of a certificate up to its trust anchor, the certificate first."""
    report = _judge(file, judge(), Required(), at)
    names, prints = report.facts.get("path"), report.facts.get("fingerprints")
    if not isinstance(names, list) or not isinstance(prints, list):
        raise ConfigurationError(
            "CHAIN_NONE", "there is no path to a trust anchor", where=file, hint="add --trust FILE"
        )
    if output.as_json:
        path: list[Json] = [{"name": name, "sha256": digest} for name, digest in zip(names, prints, strict=True)]
        output.json({"schema": CHAIN_SCHEMA, "file": file, "indication": report.indication.value, "path": path})
    else:
        for depth, (name, digest) in enumerate(zip(names, prints, strict=True)):
            output.data(f"{'  ' * depth}{plain(str(name))}\n{'  ' * depth}  SHA-256 {digest}")
    return of_verdict(report.indication)


def _judge(file: str, validator: CertificateValidator, required: Required, at: datetime) -> Report:
    with about(file):
        certificate, *others = Certificate.load_all(read_input(file, DEFAULT_LIMITS.keystore_bytes))
    report = validator.validate(certificate, at, candidates=others)
    identity = identify(certificate)
    report.findings.extend(identity.findings)
    report_signers([identity], required, report)
    return report


def _tell(report: Report, lines: Callable[[], Iterable[str]], file: str, at: datetime, output: Output) -> int:
    if output.as_json:
        output.json({"schema": SCHEMA, "file": file, "at": format_time(at), "report": report.to_dict()})
    else:
        for line in lines():
            output.data(line)
    return of_verdict(report.indication)
