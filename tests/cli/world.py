"""A small PKI on disk for tests of the command line."""

from __future__ import annotations

from pathlib import Path

from egov_sign.docs.xmlsign import sign_enveloped
from egov_sign_pki import World

AT = "2024-03-01T12:00:00Z"
REQUEST = '<request Id="r"><iin>850412110000</iin><text>Вызов врача на дом</text></request>'.encode()
IIN = "850412110000"


class WorldOnDisk:
    """A world, and the files that the options of the command line take.

    Args:
        folder: where the files go.
        kind: kind of the world's keys.
    """

    def __init__(self, folder: Path, kind: str) -> None:
        self.world = World.build(kind=kind)
        self.folder = folder
        self.trust = self._write("root.der", *self.world.anchors)
        self.intermediate = self._write("issuer.der", *self.world.intermediates)
        for authority in self.world.authorities:
            self._write(f"{authority}.crl", self.world.crl(authority))
            delta = self.world.delta_crl(authority)
            if delta is not None:
                self._write(f"{authority}-delta.crl", delta)

    def _write(self, name: str, *contents: bytes) -> Path:
        (self.folder / name).write_bytes(contents[0])
        return self.folder / name

    def options(self, *, at: str = AT) -> list[object]:
        """Return options by which everything in this world can be judged."""
        crls = [part for file in sorted(self.folder.glob("*.crl")) for part in ("--crl", file)]
        return ["--trust", self.trust, "--intermediate", self.intermediate, *crls, "--at", at, "--known-at", AT]

    def signed(self, *labels: str, document: bytes = REQUEST, name: str = "signed.xml") -> Path:
        """Return a file with ``document`` signed by each of ``labels`` in turn."""
        for label in labels:
            document = sign_enveloped(document, self.world.signer(label))
        return self._write(name, document)
