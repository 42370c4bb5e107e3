"""WS-Security in the gateway's shape: signed, judged, transport and business told apart."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.profile import Role
from egov_sign.docs.judged import Required
from egov_sign.docs.keyinfo import WSSE_NS
from egov_sign.docs.soap import ACTION, envelope_of
from egov_sign.docs.soap_parts import Payload, Sender
from egov_sign.docs.soap_sync import SyncRequest
from egov_sign.docs.wsse import KeyReference, sign_body
from egov_sign.docs.wsse_validation import WsseValidator, WsseVerdict
from egov_sign.docs.xmlsign import sign_enveloped
from egov_sign.errors import ConfigurationError, InputError
from egov_sign.verdict import Indication, SubIndication
from tests.docs.cms_world import AT, Judge, signer, world

ORDER = b'<rq:Order xmlns:rq="urn:rq" xmlns:unused="urn:u"><IIN>850412110000</IIN></rq:Order>'


def request(data: Payload | None = None) -> bytes:
    return envelope_of(SyncRequest("m-1", "PHC", AT, Sender("x", "y"), data or Payload("<plain/>")).write())


def signed(data: Payload | None = None, kind: str = "rsa", reference: KeyReference = KeyReference.CERTIFICATE) -> bytes:
    return sign_body(request(data), signer("portal", kind), reference=reference, identifier="id-1")


def examine(envelope: bytes, *, business: Required | None = None, sender: Required | None = None) -> WsseVerdict:
    return WsseValidator(Judge()).examine(envelope, AT, business=business, sender=sender or Required())


@pytest.mark.parametrize("kind", ["rsa", "ec", "gost"])
def test_a_signed_message(kind: str) -> None:
    verdict = examine(signed(kind=kind))
    assert verdict.report.indication is Indication.VALID, verdict.report.to_dict()
    assert verdict.gateway_code == ""
    assert isinstance(verdict.message, SyncRequest)
    assert verdict.message.message_id == "m-1"
    assert verdict.transport is not None
    assert verdict.transport.report.facts["role"] == "transport"
    assert verdict.business is None
    assert ACTION == "SendMessage"


def test_the_shape_is_the_country_s() -> None:
    made = signed().decode()
    assert 'soap:mustUnderstand="1"' in made
    assert '<soap:Body xmlns:wsu="' in made
    assert 'URI="#id-1"' in made
    assert made.count("http://www.w3.org/2001/10/xml-exc-c14n#") == 2
    assert "X509v3" in made
    assert "X509Data" not in made


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_xmlsec_verifies_what_we_sign(kind: str, tmp_path: Path) -> None:
    (tmp_path / "signed.xml").write_bytes(signed(kind=kind))
    (tmp_path / "key.der").write_bytes(world(kind).key("portal").public_key().spki)
    soap = "http://schemas.xmlsoap.org/soap/envelope/"
    command = ["xmlsec1", "--verify", "--pubkey-der", "key.der", "--id-attr:Id", f"{soap}:Body", "signed.xml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_the_country_s_message(corpus: Path) -> None:
    data = (corpus / "ncanode/Wsse_XML_SIGNED_STRING.xml").read_bytes()
    verdict = WsseValidator(Judge()).examine(data, datetime(2022, 1, 10, tzinfo=UTC))
    assert verdict.report.indication is Indication.VALID, verdict.report.to_dict()
    assert isinstance(verdict.message, SyncRequest)
    assert verdict.message.service_id == "GBDFL_UniversalServiceSync"
    assert verdict.message.properties == (("CONNECTOR_CLIENT", "true"),)
    assert verdict.message.data.type == "cs:Request"


def test_the_country_s_message_with_a_byte_changed(corpus: Path) -> None:
    """It is refused, or says the same: what may change is the header, and spaces and quotes in tags."""
    data = (corpus / "ncanode/Wsse_XML_SIGNED_STRING.xml").read_bytes()
    at = datetime(2022, 1, 10, tzinfo=UTC)
    good = WsseValidator(Judge()).examine(data, at)
    assert good.transport is not None
    for position in range(len(data)):
        changed = data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
        try:
            verdict = WsseValidator(Judge()).examine(changed, at)
        except InputError:
            continue
        if verdict.report.indication is Indication.VALID:
            assert verdict.message == good.message, position


def test_a_certificate_that_is_only_named_is_looked_up() -> None:
    made = signed(reference=KeyReference.ISSUER_SERIAL)
    assert b"X509IssuerSerial" in made
    validator = WsseValidator(Judge())
    known = [Certificate.load(world("rsa").certificate(label)) for label in ("person", "portal")]
    assert validator.examine(made, AT, certificates=known).report.indication is Indication.VALID
    unknown = validator.examine(made, AT)
    assert unknown.report.sub_indication is SubIndication.NO_SIGNING_CERTIFICATE_FOUND
    assert unknown.message is not None, "it is not known who sent it, which is not the same as changed"


def test_an_id_without_prefix_will_do() -> None:
    plain = request().replace(b"<soap:Body>", b'<soap:Body Id="body">')
    made = sign_body(plain, signer("portal", "rsa"))
    assert b'URI="#body"' in made
    assert examine(made).report.indication is Indication.VALID


def test_both_signatures_are_judged_and_told_apart() -> None:
    order = sign_enveloped(ORDER, signer("person", "rsa"))
    verdict = examine(signed(Payload(order.decode())), business=Required(iin="850412110000"))
    assert verdict.report.indication is Indication.VALID, verdict.report.to_dict()
    assert [child.facts["role"] for child in verdict.report.children] == ["transport", "business"]
    assert verdict.business is not None
    assert verdict.transport is not None
    assert verdict.transport.certificate != verdict.business.signatures[0].certificate


def test_a_business_document_may_be_an_element() -> None:
    order = sign_enveloped(ORDER, signer("person", "rsa"))
    element = order.partition(b"?>\n")[2]
    verdict = examine(signed(Payload(elements=(element,))), business=Required())
    assert verdict.report.indication is Indication.VALID, verdict.report.to_dict()
    assert verdict.business is not None


def test_business_data_that_has_to_be_signed() -> None:
    assert examine(signed()).report.indication is Indication.VALID
    verdict = examine(signed(), business=Required())
    assert verdict.report.codes == ["WSSE_BUSINESS_NOT_SIGNED"]
    assert verdict.gateway_code == "SCE017"


def test_a_changed_business_document_is_the_business_signature_s_fault() -> None:
    order = sign_enveloped(ORDER, signer("person", "rsa")).replace(b"850412110000", b"850412110001")
    verdict = examine(signed(Payload(order.decode())))
    assert verdict.report.indication is Indication.INVALID
    assert verdict.transport is not None
    assert verdict.transport.report.indication is Indication.VALID
    assert verdict.gateway_code == "SCE016"


def test_signatures_that_belong_to_no_document_are_not_passed_over_in_silence() -> None:
    element = sign_enveloped(ORDER, signer("person", "rsa")).partition(b"?>\n")[2]
    verdict = examine(signed(Payload(elements=(element, b"<other/>"))))
    assert verdict.report.codes == ["WSSE_SIGNATURES_NOT_JUDGED"]


def test_a_business_document_that_cannot_be_read_is_not_passed_over_in_silence() -> None:
    order = sign_enveloped(ORDER, signer("person", "rsa"))
    assert examine(signed(Payload(order.decode()))).report.codes == []
    hidden = Payload("<!DOCTYPE x>" + order.partition(b"?>")[2].decode())
    verdict = examine(signed(hidden))
    assert verdict.report.codes == ["WSSE_BUSINESS_UNREADABLE"]
    assert verdict.business is None
    assert "WSSE_BUSINESS_NOT_SIGNED" in examine(signed(hidden), business=Required()).report.codes


def test_what_is_required_of_the_sender() -> None:
    assert examine(signed(), sender=Required(roles=frozenset({Role.SYSTEM}))).report.indication is Indication.VALID
    verdict = examine(signed(), sender=Required(roles=frozenset({Role.HEAD})))
    assert verdict.report.codes == ["SIGNER_ROLE_MISMATCH"]


def test_the_codes_of_the_gateway() -> None:
    made = signed()
    assert examine(request()).gateway_code == "SCE007"
    assert examine(made.replace(b"m-1", b"m-2")).gateway_code == "SCE006"
    expired = WsseValidator(Judge()).examine(made, AT + timedelta(days=5000))
    assert expired.gateway_code == "SCE005"
    assert examine(made.replace(b"</soap:Envelope>", b"<x/></soap:Envelope>")).gateway_code == "SCE001"


def test_headers_that_are_there_are_used() -> None:
    plain = request().replace(b"<soap:Body>", b"<soap:Header><x/></soap:Header><soap:Body>")
    made = sign_body(plain, signer("portal", "rsa"))
    assert examine(made).report.indication is Indication.VALID
    assert made.count(b"Header>") == 2
    security = f'<w:Security xmlns:w="{WSSE_NS}"/>'.encode()
    made = sign_body(plain.replace(b"<x/>", security), signer("portal", "rsa"))
    assert examine(made).report.indication is Indication.VALID
    assert made.count(b"w:Security>") == 1


def test_a_signed_message_of_an_unknown_kind_is_judged_and_not_read() -> None:
    made = sign_body(envelope_of(etree.Element("{urn:x}do")), signer("portal", "rsa"))
    verdict = examine(made)
    assert verdict.report.codes == ["SOAP_BODY_UNREADABLE"]
    assert verdict.report.indication is Indication.VALID
    assert verdict.message is None
    assert verdict.body is not None
    assert verdict.body[0].tag == "{urn:x}do"


def test_a_signed_envelope_is_not_signed_again() -> None:
    with pytest.raises(ConfigurationError, match="SIGN_TWICE"):
        sign_body(signed(), signer("portal", "rsa"))


def test_what_is_no_envelope_is_not_signed() -> None:
    with pytest.raises(InputError, match="SOAP_MALFORMED"):
        sign_body(ORDER, signer("portal", "rsa"))


def test_without_trust_the_sender_is_not_known() -> None:
    report = WsseValidator(None).validate(signed(), AT)
    assert report.indication is Indication.INDETERMINATE
    assert report.codes == ["CERT_NOT_JUDGED"]
