"""The pytest plugin, by the examples of the documentation."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = re.findall(
    r"```python\n(.*?)```", (Path(__file__).resolve().parents[2] / "docs/pki.md").read_text("utf-8"), re.DOTALL
)
TESTS = [example for example in EXAMPLES if "def test_" in example]


def run_pytest(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_example.py").write_text(source, encoding="utf-8")
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "--strict-markers", "-p", "egov_sign_pki.plugin"]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        [*command, "."], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def test_there_are_three_examples_of_tests() -> None:
    assert len(TESTS) == 3


@pytest.mark.parametrize("example", TESTS)
def test_an_example_passes_as_it_stands(example: str, tmp_path: Path) -> None:
    ran = run_pytest(tmp_path, example)
    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr


def test_the_other_examples_run_as_they_stand() -> None:
    for example in EXAMPLES:
        if example not in TESTS:
            exec(compile(example, "docs/pki.md", "exec"), {})


def test_the_fixture_keeps_tests_apart_and_time_still(tmp_path: Path) -> None:
    source = """
import pytest
from egov_sign.fetch import FetchRequest

def test_one(egov_sign_pki):
    egov_sign_pki.world.revoke("person")
    egov_sign_pki.clock.advance(86400)
    crl = egov_sign_pki.fetcher.fetch(FetchRequest("http://127.0.0.1:8799/crl/issuer.crl", "crl", 10**6))
    assert crl == egov_sign_pki.world.crl("issuer", egov_sign_pki.clock.now()) != egov_sign_pki.world.crl("issuer")

def test_two(egov_sign_pki):
    assert egov_sign_pki.world.status("person") == "good"
    assert egov_sign_pki.clock.now() == egov_sign_pki.world.at
"""
    ran = run_pytest(tmp_path, source)
    assert "2 passed" in ran.stdout, ran.stdout


def test_loading_the_plugin_imports_no_cryptography(tmp_path: Path) -> None:
    code = "import sys, egov_sign_pki.plugin; print('cryptography' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert ran.stdout.strip() == "False"
