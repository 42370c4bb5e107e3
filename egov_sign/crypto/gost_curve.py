"""The elliptic curves of GOST R 34.10 (RFC 7091) and sums of multiples of their points, over ``gmpy2``.

Scalars are recoded into signed digits. Multiples of the base point, and of a public key that is used again and again,
come from a table of every digit at every place; another point is doubled and added in Jacobian coordinates, where
``(X, Y, Z)`` stands for ``(X / Z^2, Y / Z^3)`` and ``Z = 0`` for the point at infinity.

Python's and GMP's big integers take time that depends on their values. Who can time signing closely, on the same
machine, may learn about the private key; use a token or a signing service where that is a threat.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from gmpy2 import invert, mpz

Affine = tuple[mpz, mpz]
Jacobian = tuple[mpz, mpz, mpz]

_ZERO, _ONE = mpz(0), mpz(1)
_INFINITY: Jacobian = (_ONE, _ONE, _ZERO)
_TABLE_BITS = 5
_NAF_BITS = 5


@dataclass(frozen=True)
class Curve:
    """A curve ``y^2 = x^3 + ax + b`` over GF(p) with a base point (x, y) of prime order q.

    Attributes:
        name: as it is known.
        size: of a coordinate, in bytes.
        p: the field's prime.
        a: coefficient.
        b: coefficient.
        q: order of the base point.
        x: of the base point.
        y: of the base point.
        cofactor: points of the curve per multiple of the base point.
    """

    name: str
    size: int
    p: int
    a: int
    b: int
    q: int
    x: int
    y: int
    cofactor: int = 1

    @cached_property
    def base(self) -> Table:
        """The table of the base point."""
        return Table(self, (mpz(self.x), mpz(self.y)))

    def contains(self, x: int, y: int) -> bool:
        """Tell whether (x, y) is a point of the curve and a multiple of the base point, with reduced coordinates.

        A point with y = 0 has order 2 and is no such multiple.
        """
        p = mpz(self.p)
        if not (0 <= x < p and 0 < y < p) or (y * y - (x * x + self.a) * x - self.b) % p:
            return False
        return self.cofactor == 1 or _multiplied(self, (mpz(x), mpz(y)), self.q)[2] == 0

    def multiple(self, scalar: int) -> tuple[int, int] | None:
        """Return ``scalar`` times the base point, ``None`` for the point at infinity; 0 <= ``scalar`` < 2q."""
        return _affine(self.base.added(_INFINITY, scalar), mpz(self.p))

    def combination(self, scalar: int, point_scalar: int, point: Affine | Table) -> tuple[int, int] | None:
        """Return ``scalar`` times the base point plus ``point_scalar`` times ``point``; ``None`` for infinity."""
        if isinstance(point, Table):
            part = point.added(_INFINITY, point_scalar)
        else:
            part = _multiplied(self, point, point_scalar)
        return _affine(self.base.added(part, scalar), mpz(self.p))


class Table:
    """All small multiples of a point at every place of a scalar, for multiplication without doublings.

    Making one costs as much as a few multiplications and takes about 300 kB for 512 bits.
    """

    def __init__(self, curve: Curve, point: Affine) -> None:
        self._p = mpz(curve.p)
        self._a = mpz(curve.a)
        self._rows: list[list[Affine]] = []
        for _ in range(8 * curve.size // _TABLE_BITS + 1):
            multiples: list[Jacobian] = [(*point, _ONE)]
            while len(multiples) < 1 << _TABLE_BITS - 1:
                multiples.append(_added(multiples[-1], point, self._p, self._a))
            multiples.append(_doubled(multiples[-1], self._p, self._a))
            *row, point = _all_affine(multiples, self._p)
            self._rows.append(row)

    def added(self, start: Jacobian, scalar: int) -> Jacobian:
        """Return ``start`` plus ``scalar`` times the point of the table."""
        p, total = self._p, start
        for row, digit in zip(self._rows, _digits(scalar), strict=False):
            if digit > 0:
                total = _added(total, row[digit - 1], p, self._a)
            elif digit:
                x, y = row[-digit - 1]
                total = _added(total, (x, p - y), p, self._a)
        return total


def _digits(scalar: int) -> Iterator[int]:
    """Yield the digits of ``scalar`` to the base 32, each from -15 to 16, lowest first."""
    base, half = 1 << _TABLE_BITS, 1 << _TABLE_BITS - 1
    while scalar:
        digit = scalar & base - 1
        scalar >>= _TABLE_BITS
        if digit > half:
            digit -= base
            scalar += 1
        yield digit


def _naf(scalar: int) -> list[tuple[int, int]]:
    """Return the non-adjacent form of ``scalar``: odd digits from -15 to 15 and their places, lowest first."""
    base, half = 1 << _NAF_BITS, 1 << _NAF_BITS - 1
    form, place = [], 0
    while scalar:
        zeros = (scalar & -scalar).bit_length() - 1
        scalar >>= zeros
        place += zeros
        digit = scalar & base - 1
        if digit > half:
            digit -= base
        scalar -= digit
        form.append((place, digit))
    return form


def _multiplied(curve: Curve, point: Affine, scalar: int) -> Jacobian:
    p, a = mpz(curve.p), mpz(curve.a)
    (double,) = _all_affine([_doubled((*point, _ONE), p, a)], p)
    odd: list[Jacobian] = [(*point, _ONE)]
    while len(odd) < 1 << _NAF_BITS - 2:
        odd.append(_added(odd[-1], double, p, a))
    multiples = _all_affine(odd, p)
    total = _INFINITY
    above = 0
    for place, digit in reversed(_naf(scalar)):
        total = _doubled(total, p, a, above - place)
        above = place
        x, y = multiples[abs(digit) >> 1]
        total = _added(total, (x, y if digit > 0 else p - y), p, a)
    return _doubled(total, p, a, above)


def _doubled(point: Jacobian, p: mpz, a: mpz, times: int = 1) -> Jacobian:
    x, y, z = point
    if not z:
        return point
    is_minus_three = a == p - 3
    for _ in range(times):
        yy = y * y % p
        xyy4 = 4 * x * yy % p
        zz = z * z % p
        slope = 3 * (x - zz) * (x + zz) % p if is_minus_three else (3 * x * x + a * (zz * zz % p)) % p
        z = 2 * y * z % p
        x = (slope * slope - 2 * xyy4) % p
        y = (slope * (xyy4 - x) - 8 * yy * yy) % p
    return x, y, z


def _added(point: Jacobian, other: Affine, p: mpz, a: mpz) -> Jacobian:
    x1, y1, z1 = point
    x2, y2 = other
    if not z1:
        return x2, y2, _ONE
    zz = z1 * z1 % p
    h = (x2 * zz - x1) % p
    r = (y2 * zz % p * z1 - y1) % p
    if not h:
        return _INFINITY if r else _doubled(point, p, a)
    hh = h * h % p
    hhh = h * hh % p
    v = x1 * hh % p
    x3 = (r * r - hhh - 2 * v) % p
    return x3, (r * (v - x3) - y1 * hhh) % p, z1 * h % p


def _affine(point: Jacobian, p: mpz) -> tuple[int, int] | None:
    if not point[2]:
        return None
    ((x, y),) = _all_affine([point], p)
    return int(x), int(y)


def _all_affine(points: Sequence[Jacobian], p: mpz) -> list[Affine]:
    """Return ``points``, none at infinity, in affine coordinates, by one inversion for all (Montgomery)."""
    products = [_ONE]
    for _, _, z in points:
        products.append(products[-1] * z % p)
    inverse = invert(products.pop(), p)
    found = []
    for x, y, z in reversed(points):
        z_inverse = inverse * products.pop() % p
        inverse = inverse * z % p
        square = z_inverse * z_inverse % p
        found.append((x * square % p, y * square * z_inverse % p))
    return found[::-1]


TC26_512_A = Curve(
    name="tc26-512-A",
    size=64,
    p=2**512 - 569,
    a=2**512 - 572,
    b=int(
        "E8C2505DEDFC86DDC1BD0B2B6667F1DA34B82574761CB0E879BD081CFD0B6265"
        "EE3CB090F30D27614CB4574010DA90DD862EF9D4EBEE4761503190785A71C760",
        16,
    ),
    q=int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        "27E69532F48D89116FF22B8D4E0560609B4B38ABFAD2B85DCACDB1411F10B275",
        16,
    ),
    x=3,
    y=int(
        "7503CFE87A836AE3A61B8816E25450E6CE5E1C93ACF1ABC1778064FDCBEFA921"
        "DF1626BE4FD036E93D75E6A50E3A41E98028FE5FC235F5B889A589CB5215F2A4",
        16,
    ),
)
"""id-tc26-gost-3410-12-512-paramSetA (RFC 7836 appendix A.2)."""

TC26_256_A = Curve(
    name="tc26-256-A",
    size=32,
    p=2**256 - 617,
    a=0xC2173F1513981673AF4892C23035A27CE25E2013BF95AA33B22C656F277E7335,
    b=0x295F9BAE7428ED9CCC20E7C359A9D41A22FCCD9108E17BF7BA9337A6F8AE9513,
    q=0x400000000000000000000000000000000FD8CDDFC87B6635C115AF556C360C67,
    x=0x91E38443A5E82C0D880923425712B2BB658B9196932E02C78B2582FE742DAA28,
    y=0x32879423AB1A0375895786C4BB46E9565FDE0B5344766740AF268ADB32322E5C,
    cofactor=4,
)
"""id-tc26-gost-3410-2012-256-paramSetA (RFC 7836 appendix A.2)."""

CRYPTOPRO_A = Curve(
    name="CryptoPro-A",
    size=32,
    p=2**256 - 617,
    a=2**256 - 620,
    b=166,
    q=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF6C611070995AD10045841B09B761B893,
    x=1,
    y=0x8D91E471E0989CDA27DF505A453F2B7635294F2DDF23E3B122ACC99C9E9F1E14,
)
"""id-GostR3410-2001-CryptoPro-A-ParamSet (RFC 4357 section 11.4)."""
