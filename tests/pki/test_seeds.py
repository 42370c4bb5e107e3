"""Keys out of a seed: real, distinct, the same on every machine; the cache of RSA keys is only a cache."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import gmpy2
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key

from egov_sign.crypto.generate import KeyKind, generate_private_key
from egov_sign.errors import ConfigurationError
from egov_sign_pki import seeds
from egov_sign_pki.moments import moment

AT = datetime(2024, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    seeds.rsa_key.cache_clear()
    return tmp_path / "egov-sign" / "pki"


def fresh(label: str, bits: int = 2048) -> bytes:
    seeds.rsa_key.cache_clear()
    return seeds.rsa_key(bits, label).pkcs8()


def test_a_stream_goes_on_and_never_repeats() -> None:
    read = seeds.stream("a", "b")
    first, second = read(16), read(16)
    assert first != second
    assert seeds.stream("a", "b")(32) == first + second
    assert seeds.stream("ab")(16) != first


def test_serial_numbers_are_positive_and_of_twenty_octets() -> None:
    for number in (seeds.serial_number("s", str(index)) for index in range(200)):
        assert (number.bit_length() + 7) // 8 == 20
        assert number.bit_length() % 8 != 0


def test_an_rsa_key_is_sound_and_kept(cache: Path) -> None:
    made = fresh("anna")
    key = load_der_private_key(made, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048
    numbers = key.private_numbers()
    assert gmpy2.is_prime(numbers.p)
    assert gmpy2.is_prime(numbers.q)
    (kept,) = cache.iterdir()
    assert kept.read_bytes() == made
    assert fresh("anna") == made
    assert fresh("bela") != made


def test_the_cache_changes_nothing_but_the_time(cache: Path) -> None:
    made = fresh("anna")
    (kept,) = cache.iterdir()
    for other in (b"not a key", generate_private_key(KeyKind.EC256, random.Random(1).randbytes).pkcs8()):
        kept.write_bytes(other)
        assert fresh("anna") == made
        assert kept.read_bytes() == made


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert fresh("anna").startswith(b"\x30")


@pytest.mark.parametrize("bits", [768, 1025])
def test_a_modulus_has_the_length_asked_for(bits: int) -> None:
    assert seeds.rsa_modulus(bits, "x").bit_length() == bits


def test_a_world_is_the_same_in_every_process(tmp_path: Path) -> None:
    code = (
        "import hashlib, sys; from pathlib import Path; from egov_sign_pki import World\n"
        "for kind in ('ec', 'gost', 'rsa'):\n"
        "    World.build(kind=kind).write(Path(sys.argv[1]) / kind)\n"
        "    print(hashlib.sha256((Path(sys.argv[1]) / kind / 'manifest.json').read_bytes()).hexdigest())\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code, tmp_path / seed],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
    assert len(set(printed.pop().split())) == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", AT),
        ("-90s", AT - timedelta(seconds=90)),
        ("+5m", AT + timedelta(minutes=5)),
        ("-12h", AT - timedelta(hours=12)),
        ("+1d", AT + timedelta(days=1)),
        ("-2y", AT - timedelta(days=730)),
        ("2030-01-01T05:00:00+05:00", datetime(2030, 1, 1, tzinfo=UTC)),
    ],
)
def test_moments(text: str, expected: datetime) -> None:
    assert moment(text, AT) == expected


@pytest.mark.parametrize("text", ["-5w", "+d", "tomorrow", "2030-01-01T00:00:00", "-1 d"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="TIME_"):
        moment(text, AT)
