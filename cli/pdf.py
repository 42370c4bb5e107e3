"""``egov-sign sign pdf`` and ``document render``: PDF files, which people hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.profile import identify
from egov_sign.docs.timestamp_client import TimestampSource
from egov_sign.limits import DEFAULT_LIMITS
from egov_sign.messages import LANGUAGES, Language

from .extra import load
from .files import about, read_input, write_output
from .keys import load_signer
from .options import at_option, output_options, password_options
from .output import Output, plain
from .tsa import tsa_option

SIGNED_SCHEMA = "egov-sign/signed/1"


@click.command("pdf", epilog="Example: egov-sign sign pdf result.pdf --key head.p12 --visible -o signed.pdf")
@click.argument("file")
@click.option("--key", required=True, envvar="EGOV_SIGN_KEY", help="PKCS#12 or PEM with key and certificate.")
@click.option("--alias", help="Which key, where the file holds several.")
@click.option("--algorithm", help="Signature algorithm, e.g. rsa-sha512. [default: the usual one of the key]")
@click.option("--field", default="", help="Name of the signature field. [default: a free one]")
@click.option("--reason", default="", help="Why it is signed.")
@click.option("--location", default="", help="Where it is signed.")
@click.option("--visible", is_flag=True, help="Show the signature, in the frame of the documents of these services.")
@click.option("--page", type=int, default=0, help="Page of the visible block; 0 is the last one.")
@click.option("--box", metavar="L,B,R,T", help="Its place in points from the lower left corner.")
@click.option(
    "--certify",
    type=click.Choice(["nothing", "forms", "annotations"]),
    help="Certify the document: what others may still change.",
)
@click.option("-o", "--output", "target", default="-", show_default=True, help="Where the signed document goes.")
@tsa_option
@password_options
@at_option
@output_options
def sign_command(
    file: str,
    key: str,
    alias: str | None,
    algorithm: str | None,
    field: str,
    reason: str,
    location: str,
    visible: bool,
    page: int,
    box: str | None,
    certify: str | None,
    target: str,
    timestamps: TimestampSource | None,
    password: Callable[[], str],
    at: datetime,
    output: Output,
) -> None:
    """Sign a PDF file: PAdES B-B, or B-T with --tsa.

    Signatures that are there already stay good. FILE "-" reads standard input. For the levels B-LT and B-LTA see
    "extend".
    """
    document = read_input(file, DEFAULT_LIMITS.document_bytes)
    signer = load_signer(key, password, alias, algorithm)
    pdf_sign, pdf_appearance = load("pdf_sign"), load("pdf_appearance")
    appearance = None
    if visible or box:
        place = _box(box) if box else pdf_appearance.DOCUMENT_FRAME
        appearance = pdf_appearance.Appearance(box=place, page=page - 1, language=output.language)
    permission = pdf_sign.Permission[certify.upper()] if certify else None
    signature = pdf_sign.PdfSignature(field, reason, location, permission, appearance)
    with about(file):
        signed = pdf_sign.sign_pdf(document, signer, signing_time=at, signature=signature, timestamps=timestamps)
    write_output(target, signed)
    who = identify(Certificate.load(signer.certificate))
    output.prose(f"signed by {plain(who.full_name)} with {signer.algorithm.name}")
    if output.as_json and target != "-":
        output.json({"schema": SIGNED_SCHEMA, "file": target, "algorithm": signer.algorithm.name, "bytes": len(signed)})


def _box(written: str) -> tuple[float, float, float, float]:
    try:
        left, bottom, right, top = map(float, written.split(","))
    except ValueError:
        raise click.BadParameter("write four numbers, e.g. 350,57,540,114", param_hint="--box") from None
    return left, bottom, right, top


@click.command("render", epilog="Example: egov-sign document render result.xml -o result.pdf")
@click.argument("files", nargs=-1, required=True)
@click.option("-o", "--output", "target", default="-", show_default=True, help="The PDF; a folder for several files.")
@click.option(
    "--language", "languages", multiple=True, type=click.Choice(LANGUAGES), default=("kk", "ru"), show_default=True,
    help="Languages of captions, the leading one first.",
)  # fmt: skip
@click.option("--paper", is_flag=True, help="The talon to be printed and signed by hand.")
@click.option("--template", type=click.Path(exists=True, path_type=Path), help="A typst template of your own.")
@output_options
def render_command(
    files: tuple[str, ...],
    target: str,
    languages: tuple[Language, ...],
    paper: bool,
    template: Path | None,
    output: Output,
) -> None:
    """Render signed results and refusals as PDF/A-3, with the signed XML attached.

    The XML's signature is not checked here, and the PDF is not signed yet: see "verify" and "sign pdf".
    """
    renderer = load("pdf_render").PdfRenderer(template, languages=languages)
    folder = Path(target) if target != "-" and (len(files) > 1 or Path(target).is_dir()) else None
    if len(files) > 1 and folder is None:
        raise click.UsageError("several files need a folder: add -o FOLDER")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        with about(file):
            pdf = renderer.render(read_input(file, DEFAULT_LIMITS.document_bytes), paper=paper)
        write_output(str(folder / f"{Path(file).stem}.pdf") if folder else target, pdf)
    if output.as_json and target != "-":
        output.json({"schema": "egov-sign/rendered/1", "files": len(files), "output": target})
