"""DSS, the European Commission's library for these signatures, as a judge and as a maker; from Maven Central."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from egov_sign.clock import format_time
from egov_sign.crypto.keystore import KeyEntry, write_pkcs12
from egov_sign_pki import World

FOLDER = Path(__file__).parent


def opinions(world: World, documents: Mapping[str, bytes], folder: Path) -> dict[str, list[str]]:
    """Return what DSS says of the signatures of each of ``documents``: indication and level. Skips where it is not."""
    _prepare(world, folder)
    found = {}
    for name, document in documents.items():
        (folder / name).write_bytes(document)
        found[name] = _run("check", folder, format_time(world.at), folder / name).split("\n")[:-1]
    return found


def made(world: World, pdf: bytes, folder: Path) -> dict[str, bytes]:
    """Return documents signed by DSS with the keys of ``world``, by format and level; skips where it is not."""
    _prepare(world, folder)
    for label in ("person", "tsa"):
        signer = world.signer(label)
        entry = KeyEntry("key", signer.key, signer.certificate, tuple(signer.chain))
        (folder / f"{label}.p12").write_bytes(write_pkcs12(entry, "secret"))
    (folder / "plain.pdf").write_bytes(pdf)
    _run("make", folder, format_time(world.at))
    return {file.name: file.read_bytes() for file in sorted(folder.glob("?AdES-*"))}


def _prepare(world: World, folder: Path) -> None:
    """Write the anchors, intermediates and lists of ``world``."""
    for kind, encoded in (("anchor", world.anchors), ("intermediate", world.intermediates)):
        for number, certificate in enumerate(encoded):
            (folder / f"{number}.{kind}").write_bytes(certificate)
    for label in world.authorities:
        (folder / f"{label}.crl").write_bytes(world.crl(label))


def _run(*arguments: object) -> str:
    """Run Dss.java and return what it prints.

    ``EGOV_SIGN_DSS`` names the class path of dss-xades, dss-cades, dss-pades-pdfbox, dss-validation, dss-policy-jaxb,
    dss-token, dss-utils-apache-commons and dss-crl-parser-stream of ``eu.europa.ec.joinup.sd-dss``, 6.2.
    """
    path = os.environ.get("EGOV_SIGN_DSS", "")
    if not path or not shutil.which("java"):
        pytest.skip("needs DSS: EGOV_SIGN_DSS=class path of eu.europa.ec.joinup.sd-dss:dss-validation and its formats")
    command = ["java", "-cp", path, str(FOLDER / "Dss.java"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout
