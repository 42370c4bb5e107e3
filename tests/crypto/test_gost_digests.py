"""Streebog and GOST R 34.11-94: the vectors of the RFCs, and OpenSSL's GOST engine."""

from __future__ import annotations

import hmac
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egov_sign.crypto import gost94
from egov_sign.crypto.gost94 import CRYPTOPRO_PARAMETERS, TEST_PARAMETERS, Gost94
from egov_sign.crypto.streebog import Streebog, streebog256, streebog512
from tests.crypto.openssl_gost import openssl

M1 = b"012345678901234567890123456789012345678901234567890123456789012"
M2 = "Се ветри, Стрибожи внуци, веютъ с моря стрелами на храбрыя плъкы Игоревы".encode("cp1251")
LENGTHS = [0, 1, 31, 32, 33, 63, 64, 65, 127, 128, 1000]


def streebog(data: bytes, size: int) -> bytes:
    state = Streebog(size)
    state.update(data)
    return state.digest()


def gost(data: bytes, parameters: str) -> str:
    state = Gost94(parameters)
    state.update(data)
    return state.hexdigest()


@pytest.mark.parametrize(
    ("message", "size", "expected"),
    [
        pytest.param(
            M1,
            64,
            "1b54d01a4af5b9d5cc3d86d68d285462b19abc2475222f35c085122be4ba1ffa"
            "00ad30f8767b3a82384c6574f024c311e2a481332b08ef7f41797891c1646f48",
            id="RFC 6986 section 10.1, 512 bits",
        ),
        pytest.param(
            M1,
            32,
            "9d151eefd8590b89daa6ba6cb74af9275dd051026bb149a452fd84e5e57b5500",
            id="RFC 6986 section 10.1, 256 bits",
        ),
        pytest.param(
            M2,
            64,
            "1e88e62226bfca6f9994f1f2d51569e0daf8475a3b0fe61a5300eee46d961376"
            "035fe83549ada2b8620fcd7c496ce5b33f0cb9dddc2b6460143b03dabac9fb28",
            id="RFC 6986 section 10.2, 512 bits",
        ),
        pytest.param(
            M2,
            32,
            "9dd2fe4e90409e5da87f53976d7405b0c0cac628fc669a741d50063c557e8f50",
            id="RFC 6986 section 10.2, 256 bits",
        ),
    ],
)
def test_streebog_of_the_rfc(message: bytes, size: int, expected: str) -> None:
    assert streebog(message, size).hex() == expected


@pytest.mark.parametrize("length", LENGTHS)
def test_streebog_agrees_with_the_engine(length: int) -> None:
    message = random.Random(length).randbytes(length)
    for size in (32, 64):
        assert streebog(message, size) == openssl("dgst", f"-md_gost12_{8 * size}", "-binary", stdin=message)


def test_streebog_carries_its_checksum_across_the_top() -> None:
    message = b"\xff" * 640
    assert streebog(message, 64) == openssl("dgst", "-md_gost12_512", "-binary", stdin=message)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"This is message, length=32 bytes", "b1c466d37519b82e8319819ff32595e047a28cb6f83eff1c6916a815a637fffa"),
        (
            b"Suppose the original message has length = 50 bytes",
            "471aba57a60a770d3a76130635c1fbea4ef14de51f78b4ae57dd893b62f55208",
        ),
    ],
)
def test_gost94_of_the_rfc(message: bytes, expected: str) -> None:
    """RFC 5831 section 7.3."""
    assert gost(message, TEST_PARAMETERS) == expected


@pytest.mark.parametrize("length", [length for length in LENGTHS if length])
def test_gost94_with_cryptopro_parameters_agrees_with_the_engine(length: int) -> None:
    message = random.Random(length).randbytes(length)
    assert bytes.fromhex(gost(message, CRYPTOPRO_PARAMETERS)) == openssl("dgst", "-md_gost94", "-binary", stdin=message)


def test_gost94_of_nothing() -> None:
    """The engine answers something else for no input at all; this is the known value (CryptoPro parameters)."""
    assert gost(b"", CRYPTOPRO_PARAMETERS) == "981e5f3ca30c841487830f84fb433e13ac1101569b9c13584ac483234cd656c0"


@pytest.mark.parametrize("parameters", [TEST_PARAMETERS, CRYPTOPRO_PARAMETERS])
def test_each_s_box_is_a_permutation(parameters: str) -> None:
    rows = parameters.split()
    assert len(rows) == 8
    assert all(sorted(row) == sorted("0123456789abcdef") for row in rows)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([streebog256, streebog512, gost94.Gost94]), st.lists(st.binary(max_size=100), max_size=5))
def test_a_digest_depends_on_the_bytes_not_on_the_parts(maker: type[Streebog], parts: list[bytes]) -> None:
    whole, state = maker(), maker()
    whole.update(b"".join(parts))
    for part in parts:
        state.update(part)
        assert state.digest() == state.copy().digest()
    assert state.digest() == whole.digest()


def test_hmac_of_the_rfc() -> None:
    """RFC 7836 appendix B: HMAC_GOSTR3411_2012_256 and _512."""
    key, data = bytes(range(32)), bytes.fromhex("0126bdb87800af214341456563780100")
    assert hmac.new(key, data, streebog256).hexdigest() == (
        "a1aa5f7de402d7b3d323f2991c8d4534013137010a83754fd0af6d7cd4922ed9"
    )
    assert hmac.new(key, data, streebog512).hexdigest() == (
        "a59bab22ecae19c65fbde6e5f4e9f5d8549d31f037f9df9b905500e171923a77"
        "3d5f1530f2ed7e964cb2eedc29e9ad2f3afe93b2814f79f5000ffc0366c251e6"
    )
