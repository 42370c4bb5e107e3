"""Reading certificates: the corpus whole, and what RFC 5280 forbids told apart from what cannot be read."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from egov_sign.certs.certificate import Certificate
from egov_sign.errors import InputError, LimitError
from egov_sign.limits import Limits


def corpus_certificates(corpus: Path) -> list[Path]:
    return sorted(path for path in corpus.rglob("*") if path.suffix in {".cer", ".crt", ".pem"})


def test_every_certificate_of_the_corpus_is_read(corpus: Path) -> None:
    files = corpus_certificates(corpus)
    assert len(files) >= 20
    for file in files:
        certificate = Certificate.read(file)
        assert certificate.irregularities == ()
        assert certificate.not_before < certificate.not_after
        assert certificate.key_usage
        assert certificate.subject.common_name


def test_a_person_of_the_corpus(corpus: Path) -> None:
    person = Certificate.read(corpus / "ncanode/certs/individual_valid_sign_2004_rsa.cer")
    issuer = Certificate.read(corpus / "ncanode/ca/nca_rsa_test.crt")
    assert person.issuer == issuer.subject
    assert person.aki is not None
    assert person.aki.key_id == issuer.ski
    assert person.key_usage == frozenset({"digitalSignature", "nonRepudiation"})
    assert person.eku == ("1.3.6.1.5.5.7.3.4", "1.2.398.3.3.4.1.1")
    assert person.policies == ("1.2.398.3.3.2.3",)
    assert not person.is_ca
    assert issuer.is_ca
    assert issuer.public_key.verify(person.signature, person.tbs, person.signature_algorithm)
    assert not person.public_key.verify(person.signature, person.tbs, person.signature_algorithm)
    assert all(url.startswith("http://") for url in (*person.crl_urls, *person.ocsp_urls, *person.ca_issuer_urls))


def test_pem_and_der_give_the_same_certificate(corpus: Path) -> None:
    person = Certificate.read(corpus / "ncanode/CERT_INDIVIDUAL.cer")
    body = base64.encodebytes(person.der)
    pem = b"text before\n-----BEGIN CERTIFICATE-----\n" + body + b"-----END CERTIFICATE-----\n"
    assert Certificate.load(person.der) == Certificate.load(pem) == person
    assert Certificate.load_all(pem * 3) == [person] * 3
    with pytest.raises(LimitError, match="CERT_TOO_MANY"):
        Certificate.load_all(pem * 3, Limits(certificates=2))
    with pytest.raises(LimitError, match="CERT_TOO_LARGE"):
        Certificate.load(pem, Limits(certificate_bytes=100))


@pytest.mark.parametrize("data", [b"", b"0", b"hello", b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----"])
def test_what_is_no_certificate_is_refused(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        Certificate.load(data)
    assert caught.value.code == "CERT_MALFORMED"


def test_trailing_bytes_are_refused(corpus: Path) -> None:
    person = Certificate.read(corpus / "ncanode/CERT_INDIVIDUAL.cer")
    with pytest.raises(InputError, match="not a certificate"):
        Certificate.load(person.der + b"\x00")
