"""GOST signatures and digests beside ``gostcrypto`` (pure Python): ``python -m bench.bench_gost``.

The peer is installed by hand (``pip install gostcrypto``); without it only our own times are shown. Signatures are
checked with a key object used for the first time, as for a document's signer, and with one used many times, as for an
issuer. Aims: GOST 2015-512 verification at most 4 ms and at least 50 times as fast as the peer; Streebog at least 4
times as fast.
"""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable
from types import ModuleType

from bench.timing import best
from egov_sign.crypto import algorithms, digests, keys
from egov_sign.crypto.generate import KeyKind, generate_private_key

MESSAGE = b"egov-sign"
BYTES = 256 * 1024
PEER_BYTES = 16 * 1024


def side_by_side(ours: Callable[[], object], theirs: Callable[[], object], repeat: int) -> tuple[float, float]:
    """Return the least times of ``ours`` and ``theirs`` in seconds, run in turn so that both meet the same machine."""
    pairs = [(best(ours, 1, 1), best(theirs, 1, 1)) for _ in range(repeat)]
    return min(our for our, _ in pairs), min(their for _, their in pairs)


def peer() -> ModuleType | None:
    """Return the module ``gostcrypto``, ``None`` if it is not installed."""
    try:
        return importlib.import_module("gostcrypto")
    except ImportError:
        return None


def signatures(gostcrypto: ModuleType | None) -> None:
    """Measure verification and signing with GOST 2015-512."""
    key = generate_private_key(KeyKind.GOST512, random.Random(1).randbytes)
    algorithm = algorithms.by_name("gost2015-512")
    spki = key.public_key().spki
    signature = key.sign(MESSAGE, algorithm)
    known = keys.load_public_key(spki)
    for _ in range(20):
        assert known.verify(signature, MESSAGE, algorithm)
    loading = best(lambda: keys.load_public_key(spki), 100)
    first = best(lambda: keys.load_public_key(spki).verify(signature, MESSAGE, algorithm), 20)
    often = best(lambda: known.verify(signature, MESSAGE, algorithm), 50)
    signing = best(lambda: key.sign(MESSAGE, algorithm), 20)
    print(f"GOST 2015-512 key load   {1000 * loading:8.3f} ms")
    print(f"GOST 2015-512 sign       {1000 * signing:8.3f} ms")
    print(f"GOST 2015-512 verify     {1000 * first:8.3f} ms   a key seen for the first time, its loading included")
    print(f"GOST 2015-512 verify     {1000 * often:8.3f} ms   a key in use")
    if gostcrypto is None:
        return
    module = gostcrypto.gostsignature
    curve = module.CURVES_R_1323565_1_024_2019["id-tc26-gost-3410-12-512-paramSetA"]
    verifier = module.new(module.MODE_512, curve)
    point = spki[-128:]
    arguments = (
        bytearray(point[63::-1] + point[:63:-1]),
        bytearray(digests.digest("streebog512", MESSAGE)[::-1]),
        bytearray(signature[63::-1] + signature[:63:-1]),
    )
    assert verifier.verify(*arguments)
    first, other = side_by_side(
        lambda: keys.load_public_key(spki).verify(signature, MESSAGE, algorithm),
        lambda: verifier.verify(*arguments),
        repeat=7,
    )
    print(f"gostcrypto verify        {1000 * other:8.3f} ms   ours: {other / first:.0f} times as fast")


def streebog(gostcrypto: ModuleType | None) -> None:
    """Measure the throughput of Streebog-512 and GOST R 34.11-94."""
    data = random.Random(1).randbytes(BYTES)
    digests.digest("streebog512", data)
    ours = BYTES / best(lambda: digests.digest("streebog512", data), 1)
    print(f"Streebog-512             {ours / 1e6:8.3f} MB/s")
    old = BYTES / best(lambda: digests.digest("gost94", data), 1)
    print(f"GOST R 34.11-94          {old / 1e6:8.3f} MB/s")
    if gostcrypto is None:
        return
    part = bytearray(data[:PEER_BYTES])
    assert gostcrypto.gosthash.new("streebog512", data=part).digest() == digests.digest("streebog512", bytes(part))
    ours, other = side_by_side(
        lambda: digests.digest("streebog512", bytes(part)),
        lambda: gostcrypto.gosthash.new("streebog512", data=part).digest(),
        repeat=15,
    )
    print(f"gostcrypto Streebog-512  {PEER_BYTES / other / 1e6:8.3f} MB/s ours: {other / ours:.1f} times as fast")


def main() -> None:
    """Measure and print."""
    gostcrypto = peer()
    if gostcrypto is None:
        print("gostcrypto is not installed (pip install gostcrypto): nothing to compare with")
    signatures(gostcrypto)
    streebog(gostcrypto)


if __name__ == "__main__":
    main()
