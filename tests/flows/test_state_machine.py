"""Whatever order things happen in: no illegal transition, one outcome, one number, one attachment (R14, R57, R413)."""

from __future__ import annotations

import shutil
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from egov_sign.errors import ConfigurationError
from egov_sign.flows import documents, gateway, journal
from egov_sign.flows.registers import Registers
from egov_sign.flows.requests import TRANSITIONS, State, load
from egov_sign.verdict import Indication
from tests.flows.conftest import CALL_FORM, OTHER, PERSON, build_town

FORMS = {
    "CALL": CALL_FORM,
    "APPT": {"doctor_id": "doctor-1", "slot_id": "doctor-1-20240304-01"},
    "ATT": {"basis": "residence", "actual_address": "г. Астана", "admin_unit": "71"},
}
SIGNERS = {PERSON: "person", OTHER: "other-person"}


class Services(RuleBasedStateMachine):
    """Two people, one provider, three services, a gateway that fails now and then."""

    drafts = Bundle("drafts")
    ready = Bundle("ready")
    sent = Bundle("sent")

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.town = build_town(self.folder / "store")
        self.sessions = {iin: self.town.log_in(iin) for iin in SIGNERS}
        self.clerk = self.town.desk_session()
        self.numbers: dict[str, str] = {}

    @rule(target=drafts, iin=st.sampled_from(sorted(SIGNERS)), service=st.sampled_from(sorted(FORMS)))
    def order(self, iin: str, service: str) -> tuple[str, str]:
        request = self.town.portal.order(self.sessions[iin], service, "AST01").get()
        self.town.portal.fill(self.sessions[iin], request.id, FORMS[service]).get()
        return iin, request.id

    @rule(target=ready, draft=consumes(drafts), own=st.booleans())
    def submit(self, draft: tuple[str, str], own: bool) -> object:
        iin, request_id = draft
        signer = SIGNERS[iin] if own else SIGNERS[OTHER if iin == PERSON else PERSON]
        answer = self.town.portal.submit(self.sessions[iin], request_id, self.town.world.certificate(signer))
        assert answer.accepted is own
        return draft if own else multiple()

    @rule(target=sent, draft=consumes(ready), fault=st.sampled_from(["", "", "unavailable", "tamper", "duplicate"]))
    def sign(self, draft: tuple[str, str], fault: str) -> tuple[str, str]:
        iin, request_id = draft
        self.town.services.faults = {"ШЭП": fault} if fault else {}
        self.town.portal.sign(self.sessions[iin], request_id, self.town.world.signer(SIGNERS[iin]))
        self.town.services.faults = {}
        return draft

    @rule()
    def deliver(self) -> None:
        gateway.deliver(self.town.services)

    @rule(entry=sent)
    def decide(self, entry: tuple[str, str]) -> None:
        request = load(self.town.services.store, entry[1])
        signer = self.town.world.signer("right-to-sign")
        if request.state is State.REGISTERED:
            self.town.desk.process(self.clerk, request.number, signer).get()
        else:
            with pytest.raises(ConfigurationError, match="REQUEST_"):
                self.town.desk.process(self.clerk, request.number, signer)

    @rule(entry=sent)
    def withdraw(self, entry: tuple[str, str]) -> None:
        iin, request_id = entry
        request = load(self.town.services.store, request_id)
        if State.WITHDRAWN in TRANSITIONS[request.state]:
            self.town.portal.withdraw(self.sessions[iin], request_id).get()
        else:
            with pytest.raises(ConfigurationError, match="REQUEST_STATE"):
                self.town.portal.withdraw(self.sessions[iin], request_id)

    @rule(seconds=st.sampled_from([1, 60, 300]))
    def wait(self, seconds: int) -> None:
        self.town.clock.advance(seconds)

    @invariant()
    def every_history_is_allowed_and_every_number_stays(self) -> None:
        store = self.town.services.store
        seen: dict[str, str] = {}
        for record in store.scan("request"):
            request = load(store, record.key)
            states = [State(state) for state, _ in request.history]
            assert states[0] is State.DRAFT
            assert all(after in TRANSITIONS[before] for before, after in pairwise(states))
            assert self.numbers.setdefault(request.id, request.number) in {"", request.number}
            if request.number:
                self.numbers[request.id] = request.number
                assert seen.setdefault(request.number, request.id) == request.id
            assert bool(request.outcome) is (request.state in {State.COMPLETED, State.REFUSED})

    @invariant()
    def at_most_one_attachment_is_open(self) -> None:
        registers = Registers(self.town.services.store)
        for iin in SIGNERS:
            assert sum(entry.end is None for entry in registers.attachments(iin)) <= 1

    def teardown(self) -> None:
        if not hasattr(self, "town"):
            return
        services = self.town.services
        assert journal.verify(services.store).indication is Indication.VALID
        assert services.store.check().codes == []
        outcomes = [record.data["outcome"] for record in services.store.scan("request") if record.data["outcome"]]
        assert len(outcomes) == len(set(outcomes))
        for digest in outcomes:
            kind = "result" if b"ResultCertificate" in services.store.document(str(digest)) else "refusal"
            assert documents.conforms(services.store.document(str(digest)), kind)
        shutil.rmtree(self.folder)


TestServices = pytest.mark.req("R14", "R57", "R413", "R425", "R519")(Services.TestCase)
TestServices.settings = settings(
    max_examples=6, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
