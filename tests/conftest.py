"""What all tests share: no network but loopback, the external corpus by name, the requirement trace."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from egov_sign import verdict

pytest_plugins = ["tests.requirement_trace"]

hypothesis.settings.register_profile(
    "repeatable",
    derandomize=not os.environ.get("EGOV_SIGN_MUTATIONS"),
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("repeatable")
"""The same examples in every run, so that a green run stays green; with EGOV_SIGN_MUTATIONS new ones each time."""

ROOT = Path(__file__).resolve().parent.parent
COMPILED = not str(verdict.__file__).endswith(".py")
_LOOPBACK = ("127.", "::1", "localhost")


def pytest_configure() -> None:
    """Asked for the compiled build, test no other."""
    if os.environ.get("EGOV_SIGN_COMPILED") == "1" and not COMPILED:
        pytest.exit(f"not the compiled build: {verdict.__file__}", returncode=pytest.ExitCode.USAGE_ERROR)


def pytest_report_header() -> str:
    """Say which build is tested."""
    return f"egov-sign: {'compiled' if COMPILED else 'interpreted'}"


@pytest.fixture
def interpreted() -> None:
    """Skip a test that replaces a function in a module where the functions were compiled to call each other."""
    if COMPILED:
        pytest.skip("replaces what only an interpreted module looks up")


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """Make any connection that would leave the machine fail, whoever opens it."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if isinstance(address, tuple) and not str(host).startswith(_LOOPBACK):
            raise AssertionError(f"a test tried to reach {host}")
        return real(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        yield


def _external(variable: str, default: str) -> Path:
    folder = Path(os.environ.get(variable, ROOT.parent / "shared" / default))
    if not folder.is_dir():
        pytest.skip(f"needs the folder {default} ({variable})")
    return folder


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The real files of the country's PKI; skipped where they are absent."""
    return _external("EGOV_SIGN_CORPUS", "corpus/kz")


@pytest.fixture(scope="session")
def suites() -> Path:
    """The external conformance suites; skipped where they are absent."""
    return _external("EGOV_SIGN_SUITES", "suites")
