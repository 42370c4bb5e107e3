"""``egov-sign sign xml``, ``sign cms`` and ``sign wsse``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.profile import identify
from egov_sign.crypto.signer import KeySigner
from egov_sign.docs import cades, cms_sign, xades_sign
from egov_sign.docs.cms import SignedData
from egov_sign.docs.timestamp_client import TimestampSource
from egov_sign.docs.wsse import KeyReference, sign_body
from egov_sign.docs.xmlsign import MakeExtra, sign_detached, sign_element, sign_enveloped, sign_enveloping
from egov_sign.limits import DEFAULT_LIMITS

from .files import about, read_input, write_output
from .keys import load_signer
from .options import at_option, output_options, password_options
from .output import Output, plain
from .tsa import tsa_option

SIGNED_SCHEMA = "egov-sign/signed/1"
F = TypeVar("F", bound=Callable[..., Any])

_level_option = click.option(
    "--level",
    type=click.Choice(["B-B", "B-T"], case_sensitive=False),
    help="Baseline level; B-T has a time-stamp. [default: B-T with --tsa, else B-B]",
)


def signing_options(function: F) -> F:
    """Add the key's options and ``-o``; the command gets ``signer``, a callable, and ``finish``.

    ``finish`` takes the signed document and the signer, writes it, and tells who signed.
    """

    @click.option("--key", required=True, envvar="EGOV_SIGN_KEY", help="PKCS#12 or PEM with key and certificate.")
    @click.option("--alias", help="Which key, where the file holds several.")
    @click.option("--algorithm", help="Signature algorithm, e.g. rsa-sha512. [default: the usual one of the key]")
    @click.option("-o", "--output", "target", default="-", show_default=True, help="Where the signed document goes.")
    @output_options
    @password_options
    @functools.wraps(function)
    def wrapper(
        key: str,
        alias: str | None,
        algorithm: str | None,
        target: str,
        password: Callable[[], str],
        output: Output,
        **values: Any,  # noqa: ANN401 - passes on whatever the command takes
    ) -> Any:  # noqa: ANN401
        def finish(signed: bytes, signer: KeySigner) -> None:
            write_output(target, signed)
            who, name = identify(Certificate.load(signer.certificate)), signer.algorithm.name
            output.prose(f"signed by {plain(who.full_name)} with {name}")
            if output.as_json and target != "-":
                output.json({"schema": SIGNED_SCHEMA, "file": target, "algorithm": name, "bytes": len(signed)})

        return function(signer=lambda: load_signer(key, password, alias, algorithm), finish=finish, **values)

    return wrapper  # type: ignore[return-value]


@click.command("xml", epilog="Example: egov-sign sign xml request.xml --key person.p12 -o signed.xml")
@click.argument("file")
@click.option("--id", "identifier", default="", help="Sign only the element with this Id.")
@click.option("--detached", is_flag=True, help="Sign FILE, of any kind, in a document of its own that refers to it.")
@click.option("--enveloping", is_flag=True, help="Sign FILE, of any kind, inside the signature.")
@click.option("--xades", is_flag=True, help="Sign the time and the certificate, too (XAdES); a level implies it.")
@click.option("--content-timestamp", is_flag=True, help="Time-stamp the content before it is signed, too (XAdES).")
@_level_option
@tsa_option
@at_option
@signing_options
def xml_command(
    file: str,
    identifier: str,
    detached: bool,
    enveloping: bool,
    xades: bool,
    content_timestamp: bool,
    level: str | None,
    timestamps: TimestampSource | None,
    at: datetime,
    signer: Callable[[], KeySigner],
    finish: Callable[[bytes, KeySigner], None],
) -> None:
    """Sign an XML document in the country's shape.

    The signature becomes the last child of the root and covers the whole document, earlier signatures included.
    FILE "-" reads standard input. The time that XAdES claims is that of --at.
    """
    if bool(identifier) + detached + enveloping > 1:
        raise click.UsageError("--id, --detached and --enveloping exclude one another")
    stamp = _needs_stamp(level, timestamps)
    if content_timestamp and timestamps is None:
        raise click.UsageError("--content-timestamp needs a time-stamping authority: add --tsa URL")
    document = read_input(file, DEFAULT_LIMITS.document_bytes)
    key = signer()
    extra: MakeExtra | None = None
    if xades or level or timestamps:
        media = "application/octet-stream" if detached or enveloping else "text/xml"
        content = timestamps if content_timestamp else None
        extra = xades_sign.signed_properties(key, at, media_type=media, timestamps=content)
    with about(file):
        if identifier:
            signed = sign_element(document, key, identifier, extra=extra)
        elif detached:
            signed = sign_detached({Path(file).name: document}, key, extra=extra)
        elif enveloping:
            signed = sign_enveloping(document, key, extra=extra)
        else:
            signed = sign_enveloped(document, key, extra=extra)
    finish(xades_sign.add_timestamp(signed, stamp) if stamp else signed, key)


@click.command("cms", epilog="Example: egov-sign sign cms contract.pdf --key person.p12 --detached -o contract.p7s")
@click.argument("file")
@click.option("--detached", is_flag=True, help="Leave the content out of the message.")
@click.option("--add-signer", is_flag=True, help="FILE is signed CMS: add a signature beside those in it.")
@click.option(
    "--content", type=click.Path(exists=True, path_type=Path), help="What FILE signs, for --add-signer to one without."
)
@_level_option
@tsa_option
@at_option
@signing_options
def cms_command(
    file: str,
    detached: bool,
    add_signer: bool,
    content: Path | None,
    level: str | None,
    timestamps: TimestampSource | None,
    at: datetime,
    signer: Callable[[], KeySigner],
    finish: Callable[[bytes, KeySigner], None],
) -> None:
    """Sign a file of any kind as CMS (CAdES).

    FILE "-" reads standard input. The time that the signature claims is that of --at. Signatures that are there already
    stay good.
    """
    if (add_signer and detached) or (content and not add_signer):
        raise click.UsageError("--content goes with --add-signer, and --detached with a new message")
    stamp = _needs_stamp(level, timestamps)
    document = read_input(file, DEFAULT_LIMITS.document_bytes)
    key = signer()
    earlier: set[bytes] = set()
    if add_signer:
        given = read_input(str(content), DEFAULT_LIMITS.document_bytes) if content else None
        with about(file):
            message = SignedData.load(document)
        earlier = {one.signature for one in message.signers}
        signed = cms_sign.add_signer(message, key, signing_time=at, content=given, chain=True)
    else:
        signed = cms_sign.sign(document, key, signing_time=at, detached=detached, chain=True)
    if stamp:
        signed = cades.add_timestamps(SignedData.load(signed), stamp, only=lambda one: one.signature not in earlier)
    finish(signed, key)


@click.command("wsse", epilog="Example: egov-sign sign wsse envelope.xml --key system.p12 -o signed.xml")
@click.argument("file")
@click.option(
    "--reference",
    type=click.Choice([item.value for item in KeyReference]),
    default=KeyReference.CERTIFICATE.value,
    show_default=True,
    help="How the certificate is named.",
)
@signing_options
def wsse_command(
    file: str, reference: str, signer: Callable[[], KeySigner], finish: Callable[[bytes, KeySigner], None]
) -> None:
    """Sign the Body of a SOAP envelope for the gateway (ШЭП), with WS-Security.

    FILE is a SOAP 1.1 envelope without a signature in its header; "-" reads standard input.
    """
    envelope = read_input(file, DEFAULT_LIMITS.document_bytes)
    key = signer()
    with about(file):
        signed = sign_body(envelope, key, reference=KeyReference(reference))
    finish(signed, key)


def _needs_stamp(level: str | None, timestamps: TimestampSource | None) -> TimestampSource | None:
    if level == "B-T" and timestamps is None:
        raise click.UsageError("B-T needs a time-stamping authority: add --tsa URL")
    return None if level == "B-B" else timestamps
