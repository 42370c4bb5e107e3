"""Attacks on the form of documents and signatures (rows 9, 10, 16, 18 to 21, 26, 31)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from egov_sign.certs.certificate import Certificate
from egov_sign.crypto.signer import KeySigner
from egov_sign.docs import c14n
from egov_sign.docs.judged import Required
from egov_sign.docs.validation import XmlValidator
from egov_sign.docs.xmldsig import DSIG11_NS
from egov_sign.docs.xmlparse import parse
from egov_sign.docs.xmlsign import sign_enveloped
from egov_sign.errors import InputError
from egov_sign.limits import DEFAULT_LIMITS
from egov_sign.verdict import Indication, SubIndication
from egov_sign_pki import World
from tests.attacks.forging import REQUEST, attach, canonical, certificate_xml, octets, reference_xml


def test_row_09_two_signed_infos(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    root = attach(REQUEST, signer)
    assert validator.validate(octets(root), at).codes == []
    signature = root[-1]
    for position in (0, 1, 2):
        fake = parse(octets(root))[-1][0]
        signature.insert(position, fake)
        report = validator.validate(octets(root), at)
        assert report.codes == ["XML_SIGNATURE_MALFORMED"]
        assert report.sub_indication is SubIndication.FORMAT_FAILURE
        signature.remove(fake)


@pytest.mark.parametrize("element", ["DigestValue", "SignatureValue", "X509Certificate"])
@pytest.mark.parametrize("intruder", ["<!-- x -->", "<?x y?>", "<ds:x/>", "=", "é", "-"])
def test_row_10_nothing_but_base64(
    validator: XmlValidator, signer: KeySigner, at: datetime, element: str, intruder: str
) -> None:
    signed = octets(attach(REQUEST, signer))
    tag = f"<ds:{element}>".encode()
    position = signed.index(tag) + len(tag)
    changed = signed[: position + 8] + intruder.encode() + signed[position + 8 :]
    report = validator.validate(changed, at)
    assert report.codes == ["XML_BASE64"]
    assert report.sub_indication is SubIndication.FORMAT_FAILURE
    spaced = signed[: position + 8] + b"\n \t&#13;" + signed[position + 8 :]
    if element != "DigestValue":  # white space in SignedInfo is signed
        assert validator.validate(spaced, at).codes == []


@pytest.mark.parametrize(
    "prolog",
    [
        "<!DOCTYPE rq:Order>",
        '<!DOCTYPE rq:Order SYSTEM "http://127.0.0.1:1/x.dtd">',
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
        "<!DOCTYPE x [<!ATTLIST IIN Id CDATA 'note'>]>",
    ],
)
def test_row_16_document_types(validator: XmlValidator, signer: KeySigner, at: datetime, prolog: str) -> None:
    signed = octets(attach(REQUEST, signer))
    body = signed.split(b"?>", 1)[1]
    assert validator.validate(body, at).codes == []
    with pytest.raises(InputError) as caught:
        validator.validate(prolog.encode() + body, at)
    assert caught.value.code == "XML_DTD"


@pytest.mark.parametrize(
    "key_info",
    [
        '<ds:RetrievalMethod URI="#self" Id="self"/>',
        '<ds:RetrievalMethod URI="http://127.0.0.1:1/key"/>',
        f'<k:KeyInfoReference xmlns:k="{DSIG11_NS}" URI="#self" Id="self"/>',
    ],
)
def test_row_18_keys_elsewhere(validator: XmlValidator, signer: KeySigner, at: datetime, key_info: str) -> None:
    both = octets(attach(REQUEST, signer, key_info=certificate_xml(signer) + key_info))
    report = validator.validate(both, at)
    assert report.codes == ["XML_KEY_ELSEWHERE"]
    assert report.indication is Indication.INVALID


@pytest.mark.parametrize("length", ["", "0", "8", "40"])
def test_rows_19_and_20_shared_secrets(validator: XmlValidator, signer: KeySigner, at: datetime, length: str) -> None:
    """The public key's bytes used as the secret of an HMAC, and truncation to nothing."""
    inner = f"<ds:HMACOutputLength>{length}</ds:HMACOutputLength>" if length else ""
    uri = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
    report = validator.validate(octets(attach(REQUEST, signer, method=uri, method_inner=inner)), at)
    assert report.codes == ["XML_HMAC_REFUSED"]
    assert report.indication is Indication.INVALID


def test_row_20_an_output_length_beside_a_public_key(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    inner = "<ds:HMACOutputLength>0</ds:HMACOutputLength>"
    report = validator.validate(octets(attach(REQUEST, signer, method_inner=inner)), at)
    assert report.codes == ["XML_SIGNATURE_MALFORMED"]


def ec_key_value(signer: KeySigner) -> str:
    point = base64.b64encode(signer.key.public_key().spki[-65:]).decode()
    return (
        f'<ds:KeyValue><k:ECKeyValue xmlns:k="{DSIG11_NS}"><k:NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"/>'
        f"<k:PublicKey>{point}</k:PublicKey></k:ECKeyValue></ds:KeyValue>"
    )


def der_key_value(signer: KeySigner) -> str:
    encoded = base64.b64encode(signer.key.public_key().spki).decode()
    return f'<k:DEREncodedKeyValue xmlns:k="{DSIG11_NS}">{encoded}</k:DEREncodedKeyValue>'


@pytest.mark.parametrize("key_value", [ec_key_value, der_key_value])
def test_row_21_key_value_is_not_the_key_of_the_certificate(
    world: World, validator: XmlValidator, at: datetime, key_value: Callable[[KeySigner], str]
) -> None:
    signer, other = world.signer("person"), world.signer("other-person")
    certificate = certificate_xml(signer)
    good = octets(attach(REQUEST, signer, key_info=key_value(signer) + certificate))
    assert validator.validate(good, at).codes == []
    report = validator.validate(octets(attach(REQUEST, signer, key_info=key_value(other) + certificate)), at)
    assert report.codes == ["SIGNER_KEY_VALUE_DIFFERS"]
    assert report.indication is Indication.INVALID
    # Signed by the other key, which the KeyValue gives and the certificate does not:
    forged = octets(attach(REQUEST, other, key_info=key_value(other) + certificate))
    assert validator.validate(forged, at).sub_indication is SubIndication.SIG_CRYPTO_FAILURE


def test_row_26_many_references(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    one = reference_xml("", canonical(parse(REQUEST)))
    most = DEFAULT_LIMITS.xml_references
    assert validator.validate(octets(attach(REQUEST, signer, one * most)), at).codes == []
    for count in (most + 1, 10_000):
        report = validator.validate(octets(attach(REQUEST, signer, one * count)), at)
        assert report.codes == ["XML_TOO_MANY_REFERENCES"]


def test_row_26_many_transforms(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    for count, codes in ((8, []), (9, ["XML_TOO_MANY_TRANSFORMS"]), (10_000, ["XML_TOO_MANY_TRANSFORMS"])):
        steps = ["http://www.w3.org/2000/09/xmldsig#enveloped-signature"] * (count - 1) + [c14n.INCLUSIVE.uri]
        references = reference_xml("", canonical(parse(REQUEST)), steps)
        assert validator.validate(octets(attach(REQUEST, signer, references)), at).codes == codes


def test_row_26_many_signatures(validator: XmlValidator, at: datetime) -> None:
    empty = b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>'
    report = validator.validate(b"<a>" + empty * 10_000 + b"</a>", at)
    assert report.codes == ["XML_TOO_MANY_SIGNATURES"]


def test_row_26_work_is_bounded(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    """Few references over a large document are much work too, even if they leave nearly all of it out."""
    one = reference_xml("", canonical(parse(REQUEST)))
    ballast = f"<ds:Object>{'x' * 100_000}</ds:Object>"
    limits = replace(DEFAULT_LIMITS, xml_canonical_bytes=150_000, xml_canonical_passes=2)
    bounded = XmlValidator(validator.judge, limits=limits)
    assert bounded.validate(octets(attach(REQUEST, signer, one * 3, objects=ballast)), at).codes == []
    report = bounded.validate(octets(attach(REQUEST, signer, one * 4, objects=ballast)), at)
    assert report.codes == ["XML_TOO_MUCH_WORK"]
    assert bounded.validate(octets(attach(REQUEST, signer, one * 4)), at).codes == []


@pytest.mark.parametrize(
    "document",
    [
        b"<a>" * 100_000 + b"</a>" * 100_000,
        b'<a x="' + b"x" * 100_000_000 + b'"/>',
        b"<a>" + b"x" * 100_000_000 + b"</a>",
    ],
    ids=["depth", "attribute", "text"],
)
def test_row_26_deep_and_long_documents(validator: XmlValidator, at: datetime, document: bytes) -> None:
    with pytest.raises(InputError) as caught:
        validator.validate(document, at)
    assert caught.value.code == "XML_LIMIT"


def test_row_31_duplicate_attributes_are_not_xml(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    signed = sign_enveloped(REQUEST, signer)
    with pytest.raises(InputError, match="XML_NOT_WELL_FORMED"):
        validator.validate(signed.replace(b'Id="note"', b'Id="note" Id="other"'), at)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("8504<![CDATA[12110000]]>", "850412110000"),
        ("<![CDATA[<IIN>]]>", "<IIN>"),
        ("8504<?split?>12110000", "850412110000"),
        ("&#56;50412110000", "850412110000"),
        ("850412110000\r\n", "850412110000\n"),
    ],
)
def test_row_31_what_is_validated_is_what_is_returned(
    validator: XmlValidator, signer: KeySigner, at: datetime, written: str, read: str
) -> None:
    document = REQUEST.replace(b"850412110000", written.encode())
    verdict = validator.examine(sign_enveloped(document, signer), at, required=Required(root="*"))
    assert verdict.report.codes == []
    root = verdict.signatures[0].signed_root()
    assert root is not None
    assert root[0].text == read


def test_row_31_other_encodings_of_the_same_document(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    signed = sign_enveloped(REQUEST, signer).split(b"?>", 1)[1].decode()
    roots = []
    for data in (signed.encode(), b"\xef\xbb\xbf" + signed.encode(), ("\ufeff" + signed).encode("utf-16-le")):
        verdict = validator.examine(data, at)
        assert verdict.report.codes == []
        roots.append(canonical(verdict.signatures[0].signed_root()))  # type: ignore[arg-type]
    assert len(set(roots)) == 1


def test_certificates_are_bounded(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    most = DEFAULT_LIMITS.xml_certificates
    report = validator.validate(octets(attach(REQUEST, signer, key_info=certificate_xml(signer) * (most + 1))), at)
    assert report.codes == ["XML_TOO_MANY_CERTIFICATES"]
    few = octets(attach(REQUEST, signer, key_info=certificate_xml(signer) * 2))
    assert validator.validate(few, at).codes == []


def test_key_info_that_names_another_certificate(
    world: World, validator: XmlValidator, signer: KeySigner, at: datetime
) -> None:
    def hint(certificate: Certificate) -> str:
        return (
            f"<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>{certificate.issuer.rfc4514()}</ds:X509IssuerName>"
            f"<ds:X509SerialNumber>{certificate.serial}</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data>"
        )

    own = Certificate.load(signer.certificate)
    other = Certificate.load(world.certificate("other-person"))
    good = octets(attach(REQUEST, signer, key_info=certificate_xml(signer) + hint(own)))
    assert validator.validate(good, at).codes == []
    bad = octets(attach(REQUEST, signer, key_info=certificate_xml(signer) + hint(other)))
    assert validator.validate(bad, at).sub_indication is SubIndication.NO_SIGNING_CERTIFICATE_FOUND
    named = octets(attach(REQUEST, signer, key_info=hint(own)))
    assert validator.validate(named, at).codes == ["SIGNER_CERT_ABSENT"]
    assert validator.validate(named, at, certificates=[other, own]).codes == []
