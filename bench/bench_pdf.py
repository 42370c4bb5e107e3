"""What a document that a person holds costs: ``python -m bench.bench_pdf``.

Rendering and signing a result, with the share of each, for every kind of key; then the verification of a PAdES-B-LT
file by ``egov-sign verify`` beside pyHanko's own command (``pip install pyhanko-cli``), start-up included, run in turn.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import typst
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from egov_sign.clock import format_time
from egov_sign.crypto.signer import Signer
from egov_sign.docs.pdf_extend import extend_pdf
from egov_sign.docs.pdf_render import PdfRenderer
from egov_sign.docs.pdf_sign import sign_pdf
from tests.docs.cms_world import AT
from tests.docs.pdf_samples import result_xml
from tests.docs.pdf_world import authority, judge, pdf_world, person

DOCUMENTS, RUNS = 100, 11


def milliseconds(work: Callable[[], object]) -> float:
    """Return the processor time of ``work`` in milliseconds."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def wall(command: list[str]) -> float:
    """Return the wall time of ``command`` in milliseconds."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return (time.perf_counter() - start) * 1000


def issue() -> None:
    """Render and sign a batch."""
    renderer = PdfRenderer()
    xml = [result_xml("call", f"AST01-CALL-2024-{number:06d}") for number in range(DOCUMENTS)]
    first = milliseconds(lambda: renderer.render(xml[0]))
    rendered: list[bytes] = []
    render = milliseconds(lambda: rendered.extend(renderer.render_all(xml))) / DOCUMENTS
    print(f"render the first document {first:6.1f} ms, each of {DOCUMENTS} {render:6.1f} ms")
    for kind in ("rsa", "ec", "gost"):
        signer = person(pdf_world(kind))
        sign_pdf(rendered[0], signer, signing_time=AT)
        signing = milliseconds(lambda: sign_all(signer, rendered[:20])) / 20  # noqa: B023 - called at once
        share = signing / (render + signing)
        print(f"{kind:<5} render {render:6.1f} ms + sign {signing:6.1f} ms (signing: {share:.0%})")


def sign_all(signer: Signer, documents: list[bytes]) -> None:
    """Sign each of ``documents``."""
    for pdf in documents:
        sign_pdf(pdf, signer, signing_time=AT)


def verify(folder: Path) -> None:
    """Verify a long-term signature with either command."""
    world = pdf_world("rsa")
    made = AT - timedelta(hours=14)
    letter = typst.Compiler(b"= A letter", ignore_system_fonts=True).compile(format="pdf", timestamp=0)
    assert isinstance(letter, bytes)
    stamped = sign_pdf(letter, person(world), signing_time=made, timestamps=authority(world, made))
    _, extended = extend_pdf(stamped, judge(world), AT)
    assert extended is not None
    file, root = folder / "long.pdf", folder / "root.pem"
    file.write_bytes(extended)
    root.write_bytes(x509.load_der_x509_certificate(world.anchors[0]).public_bytes(Encoding.PEM))
    program = Path(sys.executable).with_name("egov-sign")
    at = format_time(AT)
    ours = [str(program), "verify", str(file), "--trust", str(root), "--at", at, "--known-at", at, "--quiet"]
    peer = Path(sys.executable).with_name("pyhanko")
    if not peer.exists() and not shutil.which("pyhanko"):
        print(f"verify B-LT: egov-sign {statistics.median(wall(ours) for _ in range(RUNS)):6.0f} ms; no pyhanko-cli")
        return
    # It does not take the issuers from the document's store, nor the lists: it is given the one and spared the other.
    issuer = folder / "issuer.pem"
    issuer.write_bytes(x509.load_der_x509_certificate(world.intermediates[0]).public_bytes(Encoding.PEM))
    theirs = [str(peer), "sign", "validate", "--trust", str(root), "--trust-replace", "--other-certs", str(issuer)]
    theirs += ["--validation-time", at, "--no-revocation-check", str(file)]
    pairs = [(wall(ours), wall(theirs)) for _ in range(RUNS)]
    mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"verify B-LT with start-up: egov-sign {mine:6.0f} ms, pyhanko {other:6.0f} ms, ratio {mine / other:.2f}")


def main() -> None:
    """Measure and print."""
    issue()
    with tempfile.TemporaryDirectory() as folder:
        verify(Path(folder))


if __name__ == "__main__":
    main()
