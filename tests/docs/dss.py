"""DSS, the European Commission's library for these signatures, as a judge of ours; from Maven Central."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from egov_sign.clock import format_time
from egov_sign_pki import World

PROGRAM = Path(__file__).with_name("DssCheck.java")


def opinions(world: World, documents: Mapping[str, bytes], folder: Path) -> dict[str, list[str]]:
    """Return what DSS says of the signatures of each of ``documents``: indication and level. Skips where it is not.

    ``EGOV_SIGN_DSS`` names the class path of dss-xades, dss-cades, dss-pades-pdfbox, dss-validation,
    dss-policy-jaxb, dss-utils-apache-commons and dss-crl-parser-stream of ``eu.europa.ec.joinup.sd-dss``, 6.2.
    """
    path = os.environ.get("EGOV_SIGN_DSS", "")
    if not path or not shutil.which("java"):
        pytest.skip("needs DSS: EGOV_SIGN_DSS=class path of eu.europa.ec.joinup.sd-dss:dss-validation and its formats")
    for kind, encoded in (("anchor", world.anchors), ("intermediate", world.intermediates)):
        for number, certificate in enumerate(encoded):
            (folder / f"{number}.{kind}").write_bytes(certificate)
    for label in world.authorities:
        (folder / f"{label}.crl").write_bytes(world.crl(label))
    found = {}
    for name, document in documents.items():
        (folder / name).write_bytes(document)
        command = ["java", "-cp", path, str(PROGRAM), str(folder), format_time(world.at), str(folder / name)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=180)
        found[name] = done.stdout.split("\n")[:-1]
    return found
