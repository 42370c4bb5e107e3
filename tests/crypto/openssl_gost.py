"""OpenSSL with Debian's ``libengine-gost-openssl`` as an independent oracle.

The package's engine is used, for digests and keys alike: its provider has the digests but no keys.
"""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

import pytest


@cache
def _missing() -> str:
    try:
        done = subprocess.run(["openssl", "engine", "-t", "gost"], capture_output=True, check=False)
    except FileNotFoundError:
        return "needs the openssl command"
    return "" if b"[ available ]" in done.stdout else "needs OpenSSL's GOST engine (Debian: libengine-gost-openssl)"


def openssl(command: str, *arguments: str | Path, stdin: bytes = b"", may_fail: bool = False) -> bytes:
    """Run ``openssl`` with the GOST engine; skip the test where there is none."""
    if reason := _missing():
        pytest.skip(reason)
    done = subprocess.run(
        ["openssl", command, "-engine", "gost", *arguments], input=stdin, capture_output=True, check=False
    )
    assert may_fail or done.returncode == 0, done.stderr.decode()
    return done.stdout
