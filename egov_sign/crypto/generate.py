"""New private keys."""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from egov_sign.crypto.algorithms import KeyType
from egov_sign.crypto.keys import PrivateKey, PycaPrivateKey


class KeyKind(StrEnum):
    """What :func:`generate_private_key` can make."""

    RSA2048 = "rsa2048"
    RSA3072 = "rsa3072"
    RSA4096 = "rsa4096"
    EC256 = "ec256"
    EC384 = "ec384"
    ED25519 = "ed25519"
    GOST512 = "gost512"
    GOST256 = "gost256"
    GOST2004 = "gost2004"


_CURVES: dict[KeyKind, ec.EllipticCurve] = {KeyKind.EC256: ec.SECP256R1(), KeyKind.EC384: ec.SECP384R1()}
_GOST = {
    KeyKind.GOST512: KeyType.GOST2015_512,
    KeyKind.GOST256: KeyType.GOST2015_256,
    KeyKind.GOST2004: KeyType.GOST2004,
}
_EXTRA_BYTES = 8
"""Surplus random bytes that make the remainder modulo the order even (FIPS 186-5 appendix A.2.1)."""


def generate_private_key(kind: KeyKind | str, random: Callable[[int], bytes] = os.urandom) -> PrivateKey:
    """Return a new private key of ``kind``.

    Args:
        kind: a :class:`KeyKind` or its value.
        random: gives as many random bytes as it is asked for. The same bytes give the same key, which test worlds
            rely on, except for RSA, whose keys OpenSSL makes from its own randomness.

    Raises:
        ValueError: ``kind`` is not a :class:`KeyKind`.
    """
    kind = KeyKind(kind)
    if kind in _CURVES:
        curve = _CURVES[kind]
        return PycaPrivateKey(ec.derive_private_key(_scalar(curve.group_order, random), curve))
    if kind in _GOST:
        from egov_sign.crypto import gost_keys  # noqa: PLC0415 - seldom needed, it imports gmpy2

        return gost_keys.private_key(_GOST[kind], _scalar(gost_keys.order(_GOST[kind]), random))
    if kind is KeyKind.ED25519:
        return PycaPrivateKey(ed25519.Ed25519PrivateKey.from_private_bytes(random(32)))
    return PycaPrivateKey(rsa.generate_private_key(65537, int(kind.removeprefix("rsa"))))


def _scalar(order: int, random: Callable[[int], bytes]) -> int:
    drawn = random((order.bit_length() + 7) // 8 + _EXTRA_BYTES)
    return int.from_bytes(drawn, "big") % (order - 1) + 1
