"""Messages of the gateway's asynchronous channel, version 10: sending, and asking how far a message got."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from lxml import etree

from egov_sign.docs.soap import Fields, add_fields
from egov_sign.docs.soap_parts import (
    Payload,
    Properties,
    Sender,
    read_data,
    read_properties,
    read_sender,
    write_properties,
    write_sender,
)
from egov_sign.docs.xmlparse import path_of
from egov_sign.errors import InputError

ASYNC_NS = "http://bip.bee.kz/AsyncChannel/v10/Types"


class MessageType(StrEnum):
    """What an asynchronous message is."""

    REQUEST = "REQUEST"
    NOTIFICATION = "NOTIFICATION"
    UPDATE = "UPDATE"
    RESPONSE = "RESPONSE"


class MessageState(StrEnum):
    """How far an asynchronous message got."""

    ON_DELIVERY = "ON_DELIVERY"
    DELIVERED = "DELIVERED"
    NOT_DELIVERED = "NOT_DELIVERED"
    DELIVERY_STOPPED = "DELIVERY_STOPPED"


@dataclass(frozen=True, slots=True)
class AsyncMessage:
    """``sendMessage/request`` of the asynchronous channel."""

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

    @classmethod
    def read(cls, element: etree._Element) -> AsyncMessage:
        """Read a sendMessage element.

        Raises:
            InputError: ``SOAP_FIELD``.
        """
        request = Fields(Fields(element).element("request"))
        info = Fields(request.element("messageInfo"), "properties")
        return cls(
            service_id=info.text("serviceId"),
            type=_one_of(MessageType, info.text("messageType"), element),
            date=info.time("messageDate"),
            sender=read_sender(info.element("sender")),
            data=read_data(request.element("messageData")),
            message_id=info.maybe("messageId"),
            correlation_id=info.maybe("correlationId"),
            route_id=info.maybe("routeId"),
            properties=read_properties(info),
            session_id=info.maybe("sessionId"),
        )

    def write(self) -> etree._Element:
        """Return the sendMessage element."""
        message = etree.Element(f"{{{ASYNC_NS}}}sendMessage", nsmap={"async": ASYNC_NS})
        request = etree.SubElement(message, "request")
        info = etree.SubElement(request, "messageInfo")
        add_fields(info, ("messageId", self.message_id), ("correlationId", self.correlation_id))
        add_fields(info, ("serviceId", self.service_id), ("messageType", self.type), ("routeId", self.route_id))
        add_fields(info, ("messageDate", self.date))
        write_sender(info, self.sender)
        write_properties(info, self.properties)
        add_fields(info, ("sessionId", self.session_id))
        self.data.write(etree.SubElement(request, "messageData"))
        return message


@dataclass(frozen=True, slots=True)
class AsyncReceipt:
    """``sendMessageResponse/response``: the gateway took a message."""

    message_id: str
    correlation_id: str
    date: datetime
    session_id: str = ""

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
        )

    def write(self) -> etree._Element:
        """Return the sendMessageResponse element."""
        message = etree.Element(f"{{{ASYNC_NS}}}sendMessageResponse", nsmap={"async": ASYNC_NS})
        response = etree.SubElement(message, "response")
        add_fields(response, ("messageId", self.message_id), ("correlationId", self.correlation_id))
        add_fields(response, ("responseDate", self.date), ("sessionId", self.session_id))
        return message


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """``getMessageStatus/request``: how far did a message get?"""

    message_id: str
    date: datetime
    sender: Sender
    properties: Properties = ()
    session_id: str = ""

    @classmethod
    def read(cls, element: etree._Element) -> StatusRequest:
        """Read a getMessageStatus element.

        Raises:
            InputError: ``SOAP_FIELD``.
        """
        fields = Fields(Fields(element).element("request"), "properties")
        return cls(
            fields.text("messageId"),
            fields.time("requestDate"),
            read_sender(fields.element("sender")),
            read_properties(fields),
            fields.maybe("sessionId"),
        )

    def write(self) -> etree._Element:
        """Return the getMessageStatus element."""
        message = etree.Element(f"{{{ASYNC_NS}}}getMessageStatus", nsmap={"async": ASYNC_NS})
        request = etree.SubElement(message, "request")
        add_fields(request, ("messageId", self.message_id), ("requestDate", self.date))
        write_sender(request, self.sender)
        write_properties(request, self.properties)
        add_fields(request, ("sessionId", self.session_id))
        return message


@dataclass(frozen=True, slots=True)
class StatusResponse:
    """``getMessageStatusResponse/response``."""

    state: MessageState
    date: datetime
    session_id: str = ""

    @classmethod
    def read(cls, element: etree._Element) -> StatusResponse:
        """Read a getMessageStatusResponse element.

        Raises:
            InputError: ``SOAP_FIELD``.
        """
        fields = Fields(Fields(element).element("response"))
        state = _one_of(MessageState, fields.text("messageState"), element)
        return cls(state, fields.time("responseDate"), fields.maybe("sessionId"))

    def write(self) -> etree._Element:
        """Return the getMessageStatusResponse element."""
        message = etree.Element(f"{{{ASYNC_NS}}}getMessageStatusResponse", nsmap={"async": ASYNC_NS})
        response = etree.SubElement(message, "response")
        add_fields(response, ("messageState", self.state), ("responseDate", self.date), ("sessionId", self.session_id))
        return message


_Choice = TypeVar("_Choice", MessageType, MessageState)


def _one_of(kind: type[_Choice], text: str, element: etree._Element) -> _Choice:
    try:
        return kind(text)
    except ValueError:
        raise InputError("SOAP_FIELD", f"{text!r} is no {kind.__name__}", where=path_of(element)) from None
