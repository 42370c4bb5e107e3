"""An installation in a folder: ``site.toml`` says what its portal, gateway and workstations run on.

::

    store = "json:store"                        # where everything is kept
    profile = "astana"                          # the regulation that new requests follow
    trust = ["pki/trust"]                       # trust anchors: files or folders
    intermediates = ["pki/certificates"]        # certificates that help to build paths
    revocation = ["pki/crl"]                    # lists and OCSP responses at hand
    password_file = "pki/password"              # opens the keys below
    password_memory_kib = 65536                 # what one check of a user's password costs (Argon2id)
    portal_key = "pki/keys/portal.p12"          # signs the envelopes of the portal

    [desks]                                     # sign the envelopes of the providers, by provider code
    AST01 = "pki/keys/workstation.p12"

Paths are relative to the folder. Unknown settings are refused: a misspelt one must not be silently without effect.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path

from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore, load_certificates
from egov_sign.certs.validator import CertificateValidator
from egov_sign.clock import Clock, SystemClock
from egov_sign.crypto.keystore import open_keystore
from egov_sign.crypto.signer import Signer
from egov_sign.errors import ConfigurationError, EgovSignError
from egov_sign.flows.services import Services, Settings
from egov_sign.flows.store import open_store

FILE = "site.toml"


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """What ``site.toml`` says; see the module."""

    store: str
    portal_key: str
    trust: list[str]
    profile: str = "astana"
    intermediates: list[str] = field(default_factory=list)
    revocation: list[str] = field(default_factory=list)
    password_file: str = ""
    desks: dict[str, str] = field(default_factory=dict)
    password_memory_kib: int = 65536


def open_site(folder: Path, clock: Clock | None = None) -> Services:
    """Return what the installation in ``folder`` runs on.

    Args:
        folder: where ``site.toml`` lies.
        clock: tells the time; that of the machine by default.

    Raises:
        ConfigurationError: ``SITE_MISSING``, ``SITE_MALFORMED``; an error of the trust anchors or keys it names.
        StoreError: the store cannot be opened.
    """
    settings = read_settings(folder)
    sources = RevocationSources.from_paths(_existing(folder, settings.revocation))
    judge = CertificateValidator(
        TrustStore.from_paths(_existing(folder, settings.trust)),
        intermediates=load_certificates(_existing(folder, settings.intermediates)),
        revocation=Revocation(sources),
    )
    scheme, _, place = settings.store.partition(":")
    return Services(
        store=open_store(f"{scheme}:{folder / place}"),
        judge=judge,
        portal_signer=_signer(folder, settings, settings.portal_key),
        desk_signers={code: _signer(folder, settings, file) for code, file in settings.desks.items()},
        clock=clock or SystemClock(),
        settings=Settings(profile=settings.profile, password_memory_kib=settings.password_memory_kib),
    )


def read_settings(folder: Path) -> SiteSettings:
    """Return what ``site.toml`` in ``folder`` says.

    Raises:
        ConfigurationError: ``SITE_MISSING``, ``SITE_MALFORMED``.
    """
    file = folder / FILE
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            "SITE_MISSING",
            "there is no installation in this folder",
            where=str(folder),
            hint=f"make one for trying out: egov-sign site init {folder}",
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError("SITE_MALFORMED", f"the settings cannot be read: {error}", where=str(file)) from error
    known = {each.name for each in fields(SiteSettings)}
    unknown = sorted(set(table) - known)
    missing = sorted({"store", "portal_key", "trust"} - set(table))
    if unknown or missing:
        wrong = [f"unknown: {name}" for name in unknown] + [f"missing: {name}" for name in missing]
        raise ConfigurationError(
            "SITE_MALFORMED", ", ".join(wrong), where=str(file), hint="settings are: " + ", ".join(sorted(known))
        )
    return SiteSettings(**table)


def _existing(folder: Path, names: list[str]) -> list[Path]:
    paths = [folder / name for name in names]
    for path in paths:
        if not path.exists():
            raise ConfigurationError("SITE_MALFORMED", "the settings name a path that does not exist", where=str(path))
    return paths


def _signer(folder: Path, settings: SiteSettings, name: str) -> Signer:
    (file,) = _existing(folder, [name])

    def password() -> str:
        lines = (folder / settings.password_file).read_text(encoding="utf-8").splitlines()
        return lines[0] if lines else ""

    try:
        return open_keystore(file.read_bytes(), password if settings.password_file else None).entry().signer()
    except OSError as error:
        raise ConfigurationError("SITE_MALFORMED", f"cannot be read: {error}", where=str(file)) from error
    except EgovSignError as error:
        error.where = error.where or str(file)
        raise
