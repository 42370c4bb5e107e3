"""Second opinions: signxml and xmlsec1 on what is signed and read here; every disagreement has a name and a reason."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from egov_sign.certs.certificate import Certificate
from egov_sign.crypto.signer import KeySigner
from egov_sign.docs.keyinfo import read_key_info
from egov_sign.docs.references import XmlDocument
from egov_sign.docs.xades_sign import signed_properties
from egov_sign.docs.xmldsig import find_signatures, read_signature
from egov_sign.docs.xmlparse import parse
from egov_sign.docs.xmlsign import sign_element, sign_enveloped, sign_enveloping
from egov_sign.docs.xmlverify import verify_signatures
from egov_sign.limits import DEFAULT_LIMITS
from egov_sign.verdict import Indication
from egov_sign_pki import World
from tests.attacks.forging import REQUEST, attach, octets

DEFAULT_NAMESPACE = (
    b'<Order xmlns="urn:d" xmlns:u="urn:unused" Id="order" xml:lang="kk"><IIN>850412110000</IIN>'
    b'<Note Id="note" u:a="&#13;&#9;x">text<b xmlns=""><c/></b><![CDATA[<&]]></Note></Order>'
)
INSTRUCTED = b"<?pi x?>" + REQUEST + b"<?pi y?>"
COMMENTED = REQUEST.replace(b"<IIN>", b"<!-- comment --><IIN>")

Make = Callable[[KeySigner, World], bytes]
CASES: dict[str, Make] = {
    "enveloped": lambda signer, world: sign_enveloped(REQUEST, signer),
    "enveloped, default namespace": lambda signer, world: sign_enveloped(DEFAULT_NAMESPACE, signer),
    "enveloped, instructions outside the root": lambda signer, world: sign_enveloped(INSTRUCTED, signer),
    "enveloped, comment in the document": lambda signer, world: sign_enveloped(COMMENTED, signer),
    "enveloped, sha512": lambda signer, world: sign_enveloped(REQUEST, signer, digest="sha512"),
    "root by Id": lambda signer, world: sign_element(REQUEST, signer, "order"),
    "root by Id, default namespace": lambda signer, world: sign_element(DEFAULT_NAMESPACE, signer, "order"),
    "element by Id": lambda signer, world: sign_element(REQUEST, signer, "note"),
    "element by Id, default namespace": lambda signer, world: sign_element(DEFAULT_NAMESPACE, signer, "note"),
    "enveloping octets": lambda signer, world: sign_enveloping(b"octets", signer),
    "enveloping XML": lambda signer, world: sign_enveloping(parse(REQUEST), signer),
    "XAdES": lambda signer, world: sign_enveloped(REQUEST, signer, extra=signed_properties(signer, world.at)),
    "changed text": lambda signer, world: sign_enveloped(REQUEST, signer).replace(b"8504", b"9504"),
    "changed attribute": lambda signer, world: sign_enveloped(REQUEST, signer).replace(b'"note"', b'"nota"'),
    "changed method": lambda signer, world: sign_enveloped(REQUEST, signer).replace(b"-sha256", b"-sha384"),
    "comment added": lambda signer, world: sign_enveloped(REQUEST, signer).replace(b"8504", b"85<!-- -->04"),
    "no reference": lambda signer, world: octets(attach(REQUEST, signer, "")),
    "unknown transform": lambda signer, world: sign_enveloped(REQUEST, signer).replace(b"#WithComments", b"#Other"),
}
COMMENTS = "keeps comments for an empty URI, which stands for a node-set without them (XMLDSig 1.1, 4.4.3.3)"
DISAGREEMENTS = {
    ("signxml", "enveloped, comment in the document"): COMMENTS,
    ("signxml", "comment added"): COMMENTS,
    ("signxml", "enveloped, instructions outside the root"): "leaves out what stands before and after the root",
    ("signxml", "enveloped, default namespace"): "does not hand the root's xml:lang down to SignedInfo (C14N 1.0, 2.4)",
    ("signxml", "element by Id, default namespace"): "lxml's inclusive C14N of an element inside a document is wrong",
}
"""(peer, case) → why the peer answers otherwise; the list holds for both families of keys."""


def ours(data: bytes) -> bool:
    document = XmlDocument(parse(data))
    keys = []
    for element in find_signatures(document.root):
        try:
            info = read_key_info(read_signature(element, DEFAULT_LIMITS).key_info, DEFAULT_LIMITS)
        except Exception:
            return False
        keys += [certificate.public_key for certificate in info.certificates]
    return all(check.report.indication is Indication.VALID for check in verify_signatures(document, keys))


def by_signxml(data: bytes, certificate: bytes) -> bool:
    at = Certificate.load(certificate).not_before
    expected = len(parse(data).findall(".//{*}SignedInfo/{*}Reference")) or 1
    configuration = SignatureConfiguration(expect_references=expected, verification_time=at, location=".//")
    try:
        XMLVerifier().verify(
            data, x509_cert=ssl.DER_cert_to_PEM_cert(certificate), id_attribute="Id", expect_config=configuration
        )
    except (SignXMLException, etree.DocumentInvalid):
        return False
    return True


def by_xmlsec1(data: bytes, certificate: bytes, folder: Path) -> bool:
    if not shutil.which("xmlsec1"):
        pytest.skip("needs xmlsec1")
    (folder / "signer.pem").write_text(ssl.DER_cert_to_PEM_cert(certificate))
    (folder / "signed.xml").write_bytes(data)
    options = []
    for name in {etree.QName(item) for item in parse(data).iter("*") if item.get("Id")}:
        options += ["--id-attr:Id", f"{name.namespace}:{name.localname}" if name.namespace else name.localname]
    done = subprocess.run(
        ["xmlsec1", "--verify", "--pubkey-cert-pem", "signer.pem", *options, "signed.xml"],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


@pytest.mark.parametrize("case", CASES)
def test_peers_agree(signer: KeySigner, rsa_world: World, tmp_path: Path, case: str) -> None:
    data = CASES[case](signer, rsa_world)
    certificate = signer.certificate
    answers = {"signxml": by_signxml(data, certificate), "xmlsec1": by_xmlsec1(data, certificate, tmp_path)}
    mine = ours(data)
    unlike = {peer for peer, answer in answers.items() if answer is not mine}
    assert unlike == {peer for peer, named in DISAGREEMENTS if named == case}, (mine, answers)
