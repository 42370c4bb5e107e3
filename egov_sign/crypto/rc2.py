"""The block cipher RC2 (RFC 2268) with a bound on the effective key bits.

The country's PKCS#12 containers encrypt certificates with 40 bits of it. That protects nothing; it is here because the
files exist, and ``cryptography`` knows only keys of 128 effective bits.
"""

from __future__ import annotations

from struct import Struct

BLOCK = 8
_words = Struct("<4H")
_ROTATIONS = (1, 2, 3, 5)
_PITABLE = bytes.fromhex(
    "d978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2"
    "179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82"
    "54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626"
    "6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7"
    "08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec"
    "c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731"
    "2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9"
    "0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad"
)


def decrypt_cbc(key: bytes, effective_bits: int, iv: bytes, data: bytes) -> bytes:
    """Return ``data``, whole blocks, decrypted in the mode CBC; padding is left in place."""
    schedule = _schedule(key, effective_bits)
    plain = bytearray()
    for start in range(0, len(data), BLOCK):
        block = data[start : start + BLOCK]
        plain += _xor(_decrypt(block, schedule), iv)
        iv = block
    return bytes(plain)


def encrypt_cbc(key: bytes, effective_bits: int, iv: bytes, data: bytes) -> bytes:
    """Return ``data``, whole blocks, encrypted in the mode CBC."""
    schedule = _schedule(key, effective_bits)
    encrypted = bytearray()
    for start in range(0, len(data), BLOCK):
        iv = _encrypt(_xor(data[start : start + BLOCK], iv), schedule)
        encrypted += iv
    return bytes(encrypted)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _schedule(key: bytes, effective_bits: int) -> tuple[int, ...]:
    """Expand ``key`` to 64 words (section 2)."""
    octets = bytearray(key)
    for place in range(len(key), 128):
        octets.append(_PITABLE[octets[-1] + octets[place - len(key)] & 0xFF])
    size = (effective_bits + 7) // 8
    octets[128 - size] = _PITABLE[octets[128 - size] & 0xFF >> 8 * size - effective_bits]
    for place in reversed(range(128 - size)):
        octets[place] = _PITABLE[octets[place + 1] ^ octets[place + size]]
    return Struct("<64H").unpack(octets)


def _encrypt(block: bytes, schedule: tuple[int, ...]) -> bytes:
    """Encrypt one block (section 3): 16 mixing rounds, with a mashing round after the fifth and the eleventh."""
    r = list(_words.unpack(block))
    for turn in range(16):
        for i, rotation in enumerate(_ROTATIONS):
            before = r[i - 1]
            mixed = r[i] + schedule[4 * turn + i] + (before & r[i - 2]) + (~before & r[i - 3]) & 0xFFFF
            r[i] = (mixed << rotation | mixed >> 16 - rotation) & 0xFFFF
        if turn in (4, 10):
            for i in range(4):
                r[i] = r[i] + schedule[r[i - 1] & 63] & 0xFFFF
    return _words.pack(*r)


def _decrypt(block: bytes, schedule: tuple[int, ...]) -> bytes:
    """Decrypt one block (section 4)."""
    r = list(_words.unpack(block))
    for turn in reversed(range(16)):
        if turn in (4, 10):
            for i in reversed(range(4)):
                r[i] = r[i] - schedule[r[i - 1] & 63] & 0xFFFF
        for i, rotation in reversed(list(enumerate(_ROTATIONS))):
            before = r[i - 1]
            mixed = r[i] >> rotation | r[i] << 16 - rotation
            r[i] = mixed - schedule[4 * turn + i] - (before & r[i - 2]) - (~before & r[i - 3]) & 0xFFFF
    return _words.pack(*r)
