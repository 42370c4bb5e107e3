"""The gateway (ШЭП): takes envelopes, checks both signatures, delivers them, again if need be (R108, R414, R528).

``services.faults["ШЭП"]`` makes it fail on purpose: ``unavailable``, ``tamper`` (the envelope changes on the way),
``duplicate`` (every message is delivered twice).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from egov_sign.certs.certificate import Certificate
from egov_sign.crypto.signer import Signer
from egov_sign.docs.judged import Required
from egov_sign.docs.soap_async import AsyncMessage, MessageType
from egov_sign.docs.wsse_validation import WsseValidator
from egov_sign.errors import InputError, StoreError
from egov_sign.flows import answers, registration, requests
from egov_sign.flows.engine import Work
from egov_sign.flows.envelope import PORTAL, SERVICES, Envelope, read_envelope
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
WAITING = ("ON_DELIVERY", "NOT_DELIVERED")
"""States of a message that is still to be delivered."""
_CODES = {theirs: ours for ours, theirs in FAULT_CODES.items()}


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
        "type": envelope.type.value,
        "request": request_id,
        "correlation": envelope.correlation,
        "state": "ON_DELIVERY",
        "status": "",
        "envelope": digest,
        "attempts": 0,
    }
    work.unit.put("message", envelope.message, data, index={"state": "ON_DELIVERY"}, expect=0)


def deliver(services: Services) -> list[Delivery]:
    """Try to deliver every message that waits; those that could not be delivered are tried again next time.

    Raises:
        StoreError: the store has lost or damaged a message; the others were delivered first.
    """
    waiting = {key for state in WAITING for key in services.store.find("message", "state", state)}
    deliveries, damaged = [], []
    for message in sorted(waiting):
        try:
            deliveries.append(_deliver(services, message))
        except StoreError as error:
            damaged.append(error)
    if damaged:
        raise damaged[0]
    return deliveries


def deliver_one(services: Services, message: str) -> Delivery:
    """Try to deliver one message."""
    return _deliver(services, message)


def stop(work: Work, message: str) -> None:
    """Deliver a message no more, since what it carries was taken back; none, or one that has come, is left as it is."""
    record = work.unit.get("message", message) if message else None
    if record is not None and record.data["state"] in WAITING:
        stopped = record.data | {"state": "DELIVERY_STOPPED"}
        work.unit.put("message", message, stopped, index={"state": "DELIVERY_STOPPED"}, expect=record.version)


def state(services: Services, message: str) -> str:
    """Return the state of a message; empty if there is none."""
    record = services.store.get("message", message)
    return str(record.data["state"]) if record else ""


def examine(services: Services, data: bytes) -> Answer[Envelope]:
    """Check a message: its form, the signature of the sending system, the service, the signature of the document.

    The transport signature must be that of the very system which the message names as its sender: any other good
    certificate, of another system or of a person, is as good as none.

    Refusals: ``GW_…``.
    """
    now = services.clock.now()
    try:
        verdict = WsseValidator(services.judge, limits=services.limits).examine(data, now, business=Required())
    except InputError as error:
        return refused("", [reason("GW_FORMAT", error.code)])
    if verdict.gateway_code:
        return refused("", [reason(_CODES[verdict.gateway_code])])
    envelope = read_envelope(verdict.message) if isinstance(verdict.message, AsyncMessage) else None
    if envelope is None or envelope.type not in {MessageType.REQUEST, MessageType.RESPONSE}:
        return refused("", [reason("GW_FORMAT")])
    assert verdict.transport is not None
    if not _seals_for(services, envelope.sender, verdict.transport.certificate):
        return refused("", [reason("GW_TRANSPORT_SIG_INVALID", "senderId")])
    if envelope.date > now + services.settings.clock_tolerance:
        return refused("", [reason("GW_TRANSPORT_SIG_NOT_ACTUAL")])
    if envelope.service not in SERVICES.values():
        return refused("", [reason("GW_NO_SERVICE")])
    return Answer(envelope)


def _seals_for(services: Services, sender: str, certificate: Certificate | None) -> bool:
    """Tell whether ``certificate`` is one of the system ``sender``; it may be older or newer than its present one."""
    signer = services.portal_signer if sender == PORTAL else services.desk_signers.get(sender)
    if signer is None or certificate is None:
        return False
    return certificate.subject == Certificate.load(signer.certificate).subject


def _deliver(services: Services, message: str) -> Delivery:
    record = services.store.get("message", message)
    assert record is not None
    fault = services.faults.get(NAME)
    if fault == "unavailable":
        with services.work() as work:
            return _settle(work, message, "NOT_DELIVERED", [reason("GW_UNAVAILABLE")])
    data = services.store.document(str(record.data["envelope"]))
    if fault == "tamper":
        data = data.replace(b"<senderId>", b"<senderId>X")
    taken = _checked(services, data)
    with services.work() as work:
        received: Answer[str] = taken.get()(work) if taken.refusal is None else Answer(None, taken.refusal)
        if fault == "duplicate" and taken.refusal is None:
            received = taken.get()(work)
        if received.refusal is None or received.refusal.codes == ["REG_DUP_MESSAGE"]:
            return _settle(work, message, "DELIVERED", [])
        return _settle(work, message, "DELIVERY_STOPPED", list(received.refusal.reasons))


def _checked(services: Services, data: bytes) -> Answer[Callable[[Work], Answer[str]]]:
    """Check a message on behalf of the gateway and of its receiver; return what the receiver does with it."""
    answer = examine(services, data)
    if answer.refusal is not None:
        return Answer(None, answer.refusal)
    envelope = answer.get()
    if envelope.type is MessageType.REQUEST:
        request = registration.check(services, envelope)
        return Answer(None, request.refusal) if request.refusal else Answer(partial(_register, request.get()))
    outcome = answers.check(services, envelope)
    return Answer(None, outcome.refusal) if outcome.refusal else Answer(partial(_take_in, outcome.get()))


def _register(checked: registration.Checked, work: Work) -> Answer[str]:
    return registration.register(work, checked)


def _take_in(checked: answers.Checked, work: Work) -> Answer[str]:
    return answers.take_in(work, checked)


def _settle(work: Work, message: str, state: str, reasons: list[Finding]) -> Delivery:
    status = FAULT_CODES.get(reasons[0].code, "SCSE001") if reasons else SUCCESS
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
    if reasons and record.data["type"] == MessageType.REQUEST.value and request.state is State.SENT:
        request.refuse(work, State.NOT_DELIVERED, reasons)
        request.save(work)
    return Delivery(message, state, status, tuple(reasons))
