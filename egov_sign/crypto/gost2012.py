"""Signatures of GOST R 34.10-2012 (RFC 7091), which are also those of GOST R 34.10-2001 and GOST 34.310-2004.

A digest is read as a little-endian number. Nonces are made from the key and the digest as in RFC 6979 section 3.2,
with HMAC over the hash function of the signature, so that none is ever used for two messages.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from gmpy2 import invert

from egov_sign.crypto.gost_curve import Affine, Curve, Table

if TYPE_CHECKING:
    from _hashlib import _HashObject


def sign(curve: Curve, key: int, digest: bytes, hash_function: Callable[[], _HashObject]) -> tuple[int, int]:
    """Return the signature (r, s) over ``digest`` (RFC 7091 section 6.1).

    Args:
        curve: of the key.
        key: the private key, 0 < ``key`` < q.
        digest: of the message, of the size of q.
        hash_function: makes the hash objects for the nonce.
    """
    q = curve.q
    e = _number(digest, q)
    for nonce in _nonces(curve, key, e, hash_function):
        point = curve.multiple(nonce)
        if point is None:
            continue
        r = point[0] % q
        s = (r * key + nonce * e) % q
        if r and s:
            return r, s
    raise AssertionError("nonces never end")


def verify(curve: Curve, point: Affine | Table, digest: bytes, r: int, s: int) -> bool:
    """Tell whether (r, s) is the signature of the public key ``point`` over ``digest`` (RFC 7091 section 6.2)."""
    q = curve.q
    if not (0 < r < q and 0 < s < q):
        return False
    v = int(invert(_number(digest, q), q))
    found = curve.combination(s * v % q, (q - r) * v % q, point)
    return found is not None and found[0] % q == r


def _number(digest: bytes, q: int) -> int:
    return int.from_bytes(digest, "little") % q or 1


def _nonces(curve: Curve, key: int, e: int, hash_function: Callable[[], _HashObject]) -> Iterator[int]:
    """Yield candidates for the nonce, each 0 < k < q (RFC 6979 section 3.2)."""
    size = curve.size
    seed = key.to_bytes(size, "big") + e.to_bytes(size, "big")
    v = b"\x01" * size
    k = b"\x00" * size
    for separator in (b"\x00", b"\x01"):
        k = hmac.digest(k, v + separator + seed, hash_function)
        v = hmac.digest(k, v, hash_function)
    excess = 8 * size - curve.q.bit_length()
    while True:
        v = hmac.digest(k, v, hash_function)
        nonce = int.from_bytes(v, "big") >> excess
        if 0 < nonce < curve.q:
            yield nonce
        k = hmac.digest(k, v + b"\x00", hash_function)
        v = hmac.digest(k, v, hash_function)
