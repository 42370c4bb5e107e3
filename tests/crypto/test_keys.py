"""Keys of the common families: what a key signs it verifies, and nothing else."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, x25519

from egov_sign.crypto import algorithms, der, keys, pss
from egov_sign.crypto.algorithms import ALGORITHMS, KeyType, SignatureAlgorithm
from egov_sign.crypto.der_write import oid, sequence
from egov_sign.crypto.generate import KeyKind, generate_private_key
from egov_sign.crypto.keys import PrivateKey
from egov_sign.crypto.signer import KeySigner
from egov_sign.errors import InputError, UnsupportedError

MESSAGE = "Қазақстан Республикасы".encode()


def pkcs8(
    key: ec.EllipticCurvePrivateKey | dsa.DSAPrivateKey | ed448.Ed448PrivateKey | x25519.X25519PrivateKey,
) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@cache
def key_of(key_type: KeyType) -> PrivateKey:
    match key_type:
        case KeyType.RSA:
            return generate_private_key(KeyKind.RSA2048)
        case KeyType.DSA:
            return keys.load_private_key(pkcs8(dsa.generate_private_key(1024)))
        case KeyType.ED448:
            return keys.load_private_key(pkcs8(ed448.Ed448PrivateKey.generate()))
        case KeyType.ED25519:
            return generate_private_key(KeyKind.ED25519)
        case _:
            return generate_private_key(KeyKind.EC256)


PYCA = [
    pytest.param(algorithm, id=algorithm.name)
    for algorithm in ALGORITHMS
    if not algorithm.key_type.startswith("GOST") and algorithm.name != "rsa-md5"
]


@pytest.mark.parametrize("algorithm", PYCA)
def test_a_signature_verifies_and_a_changed_one_does_not(algorithm: SignatureAlgorithm) -> None:
    key = key_of(algorithm.key_type)
    public = keys.load_public_key(key.public_key().spki)
    signature = key.sign(MESSAGE, algorithm)
    assert public.verify(signature, MESSAGE, algorithm)
    assert not public.verify(signature, MESSAGE + b".", algorithm)
    assert not public.verify(signature[:-1] + bytes([signature[-1] ^ 1]), MESSAGE, algorithm)
    assert not public.verify(b"", MESSAGE, algorithm)


@pytest.mark.parametrize("algorithm", PYCA)
def test_a_key_of_another_family_neither_signs_nor_verifies(algorithm: SignatureAlgorithm) -> None:
    other = key_of(KeyType.EC if algorithm.key_type is not KeyType.EC else KeyType.ED25519)
    assert not other.public_key().verify(b"\0" * 64, MESSAGE, algorithm)
    with pytest.raises(UnsupportedError, match="KEY_ALGORITHM_MISMATCH"):
        other.sign(MESSAGE, algorithm)


def test_the_salt_length_of_pss_is_held_to() -> None:
    key = key_of(KeyType.RSA)
    signature = key.sign(MESSAGE, algorithms.by_name("rsa-pss-sha256"))
    other = replace(algorithms.by_name("rsa-pss-sha256"), salt_length=20)
    assert not key.public_key().verify(signature, MESSAGE, other)


@pytest.mark.parametrize(
    ("parameters", "good", "bad"),
    [
        (b"", ["rsa-pss-sha1", "rsa-pss-sha256"], ["rsa-sha1", "rsa-sha256"]),
        (pss.encode("sha256", 32), ["rsa-pss-sha256"], ["rsa-pss-sha1", "rsa-pss-sha512", "rsa-sha256"]),
        (pss.encode("sha256", 33), [], ["rsa-pss-sha256"]),
    ],
)
def test_a_key_for_pss_verifies_nothing_else(parameters: bytes, good: list[str], bad: list[str]) -> None:
    """RFC 4055 section 1.2."""
    key = key_of(KeyType.RSA)
    fields = der.Reader(key.public_key().spki).enter()
    fields.element()
    public = keys.load_public_key(sequence(sequence(oid(pss.OID), parameters), fields.element()))
    for name in good + bad:
        algorithm = algorithms.by_name(name)
        signature = key.sign(MESSAGE, algorithm)
        assert key.public_key().verify(signature, MESSAGE, algorithm)
        assert public.verify(signature, MESSAGE, algorithm) == (name in good)


@pytest.mark.parametrize("key_type", [KeyType.RSA, KeyType.EC, KeyType.DSA, KeyType.ED25519, KeyType.ED448])
def test_a_private_key_survives_writing_and_reading(key_type: KeyType) -> None:
    key = key_of(key_type)
    again = keys.load_private_key(key.pkcs8())
    assert again.key_type is key_type
    assert again.public_key().spki == key.public_key().spki
    assert algorithms.by_name(keys.default_algorithm(key.public_key())).key_type is key_type


def test_ecdsa_is_deterministic() -> None:
    key = key_of(KeyType.EC)
    algorithm = algorithms.by_name("ecdsa-sha256")
    assert key.sign(MESSAGE, algorithm) == key.sign(MESSAGE, algorithm)


def test_curves_have_names_and_their_own_default_algorithm() -> None:
    public = keys.load_private_key(pkcs8(ec.generate_private_key(ec.SECP521R1()))).public_key()
    assert (public.curve, public.bits, keys.default_algorithm(public)) == ("secp521r1", 521, "ecdsa-sha512")


@pytest.mark.parametrize("load", [keys.load_public_key, keys.load_private_key])
@pytest.mark.parametrize("data", [b"", b"\x30\x00", b"\x30\x80", b"not a key"])
def test_what_is_no_key_is_malformed(load: object, data: bytes) -> None:
    with pytest.raises(InputError, match="KEY_MALFORMED"):
        load(data)  # type: ignore[operator]


def test_a_key_that_cannot_sign_is_unknown() -> None:
    key = x25519.X25519PrivateKey.generate()
    spki = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(UnsupportedError, match="KEY_UNKNOWN"):
        keys.load_public_key(spki)
    with pytest.raises(UnsupportedError, match="KEY_UNKNOWN"):
        keys.load_private_key(pkcs8(key))


@pytest.mark.parametrize("kind", [kind for kind in KeyKind if not kind.startswith("rsa")])
def test_the_same_random_bytes_give_the_same_key(kind: KeyKind) -> None:
    first, again, other = (generate_private_key(kind, random.Random(seed).randbytes) for seed in (1, 1, 2))
    assert first.pkcs8() == again.pkcs8() != other.pkcs8()


@pytest.mark.parametrize(("kind", "bits"), [("rsa2048", 2048), ("rsa3072", 3072)])
def test_rsa_keys_have_the_size_asked_for(kind: str, bits: int) -> None:
    assert generate_private_key(kind).public_key().bits == bits


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="rot13"):
        generate_private_key("rot13")


def test_a_key_signer_signs_with_its_key_and_algorithm() -> None:
    key = key_of(KeyType.EC)
    algorithm = algorithms.by_name("ecdsa-sha384")
    signer = KeySigner(key, b"certificate", algorithm)
    assert key.public_key().verify(signer.sign(MESSAGE), MESSAGE, algorithm)
    assert list(signer.chain) == []


@pytest.mark.parametrize("kind", [KeyKind.RSA2048, KeyKind.RSA3072, KeyKind.RSA4096])
def test_a_common_rsa_key_is_measured_by_its_form_as_by_loading(kind: KeyKind) -> None:
    key = generate_private_key(kind).public_key()
    assert keys.plain_size(key.spki) == (key.key_type, key.bits)


def test_a_key_in_another_form_must_be_loaded_to_be_measured() -> None:
    spki = key_of(KeyType.RSA).public_key().spki
    modulus = spki.index(bytes.fromhex("0282010100")) + 5
    assert keys.plain_size(spki) is not None
    short = spki[:modulus] + b"\x7f" + spki[modulus + 1 :]
    even = spki[: modulus + 255] + b"\x00" + spki[modulus + 256 :]
    exponent = spki[:-1] + b"\x03"
    algorithm = spki.replace(bytes.fromhex("2a864886f70d010101"), bytes.fromhex("2a864886f70d01010a"))
    for changed in (short, even, exponent, algorithm, spki[:-1], spki + b"\x00"):
        assert keys.plain_size(changed) is None
    assert keys.plain_size(key_of(KeyType.EC).public_key().spki) is None
