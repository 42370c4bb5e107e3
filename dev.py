#!/usr/bin/env python3
"""Set the project up and run its jobs: ``python3 dev.py demo|test|check|wheel|compiled|lock``.

Needs Python 3.11 or newer and a package index, nothing else. Everything is installed into
``.venv`` beside this file, from the hash-pinned lists under ``lock/``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PIP = [str(BIN / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
COMPILED = ROOT / "build" / "compiled"
SHIPPED = ["egov_sign", "cli", "fixtures", "typings", "setup.py", "pyproject.toml", "README.md", "LICENSE"]
TO_COMPILE = "needs a C compiler and Python's headers (Debian: apt-get install gcc libc6-dev python3-dev)"
LOCKS = {"demo": ["build.txt", "runtime.txt"], "dev": ["dev.txt"]}


def run(*command: str | Path, **env: str) -> None:
    """Run ``command`` in the project's folder; a failure ends this script with the same exit code."""
    environment = {**os.environ, "EGOV_SIGN_COMPILED": "", **env}  # which build a job makes is its own affair
    done = subprocess.run([str(part) for part in command], cwd=ROOT, env=environment, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def set_up(kind: str) -> None:
    """Make ``.venv`` hold exactly the locked packages of ``kind`` and this project, editable.

    A stamp of the lock files and of ``pyproject.toml`` spares the work when nothing changed.
    """
    files = [ROOT / "pyproject.toml", *(ROOT / "lock" / name for name in LOCKS[kind])]
    stamp = hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()
    marker = VENV / f".set-up-{kind}"
    if marker.exists() and marker.read_text() == stamp:
        return
    if not (BIN / "python").exists() and not (BIN / "python.exe").exists():
        print(f"making {VENV.name}", file=sys.stderr)
        venv.create(VENV, with_pip=True)
    print(f"installing the locked packages ({kind})", file=sys.stderr)
    requirements = [part for name in LOCKS[kind] for part in ("-r", f"lock/{name}")]
    run(*PIP, "install", "--require-hashes", *requirements)
    run(*PIP, "install", "--no-deps", "--no-build-isolation", "--editable", ".")
    marker.write_text(stamp)


def demo(*arguments: str) -> None:
    """Set up what a user needs and run ``egov-sign demo``."""
    set_up("demo")
    run(BIN / "egov-sign", "demo", *arguments)


def check() -> None:
    """Lint and type-check source and tests."""
    set_up("dev")
    run(BIN / "ruff", "check")
    run(BIN / "ruff", "format", "--check")
    run(BIN / "mypy")
    run(BIN / "mypy", "tests", "bench", "dev.py", "setup.py")


def test(*arguments: str) -> None:
    """Set up, lint, type-check and run the tests with coverage; print the requirement report; test it compiled."""
    check()
    if arguments:
        run(BIN / "python", "-m", "pytest", *arguments)
        return
    run(BIN / "python", "-m", "pytest", "-n", "2", "--cov", "--cov-report=term", "--cov-fail-under=95", "--req-report")
    if can_compile():
        compiled()
    else:
        print(f"the compiled build is not tested: it {TO_COMPILE}", file=sys.stderr)


def can_compile() -> bool:
    """Tell whether there are a C compiler and the headers of this Python."""
    compiler = (sysconfig.get_config_var("CC") or "").split()
    headers = Path(sysconfig.get_path("include"), "Python.h")
    return bool(compiler and shutil.which(compiler[0])) and headers.exists()


def wheel(folder: str = "dist") -> None:
    """Build the wheel whose hot modules are compiled (``setup.py``) into ``folder``; takes a minute or two."""
    if not can_compile():
        sys.exit(f"the compiled build {TO_COMPILE}")
    set_up("dev")
    to = ROOT / folder
    with tempfile.TemporaryDirectory() as name:  # nothing of an earlier build may get into the wheel
        for item in SHIPPED:
            copy = shutil.copytree if (ROOT / item).is_dir() else shutil.copy
            copy(ROOT / item, Path(name, item))
        print("compiling", file=sys.stderr)
        options = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(to), name]
        run(*PIP, "wheel", *options, EGOV_SIGN_COMPILED="1")


def compiled(*command: str) -> None:
    """Run ``command`` of ``.venv`` on the compiled build, made anew if a source has changed; the tests, if none."""
    found = sorted(path for item in SHIPPED for path in (ROOT / item, *(ROOT / item).rglob("*")))
    sources = [path for path in found if path.is_file() and path.suffix != ".pyc"]
    stamp = hashlib.sha256(b"\0".join(file.read_bytes() for file in sources)).hexdigest()
    marker = COMPILED / ".made-from"
    if not marker.exists() or marker.read_text() != stamp:
        shutil.rmtree(COMPILED, ignore_errors=True)
        wheel(str(COMPILED / "wheel"))
        run(*PIP, "install", "--no-deps", "--target", COMPILED, *COMPILED.glob("wheel/*.whl"))
        marker.write_text(stamp)
    program, *arguments = command or ("pytest", "-n", "2")
    path = os.pathsep.join((str(COMPILED), str(ROOT)))  # and not the folder one stands in, where the sources are
    run(BIN / program, *arguments, PYTHONPATH=path, PYTHONSAFEPATH="1", EGOV_SIGN_COMPILED="1")


def lock() -> None:
    """Resolve the lists under ``lock/`` anew (needs ``uv`` on the PATH)."""
    common = ["uv", "pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes"]
    common += ["--no-emit-index-url", "--no-annotate", "--no-header", "--quiet", "--upgrade", "pyproject.toml"]
    run(*common, "-o", "lock/runtime.txt")
    run(*common, "--all-extras", "--group", "dev", "-o", "lock/dev.txt")
    run(*common[:-1], "--group", "build", "-o", "lock/build.txt")


def main(arguments: list[str]) -> None:
    """Run the job that ``arguments`` names."""
    jobs = {"demo": demo, "test": test, "check": check, "wheel": wheel, "compiled": compiled, "lock": lock}
    if sys.version_info < (3, 11):
        sys.exit("egov-sign needs Python 3.11 or newer; this is " + sys.version.split()[0])
    if not arguments or arguments[0] not in jobs:
        sys.exit(f"usage: python3 dev.py {'|'.join(jobs)} [ARGUMENTS]")
    jobs[arguments[0]](*arguments[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
