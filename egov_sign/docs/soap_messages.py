"""From the Body of an envelope to the message in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from lxml import etree

from egov_sign.docs.soap import BODY, FAULT, SoapFault
from egov_sign.docs.soap_async import AsyncMessage, AsyncReceipt, MessagesRequest, MessagesResponse
from egov_sign.docs.soap_parts import ASYNC_CLIENT_NS, ASYNC_NS, Payload
from egov_sign.docs.soap_status import (
    DeliveryNotification,
    DeliveryReceipt,
    StatusChange,
    StatusChangeReceipt,
    StatusRequest,
    StatusResponse,
)
from egov_sign.docs.soap_sync import SYNC_NS, SyncRequest, SyncResponse
from egov_sign.docs.xmlparse import path_of
from egov_sign.errors import InputError, UnsupportedError

Message: TypeAlias = (
    "SyncRequest | SyncResponse | AsyncMessage | AsyncReceipt | MessagesRequest | MessagesResponse | StatusRequest"
    " | StatusResponse | StatusChange | StatusChangeReceipt | DeliveryNotification | DeliveryReceipt"
)
_READERS: dict[str, Callable[[etree._Element], Message | SoapFault]] = {
    f"{{{SYNC_NS}}}SendMessage": SyncRequest.read,
    f"{{{SYNC_NS}}}SendMessageResponse": SyncResponse.read,
    f"{{{ASYNC_NS}}}sendMessage": AsyncMessage.read,
    f"{{{ASYNC_NS}}}sendMessageResponse": AsyncReceipt.read,
    f"{{{ASYNC_NS}}}getMessages": MessagesRequest.read,
    f"{{{ASYNC_NS}}}getMessagesResponse": MessagesResponse.read,
    f"{{{ASYNC_NS}}}sendDeliveryNotification": DeliveryNotification.read,
    f"{{{ASYNC_NS}}}sendDeliveryNotificationResponse": DeliveryReceipt.read,
    f"{{{ASYNC_CLIENT_NS}}}sendMessage": AsyncMessage.read,
    f"{{{ASYNC_CLIENT_NS}}}sendMessageResponse": AsyncReceipt.read,
    f"{{{ASYNC_CLIENT_NS}}}changeMassageStatusNotification": StatusChange.read,
    f"{{{ASYNC_CLIENT_NS}}}changeMassageStatusNotificationResponse": StatusChangeReceipt.read,
    f"{{{ASYNC_NS}}}getMessageStatus": StatusRequest.read,
    f"{{{ASYNC_NS}}}getMessageStatusResponse": StatusResponse.read,
    FAULT: SoapFault.read,
}


def read_body(body: etree._Element) -> Message | SoapFault:
    """Read what a Body holds.

    Raises:
        InputError: ``SOAP_MALFORMED`` if it is no Body with one element; ``SOAP_FIELD``.
        UnsupportedError: ``SOAP_OPERATION``.
    """
    children = list(body.iterchildren("*"))
    if body.tag != BODY or len(children) != 1:
        raise InputError("SOAP_MALFORMED", "a Body holds exactly one element", where=path_of(body))
    reader = _READERS.get(str(children[0].tag))
    if reader is None:
        raise UnsupportedError("SOAP_OPERATION", f"the operation {children[0].tag!s} is not known here")
    return reader(children[0])


def payload_of(message: Message | SoapFault) -> Payload | None:
    """Return the business data of ``message``; ``None`` for messages that carry none, or several."""
    if isinstance(message, MessagesResponse) and len(message.messages) == 1:
        message = message.messages[0]
    return message.data if isinstance(message, SyncRequest | SyncResponse | AsyncMessage) else None
