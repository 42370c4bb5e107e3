"""Keys that no honest authority certifies: under some of them anybody can sign, others only cost time."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ed448, ed25519

from egov_sign.crypto import der_write as der
from egov_sign.crypto.algorithms import ALGORITHMS, by_name
from egov_sign.crypto.keys import PycaPrivateKey, load_public_key
from egov_sign.errors import InputError

MODULUS = 1 << 2047 | 12345 << 100 | 1
Y8 = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
"""A point of order 8 of Ed25519."""


def rsa(modulus: int, exponent: int) -> bytes:
    identifier = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.NULL)
    return der.sequence(identifier, der.bit_string(der.sequence(der.integer(modulus), der.integer(exponent))))


def dsa_key(p: int, q: int, g: int, y: int) -> bytes:
    parameters = der.sequence(der.integer(p), der.integer(q), der.integer(g))
    identifier = der.sequence(der.oid("1.2.840.10040.4.1"), parameters)
    return der.sequence(identifier, der.bit_string(der.integer(y)))


def edwards(oid: str, point: bytes) -> bytes:
    return der.sequence(der.sequence(der.oid(oid)), der.bit_string(point))


@pytest.mark.parametrize(
    "spki",
    [
        pytest.param(rsa(MODULUS, 1), id="RSA, exponent 1"),
        pytest.param(rsa(MODULUS, 2), id="RSA, exponent 2"),
        pytest.param(rsa(-MODULUS, 3), id="RSA, negative"),
        pytest.param(dsa_key(MODULUS, 1 << 255 | 1, 1, 1), id="DSA, generator 1"),
        pytest.param(edwards("1.3.101.112", bytes(32)), id="Ed25519, order 4"),
        pytest.param(edwards("1.3.101.112", b"\1" + bytes(31)), id="Ed25519, neutral"),
        pytest.param(edwards("1.3.101.112", b"\1" + bytes(30) + b"\x80"), id="Ed25519, neutral with a sign"),
        pytest.param(edwards("1.3.101.112", b"\xee" + b"\xff" * 30 + b"\x7f"), id="Ed25519, not reduced"),
        pytest.param(edwards("1.3.101.112", Y8), id="Ed25519, order 8"),
        pytest.param(edwards("1.3.101.113", b"\1" + bytes(56)), id="Ed448, neutral"),
        pytest.param(edwards("1.3.101.113", bytes(57)), id="Ed448, order 4"),
    ],
)
def test_keys_under_which_anybody_can_sign_are_no_keys(spki: bytes) -> None:
    with pytest.raises(InputError, match="KEY_MALFORMED"):
        load_public_key(spki)


@pytest.mark.parametrize(
    "key", [dsa.generate_private_key(1024), ed25519.Ed25519PrivateKey.generate(), ed448.Ed448PrivateKey.generate()]
)
def test_honest_keys_of_the_same_kinds_are(
    key: dsa.DSAPrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey,
) -> None:
    private = PycaPrivateKey(key)
    public = load_public_key(private.public_key().spki)
    algorithm = by_name({"DSA": "dsa-sha256", "Ed25519": "ed25519", "Ed448": "ed448"}[str(public.key_type)])
    assert public.verify(private.sign(b"message", algorithm), b"message", algorithm)


@pytest.mark.parametrize(
    "spki",
    [
        pytest.param(rsa(15, 3), id="4 bits"),
        pytest.param(rsa(MODULUS, MODULUS - 2), id="an exponent as long as the modulus"),
        pytest.param(rsa(1 << 20_000 | 1, 3), id="20001 bits"),
        pytest.param(rsa(1 << 16_000 | 1, 1 << 15_999 | 1), id="16001 bits, exponent and all"),
        pytest.param(dsa_key(1 << 40_000 | 1, 1 << 255 | 1, 2, 3), id="DSA with 40001 bits"),
    ],
)
def test_absurd_numbers_verify_nothing_and_raise_nothing(spki: bytes) -> None:
    key = load_public_key(spki)
    size = (key.bits + 7) // 8
    values = [b"", bytes(size), b"\1" * size, b"\xff" * size, b"0\6\2\1\1\2\1\1"]
    assert not any(key.verify(value, b"message", algorithm) for algorithm in ALGORITHMS for value in values)
