"""What KeyInfo says of the key, in every form, and how it is compared with certificates."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, rsa
from lxml import etree

from egov_sign.certs import issue_names
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.name import Name
from egov_sign.crypto import digests
from egov_sign.docs.keyinfo import KeyInfo, read_key_info, same_name
from egov_sign.docs.refusal import Refusal
from egov_sign.docs.xmldsig import DS_NS, DSIG11_NS
from egov_sign.limits import DEFAULT_LIMITS
from egov_sign_pki import World


@pytest.fixture(scope="module")
def certificate(ec_world: World) -> Certificate:
    return Certificate.load(ec_world.certificate("person"))


@pytest.fixture(scope="module")
def other(ec_world: World) -> Certificate:
    return Certificate.load(ec_world.certificate("other-person"))


def read(inner: str) -> KeyInfo:
    text = f'<ds:KeyInfo xmlns:ds="{DS_NS}" xmlns:k="{DSIG11_NS}">{inner}</ds:KeyInfo>'
    return read_key_info(etree.fromstring(text), DEFAULT_LIMITS)


def b64(data: bytes | int) -> str:
    octets = data if isinstance(data, bytes) else data.to_bytes((data.bit_length() + 7) // 8, "big")
    return base64.b64encode(octets).decode()


def x509(inner: str) -> str:
    return f"<ds:X509Data>{inner}</ds:X509Data>"


def issuer_serial(certificate: Certificate) -> str:
    return (
        f"<ds:X509IssuerSerial><ds:X509IssuerName>{certificate.issuer.rfc4514()}</ds:X509IssuerName>"
        f"<ds:X509SerialNumber>{certificate.serial}</ds:X509SerialNumber></ds:X509IssuerSerial>"
    )


def subject(certificate: Certificate) -> str:
    return f"<ds:X509SubjectName>{certificate.subject.rfc4514()}</ds:X509SubjectName>"


def key_id(certificate: Certificate) -> str:
    return f"<ds:X509SKI>{b64(certificate.ski or b'')}</ds:X509SKI>"


def digest(certificate: Certificate) -> str:
    value = b64(hashlib.sha256(certificate.der).digest())
    return f'<k:X509Digest Algorithm="http://www.w3.org/2001/04/xmlenc#sha256">{value}</k:X509Digest>'


@pytest.mark.parametrize("hint", [issuer_serial, subject, key_id, digest])
def test_hints(certificate: Certificate, other: Certificate, hint: object) -> None:
    assert callable(hint)
    info = read(x509(hint(certificate)))
    assert info.has_hints
    assert info.names(certificate)
    assert not info.names(other)
    assert read(x509(hint(other) + hint(certificate))).names(certificate)


def test_an_empty_key_info_names_nobody_in_particular(certificate: Certificate) -> None:
    assert not read("").has_hints
    assert read("").names(certificate)
    assert read_key_info(None, DEFAULT_LIMITS).certificates == []


@pytest.mark.parametrize(
    "inner",
    [
        "<ds:KeyValue/>",
        "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus></ds:RSAKeyValue></ds:KeyValue>",
        "<ds:KeyValue><ds:DSAKeyValue><ds:P>!</ds:P><ds:Q>AQ==</ds:Q></ds:DSAKeyValue></ds:KeyValue>",
        "<ds:KeyValue><ds:Unknown/></ds:KeyValue>",
        '<ds:KeyValue><k:ECKeyValue><k:NamedCurve URI="x"/><k:PublicKey>A</k:PublicKey></k:ECKeyValue></ds:KeyValue>',
        x509("<ds:X509Certificate>AAAA</ds:X509Certificate>"),
        x509("<ds:X509IssuerSerial/>"),
        x509(
            "<ds:X509IssuerSerial><ds:X509IssuerName>CN=x</ds:X509IssuerName>"
            "<ds:X509SerialNumber>-1</ds:X509SerialNumber></ds:X509IssuerSerial>"
        ),
        x509('<k:X509Digest Algorithm="urn:x">AAAA</k:X509Digest>'),
        x509("<ds:X509SKI/>"),
    ],
)
def test_malformed(inner: str) -> None:
    with pytest.raises(Refusal):
        read(inner)


def test_rsa_and_dsa_key_values() -> None:
    spki = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    modulus, exponent = 2**1024 + 643, 65537
    rsa_key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    value = f"<ds:Modulus>{b64(modulus)}</ds:Modulus><ds:Exponent>{b64(exponent)}</ds:Exponent>"
    assert read(f"<ds:KeyValue><ds:RSAKeyValue>{value}</ds:RSAKeyValue></ds:KeyValue>").key_values == [
        rsa_key.public_bytes(*spki)
    ]
    dsa_key = dsa.generate_private_key(1024).public_key()
    numbers = dsa_key.public_numbers()
    parameters = numbers.parameter_numbers
    parts = {"P": parameters.p, "Q": parameters.q, "G": parameters.g, "Y": numbers.y}
    value = "".join(f"<ds:{name}>{b64(number)}</ds:{name}>" for name, number in parts.items())
    found = read(f"<ds:KeyValue><ds:DSAKeyValue>{value}</ds:DSAKeyValue></ds:KeyValue>").key_values
    assert found == [dsa_key.public_bytes(*spki)]


IN_THE_WILD = Name(issue_names.name([("C", "KZ"), ("O", "A + B"), ("CN", "ТЕСТ, И.")]))


@pytest.mark.parametrize(
    "text",
    [
        "CN=ТЕСТ\\, И.,O=A \\+ B,C=KZ",
        "CN=ТЕСТ\\2C И., O=A \\+ B, C=KZ",
        'C = kz, O = "A + B", CN = "тест, и."',
        "2.5.4.3=ТЕСТ\\, И.,OID.2.5.4.10=A \\+ B,2.5.4.6=KZ",
        "CN=ТЕСТ\\, И.,O=A \\+ B,C=#13024B5A",
    ],
)
def test_names_as_they_are_written_in_the_wild(text: str) -> None:
    assert same_name(text, IN_THE_WILD)


def test_an_unescaped_plus_joins_two_attributes() -> None:
    assert not same_name("CN=ТЕСТ\\, И.,O=A + B,C=KZ", IN_THE_WILD)


@pytest.mark.parametrize("text", ["", "CN", "CN=x,,", "CN=\\zz", "CN=#zz", "C=KZ,CN=ТЕСТ", "CN=ТЕСТ", "+", '"'])
def test_other_names(text: str) -> None:
    assert not same_name(text, Name(issue_names.name([("C", "KZ"), ("CN", "ТЕСТ, И.")])))


def test_hints_of_the_vectors(suites: Path) -> None:
    """Issuer and serial, key identifier and subject, as another implementation wrote them."""
    base = suites / "xmldsig" / "merlin" / "merlin-xmldsig-twenty-three"
    stored = [Certificate.load(file.read_bytes()) for file in sorted((base / "certs").glob("*.crt"))]
    for kind in ("is", "ski", "sn"):
        root = etree.parse(str(base / f"signature-x509-{kind}.xml")).getroot()
        info = read_key_info(root.find(f"{{{DS_NS}}}KeyInfo"), DEFAULT_LIMITS)
        assert len([item for item in stored if info.names(item)]) == 1


def test_a_key_identifier_that_cannot_be_read_fits_nothing(certificate: Certificate) -> None:
    """A certificate that somebody put beside the signer's must not end the judgement."""
    identifier = certificate.ski or b""
    odd = certificate.der.replace(b"\x04\x14" + identifier, b"\x05\x14" + identifier)
    assert odd != certificate.der
    info = read(x509(key_id(certificate)))
    assert (info.names(certificate), info.names(Certificate.load(odd))) == (True, False)


@pytest.mark.usefixtures("interpreted")
def test_a_certificate_is_digested_once_for_each_algorithm(
    certificate: Certificate, other: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    real = digests.digest

    def digest_of(name: str, data: bytes) -> bytes:
        made.append(name)
        return real(name, data)

    monkeypatch.setattr(digests, "digest", digest_of)
    info = read(x509(digest(other) * 50 + digest(certificate)))
    assert info.names(certificate)
    assert made == ["sha256"]
