"""ECDSA and DSA signature values: ``r‖s`` in XML, a DER SEQUENCE everywhere else.

Source: RFC 9231, sections 2.3.6 and 2.3.7 (each number padded to the length of the group's order); W3C XML Signature
1.1, section 6.4.1 for DSA.
"""

from __future__ import annotations

from egov_sign.crypto import der, der_write
from egov_sign.crypto.algorithms import KeyType
from egov_sign.crypto.keys import PublicKey


def number_length(key: PublicKey) -> int:
    """Return the length in bytes of ``r`` and of ``s`` for ``key``."""
    if key.key_type is KeyType.DSA:
        return 20 if key.bits <= 1024 else 32
    return (key.bits + 7) // 8


def to_x509(value: bytes, key: PublicKey) -> bytes | None:
    """Return ``r‖s`` as DER; ``None`` if the length is not exactly that of ``key`` or a number is zero."""
    length = number_length(key)
    if len(value) != 2 * length:
        return None
    r, s = int.from_bytes(value[:length], "big"), int.from_bytes(value[length:], "big")
    if not r or not s:
        return None
    return der_write.sequence(der_write.integer(r), der_write.integer(s))


def from_x509(encoded: bytes, key: PublicKey) -> bytes:
    """Return a DER signature of ``key`` as ``r‖s``.

    Raises:
        InputError: it is not such a signature.
    """
    length = number_length(key)
    numbers = der.Reader(encoded).enter()
    return b"".join(numbers.integer().to_bytes(length, "big") for _ in range(2))
