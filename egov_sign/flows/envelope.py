"""The envelope in which a signed document travels between information systems (R414, R528).

A message of the gateway's asynchronous channel: SOAP whose Body is signed by the sending system (WS-Security). The
document inside has the signature of the person who made it; neither signature vouches for the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from egov_sign.crypto.signer import Signer
from egov_sign.docs.soap import envelope_of
from egov_sign.docs.soap_async import AsyncMessage, MessageType
from egov_sign.docs.soap_parts import Payload, Sender
from egov_sign.docs.wsse import sign_body

PORTAL = "PEP"
"""Identifier of the portal at the gateway; a provider's is its code."""
SERVICES = {"CALL": "PHC_CALL", "APPT": "PHC_APPT", "ATT": "PHC_ATT"}
"""Names of the services at the gateway."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an envelope says.

    Attributes:
        message: UUID of the message; a repetition has the same.
        correlation: UUID of the message that began the exchange.
        service: name of the service at the gateway, ``PHC_CALL``…
        type: ``REQUEST`` or ``RESPONSE``.
        date: when it was made.
        sender: identifier of the sending system: :data:`PORTAL`, or the code of a provider.
        receiver: identifier of the receiving system.
        data: the signed document.
    """

    message: str
    correlation: str
    service: str
    type: MessageType
    date: datetime
    sender: str
    receiver: str
    data: bytes

    def sealed(self, signer: Signer) -> bytes:
        """Return the message as XML with the transport signature of ``signer``."""
        message = AsyncMessage(
            service_id=self.service,
            type=self.type,
            date=self.date,
            sender=Sender(self.sender),
            data=Payload(self.data.decode()),
            message_id=self.message,
            correlation_id=self.correlation,
            route_id=self.receiver,
        )
        return sign_body(envelope_of(message.write()), signer)


def read_envelope(message: AsyncMessage) -> Envelope | None:
    """Return the envelope that ``message`` is; ``None`` if it is none of the services' messages."""
    document = message.data.document
    if document is None or not (message.message_id and message.correlation_id and message.route_id):
        return None
    return Envelope(
        message.message_id,
        message.correlation_id,
        message.service_id,
        message.type,
        message.date,
        message.sender.id,
        message.route_id,
        document,
    )
