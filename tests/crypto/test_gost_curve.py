"""The curves of GOST R 34.10 and arithmetic on them."""

from __future__ import annotations

import pytest
from gmpy2 import is_prime, mpz
from hypothesis import given, settings
from hypothesis import strategies as st

from egov_sign.crypto import gost2012
from egov_sign.crypto.gost_curve import CRYPTOPRO_A, TC26_256_A, TC26_512_A, Curve, Table, _affine, _multiplied
from egov_sign.crypto.streebog import streebog256, streebog512

CURVES = [pytest.param(curve, id=curve.name) for curve in (TC26_512_A, TC26_256_A, CRYPTOPRO_A)]

RFC7091_256 = Curve(
    name="RFC 7091 section 7.1",
    size=32,
    p=0x8000000000000000000000000000000000000000000000000000000000000431,
    a=7,
    b=0x5FBFF498AA938CE739B8E022FBAFEF40563F6E6A3472FC2A514C0CE9DAE23B7E,
    q=0x8000000000000000000000000000000150FE8A1892976154C59CFC193ACCF5B3,
    x=2,
    y=0x8E2A8A0E65147D4BD6316030E16D19C85C97F0A9CA267122B96ABBCEA7E8FC8,
)


@pytest.mark.parametrize("curve", CURVES)
def test_parameters_are_consistent(curve: Curve) -> None:
    assert is_prime(curve.p)
    assert is_prime(curve.q)
    assert curve.contains(curve.x, curve.y)
    assert curve.multiple(1) == (curve.x, curve.y)
    assert curve.multiple(curve.q) is None
    assert curve.multiple(curve.q + 1) == (curve.x, curve.y)
    assert abs(curve.p + 1 - curve.cofactor * curve.q) ** 2 <= 4 * curve.p  # Hasse's bound


@pytest.mark.parametrize("curve", CURVES)
def test_a_point_off_the_curve_or_not_reduced_is_not_contained(curve: Curve) -> None:
    assert not curve.contains(curve.x, curve.y + 1)
    assert not curve.contains(curve.x + curve.p, curve.y)
    assert not curve.contains(curve.x, curve.y - curve.p)
    assert not curve.contains(0, 0)
    assert curve.contains(curve.x, curve.p - curve.y)


def test_a_point_outside_the_prime_subgroup_is_not_contained() -> None:
    """The curve tc26-256-A has 4q points; half of each coset's are of even order."""
    curve = TC26_256_A
    verdicts = set()
    for x in range(1, 40):
        square = (x**3 + curve.a * x + curve.b) % curve.p
        y = pow(square, (curve.p + 1) // 4, curve.p)
        if y * y % curve.p == square:
            low = _affine(_multiplied(curve, (mpz(x), mpz(y)), curve.q), mpz(curve.p))
            assert curve.contains(x, y) == (low is None)
            assert low is None or not curve.contains(*low)
            verdicts.add(low and bool(low[1]))
    assert verdicts >= {True, None}


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([TC26_512_A, TC26_256_A, CRYPTOPRO_A]), st.data())
def test_combinations_add_up(curve: Curve, data: st.DataObject) -> None:
    scalars = st.integers(0, curve.q - 1) | st.sampled_from([0, 1, 2, 15, 16, 17, 31, 32, curve.q - 1])
    u, v, d = data.draw(scalars), data.draw(scalars), data.draw(st.integers(1, curve.q - 1))
    public = curve.multiple(d)
    assert public is not None
    assert curve.contains(*public)
    point = (mpz(public[0]), mpz(public[1]))
    expected = curve.multiple((u + v * d) % curve.q)
    assert curve.combination(u, v, point) == expected
    assert curve.combination(u, v, Table(curve, point)) == expected


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize(("u", "v"), [(5, -5), (5, 5), (0, 0), (-1, 1), (1, 0), (0, 1)])
def test_the_base_point_added_to_itself_and_to_its_opposite(curve: Curve, u: int, v: int) -> None:
    base = (mpz(curve.x), mpz(curve.y))
    assert curve.combination(u % curve.q, v % curve.q, base) == curve.multiple((u + v) % curve.q)


def test_the_example_of_the_rfc() -> None:
    """RFC 7091 section 7.1, whose nonce is given."""
    curve = RFC7091_256
    d = 0x7A929ADE789BB9BE10ED359DD39A72C11B60961F49397EEE1D19CE9891EC3B28
    e = 0x2DFBC1B372D89A1188C09C52E0EEC61FCE52032AB1022E8E67ECE6672B043EE5
    k = 0x77105C9B20BCD3122823C8CF6FCC7B956DE33814E95B7FE64FED924594DCEAB3
    point = curve.multiple(k)
    assert point is not None
    r = point[0] % curve.q
    s = (r * d + k * e) % curve.q
    assert f"{r:064X}" == "41AA28D2F1AB148280CD9ED56FEDA41974053554A42767B83AD043FD39DC0493"
    assert f"{s:064X}" == "01456C64BA4642A1653C235A98A60249BCD6D3F746B631DF928014F6C5BF9C40"
    public = curve.multiple(d)
    assert public is not None
    assert f"{public[0]:064X}" == "7F2B49E270DB6D90D8595BEC458B50C58585BA1D4E9B788F6689DBD8E56FD80B"
    digest = e.to_bytes(32, "little")
    key = (mpz(public[0]), mpz(public[1]))
    assert gost2012.verify(curve, key, digest, r, s)
    assert not gost2012.verify(curve, key, digest[::-1], r, s)


@pytest.mark.parametrize("curve", CURVES)
def test_numbers_out_of_range_are_no_signature(curve: Curve) -> None:
    base = (mpz(curve.x), mpz(curve.y))
    digest = bytes(range(curve.size))
    hash_function = streebog512 if curve.size == 64 else streebog256
    r, s = gost2012.sign(curve, 1, digest, hash_function)
    assert gost2012.verify(curve, base, digest, r, s)
    q = curve.q
    for bad_r, bad_s in [(0, s), (r, 0), (r + q, s), (r, s + q), (-r, s), (r, -s), (q, s), (r, q), (0, 0)]:
        assert not gost2012.verify(curve, base, digest, bad_r, bad_s)


@pytest.mark.parametrize("curve", CURVES)
def test_a_digest_that_is_zero_modulo_the_order_counts_as_one(curve: Curve) -> None:
    """RFC 7091 section 6.1, step 2."""
    hash_function = streebog512 if curve.size == 64 else streebog256
    base = (mpz(curve.x), mpz(curve.y))
    zero, one = bytes(curve.size), b"\x01".ljust(curve.size, b"\0")
    r, s = gost2012.sign(curve, 1, zero, hash_function)
    assert (r, s) == gost2012.sign(curve, 1, one, hash_function)
    assert gost2012.verify(curve, base, zero, r, s)
    assert gost2012.verify(curve, base, one, r, s)
