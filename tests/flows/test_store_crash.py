"""A writer killed at a random moment leaves every acknowledged unit whole and no other half there (R424).

``EGOV_SIGN_KILLS=200 pytest tests/flows/test_store_crash.py`` for the long run.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from egov_sign.flows.jsonstore import JsonStore

KILLS = int(os.environ.get("EGOV_SIGN_KILLS", "6"))
WRITER = """
import os, sys
from egov_sign.flows import redolog
from egov_sign.flows.jsonstore import JsonStore
redolog.CHECKPOINT_BYTES = 20_000
store = JsonStore(sys.argv[1])
while True:
    with store.unit() as unit:
        n = unit.next_number("request")
        unit.put("request", f"r{n}", {"n": n}, index={"parity": str(n % 2)})
        unit.put("answer", f"r{n}", {"n": n, "text": "да" * (n % 700)})
        unit.put("last", "request", {"n": n}, index={"n": str(n)})
        unit.put_document(f"<request>{n}</request>".encode(), ".xml")
        unit.append("journal", {"n": n})
    os.write(1, f"{n}\\n".encode())
"""


@pytest.mark.req("R49", "R424", "R413")
def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    acknowledged: list[int] = []
    moments = random.Random(5)
    for _ in range(KILLS):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "store")], stdout=subprocess.PIPE)
        assert writer.stdout
        acknowledged += [int(writer.stdout.readline()) for _ in range(moments.randrange(1, 20))]
        time.sleep(moments.random() * 0.005)  # the signal comes somewhere inside a later unit
        writer.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in writer.stdout.read().split(b"\n") if line]
        writer.stdout.close()
        writer.wait()

        store = JsonStore(tmp_path / "store")
        assert set(store.check().codes) <= {"STORE_LEFT_OVER"}
        journal = [entry["n"] for entry in store.read_log("journal")]
        assert journal == list(range(1, len(journal) + 1))
        assert len(acknowledged) == len(set(acknowledged))
        assert set(acknowledged) <= set(journal)
        assert len(list(store.scan("request"))) == len(list(store.scan("answer"))) == len(journal)
        assert store.stats()["documents"] == len(journal)
        assert sum(len(store.find("request", "parity", parity)) for parity in "01") == len(journal)
        last = store.get("last", "request")
        assert last is not None
        assert last.data == {"n": journal[-1]}
        assert store.find("last", "n", str(journal[-1])) == ["request"]
