"""BER becomes DER in form, and in nothing but form."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egov_sign.crypto import ber, der_write
from egov_sign.errors import InputError, LimitError


@pytest.mark.parametrize(
    ("encoded", "definite"),
    [
        ("3003020105", "3003020105"),
        ("3080020105 0000", "3003020105"),
        ("308103020105", "3003020105"),
        ("30840000 0003 020105", "3003020105"),
        ("2480 0402aabb 0401cc 0000", "0403aabbcc"),
        ("2407 0402aabb 0401cc", "0403aabbcc"),
        ("2480 2480 0401aa 0000 0401bb 0000", "0402aabb"),
        ("2480 0000", "0400"),
        ("a080 2480 0401aa 0000 0000", "a0030401aa"),
        ("3180 020102 020101 0000", "3106020102020101"),
        ("0500", "0500"),
    ],
)
def test_lengths_become_definite_and_pieces_one(encoded: str, definite: str) -> None:
    assert ber.to_definite(bytes.fromhex(encoded)) == bytes.fromhex(definite)


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "30",
        "3003",
        "300302",
        "3080020105",
        "308002010500",
        "0480aa0000",
        "30030201050000",
        "2480020105 0000",
        "2c80 0c0161 0000",
        "1f0100",
        "30850000",
        "3004 3080 0000 00",
    ],
)
def test_what_is_no_ber_is_refused(encoded: str) -> None:
    with pytest.raises(InputError, match="BER_MALFORMED"):
        ber.to_definite(bytes.fromhex(encoded))


def test_nesting_is_bounded() -> None:
    def nested(depth: int) -> bytes:
        return b"\x30\x80" * depth + b"\x05\x00" + b"\x00\x00" * depth

    assert ber.to_definite(nested(ber.MAX_DEPTH)).endswith(b"\x05\x00")
    with pytest.raises(LimitError, match="BER_TOO_DEEP"):
        ber.to_definite(nested(ber.MAX_DEPTH + 1))


def test_the_number_of_elements_is_bounded() -> None:
    with pytest.raises(LimitError, match="BER_TOO_MANY"):
        ber.to_definite(der_write.sequence(b"\x05\x00" * ber.MAX_ELEMENTS))


_primitive = st.builds(der_write.tlv, st.sampled_from([2, 4, 5, 6, 12, 0x80]), st.binary(max_size=200))
_der = st.recursive(
    _primitive,
    lambda inner: st.builds(
        lambda tag, parts: der_write.tlv(tag, b"".join(parts)),
        st.sampled_from([0x30, 0x31, 0xA0, 0xA1]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)


@given(_der)
def test_der_stays_as_it_is(encoded: bytes) -> None:
    assert ber.to_definite(encoded) == encoded


@given(_der)
def test_indefinite_lengths_lose_nothing(encoded: bytes) -> None:
    assert ber.to_definite(indefinite(encoded)) == encoded


@given(st.binary(max_size=64))
def test_arbitrary_bytes_never_crash(data: bytes) -> None:
    with contextlib.suppress(InputError):
        ber.to_definite(data)


def indefinite(encoded: bytes) -> bytes:
    """Return ``encoded`` with the lengths of all constructed elements left open."""
    tag, first = encoded[0], encoded[1]
    content = encoded[2:] if first < 0x80 else encoded[2 + (first & 0x7F) :]
    if not tag & 0x20:
        return encoded
    parts = []
    while content:
        size = content[1] if content[1] < 0x80 else int.from_bytes(content[2 : 2 + (content[1] & 0x7F)], "big")
        whole = size + 2 + (0 if content[1] < 0x80 else content[1] & 0x7F)
        parts.append(indefinite(content[:whole]))
        content = content[whole:]
    return bytes([tag, 0x80]) + b"".join(parts) + b"\x00\x00"
