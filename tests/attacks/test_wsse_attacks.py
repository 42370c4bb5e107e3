"""Attacks on WS-Security (row 30): whatever is signed, it is the Body that is received, or the message is refused."""

from __future__ import annotations

import base64
from copy import deepcopy
from datetime import datetime

import pytest
from lxml import etree

from egov_sign.crypto.signer import KeySigner
from egov_sign.docs import c14n
from egov_sign.docs.keyinfo import KEY_IDENTIFIER
from egov_sign.docs.references import XmlDocument
from egov_sign.docs.soap import BODY, ENVELOPE, HEADER, SECURITY, SOAP_NS, envelope_of
from egov_sign.docs.soap_parts import Payload, Sender
from egov_sign.docs.soap_sync import SyncRequest
from egov_sign.docs.wsse import WSU_ID, sign_body
from egov_sign.docs.wsse_validation import WsseValidator, WsseVerdict
from egov_sign.docs.xmldsig import BASE64, SIGNATURE, Transform
from egov_sign.docs.xmlparse import parse
from egov_sign.docs.xmlsign import Making, Part
from egov_sign.limits import DEFAULT_LIMITS
from egov_sign.verdict import Indication, SubIndication
from egov_sign_pki import World
from tests.docs.judging import judge_of


@pytest.fixture(scope="session")
def wsse(world: World) -> WsseValidator:
    return WsseValidator(judge_of(world))


@pytest.fixture(scope="session")
def system(world: World) -> KeySigner:
    return world.signer("portal")


@pytest.fixture
def signed(system: KeySigner, at: datetime) -> etree._Element:
    """A good message as a tree to be attacked."""
    request = SyncRequest("m-1", "PHC", at, Sender("x"), Payload("pay 1"))
    return parse(sign_body(envelope_of(request.write()), system, identifier="id-1"))


def octets(root: etree._Element) -> bytes:
    return etree.tostring(root, encoding="UTF-8")


def body_of(root: etree._Element) -> etree._Element:
    [body] = root.iterchildren(BODY)
    return body


def forged_body(identifier: str | None) -> etree._Element:
    request = SyncRequest(
        "m-1", "PHC", datetime.fromisoformat("2024-03-01T12:00:00+00:00"), Sender("x"), Payload("pay 9")
    )
    body = body_of(parse(envelope_of(request.write())))
    if identifier is not None:
        body.set(WSU_ID, identifier)
    return body


def refused(verdict: WsseVerdict) -> bool:
    return verdict.report.indication is Indication.INVALID and verdict.message is None


def test_row_30_the_good_message(wsse: WsseValidator, signed: etree._Element, at: datetime) -> None:
    verdict = wsse.examine(octets(signed), at)
    assert verdict.report.codes == []
    assert isinstance(verdict.message, SyncRequest)
    assert verdict.message.data.text == "pay 1"


@pytest.mark.parametrize("identifier", [None, "id-2", "id-1"])
def test_row_30_the_signed_body_moved_into_the_header(
    wsse: WsseValidator, signed: etree._Element, at: datetime, identifier: str | None
) -> None:
    """The classic: what was signed is still there, and what is received is something else."""
    old = body_of(signed)
    signed.replace(old, forged_body(identifier))
    wrapper = etree.SubElement(signed[0], "wrapper")
    wrapper.append(old)
    verdict = wsse.examine(octets(signed), at)
    assert refused(verdict)
    assert "WSSE_BODY_NOT_SIGNED" in verdict.report.codes


def test_row_30_two_bodies(wsse: WsseValidator, signed: etree._Element, at: datetime) -> None:
    for first in (True, False):
        copy = parse(octets(signed))
        copy.insert(1 if first else 2, forged_body(None))
        verdict = wsse.examine(octets(copy), at)
        assert refused(verdict)
        assert verdict.report.codes == ["SOAP_MALFORMED"]


def test_row_30_an_envelope_in_the_envelope(wsse: WsseValidator, signed: etree._Element, at: datetime) -> None:
    outer = etree.Element(ENVELOPE, nsmap={"soap": SOAP_NS})
    header = etree.SubElement(outer, HEADER)
    security = signed[0][0]
    inner_body = body_of(signed)
    header.append(security)
    body = forged_body(None)
    body.append(inner_body)
    outer.append(body)
    verdict = wsse.examine(octets(outer), at)
    assert refused(verdict)
    assert "WSSE_BODY_NOT_SIGNED" in verdict.report.codes


def test_row_30_the_wrong_id(wsse: WsseValidator, signed: etree._Element, at: datetime) -> None:
    body_of(signed).set(WSU_ID, "id-2")
    verdict = wsse.examine(octets(signed), at)
    assert refused(verdict)
    assert verdict.report.codes == ["WSSE_BODY_NOT_SIGNED", "XML_ID_NOT_FOUND"]


@pytest.mark.parametrize("attribute", ["Id", "ID", "id", "{http://www.w3.org/XML/1998/namespace}id", WSU_ID])
def test_row_30_the_id_of_body_twice(wsse: WsseValidator, signed: etree._Element, at: datetime, attribute: str) -> None:
    etree.SubElement(signed[0], "decoy").set(attribute, "id-1")
    verdict = wsse.examine(octets(signed), at)
    assert refused(verdict)
    assert "XML_ID_AMBIGUOUS" in verdict.report.codes


def test_row_30_the_certificate_of_somebody_else(
    wsse: WsseValidator, signed: etree._Element, world: World, at: datetime
) -> None:
    [identifier] = signed.iter(KEY_IDENTIFIER)
    identifier.text = base64.b64encode(world.certificate("gateway")).decode()
    verdict = wsse.examine(octets(signed), at)
    assert refused(verdict)
    assert verdict.report.sub_indication is SubIndication.SIG_CRYPTO_FAILURE


def test_row_30_a_signature_over_something_that_is_not_body(
    wsse: WsseValidator, signed: etree._Element, system: KeySigner, at: datetime
) -> None:
    """A real signature of a real system, over a header."""
    [signature] = signed.iter(SIGNATURE)
    security = signature.getparent()
    assert security is not None
    security.remove(signature)
    etree.SubElement(signed[0], "note").set("Id", "note")
    making = Making(system, c14n.EXCLUSIVE, "")
    target = Part("#note", (Transform(c14n.EXCLUSIVE.uri),))
    making.into(security, [target], XmlDocument(signed, DEFAULT_LIMITS), extra=None)
    verdict = wsse.examine(octets(signed), at)
    assert verdict.transport is not None
    assert verdict.transport.report.indication is Indication.VALID
    assert refused(verdict)
    assert verdict.report.codes == ["WSSE_BODY_NOT_SIGNED"]


def test_row_30_a_signature_over_the_text_of_body_only(
    wsse: WsseValidator, signed: etree._Element, system: KeySigner, at: datetime
) -> None:
    """Base64 of the text leaves the elements free to change."""
    [signature] = signed.iter(SIGNATURE)
    security = signature.getparent()
    assert security is not None
    security.remove(signature)
    body = body_of(signed)
    for child in list(body):
        body.remove(child)
    body.text = "QUJD"
    making = Making(system, c14n.EXCLUSIVE, "")
    making.into(security, [Part("#id-1", (Transform(BASE64),))], XmlDocument(signed, DEFAULT_LIMITS), extra=None)
    verdict = wsse.examine(octets(signed), at)
    assert refused(verdict)
    assert "WSSE_BODY_NOT_SIGNED" in verdict.report.codes


def test_row_30_a_second_signature_that_nobody_asked_for(
    wsse: WsseValidator, signed: etree._Element, at: datetime
) -> None:
    [signature] = signed.iter(SIGNATURE)
    security = signature.getparent()
    assert security is not None
    twice = parse(octets(signed))
    twice[0][0].append(parse(octets(signature)))
    verdict = wsse.examine(octets(twice), at)
    assert refused(verdict)
    assert verdict.report.codes == ["WSSE_SEVERAL_SIGNATURES"]
    headers = parse(octets(signed))
    headers[0].append(etree.Element(SECURITY))
    assert refused(wsse.examine(octets(headers), at))


def test_row_30_the_signature_in_another_header(wsse: WsseValidator, signed: etree._Element, at: datetime) -> None:
    [signature] = signed.iter(SIGNATURE)
    signed[0].append(signature)
    verdict = wsse.examine(octets(signed), at)
    assert refused(verdict)
    assert verdict.report.codes == ["NO_SIGNATURE"]


@pytest.mark.parametrize("kind", ["Reference", "Embedded", "KeyName"])
def test_row_30_a_key_that_is_elsewhere(wsse: WsseValidator, signed: etree._Element, at: datetime, kind: str) -> None:
    [identifier] = signed.iter(KEY_IDENTIFIER)
    identifier.tag = KEY_IDENTIFIER.replace("KeyIdentifier", kind)
    identifier.set("URI", "http://127.0.0.1/key")
    verdict = wsse.examine(octets(signed), at)
    assert refused(verdict)
    assert "XML_KEY_ELSEWHERE" in verdict.report.codes


def test_row_30_a_changed_message(wsse: WsseValidator, signed: etree._Element, at: datetime) -> None:
    good = octets(signed)
    assert b"pay 1" in good
    verdict = wsse.examine(good.replace(b"pay 1", b"pay 9"), at)
    assert refused(verdict)
    assert verdict.report.sub_indication is SubIndication.HASH_FAILURE


def test_a_comment_does_not_split_what_is_read(wsse: WsseValidator, signed: etree._Element, at: datetime) -> None:
    """Comments are not signed; they must not change the text either."""
    split = octets(signed).replace(b"pay 1", b"pay <!-- 1 -->1")
    verdict = wsse.examine(split, at)
    assert verdict.report.indication is Indication.VALID
    assert isinstance(verdict.message, SyncRequest)
    assert verdict.message.data.text == "pay 1"


def test_the_headers_are_nobody_s_word(wsse: WsseValidator, signed: etree._Element, at: datetime) -> None:
    """A header beside the signature may say what it likes: the message is what the Body says."""
    etree.SubElement(signed[0], "messageId").text = "m-9"
    verdict = wsse.examine(octets(signed), at)
    assert isinstance(verdict.message, SyncRequest)
    assert verdict.message.message_id == "m-1"


def test_row_29_signatures_beside_the_one_that_counts_are_not_hidden(
    wsse: WsseValidator, signed: etree._Element, at: datetime
) -> None:
    signature = signed.find(f".//{SIGNATURE}")
    assert signature is not None
    assert wsse.validate(octets(signed), at).codes == []
    security = signed[0][0]
    assert security.tag == SECURITY
    for holder in (signed[0], etree.SubElement(security, "more"), signature):
        other = deepcopy(signature)
        holder.append(other)
        report = wsse.validate(octets(signed), at)
        assert "WSSE_SIGNATURES_NOT_JUDGED" in report.codes
        holder.remove(other)
