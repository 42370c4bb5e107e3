"""Many processes fight for few slots: as many win as there are slots, nothing is lost (R416).

``EGOV_SIGN_RIVALS=200 EGOV_SIGN_SLOTS=10 pytest tests/flows/test_slots_contested.py`` for the long run.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from egov_sign.certs.iin import control_digit
from egov_sign.flows import books, journal, schedule
from egov_sign.flows.registers import Attachment, Person, attach, put_person
from egov_sign.verdict import Indication
from tests.flows.conftest import NOW, PASSWORD, REGISTRAR, build_town

RIVALS = int(os.environ.get("EGOV_SIGN_RIVALS", "6"))
SLOTS = int(os.environ.get("EGOV_SIGN_SLOTS", "2"))
RIVAL = """
import sys
from datetime import datetime
from typing import Any, cast
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.clock import FrozenClock
from egov_sign.flows import reception
from egov_sign.flows.desk import Identity
from egov_sign.flows.employees import resume
from egov_sign.flows.jsonstore import JsonStore
from egov_sign.flows.services import Services, Settings
folder, token, iin, now, slots = sys.argv[1:]
services = Services(
    JsonStore(folder), CertificateValidator(TrustStore()), cast(Any, None),
    clock=FrozenClock(datetime.fromisoformat(now)), settings=Settings(profile="zhambyl"),
)
session = resume(services, "AST01", token).get()
sys.stdin.readline()  # all start together
outcome = "refused"
for number in range(1, int(slots) + 1):
    form = {"doctor_id": "doctor-1", "slot_id": f"doctor-1-20240304-{number:02d}"}
    answer = reception.receive(services, session, "APPT", Identity(iin), form)
    if answer.refusal is None:
        outcome = form["slot_id"]
        break
    assert answer.refusal.codes == ["APPT_SLOT_TAKEN"], answer.refusal.codes
sys.stdout.write(outcome)
"""


def number_of(rival: int) -> str:
    """A synthetic IIN with a century digit that nobody living has."""
    for serial in range(10):
        prefix = f"8504121{rival:03d}{serial}"
        digit = control_digit(prefix)
        if digit is not None:
            return f"{prefix}{digit}"
    raise AssertionError(rival)


@pytest.mark.req("R416", "R262", "R413")
def test_as_many_win_as_there_are_slots(tmp_path: Path) -> None:
    town = build_town(tmp_path / "store", profile="zhambyl")
    people = [number_of(rival) for rival in range(RIVALS)]
    with town.services.work() as work:
        for iin in people:
            put_person(work.unit, Person(iin, "ТЕСТОВ", "СОПЕРНИК", date(1985, 4, 12)))
            attach(work.unit, Attachment(f"a-{iin}", iin, "AST01", "residence", date(2024, 1, 1)), NOW)
    token = town.desk.log_in(REGISTRAR, PASSWORD).get().token
    common = [sys.executable, "-c", RIVAL, str(tmp_path / "store"), token]
    rivals = [
        subprocess.Popen(
            [*common, iin, NOW.isoformat(), str(SLOTS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for iin in people
    ]
    for rival in rivals:
        assert rival.stdin
        rival.stdin.write("\n")
        rival.stdin.flush()
    answers = [rival.communicate() for rival in rivals]
    assert [error for _, error in answers if error] == []
    won = [outcome for outcome, _ in answers if outcome != "refused"]
    assert len(won) == len(set(won)) == min(SLOTS, RIVALS)

    booked = [
        slot for slot in schedule.slots(town.services.store, "doctor-1", date(2024, 3, 4)) if slot.status == "busy"
    ]
    assert sorted(slot.id for slot in booked) == sorted(won)
    rows = books.rows(town.services.store, "appointment", "AST01")
    assert sorted(str(row["slot"]) for row in rows) == sorted(won)
    assert journal.verify(town.services.store).indication is Indication.VALID
    assert town.services.store.check().codes == []
