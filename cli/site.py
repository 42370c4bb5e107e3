"""``egov-sign site …``: installations of the services."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from egov_sign.flows import gateway
from egov_sign.flows.services import Services
from egov_sign.verdict import Json
from egov_sign_pki.site import EMPLOYEE_PASSWORD, make_site

from .exits import Exit
from .installation import DEFAULT_SITE, site_options
from .options import at_option, output_options
from .output import Output


@click.command("init", epilog="Example: egov-sign site init egov-site --kind rsa")
@click.argument("folder", type=click.Path(path_type=Path), default=DEFAULT_SITE)
@click.option("--kind", type=click.Choice(["ec", "rsa", "gost"]), default="ec", show_default=True, help="Kind of keys.")
@click.option(
    "--profile",
    type=click.Choice(["astana", "zhambyl", "order272-2019"]),
    default="astana",
    show_default=True,
    help="Regulation that requests follow.",
)
@output_options
@at_option
def init_command(folder: Path, kind: str, profile: str, at: datetime, output: Output) -> None:
    """Make an installation for trying out: a fixture PKI, registers, a provider.

    All people and keys in it are synthetic and protect nothing. The keys lie in FOLDER/pki/keys.
    """
    world = make_site(folder, at, kind=kind, profile=profile)
    output.prose(f"keys: {folder / 'pki' / 'keys'}, their password: {folder / 'pki' / 'password'}")
    output.prose(f"employees log in with the password {EMPLOYEE_PASSWORD}")
    if output.as_json:
        people = {label: plan.iin for label, plan in world.plans.items() if plan.iin}
        output.json({"schema": "egov-sign/site/1", "folder": str(folder), "people": dict(people)})
    else:
        output.data(str(folder))


@click.command("deliver", epilog="Example: egov-sign site deliver")
@output_options
@site_options
def deliver_command(services: Services, site: Path, output: Output) -> int:
    """Deliver the messages that wait in the gateway, after it failed or a command was killed.

    Exit code 10 if one still could not be delivered.
    """
    deliveries = gateway.deliver(services)
    if output.as_json:
        rows: list[Json] = [
            {"message": row.message, "state": row.state, "status": row.status, "codes": [*_codes(row)]}
            for row in deliveries
        ]
        output.json({"schema": "egov-sign/deliveries/1", "deliveries": rows})
    else:
        for row in deliveries:
            output.data(f"{row.message}  {row.state:<16} {row.status} {' '.join(_codes(row))}".rstrip())
    return Exit.INVALID if any(row.reasons for row in deliveries) else Exit.DONE


def _codes(delivery: gateway.Delivery) -> list[str]:
    return [finding.code for finding in delivery.reasons]
