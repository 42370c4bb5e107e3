"""``egov-sign portal schedule``: whom and when an appointment can be made with."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import click

from egov_sign.clock import format_time
from egov_sign.flows import schedule
from egov_sign.flows.services import Services
from egov_sign.verdict import Json

from .installation import site_options
from .options import output_options
from .output import Output

DAYS = 7
"""As many days are looked through where none is named."""


@click.command("schedule", epilog="Example: egov-sign portal schedule --doctor doctor-1")
@click.option("--provider", default="AST01", show_default=True, help="Code of the medical organisation.")
@click.option("--doctor", default="", help="Only this doctor.")
@click.option(
    "--day", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="Only this day. [default: a week from now]"
)
@output_options
@site_options
def command(provider: str, doctor: str, day: datetime | None, services: Services, site: Path, output: Output) -> None:
    """List the doctors' free times: the slot_id and doctor_id that the form of an appointment asks for."""
    registers = services.registers
    calendar = registers.known_provider(provider).calendar
    now = services.clock.now()
    today = calendar.local(now).date()
    days: list[date] = [day.date()] if day else [today + timedelta(days=number) for number in range(DAYS)]
    rows: list[Json] = []
    for each in sorted(registers.doctors(provider), key=lambda found: found.id):
        if doctor not in {"", each.id}:
            continue
        for slot in (slot for on in days for slot in schedule.free_slots(services.store, each.id, on, now)):
            begins = f"{calendar.local(slot.start):%Y-%m-%d %H:%M}"
            rows.append({"slot_id": slot.id, "doctor_id": each.id, "start": format_time(slot.start), "local": begins})
            if not output.as_json:
                output.data(f"{slot.id}  {begins}  {each.id}  {each.specialty} {each.full_name}")
    if output.as_json:
        output.json({"schema": "egov-sign/schedule/1", "provider": provider, "slots": rows})
