"""The DER reader takes what X.690 allows and nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from asn1crypto import core as _core
from hypothesis import given
from hypothesis import strategies as st

from egov_sign.crypto import der
from egov_sign.errors import InputError

core: Any = _core  # asn1crypto carries no types


def refused(code: str) -> pytest.RaisesExc[InputError]:
    return pytest.RaisesExc(InputError, check=lambda error: error.code == code)


@pytest.mark.parametrize(
    ("encoded", "code"),
    [
        ("", "DER_TRUNCATED"),
        ("30", "DER_TRUNCATED"),
        ("3001", "DER_TRUNCATED"),
        ("3080", "DER_LENGTH"),
        ("308100", "DER_LENGTH"),
        ("30817f" + "00" * 127, "DER_LENGTH"),
        ("30820080" + "00" * 128, "DER_LENGTH"),
        ("3082", "DER_TRUNCATED"),
        ("3089010000000000000000", "DER_LENGTH"),
        ("3088ffffffffffffffff", "DER_TRUNCATED"),
        ("1f0100", "DER_TAG"),
        ("3f0100", "DER_TAG"),
    ],
)
def test_a_header_that_breaks_the_rules_is_refused(encoded: str, code: str) -> None:
    data = bytes.fromhex(encoded)
    with refused(code):
        der.header(data, 0, len(data))


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65535, 65536])
def test_a_minimal_length_is_read(size: int) -> None:
    encoded = core.OctetString(bytes(size)).dump()
    assert der.header(encoded, 0, len(encoded)) == (der.OCTET_STRING, len(encoded) - size, len(encoded))


def test_a_value_may_not_reach_beyond_its_container() -> None:
    reader = der.Reader(bytes.fromhex("3003 0402 aa bb"))
    with refused("DER_TRUNCATED"):
        reader.enter().take(der.OCTET_STRING)
    assert der.Reader(bytes.fromhex("3004 0402 aabb")).enter().take(der.OCTET_STRING) == b"\xaa\xbb"


def test_trailing_bytes_are_refused() -> None:
    reader = der.Reader(bytes.fromhex("0500 00"))
    reader.take(der.NULL)
    with refused("DER_TRAILING"):
        reader.finish()


def test_another_type_than_expected_is_refused_and_an_optional_one_left() -> None:
    reader = der.Reader(bytes.fromhex("020105"))
    assert reader.maybe(der.OID) is None
    assert reader.maybe_enter(der.SEQUENCE) is None
    with refused("DER_TAG"):
        der.Reader(reader.data).take(der.OID)
    assert reader.integer() == 5
    assert not reader
    assert reader.peek() == -1


@given(st.integers(min_value=-(2**200), max_value=2**200))
def test_integers_are_read_as_asn1crypto_writes_them(number: int) -> None:
    assert der.Reader(core.Integer(number).dump()).integer() == number


@pytest.mark.parametrize("encoded", ["0200", "02020001", "0202ff80"])
def test_an_integer_that_is_not_minimal_is_refused(encoded: str) -> None:
    with refused("DER_VALUE"):
        der.Reader(bytes.fromhex(encoded)).integer()


@pytest.mark.parametrize("dotted", ["1.2.398.3.3.4.1.1", "2.5.29.15", "0.9.2342.19200300.100.1.1", "2.999.1", "1.39.0"])
def test_object_identifiers_are_read(dotted: str) -> None:
    assert der.Reader(core.ObjectIdentifier(dotted).dump()).oid() == dotted


@pytest.mark.parametrize("content", ["", "80", "2a8001", "2a80", "2a" + "81" * 70 + "01"])
def test_a_malformed_object_identifier_is_refused(content: str) -> None:
    with refused("DER_VALUE"):
        der.decode_oid(bytes.fromhex(content))


@pytest.mark.parametrize(("encoded", "value"), [("0101ff", True), ("010100", False)])
def test_booleans_are_read(encoded: str, value: bool) -> None:
    assert der.Reader(bytes.fromhex(encoded)).boolean() is value


@pytest.mark.parametrize("encoded", ["010101", "0100", "01020000"])
def test_a_boolean_of_ber_is_refused(encoded: str) -> None:
    with refused("DER_VALUE"):
        der.Reader(bytes.fromhex(encoded)).boolean()


@pytest.mark.parametrize(
    ("tag", "content", "moment"),
    [
        (der.UTC_TIME, b"491231235959Z", datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (der.UTC_TIME, b"500101000000Z", datetime(1950, 1, 1, tzinfo=UTC)),
        (der.GENERALIZED_TIME, b"99991231235959Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_times_are_read(tag: int, content: bytes, moment: datetime) -> None:
    assert der.decode_time(tag, content) == moment


@pytest.mark.parametrize(
    ("tag", "content"),
    [
        (der.UTC_TIME, b"2401010000Z"),
        (der.UTC_TIME, b"240101000000"),
        (der.UTC_TIME, b"240101000000+0000"),
        (der.UTC_TIME, b"240230000000Z"),
        (der.UTC_TIME, b"240101240000Z"),
        (der.UTC_TIME, b"2401010000+1Z"),
        (der.GENERALIZED_TIME, b"20240101000000.5Z"),
        (der.GENERALIZED_TIME, b"240101000000Z"),
        (der.GENERALIZED_TIME, b"00000101000000Z"),
    ],
)
def test_a_malformed_time_is_refused(tag: int, content: bytes) -> None:
    with refused("DER_VALUE"):
        der.decode_time(tag, content)


def test_named_bits_are_numbered_from_the_first() -> None:
    assert der.Reader(bytes.fromhex("030205a0")).named_bits() == {0, 2}
    assert der.Reader(bytes.fromhex("0303078080")).named_bits() == {0, 8}
    for malformed in ("0300", "030101", "030208a0", "030201ff"):
        with refused("DER_VALUE"):
            der.Reader(bytes.fromhex(malformed)).named_bits()


def test_a_key_is_whole_octets() -> None:
    assert der.Reader(bytes.fromhex("030200aa")).octet_bits() == b"\xaa"
    with refused("DER_VALUE"):
        der.Reader(bytes.fromhex("030201aa")).octet_bits()


@pytest.mark.parametrize(("encoded", "end"), [("0500", 1), ("05", 1), ("050004", 3), ("04020000", 3), ("048100", 3)])
def test_children_stay_within_their_bounds(encoded: str, end: int) -> None:
    data = bytes.fromhex(encoded)
    with pytest.raises(InputError):
        der.children(data, 0, end)


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_children_are_found_where_a_reader_finds_them(contents: list[bytes]) -> None:
    data = b"".join(core.OctetString(content).dump() for content in contents)
    found = der.children(data, 0, len(data))
    assert [data[start:stop] for _, _, start, stop in found] == contents
    reader = der.Reader(data)
    assert [reader.element() for _ in contents] == [data[begin:stop] for _, begin, _, stop in found]


@given(st.binary(max_size=64))
def test_children_and_reader_refuse_the_same(data: bytes) -> None:
    def whole(read: Callable[[], object]) -> bool:
        try:
            read()
        except InputError:
            return False
        return True

    def by_reader() -> None:
        reader = der.Reader(data)
        while reader:
            reader.next()

    assert whole(lambda: der.children(data, 0, len(data))) == whole(by_reader)


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    reader = der.Reader(data)
    with contextlib.suppress(InputError):
        while reader:
            reader.next()
    assert reader.position <= len(data)


@pytest.mark.parametrize("encoded", ["020101 0500", "020101 0101ff 0500", "020101 0101ff 3000"])
def test_a_structure_may_lack_what_its_layout_lets_it_lack(encoded: str) -> None:
    data = bytes.fromhex(encoded)
    found = der.structure(data, 0, len(data), der.layout("02", "01?", "05|30"))
    assert b"".join(data[begin:stop] for _, begin, _, stop in found) == data


@pytest.mark.parametrize("encoded", ["", "020101", "0500 020101", "020101 0101ff 0101ff 0500", "020101 0400"])
def test_a_structure_of_another_layout_is_refused(encoded: str) -> None:
    data = bytes.fromhex(encoded)
    with refused("DER_TAG"):
        der.structure(data, 0, len(data), der.layout("02", "01?", "05|30"))


def test_the_only_value_fills_its_container() -> None:
    data = bytes.fromhex("3003020101")
    assert der.only(data, 0, len(data), der.SEQUENCE) == (2, 5)
    with refused("DER_TAG"):
        der.only(data, 0, len(data), der.SET)
    with refused("DER_TRAILING"):
        der.only(data + b"\x05\x00", 0, len(data) + 2, der.SEQUENCE)
    with refused("DER_TRUNCATED"):
        der.only(b"", 0, 0, der.SEQUENCE)
