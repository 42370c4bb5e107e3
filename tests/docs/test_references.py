"""References that cannot be followed, and filters that are switched on."""

from __future__ import annotations

from datetime import datetime

import pytest

from egov_sign.crypto.signer import KeySigner
from egov_sign.docs import c14n
from egov_sign.docs.judged import Required, XmlRules
from egov_sign.docs.nodeset import is_safe
from egov_sign.docs.validation import XmlValidator
from egov_sign.docs.xmldsig import BASE64, ENVELOPED, XPATH
from egov_sign.docs.xmlparse import parse
from egov_sign.docs.xmlsign import sign_enveloped, sign_enveloping
from egov_sign.errors import InputError, UnsupportedError
from egov_sign.verdict import Indication, SubIndication
from egov_sign_pki import World
from tests.attacks.forging import REQUEST, attach, canonical, octets, reference_xml
from tests.docs.judging import judge_of

UNSIGNED = "not(ancestor-or-self::ds:Signature or ancestor-or-self::nothing)"


@pytest.fixture(scope="module")
def validator(ec_world: World) -> XmlValidator:
    return XmlValidator(judge_of(ec_world), rules=XmlRules(xpath=True))


@pytest.fixture(scope="module")
def person(ec_world: World) -> KeySigner:
    return ec_world.signer("person")


@pytest.fixture(scope="module")
def at(ec_world: World) -> datetime:
    return ec_world.at


def xpath(expression: str) -> str:
    return f"<ds:XPath>{expression}</ds:XPath>"


def test_the_filter_that_leaves_signatures_out(validator: XmlValidator, person: KeySigner, at: datetime) -> None:
    """Each signature leaves out all of them; what a filter chose never counts as the whole."""
    references = reference_xml("", canonical(parse(REQUEST)), [XPATH, c14n.INCLUSIVE.uri], xpath(UNSIGNED))
    signed = octets(attach(REQUEST, person, references))
    assert validator.validate(signed, at).codes == ["SCOPE_PARTIAL"]
    changed = validator.validate(signed.replace(b"8504", b"9504"), at)
    assert changed.sub_indication is SubIndication.HASH_FAILURE
    assert validator.validate(signed, at, required=Required(root="*")).indication is Indication.INVALID


def test_a_filter_over_content_from_outside(validator: XmlValidator, person: KeySigner, at: datetime) -> None:
    kept = b'<rq:Order xmlns:rq="urn:rq" Id="order"><Note Id="note">\xd3\x98\xd0\xbb\xd0\xb8\xd1\x8f</Note></rq:Order>'
    references = reference_xml("a.xml", kept, [XPATH], xpath("not(ancestor-or-self::IIN)"))
    signed = octets(attach(REQUEST, person, references))
    assert validator.validate(signed, at, contents={"a.xml": REQUEST}).indication is Indication.VALID
    report = validator.validate(signed, at, contents={"a.xml": b"not XML"})
    assert "XML_CONTENT_NOT_XML" in report.codes


@pytest.mark.parametrize(
    "expression", ["//x", "child::a", "a", "id('x')", "here()", "not(", "x[1]", "$v", "u:v", "1" * 1001]
)
def test_filters_that_are_refused(validator: XmlValidator, person: KeySigner, at: datetime, expression: str) -> None:
    references = reference_xml("", b"", [XPATH], xpath(expression))
    report = validator.validate(octets(attach(REQUEST, person, references)), at)
    assert report.codes == ["XML_XPATH_REFUSED"]


def test_two_filters_are_refused(validator: XmlValidator, person: KeySigner, at: datetime) -> None:
    one = f'<ds:Transform Algorithm="{XPATH}">{xpath(UNSIGNED)}</ds:Transform>'
    references = reference_xml("", b"", [XPATH], xpath(UNSIGNED)).replace(one, one + one)
    assert validator.validate(octets(attach(REQUEST, person, references)), at).codes == ["XML_XPATH_REFUSED"]


def test_what_is_safe() -> None:
    assert is_safe("ancestor-or-self::x:y and not(self::text()) or count(parent::node()/namespace::*) != 2")
    assert not is_safe("count(x)")


def test_base64_of_what_is_not_text(validator: XmlValidator, person: KeySigner, at: datetime) -> None:
    enveloped = octets(attach(b'<a Id="a">QUJD</a>', person, reference_xml("", b"ABC", [ENVELOPED, BASE64])))
    assert validator.validate(enveloped, at).codes == ["XML_BASE64"]
    referenced = b'<a><b Id="b">QU<!-- -->JD</b></a>'
    signed = octets(attach(referenced, person, reference_xml("#b", b"ABC", [BASE64])))
    assert validator.validate(signed, at).indication is Indication.VALID
    filtered = reference_xml("", b"", [XPATH, BASE64], xpath(UNSIGNED))
    assert validator.validate(octets(attach(REQUEST, person, filtered)), at).codes == ["XML_BASE64"]
    twice = reference_xml("a", b"ABC", [BASE64, BASE64])
    report = validator.validate(octets(attach(REQUEST, person, twice)), at, contents={"a": b"UVVKRA=="})
    assert report.indication is Indication.VALID


def test_a_relative_namespace_has_no_canonical_form(validator: XmlValidator, person: KeySigner, at: datetime) -> None:
    signed = sign_enveloped(REQUEST, person)
    report = validator.validate(signed.replace(b"<IIN>", b'<IIN xmlns="relative">'), at)
    assert report.codes == ["XML_C14N_FAILED"]
    with pytest.raises(InputError, match="SIGN_REFERENCE"):
        sign_enveloped(b'<a xmlns="relative"/>', person)
    inside = sign_enveloping(parse(REQUEST), person)
    report = validator.validate(inside.replace(b"<ds:Signature ", b'<ds:Signature xmlns:x="relative" '), at)
    assert report.codes == ["XML_C14N_FAILED"]


def test_unknown_canonicalisation() -> None:
    with pytest.raises(UnsupportedError, match="C14N_UNKNOWN"):
        c14n.by_uri("urn:x")
