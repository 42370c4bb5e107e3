"""``egov-sign pki serve`` and ``egov-sign pki show``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from egov_sign.clock import FrozenClock, SystemClock, format_time
from egov_sign.verdict import Json
from egov_sign_pki.answering import FAULTS
from egov_sign_pki.serving import open_services
from egov_sign_pki.showing import page, tree
from egov_sign_pki.workplace import Workplace
from egov_sign_pki.world import World

from .files import write_output
from .options import TimeType, output_options
from .output import Output
from .pki import dir_option, tell_certificates

_FAULT_LIST = "; ".join(f"{name}: {words}" for name, words in FAULTS.items())


@click.command("serve", epilog=f"Example: egov-sign pki serve --fault /ocsp/issuer=stale. Faults: {_FAULT_LIST}.")
@click.option("--port", type=int, default=8799, show_default=True, help="Port of 127.0.0.1; 0 takes a free one.")
@click.option("--at", type=TimeType(), help="What time the services think it is. [default: the world's]")
@click.option("--live", is_flag=True, help="Their clock runs, from now.")
@click.option("--fault", "faults", multiple=True, metavar="PATH=FAULT", help="Switch a fault on; may be repeated.")
@dir_option
@output_options
def serve_command(
    port: int, at: datetime | None, live: bool, faults: tuple[str, ...], place: Workplace, output: Output
) -> None:
    """Answer OCSP, CRL, AIA and time-stamps on loopback.

    The addresses in the world's certificates are those of base_url in world.toml. Faults can be switched while it
    runs: PUT /faults/PATH with the name of the fault, nothing to switch it off.
    """
    wanted = dict(map(_parse_fault, faults))
    world = place.world()
    clock = SystemClock() if live else FrozenClock(at or world.at)
    services = open_services(world, port=port, clock=clock)
    try:
        for path, fault in wanted.items():
            services.switch(path, fault)
        _tell(world, services.url, output)
        output.prose(f"serving {world.declaration.title} at {format_time(clock.now())}; end with Ctrl+C")
        services.serve_forever()
    except KeyboardInterrupt:
        output.prose("stopped")
    finally:
        services.close()


def _tell(world: World, url: str, output: Output) -> None:
    """Say where the services answer."""
    stampers = [label for label, planned in world.plans.items() if planned.role == "tsa"]
    addresses: dict[str, list[Json]] = {
        "ocsp": [f"{url}/ocsp/{label}" for label in world.authorities],
        "crl": [f"{url}/crl/{label}.crl" for label in world.authorities],
        "tsa": [f"{url}/tsa/{label}" for label in stampers],
    }
    if output.as_json:
        output.json({"schema": "egov-sign/pki-serve/1", "url": url, **addresses})
        return
    output.data(url)
    for service, places in addresses.items():
        output.prose(f"  {service:<5} {'  '.join(map(str, places))}")


def _parse_fault(text: str) -> tuple[str, str]:
    path, separator, fault = text.partition("=")
    if not separator:
        raise click.BadParameter("write PATH=FAULT, e.g. /ocsp/issuer=stale", param_hint="--fault")
    return path, fault


@click.command("show", epilog="Example: egov-sign pki show --html world.html --dir pki")
@click.option("--html", type=click.Path(path_type=Path), help="Write a page instead.")
@dir_option
@output_options
def show_command(html: Path | None, place: Workplace, output: Output) -> None:
    """Draw the tree of a world, or write a page about it.

    It shows who certified whom, until when, and what was revoked.
    """
    world = place.world()
    if html is None and output.as_json:
        tell_certificates(world, output)
        return
    if html is None:
        for line in tree(world):
            output.data(line)
        return
    write_output(str(html), page(world).encode())
    output.prose(f"written: {html}")
