"""Envelopes and messages of the gateway: what is written is read, and what is not as it should be is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from egov_sign.clock import format_time
from egov_sign.docs.soap import Envelope, SoapFault, envelope_of
from egov_sign.docs.soap_async import AsyncMessage, AsyncReceipt, MessagesRequest, MessagesResponse, MessageType
from egov_sign.docs.soap_messages import Message, payload_of, read_body
from egov_sign.docs.soap_parts import Payload, Sender
from egov_sign.docs.soap_status import (
    Acceptance,
    DeliveryNotification,
    DeliveryReceipt,
    MessageState,
    MessageStatus,
    StatusChange,
    StatusChangeReceipt,
    StatusRequest,
    StatusResponse,
)
from egov_sign.docs.soap_sync import FAILURE, SUCCESS, SyncRequest, SyncResponse
from egov_sign.docs.xmlparse import parse
from egov_sign.errors import InputError, UnsupportedError
from tests.docs.cms_world import AT

SENDER = Sender("polyclinic", "s<e>cret")
PLAIN = SyncRequest("m-1", "PHC_CALL", AT, SENDER, Payload("<a>1</a>"))
FULL = replace(
    PLAIN,
    data=Payload(elements=(b'<x:a xmlns:x="urn:x">1</x:a>', b"<b/>")),
    correlation_id="c-1",
    user_id="u-1",
    route_id="r-1",
    properties=(("one", "1"), ("two", "")),
    session_id="s-1",
)
SENT = AsyncMessage("PHC", MessageType.REQUEST, AT, SENDER, Payload("<a/>"), "m", "c", "r", (("k", "v"),), "s")
RECEIPT = AsyncReceipt("m", "c", AT, "s")
STATUS = MessageStatus("SCSA002", "доставлено", AT)
ERROR = SoapFault("SCE001", "неверный формат", AT)
TAKEN = DeliveryNotification("m", "PHC", AT, Acceptance.ACCEPTED, AT, False, AT)
REFUSED = DeliveryNotification("m", "PHC", AT, Acceptance.NOT_ACCEPTED, AT, True, AT, ERROR, SENDER)
MESSAGES: list[Message | SoapFault] = [
    PLAIN,
    FULL,
    replace(PLAIN, data=Payload("text & <", type="string")),
    SyncResponse("m-2", AT, SUCCESS, "ok", Payload("да"), "c-1", "s-1"),
    SyncResponse("m-2", AT, FAILURE),
    SENT,
    AsyncMessage("PHC", MessageType.NOTIFICATION, AT, Sender("x"), Payload("")),
    RECEIPT,
    replace(SENT, from_gateway=True),
    replace(RECEIPT, to_gateway=True),
    MessagesRequest("PHC"),
    MessagesRequest("PHC", "m", "c", AT, SENDER, 10, (("k", "v"),)),
    MessagesResponse(AT, "s"),
    MessagesResponse(AT, "s", (SENT, replace(SENT, message_id="m-2"))),
    StatusRequest("m", AT, SENDER, (("k", "v"),)),
    StatusResponse(MessageState.ON_DELIVERY, AT),
    StatusResponse(MessageState.DELIVERED, AT, STATUS, "s"),
    StatusChange("n", "m", AT, MessageState.DELIVERED, AT, STATUS),
    StatusChange("n", "m", AT, MessageState.NOT_DELIVERED, AT, None, ERROR, "s"),
    StatusChangeReceipt(AT, "s"),
    TAKEN,
    REFUSED,
    DeliveryReceipt("n", AT, "s"),
    SoapFault("SCE006", "Подпись неверна", AT, "data", "s", SoapFault("X", "cause", AT)),
    SoapFault("SCE004", "нет такой услуги"),
]


def body_of(envelope: bytes) -> etree._Element:
    return Envelope.of(parse(envelope)).body


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_reads_as_it_was_written(message: Message | SoapFault) -> None:
    assert read_body(body_of(envelope_of(message.write()))) == message


def test_a_password_is_not_shown() -> None:
    assert "s<e>cret" not in repr(PLAIN)


def test_the_business_document_travels_as_text_or_as_an_element() -> None:
    assert Payload(" <a>1</a>").document == b"<a>1</a>"
    assert Payload(elements=(b"<a/>",)).document == b"<a/>"
    assert Payload("no document").document is None
    assert Payload(elements=(b"<a/>", b"<b/>")).document is None
    assert payload_of(PLAIN) == PLAIN.data
    assert payload_of(AsyncReceipt("m", "c", AT)) is None


def test_cdata_is_text_and_a_comment_does_not_split_it() -> None:
    envelope = envelope_of(PLAIN.write())
    cdata = envelope.replace(b"&lt;a&gt;1&lt;/a&gt;", b"<![CDATA[<a>1]]><!-- x --><![CDATA[</a>]]>")
    assert cdata != envelope
    assert read_body(body_of(cdata)) == PLAIN


def test_a_fault_without_details_says_what_soap_says() -> None:
    fault = b"<faultcode>soap:Client</faultcode><faultstring>no</faultstring>"
    whole = b'<s:E xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Fault>' + fault + b"</s:Fault></s:E>"
    assert SoapFault.read(parse(whole)[0]) == SoapFault("soap:Client", "no")


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"<messageId>m-1</messageId>", b""),
        (b"<messageId>m-1</messageId>", b"<messageId>m-1</messageId><messageId>m-2</messageId>"),
        (b"<serviceId>PHC_CALL</serviceId>", b"<serviceId> </serviceId>"),
        (b"2024-03-01T12:00:00Z", b"yesterday"),
        (b"2024-03-01T12:00:00Z", b"0001-01-01T00:00:00"),
        (b"<senderId>polyclinic</senderId>", b""),
    ],
)
def test_a_field_that_is_not_as_it_should_be(good: bytes, bad: bytes) -> None:
    envelope = envelope_of(PLAIN.write())
    read_body(body_of(envelope))
    assert good in envelope
    with pytest.raises(InputError, match="SOAP_FIELD"):
        read_body(body_of(envelope.replace(good, bad)))


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2024-02-29T12:00:00.518", "2024-02-29T06:00:00Z"),
        ("2024-03-01T12:00:00", "2024-03-01T07:00:00Z"),
        ("2024-03-01T12:00:00+06:00", "2024-03-01T06:00:00Z"),
    ],
)
def test_a_time_without_a_zone_is_that_of_astana(written: str, utc: str) -> None:
    """It was UTC+6 until 1 March 2024."""
    envelope = envelope_of(PLAIN.write()).replace(b"2024-03-01T12:00:00Z", written.encode())
    message = read_body(body_of(envelope))
    assert isinstance(message, SyncRequest)
    assert format_time(message.date) == utc


@pytest.mark.parametrize(
    ("message", "good", "bad"),
    [
        (SENT, b">REQUEST<", b">GOSSIP<"),
        (MessagesRequest("PHC", amount=10), b">10<", b">-1<"),
        (MessagesRequest("PHC", amount=10), b">10<", b">1e3<"),
        (StatusResponse(MessageState.DELIVERED, AT, STATUS), b">DELIVERED<", b">LOST<"),
        (StatusResponse(MessageState.DELIVERED, AT, STATUS), b"<statusCode>SCSA002</statusCode>", b""),
        (TAKEN, b">NOT_RESEND<", b">MAYBE<"),
        (TAKEN, b">MESSAGE_ACCEPTED<", b">ACCEPTED<"),
    ],
)
def test_a_value_that_is_none_of_those_there_are(message: Message, good: bytes, bad: bytes) -> None:
    envelope = envelope_of(message.write())
    read_body(body_of(envelope))
    assert good in envelope
    with pytest.raises(InputError, match="SOAP_FIELD"):
        read_body(body_of(envelope.replace(good, bad)))


def test_one_fetched_message_has_business_data_and_several_have_none_in_common() -> None:
    assert payload_of(MessagesResponse(AT, "s", (SENT,))) == SENT.data
    assert payload_of(MessagesResponse(AT, "s", (SENT, SENT))) is None


def test_elements_stand_in_the_order_of_the_channels_schemas() -> None:
    """AsyncGetMessagesRequest.xsd, AsyncMessageInfo.xsd, DeliveryStatusInfo.xsd of version 10."""

    def names(message: Message, path: str) -> list[str]:
        found = message.write().find(path)
        assert found is not None
        return [str(child.tag) for child in found]

    asked = MessagesRequest("PHC", "m", "c", AT, SENDER, 10, (("k", "v"),))
    assert names(asked, "request") == (
        ["messageId", "correlationId", "requestDate", "serviceId", "sender", "amount", "properties"]
    )
    fetched = MessagesResponse(AT, "s", (SENT,))
    assert names(fetched, "response") == ["responseDate", "sessionId", "messages"]
    order = "messageId correlationId serviceId messageType routeId messageDate sender properties sessionId"
    assert names(fetched, "response/messages/messageInfo") == order.split()
    assert names(REFUSED, "request") == ["notification", "requestDate", "sender"]
    assert names(REFUSED, "request/notification/deliveryStatus") == (
        ["receiveStatus", "statusDate", "resendMessage", "error"]
    )
    answered = StatusResponse(MessageState.DELIVERED, AT, STATUS, "s")
    assert names(answered, "response") == ["messageState", "status", "responseDate", "sessionId"]


def test_an_unknown_operation() -> None:
    with pytest.raises(UnsupportedError, match="SOAP_OPERATION"):
        read_body(body_of(envelope_of(etree.Element("{urn:x}do"))))


SOAP = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">%s</s:Envelope>'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<s:Header/>",
        b"<s:Body/><s:Body/>",
        b"<s:Body/><s:Header/>",
        b"<s:Header/><s:Header/><s:Body/>",
        b"<s:Body/><other/>",
        b"<Body/>",
    ],
)
def test_an_envelope_has_one_body_after_its_header(content: bytes) -> None:
    assert Envelope.of(parse(SOAP % b"<s:Header/><s:Body/>")).header is not None
    with pytest.raises(InputError, match="SOAP_MALFORMED"):
        Envelope.of(parse(SOAP % content))


def test_a_newer_soap_is_not_taken_for_this_one() -> None:
    newer = (SOAP % b"<s:Body/>").replace(
        b"http://schemas.xmlsoap.org/soap/envelope/", b"http://www.w3.org/2003/05/soap-envelope"
    )
    with pytest.raises(InputError, match="SOAP_MALFORMED"):
        Envelope.of(parse(newer))


@pytest.mark.parametrize("content", [b"", b"<a/><b/>"])
def test_a_body_holds_one_message(content: bytes) -> None:
    with pytest.raises(InputError, match="SOAP_MALFORMED"):
        read_body(body_of(SOAP % (b"<s:Body>" + content + b"</s:Body>")))
