"""RC2: the vectors of RFC 2268 section 5."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egov_sign.crypto import rc2


@pytest.mark.parametrize(
    ("key", "bits", "plain", "expected"),
    [
        ("0000000000000000", 63, "0000000000000000", "ebb773f993278eff"),
        ("ffffffffffffffff", 64, "ffffffffffffffff", "278b27e42e2f0d49"),
        ("3000000000000000", 64, "1000000000000001", "30649edf9be7d2c2"),
        ("88", 64, "0000000000000000", "61a8a244adacccf0"),
        ("88bca90e90875a", 64, "0000000000000000", "6ccf4308974c267f"),
        ("88bca90e90875a7f0f79c384627bafb2", 64, "0000000000000000", "1a807d272bbe5db1"),
        ("88bca90e90875a7f0f79c384627bafb2", 128, "0000000000000000", "2269552ab0f85ca6"),
        ("88bca90e90875a7f0f79c384627bafb216f80a6f85920584c42fceb0be255daf1e", 129, "0" * 16, "5b78d3a43dfff1f1"),
    ],
)
def test_vectors(key: str, bits: int, plain: str, expected: str) -> None:
    encrypted = rc2.encrypt_cbc(bytes.fromhex(key), bits, bytes(8), bytes.fromhex(plain))
    assert encrypted.hex() == expected


@given(st.binary(min_size=5, max_size=16), st.binary(min_size=8, max_size=8), st.binary(max_size=100))
def test_what_is_encrypted_is_decrypted(key: bytes, iv: bytes, data: bytes) -> None:
    data = data[: len(data) // 8 * 8]
    assert rc2.decrypt_cbc(key, 40, iv, rc2.encrypt_cbc(key, 40, iv, data)) == data
