"""The gateway (ШЭП): takes envelopes, checks both signatures, delivers them, again if need be (R108, R414, R528).

``services.faults["ШЭП"]`` makes it fail on purpose: ``unavailable``, ``tamper`` (a byte of the envelope changes on the
way), ``duplicate`` (every message is delivered twice).
"""

from __future__ import annotations

from dataclasses import dataclass

from egov_sign.crypto.signer import Signer
from egov_sign.flows import answers, registration, requests, signing
from egov_sign.flows.engine import Work
from egov_sign.flows.envelope import SERVICES, Envelope, read_envelope
from egov_sign.flows.refusals import Answer, reason, refused
from egov_sign.flows.requests import State
from egov_sign.flows.services import Services
from egov_sign.flows.store import Data
from egov_sign.verdict import Finding

NAME = "ШЭП"
FAULT_CODES = {
    "GW_FORMAT": "SCE001",
    "GW_NO_SERVICE": "SCE004",
    "GW_TRANSPORT_SIG_NOT_ACTUAL": "SCE005",
    "GW_TRANSPORT_SIG_INVALID": "SCE006",
    "GW_NOT_SIGNED": "SCE007",
    "GW_DATA_SIG_NOT_ACTUAL": "SCE015",
    "GW_DATA_SIG_INVALID": "SCE016",
    "GW_DATA_NOT_SIGNED": "SCE017",
    "GW_UNAVAILABLE": "SCE909",
}
"""Our refusal codes and the gateway's own (R528)."""
SUCCESS = "SCSS001"
_DATED = frozenset({"SIG_CERT_EXPIRED", "SIG_CERT_NOT_YET_VALID", "SIG_CERT_REVOKED", "SIG_CERT_REVOCATION_UNKNOWN"})


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one message.

    Attributes:
        message: its identifier.
        state: ``ON_DELIVERY``, ``DELIVERED``, ``NOT_DELIVERED`` or ``DELIVERY_STOPPED``.
        status: the gateway's own code, ``SCSS001`` or ``SCE…``.
        reasons: why it was not delivered.
    """

    message: str
    state: str
    status: str
    reasons: tuple[Finding, ...] = ()


def send(work: Work, envelope: Envelope, signer: Signer, request_id: str) -> None:
    """Seal ``envelope`` and put it into the queue; it is delivered after this unit of work."""
    digest = work.unit.put_document(envelope.sealed(signer), ".xml")
    data: Data = {
        "type": envelope.type,
        "request": request_id,
        "correlation": envelope.correlation,
        "state": "ON_DELIVERY",
        "status": "",
        "envelope": digest,
        "attempts": 0,
    }
    work.unit.put("message", envelope.message, data, index={"state": "ON_DELIVERY"}, expect=0)


def deliver(services: Services) -> list[Delivery]:
    """Try to deliver every message that waits; those that could not be delivered are tried again next time."""
    waiting = {
        key for state in ("ON_DELIVERY", "NOT_DELIVERED") for key in services.store.find("message", "state", state)
    }
    return [_deliver(services, message) for message in sorted(waiting)]


def deliver_one(services: Services, message: str) -> Delivery:
    """Try to deliver one message."""
    return _deliver(services, message)


def state(services: Services, message: str) -> str:
    """Return the state of a message; empty if there is none."""
    record = services.store.get("message", message)
    return str(record.data["state"]) if record else ""


def examine(services: Services, data: bytes) -> Answer[Envelope]:
    """Check an envelope: its form, its signature, the service, and the signature of the document inside.

    Refusals: ``GW_…``.
    """
    now = services.clock.now()
    if b"Signature" not in data:
        return refused("", [reason("GW_NOT_SIGNED")])
    opened = signing.open_signed(services, data, "envelope", now)
    if opened.root is None:
        return refused("", _transport_reasons(opened.reasons))
    envelope = read_envelope(opened.root)
    if envelope.date > now + services.settings.clock_tolerance:
        return refused("", [reason("GW_TRANSPORT_SIG_NOT_ACTUAL")])
    if envelope.service not in SERVICES.values():
        return refused("", [reason("GW_NO_SERVICE")])
    if b"Signature" not in envelope.data:
        return refused("", [reason("GW_DATA_NOT_SIGNED")])
    kind = registration.KIND if envelope.type == "REQUEST" else answers.kind_of(envelope.data)
    inner = signing.open_signed(services, envelope.data, kind, envelope.date)
    if inner.root is None:
        return refused("", _data_reasons(inner.reasons))
    return Answer(envelope)


def _deliver(services: Services, message: str) -> Delivery:
    record = services.store.get("message", message)
    assert record is not None
    fault = services.faults.get(NAME)
    if fault == "unavailable":
        return _settle(services, message, "NOT_DELIVERED", [reason("GW_UNAVAILABLE")])
    data = services.store.document(str(record.data["envelope"]))
    if fault == "tamper":
        middle = data.index(b"MessageDate>") + len(b"MessageDate>") + 1
        data = data[:middle] + (b"1" if data[middle : middle + 1] != b"1" else b"2") + data[middle + 1 :]
    answer = examine(services, data)
    for _ in range(2 if fault == "duplicate" else 1):
        if answer.refusal is not None:
            break
        answer = _hand_over(services, answer.get())
    if answer.refusal is not None and answer.refusal.codes != ["REG_DUP_MESSAGE"]:
        return _settle(services, message, "DELIVERY_STOPPED", list(answer.refusal.reasons))
    return _settle(services, message, "DELIVERED", [])


def _hand_over(services: Services, envelope: Envelope) -> Answer[Envelope]:
    received: Answer[str]
    if envelope.type == "REQUEST":
        received = registration.receive(services, envelope)
    else:
        received = answers.receive(services, envelope)
    return Answer(envelope) if received.refusal is None else Answer(None, received.refusal)


def _settle(services: Services, message: str, state: str, reasons: list[Finding]) -> Delivery:
    status = FAULT_CODES.get(reasons[0].code, "SCSE001") if reasons else SUCCESS
    with services.work() as work:
        record = work.unit.get("message", message)
        assert record is not None
        attempts = record.data["attempts"]
        assert isinstance(attempts, int)
        data = record.data | {"state": state, "status": status, "attempts": attempts + 1}
        work.unit.put("message", message, data, index={"state": state}, expect=record.version)
        request = requests.load(work.unit, str(record.data["request"]))
        work.note(
            f"gateway.{state.lower()}",
            NAME,
            request.run,
            outcome="error" if reasons else "ok",
            codes=[finding.code for finding in reasons],
            digest=str(record.data["envelope"]),
        )
        if reasons and record.data["type"] == "REQUEST" and request.state is State.SENT:
            request.refuse(work, State.NOT_DELIVERED, reasons)
            request.save(work)
    return Delivery(message, state, status, tuple(reasons))


def _transport_reasons(reasons: tuple[Finding, ...]) -> list[Finding]:
    if any(finding.code == "GW_FORMAT" for finding in reasons):
        return list(reasons)
    dated = all(finding.code in _DATED for finding in reasons)
    return [reason("GW_TRANSPORT_SIG_NOT_ACTUAL" if dated else "GW_TRANSPORT_SIG_INVALID")]


def _data_reasons(reasons: tuple[Finding, ...]) -> list[Finding]:
    if any(finding.code == "GW_FORMAT" for finding in reasons):
        return list(reasons)
    dated = all(finding.code in _DATED for finding in reasons)
    return [reason("GW_DATA_SIG_NOT_ACTUAL" if dated else "GW_DATA_SIG_INVALID")]
