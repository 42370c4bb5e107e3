"""Fuzz the readers of key files, AlgorithmIdentifiers and GOST keys with atheris.

How to run it: :mod:`tests.fuzz.common`.

Anything but :class:`egov_sign.errors.EgovSignError` is a finding, and so is a key that does not survive being written
and read again.
"""

from __future__ import annotations

import base64
import random
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from egov_sign.certs.issue import Authority, issue_certificate
from egov_sign.certs.issue_names import name
from egov_sign.crypto import algorithms, keys, pbe
from egov_sign.crypto.der_write import integer, octet_string, oid, sequence, tagged
from egov_sign.crypto.generate import KeyKind, generate_private_key
from egov_sign.crypto.keys import PrivateKey
from egov_sign.crypto.keystore import KeyEntry, open_keystore, write_pkcs12
from egov_sign.errors import EgovSignError
from egov_sign.limits import DEFAULT_LIMITS
from tests.fuzz.common import run

LIMITS = replace(DEFAULT_LIMITS, keystore_iterations=2_000)
PASSWORD = "p"
_DATA = oid("1.2.840.113549.1.7.1")
_KEY_BAG = oid("1.2.840.113549.1.12.10.1.1")
_CERT_BAG = oid("1.2.840.113549.1.12.10.1.3")


def seeds() -> list[bytes]:
    """Return files that open, of every kind that the reader knows."""
    found = []
    for number, kind in enumerate((KeyKind.EC256, KeyKind.GOST512, KeyKind.GOST256, KeyKind.GOST2004)):
        draw = random.Random(number).randbytes
        key = generate_private_key(kind, draw)
        entry = KeyEntry("a", key)
        found += [write_pkcs12(entry, PASSWORD, legacy=legacy, iterations=5, random=draw) for legacy in (False, True)]
        identifier, encrypted = pbe.encrypt("aes256", key.pkcs8(), pbe.secrets(PASSWORD)[0], 5, draw)
        own = certificate(key)
        bags = sequence(
            sequence(_KEY_BAG, tagged(0, key.pkcs8())),
            sequence(_CERT_BAG, tagged(0, sequence(oid("1.2.840.113549.1.9.22.1"), tagged(0, octet_string(own))))),
        )
        content = sequence(sequence(_DATA, tagged(0, octet_string(bags))))
        found += [
            key.pkcs8(),
            key.public_key().spki,
            sequence(identifier, octet_string(encrypted)),
            pem(b"CERTIFICATE", own) + pem(b"PRIVATE KEY", key.pkcs8()),
            sequence(integer(3), sequence(_DATA, tagged(0, octet_string(content)))),
        ]
    return found + [algorithms.to_identifier(algorithm) for algorithm in algorithms.ALGORITHMS]


def certificate(key: PrivateKey) -> bytes:
    """Return a self-signed certificate of ``key``."""
    holder = Authority.of(name([("CN", "A")]), key)
    year = [datetime(2020 + number, 1, 1, tzinfo=UTC) for number in range(2)]
    return issue_certificate(
        holder, subject=holder.name, spki=holder.spki, serial=1, not_before=year[0], not_after=year[1]
    )


def pem(label: bytes, data: bytes) -> bytes:
    """Return ``data`` in PEM."""
    return b"-----BEGIN %b-----\n%b-----END %b-----\n" % (label, base64.encodebytes(data), label)


def one_input(data: bytes) -> None:
    """Read ``data`` in every way; raise if a reader fails otherwise than it says."""
    for read in (algorithms.from_identifier, keys.load_public_key):
        with suppress(EgovSignError):
            read(data)
    try:
        store = open_keystore(data, lambda: PASSWORD, limits=LIMITS)
    except EgovSignError:
        return
    for entry in store.entries:
        with suppress(EgovSignError):
            entry.signer().sign(b"")
        again = keys.load_private_key(entry.key.pkcs8())
        assert again.public_key().spki == entry.key.public_key().spki


if __name__ == "__main__":
    run(seeds, one_input)
