"""Any document: recognised by its content and judged by the right validator."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable
from copy import deepcopy
from functools import cache

import pytest
from lxml import etree

from egov_sign.certs.algorithm_policy import AlgorithmPolicy
from egov_sign.docs import cms_sign
from egov_sign.docs.formats import Format, recognise
from egov_sign.docs.judge import Detached, DocumentValidator
from egov_sign.docs.judged import Required
from egov_sign.docs.pdf_sign import sign_pdf
from egov_sign.docs.soap import BODY, envelope_of
from egov_sign.docs.timestamp import MessageImprint, TimestampRequest
from egov_sign.docs.wsse import sign_body
from egov_sign.docs.xmlparse import parse
from egov_sign.docs.xmlsign import sign_detached, sign_enveloped
from egov_sign.errors import InputError, UnsupportedError
from egov_sign.verdict import Indication
from egov_sign_pki import World
from tests.docs.cms_world import AT
from tests.docs.pdf_world import authority, judge, pdf_world

IIN = "850412110000"
CONTENT = b"what was signed"
ENVELOPE = b"<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'/>"
XML = b"<order><iin>850412110000</iin></order>"


def world() -> World:
    return pdf_world()


def gateway_message() -> bytes:
    return sign_body(envelope_of(parse(b"<x:a xmlns:x='urn:x'/>")), world().signer("portal"))


def signed_pdf() -> bytes:
    """Return a signed PDF with nothing in it but an empty page."""
    bodies = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>",
    )
    pdf, places = b"%PDF-1.7\n", []
    for number, body in enumerate(bodies, 1):
        places.append(b"%010d 00000 n \n" % len(pdf))
        pdf += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"xref\n0 4\n0000000000 65535 f \n" + b"".join(places)
    pdf += b"%strailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (table, len(pdf))
    return sign_pdf(pdf, world().signer("person"), signing_time=AT)


MAKERS: dict[Format, Callable[[], bytes]] = {
    Format.XML: lambda: sign_enveloped(XML, world().signer("person")),
    Format.WSSE: gateway_message,
    Format.CMS: lambda: cms_sign.sign(CONTENT, world().signer("person"), signing_time=AT),
    Format.TIMESTAMP: lambda: authority(world()).stamp(CONTENT),
    Format.PDF: signed_pdf,
}


@cache
def sample(kind: Format) -> bytes:
    return MAKERS[kind]()


@pytest.fixture(scope="module")
def validator() -> DocumentValidator:
    return DocumentValidator(judge(world()))


@pytest.mark.parametrize("kind", Format)
def test_every_format_is_recognised_and_judged_valid(validator: DocumentValidator, kind: Format) -> None:
    assert recognise(sample(kind)) is kind
    detached = Detached(CONTENT) if kind is Format.TIMESTAMP else None
    report = validator.validate(sample(kind), AT, detached=detached)
    assert (report.indication, report.facts["format"]) == (Indication.VALID, kind.value), report.codes


@pytest.mark.parametrize("kind", [Format.XML, Format.CMS, Format.PDF])
@pytest.mark.parametrize(("iin", "indication"), [(IIN, Indication.VALID), ("123456789011", Indication.INVALID)])
def test_what_is_required_of_the_signer(
    validator: DocumentValidator, kind: Format, iin: str, indication: Indication
) -> None:
    report = validator.validate(sample(kind), AT, required=Required(iin=iin))
    assert report.indication is indication
    assert ("SIGNER_IIN_MISMATCH" in report.codes) is (indication is Indication.INVALID)


@pytest.mark.parametrize("kind", [kind for kind in Format if kind is not Format.TIMESTAMP])
def test_the_policy_of_the_caller_holds_for_every_format(kind: Format) -> None:
    nothing = AlgorithmPolicy("nothing is good enough", {}, {})
    report = DocumentValidator(judge(world()), policy=nothing).validate(sample(kind), AT)
    assert "KEY_WEAK" in report.codes


def test_a_message_without_a_business_signature_is_held_to_the_sender(validator: DocumentValidator) -> None:
    report = validator.validate(sample(Format.WSSE), AT, required=Required(iin=IIN))
    assert report.indication is Indication.INVALID
    assert "SIGNER_IIN_MISMATCH" in report.codes


@pytest.mark.parametrize("kind", [Format.WSSE, Format.CMS, Format.TIMESTAMP, Format.PDF])
@pytest.mark.parametrize("root", ["{urn:rq}Order", "*"])
def test_a_signed_root_that_is_required_is_in_no_other_format(
    validator: DocumentValidator, kind: Format, root: str
) -> None:
    report = validator.validate(sample(kind), AT, required=Required(root=root), detached=Detached(CONTENT))
    assert report.codes[-1] == "SIGNED_ROOT_MISMATCH"
    assert report.indication is Indication.INVALID


def test_what_stands_before_a_message_does_not_hide_that_it_is_one(validator: DocumentValidator) -> None:
    """Judged as any XML, a message with another Body than the signed one would be VALID in part."""
    root = parse(sample(Format.WSSE))
    [signed] = root.iterchildren(BODY)
    forged = deepcopy(signed)
    forged.attrib.clear()
    root.replace(signed, forged)
    root[0].append(signed)
    for before in (b"", b"<!--<!DOCTYPE a>-->", b"<!--" + b" " * 100_000 + b"-->"):
        report = validator.validate(before + etree.tostring(root, encoding="UTF-8"), AT)
        assert report.codes == ["WSSE_BODY_NOT_SIGNED"]


def test_a_time_stamp_needs_what_it_stamps_and_is_nobodys_signature(validator: DocumentValidator) -> None:
    token = sample(Format.TIMESTAMP)
    alone = validator.validate(token, AT)
    assert (alone.indication, alone.codes) == (Indication.INDETERMINATE, ["TIMESTAMP_CONTENT_MISSING"])
    other = validator.validate(token, AT, detached=Detached(b"other"))
    assert (other.indication, other.codes) == (Indication.INVALID, ["TIMESTAMP_IMPRINT"])
    required = validator.validate(token, AT, detached=Detached(CONTENT), required=Required(iin=IIN))
    assert required.codes == ["SIGNER_IIN_MISMATCH"]


@pytest.mark.parametrize("uri", ["", "content.bin"])
def test_detached_content_of_xml_by_name_and_without(validator: DocumentValidator, uri: str) -> None:
    document = sign_detached({"content.bin": CONTENT}, world().signer("person"))
    good = validator.validate(document, AT, detached=Detached(CONTENT, "content.bin"))
    bad = validator.validate(document, AT, detached=Detached(CONTENT + b"!", "content.bin"))
    assert (good.indication, bad.indication) == (Indication.VALID, Indication.INVALID)


@pytest.mark.parametrize("content", [CONTENT, None])
def test_detached_content_of_cms(validator: DocumentValidator, content: bytes | None) -> None:
    message = cms_sign.sign(CONTENT, world().signer("person"), signing_time=AT, detached=True)
    report = validator.validate(message, AT, detached=Detached(content) if content else None)
    assert report.indication is (Indication.VALID if content else Indication.INDETERMINATE)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"<?xml version='1.0'?><!-- c -->\n<a/>", Format.XML),
        ("<a/>".encode("utf-16"), Format.XML),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", Format.XML),
        (b"<a", Format.XML),
        (
            b"<!--" + b" " * 10_000 + b"--><s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'/>",
            Format.WSSE,
        ),
        (b"<!--" + b" " * 100_000 + b"-->" + ENVELOPE, Format.WSSE),
        (b"<!--<!DOCTYPE a>--><?a <!DOCTYPE a>?>" + ENVELOPE, Format.WSSE),
        (("<!--<!DOCTYPE a>-->" + ENVELOPE.decode()).encode("utf-16"), Format.WSSE),
        (b"<?xml version='1.0' encoding='koi8-r'?>" + ENVELOPE, Format.WSSE),
        (b"<?xml version='1.0' encoding='utf-7'?>" + ENVELOPE, Format.XML),
        (b"<!-- " + ENVELOPE + b" --><a/>", Format.XML),
        (b"<s:Envelope xmlns:s='urn:other'/>", Format.XML),
        (ENVELOPE.decode().encode("utf-16"), Format.WSSE),
        (ENVELOPE.replace(b"soap", b"so&#97;p"), Format.WSSE),
        (b"<Envelope><a/></Envelope>", Format.XML),
        (("<!DOCTYPE a>" + ENVELOPE.decode()).encode("utf-16"), Format.XML),
        (b"garbage %PDF-1.4", Format.PDF),
        (b"\x30\x03\x02\x01\x01", Format.CMS),
    ],
)
def test_by_content_alone(data: bytes, kind: Format) -> None:
    assert recognise(data) is kind


@pytest.mark.parametrize("kind", [Format.CMS, Format.TIMESTAMP])
def test_cms_in_base64_as_signing_software_hands_it_out(validator: DocumentValidator, kind: Format) -> None:
    encoded = sample(kind)
    for text in (base64.b64encode(encoded), b"\n" + base64.encodebytes(encoded), _pem(encoded)):
        assert recognise(text) is kind
        armoured = validator.validate(text, AT).to_dict()
        assert armoured == validator.validate(encoded, AT).to_dict()


def _pem(encoded: bytes) -> bytes:
    return b"-----BEGIN CMS-----\n" + base64.encodebytes(encoded) + b"-----END CMS-----\n"


def test_the_response_of_an_authority_is_judged_by_its_token(validator: DocumentValidator) -> None:
    stamper = authority(world(), AT)
    response = stamper.respond(TimestampRequest(MessageImprint.of(b"text"), nonce=1).encode())
    assert recognise(response) is Format.TIMESTAMP
    report = validator.validate(response, AT, detached=Detached(b"text"))
    assert report.indication is Indication.VALID, report.to_dict()
    assert validator.validate(response, AT, detached=Detached(b"other")).indication is Indication.INVALID
    refused = stamper.respond(b"no request")
    with pytest.raises(InputError):
        validator.validate(refused, AT, detached=Detached(b"text"))


def test_content_that_quotes_the_type_of_a_time_stamp_is_not_one(validator: DocumentValidator) -> None:
    quoting = bytes.fromhex("060b2a864886f70d0109100104")
    message = cms_sign.sign(quoting, world().signer("person"), signing_time=AT)
    assert quoting in message[:512]
    assert recognise(message) is Format.CMS


def test_what_is_no_document() -> None:
    with pytest.raises(InputError) as raised:
        recognise(b"hello")
    assert raised.value.code == "FORMAT_UNKNOWN"


def test_without_the_extra_a_pdf_is_refused_with_what_to_install(
    validator: DocumentValidator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "egov_sign.docs.personal_validation", None)
    with pytest.raises(UnsupportedError) as raised:
        validator.validate(sample(Format.PDF), AT)
    assert raised.value.code == "PDF_EXTRA"
    assert "pip install '.[pdf]'" in raised.value.hint
