"""``egov-sign ocsp query``."""

from __future__ import annotations

import os
from datetime import datetime

import click

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.http import HttpFetcher
from egov_sign.certs.ocsp import CertId, OcspResponse, build_request
from egov_sign.certs.path_rules import ValidationPolicy
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.clock import format_time
from egov_sign.errors import ConfigurationError, FetchError
from egov_sign.fetch import FetchRequest
from egov_sign.limits import DEFAULT_LIMITS
from egov_sign.verdict import SCHEMA, Report

from .exits import of_verdict
from .files import about, read_input, write_output
from .options import at_option, network_option, output_options
from .output import Output
from .render import report_lines

_NONCE_BYTES = 16


@click.command("query", epilog="Example: egov-sign ocsp query person.cer --issuer issuer.cer -o answer.ors")
@click.argument("file")
@click.option("--issuer", required=True, help="Certificate of the issuer.")
@click.option("--url", help="The responder. [default: the one the certificate names]")
@click.option(
    "--digest", type=click.Choice(["sha1", "sha256"]), default="sha1", show_default=True, help="Of the CertID."
)
@click.option("-o", "--output", "target", help="Keep the response in this file.")
@output_options
@network_option
@at_option
def query_command(
    file: str,
    issuer: str,
    url: str | None,
    digest: str,
    target: str | None,
    allow_network: tuple[str, ...],
    at: datetime,
    output: Output,
) -> int:
    """Ask an OCSP responder about a certificate, with a nonce, and judge the answer.

    VALID means that the responder was entitled to answer and the certificate is not revoked; the rest of the
    certificate is the business of "cert verify".
    """
    with about(file):
        certificate = Certificate.load(read_input(file, DEFAULT_LIMITS.keystore_bytes))
    with about(issuer):
        authority = Certificate.load(read_input(issuer, DEFAULT_LIMITS.keystore_bytes))
    address = url or next(iter(certificate.ocsp_urls), "")
    if not address:
        raise ConfigurationError(
            "OCSP_NO_RESPONDER", "the certificate names no responder", where=file, hint="add --url"
        )
    nonce = os.urandom(_NONCE_BYTES)
    request = build_request(CertId.of(certificate, authority, digest), nonce)
    fetcher = HttpFetcher(allowed_networks=allow_network)
    data = fetcher.fetch(FetchRequest(address, "ocsp", DEFAULT_LIMITS.ocsp_bytes, request, "application/ocsp-request"))
    response = OcspResponse.load(data)
    if response.nonce not in (None, nonce):
        raise FetchError("OCSP_NONCE", "the response answers another request", where=address, hint="ask again")
    if target:
        write_output(target, data)
    report = _judge(certificate, authority, data, at)
    if response.nonce is None:
        output.prose("the responder did not repeat the nonce: the answer may be older than the question")
    if output.as_json:
        output.json({"schema": SCHEMA, "file": file, "at": format_time(at), "report": report.to_dict()})
    else:
        for line in report_lines(report, output.language, verbose=output.verbose):
            output.data(line)
    return of_verdict(report.indication)


def _judge(certificate: Certificate, issuer: Certificate, response: bytes, at: datetime) -> Report:
    """Return the report on revocation alone: the issuer is taken as it is, its own path is not asked about."""
    validator = CertificateValidator(
        TrustStore([issuer]),
        revocation=Revocation(RevocationSources(responses=[response]), known_at=at),
        policy=ValidationPolicy(profile_rules=False),
    )
    report = validator.validate(certificate, at)
    for child in (part for part in report.children for part in part.children):
        if child.subject == "revocation":
            return child
    return report
