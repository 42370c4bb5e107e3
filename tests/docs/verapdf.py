"""veraPDF as a judge of our PDF files; from Maven Central, where the tests may find it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("VeraCheck.java")


def complaints(flavour: str, *files: Path) -> str:
    """Return what veraPDF has against ``files`` by ``flavour`` (``3a``, ``ua1``…); skips where it is not to be had.

    ``EGOV_SIGN_VERAPDF`` names the class path of ``org.verapdf:validation-model``.
    """
    path = os.environ.get("EGOV_SIGN_VERAPDF", "")
    if not path or not shutil.which("java"):
        pytest.skip("needs veraPDF: EGOV_SIGN_VERAPDF=class path of org.verapdf:validation-model")
    command = ["java", "-cp", path, str(PROGRAM), flavour, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode in (0, 1), done.stderr
    assert done.returncode == 0 or done.stdout
    return done.stdout
