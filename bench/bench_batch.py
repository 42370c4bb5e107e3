"""Batches and large documents: ``python -m bench.bench_batch [DOCUMENTS] [MEGABYTES]``.

1. *Parallel*: the same files of 4.4 KB, each by another signer, judged by a pool of one process and by one of two,
   started before; wall-clock time, the best of several rounds in turn. Meaningful only where two processors are idle;
   anywhere, the processor time that a document costs the main process, which cannot be shared, beside that of a worker.
2. *Memory*: peak resident size of this process after a batch and after one eight times as large.
3. *Large*: one signed document against ``xmlsec1 --verify`` with the key given; each in a process of its own,
   wall-clock time and peak memory.
"""

from __future__ import annotations

import os
import resource
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Executor, ProcessPoolExecutor
from datetime import datetime
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

from bench.bench_xml import make
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.docs.batch import Outcome, Source, Verification, judge_all
from egov_sign.docs.xmlsign import sign_enveloped
from egov_sign_pki import World

ROUNDS = 3
LINE = b"<line>0123456789 abcdefghij ABCDEFGHIJ 0123456789 abcdefghij ABCDEFGHIJ 0123456789</line>\n"


def read(name: str) -> Source:
    """Return the file ``name``."""
    return Source(Path(name).read_bytes())


def make_judge(folder: Path) -> CertificateValidator:
    """Return a validator over the files in ``folder``, as a worker makes its own."""
    certificates = [Certificate.load(file.read_bytes()) for file in sorted(folder.glob("*.cer"))]
    lists = [file.read_bytes() for file in sorted(folder.glob("*.crl"))]
    return CertificateValidator(TrustStore(certificates), revocation=Revocation(RevocationSources(crls=lists)))


@cache
def world_on_disk(world: World, folder: Path) -> partial[CertificateValidator]:
    """Write what certificates are judged by, and return what makes the judge."""
    for number, item in enumerate((*world.anchors, *world.intermediates)):
        (folder / f"{number}.cer").write_bytes(item)
    for label in world.authorities:
        (folder / f"{label}.crl").write_bytes(world.crl(label))
    return partial(make_judge, folder)


def run(names: list[str], work: Verification, executor: Executor | None) -> float:
    """Return the seconds that judging ``names`` took."""
    start = time.perf_counter()
    for row in judge_all(names, work, executor):
        if row.outcome is not Outcome.VALID:
            raise SystemExit(f"{row.name}: {row.reason}")
    return time.perf_counter() - start


def batch(count: int, folder: Path) -> None:
    """Measure a pool against one process, and memory."""
    world, made = make(count)
    names = []
    for number, (document, _) in enumerate(made):
        (folder / f"{number:06}.xml").write_bytes(document)
        names.append(str(folder / f"{number:06}.xml"))
    work = _work(world, folder, world.at)
    best = [float("inf"), float("inf")]
    with (
        ProcessPoolExecutor(2, get_context("forkserver")) as pool,
        ProcessPoolExecutor(1, get_context("forkserver")) as one,
    ):
        for executor in (one, pool):
            run(names[:100], work, executor)
        for _ in range(ROUNDS):
            for place, executor in enumerate((one, pool)):
                best[place] = min(best[place], run(names, work, executor))
        print(f"one process   {best[0] / count * 1000:7.3f} ms per document")
        print(f"two processes {best[1] / count * 1000:7.3f} ms per document   {best[0] / best[1]:5.2f} x")
        spent = time.process_time()
        run(names, work, pool)
        main_share = time.process_time() - spent
        spent = time.process_time()
        run(names, work, None)
        worker_share = time.process_time() - spent
        print(f"processor time per document: worker {worker_share / count * 1000:.3f} ms, ", end="")
        print(f"main process {main_share / count * 1000:.3f} ms")
        before = _peak()
        run(names * 8, work, pool)
        print(f"peak memory of the main process: {before} MiB after {count} files, {_peak()} MiB after {9 * count}")


def _work(world: World, folder: Path, at: datetime) -> Verification:
    certificates = folder / "certificates"
    certificates.mkdir(exist_ok=True)
    return Verification(world_on_disk(world, certificates), read, at)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def large(megabytes: int, folder: Path) -> None:
    """Measure one large document against xmlsec1."""
    # Made in another process: a child's peak memory is never told below that of the process that starts it.
    with ProcessPoolExecutor(1, get_context("forkserver")) as pool:
        at = pool.submit(_make_large, megabytes, folder).result()
    file, key = folder / "large.xml", folder / "signer.pem"
    ours = [sys.executable, "-m", "egov_sign_cli", "verify", str(file), "--trust", str(folder / "large/0.cer")]
    ours += ["--intermediate", str(folder / "large/1.cer"), "--at", at, "--known-at", at]
    ours += [word for crl in sorted(folder.glob("large/*.crl")) for word in ("--crl", str(crl))]
    commands = {"egov-sign": ours}
    if shutil.which("xmlsec1"):
        commands["xmlsec1"] = ["xmlsec1", "--verify", "--pubkey-cert-pem", str(key), str(file)]
    print(f"one document of {file.stat().st_size / 1024 / 1024:.0f} MiB")
    for name, command in commands.items():
        best, peak = min(_measured(command) for _ in range(ROUNDS))
        print(f"{name:<12} {best:6.2f} s   peak {peak} MiB")


def _make_large(megabytes: int, folder: Path) -> str:
    """Write a signed document and what it is judged by; return the time to judge it at."""
    world = World.build(kind="rsa")
    signer = world.signer("person")
    body = b"<document>" + LINE * (megabytes * 1024 * 1024 // len(LINE)) + b"</document>"
    (folder / "large.xml").write_bytes(sign_enveloped(body, signer))
    (folder / "signer.pem").write_text(ssl.DER_cert_to_PEM_cert(signer.certificate))
    (folder / "large").mkdir()
    world_on_disk(world, folder / "large")
    return world.at.isoformat()


def _measured(command: list[str]) -> tuple[float, int]:
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]}: exit code {process.returncode}")
    return time.perf_counter() - start, usage.ru_maxrss // 1024


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    megabytes = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    with tempfile.TemporaryDirectory() as folder:
        batch(count, Path(folder))
        large(megabytes, Path(folder))


if __name__ == "__main__":
    main()
