"""XAdES: signing, time-stamps, evidence, counter-signatures; and the attacks on them (rows 4, 6 to 8, 22 to 24)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.clock import FrozenClock
from egov_sign.crypto import digests
from egov_sign.crypto.signer import KeySigner
from egov_sign.docs.c14n import INCLUSIVE
from egov_sign.docs.evidence import evidence_for
from egov_sign.docs.judged import XmlRules
from egov_sign.docs.timestamp_authority import TimestampAuthority
from egov_sign.docs.validation import XmlValidator
from egov_sign.docs.xades import XADES, Level
from egov_sign.docs.xades_sign import add_evidence, add_timestamp, counter_sign, signed_properties
from egov_sign.docs.xmldsig import DS, XPATH
from egov_sign.docs.xmlparse import parse
from egov_sign.docs.xmlsign import Extra, sign_detached, sign_element, sign_enveloped, sign_enveloping
from egov_sign.errors import ConfigurationError
from egov_sign.verdict import Indication, SubIndication
from egov_sign_pki import World
from tests.attacks.forging import REQUEST, octets, resign
from tests.docs.judging import judge_of


@pytest.fixture(scope="module")
def world(ec_world: World) -> World:
    return ec_world


@pytest.fixture(scope="module")
def validator(world: World) -> XmlValidator:
    return XmlValidator(judge_of(world))


@pytest.fixture(scope="module")
def signed(world: World) -> bytes:
    signer = world.signer("person")
    return sign_enveloped(REQUEST, signer, extra=signed_properties(signer, world.at))


def stamper(world: World, at: datetime) -> TimestampAuthority:
    return TimestampAuthority(world.signer("tsa"), policy="1.2.3", clock=FrozenClock(at), serial=lambda: 7)


def rewritten(data: bytes, signer: KeySigner, change: Callable[[etree._Element], None]) -> bytes:
    """Return ``data`` with its signature changed and, as a malicious signer would, made right again."""
    root = parse(data)
    change(root[-1])
    resign(root[-1], signer)
    return octets(root)


def test_b_b_in_every_shape(world: World, validator: XmlValidator) -> None:
    signer = world.signer("person")
    extra = signed_properties(signer, world.at)
    contents = {"a.bin": b"\0"}
    for data in (
        sign_enveloped(REQUEST, signer, extra=extra),
        sign_element(REQUEST, signer, "note", extra=extra),
        sign_enveloping(b"octets", signer, extra=extra),
        sign_detached(contents, signer, extra=extra),
    ):
        report = validator.validate(data, world.at, contents=contents)
        assert report.indication is Indication.VALID, report.to_dict()
        assert report.children[0].facts["level"] == Level.B_B
        assert report.children[0].facts["claimed_signing_time"] == "2024-03-01T12:00:00Z"


def test_row_04_fake_signed_properties(world: World, validator: XmlValidator, signed: bytes) -> None:
    """Properties with the same Id elsewhere; and the right ones renamed, so that the fake ones are found."""
    at = world.at
    assert validator.validate(signed, at).codes == []
    fake = b'<xades:SignedProperties xmlns:xades="http://uri.etsi.org/01903/v1.3.2#" Id="sig-1-properties"/>'
    doubled = signed.replace(b"<IIN>", fake + b"<IIN>")
    assert validator.validate(doubled, at).sub_indication in {
        SubIndication.SIGNED_DATA_NOT_FOUND,
        SubIndication.HASH_FAILURE,
    }
    element = sign_element(REQUEST, world.signer("person"), "note", extra=signed_properties(world.signer("person"), at))
    doubled = element.replace(b"<IIN>", fake + b"<IIN>")
    assert validator.validate(doubled, at).sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND
    root = parse(element)
    original = root.find(f".//{XADES}SignedProperties")
    assert original is not None
    moved = etree.SubElement(root, "moved")
    shown = parse(etree.tostring(original).replace(b"12:00:00", b"10:00:00").replace(b"sig-1-properties", b"other"))
    holder = original.getparent()
    assert holder is not None
    moved.append(original)
    holder.insert(0, shown)
    report = validator.validate(octets(root), at)
    assert "XADES_OTHER_PROPERTIES" in report.codes
    assert report.indication is not Indication.VALID


def test_row_04_properties_where_nobody_looks_for_them(world: World, validator: XmlValidator) -> None:
    """Moved out of the way, they are signed as before and would be rid of: here of the certificate that they name."""
    signer, other = world.signer("person"), world.signer("other-person")
    wrong = sign_element(REQUEST, signer, "note", extra=signed_properties(other, world.at))
    assert validator.validate(wrong, world.at).codes == ["SCOPE_PARTIAL", "XADES_CERTIFICATE"]
    for inside in (True, False):
        root = parse(wrong)
        moved = root.find(f".//{XADES}QualifyingProperties")
        assert moved is not None
        (etree.SubElement(root[-1][-1], "wrapped") if inside else root).append(moved)
        report = validator.validate(octets(root), world.at)
        assert report.codes[-1] == "XADES_OTHER_PROPERTIES"
        assert report.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND


def test_row_06_unsigned_properties_put_first(world: World, validator: XmlValidator, signed: bytes) -> None:
    first = (
        b'<ds:Object><x:QualifyingProperties xmlns:x="http://uri.etsi.org/01903/v1.3.2#" Target="#sig-1"/></ds:Object>'
    )
    changed = signed.replace(b"<ds:Object>", first + b"<ds:Object>", 1)
    report = validator.validate(changed, world.at)
    assert report.codes == ["XADES_SEVERAL"]
    assert report.sub_indication is SubIndication.FORMAT_FAILURE


def test_row_07_target(world: World, validator: XmlValidator, signed: bytes) -> None:
    for target in (b"#sig-2", b"", b"sig-1"):
        report = validator.validate(signed.replace(b'Target="#sig-1"', b'Target="' + target + b'"'), world.at)
        assert report.codes == ["XADES_TARGET"]
        assert report.sub_indication is SubIndication.FORMAT_FAILURE


def test_row_08_reference_to_signed_properties_removed(world: World, validator: XmlValidator, signed: bytes) -> None:
    def remove(signature: etree._Element) -> None:
        signature[0].remove(signature[0][-1])

    report = validator.validate(rewritten(signed, world.signer("person"), remove), world.at)
    assert report.codes == ["XADES_UNBOUND"]
    assert report.sub_indication is SubIndication.FORMAT_FAILURE


def test_row_22_another_certificate(world: World, validator: XmlValidator) -> None:
    signer, other = world.signer("person"), world.signer("other-person")
    wrong = sign_enveloped(REQUEST, signer, extra=signed_properties(other, world.at))
    report = validator.validate(wrong, world.at)
    assert report.codes == ["XADES_CERTIFICATE"]
    assert report.sub_indication is SubIndication.NO_SIGNING_CERTIFICATE_FOUND


@pytest.mark.parametrize("part", ["digest", "issuer"])
def test_row_22_digest_or_issuer_wrong(world: World, validator: XmlValidator, part: str) -> None:
    signer = world.signer("person")
    own, other = (signed_properties(world.signer(label), world.at)("sig-1", []) for label in ("person", "other-person"))
    start, end = ("<ds:DigestValue>", "</ds:DigestValue>") if part == "digest" else ("V2>M", "</xades:IssuerSerialV2>")

    def piece(text: str) -> str:
        return text.split(start)[1].split(end, maxsplit=1)[0]

    mixed = replace(own, object_xml=own.object_xml.replace(piece(own.object_xml), piece(other.object_xml)))
    assert mixed != own
    report = validator.validate(sign_enveloped(REQUEST, signer, extra=lambda *_: mixed), world.at)
    assert report.codes == ["XADES_CERTIFICATE"]


def test_b_t_proves_the_time(world: World, validator: XmlValidator, signed: bytes) -> None:
    stamped = add_timestamp(signed, stamper(world, world.at - timedelta(hours=1)))
    report = validator.validate(stamped, world.at)
    assert report.indication is Indication.VALID, report.to_dict()
    facts = report.children[0].facts
    assert facts["level"] == Level.B_T
    assert facts["best_signature_time"] == "2024-03-01T11:00:01Z"


def test_row_24_timestamp_of_another_signature(world: World, validator: XmlValidator, signed: bytes) -> None:
    signer = world.signer("person")
    other = sign_enveloped(REQUEST.replace(b"8504", b"9504"), signer, extra=signed_properties(signer, world.at))
    stamped = parse(add_timestamp(other, stamper(world, world.at)))
    copied = stamped.find(f".//{XADES}UnsignedProperties")
    root = parse(signed)
    holder = root.find(f".//{XADES}QualifyingProperties")
    assert copied is not None
    assert holder is not None
    holder.append(copied)
    report = validator.validate(octets(root), world.at)
    assert report.codes == ["TIMESTAMP_IMPRINT"]
    assert report.sub_indication is SubIndication.HASH_FAILURE


def test_a_timestamp_that_nobody_vouches_for_proves_nothing(
    world: World, validator: XmlValidator, signed: bytes
) -> None:
    stranger = World.build(seed="stranger", kind="ec")
    report = validator.validate(add_timestamp(signed, stamper(stranger, world.at - timedelta(hours=1))), world.at)
    assert report.indication is Indication.VALID
    assert report.codes == ["TIMESTAMP_PROVES_NOTHING"]
    assert report.children[0].facts["best_signature_time"] == "2024-03-01T12:00:00Z"


def test_b_lt_outlives_the_certificate(world: World, validator: XmlValidator, signed: bytes) -> None:
    stamped = add_timestamp(signed, stamper(world, world.at))
    now = validator.validate(stamped, world.at)
    known = [Certificate.load(world.certificate(label)) for label in ("root", "issuer", "tsa", "person")]
    kept = add_evidence(stamped, evidence_for(now, known))
    later = datetime(2025, 3, 1, tzinfo=UTC)
    assert Certificate.load(world.certificate("person")).not_after < later

    bare = CertificateValidator(TrustStore(known[:1]), revocation=Revocation(RevocationSources()))
    report = XmlValidator(bare).validate(kept, later)
    assert report.indication is Indication.VALID, report.to_dict()
    assert report.children[0].facts["level"] == Level.B_LT
    assert XmlValidator(bare).validate(signed, later).sub_indication is not None
    assert XmlValidator(bare).validate(signed, later).indication is Indication.INDETERMINATE


def test_counter_signature(world: World, validator: XmlValidator, signed: bytes) -> None:
    confirmed = counter_sign(signed, world.signer("other-person"))
    report = validator.validate(confirmed, world.at)
    assert report.indication is Indication.VALID, report.to_dict()
    first, second = report.children
    assert second.facts["counter_signature_of"] == first.name


def test_row_23_fake_counter_signature(world: World, validator: XmlValidator, signed: bytes) -> None:
    """A good signature over something else in the place of a counter-signature, and one that is broken."""
    signer = world.signer("other-person")
    confirmed = counter_sign(signed, signer)
    other = parse(sign_enveloping(b"something else", signer))
    other.set("Id", "sig-7")
    root = parse(confirmed)
    holder = root.find(f".//{XADES}CounterSignature")
    assert holder is not None
    broken = parse(confirmed)
    value = broken.find(f".//{XADES}CounterSignature/{DS}Signature/{DS}SignatureValue")
    assert value is not None
    value.text = "AAAA" + (value.text or "").strip()[4:]
    assert validator.validate(octets(broken), world.at).sub_indication is SubIndication.SIG_CRYPTO_FAILURE
    holder.replace(holder[0], other)
    report = validator.validate(octets(root), world.at)
    assert report.indication is Indication.INVALID
    assert [child.indication for child in report.children] == [Indication.VALID, Indication.INVALID]
    assert "XADES_COUNTER_SIGNATURE" in report.codes


def test_row_23_counter_signature_over_nothing_of_what_it_confirms(world: World, signed: bytes) -> None:
    """Where the caller lets XPath in, a filter must not empty the confirmation."""
    root = parse(counter_sign(signed, world.signer("other-person")))
    confirming = root.find(f".//{XADES}CounterSignature/{DS}Signature")
    assert confirming is not None
    reference = confirming[0][-1]
    for transforms in reference.findall(DS + "Transforms"):
        reference.remove(transforms)
    reference.insert(0, etree.SubElement(reference, DS + "Transforms"))
    step = etree.SubElement(reference[0], DS + "Transform", Algorithm=XPATH)
    etree.SubElement(step, DS + "XPath").text = "false()"
    reference[-1].text = base64.b64encode(digests.digest("sha256", b"")).decode()
    confirming[0][0].set("Algorithm", INCLUSIVE.uri)
    resign(confirming, world.signer("other-person"))
    report = XmlValidator(judge_of(world), rules=XmlRules(xpath=True)).validate(octets(root), world.at)
    assert report.codes == ["XADES_COUNTER_SIGNATURE"]


def test_what_cannot_be_extended_is_left_alone(world: World, signed: bytes) -> None:
    authority = stamper(world, world.at)
    plain = sign_enveloped(REQUEST, world.signer("person"))
    with pytest.raises(ConfigurationError, match="XADES_NO_PROPERTIES"):
        add_timestamp(plain, authority)
    twice = sign_enveloped(signed, world.signer("other-person"))
    with pytest.raises(ConfigurationError, match="XADES_COVERED"):
        add_timestamp(twice, authority, index=0)
    with pytest.raises(ConfigurationError, match="SIGN_TARGET"):
        add_timestamp(signed, authority, index=3)


def signed_by(signer: KeySigner, at: datetime, old: str, new: str) -> bytes:
    """Sign with properties in which ``old`` is replaced by ``new`` before they are signed."""
    make = signed_properties(signer, at)

    def changed(identifier: str, references: Sequence[str]) -> Extra:
        made = make(identifier, references)
        assert old in made.object_xml
        return replace(made, object_xml=made.object_xml.replace(old, new))

    return sign_enveloped(REQUEST, signer, extra=changed)


def test_the_older_signing_certificate(world: World, validator: XmlValidator) -> None:
    """Version 1 names the issuer as text (ETSI TS 101 903)."""
    signer = world.signer("person")
    own = Certificate.load(signer.certificate)
    made = signed_properties(signer, world.at)("sig-1", []).object_xml
    start, end = made.index("<xades:IssuerSerialV2>"), made.index("</xades:Cert>")
    for serial, codes in ((own.serial, []), (own.serial + 1, ["XADES_CERTIFICATE"])):
        older = (
            f"<xades:IssuerSerial><ds:X509IssuerName>{own.issuer.rfc4514()}</ds:X509IssuerName>"
            f"<ds:X509SerialNumber>{serial}</ds:X509SerialNumber></xades:IssuerSerial>"
        )
        assert validator.validate(signed_by(signer, world.at, made[start:end], older), world.at).codes == codes
    bare = signed_by(signer, world.at, made[start:end], "")
    assert validator.validate(bare, world.at).codes == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<xades:CertDigest>", "<xades:CertDigest><x/></xades:CertDigest><xades:CertDigest>"),
        ("</xades:SigningCertificateV2>", "</xades:SigningCertificateV2><xades:SigningCertificateV2/>"),
        ("<xades:IssuerSerialV2>", "<xades:IssuerSerialV2>AAAA"),
        ("</xades:SignedProperties>", "</xades:SignedProperties><xades:SignedProperties/>"),
    ],
)
def test_malformed_properties(world: World, validator: XmlValidator, old: str, new: str) -> None:
    report = validator.validate(signed_by(world.signer("person"), world.at, old, new), world.at)
    assert report.indication is Indication.INVALID
    assert report.codes == ["XADES_MALFORMED"]


def test_a_signing_time_that_cannot_be_read_is_not_claimed(world: World, validator: XmlValidator) -> None:
    for text in ("yesterday", "2024-03-01T12:00:00", "2024-13-01T12:00:00Z"):
        changed = signed_by(world.signer("person"), world.at, "2024-03-01T12:00:00Z", text)
        report = validator.validate(changed, world.at)
        assert report.codes == []
        assert "claimed_signing_time" not in report.children[0].facts
