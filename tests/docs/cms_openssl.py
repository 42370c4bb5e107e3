"""OpenSSL's opinion on CMS messages, and messages it made."""

from __future__ import annotations

import subprocess
from pathlib import Path

from egov_sign.docs.cms import SignedData
from tests.docs.cms_world import CONTENT, world


def openssl(*arguments: object, check: bool = True) -> int:
    """Run OpenSSL and return its exit code; unless ``check`` is off, that must be 0."""
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=False)
    assert not check or done.returncode == 0, done.stderr.decode()
    return done.returncode


def openssl_verifies(encoded: bytes, content: bytes, folder: Path) -> bool:
    """Ask OpenSSL about every signature in the message; trust and time are not asked about."""
    (folder / "message").write_bytes(encoded)
    (folder / "content").write_bytes(content)
    detached = ("-content", folder / "content") if SignedData.load(encoded).content is None else ()
    arguments = ("-inform", "DER", "-in", folder / "message", "-binary", "-noverify", "-out", folder / "out", *detached)
    return openssl("cms", "-verify", *arguments, check=False) == 0


def openssl_signs(folder: Path, kind: str, algorithm: str, *options: str) -> bytes:
    """Let OpenSSL sign the content with our person's key."""
    (folder / "content").write_bytes(CONTENT)
    (folder / "key.der").write_bytes(world(kind).key("person").pkcs8())
    openssl("pkey", "-inform", "DER", "-in", folder / "key.der", "-out", folder / "key.pem")
    (folder / "certificate.der").write_bytes(world(kind).certificate("person"))
    openssl("x509", "-inform", "DER", "-in", folder / "certificate.der", "-out", folder / "certificate.pem")
    chosen: list[object] = []
    if algorithm.startswith(("rsa", "ecdsa")):
        chosen += ["-md", algorithm.rpartition("-")[2]]
    if algorithm.startswith("rsa-pss"):
        chosen += ["-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:digest"]
    signer_options = ("-signer", folder / "certificate.pem", "-inkey", folder / "key.pem", *chosen)
    files = ("-binary", "-in", folder / "content", "-outform", "DER", "-out", folder / "made")
    openssl("cms", "-sign", *signer_options, *files, *options)
    return (folder / "made").read_bytes()
