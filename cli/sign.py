"""``egov-sign sign …``."""

from __future__ import annotations

from collections.abc import Callable

import click

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.profile import identify
from egov_sign.docs.xmlsign import sign_element, sign_enveloped
from egov_sign.limits import DEFAULT_LIMITS

from .files import read_input, write_output
from .keys import load_signer
from .options import output_options, password_options
from .output import Output

SIGNED_SCHEMA = "egov-sign/signed/1"


@click.command("xml", epilog="Example: egov-sign sign xml request.xml --key person.p12 -o signed.xml")
@click.argument("file")
@click.option("--key", required=True, envvar="EGOV_SIGN_KEY", help="PKCS#12 or PEM with key and certificate.")
@click.option("--alias", help="Which key, where the file holds several.")
@click.option("--algorithm", help="Signature algorithm, e.g. rsa-sha512. [default: the usual one of the key]")
@click.option("--id", "identifier", default="", help="Sign only the element with this Id.")
@click.option("-o", "--output", "target", default="-", show_default=True, help="Where the signed document goes.")
@output_options
@password_options
def xml_command(
    file: str,
    key: str,
    alias: str | None,
    algorithm: str | None,
    identifier: str,
    target: str,
    password: Callable[[], str],
    output: Output,
) -> None:
    """Sign an XML document in the country's shape.

    The signature becomes the last child of the root and covers the whole document, earlier signatures included.
    FILE "-" reads standard input.
    """
    document = read_input(file, DEFAULT_LIMITS.document_bytes)
    signer = load_signer(key, password, alias, algorithm)
    signed = sign_element(document, signer, identifier) if identifier else sign_enveloped(document, signer)
    write_output(target, signed)
    who = identify(Certificate.load(signer.certificate))
    output.prose(f"signed by {who.full_name} with {signer.algorithm.name}")
    if output.as_json and target != "-":
        output.json({"schema": SIGNED_SCHEMA, "file": target, "algorithm": signer.algorithm.name, "bytes": len(signed)})
