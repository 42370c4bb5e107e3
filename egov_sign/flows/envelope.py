"""The envelope in which a signed document travels between information systems (R414).

The envelope has a signature of its own, by the system that sends it; the document inside has the signature of the
person who made it. Both are checked, with different refusals.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from lxml import etree

from egov_sign.clock import format_time, parse_time
from egov_sign.crypto.signer import Signer
from egov_sign.flows import signing
from egov_sign.flows.documents import NAMESPACES

MessageType: TypeAlias = Literal["REQUEST", "RESPONSE"]
SERVICES = {"CALL": "PHC_CALL", "APPT": "PHC_APPT", "ATT": "PHC_ATT"}
_GW = f"{{{NAMESPACES['envelope']}}}"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an envelope says.

    Attributes:
        message: UUID of the message; a repetition has the same.
        correlation: UUID of the message that began the exchange.
        service: name of the service at the gateway, ``PHC_CALL``…
        type: ``REQUEST`` or ``RESPONSE``.
        date: when it was made.
        sender: identifier of the sending system: ``PEP``, or the code of a provider.
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
        """Return the envelope as XML with the transport signature of ``signer``."""
        root = etree.Element(_GW + "Message", {"Id": "msg"}, nsmap={"gw": NAMESPACES["envelope"]})
        for name, text in (
            ("MessageId", self.message),
            ("CorrelationId", self.correlation),
            ("ServiceId", self.service),
            ("MessageType", self.type),
            ("MessageDate", format_time(self.date)),
            ("Sender", self.sender),
            ("Receiver", self.receiver),
            ("Data", base64.b64encode(self.data).decode()),
        ):
            etree.SubElement(root, _GW + name).text = text
        return signing.sign(etree.tostring(root, encoding="UTF-8", xml_declaration=True), signer)


def read_envelope(root: etree._Element) -> Envelope:
    """Read an envelope from its verified tree."""
    text = {etree.QName(child).localname: child.text or "" for child in root}
    return Envelope(
        text["MessageId"],
        text["CorrelationId"],
        text["ServiceId"],
        "REQUEST" if text["MessageType"] == "REQUEST" else "RESPONSE",
        parse_time(text["MessageDate"]),
        text["Sender"],
        text["Receiver"],
        base64.b64decode(text["Data"]),
    )
