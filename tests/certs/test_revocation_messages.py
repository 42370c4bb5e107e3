"""Codes that the judgement takes from a list or a response reach the reader in words, too."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from egov_sign import messages
from egov_sign.certs import crl, crl_check, freshness, ocsp_check

PREFIXES = ("CRL_", "OCSP_", "STATUS_")


def codes() -> set[str]:
    """Return the strings in the modules that look like codes; those of errors and names of constants are others."""
    found = set()
    for module in (crl, crl_check, freshness, ocsp_check):
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(PREFIXES):
                found.add(node.value)
    return found - {"CRL_MALFORMED", "CRL_TOO_LARGE"}


@pytest.mark.req("R421")
def test_every_code_has_its_texts() -> None:
    assert len(codes()) > 30
    assert codes() <= set(messages.catalogue())
