"""Messages of the gateway's asynchronous channel, version 10: sending and fetching.

What is sent to the gateway and what the gateway sends on differ in the namespace alone. How far a message got:
:mod:`.soap_status`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lxml import etree

from egov_sign.docs.soap import Fields, add_fields
from egov_sign.docs.soap_parts import (
    ASYNC_CLIENT_NS,
    ASYNC_NS,
    Payload,
    Properties,
    Sender,
    read_data,
    read_properties,
    read_sender,
    start,
    write_properties,
    write_sender,
)


class MessageType(StrEnum):
    """What an asynchronous message is."""

    REQUEST = "REQUEST"
    NOTIFICATION = "NOTIFICATION"
    UPDATE = "UPDATE"
    RESPONSE = "RESPONSE"


@dataclass(frozen=True, slots=True)
class AsyncMessage:
    """``sendMessage/request`` of the asynchronous channel.

    Attributes:
        message_id: given by the gateway, as ``session_id``; empty on the way to it.
        correlation_id: names the chain of messages; given by the gateway to the REQUEST that starts it.
        from_gateway: whether the gateway sends it on to its receiver.
    """

    service_id: str
    type: MessageType
    date: datetime
    sender: Sender
    data: Payload
    message_id: str = ""
    correlation_id: str = ""
    route_id: str = ""
    properties: Properties = ()
    session_id: str = ""
    from_gateway: bool = False

    @classmethod
    def read(cls, element: etree._Element) -> AsyncMessage:
        """Read a sendMessage element.

        Raises:
            InputError: ``SOAP_FIELD``.
        """
        return cls.read_parts(Fields(Fields(element).element("request")), from_gateway=_is_from_gateway(element))

    @classmethod
    def read_parts(cls, message: Fields, *, from_gateway: bool = False) -> AsyncMessage:
        """Read ``messageInfo`` and ``messageData``.

        Raises:
            InputError: ``SOAP_FIELD``.
        """
        info = Fields(message.element("messageInfo"), "properties")
        return cls(
            service_id=info.text("serviceId"),
            type=info.choice("messageType", MessageType),
            date=info.time("messageDate"),
            sender=read_sender(info.element("sender")),
            data=read_data(message.element("messageData")),
            message_id=info.maybe("messageId"),
            correlation_id=info.maybe("correlationId"),
            route_id=info.maybe("routeId"),
            properties=read_properties(info),
            session_id=info.maybe("sessionId"),
            from_gateway=from_gateway,
        )

    def write(self) -> etree._Element:
        """Return the sendMessage element."""
        message, request = start(ASYNC_CLIENT_NS if self.from_gateway else ASYNC_NS, "sendMessage", "request")
        self.write_parts(request)
        return message

    def write_parts(self, parent: etree._Element) -> None:
        """Append ``messageInfo`` and ``messageData`` to ``parent``."""
        info = etree.SubElement(parent, "messageInfo")
        add_fields(info, ("messageId", self.message_id), ("correlationId", self.correlation_id))
        add_fields(info, ("serviceId", self.service_id), ("messageType", self.type), ("routeId", self.route_id))
        add_fields(info, ("messageDate", self.date))
        write_sender(info, self.sender)
        write_properties(info, self.properties)
        add_fields(info, ("sessionId", self.session_id))
        self.data.write(etree.SubElement(parent, "messageData"))


@dataclass(frozen=True, slots=True)
class AsyncReceipt:
    """``sendMessageResponse/response``: a message was taken, by the gateway or by its receiver."""

    message_id: str
    correlation_id: str
    date: datetime
    session_id: str = ""
    to_gateway: bool = False

    @classmethod
    def read(cls, element: etree._Element) -> AsyncReceipt:
        """Read a sendMessageResponse element.

        Raises:
            InputError: ``SOAP_FIELD``.
        """
        fields = Fields(Fields(element).element("response"))
        return cls(
            fields.text("messageId"),
            fields.text("correlationId"),
            fields.time("responseDate"),
            fields.maybe("sessionId"),
            _is_from_gateway(element),
        )

    def write(self) -> etree._Element:
        """Return the sendMessageResponse element."""
        space = ASYNC_CLIENT_NS if self.to_gateway else ASYNC_NS
        message, response = start(space, "sendMessageResponse", "response")
        add_fields(response, ("messageId", self.message_id), ("correlationId", self.correlation_id))
        add_fields(response, ("responseDate", self.date), ("sessionId", self.session_id))
        return message


@dataclass(frozen=True, slots=True)
class MessagesRequest:
    """``getMessages/request``: the receiver fetches what is there for it.

    Attributes:
        service_id: of the service whose messages are wanted.
        message_id: only this message; empty for any.
        correlation_id: only messages of this chain; empty for any.
        date: when it was asked, if it is said.
        sender: who asks, if it is said.
        amount: how many at most; 0 leaves it to the gateway.
        properties: further conditions.
    """

    service_id: str
    message_id: str = ""
    correlation_id: str = ""
    date: datetime | None = None
    sender: Sender | None = None
    amount: int = 0
    properties: Properties = ()

    @classmethod
    def read(cls, element: etree._Element) -> MessagesRequest:
        """Read a getMessages element.

        Raises:
            InputError: ``SOAP_FIELD``.
        """
        fields = Fields(Fields(element).element("request"), "properties")
        sender = next(fields.all("sender"), None)
        return cls(
            service_id=fields.text("serviceId"),
            message_id=fields.maybe("messageId"),
            correlation_id=fields.maybe("correlationId"),
            date=fields.time("requestDate") if fields.maybe("requestDate") else None,
            sender=None if sender is None else read_sender(sender),
            amount=fields.number("amount") if fields.maybe("amount") else 0,
            properties=read_properties(fields),
        )

    def write(self) -> etree._Element:
        """Return the getMessages element."""
        message, request = start(ASYNC_NS, "getMessages", "request")
        add_fields(request, ("messageId", self.message_id), ("correlationId", self.correlation_id))
        if self.date is not None:
            add_fields(request, ("requestDate", self.date))
        add_fields(request, ("serviceId", self.service_id))
        if self.sender is not None:
            write_sender(request, self.sender)
        add_fields(request, ("amount", str(self.amount) if self.amount else ""))
        write_properties(request, self.properties)
        return message


@dataclass(frozen=True, slots=True)
class MessagesResponse:
    """``getMessagesResponse/response``: what was there."""

    date: datetime
    session_id: str
    messages: tuple[AsyncMessage, ...] = ()

    @classmethod
    def read(cls, element: etree._Element) -> MessagesResponse:
        """Read a getMessagesResponse element.

        Raises:
            InputError: ``SOAP_FIELD``.
        """
        fields = Fields(Fields(element).element("response"), "messages")
        messages = tuple(AsyncMessage.read_parts(Fields(item)) for item in fields.all("messages"))
        return cls(fields.time("responseDate"), fields.text("sessionId"), messages)

    def write(self) -> etree._Element:
        """Return the getMessagesResponse element."""
        message, response = start(ASYNC_NS, "getMessagesResponse", "response")
        add_fields(response, ("responseDate", self.date), ("sessionId", self.session_id))
        for item in self.messages:
            item.write_parts(etree.SubElement(response, "messages"))
        return message


def _is_from_gateway(element: etree._Element) -> bool:
    """Tell whether ``element`` belongs to the half of the channel in which the gateway is the one that calls."""
    return etree.QName(element).namespace == ASYNC_CLIENT_NS
