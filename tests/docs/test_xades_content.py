"""Time-stamps over the content that is signed (ETSI EN 319 132-1, 5.2.8), and signed manifests."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from lxml import etree

from egov_sign.crypto import digests
from egov_sign.docs import c14n
from egov_sign.docs.judged import XmlRules
from egov_sign.docs.references import Covered
from egov_sign.docs.validation import XmlValidator
from egov_sign.docs.xades import XADES_NS
from egov_sign.docs.xades_sign import add_timestamp, signed_properties
from egov_sign.docs.xmldsig import DS_NS, Transform
from egov_sign.docs.xmlsign import Extra, Part, sign_detached, sign_element, sign_enveloped, sign_enveloping
from egov_sign.verdict import Indication, Report, SubIndication
from tests.attacks.forging import REQUEST
from tests.docs.archiving import SIGNED, stamper, validator, world

EARLIER = SIGNED - timedelta(hours=2)
LATER = SIGNED + timedelta(hours=2)
CONTENTS = {"a.bin": b"\0", "b.bin": b"\1"}


def stamped(at: datetime = EARLIER) -> bytes:
    signer = world().signer("person")
    return sign_enveloped(REQUEST, signer, extra=signed_properties(signer, SIGNED, timestamps=stamper(at)))


def judge(document: bytes, at: datetime = SIGNED + timedelta(days=1)) -> Report:
    return validator(SIGNED).validate(document, at, contents=CONTENTS)


def test_content_is_stamped_in_every_shape() -> None:
    signer = world().signer("person")
    extra = signed_properties(signer, SIGNED, timestamps=stamper(EARLIER))
    for document in (
        sign_enveloped(REQUEST, signer, extra=extra),
        sign_element(REQUEST, signer, "note", extra=extra),
        sign_enveloping(b"octets", signer, extra=extra),
        sign_detached(CONTENTS, signer, extra=extra),
    ):
        report = judge(document)
        assert report.indication is Indication.VALID, report.to_dict()
        assert report.children[0].codes == []
        (stamp,) = (child for child in report.children[0].children if child.subject == "timestamp")
        assert stamp.facts["over"] == "content"
        assert report.children[0].facts["best_signature_time"] == "2024-03-02T12:00:00Z", "it proves no latest time"


def test_row_57_a_timestamp_over_the_content_that_is_later_than_one_over_the_signature() -> None:
    good = add_timestamp(stamped(EARLIER), stamper(SIGNED))
    assert judge(good).indication is Indication.VALID
    report = judge(add_timestamp(stamped(LATER), stamper(SIGNED)))
    assert report.indication is Indication.INDETERMINATE
    assert report.sub_indication is SubIndication.TIMESTAMP_ORDER_FAILURE


def test_a_timestamp_over_other_content() -> None:
    signer = world().signer("person")
    make = signed_properties(signer, SIGNED, timestamps=stamper(EARLIER))

    def over_other(identifier: str, references: Sequence[str]) -> Extra:
        made = make(identifier, references)

        def complete(signature: etree._Element, covered: Sequence[Covered]) -> None:
            assert made.complete is not None
            made.complete(signature, [one._replace(octets=b"other") for one in covered])

        return replace(made, complete=complete)

    report = judge(sign_enveloped(REQUEST, signer, extra=over_other))
    assert report.codes == ["TIMESTAMP_IMPRINT"]
    assert report.sub_indication is SubIndication.HASH_FAILURE


def individual(includes: str, octets: bytes) -> bytes:
    """Sign two contents with an IndividualDataObjectsTimeStamp that names what ``includes`` says."""
    signer = world().signer("person")
    make = signed_properties(signer, SIGNED)
    token = base64.b64encode(stamper(EARLIER).stamp(octets)).decode()
    stamp = (
        f'<xades:IndividualDataObjectsTimeStamp xmlns:xades="{XADES_NS}">{includes}'
        f"<xades:EncapsulatedTimeStamp>{token}</xades:EncapsulatedTimeStamp></xades:IndividualDataObjectsTimeStamp>"
    )
    end = "</xades:SignedDataObjectProperties>"

    def with_stamp(identifier: str, references: Sequence[str]) -> Extra:
        made = make(identifier, references)
        return replace(made, object_xml=made.object_xml.replace(end, stamp + end))

    return sign_detached(CONTENTS, signer, extra=with_stamp)


def include(reference: str, how: str = 'referencedData="true"') -> str:
    return f'<xades:Include URI="{reference}" {how}/>'


def test_a_timestamp_over_single_references() -> None:
    second, first = include("#sig-1-ref-2"), include("#sig-1-ref-1")
    for includes, octets in ((second, b"\1"), (first + second, b"\0\1"), (second + first, b"\1\0")):
        assert judge(individual(includes, octets)).codes == []
    assert judge(individual(second, b"\0")).codes == ["TIMESTAMP_IMPRINT"]
    for wrong in ("", include("#sig-1-ref-3"), include("#sig-1-ref-2", ""), include("a.bin"), include("#")):
        report = judge(individual(wrong, b"\1"))
        assert report.indication is Indication.INVALID
        assert report.codes == ["XADES_MALFORMED"]


def manifest(uri: str = "a.bin", octets: bytes = b"\0") -> bytes:
    """Sign a manifest that lists ``uri`` with the digest of ``octets``."""
    value = base64.b64encode(digests.digest("sha256", octets)).decode()
    listed = (
        f'<ds:Manifest xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="list"><ds:Reference URI="{uri}">'
        f'<ds:DigestMethod Algorithm="{digests.XML_URIS["sha256"]}"/><ds:DigestValue>{value}</ds:DigestValue>'
        "</ds:Reference></ds:Manifest>"
    )
    part = Part("#list", (Transform(c14n.EXCLUSIVE.uri),), DS_NS + "Manifest")
    return sign_enveloped(REQUEST, world().signer("person"), extra=lambda *_: Extra(listed, part))


def test_what_a_manifest_lists_is_named_as_not_verified() -> None:
    report = judge(manifest(octets=b"something else"))
    assert report.indication is Indication.VALID
    assert report.codes == ["MANIFEST_NOT_VERIFIED"]
    assert next(found for _, found in report.walk()).params == {"count": 1, "uris": "a.bin"}
    uris = [item["uri"] for item in report.children[0].facts["scope"] if isinstance(item, dict)]  # type: ignore[union-attr]
    assert uris == ["", "#list"]


@pytest.mark.parametrize(
    ("uri", "octets", "codes"),
    [
        ("a.bin", b"\0", []),
        ("a.bin", b"\1", ["MANIFEST_MISMATCH"]),
        ("absent.bin", b"", ["XML_REFERENCE_EXTERNAL"]),
        ("#absent", b"", ["XML_ID_NOT_FOUND"]),
    ],
)
def test_a_manifest_is_followed_on_request(uri: str, octets: bytes, codes: list[str]) -> None:
    following = XmlValidator(validator(SIGNED).judge, rules=XmlRules(manifests=True))
    report = following.validate(manifest(uri, octets), SIGNED, contents=CONTENTS)
    assert report.codes == codes
    assert (report.indication is Indication.VALID) == (not codes)
    assert bool(report.children[0].facts["manifests"]) == (not codes)


def test_a_manifest_in_the_content_is_named_too() -> None:
    listed = b'<ds:Manifest xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:Reference/></ds:Manifest>'
    document = sign_enveloped(REQUEST.replace(b"<IIN>", listed + b"<IIN>"), world().signer("person"))
    assert judge(document).codes == ["MANIFEST_NOT_VERIFIED"]
    following = XmlValidator(validator(SIGNED).judge, rules=XmlRules(manifests=True))
    assert following.validate(document, SIGNED).codes == ["XML_SIGNATURE_MALFORMED"]
    assert judge(sign_enveloped(REQUEST, world().signer("person"))).codes == []
