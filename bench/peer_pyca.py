"""``cryptography``'s path verifier on a case of the catalogue: ``python bench/peer_pyca.py CASE_FOLDER``.

It knows no revocation. Its rules for end entities are those of web servers and clients, which no certificate of a
person meets, so all extensions of end entities are permitted; the rules for authorities are its own.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store, VerificationError


def main(folder: Path) -> int:
    """Return 0 if the leaf is accepted."""
    at = datetime.fromisoformat(json.loads((folder / "case.json").read_text("utf-8"))["verify_at"])
    store = Store(x509.load_pem_x509_certificates((folder / "anchors.pem").read_bytes()))
    bundle = (folder / "intermediates.pem").read_bytes()
    intermediates = x509.load_pem_x509_certificates(bundle) if bundle else []
    builder = PolicyBuilder().store(store).time(at)
    authorities, holders = ExtensionPolicy.webpki_defaults_ca(), ExtensionPolicy.permit_all()
    verifier = builder.extension_policies(ca_policy=authorities, ee_policy=holders).build_client_verifier()
    leaf = x509.load_der_x509_certificate((folder / "leaf.cer").read_bytes())
    try:
        verifier.verify(leaf, intermediates)
    except VerificationError as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
