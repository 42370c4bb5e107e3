"""What the DER writer writes, the strict reader reads."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from egov_sign.crypto import der, der_write


@given(st.integers(-(2**600), 2**600))
def test_integers(value: int) -> None:
    assert der.Reader(der_write.integer(value)).integer() == value


@given(st.sampled_from([0, 1]), st.integers(0, 39), st.lists(st.integers(0, 2**70), max_size=5))
def test_object_identifiers(first: int, second: int, rest: list[int]) -> None:
    dotted = ".".join(map(str, (first, second, *rest)))
    assert der.Reader(der_write.oid(dotted)).oid() == dotted


@given(st.binary(max_size=70000))
def test_strings_of_octets_and_bits(content: bytes) -> None:
    assert der.Reader(der_write.octet_string(content)).take(der.OCTET_STRING) == content
    assert der.Reader(der_write.bit_string(content)).octet_bits() == content


def test_known_encodings() -> None:
    assert der_write.oid("1.2.840.113549").hex() == "06062a864886f70d"
    assert der_write.oid("2.999.3").hex() == "0603883703"
    assert der_write.integer(128).hex() == "02020080"
    assert der_write.integer(-128).hex() == "020180"
    assert der_write.set_of(der_write.integer(2), der_write.integer(1)).hex() == "3106020101020102"
    assert der_write.octet_string(bytes(200))[:3].hex() == "0481c8"
