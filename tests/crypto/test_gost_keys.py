"""GOST keys: encodings, signatures, real certificates, and OpenSSL's GOST engine as the second opinion."""

from __future__ import annotations

import base64
import random
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egov_sign.crypto import algorithms, der, digests, keys
from egov_sign.crypto.algorithms import KeyType, SignatureAlgorithm
from egov_sign.crypto.der_write import bit_string, integer, octet_string, oid, sequence
from egov_sign.crypto.generate import KeyKind, generate_private_key
from egov_sign.crypto.keys import PrivateKey, default_algorithm
from egov_sign.crypto.keystore import open_keystore
from egov_sign.errors import InputError, UnsupportedError
from tests.crypto.openssl_gost import openssl

KINDS = [KeyKind.GOST512, KeyKind.GOST256, KeyKind.GOST2004]
TC26 = {
    "512-A": sequence(oid("1.2.643.7.1.1.1.2"), sequence(oid("1.2.643.7.1.2.1.2.1"), oid("1.2.643.7.1.1.2.3"))),
    "256-A": sequence(oid("1.2.643.7.1.1.1.1"), sequence(oid("1.2.643.7.1.2.1.1.1"), oid("1.2.643.7.1.1.2.2"))),
    "CryptoPro-A": sequence(oid("1.2.643.7.1.1.1.1"), sequence(oid("1.2.643.2.2.35.1"), oid("1.2.643.7.1.1.2.2"))),
}


def key_of(kind: KeyKind, seed: int = 1) -> PrivateKey:
    return generate_private_key(kind, random.Random(seed).randbytes)


def algorithm_of(key: PrivateKey) -> SignatureAlgorithm:
    return algorithms.by_name(default_algorithm(key.public_key()))


class Cut(NamedTuple):
    tbs: bytes
    spki: bytes
    algorithm: SignatureAlgorithm
    signature: bytes


def cut(certificate: bytes) -> Cut:
    outer = der.Reader(certificate).enter()
    tbs = outer.element(der.SEQUENCE)
    fields = der.Reader(tbs).enter()
    fields.maybe(der.explicit(0))
    for _ in range(5):  # serial number, algorithm, issuer, validity, subject
        fields.element()
    return Cut(tbs, fields.element(), algorithms.from_identifier(outer.element()), outer.octet_bits())


def read(file: Path) -> bytes:
    data = file.read_bytes()
    if data.startswith(b"-----"):
        return base64.b64decode(b"".join(line for line in data.splitlines() if not line.startswith(b"-")))
    return data


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_key_signs_it_verifies(kind: KeyKind) -> None:
    key = key_of(kind)
    algorithm = algorithm_of(key)
    public = keys.load_public_key(key.public_key().spki)
    signature = key.sign(b"message", algorithm)
    assert public.verify(signature, b"message", algorithm)
    assert not public.verify(signature, b"massage", algorithm)
    assert not public.verify(signature[::-1], b"message", algorithm)
    for length in (0, 1, len(signature) - 1, len(signature) + 1):
        assert not public.verify((signature + b"\0")[:length], b"message", algorithm)
    assert not key_of(kind, seed=2).public_key().verify(signature, b"message", algorithm)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(KINDS), st.integers(0, 2**32), st.binary(max_size=200), st.data())
def test_a_changed_bit_breaks_the_signature(kind: KeyKind, seed: int, message: bytes, data: st.DataObject) -> None:
    key = key_of(kind, seed)
    algorithm = algorithm_of(key)
    signature = bytearray(key.sign(message, algorithm))
    assert key.public_key().verify(bytes(signature), message, algorithm)
    bit = data.draw(st.integers(0, 8 * len(signature) - 1))
    signature[bit // 8] ^= 1 << bit % 8
    assert not key.public_key().verify(bytes(signature), message, algorithm)


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_of_a_key_in_use_changes_no_verdict(kind: KeyKind) -> None:
    key = key_of(kind)
    algorithm = algorithm_of(key)
    public = key.public_key()
    for turn in range(12):
        signature = key.sign(bytes([turn]), algorithm)
        assert public.verify(signature, bytes([turn]), algorithm)
        assert not public.verify(signature, bytes([turn + 1]), algorithm)


@pytest.mark.parametrize("kind", KINDS)
def test_nonces_are_deterministic_and_never_shared(kind: KeyKind) -> None:
    key = key_of(kind)
    algorithm = algorithm_of(key)
    half = len(key.sign(b"", algorithm)) // 2
    assert key.sign(b"a", algorithm) == key.sign(b"a", algorithm)
    first_halves = {key_of(kind, seed).sign(bytes([n]), algorithm)[:half] for seed in (1, 2) for n in range(8)}
    assert len(first_halves) == 16


@pytest.mark.parametrize("kind", KINDS)
def test_keys_survive_writing_and_reading(kind: KeyKind) -> None:
    key = key_of(kind)
    again = keys.load_private_key(key.pkcs8())
    assert again.pkcs8() == key.pkcs8()
    assert again.public_key().spki == key.public_key().spki
    public = keys.load_public_key(again.public_key().spki)
    assert (public.key_type, public.bits, public.curve) == (
        key.key_type,
        512 if kind is KeyKind.GOST512 else 256,
        {KeyKind.GOST512: "tc26-512-A", KeyKind.GOST256: "tc26-256-A", KeyKind.GOST2004: "CryptoPro-A"}[kind],
    )


def test_a_private_key_may_be_bare_octets() -> None:
    key = key_of(KeyKind.GOST512)
    fields = der.Reader(key.pkcs8()).enter()
    fields.integer()
    identifier, content = fields.element(), fields.take(der.OCTET_STRING)
    bare = sequence(integer(0), identifier, octet_string(der.Reader(content).take(der.OCTET_STRING)))
    assert keys.load_private_key(bare).public_key().spki == key.public_key().spki


def test_an_algorithm_of_another_family_is_refused() -> None:
    key = key_of(KeyKind.GOST512)
    for name in ("gost2015-256", "gost2004", "rsa-sha256"):
        with pytest.raises(UnsupportedError, match="KEY_ALGORITHM_MISMATCH"):
            key.sign(b"", algorithms.by_name(name))
        assert not key.public_key().verify(bytes(128), b"", algorithms.by_name(name))


def spki_with(point: bytes, identifier: bytes = TC26["256-A"]) -> bytes:
    return sequence(identifier, bit_string(octet_string(point)))


@pytest.mark.parametrize(
    "spki",
    [
        pytest.param(spki_with(bytes(64)), id="not on the curve"),
        pytest.param(spki_with(b"\xff" * 64), id="not reduced"),
        pytest.param(spki_with(b""), id="empty"),
        pytest.param(spki_with(bytes(128)), id="of another size"),
        pytest.param(sequence(TC26["256-A"], bit_string(bytes(64))), id="not wrapped"),
        pytest.param(sequence(TC26["256-A"]), id="no key"),
        pytest.param(spki_with(bytes(64)) + b"\0", id="trailing byte"),
        pytest.param(sequence(TC26["256-A"], bit_string(octet_string(bytes(64)) + b"\0")), id="trailing byte inside"),
    ],
)
def test_a_public_key_that_is_no_point_is_malformed(spki: bytes) -> None:
    with pytest.raises(InputError, match="KEY_MALFORMED"):
        keys.load_public_key(spki)


@pytest.mark.parametrize(
    "identifier",
    [
        pytest.param(
            sequence(oid("1.2.643.7.1.1.1.1"), sequence(oid("1.2.643.7.1.2.1.2.1"))), id="curve of another size"
        ),
        pytest.param(
            sequence(oid("1.2.643.7.1.1.1.1"), sequence(oid("1.2.643.7.1.2.1.1.1"), oid("1.2.643.7.1.1.2.3"))),
            id="another digest",
        ),
    ],
)
def test_unknown_parameters_are_unknown(identifier: bytes) -> None:
    with pytest.raises(UnsupportedError, match="KEY_UNKNOWN"):
        keys.load_public_key(spki_with(bytes(64), identifier))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(integer(0), id="zero"),
        pytest.param(integer(-1), id="negative"),
        pytest.param(integer(2**256), id="too large"),
        pytest.param(octet_string(bytes(31)), id="too short"),
        pytest.param(integer(1) + b"\0", id="trailing byte"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_private_key_out_of_range_is_malformed(content: bytes) -> None:
    with pytest.raises(InputError, match="KEY_MALFORMED"):
        keys.load_private_key(sequence(integer(0), TC26["256-A"], octet_string(content)))
    assert keys.load_private_key(sequence(integer(0), TC26["256-A"], octet_string(integer(1)))).public_key()


# The country's own files


def test_vectors_of_ncalayer(corpus: Path) -> None:
    text = (corpus / "ncalayer-rs/test_gost512.vectors").read_text()
    vector = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    algorithm = algorithms.by_oid(vector["sigalg_oid"])
    message = vector["msg"].encode()
    public = keys.load_public_key(bytes.fromhex(vector["spki"]))
    signature = bytes.fromhex(vector["sig"])
    assert digests.digest("streebog512", message).hex() == vector["digest"]
    assert public.verify(signature, message, algorithm)
    assert not public.verify(signature, message + b" ", algorithm)
    fields = der.Reader(public.spki).enter()
    scalar = int(vector["d"], 16).to_bytes(64, "little")
    own = keys.load_private_key(sequence(integer(0), fields.element(), octet_string(octet_string(scalar))))
    assert own.public_key().spki == public.spki


GOST_CERTIFICATES = {
    "nca-production/root_gost.pem": "nca-production/root_gost.pem",
    "nca-production/nca_gost.pem": "nca-production/root_gost.pem",
    "nca-production/ucgo_gost.cer": "nca-production/root_gost_2020.cer",
    "nca-production/root_gost_2020.cer": "nca-production/root_gost_2020.cer",
    "nca-production/btsd_gost.cer": "nca-production/root_gost_2020.cer",
    "nca-production/root_gost_2022.pem": "nca-production/root_gost_2022.pem",
    "nca-production/nca_gost_2022.pem": "nca-production/root_gost_2022.pem",
    "ncanode/certs/ceo_valid_sign_2004_gost.cer": "ncanode/ca/nca_gost_test.crt",
}


@pytest.mark.parametrize(("name", "issuer"), GOST_CERTIFICATES.items())
def test_real_certificates_verify_against_their_issuers(corpus: Path, name: str, issuer: str) -> None:
    certificate = cut(read(corpus / name))
    public = keys.load_public_key(cut(read(corpus / issuer)).spki)
    assert public.verify(certificate.signature, certificate.tbs, certificate.algorithm)
    assert not public.verify(certificate.signature, certificate.tbs[:-1], certificate.algorithm)


@pytest.mark.parametrize(
    ("crl", "issuer"), [("nca_gost2022_test.crl", "nca_gost2015_test.cer"), ("nca_gost_test.crl", "nca_gost_test.crt")]
)
def test_real_revocation_lists_verify_against_their_issuers(corpus: Path, crl: str, issuer: str) -> None:
    fields = der.Reader((corpus / "ncanode/crl" / crl).read_bytes()).enter()
    tbs, algorithm, signature = fields.element(), algorithms.from_identifier(fields.element()), fields.octet_bits()
    public = keys.load_public_key(cut(read(corpus / "ncanode/ca" / issuer)).spki)
    assert public.verify(signature, tbs, algorithm)
    assert not public.verify(signature, tbs + b"\0", algorithm)


# OpenSSL's GOST engine, which knows Russia's identifiers only


def russian(name: str, seed: int) -> PrivateKey:
    kind = KeyKind.GOST512 if name.startswith("512") else KeyKind.GOST256
    scalar = random.Random(seed).getrandbits(512 if kind is KeyKind.GOST512 else 253)
    size = 64 if kind is KeyKind.GOST512 else 32
    scalar >>= 3
    content = octet_string(scalar.to_bytes(size, "little"))
    return keys.load_private_key(sequence(integer(0), TC26[name], octet_string(content)))


def russian_algorithm(key: PrivateKey) -> SignatureAlgorithm:
    return algorithms.by_name(f"tc26-gost2012-{512 if key.key_type is KeyType.GOST2015_512 else 256}")


def pem(label: str, data: bytes) -> bytes:
    return f"-----BEGIN {label}-----\n".encode() + base64.encodebytes(data) + f"-----END {label}-----\n".encode()


@pytest.mark.parametrize("name", TC26)
@pytest.mark.parametrize("seed", range(4))
def test_the_engine_verifies_what_a_key_signs(tmp_path: Path, name: str, seed: int) -> None:
    key = russian(name, seed)
    algorithm = russian_algorithm(key)
    message = random.Random(seed).randbytes(37 * seed)
    (tmp_path / "public.pem").write_bytes(pem("PUBLIC KEY", key.public_key().spki))
    (tmp_path / "message").write_bytes(message)
    (tmp_path / "good").write_bytes(key.sign(message, algorithm))
    (tmp_path / "bad").write_bytes(key.sign(message + b"!", algorithm))
    digest = f"-md_gost12_{algorithm.digest.removeprefix('streebog')}"
    for signature, verdict in (("good", b"Verified OK"), ("bad", b"Verification failure")):
        said = openssl(
            "dgst", digest, "-verify", tmp_path / "public.pem", "-signature", tmp_path / signature,
            tmp_path / "message", may_fail=True,
        )  # fmt: skip
        assert verdict.lower() in said.lower()


@pytest.mark.parametrize("name", TC26)
@pytest.mark.parametrize("seed", range(4))
def test_a_key_verifies_what_the_engine_signs(tmp_path: Path, name: str, seed: int) -> None:
    key = russian(name, seed)
    algorithm = russian_algorithm(key)
    message = random.Random(seed).randbytes(37 * seed)
    (tmp_path / "private.pem").write_bytes(pem("PRIVATE KEY", key.pkcs8()))
    (tmp_path / "message").write_bytes(message)
    digest = f"-md_gost12_{algorithm.digest.removeprefix('streebog')}"
    signature = openssl("dgst", digest, "-sign", tmp_path / "private.pem", tmp_path / "message")
    assert key.public_key().verify(signature, message, algorithm)
    assert not key.public_key().verify(signature, message + b"!", algorithm)
    # The country's form of the same signature is its reverse
    assert key.public_key().verify(signature[::-1], message, replace(algorithm, s_then_r=False))


@pytest.mark.parametrize("name", TC26)
def test_keys_that_the_engine_makes_are_read(tmp_path: Path, name: str) -> None:
    bits, parameter = ("512", "A") if name == "512-A" else ("256", "TCA" if name == "256-A" else "A")
    made = openssl("genpkey", "-algorithm", f"gost2012_{bits}", "-pkeyopt", f"paramset:{parameter}", "-outform", "DER")
    (tmp_path / "private.der").write_bytes(made)
    spki = openssl("pkey", "-inform", "DER", "-in", tmp_path / "private.der", "-pubout", "-outform", "DER")
    public = keys.load_private_key(made).public_key()
    given = keys.load_public_key(spki)
    assert public.curve == given.curve
    signature = keys.load_private_key(made).sign(b"m", russian_algorithm(keys.load_private_key(made)))
    assert given.verify(signature, b"m", russian_algorithm(keys.load_private_key(made)))


@pytest.mark.parametrize("name", TC26)
def test_certificates_and_containers_that_the_engine_makes_are_read(tmp_path: Path, name: str) -> None:
    bits, parameter = ("512", "A") if name == "512-A" else ("256", "TCA" if name == "256-A" else "A")
    key, certificate, container = (tmp_path / file for file in ("key.pem", "certificate.pem", "container.p12"))
    openssl("req", "-x509", "-newkey", f"gost2012_{bits}", "-pkeyopt", f"paramset:{parameter}", "-nodes",
            "-subj", "/CN=A", "-keyout", key, "-out", certificate)  # fmt: skip
    made = cut(read(certificate))
    assert made.algorithm.name == f"tc26-gost2012-{bits}"
    assert keys.load_public_key(made.spki).verify(made.signature, made.tbs, made.algorithm)
    assert not keys.load_public_key(made.spki).verify(made.signature, made.tbs + b"\0", made.algorithm)
    openssl("pkcs12", "-export", "-inkey", key, "-in", certificate, "-out", container, "-passout", "pass:p")
    assert open_keystore(container.read_bytes(), lambda: "p").entry().matches
