"""The hash function GOST R 34.11-94 (RFC 5831) over the cipher GOST 28147-89 (RFC 5830).

Kazakhstan's GOST 34.311-95 is this function with the S-boxes of RFC 5831's examples ("test parameters"); Russia used it
with those of CryptoPro (RFC 4357 section 11.2). Numbers are little-endian throughout.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

BLOCK = 32
_MASK32 = 0xFFFFFFFF
_MASK64 = 0xFFFFFFFFFFFFFFFF
_MASK256 = (1 << 256) - 1

TEST_PARAMETERS = (
    "4a92d80e6b1c7f53 eb4c6dfa23810759 581da342efc7609b 7da1089fe46cb253"
    " 6c715fd84a9e03b2 4ba0721d36859cfe db413f590ae7682c 1fd057a4923e6b8c"
)
"""The S-boxes of RFC 5831 section 7.1, for the lowest four bits first."""
CRYPTOPRO_PARAMETERS = (
    "a4568137dce092bf 5f402db91763cea8 7fce94103b526a8d 4a7c0f28e165db93"
    " 764b9c2a180efd35 7624d9f0a15b8ec3 de41705a3c8f629b 13a95b4f867ed02c"
)
"""The S-boxes id-GostR3411-94-CryptoProParamSet of RFC 4357, for the lowest four bits first."""

_C3 = 0xFF00FFFF000000FFFF0000FF00FFFF0000FF00FF00FF00FFFF00FF00FF00FF00
_KEY_BYTES = tuple(8 * i + k for k in range(8) for i in range(4))
"""The transformation P (RFC 5831 section 6.1): where each byte of a key comes from."""
_KEY_ORDER = (*range(8), *range(8), *range(8), *reversed(range(8)))
"""Which of its eight words a cipher key gives to each of the 32 rounds (RFC 5830 section 5)."""


class Gost94:
    """An unfinished digest, used as those of :mod:`hashlib` (and by :mod:`hmac`).

    Args:
        parameters: the eight S-boxes, each as 16 hexadecimal digits, separated by blanks.
    """

    block_size = BLOCK
    digest_size = 32
    name = "gost94"

    def __init__(self, parameters: str = TEST_PARAMETERS) -> None:
        self._tables = _tables(parameters)
        self._state = 0
        self._bits = 0
        self._sum = 0
        self._rest = b""

    def copy(self) -> Self:
        """Return an independent digest of what was taken in so far."""
        twin = self.__class__()
        twin.__dict__.update(self.__dict__)
        return twin

    def update(self, data: ReadableBuffer, /) -> None:
        """Take in ``data``."""
        pending = self._rest + data
        full = len(pending) - len(pending) % BLOCK
        for start in range(0, full, BLOCK):
            block = int.from_bytes(pending[start : start + BLOCK], "little")
            self._state = _step(self._state, block, self._tables)
            self._sum += block
        self._bits += 8 * full
        self._rest = pending[full:]

    def digest(self) -> bytes:
        """Return the digest of all that was taken in (RFC 5831 section 6, stage 3)."""
        state, total = self._state, self._sum
        if self._rest:
            last = int.from_bytes(self._rest, "little")
            state = _step(state, last, self._tables)
            total += last
        state = _step(state, self._bits + 8 * len(self._rest), self._tables)
        return _step(state, total & _MASK256, self._tables).to_bytes(32, "little")

    def hexdigest(self) -> str:
        """Return the digest in hexadecimal."""
        return self.digest().hex()


def _step(state: int, block: int, tables: Sequence[Sequence[int]]) -> int:
    """The step function (RFC 5831 section 5): key generation, encryption, mixing."""
    encrypted = 0
    for number, key in enumerate(_keys(state, block)):
        encrypted |= _encrypt(state >> 64 * number & _MASK64, key, tables) << 64 * number
    return _shuffled(state ^ _shuffled(block ^ _shuffled(encrypted, 12), 1), 61)


def _keys(state: int, block: int) -> list[bytes]:
    keys = [_key(state ^ block)]
    for constant in (0, _C3, 0):
        state = _rotated(state) ^ constant
        block = _rotated(_rotated(block))
        keys.append(_key(state ^ block))
    return keys


def _key(value: int) -> bytes:
    octets = value.to_bytes(32, "little")
    return bytes([octets[place] for place in _KEY_BYTES])


def _rotated(value: int) -> int:
    """The transformation A: the words (y4, y3, y2, y1) become (y1 + y2, y4, y3, y2)."""
    return value >> 64 | ((value ^ value >> 64) & _MASK64) << 192


def _shuffled(value: int, turns: int) -> int:
    """The transformation psi, ``turns`` times: a shift register of sixteen 16-bit words."""
    words = [value >> shift & 0xFFFF for shift in range(0, 256, 16)]
    for at in range(turns):
        words.append(words[at] ^ words[at + 1] ^ words[at + 2] ^ words[at + 3] ^ words[at + 12] ^ words[at + 15])
    return sum(word << 16 * place for place, word in enumerate(words[turns:]))


def _encrypt(block: int, key: bytes, tables: Sequence[Sequence[int]]) -> int:
    """Encrypt 64 bits with GOST 28147-89 (RFC 5830 section 5)."""
    t0, t1, t2, t3 = tables
    words = [int.from_bytes(key[start : start + 4], "little") for start in range(0, 32, 4)]
    right, left = block & _MASK32, block >> 32
    for place in _KEY_ORDER:
        mixed = right + words[place] & _MASK32
        left ^= t0[mixed & 255] ^ t1[mixed >> 8 & 255] ^ t2[mixed >> 16 & 255] ^ t3[mixed >> 24]
        right, left = left, right
    return right << 32 | left


@cache
def _tables(parameters: str) -> tuple[tuple[int, ...], ...]:
    """Return, for each byte of a word, what its two S-boxes and the rotation by 11 make of it."""
    boxes = [[int(digit, 16) for digit in row] for row in parameters.split()]
    return tuple(
        tuple(
            _rotated11((boxes[2 * place + 1][value >> 4] << 4 | boxes[2 * place][value & 15]) << 8 * place)
            for value in range(256)
        )
        for place in range(4)
    )


def _rotated11(word: int) -> int:
    return (word << 11 | word >> 21) & _MASK32
