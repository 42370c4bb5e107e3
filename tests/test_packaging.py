"""What the wheel brings: every package, every data file, and no module named ``cli``."""

from __future__ import annotations

import fnmatch
import re
import runpy
import tomllib
from pathlib import Path

import pytest

import egov_sign

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETTINGS = PROJECT["tool"]["setuptools"]
FOLDERS: dict[str, str] = SETTINGS["package-dir"]


def test_every_package_is_listed() -> None:
    found = set()
    for package, folder in FOLDERS.items():
        for file in (ROOT / folder).rglob("__init__.py"):
            parts = file.parent.relative_to(ROOT / folder).parts
            found.add(".".join((package, *parts)))
    assert found == set(SETTINGS["packages"])
    assert "cli" not in found


@pytest.mark.parametrize("package", FOLDERS)
def test_every_data_file_is_shipped(package: str) -> None:
    folder = ROOT / FOLDERS[package]
    patterns = [pattern.removeprefix("**/") for pattern in SETTINGS["package-data"][package]]
    for file in folder.rglob("*"):
        if file.is_file() and file.suffix != ".py" and "__pycache__" not in file.parts:
            assert any(fnmatch.fnmatch(file.name, pattern) for pattern in patterns), f"{file} is not shipped"


def test_every_compiled_module_exists_once() -> None:
    sources = runpy.run_path(str(ROOT / "setup.py"))["sources"]()
    assert len(set(sources)) == len(sources) > 0
    assert [source for source in sources if not (ROOT / source).is_file()] == []


def test_the_version_is_said_once_in_each_place() -> None:
    assert PROJECT["project"]["version"] == egov_sign.__version__


@pytest.mark.parametrize("lock", sorted((ROOT / "lock").glob("*.txt")), ids=lambda path: path.name)
def test_the_lock_pins_with_hashes_and_names_no_index(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert "index-url" not in text
    entries = re.findall(r"^[a-z0-9][^\n]*?==[^\n]*(?:\n    --hash=[^\n]+)+", text, re.MULTILINE)
    assert len(entries) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) > 0
