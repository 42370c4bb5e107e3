"""Messages of the gateway's synchronous channel, version 10."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

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

SYNC_NS = "http://bip.bee.kz/SyncChannel/v10/Types"
SUCCESS, FAILURE = "SCSS001", "SCSE001"
"""Status codes of answers; a failure is also what "not found" is told with."""


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """``SendMessage/request`` of the synchronous channel."""

    message_id: str
    service_id: str
    date: datetime
    sender: Sender
    data: Payload
    correlation_id: str = ""
    user_id: str = ""
    route_id: str = ""
    properties: Properties = ()
    session_id: str = ""

    @classmethod
    def read(cls, element: etree._Element) -> SyncRequest:
        """Read a SendMessage element.

        Raises:
            InputError: ``SOAP_FIELD``.
        """
        request = Fields(Fields(element).element("request"))
        info = Fields(request.element("requestInfo"), "properties")
        return cls(
            message_id=info.text("messageId"),
            service_id=info.text("serviceId"),
            date=info.time("messageDate"),
            sender=read_sender(info.element("sender")),
            data=read_data(request.element("requestData")),
            correlation_id=info.maybe("correlationId"),
            user_id=info.maybe("userId"),
            route_id=info.maybe("routeId"),
            properties=read_properties(info),
            session_id=info.maybe("sessionId"),
        )

    def write(self) -> etree._Element:
        """Return the SendMessage element."""
        message = etree.Element(f"{{{SYNC_NS}}}SendMessage", nsmap={"sync": SYNC_NS})
        request = etree.SubElement(message, "request")
        info = etree.SubElement(request, "requestInfo")
        add_fields(info, ("messageId", self.message_id), ("correlationId", self.correlation_id))
        add_fields(info, ("serviceId", self.service_id), ("messageDate", self.date), ("userId", self.user_id))
        add_fields(info, ("routeId", self.route_id))
        write_sender(info, self.sender)
        write_properties(info, self.properties)
        add_fields(info, ("sessionId", self.session_id))
        self.data.write(etree.SubElement(request, "requestData"))
        return message


@dataclass(frozen=True, slots=True)
class SyncResponse:
    """``SendMessageResponse/response`` of the synchronous channel."""

    message_id: str
    date: datetime
    status: str
    status_text: str = ""
    data: Payload = field(default_factory=Payload)
    correlation_id: str = ""
    session_id: str = ""

    @classmethod
    def read(cls, element: etree._Element) -> SyncResponse:
        """Read a SendMessageResponse element.

        Raises:
            InputError: ``SOAP_FIELD``.
        """
        response = Fields(Fields(element).element("response"))
        info = Fields(response.element("responseInfo"))
        status = Fields(info.element("status"))
        data = next(response.all("responseData"), None)
        return cls(
            message_id=info.text("messageId"),
            date=info.time("responseDate"),
            status=status.text("code"),
            status_text=status.maybe("message"),
            data=Payload() if data is None or not len(data) else read_data(data),
            correlation_id=info.maybe("correlationId"),
            session_id=info.maybe("sessionId"),
        )

    def write(self) -> etree._Element:
        """Return the SendMessageResponse element."""
        message = etree.Element(f"{{{SYNC_NS}}}SendMessageResponse", nsmap={"sync": SYNC_NS})
        response = etree.SubElement(message, "response")
        info = etree.SubElement(response, "responseInfo")
        add_fields(info, ("messageId", self.message_id), ("correlationId", self.correlation_id))
        add_fields(info, ("responseDate", self.date))
        add_fields(etree.SubElement(info, "status"), ("code", self.status), ("message", self.status_text))
        add_fields(info, ("sessionId", self.session_id))
        self.data.write(etree.SubElement(response, "responseData"))
        return message
