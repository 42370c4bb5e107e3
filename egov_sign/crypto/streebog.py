"""Streebog, the hash function of GOST R 34.11-2012 and of Kazakhstan's GOST 2015 signatures (RFC 6986).

The three transformations S, P and L of a 512-bit block become 64 look-ups in eight tables of 256 words: table *i*
holds, for each value of byte *i* of a row, what it contributes to the 64-bit word that L makes of that row.
The tables are computed from the RFC's constants when the first digest is made.

Bytes are in the order in which files hold them: the RFC writes vectors from the last byte to the first.
"""

from __future__ import annotations

from functools import cache, reduce
from operator import xor
from struct import Struct
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

BLOCK = 64
_BITS = 8 * BLOCK
_MASK = (1 << _BITS) - 1
_IV = {64: 0, 32: int.from_bytes(b"\x01" * BLOCK, "little")}

_WORDS = Struct("<16Q").pack

_PI = bytes.fromhex(
    "fceedd11cf6e3116fbc4fada23c5044de977f0db932e99ba1736f1bb14cd5fc1"
    "f918655ae25cef21811c3c428b018e4f058402aee36a8fa0060bed987fd4d31f"
    "eb342c51eac848abf22a68a2fd3aceccb5700e56080c7612bf7213479cb75d87"
    "15a19629107b9ac7f391786f9d9eb2b13275193dff358a7e6d54c680c3bd0d57"
    "dff524a93ea843c9d779d6f67c22b903e00fecde7a94b0bcdce828504e330a4a"
    "a79760731e0062441ab83882649f2641ad454692275e552f8ca3a57d69d5953b"
    "0758b34086ac1df730376be488d9e789e11b83494c3ff8fe8d53aa90cad88561"
    "207167a42d2b095bcb9b25d0bee56c5259a674d2e6f4b4c0d166afc2394b63b6"
)
"""The substitution S (RFC 6986 section 6.2)."""

_L = (
    0x641C314B2B8EE083,
    0xA48B474F9EF5DC18,
    0xF97D86D98A327728,
    0x5B068C651810A89E,
    0x0321658CBA93C138,
    0xACCC9CA9328A8950,
    0x46B60F011A83988E,
    0x83478B07B2468764,
)
"""Images of bits 0, 8, …, 56 under L (RFC 6986 section 6.4). The other 56 rows of the RFC's matrix follow from them:
L is linear over GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1, so the row of the next bit is that of the last, doubled."""

_C = tuple(
    int(constant, 16)
    for constant in (
        "b1085bda1ecadae9ebcb2f81c0657c1f2f6a76432e45d016714eb88d7585c4fc"
        "4b7ce09192676901a2422a08a460d31505767436cc744d23dd806559f2a64507",
        "6fa3b58aa99d2f1a4fe39d460f70b5d7f3feea720a232b9861d55e0f16b50131"
        "9ab5176b12d699585cb561c2db0aa7ca55dda21bd7cbcd56e679047021b19bb7",
        "f574dcac2bce2fc70a39fc286a3d843506f15e5f529c1f8bf2ea7514b1297b7b"
        "d3e20fe490359eb1c1c93a376062db09c2b6f443867adb31991e96f50aba0ab2",
        "ef1fdfb3e81566d2f948e1a05d71e4dd488e857e335c3c7d9d721cad685e353f"
        "a9d72c82ed03d675d8b71333935203be3453eaa193e837f1220cbebc84e3d12e",
        "4bea6bacad4747999a3f410c6ca923637f151c1f1686104a359e35d7800fffbd"
        "bfcd1747253af5a3dfff00b723271a167a56a27ea9ea63f5601758fd7c6cfe57",
        "ae4faeae1d3ad3d96fa4c33b7a3039c02d66c4f95142a46c187f9ab49af08ec6"
        "cffaa6b71c9ab7b40af21f66c2bec6b6bf71c57236904f35fa68407a46647d6e",
        "f4c70e16eeaac5ec51ac86febf240954399ec6c7e6bf87c9d3473e33197a93c9"
        "0992abc52d822c3706476983284a05043517454ca23c4af38886564d3a14d493",
        "9b1f5b424d93c9a703e7aa020c6e41414eb7f8719c36de1e89b4443b4ddbc49a"
        "f4892bcb929b069069d18d2bd1a5c42f36acc2355951a8d9a47f0dd4bf02e71e",
        "378f5a541631229b944c9ad8ec165fde3a7d3a1b258942243cd955b7e00d0984"
        "800a440bdbb2ceb17b2b8a9aa6079c540e38dc92cb1f2a607261445183235adb",
        "abbedea680056f52382ae548b2e4f3f38941e71cff8a78db1fffe18a1b336103"
        "9fe76702af69334b7a1e6c303b7652f43698fad1153bb6c374b4c7fb98459ced",
        "7bcd9ed0efc889fb3002c6cd635afe94d8fa6bbbebab07612001802114846679"
        "8a1d71efea48b9caefbacd1d7d476e98dea2594ac06fd85d6bcaa4cd81f32d1b",
        "378ee767f11631bad21380b00449b17acda43c32bcdf1d77f82012d430219f9b"
        "5d80ef9d1891cc86e71da4aa88e12852faf417d5d9b21b9948bc924af11bd720",
    )
)
"""The iteration constants (RFC 6986 section 6.5)."""


class Streebog:
    """An unfinished Streebog digest, used as those of :mod:`hashlib` (and by :mod:`hmac`).

    Args:
        digest_size: 32 or 64 bytes.
    """

    block_size = BLOCK

    def __init__(self, digest_size: int = 64) -> None:
        self.digest_size = digest_size
        self.name = f"streebog{8 * digest_size}"
        self._state = _IV[digest_size]
        self._bits = 0
        self._sum = 0
        self._rest = b""

    def copy(self) -> Self:
        """Return an independent digest of what was taken in so far."""
        twin = self.__class__(self.digest_size)
        twin.__dict__.update(self.__dict__)
        return twin

    def update(self, data: ReadableBuffer, /) -> None:
        """Take in ``data``."""
        pending = self._rest + data
        full = len(pending) - len(pending) % BLOCK
        for start in range(0, full, BLOCK):
            block = int.from_bytes(pending[start : start + BLOCK], "little")
            self._state = _compress(self._state, self._bits, block)
            self._bits += _BITS
            self._sum += block
        self._rest = pending[full:]

    def digest(self) -> bytes:
        """Return the digest of all that was taken in (RFC 6986 section 8, stage 3)."""
        last = int.from_bytes(self._rest + b"\x01", "little")
        state = _compress(self._state, self._bits, last)
        state = _compress(state, 0, self._bits + 8 * len(self._rest))
        state = _compress(state, 0, (self._sum + last) & _MASK)
        return state.to_bytes(BLOCK, "little")[-self.digest_size :]

    def hexdigest(self) -> str:
        """Return the digest in hexadecimal."""
        return self.digest().hex()


def streebog256() -> Streebog:
    """Return an empty digest of 32 bytes."""
    return Streebog(32)


def streebog512() -> Streebog:
    """Return an empty digest of 64 bytes."""
    return Streebog(64)


def _compress(state: int, bits: int, block: int) -> int:
    """The function g_N (RFC 6986 section 7).

    Each turn transforms two blocks at once, a round key in the upper half of ``pair`` and the block it encrypts in the
    lower one. The first turn makes the first key; its lower half, zero, becomes what ``first`` takes away again.
    """
    t0, t1, t2, t3, t4, t5, t6, t7 = _tables()
    number, words = int.from_bytes, _WORDS
    pair = (state ^ bits & _MASK) << _BITS
    first, rest = _constants()
    for constant in (first ^ block, *rest):
        # Written out, because all the time goes here. P moves byte 8i + j of a block to byte i of its row j.
        # fmt: off
        (
            b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15,
            b16, b17, b18, b19, b20, b21, b22, b23, b24, b25, b26, b27, b28, b29, b30, b31,
            b32, b33, b34, b35, b36, b37, b38, b39, b40, b41, b42, b43, b44, b45, b46, b47,
            b48, b49, b50, b51, b52, b53, b54, b55, b56, b57, b58, b59, b60, b61, b62, b63,
            b64, b65, b66, b67, b68, b69, b70, b71, b72, b73, b74, b75, b76, b77, b78, b79,
            b80, b81, b82, b83, b84, b85, b86, b87, b88, b89, b90, b91, b92, b93, b94, b95,
            b96, b97, b98, b99, b100, b101, b102, b103, b104, b105, b106, b107, b108, b109, b110, b111,
            b112, b113, b114, b115, b116, b117, b118, b119, b120, b121, b122, b123, b124, b125, b126, b127,
        ) = pair.to_bytes(128, "little")
        pair = number(
            words(
                t0[b0] ^ t1[b8] ^ t2[b16] ^ t3[b24] ^ t4[b32] ^ t5[b40] ^ t6[b48] ^ t7[b56],
                t0[b1] ^ t1[b9] ^ t2[b17] ^ t3[b25] ^ t4[b33] ^ t5[b41] ^ t6[b49] ^ t7[b57],
                t0[b2] ^ t1[b10] ^ t2[b18] ^ t3[b26] ^ t4[b34] ^ t5[b42] ^ t6[b50] ^ t7[b58],
                t0[b3] ^ t1[b11] ^ t2[b19] ^ t3[b27] ^ t4[b35] ^ t5[b43] ^ t6[b51] ^ t7[b59],
                t0[b4] ^ t1[b12] ^ t2[b20] ^ t3[b28] ^ t4[b36] ^ t5[b44] ^ t6[b52] ^ t7[b60],
                t0[b5] ^ t1[b13] ^ t2[b21] ^ t3[b29] ^ t4[b37] ^ t5[b45] ^ t6[b53] ^ t7[b61],
                t0[b6] ^ t1[b14] ^ t2[b22] ^ t3[b30] ^ t4[b38] ^ t5[b46] ^ t6[b54] ^ t7[b62],
                t0[b7] ^ t1[b15] ^ t2[b23] ^ t3[b31] ^ t4[b39] ^ t5[b47] ^ t6[b55] ^ t7[b63],
                t0[b64] ^ t1[b72] ^ t2[b80] ^ t3[b88] ^ t4[b96] ^ t5[b104] ^ t6[b112] ^ t7[b120],
                t0[b65] ^ t1[b73] ^ t2[b81] ^ t3[b89] ^ t4[b97] ^ t5[b105] ^ t6[b113] ^ t7[b121],
                t0[b66] ^ t1[b74] ^ t2[b82] ^ t3[b90] ^ t4[b98] ^ t5[b106] ^ t6[b114] ^ t7[b122],
                t0[b67] ^ t1[b75] ^ t2[b83] ^ t3[b91] ^ t4[b99] ^ t5[b107] ^ t6[b115] ^ t7[b123],
                t0[b68] ^ t1[b76] ^ t2[b84] ^ t3[b92] ^ t4[b100] ^ t5[b108] ^ t6[b116] ^ t7[b124],
                t0[b69] ^ t1[b77] ^ t2[b85] ^ t3[b93] ^ t4[b101] ^ t5[b109] ^ t6[b117] ^ t7[b125],
                t0[b70] ^ t1[b78] ^ t2[b86] ^ t3[b94] ^ t4[b102] ^ t5[b110] ^ t6[b118] ^ t7[b126],
                t0[b71] ^ t1[b79] ^ t2[b87] ^ t3[b95] ^ t4[b103] ^ t5[b111] ^ t6[b119] ^ t7[b127],
            ),
            "little",
        )
        # fmt: on
        pair ^= pair >> 512 ^ constant
    return pair & _MASK ^ state ^ block


@cache
def _constants() -> tuple[int, tuple[int, ...]]:
    """Return what is added to the pair after the first turn, but for the block, and after each of the others."""
    zeros = reduce(xor, (table[0] for table in _tables()))
    first, *rest = (constant << _BITS for constant in _C)
    return first ^ int.from_bytes(_WORDS(*[zeros] * 8, *[0] * 8), "little"), (*rest, 0)


@cache
def _tables() -> tuple[list[int], ...]:
    return tuple(map(_table, _L))


def _table(row: int) -> list[int]:
    products = [0]
    for _ in range(8):
        products += [product ^ row for product in products]
        row = _doubled(row)
    return [products[image] for image in _PI]


def _doubled(word: int) -> int:
    """Multiply each byte of ``word`` by x in GF(2^8)."""
    carries = word & 0x8080808080808080
    return (word ^ carries) << 1 ^ (carries >> 7) * 0x1D
