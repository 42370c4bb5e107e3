"""``egov-sign trust …``: whom you trust."""

from __future__ import annotations

import click

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.nca import Recognition, recognise
from egov_sign.errors import ConfigurationError
from egov_sign.limits import DEFAULT_LIMITS
from egov_sign.verdict import Json

from .files import about, read_input, write_output
from .judging import TRUST_FOLDER
from .options import output_options
from .output import Output

TRUST_SCHEMA = "egov-sign/trust/1"


@click.command("import", epilog="Example: egov-sign trust import root_rsa_2020.cer")
@click.argument("file")
@click.option("--profile", default="kz", show_default=True, help="Name of the set of anchors.")
@click.option("--sha256", help="Import only if this is the certificate's SHA-256; needed for one that is not known.")
@output_options
def import_command(file: str, profile: str, sha256: str | None, output: Output) -> None:
    """Trust a root certificate from now on.

    Those of the National Certification Authority (НУЦ РК) are recognised by name and key. One that bears such a name
    with another key is refused; any other needs its fingerprint confirmed with --sha256.
    """
    with about(file):
        certificate = Certificate.load(read_input(file, DEFAULT_LIMITS.keystore_bytes))
    recognition, known = recognise(certificate)
    if recognition is Recognition.LOOK_ALIKE and known:
        raise ConfigurationError(
            "TRUST_LOOK_ALIKE",
            f"this is not {known.label}, though its name says so or its key does",
            where=file,
            hint="get the certificate from pki.gov.kz and compare its fingerprint",
        )
    confirmed = (sha256 or "").replace(":", "").lower()
    if confirmed and confirmed != certificate.fingerprint:
        raise ConfigurationError("TRUST_FINGERPRINT", "the fingerprint is another one", where=certificate.fingerprint)
    if recognition is Recognition.UNKNOWN and not confirmed:
        raise ConfigurationError(
            "TRUST_UNCONFIRMED",
            f"{certificate.subject} is not an authority known here",
            where=file,
            hint=f"compare its fingerprint with the authority's, then add --sha256 {certificate.fingerprint}",
        )
    folder = TRUST_FOLDER / profile
    folder.mkdir(parents=True, exist_ok=True)
    label = known.label if known else certificate.fingerprint[:16]
    write_output(str(folder / f"{label}.cer"), certificate.der)
    output.prose(f"trusted from now on: {certificate.subject} ({label})")
    if output.as_json:
        output.json({"schema": TRUST_SCHEMA, "profile": profile, "label": label, "sha256": certificate.fingerprint})


@click.command("list", epilog="Example: egov-sign trust list")
@output_options
def list_command(output: Output) -> None:
    """List the root certificates that are trusted where no --trust is given."""
    files = sorted(TRUST_FOLDER.glob("*/*.cer"))
    rows = [(file.parent.name, file.stem, Certificate.read(file)) for file in files]
    if output.as_json:
        listed: list[Json] = [
            {"profile": profile, "label": label, "subject": str(anchor.subject), "sha256": anchor.fingerprint}
            for profile, label, anchor in rows
        ]
        output.json({"schema": TRUST_SCHEMA, "anchors": listed})
        return
    for profile, label, anchor in rows:
        output.data(f"{profile:<10} {label:<20} {anchor.subject}")
