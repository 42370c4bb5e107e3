"""``egov-sign crl …``."""

from __future__ import annotations

from datetime import datetime

import click

from egov_sign.certs.crl import Crl
from egov_sign.certs.crl_entry import CrlEntry
from egov_sign.certs.http import HttpFetcher
from egov_sign.clock import format_time
from egov_sign.fetch import FetchRequest
from egov_sign.limits import DEFAULT_LIMITS
from egov_sign.messages import text
from egov_sign.verdict import Json

from .exits import Exit
from .files import about, read_input, write_output
from .options import network_option, output_options
from .output import Output, plain

CRL_SCHEMA = "egov-sign/crl/1"
_FULL_LIST = 50


@click.command("inspect", epilog="Example: egov-sign crl inspect nca_rsa.crl")
@click.argument("file")
@output_options
def inspect_command(file: str, output: Output) -> int:
    """Show issuer, times, number, scope and entries of a revocation list.

    It is not judged: who signed it is the business of "cert verify". Long lists are cut; --verbose shows all.
    """
    with about(file):
        crl = Crl.load(read_input(file, DEFAULT_LIMITS.crl_bytes))
    shown = list(crl) if output.verbose or len(crl) <= _FULL_LIST else []
    if output.as_json:
        entries: list[Json] = [_entry(entry) for entry in crl]
        output.json({"schema": CRL_SCHEMA, "file": file, **crl.facts, "defects": list(crl.defects), "entries": entries})
        return Exit.DONE
    for name, value in crl.facts.items():
        if value is not None:
            output.data(f"{name:<12} {plain(str(value))}")
    for code in crl.defects:
        output.data(f"! {text(code, output.language)} {code}")
    for entry in shown:
        output.data(_line(entry))
    return Exit.DONE


@click.command("find", epilog="Example: egov-sign crl find 4279390a141f5353 nca_rsa.crl")
@click.argument("serial")
@click.argument("files", nargs=-1, required=True)
@output_options
def find_command(serial: str, files: tuple[str, ...], output: Output) -> int:
    """Look a serial number (hexadecimal) up in revocation lists; exit code 10 if it is listed.

    An indirect list may list certificates of several issuers with one number; --json tells whose. That it is not listed
    proves nothing by itself: the list may be stale, of another issuer, or not signed by it.
    """
    try:
        number = int(serial.replace(":", ""), 16)
    except ValueError:
        raise click.BadParameter(f"{serial!r} is not hexadecimal", param_hint="SERIAL") from None
    found: list[Json] = []
    for file in files:
        with about(file):
            entries = Crl.load(read_input(file, DEFAULT_LIMITS.crl_bytes)).entries_of(number)
        for entry in entries:
            found.append({"file": file, **_entry(entry)})
            if not output.as_json:
                output.data(f"{plain(file)}: {_line(entry)}")
    if output.as_json:
        output.json({"schema": CRL_SCHEMA, "serial": f"{number:x}", "found": found})
    return Exit.INVALID if found else Exit.DONE


@click.command("fetch", epilog="Example: egov-sign crl fetch http://crl.pki.gov.kz/nca_rsa_2022.crl -o nca_rsa.crl")
@click.argument("url")
@click.option("-o", "--output", "target", required=True, help="Where the list goes.")
@output_options
@network_option
def fetch_command(url: str, target: str, allow_network: tuple[str, ...], output: Output) -> None:
    """Fetch a revocation list and keep it as DER, if it is one."""
    fetcher = HttpFetcher(allowed_networks=allow_network)
    crl = Crl.load(fetcher.fetch(FetchRequest(url, "crl", DEFAULT_LIMITS.crl_bytes)))
    write_output(target, crl.data)
    output.prose(f"{crl.issuer}: {len(crl)}, {format_time(crl.this_update)}")
    if output.as_json:
        output.json({"schema": CRL_SCHEMA, "file": target, **crl.facts})


def _entry(entry: CrlEntry) -> dict[str, Json]:
    return {
        "serial": f"{entry.serial:x}",
        "issuer": str(entry.issuer),
        "revoked_at": format_time(entry.revoked_at),
        "reason": entry.reason.label if entry.reason else None,
        "invalidity_date": _time(entry.invalidity_date),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)


def _line(entry: CrlEntry) -> str:
    reason = entry.reason.label if entry.reason else ""
    return f"{entry.serial:x}  {format_time(entry.revoked_at)}  {reason}"
