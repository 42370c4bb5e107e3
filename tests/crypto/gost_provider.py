"""OpenSSL's GOST provider as an independent oracle."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

import pytest


@cache
def _missing() -> str:
    try:
        done = subprocess.run(
            ["openssl", "list", "-providers", "-provider", "gostprov"], capture_output=True, check=False
        )
    except FileNotFoundError:
        return "needs the openssl command"
    return "" if done.returncode == 0 else "needs OpenSSL's GOST provider (Debian: libengine-gost-openssl)"


def openssl(*arguments: str | Path, stdin: bytes = b"", may_fail: bool = False) -> bytes:
    """Run ``openssl`` with the default and the GOST provider; skip the test where there is none."""
    if reason := _missing():
        pytest.skip(reason)
    command, *rest = map(str, arguments)
    done = subprocess.run(
        ["openssl", command, "-provider", "default", "-provider", "gostprov", *rest],
        input=stdin,
        capture_output=True,
        check=False,
    )
    assert may_fail or done.returncode == 0, done.stderr.decode()
    return done.stdout
