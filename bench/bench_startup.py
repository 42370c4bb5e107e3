"""Wall time of ``egov-sign --help`` and ``--version`` beside bare Python: ``python -m bench.bench_startup``.

The two commands run in turn, so that a drift of the machine's speed hits both; medians are printed. The aim is at
most 60 ms above ``python -c pass``.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 21
BARE = [sys.executable, "-c", "pass"]
PROGRAM = str(Path(sys.executable).with_name("egov-sign"))


def wall(command: list[str]) -> float:
    """Return the wall time of one run of ``command`` in milliseconds."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - start) * 1000


def main() -> None:
    """Measure and print."""
    for argument in ("--help", "--version"):
        pairs = [(wall([PROGRAM, argument]), wall(BARE)) for _ in range(RUNS)]
        ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"egov-sign {argument:<10} {ours:6.1f} ms   python -c pass {bare:6.1f} ms   more: {ours - bare:5.1f} ms")


if __name__ == "__main__":
    main()
