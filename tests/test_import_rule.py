"""Imports run one way: cli → fixtures → flows → docs → certs → crypto, and the base modules below all."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ["base", "crypto", "certs", "docs", "flows", "pki", "cli"]
BASE = {"errors", "limits", "verdict", "clock", "zones", "fetch", "messages", "caching", "native"}


def layer_of(module: str) -> str | None:
    parts = module.split(".")
    match parts[0]:
        case "egov_sign_cli":
            return "cli"
        case "egov_sign_pki":
            return "pki"
        case "egov_sign" if len(parts) > 1 and not parts[1].startswith("__"):
            return "base" if parts[1] in BASE else parts[1]
    return None


def sources() -> Iterator[tuple[str, Path]]:
    for folder, package in (("egov_sign", "egov_sign"), ("cli", "egov_sign_cli"), ("fixtures/pki", "egov_sign_pki")):
        for file in sorted((ROOT / folder).rglob("*.py")):
            relative = file.relative_to(ROOT / folder).with_suffix("")
            yield ".".join([package, *relative.parts]), file


def imported(module: str, tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.rsplit(".", node.level)[0] + "." if node.level else ""
            yield base + (node.module or "")
            yield from (f"{base}{node.module or ''}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize(("module", "file"), [pytest.param(m, f, id=m) for m, f in sources()])
def test_a_module_imports_only_its_own_layer_and_those_below(module: str, file: Path) -> None:
    own = layer_of(module)
    if own is None:
        return
    allowed = set(LAYERS[: LAYERS.index(own) + 1])
    for name in imported(module, ast.parse(file.read_text(encoding="utf-8"))):
        layer = layer_of(name)
        assert layer is None or layer in allowed, f"{module} imports {name}"


def test_every_layer_is_named() -> None:
    assert {layer_of(module) for module, _ in sources()} - {None} == set(LAYERS)
