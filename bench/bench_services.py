"""Home calls end to end: how many a second, and what the time goes into.

One request is: order, form, condition 2, signing, gateway, registration, grounds, signed certificate, gateway. Printed
are processor times; beside them the wall time, which on a busy machine is mostly waiting for the disk.

    python -m bench.bench_services [REQUESTS] [KIND ...]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from egov_sign.crypto import gost_keys, keys
from egov_sign.docs import validation, wsse_validation
from egov_sign.flows import envelope, jsonstore, redolog, signing
from egov_sign.flows.employees import Desk
from egov_sign.flows.sessions import Session
from tests.flows.conftest import CALL_FORM, Town, build_town

P = ParamSpec("P")
T = TypeVar("T")


class Stopwatch:
    """Counts processor time by area; time of an inner area is not counted for the outer one."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._running: list[str] = []
        self._since = time.process_time()

    def switch(self) -> None:
        """Credit the time since the last switch to the area that is running."""
        now = time.process_time()
        area = self._running[-1] if self._running else "the rest"
        self.seconds[area] = self.seconds.get(area, 0.0) + now - self._since
        self._since = now

    def watch(self, owner: object, name: str, area: str) -> None:
        """Count what ``owner.name`` does for ``area``."""
        setattr(owner, name, self._watched(getattr(owner, name), area))

    def _watched(self, function: Callable[P, T], area: str) -> Callable[P, T]:
        @wraps(function)
        def counting(*args: P.args, **kwargs: P.kwargs) -> T:
            self.switch()
            self._running.append(area)
            try:
                return function(*args, **kwargs)
            finally:
                self.switch()
                self._running.pop()

        return counting


def watched() -> Stopwatch:
    """Return a stopwatch on cryptography, documents and the store."""
    watch = Stopwatch()
    for private in (keys.PycaPrivateKey, gost_keys.GostPrivateKey):
        watch.watch(private, "sign", "cryptography")
    for public in (keys.PycaPublicKey, gost_keys.GostPublicKey):
        watch.watch(public, "verify", "cryptography")
    watch.watch(validation.XmlValidator, "examine", "documents")
    watch.watch(wsse_validation.WsseValidator, "examine", "documents")
    watch.watch(signing, "sign_enveloped", "documents")
    watch.watch(envelope, "sign_body", "documents")
    for name in ("get", "find", "document", "size_of", "has_file"):
        watch.watch(jsonstore.JsonStore, name, "store")
    watch.watch(jsonstore.JsonUnit, "writes", "store")
    watch.watch(redolog.RedoLog, "commit", "store")
    return watch


def one(town: Town, session: Session, clerk: Desk) -> None:
    """Make a home call, from the order to the answer at the portal."""
    request = town.sent(session, "CALL", CALL_FORM)
    decision = town.desk.process(clerk, request.number, town.world.signer("right-to-sign")).get()
    assert decision.refusal is None


def main(arguments: list[str]) -> None:
    """Time so many requests with keys of each kind."""
    count = int(arguments[0]) if arguments else 30
    watch = watched()
    for kind in arguments[1:] or ["ec", "rsa", "gost"]:
        with tempfile.TemporaryDirectory() as folder:
            town = build_town(Path(folder) / "store", kind=kind)
            session, clerk = town.log_in(), town.desk_session()
            one(town, session, clerk)
            watch.switch()
            watch.seconds.clear()
            wall, cpu = time.perf_counter(), time.process_time()
            for _ in range(count):
                one(town, session, clerk)
            watch.switch()
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            print(f"{kind}: {1000 * cpu / count:.1f} ms of processor, {1000 * wall / count:.1f} ms a request")
            for area, seconds in sorted(watch.seconds.items(), key=lambda item: -item[1]):
                print(f"    {area:<14} {1000 * seconds / count:6.1f} ms  {seconds / cpu:4.0%}")


if __name__ == "__main__":
    main(sys.argv[1:])
