"""Codes that the judgement takes from a list or a response reach the reader in words, too."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType

import pytest

from egov_sign import messages
from egov_sign.certs import crl, crl_check, freshness, ocsp_check

ROOT = Path(__file__).resolve().parents[2]
PREFIXES = ("CRL_", "OCSP_", "STATUS_")


def source(module: ModuleType) -> str:
    return (ROOT / module.__name__.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8")


def codes() -> set[str]:
    """Return the strings in the modules that look like codes; those of errors and names of constants are others."""
    found = set()
    for module in (crl, crl_check, freshness, ocsp_check):
        for node in ast.walk(ast.parse(source(module))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(PREFIXES):
                found.add(node.value)
    return found - {"CRL_MALFORMED", "CRL_TOO_LARGE"}


@pytest.mark.req("R421")
def test_every_code_has_its_texts() -> None:
    assert len(codes()) > 30
    assert codes() <= set(messages.catalogue())
