"""Envelopes and messages of the gateway: what is written is read, and what is not as it should be is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from egov_sign.docs.soap import Envelope, SoapFault, envelope_of
from egov_sign.docs.soap_async import (
    AsyncMessage,
    AsyncReceipt,
    MessageState,
    MessageType,
    StatusRequest,
    StatusResponse,
)
from egov_sign.docs.soap_messages import Message, payload_of, read_body
from egov_sign.docs.soap_parts import Payload, Sender
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
MESSAGES: list[Message | SoapFault] = [
    PLAIN,
    FULL,
    replace(PLAIN, data=Payload("text & <", type="string")),
    SyncResponse("m-2", AT, SUCCESS, "ok", Payload("да"), "c-1", "s-1"),
    SyncResponse("m-2", AT, FAILURE),
    AsyncMessage("PHC", MessageType.REQUEST, AT, SENDER, Payload("<a/>"), "m", "c", "r", (("k", "v"),), "s"),
    AsyncMessage("PHC", MessageType.NOTIFICATION, AT, Sender("x"), Payload("")),
    AsyncReceipt("m", "c", AT, "s"),
    StatusRequest("m", AT, SENDER, (("k", "v"),), "s"),
    StatusResponse(MessageState.ON_DELIVERY, AT, "s"),
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
        (b"2024-03-01T12:00:00Z", b"2024-03-01T12:00:00"),
        (b"2024-03-01T12:00:00Z", b"yesterday"),
        (b"<senderId>polyclinic</senderId>", b""),
    ],
)
def test_a_field_that_is_not_as_it_should_be(good: bytes, bad: bytes) -> None:
    envelope = envelope_of(PLAIN.write())
    read_body(body_of(envelope))
    assert good in envelope
    with pytest.raises(InputError, match="SOAP_FIELD"):
        read_body(body_of(envelope.replace(good, bad)))


def test_an_unknown_type_of_message() -> None:
    envelope = envelope_of(MESSAGES[5].write())
    with pytest.raises(InputError, match="SOAP_FIELD"):
        read_body(body_of(envelope.replace(b">REQUEST<", b">GOSSIP<")))


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
