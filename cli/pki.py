"""``egov-sign pki …``: worlds of the fixture PKI."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from egov_sign.clock import SystemClock, format_time
from egov_sign.errors import ConfigurationError
from egov_sign.verdict import Json
from egov_sign_pki.reading import ready_worlds
from egov_sign_pki.revocations import REASONS
from egov_sign_pki.workplace import Workplace
from egov_sign_pki.world import KINDS, PASSWORD, World
from egov_sign_pki.writing import WARNING, Written, pem

from .files import write_output
from .options import TimeType, output_options
from .output import Output

F = TypeVar("F", bound=Callable[..., Any])

BUILT_SCHEMA = "egov-sign/pki-built/1"
LIST_SCHEMA = "egov-sign/pki-list/1"
FORMS = ("p12", "p12-legacy", "cer", "pem", "chain", "key")
_REASONS = [name for name in REASONS if name not in ("removeFromCRL", "certificateHold")]


def dir_option(function: F) -> F:
    """Add ``--dir``, the folder of the world; the command gets it as ``place``."""

    def to_place(ctx: click.Context, param: click.Parameter, value: Path) -> Workplace:
        return Workplace(value)

    return click.option(
        "--dir",
        "place",
        type=click.Path(path_type=Path),
        default=".",
        callback=to_place,
        envvar="EGOV_SIGN_PKI_DIR",
        help="Folder of the world. [default: the current one]",
    )(function)


def moment_option(default: str, text: str) -> Callable[[F], F]:
    """Add ``--at`` in the form of world files."""
    return click.option("--at", "at", default=default, show_default=True, metavar="MOMENT", help=text)


@click.command("init", epilog="Example: egov-sign pki init pki --kind gost")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--world", type=click.Choice(ready_worlds()), default="services", show_default=True, help="Ready world.")
@click.option("--kind", type=click.Choice(list(KINDS)), default="ec", show_default=True, help="Kind of keys.")
@click.option("--seed", default="egov-sign", show_default=True, help="What keys are derived from.")
@click.option("--base-url", default="http://127.0.0.1:8799", show_default=True, help="Where its services will answer.")
@click.option("--at", type=TimeType(), help="Time of the world. [default: the hour that has begun]")
@output_options
def init_command(
    folder: Path, world: str, kind: str, seed: str, base_url: str, at: datetime | None, output: Output
) -> None:
    """Make a world in FOLDER: authorities, people, provider, systems, lists.

    FOLDER gets world.toml, which says what is in it and may be edited, and everything built from it. The same file
    gives the same bytes on every machine.
    """
    at = at or SystemClock().now().replace(minute=0, second=0, microsecond=0)
    values: dict[str, str | datetime] = {"at": at, "seed": seed, "kind": kind, "base_url": base_url}
    place = Workplace.create(folder, world, values)
    _tell(place, place.build(), output)
    output.prose(f"next: egov-sign pki show --dir {folder}")


@click.command("build", epilog="Example: egov-sign pki build --dir pki")
@dir_option
@output_options
def build_command(place: Workplace, output: Output) -> None:
    """Build what world.toml declares; only what changed is written."""
    _tell(place, place.build(), output)


@click.command("clean", epilog="Example: egov-sign pki clean --dir pki")
@dir_option
@output_options
def clean_command(place: Workplace, output: Output) -> None:
    """Delete what was built; world.toml and foreign files stay."""
    deleted = place.clean()
    if output.as_json:
        output.json({"schema": BUILT_SCHEMA, "written": [], "kept": 0, "deleted": list(deleted)})
    output.prose(f"deleted {len(deleted)} files")


@click.command("list", epilog="Example: egov-sign pki list --dir pki")
@dir_option
@output_options
def list_command(place: Workplace, output: Output) -> None:
    """List the certificates of a world: label, role, status, validity, holder."""
    world = place.world()
    if output.as_json:
        tell_certificates(world, output)
        return
    rows = [_row(world, label) for label in world.labels]
    width = max(len(label) for label in world.labels)
    for row in rows:
        until = str(row["not_after"])[:10]
        output.data(f"{row['label']!s:{width}}  {row['role']!s:13}  {row['status']!s:8}  {until}  {row['holder']}")


@click.command(
    "issue", epilog="Example: egov-sign pki issue anna --surname ТЕСТОВА --given АННА --iin 850412110000 --dir pki"
)
@click.argument("label")
@click.option("--surname", required=True, help="Surname.")
@click.option("--given", required=True, help="Given name.")
@click.option("--patronymic", default="", help="Patronymic.")
@click.option("--iin", required=True, help="Synthetic IIN.")
@click.option("--provider", default="", help="Label of the provider the person acts for.")
@click.option("--role", default="", help="Role at the provider: head, right-to-sign, finance, hr, employee.")
@dir_option
@output_options
def issue_command(label: str, provider: str, role: str, place: Workplace, output: Output, **values: str) -> None:
    """Issue a certificate to a new person, or to a new employee of a provider."""
    if bool(provider) != bool(role):
        raise click.UsageError("--provider and --role go together")
    if provider:
        _tell(place, place.add_employee(provider, label, {**values, "role": role}), output)
    else:
        _tell(place, place.add_person(label, values), output)


@click.command("renew", epilog="Example: egov-sign pki renew person --dir pki")
@click.argument("label")
@moment_option("-1d", "First second of the new certificate.")
@dir_option
@output_options
def renew_command(label: str, at: str, place: Workplace, output: Output) -> None:
    """Issue one more certificate to the holder of LABEL.

    It has a new key and is called LABEL-2, the next one LABEL-3.
    """
    _tell(place, place.renew(label, at), output)


@click.command("revoke", epilog="Example: egov-sign pki revoke person --reason keyCompromise --dir pki")
@click.argument("label")
@click.option("--reason", type=click.Choice(_REASONS), default="unspecified", show_default=True, help="Why.")
@moment_option("-1d", "When; lists made since then name it.")
@dir_option
@output_options
def revoke_command(label: str, reason: str, at: str, place: Workplace, output: Output) -> None:
    """Revoke the certificate LABEL."""
    _tell(place, place.revoke(label, at, reason), output)


@click.command("hold", epilog="Example: egov-sign pki hold person --dir pki")
@click.argument("label")
@moment_option("-1d", "When; lists made since then name it.")
@dir_option
@output_options
def hold_command(label: str, at: str, place: Workplace, output: Output) -> None:
    """Put the certificate LABEL on hold."""
    _tell(place, place.revoke(label, at, "certificateHold"), output)


@click.command("release", epilog="Example: egov-sign pki release held-person --dir pki")
@click.argument("label")
@moment_option("-2h", "When; a delta made since then takes it out.")
@dir_option
@output_options
def release_command(label: str, at: str, place: Workplace, output: Output) -> None:
    """End the hold of the certificate LABEL."""
    _tell(place, place.release(label, at), output)


@click.command("crl", epilog="Example: egov-sign pki crl issuer --dir pki -o issuer.crl")
@click.argument("authority")
@click.option("--delta", is_flag=True, help="The delta instead of the full list.")
@click.option("--at", type=TimeType(), help="The list that is current at this time. [default: the world's]")
@click.option("-o", "--output", "target", default="-", show_default=True, help="File, or - for standard output.")
@dir_option
@output_options
def crl_command(
    authority: str, delta: bool, at: datetime | None, target: str, place: Workplace, output: Output
) -> None:
    """Write the revocation list of AUTHORITY, DER."""
    world = place.world()
    crl = world.delta_crl(authority, at) if delta else world.crl(authority, at)
    if crl is None:
        raise ConfigurationError("DELTA_MISSING", f"{authority} makes no deltas", hint="set crl.delta_this_update")
    _write(target, crl)


@click.command("export", epilog="Example: egov-sign pki export person --form p12 -o person.p12 --dir pki")
@click.argument("label")
@click.option("--form", type=click.Choice(FORMS), default="p12", show_default=True, help="What to write.")
@click.option("-o", "--output", "target", default="-", show_default=True, help="File, or - for standard output.")
@dir_option
@output_options
def export_command(label: str, form: str, target: str, place: Workplace, output: Output) -> None:
    """Write the key or certificate LABEL: PKCS#12, DER, PEM, PKCS#8."""
    _write(target, _exported(place.world(), label, form))
    if form.startswith("p12"):
        output.prose(f"the password is {PASSWORD}")


def _exported(world: World, label: str, form: str) -> bytes:
    match form:
        case "cer":
            return world.certificate(label)
        case "pem":
            return pem("CERTIFICATE", world.certificate(label))
        case "chain":
            return b"".join(pem("CERTIFICATE", der) for der in (world.certificate(label), *world.chain(label)))
        case "key":
            return pem("PRIVATE KEY", world.key(label).pkcs8())
    return world.pkcs12(label, legacy=form == "p12-legacy")


def _write(target: str, data: bytes) -> None:
    if target == "-" and sys.stdout.isatty() and not data.startswith(b"-----"):
        raise click.UsageError("binary data is not written to a terminal; name a file with -o")
    write_output(target, data)


def tell_certificates(world: World, output: Output) -> None:
    """Write the certificates of ``world`` as one JSON object."""
    rows = [_row(world, label) for label in world.labels]
    output.json({"schema": LIST_SCHEMA, "at": format_time(world.at), "certificates": list[Json](rows)})


def _row(world: World, label: str) -> dict[str, Json]:
    issued = world.issued(label)
    planned = issued.plan
    return {
        "label": label,
        "role": planned.role,
        "holder": planned.title,
        "iin": planned.iin or None,
        "bin": planned.bin or None,
        "status": world.status(label),
        "not_before": format_time(issued.not_before),
        "not_after": format_time(issued.not_after),
        "serial": f"{issued.serial:x}",
    }


def _tell(place: Workplace, written: Written, output: Output) -> None:
    """Say what was built."""
    if output.as_json:
        output.json(
            {
                "schema": BUILT_SCHEMA,
                "dir": str(place.folder),
                "written": list(written.written),
                "kept": len(written.kept),
                "deleted": list(written.deleted),
            }
        )
    changes = f"{len(written.written)} files written, {len(written.kept)} as they were, {len(written.deleted)} deleted"
    output.prose(f"{place.folder}: {changes}")
    if written.written and not written.kept:
        output.prose(f"containers open with --password-file {place.folder / 'password'}")
        output.prose(WARNING)
