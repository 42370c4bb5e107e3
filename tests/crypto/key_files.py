"""Keys with their certificates for the tests of key files, and the pieces that files are made of."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial

from egov_sign.certs.issue import Authority, issue_certificate
from egov_sign.certs.issue_names import name
from egov_sign.crypto import der
from egov_sign.crypto.der_write import octet_string
from egov_sign.crypto.generate import KeyKind, generate_private_key
from egov_sign.crypto.keystore import KeyEntry

FAST = 100
"""Iterations in tests whose subject is something else."""


def saying(password: str | bytes) -> Callable[[], str | bytes]:
    return lambda: password


@cache
def chain_of(kind: KeyKind) -> tuple[KeyEntry, bytes]:
    """Return a key with its certificate and its issuer, and the certificate of the root."""
    issue = partial(
        issue_certificate, not_before=datetime(2024, 1, 1, tzinfo=UTC), not_after=datetime(2034, 1, 1, tzinfo=UTC)
    )
    root = Authority.of(name([("CN", "ROOT")]), generate_private_key(KeyKind.EC256, random.Random(1).randbytes))
    middle = Authority.of(name([("CN", "CA")]), generate_private_key(KeyKind.EC256, random.Random(2).randbytes))
    leaf = generate_private_key(kind, random.Random(3).randbytes)
    spki = leaf.public_key().spki
    root_certificate = issue(root, subject=root.name, spki=root.spki, serial=1)
    ca = issue(root, subject=middle.name, spki=middle.spki, serial=2)
    own = issue(middle, subject=name([("CN", "ТЕСТОВ ТЕСТ")]), spki=spki, serial=3)
    return KeyEntry("ключ", leaf, own, (ca, root_certificate)), root_certificate


def entry_of(kind: KeyKind = KeyKind.EC256) -> KeyEntry:
    return chain_of(kind)[0]


def pem(label: str, data: bytes) -> bytes:
    return f"-----BEGIN {label}-----\n".encode() + base64.encodebytes(data) + f"-----END {label}-----\n".encode()


def indefinite(value: bytes) -> bytes:
    """Return the DER ``value`` as BER: lengths that end with a mark, octet strings in pieces."""
    tag, start, stop = der.header(value, 0, len(value))
    content = value[start:stop]
    if tag & 0x20:
        reader, children = der.Reader(content), []
        while reader:
            children.append(indefinite(reader.element()))
        return bytes((tag, 0x80)) + b"".join(children) + b"\0\0"
    if tag == der.OCTET_STRING and len(content) > 40:
        return b"\x24\x80" + octet_string(content[:33]) + octet_string(content[33:]) + b"\0\0"
    return value
