"""pyhanko-certvalidator on a case of the catalogue: ``python bench/peer_pyhanko.py CASE_FOLDER``."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from asn1crypto import crl, ocsp, pem, x509
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathBuildingError, ValidationError

load_certificate: Any = x509.Certificate.load
load_crl: Any = crl.CertificateList.load
load_response: Any = ocsp.OCSPResponse.load
unarmor: Any = pem.unarmor


def bundle(file: Path) -> Iterator[Any]:
    """Yield the certificates of a PEM file, which may be empty."""
    content = file.read_bytes()
    if content:
        for _, _, der in unarmor(content, multiple=True):
            yield load_certificate(der)


def main(folder: Path) -> int:
    """Return 0 if the leaf is accepted for signing."""
    at = datetime.fromisoformat(json.loads((folder / "case.json").read_text("utf-8"))["verify_at"])
    context = ValidationContext(
        trust_roots=list(bundle(folder / "anchors.pem")),
        other_certs=list(bundle(folder / "intermediates.pem")),
        crls=[load_crl(file.read_bytes()) for file in sorted(folder.glob("crl-*.crl"))],
        ocsps=[load_response(file.read_bytes()) for file in sorted(folder.glob("ocsp-*.ors"))],
        moment=at,
        allow_fetching=False,
        revocation_mode="require",
    )
    leaf = load_certificate((folder / "leaf.cer").read_bytes())
    validator: Any = CertificateValidator(leaf, validation_context=context)
    try:
        asyncio.run(validator.async_validate_usage({"non_repudiation"}))
    except (ValidationError, PathBuildingError) as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
