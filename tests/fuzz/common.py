"""What all fuzzers do: write their seeds, or fuzz with atheris.

Not part of the test run. In an environment with this project and ``pip install atheris``, from the repository::

    python -m tests.fuzz.fuzz_xml --seeds corpus/          # write the seeds, made by code
    python -m tests.fuzz.fuzz_xml corpus/ -max_total_time=600 -timeout=10 -rss_limit_mb=1024

Findings become tests beside those of the module at fault.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path


def run(seeds: Callable[[], Iterable[bytes]], one_input: Callable[[bytes], None]) -> None:
    """Do what the command line says.

    Args:
        seeds: makes good inputs, from which the fuzzer starts.
        one_input: reads and judges one input; raises for what is a finding.
    """
    if sys.argv[1:2] == ["--seeds"]:
        folder = Path(sys.argv[2])
        folder.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds()):
            (folder / f"seed-{number:02}").write_bytes(seed)
        return
    atheris = importlib.import_module("atheris")
    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
