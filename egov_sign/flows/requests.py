"""A request: its states, its history, what the store keeps of it (R425)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from egov_sign import messages
from egov_sign.certs.iin import Iin
from egov_sign.clock import format_time
from egov_sign.errors import ConfigurationError
from egov_sign.flows import forms
from egov_sign.flows.attachments import AttachedFile
from egov_sign.flows.engine import Run, TransitionError, Work
from egov_sign.flows.forms import Represented
from egov_sign.flows.store import Data, Reader, Record, StoreConflictError
from egov_sign.messages import Language
from egov_sign.verdict import Finding, Severity, SubIndication


class State(StrEnum):
    """Where a request stands; captions in the messages under ``STATE_…``."""

    DRAFT = "DRAFT"
    READY_TO_SIGN = "READY_TO_SIGN"
    SIGNED = "SIGNED"
    SENT = "SENT"
    NOT_DELIVERED = "NOT_DELIVERED"
    REGISTERED = "REGISTERED"
    IN_PROCESSING = "IN_PROCESSING"
    COMPLETED = "COMPLETED"
    REFUSED = "REFUSED"
    REFUSED_EDS = "REFUSED_EDS"
    WITHDRAWN = "WITHDRAWN"

    def caption(self, language: Language = "ru") -> str:
        """Return what the status screen shows."""
        return messages.text(f"STATE_{self.value}", language)


TRANSITIONS: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.READY_TO_SIGN, State.REFUSED_EDS, State.REFUSED, State.WITHDRAWN}),
    State.READY_TO_SIGN: frozenset({State.SIGNED, State.REFUSED_EDS, State.WITHDRAWN}),
    State.SIGNED: frozenset({State.SENT, State.REGISTERED}),
    State.SENT: frozenset({State.REGISTERED, State.NOT_DELIVERED, State.REFUSED}),
    State.NOT_DELIVERED: frozenset({State.SENT, State.REGISTERED, State.WITHDRAWN}),
    State.REGISTERED: frozenset({State.IN_PROCESSING, State.WITHDRAWN}),
    State.IN_PROCESSING: frozenset({State.COMPLETED, State.REFUSED}),
    State.COMPLETED: frozenset(),
    State.REFUSED: frozenset(),
    State.REFUSED_EDS: frozenset(),
    State.WITHDRAWN: frozenset(),
}
PROCEDURES: dict[State, frozenset[State]] = {State.DRAFT: frozenset({State.COMPLETED, State.REFUSED})}
"""The transitions where the regulation has two procedures and neither signature nor number (R261, R262)."""
ACTIVE = frozenset({State.SENT, State.NOT_DELIVERED, State.REGISTERED, State.IN_PROCESSING})
"""On their way: another request for the same would be a duplicate."""
WITHDRAWABLE = tuple(state for state, following in TRANSITIONS.items() if State.WITHDRAWN in following)
TERMINAL = frozenset(state for state, following in TRANSITIONS.items() if not following)


@dataclass(slots=True)
class Request:
    """A request for a service.

    Attributes:
        id: identifier from the first click on.
        run: the steps done so far; names service, profile and channel.
        applicant: who receives the service.
        provider: code of the organisation asked.
        form: what was filled in.
        files: what was attached.
        represented: the person whom the applicant represents.
        state: where it stands.
        history: every state with its time.
        number: given at registration, never changed (R413).
        employee: IIN of the employee who entered it; empty on the portal.
        identity_basis: ``eds``, ``document`` or ``phone``: how the applicant was identified (D30, D42).
        document: SHA-256 of the signed request.
        certificate: SHA-256 of the certificate it was to be signed with (condition 2).
        evidence: SHA-256 of the evidence of condition 2.
        message: identifier of the gateway message that carried it.
        due: until when the result is due; shown to the applicant (R39).
        outcome: SHA-256 of the signed certificate or refusal.
        outcome_number: number of that document.
        outcome_evidence: SHA-256 of the evidence on the certificate that signed it.
        prepared: SHA-256 of the request as it was shown for signing.
        answer_message: identifier of the gateway message that carries the answer.
        answered: when the answer reached the portal (R41).
        reasons: why it was refused.
        survey: whether the applicant has answered the survey.
        version: of the stored record; 0 before it is stored.
    """

    id: str
    run: Run
    applicant: Iin
    provider: str
    form: dict[str, str] = field(default_factory=dict)
    files: list[AttachedFile] = field(default_factory=list)
    represented: Represented | None = None
    state: State = State.DRAFT
    history: list[tuple[str, str]] = field(default_factory=list)
    number: str = ""
    employee: str = ""
    identity_basis: str = "eds"
    document: str = ""
    certificate: str = ""
    evidence: str = ""
    message: str = ""
    due: datetime | None = None
    outcome: str = ""
    outcome_number: str = ""
    outcome_evidence: str = ""
    prepared: str = ""
    answer_message: str = ""
    answered: str = ""
    reasons: list[Finding] = field(default_factory=list)
    survey: bool = False
    version: int = 0

    @property
    def service(self) -> str:
        """Code of the service."""
        return self.run.flow.service

    @property
    def profile(self) -> str:
        """The regulation it follows."""
        return self.run.flow.profile

    @property
    def channel(self) -> str:
        """How it was made."""
        return self.run.flow.channel

    @property
    def recipient(self) -> Iin:
        """Whom the service is for: the represented person, or the applicant."""
        return Iin.parse(self.represented.iin) if self.represented else self.applicant

    @property
    def advice(self) -> list[Finding]:
        """What the applicant should be told at once, whatever becomes of the request (``CALL_EMERGENCY``)."""
        return forms.advice(self.service, self.form)

    def entered(self, state: State) -> datetime | None:
        """Return when it first came to ``state``."""
        return next((datetime.fromisoformat(at) for name, at in self.history if name == state.value), None)

    def move(self, work: Work, state: State) -> None:
        """Bring it to ``state``.

        Raises:
            TransitionError: ``STATE_TRANSITION`` if that does not follow from where it stands (R425).
        """
        table = TRANSITIONS if self.run.flow.grounds else PROCEDURES
        if self.history and state not in table.get(self.state, ()):
            raise TransitionError(
                "STATE_TRANSITION", f"{state} cannot follow {self.state}", where=self.number or self.id
            )
        self.state = state
        self.history.append((state.value, work.clock.now().isoformat()))

    def refuse(self, work: Work, state: State, reasons: list[Finding]) -> None:
        """Bring it to a refusal with ``reasons``."""
        self.reasons = list(reasons)
        self.move(work, state)

    def save(self, work: Work) -> None:
        """Write it, with the look-ups that find it.

        Raises:
            StoreConflictError: somebody changed it since it was read.
        """
        index = {"applicant": str(self.applicant), "state": f"{self.provider} {self.state}"}
        if self.number:
            index["number"] = self.number
        if self.state in ACTIVE:
            index["active"] = f"{self.recipient} {self.service}"
        if self.outcome_number:
            index["outcome"] = self.outcome_number
        self.version = work.unit.put("request", self.id, self._to_data(), index=index, expect=self.version).version

    def _to_data(self) -> Data:
        return {
            "service": self.service,
            "profile": self.profile,
            "channel": self.channel,
            "number": self.number,
            "state": self.state.value,
            "applicant": str(self.applicant),
            "represented": {"iin": self.represented.iin, "relation": self.represented.relation}
            if self.represented
            else None,
            "provider": self.provider,
            "form": dict(self.form),
            "files": [file.to_data() for file in self.files],
            "history": [[state, at] for state, at in self.history],
            "employee": self.employee,
            "identity_basis": self.identity_basis,
            "document": self.document,
            "certificate": self.certificate,
            "evidence": self.evidence,
            "message": self.message,
            "due": format_time(self.due) if self.due else None,
            "outcome": self.outcome,
            "outcome_number": self.outcome_number,
            "outcome_evidence": self.outcome_evidence,
            "prepared": self.prepared,
            "answer_message": self.answer_message,
            "answered": self.answered,
            "reasons": [finding.to_dict() for finding in self.reasons],
            "survey": self.survey,
            "run": self.run.to_data(),
        }


def load(reader: Reader, request_id: str) -> Request:
    """Return a request by its identifier or its number.

    Raises:
        ConfigurationError: ``REQUEST_UNKNOWN``.
    """
    record = reader.get("request", request_id) if request_id else None
    if record is None and request_id:
        keys = reader.find("request", "number", request_id)
        record = reader.get("request", keys[0]) if keys else None
    if record is None:
        raise ConfigurationError(
            "REQUEST_UNKNOWN", f"there is no request {request_id!r}", hint="`egov-sign portal list` shows your requests"
        )
    return _from_record(record)


def unchanged(work: Work, checked: Request) -> Request:
    """Return a request that was checked outside ``work``, as it was checked.

    Raises:
        StoreConflictError: somebody changed it since; what was checked is not what would be acted upon.
    """
    now = load(work.unit, checked.id)
    if now.version != checked.version:
        raise StoreConflictError(
            "STORE_CONFLICT",
            "the request was changed while it was being checked",
            where=now.number or now.id,
            hint="read it again and repeat",
        )
    return now


def load_all(reader: Reader, index: str, value: str) -> list[Request]:
    """Return the requests found by an index, oldest first."""
    records = [reader.get("request", key) for key in reader.find("request", index, value)]
    return sorted((_from_record(record) for record in records if record), key=lambda request: request.history[0][1])


def _from_record(record: Record) -> Request:
    data: dict[str, Any] = dict(record.data)
    applicant = Iin.parse(data["applicant"])
    run = Run.from_data(data["run"], request=record.key, number=data["number"], subject=applicant)
    represented = data["represented"]
    return Request(
        id=record.key,
        run=run,
        applicant=applicant,
        provider=data["provider"],
        form=data["form"],
        files=[AttachedFile(**file) for file in data["files"]],
        represented=Represented(**represented) if represented else None,
        state=State(data["state"]),
        history=[(state, at) for state, at in data["history"]],
        number=data["number"],
        employee=data["employee"],
        identity_basis=data["identity_basis"],
        document=data["document"],
        certificate=data["certificate"],
        evidence=data["evidence"],
        message=data["message"],
        due=datetime.fromisoformat(data["due"]) if data["due"] else None,
        outcome=data["outcome"],
        outcome_number=data["outcome_number"],
        outcome_evidence=data["outcome_evidence"],
        prepared=data["prepared"],
        answer_message=data["answer_message"],
        answered=data["answered"],
        reasons=[_finding(row) for row in data["reasons"]],
        survey=data["survey"],
        version=record.version,
    )


def _finding(row: dict[str, Any]) -> Finding:
    return Finding(
        row["code"], Severity[row["severity"]], SubIndication(row["sub_indication"]), row["params"], row["where"]
    )
