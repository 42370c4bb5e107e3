"""Trust stores: the authorities a caller relies on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.name import Name
from egov_sign.errors import ConfigurationError, InputError
from egov_sign.limits import DEFAULT_LIMITS, Limits

SUFFIXES = frozenset({".cer", ".crt", ".der", ".pem"})
"""What certificate files in a folder end with; other files there are left alone."""


class TrustStore:
    """Trust anchors, told apart by their whole name and their key.

    A common name alone never identifies an authority: the country's roots of 2015 and of 2020 share theirs.

    Args:
        anchors: their certificates, usually self-signed.
    """

    def __init__(self, anchors: Iterable[Certificate] = ()) -> None:
        self._by_subject: dict[Name, list[Certificate]] = {}
        for anchor in anchors:
            self.add(anchor)

    def add(self, anchor: Certificate) -> None:
        """Rely on ``anchor`` from now on; one with the same name and key is there only once."""
        same_name = self._by_subject.setdefault(anchor.subject, [])
        if all(anchor.spki != known.spki or anchor.der == known.der for known in same_name):
            same_name[:] = [known for known in same_name if known.der != anchor.der] + [anchor]

    def find(self, subject: Name) -> Sequence[Certificate]:
        """Return the anchors whose whole name is ``subject``."""
        return self._by_subject.get(subject, ())

    def anchor_of(self, certificate: Certificate) -> Certificate | None:
        """Return the anchor with the whole name and the key of ``certificate``, if there is one."""
        return next((anchor for anchor in self.find(certificate.subject) if anchor.spki == certificate.spki), None)

    def __iter__(self) -> Iterator[Certificate]:
        for anchors in self._by_subject.values():
            yield from anchors

    def __len__(self) -> int:
        return sum(map(len, self._by_subject.values()))

    @classmethod
    def from_paths(cls, paths: Iterable[Path], limits: Limits = DEFAULT_LIMITS) -> TrustStore:
        """Read anchors from certificate files and from folders of them.

        Raises:
            ConfigurationError: ``TRUST_UNREADABLE`` if a file is missing or holds no certificate, ``TRUST_EMPTY`` if
                there is not a single one.
        """
        store = cls(load_certificates(paths, limits))
        if not store:
            raise ConfigurationError("TRUST_EMPTY", "no trust anchor in the given places")
        return store

    @classmethod
    def profile(cls, root: Path, name: str, limits: Limits = DEFAULT_LIMITS) -> TrustStore:
        """Read the profile called ``name``: the folder of that name under ``root``.

        Raises:
            ConfigurationError: ``TRUST_PROFILE_UNKNOWN``, ``TRUST_UNREADABLE`` or ``TRUST_EMPTY``.
        """
        known = profiles(root)
        if name not in known:
            hint = f"one of {', '.join(known)}" if known else "import a certificate first: egov-sign trust import"
            raise ConfigurationError("TRUST_PROFILE_UNKNOWN", f"no trust profile {name!r}", where=str(root), hint=hint)
        return cls.from_paths([root / name], limits)


def profiles(root: Path) -> list[str]:
    """Return the names of the trust profiles under the folder ``root``, which need not exist."""
    return sorted(entry.name for entry in root.iterdir() if entry.is_dir()) if root.is_dir() else []


def load_certificates(paths: Iterable[Path], limits: Limits = DEFAULT_LIMITS) -> list[Certificate]:
    """Read the certificates in files, and in the files of folders that end in one of :data:`SUFFIXES`.

    Raises:
        ConfigurationError: ``TRUST_UNREADABLE``.
    """
    found: list[Certificate] = []
    for path in paths:
        files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES) if path.is_dir() else [path]
        for file in files:
            try:
                found += Certificate.load_all(file.read_bytes(), limits)
            except (InputError, OSError) as error:
                raise ConfigurationError(
                    "TRUST_UNREADABLE", f"no certificate can be read there: {error}", where=str(file)
                ) from error
    return found
