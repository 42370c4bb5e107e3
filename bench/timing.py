"""How long work takes."""

from __future__ import annotations

import time
from collections.abc import Callable


def best(work: Callable[[], object], turns: int = 1, repeat: int = 5) -> float:
    """Return the least time of one of ``turns`` runs of ``work`` in seconds."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        for _ in range(turns):
            work()
        times.append((time.perf_counter() - start) / turns)
    return min(times)
