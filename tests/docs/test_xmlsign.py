"""What is signed here verifies here; what was changed does not."""

from __future__ import annotations

import pytest

from egov_sign.crypto.signer import KeySigner
from egov_sign.docs.references import XmlDocument
from egov_sign.docs.xmlparse import parse
from egov_sign.docs.xmlsign import sign_detached, sign_element, sign_enveloped, sign_enveloping
from egov_sign.docs.xmlverify import SignatureCheck, verify_signatures
from egov_sign.errors import ConfigurationError
from egov_sign.verdict import Indication

DOCUMENT = (
    '<?pi before?><rq:Order xmlns:rq="urn:rq" xmlns="urn:default" Id="order"><Who Id="who" rq:at="&#13;1">Әлия'
    "<!-- comment --></Who>tail\n</rq:Order><?pi after?>"
).encode()


def checked(data: bytes, signer: KeySigner, contents: dict[str, bytes] | None = None) -> list[SignatureCheck]:
    return verify_signatures(XmlDocument(parse(data), contents=contents or {}), [signer.key.public_key()])


def assert_valid(checks: list[SignatureCheck], count: int = 1) -> None:
    assert [check.report.codes for check in checks] == [[]] * count


def test_enveloped(signer: KeySigner) -> None:
    signed = sign_enveloped(DOCUMENT, signer)
    checks = checked(signed, signer)
    assert_valid(checks)
    assert b"<?pi before?>" in checks[0].covered[0].octets
    for good, bad in (("Әлия".encode(), "Әлие".encode()), (b"tail", b"tale"), (b"<?pi after?>", b"<?pi other?>")):
        assert checked(signed.replace(good, bad), signer)[0].report.codes == ["XML_DIGEST_MISMATCH"]


@pytest.mark.parametrize("identifier", ["order", "who"])
def test_one_element(signer: KeySigner, identifier: str) -> None:
    signed = sign_element(DOCUMENT, signer, identifier)
    checks = checked(signed, signer)
    assert_valid(checks)
    assert checks[0].covered[0].octets.startswith(b"<rq:Order" if identifier == "order" else b"<Who")
    assert checked(signed.replace("Әлия".encode(), b"."), signer)[0].report.codes == ["XML_DIGEST_MISMATCH"]


def test_enveloping_octets_and_elements(signer: KeySigner) -> None:
    for content in (b"\x00\xffoctets", parse(DOCUMENT)):
        signed = sign_enveloping(content, signer)
        assert_valid(checked(signed, signer))
    signed = signed.replace(b"tail", b"tale")
    assert checked(signed, signer)[0].report.codes == ["XML_DIGEST_MISMATCH"]


def test_detached_contents_come_from_the_caller(signer: KeySigner) -> None:
    contents = {"a.bin": b"\x00\x01", "б.xml": DOCUMENT}
    signed = sign_detached(contents, signer)
    assert_valid(checked(signed, signer, contents))
    assert checked(signed, signer, {**contents, "a.bin": b"\x00"})[0].report.codes == ["XML_DIGEST_MISMATCH"]
    assert checked(signed, signer)[0].report.codes == ["XML_REFERENCE_EXTERNAL"] * 2


def test_a_later_signature_covers_the_earlier_ones(signer: KeySigner) -> None:
    once = sign_enveloped(DOCUMENT, signer)
    thrice = sign_enveloped(sign_enveloped(once, signer), signer)
    checks = checked(thrice, signer)
    assert_valid(checks, 3)
    assert [check.stacked_under for check in checks] == [2, 1, 0]
    first_removed = parse(thrice)
    first_removed.remove(first_removed[1])
    from lxml import etree

    codes = [check.report.indication for check in checked(etree.tostring(first_removed), signer)]
    assert codes == [Indication.INVALID, Indication.INVALID]


def test_a_target_must_be_one_element(signer: KeySigner) -> None:
    with pytest.raises(ConfigurationError, match="SIGN_TARGET"):
        sign_element(DOCUMENT, signer, "nobody")
    with pytest.raises(ConfigurationError, match="SIGN_TARGET"):
        sign_element(b'<a><b Id="x"/><c id="x"/></a>', signer, "x")
    with pytest.raises(ConfigurationError, match="SIGN_NOTHING"):
        sign_detached({}, signer)
