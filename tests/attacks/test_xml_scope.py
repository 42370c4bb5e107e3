"""Attacks on what a signature covers: wrapping, identifiers, transforms, comments (rows 1 to 5, 11 to 15, 17, 29)."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime

import pytest
from lxml import etree

from egov_sign.crypto.signer import KeySigner
from egov_sign.docs import c14n
from egov_sign.docs.judged import Required, XmlRules
from egov_sign.docs.validation import XmlValidator
from egov_sign.docs.xmldsig import DS, DS_NS, ENVELOPED, WSU_NS, XPATH
from egov_sign.docs.xmlparse import parse, text_of
from egov_sign.docs.xmlsign import sign_element, sign_enveloped, sign_enveloping
from egov_sign.verdict import Indication, SubIndication
from egov_sign_pki import World
from tests.attacks.forging import REQUEST, attach, canonical, octets, reference_xml

WHOLE = Required(root="{urn:rq}Order")


def test_row_01_wrapping_leaves_the_signed_element_beside_fake_content(
    validator: XmlValidator, signer: KeySigner, at: datetime
) -> None:
    """The signed root moves into the signature, a fake one takes its place."""
    signed = sign_element(REQUEST, signer, "order")
    assert validator.validate(signed, at, required=WHOLE).codes == []

    original = parse(signed)
    signature = original[-1]
    fake = parse(REQUEST.replace(b"850412110000", b"911130210000").replace(b'Id="order"', b'Id="fake"'))
    original.remove(signature)
    fake.append(signature)
    holder = etree.SubElement(signature, DS + "Object")
    holder.append(original)
    # The reference still has its enveloped-signature transform: the signature must stand inside what it covers.
    assert validator.validate(octets(fake), at).sub_indication is SubIndication.FORMAT_FAILURE


def test_row_01_wrapping_of_an_element_is_shown_in_the_scope(
    validator: XmlValidator, signer: KeySigner, at: datetime
) -> None:
    signed = parse(sign_element(REQUEST, signer, "note"))
    evil = parse(b'<rq:Order xmlns:rq="urn:rq" Id="order"><IIN>911130210000</IIN><Note>evil</Note><x/></rq:Order>')
    evil[-1].append(deepcopy(signed[1]))
    evil.append(deepcopy(signed[-1]))
    verdict = validator.examine(octets(evil), at)
    assert verdict.report.codes == ["SCOPE_PARTIAL"]
    assert verdict.report.facts["not_signed"] == ["/rq:Order/IIN", "/rq:Order/Note"]
    assert verdict.signatures[0].signed_root() is None
    assert verdict.signatures[0].covered[0].octets == '<Note xmlns:rq="urn:rq" Id="note">Әлия</Note>'.encode()
    required = validator.validate(octets(evil), at, required=WHOLE)
    assert required.indication is Indication.INVALID
    assert "SIGNED_ROOT_MISMATCH" in required.codes


def test_row_02_two_elements_with_one_id(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    signed = sign_element(REQUEST, signer, "note")
    assert validator.validate(signed, at).indication is Indication.VALID
    doubled = signed.replace(b"<IIN>", b'<IIN Id="note">')
    report = validator.validate(doubled, at)
    assert "XML_ID_AMBIGUOUS" in report.codes
    assert report.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND


@pytest.mark.parametrize("spelling", ["ID", "id", "xml:id", "wsu:Id"])
def test_row_03_the_same_id_in_another_spelling(
    validator: XmlValidator, signer: KeySigner, at: datetime, spelling: str
) -> None:
    signed = sign_element(REQUEST, signer, "note")
    other = f'<IIN xmlns:wsu="{WSU_NS}" {spelling}='.encode()
    assert validator.validate(signed.replace(b"<IIN>", other + b'"other">'), at).indication is Indication.VALID
    report = validator.validate(signed.replace(b"<IIN>", other + b'"note">'), at)
    assert report.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND


def test_row_05_fake_object(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    """A second ds:Object with the Id of the signed one, or the signed one under another Id."""
    signed = sign_enveloping(b"octets", signer)
    assert validator.validate(signed, at).indication is Indication.VALID
    start, end = b"<ds:Object", b"</ds:Signature>"
    fake = b'<ds:Object Id="content-1">ZmFrZQ==</ds:Object>'
    for changed in (
        signed.replace(end, fake + end),
        signed.replace(start, fake + start, 1),
        signed.replace(b'Object Id="content-1"', b'Object Id="content-2"'),
    ):
        assert validator.validate(changed, at).sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND


def test_row_05_fake_manifest(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    manifest = f'<ds:Manifest xmlns:ds="{DS_NS}" Id="manifest">{reference_xml("#note", b"")}</ds:Manifest>'
    signed_manifest = c14n.canonicalize(etree.fromstring(manifest), c14n.EXCLUSIVE)
    references = reference_xml("#manifest", signed_manifest, [c14n.EXCLUSIVE.uri])
    good = octets(attach(REQUEST, signer, references, objects=f"<ds:Object>{manifest}</ds:Object>"))
    assert validator.validate(good, at).indication is Indication.VALID
    fake = good.replace(b"<ds:Object>", b'<ds:Object><ds:Manifest Id="manifest"/></ds:Object><ds:Object>')
    assert validator.validate(fake, at).sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND


def test_row_11_comments_do_not_split_signed_text(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    """With an empty URI comments are not signed, so anybody may add one; the IIN is still read whole."""
    signed = sign_enveloped(REQUEST, signer)
    changed = signed.replace(b"850412110000", b"8504<!-- -->12110000")
    verdict = validator.examine(changed, at, required=WHOLE)
    assert verdict.report.codes == []
    root = verdict.signatures[0].signed_root()
    assert root is not None
    assert root[0].text == text_of(root[0]) == "850412110000"
    assert text_of(parse(changed)[0]) == "850412110000"


def test_row_12_no_reference(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    assert validator.validate(octets(attach(REQUEST, signer)), at).codes == []
    report = validator.validate(octets(attach(REQUEST, signer, "")), at)
    assert report.codes == ["XML_SIGNATURE_MALFORMED"]
    assert report.sub_indication is SubIndication.FORMAT_FAILURE


def test_row_13_xslt(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    sheet = '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"/>'
    references = reference_xml("", canonical(parse(REQUEST)), ["http://www.w3.org/TR/1999/REC-xslt-19991116"], sheet)
    report = validator.validate(octets(attach(REQUEST, signer, references)), at)
    assert report.codes == ["XML_TRANSFORM_REFUSED"]
    assert report.sub_indication is SubIndication.FORMAT_FAILURE


def test_row_14_xpath_that_leaves_the_payload_out(world: World, validator: XmlValidator, at: datetime) -> None:
    """Refused; and where the caller lets XPath in, the scope says that it was filtered."""
    signer = world.signer("person")
    without_iin = c14n.canonicalize(parse(REQUEST.replace(b"<IIN>850412110000</IIN>", b"")), c14n.INCLUSIVE)
    expression = "not(ancestor-or-self::IIN or ancestor-or-self::ds:Signature)"
    inner = f"<ds:XPath>{expression}</ds:XPath>"
    signed = octets(attach(REQUEST, signer, reference_xml("", without_iin, [XPATH], inner)))
    assert validator.validate(signed, at).codes == ["XML_TRANSFORM_REFUSED"]

    lenient = XmlValidator(validator.judge, rules=XmlRules(xpath=True))
    verdict = lenient.examine(signed, at)
    assert verdict.report.codes == ["SCOPE_PARTIAL"]
    assert verdict.report.children[0].facts["scope"][0]["filtered"] is True  # type: ignore[index,call-overload]
    assert verdict.signatures[0].signed_root() is None
    assert lenient.validate(signed, at, required=WHOLE).indication is Indication.INVALID
    slow = signed.replace(expression.encode(), b"count(//*//*//*) &gt; 0")
    assert "XML_XPATH_REFUSED" in lenient.validate(slow, at).codes


FILTER2 = "http://www.w3.org/2002/06/xmldsig-filter2"
SUBTRACT = f'<f:XPath xmlns:f="{FILTER2}" Filter="subtract">/descendant::ds:Signature</f:XPath>'
ALL_SAVE_SIGNATURES = "<ds:XPath>not(ancestor-or-self::ds:Signature)</ds:XPath>"


@pytest.mark.parametrize(("algorithm", "inner"), [(XPATH, ALL_SAVE_SIGNATURES), (FILTER2, SUBTRACT)])
def test_row_14_a_filter_that_leaves_out_the_signatures_alone(
    world: World, validator: XmlValidator, at: datetime, algorithm: str, inner: str
) -> None:
    """As good as enveloped-signature, for signatures made before and after; what hides in a signature is not signed."""
    references = reference_xml("", canonical(parse(REQUEST)), [algorithm, c14n.INCLUSIVE.uri], inner)
    signed = octets(attach(REQUEST, world.signer("person"), references))
    twice = sign_enveloped(signed, world.signer("other-person"))
    for document in (signed, twice):
        verdict = validator.examine(document, at, required=WHOLE)
        assert verdict.report.indication is Indication.VALID, verdict.report.to_dict()
        assert verdict.report.codes == []
        root = verdict.signatures[0].signed_root()
        assert root is not None
        assert root.find("ds:Signature", {"ds": DS_NS}) is None
    changed = signed.replace(b"850412110000", b"850412110001")
    assert validator.validate(changed, at).sub_indication is SubIndication.HASH_FAILURE
    hidden = signed.replace(b"<IIN>", f'<ds:Signature xmlns:ds="{DS_NS}"><evil/></ds:Signature><IIN>'.encode())
    assert validator.validate(hidden, at).indication is Indication.INVALID


@pytest.mark.parametrize(
    ("algorithm", "inner"),
    [
        (XPATH, '<ds:XPath xmlns:x="urn:x">not(ancestor-or-self::x:Signature)</ds:XPath>'),
        (XPATH, "<ds:XPath>not(ancestor-or-self::x:Signature)</ds:XPath>"),
        (XPATH, "<ds:XPath>not(ancestor-or-self::ds:Signature) or 1</ds:XPath>"),
        (FILTER2, SUBTRACT.replace("subtract", "intersect")),
        (FILTER2, SUBTRACT.replace(' Filter="subtract"', "")),
        (FILTER2, SUBTRACT.replace("/descendant::ds:Signature", "/descendant::*")),
        (FILTER2, SUBTRACT * 2),
        (FILTER2, ""),
    ],
)
def test_row_14_a_filter_that_only_looks_like_it(
    signer: KeySigner, validator: XmlValidator, at: datetime, algorithm: str, inner: str
) -> None:
    references = reference_xml("", canonical(parse(REQUEST)), [algorithm, c14n.INCLUSIVE.uri], inner)
    report = validator.validate(octets(attach(REQUEST, signer, references)), at)
    assert report.indication is Indication.INVALID
    assert report.sub_indication is SubIndication.FORMAT_FAILURE


def test_row_15_unknown_transform_is_never_skipped(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    steps = [ENVELOPED, "urn:do-nothing"]
    references = reference_xml("", canonical(parse(REQUEST)), steps)
    assert validator.validate(octets(attach(REQUEST, signer, references)), at).codes == ["XML_TRANSFORM_REFUSED"]


def test_row_15_transforms_are_applied_in_their_order(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    """Canonicalisation gives octets; there is nothing left for enveloped-signature to be applied to."""
    backwards = [c14n.INCLUSIVE.uri, ENVELOPED]
    references = reference_xml("", canonical(parse(REQUEST)), backwards)
    report = validator.validate(octets(attach(REQUEST, signer, references)), at)
    assert report.codes == ["XML_ENVELOPED_MISPLACED"]
    assert report.indication is Indication.INVALID


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:1/x", "file:///etc/hostname", "/etc/hostname", "other.xml", "#xpointer(//x)"]
)
def test_row_17_nothing_outside_is_fetched(validator: XmlValidator, signer: KeySigner, at: datetime, uri: str) -> None:
    signed = octets(attach(REQUEST, signer, reference_xml(uri, b"data", [])))
    report = validator.validate(signed, at)
    assert report.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND
    if not uri.startswith("#"):
        assert validator.validate(signed, at, contents={uri: b"data"}).indication is Indication.VALID


def test_row_29_each_of_several_signatures_is_judged(world: World, validator: XmlValidator, at: datetime) -> None:
    """Side by side over different parts: each reports what it covers, and one bad one decides."""
    first = sign_element(REQUEST, world.signer("person"), "note")
    both = sign_element(first.replace(b"<IIN>", b'<IIN Id="iin">'), world.signer("other-person"), "iin")
    report = validator.validate(both, at)
    assert report.indication is Indication.VALID
    scopes = [child.facts["scope"][0]["element"] for child in report.children]  # type: ignore[index,call-overload]
    assert scopes == ["/rq:Order/Note", "/rq:Order/IIN"]
    bad = validator.validate(both.replace(b">850412110000<", b">911130210000<"), at)
    assert bad.indication is Indication.INVALID
    assert [child.indication for child in bad.children] == [Indication.VALID, Indication.INVALID]
    revoked = sign_element(first.replace(b"<IIN>", b'<IIN Id="iin">'), world.signer("revoked-person"), "iin")
    assert validator.validate(revoked, at).sub_indication is SubIndication.REVOKED


def test_row_29_a_part_signed_by_one_does_not_make_them_signer_of_the_whole(
    world: World, validator: XmlValidator, at: datetime
) -> None:
    """A signature over a part, carried into a document that somebody else signed whole."""
    required = Required(iin="850412110000", root="*")
    victim, attacker = world.signer("person"), world.signer("other-person")
    part = sign_element(REQUEST, victim, "note")
    assert validator.validate(sign_enveloped(part, victim), at, required=required).codes == []
    carried = sign_enveloped(part.replace(b">850412110000<", b">911130210000<"), attacker)
    report = validator.validate(carried, at, required=required)
    assert [child.indication for child in report.children] == [Indication.VALID, Indication.VALID]
    assert report.codes == ["SIGNER_IIN_MISMATCH"]


@pytest.mark.parametrize("steps", [[], [c14n.INCLUSIVE.uri]])
def test_row_31_nothing_covers_a_document_without_canonical_form(
    validator: XmlValidator, signer: KeySigner, at: datetime, steps: list[str]
) -> None:
    """A relative namespace name leaves nothing to digest, and the digest of nothing is known to everybody."""
    for content in (b"pay 1", b"pay 9"):
        document = b'<r><a xmlns:q="relative">' + content + b"</a></r>"
        verdict = validator.examine(octets(attach(document, signer, reference_xml("", b"", steps))), at)
        assert verdict.report.codes == ["XML_C14N_FAILED"]
        assert verdict.report.facts["whole_document_signed"] is False


def test_row_14_a_filter_that_leaves_nothing(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    """All save the signatures, of what lies in one, is nothing; another digest than that of nothing is a lie."""
    held = etree.fromstring(f'<ds:Object xmlns:ds="{DS_NS}" Id="held"><pay>1</pay></ds:Object>')
    inner = "<ds:XPath>not(ancestor-or-self::ds:Signature)</ds:XPath>"
    for covered in (c14n.canonicalize(held, c14n.EXCLUSIVE), b""):
        one = reference_xml("#held", covered, [XPATH, c14n.EXCLUSIVE.uri], inner)
        signed = attach(REQUEST, signer, one, objects=etree.tostring(held, encoding="unicode"))
        assert validator.validate(octets(signed), at).codes == ["XML_NOTHING_LEFT"]
