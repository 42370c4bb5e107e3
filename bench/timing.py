"""How long work takes, and of which build."""

from __future__ import annotations

import time
from collections.abc import Callable

from egov_sign import verdict

BUILD = "interpreted" if str(verdict.__file__).endswith(".py") else "compiled"
"""Of :mod:`egov_sign`; ``python3 dev.py compiled python -m bench.…`` times the compiled one."""


def best(work: Callable[[], object], turns: int = 1, repeat: int = 5) -> float:
    """Return the least time of one of ``turns`` runs of ``work`` in seconds."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        for _ in range(turns):
            work()
        times.append((time.perf_counter() - start) / turns)
    return min(times)
