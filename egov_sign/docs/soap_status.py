"""Messages of the gateway's asynchronous channel, version 10: how far a message got, and whether it was taken.

Two ways to learn how far a message got: the sender asks (getMessageStatus), or the gateway tells it
(changeMassageStatusNotification, spelt so in the channel's schema). Who fetched a message says whether it took it
(sendDeliveryNotification).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lxml import etree

from egov_sign.docs.soap import Fields, SoapFault, add_fields
from egov_sign.docs.soap_parts import (
    ASYNC_CLIENT_NS,
    ASYNC_NS,
    Properties,
    Sender,
    read_properties,
    read_sender,
    start,
    write_properties,
    write_sender,
)


class MessageState(StrEnum):
    """How far an asynchronous message got."""

    ON_DELIVERY = "ON_DELIVERY"
    DELIVERED = "DELIVERED"
    NOT_DELIVERED = "NOT_DELIVERED"
    DELIVERY_STOPPED = "DELIVERY_STOPPED"


class Acceptance(StrEnum):
    """Whether the receiver took a message; the second is spelt as in the channel's schema."""

    ACCEPTED = "MESSAGE_ACCEPTED"
    NOT_ACCEPTED = "MESSAGE_NOT_ACCTEPTED"


@dataclass(frozen=True, slots=True)
class MessageStatus:
    """MessageStatusInfo: the state of a message in the gateway's own words."""

    code: str
    message: str
    date: datetime

    @classmethod
    def read(cls, element: etree._Element) -> MessageStatus:
        """Read a ``status`` element.

        Raises:
            InputError: ``SOAP_FIELD``.
        """
        fields = Fields(element)
        return cls(fields.text("statusCode"), fields.maybe("statusMessage"), fields.time("statusDate"))

    def write(self, parent: etree._Element) -> None:
        """Append a ``status`` element to ``parent``."""
        status = etree.SubElement(parent, "status")
        add_fields(status, ("statusCode", self.code), ("statusMessage", self.message), ("statusDate", self.date))


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """``getMessageStatus/request``: how far did a message get?"""

    message_id: str
    date: datetime
    sender: Sender
    properties: Properties = ()

    @classmethod
    def read(cls, element: etree._Element) -> StatusRequest:
        """Read a getMessageStatus element.

        Raises:
            InputError: ``SOAP_FIELD``.
        """
        fields = Fields(Fields(element).element("request"), "properties")
        sender = read_sender(fields.element("sender"))
        return cls(fields.text("messageId"), fields.time("requestDate"), sender, read_properties(fields))

    def write(self) -> etree._Element:
        """Return the getMessageStatus element."""
        message, request = start(ASYNC_NS, "getMessageStatus", "request")
        add_fields(request, ("messageId", self.message_id), ("requestDate", self.date))
        write_sender(request, self.sender)
        write_properties(request, self.properties)
        return message


@dataclass(frozen=True, slots=True)
class StatusResponse:
    """``getMessageStatusResponse/response``; ``status`` is ``None`` where the gateway leaves it out."""

    state: MessageState
    date: datetime
    status: MessageStatus | None = None
    session_id: str = ""

    @classmethod
    def read(cls, element: etree._Element) -> StatusResponse:
        """Read a getMessageStatusResponse element.

        Raises:
            InputError: ``SOAP_FIELD``.
        """
        fields = Fields(Fields(element).element("response"))
        return cls(
            fields.choice("messageState", MessageState),
            fields.time("responseDate"),
            _maybe_status(fields),
            fields.maybe("sessionId"),
        )

    def write(self) -> etree._Element:
        """Return the getMessageStatusResponse element."""
        message, response = start(ASYNC_NS, "getMessageStatusResponse", "response")
        add_fields(response, ("messageState", self.state))
        if self.status is not None:
            self.status.write(response)
        add_fields(response, ("responseDate", self.date), ("sessionId", self.session_id))
        return message


@dataclass(frozen=True, slots=True)
class StatusChange:
    """``changeMassageStatusNotification/request``: the gateway tells the sender how far a message got.

    Attributes:
        id: of the notification.
        message_id: of the message.
        changed: when the notification was made.
        state: how far the message got.
        date: when the notification was sent.
        status: the same in the gateway's words, if it says so.
        error: why the message went no further, if it did not.
        session_id: the gateway's session, if any.
    """

    id: str
    message_id: str
    changed: datetime
    state: MessageState
    date: datetime
    status: MessageStatus | None = None
    error: SoapFault | None = None
    session_id: str = ""

    @classmethod
    def read(cls, element: etree._Element) -> StatusChange:
        """Read a changeMassageStatusNotification element.

        Raises:
            InputError: ``SOAP_FIELD``.
        """
        request = Fields(Fields(element).element("request"))
        told = Fields(request.element("notification"))
        return cls(
            id=told.text("notificationId"),
            message_id=told.text("messageId"),
            changed=told.time("notificationDate"),
            state=told.choice("messageState", MessageState),
            date=request.time("requestDate"),
            status=_maybe_status(told),
            error=_maybe_error(told),
            session_id=request.maybe("sessionId"),
        )

    def write(self) -> etree._Element:
        """Return the changeMassageStatusNotification element."""
        message, request = start(ASYNC_CLIENT_NS, "changeMassageStatusNotification", "request")
        told = etree.SubElement(request, "notification")
        add_fields(told, ("notificationId", self.id), ("messageId", self.message_id))
        add_fields(told, ("notificationDate", self.changed), ("messageState", self.state))
        if self.status is not None:
            self.status.write(told)
        _write_error(told, self.error)
        add_fields(request, ("requestDate", self.date), ("sessionId", self.session_id))
        return message


@dataclass(frozen=True, slots=True)
class StatusChangeReceipt:
    """``changeMassageStatusNotificationResponse/response``: the sender was told."""

    date: datetime
    session_id: str

    @classmethod
    def read(cls, element: etree._Element) -> StatusChangeReceipt:
        """Read a changeMassageStatusNotificationResponse element.

        Raises:
            InputError: ``SOAP_FIELD``.
        """
        fields = Fields(Fields(element).element("response"))
        return cls(fields.time("responseDate"), fields.text("sessionId"))

    def write(self) -> etree._Element:
        """Return the changeMassageStatusNotificationResponse element."""
        message, response = start(ASYNC_CLIENT_NS, "changeMassageStatusNotificationResponse", "response")
        add_fields(response, ("responseDate", self.date), ("sessionId", self.session_id))
        return message


@dataclass(frozen=True, slots=True)
class DeliveryNotification:
    """``sendDeliveryNotification/request``: the receiver tells the gateway whether it took a message.

    Attributes:
        message_id: of the message.
        service_id: of the service it came through.
        noticed: when the notification was made.
        acceptance: whether the message was taken.
        decided: when that was decided.
        resend: whether the gateway shall send the message again.
        date: when the notification was sent.
        error: why the message was not taken, if it was not.
        sender: who tells, if it says so.
    """

    message_id: str
    service_id: str
    noticed: datetime
    acceptance: Acceptance
    decided: datetime
    resend: bool
    date: datetime
    error: SoapFault | None = None
    sender: Sender | None = None

    @classmethod
    def read(cls, element: etree._Element) -> DeliveryNotification:
        """Read a sendDeliveryNotification element.

        Raises:
            InputError: ``SOAP_FIELD``.
        """
        request = Fields(Fields(element).element("request"))
        told = Fields(request.element("notification"))
        status = Fields(told.element("deliveryStatus"))
        sender = next(request.all("sender"), None)
        return cls(
            message_id=told.text("messageId"),
            service_id=told.text("serviceId"),
            noticed=told.time("notificationDate"),
            acceptance=status.choice("receiveStatus", Acceptance),
            decided=status.time("statusDate"),
            resend=status.choice("resendMessage", _Resend) is _Resend.YES,
            date=request.time("requestDate"),
            error=_maybe_error(status),
            sender=None if sender is None else read_sender(sender),
        )

    def write(self) -> etree._Element:
        """Return the sendDeliveryNotification element."""
        message, request = start(ASYNC_NS, "sendDeliveryNotification", "request")
        told = etree.SubElement(request, "notification")
        add_fields(told, ("messageId", self.message_id), ("serviceId", self.service_id))
        add_fields(told, ("notificationDate", self.noticed))
        status = etree.SubElement(told, "deliveryStatus")
        add_fields(status, ("receiveStatus", self.acceptance), ("statusDate", self.decided))
        add_fields(status, ("resendMessage", _Resend.YES if self.resend else _Resend.NO))
        _write_error(status, self.error)
        add_fields(request, ("requestDate", self.date))
        if self.sender is not None:
            write_sender(request, self.sender)
        return message


@dataclass(frozen=True, slots=True)
class DeliveryReceipt:
    """``sendDeliveryNotificationResponse/response``: the gateway was told."""

    notification_id: str
    date: datetime
    session_id: str

    @classmethod
    def read(cls, element: etree._Element) -> DeliveryReceipt:
        """Read a sendDeliveryNotificationResponse element.

        Raises:
            InputError: ``SOAP_FIELD``.
        """
        fields = Fields(Fields(element).element("response"))
        return cls(fields.text("notificationId"), fields.time("responseDate"), fields.text("sessionId"))

    def write(self) -> etree._Element:
        """Return the sendDeliveryNotificationResponse element."""
        message, response = start(ASYNC_NS, "sendDeliveryNotificationResponse", "response")
        add_fields(response, ("notificationId", self.notification_id), ("responseDate", self.date))
        add_fields(response, ("sessionId", self.session_id))
        return message


class _Resend(StrEnum):
    YES = "RESEND"
    NO = "NOT_RESEND"


def _maybe_status(fields: Fields) -> MessageStatus | None:
    element = next(fields.all("status"), None)
    return None if element is None or not len(element) else MessageStatus.read(element)


def _maybe_error(fields: Fields) -> SoapFault | None:
    element = next(fields.all("error"), None)
    return None if element is None or not len(element) else SoapFault.read_info(element)


def _write_error(parent: etree._Element, error: SoapFault | None) -> None:
    if error is not None:
        error.write_info(etree.SubElement(parent, "error"))
