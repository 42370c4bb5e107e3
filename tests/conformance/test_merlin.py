"""The interoperability vectors of Merlin Hughes: all that use what is supported here verify, the others are refused
for a reason that is written down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from egov_sign.certs.certificate import Certificate
from egov_sign.crypto.keys import PublicKey, load_public_key
from egov_sign.docs.keyinfo import KeyInfo, read_key_info
from egov_sign.docs.references import XmlDocument
from egov_sign.docs.refusal import Refusal
from egov_sign.docs.xmldsig import find_signatures, read_signature
from egov_sign.docs.xmlparse import parse
from egov_sign.docs.xmlverify import verify_signatures
from egov_sign.errors import InputError
from egov_sign.limits import DEFAULT_LIMITS

WEB = "references a web page, which is neither fetched nor in the suite; the signature value is right"
REASONS = {
    "XML_HMAC_REFUSED": "a code made with a shared secret is no signature",
    "XML_REFERENCE_EXTERNAL": WEB,
    "XML_KEY_ELSEWHERE": "RetrievalMethod",
    "XML_DTD": "a document type declaration; beyond it XSLT and here()",
    "XML_TRANSFORM_REFUSED": "XPath filter 2.0",
}
REFUSED = {
    "signature-enveloping-hmac-sha1-40.xml": "XML_HMAC_REFUSED",
    "signature-enveloping-hmac-sha1.xml": "XML_HMAC_REFUSED",
    "signature-external-b64-dsa.xml": "XML_REFERENCE_EXTERNAL",
    "signature-external-dsa.xml": "XML_REFERENCE_EXTERNAL",
    "signature-keyname.xml": "XML_REFERENCE_EXTERNAL",
    "signature-retrievalmethod-rawx509crt.xml": "XML_KEY_ELSEWHERE",
    "signature-x509-crt-crl.xml": "XML_REFERENCE_EXTERNAL",
    "signature-x509-crt.xml": "XML_REFERENCE_EXTERNAL",
    "signature-x509-is.xml": "XML_REFERENCE_EXTERNAL",
    "signature-x509-ski.xml": "XML_REFERENCE_EXTERNAL",
    "signature-x509-sn.xml": "XML_REFERENCE_EXTERNAL",
    "merlin-xmldsig-twenty-three/signature.xml": "XML_DTD",
    "merlin-xmldsig-filter2-one/signature.xml": "XML_TRANSFORM_REFUSED",
    "sign-xfdl.xml": "XML_TRANSFORM_REFUSED",
}
"""What is refused, by path or file name; the reason of each code stands in :data:`REASONS`."""


def outcome(data: bytes, folder: Path) -> list[str]:
    """Return the codes of all findings on the first signature; the key is the one its KeyInfo gives or names."""
    try:
        contents = {file.name: file.read_bytes() for file in folder.glob("*.example*.xml")}
        document = XmlDocument(parse(data), contents=contents, xpath=True)
        signature = read_signature(find_signatures(document.root)[0], DEFAULT_LIMITS)
        info = read_key_info(signature.key_info, DEFAULT_LIMITS)
    except InputError as error:
        return [error.code]
    except Refusal as refusal:
        return [refusal.code]
    return [code for check in verify_signatures(document, keys(info, folder)) for code in check.report.codes]


def keys(info: KeyInfo, folder: Path) -> list[PublicKey]:
    if info.key_values:
        return [load_public_key(value) for value in info.key_values]
    stored = [Certificate.load(path.read_bytes()) for path in (folder / "certs").glob("*.crt")]
    named = [item for item in info.certificates or stored if info.names(item)]
    return [certificate.public_key for certificate in named]


def test_every_case_of_the_list(suites: Path) -> None:
    base = suites / "xmldsig" / "merlin"
    cases = [case["path"] for case in json.loads((base / "cases.json").read_text())]
    assert len(cases) == 27
    for path in cases:
        file = base / path
        reason = REFUSED.get(path, REFUSED.get(file.name))
        assert outcome(file.read_bytes(), file.parent) == ([reason] if reason else []), path
    assert set(REFUSED.values()) == set(REASONS)


def test_elliptic_curves_and_external_files(suites: Path) -> None:
    file = suites / "xmldsig" / "merlin" / "ec-merlin-iaikTests-two" / "signature.xml"
    assert outcome(file.read_bytes(), file.parent) == []


@pytest.mark.parametrize(
    ("path", "good", "bad", "code"),
    [
        (
            "merlin-xmldsig-twenty-three/signature-enveloped-dsa.xml",
            b"<Envelope ",
            b'<Envelope a="" ',
            "XML_DIGEST_MISMATCH",
        ),
        ("merlin-xmldsig-twenty-three/signature-enveloping-rsa.xml", b"some text", b"same text", "XML_DIGEST_MISMATCH"),
        ("merlin-exc-c14n-one/exc-signature.xml", b'dsa-sha1" />', b'dsa-sha1" /> ', "XML_SIGNATURE_VALUE"),
    ],
)
def test_changed_vectors_fail(suites: Path, path: str, good: bytes, bad: bytes, code: str) -> None:
    file = suites / "xmldsig" / "merlin" / path
    data = file.read_bytes()
    assert outcome(data, file.parent) == []
    assert good in data
    assert set(outcome(data.replace(good, bad), file.parent)) == {code}
