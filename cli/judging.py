"""The validator that the evidence options describe."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from egov_sign.certs.path_rules import ValidationPolicy
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore, load_certificates
from egov_sign.certs.validator import CertificateValidator
from egov_sign.fetch import Fetcher, OfflineFetcher

TRUST_FOLDER = Path(click.get_app_dir("egov-sign", force_posix=False)) / "trust"


def make_validator(
    trust: Sequence[Path],
    intermediates: Sequence[Path],
    crls: Sequence[Path],
    responses: Sequence[Path],
    *,
    known_at: datetime,
    online: bool = False,
    check_revocation: bool = True,
    allowed_networks: Sequence[str] = (),
) -> CertificateValidator:
    """Return a certificate validator over what the user named.

    Args:
        trust: files and folders of trust anchors.
        intermediates: files and folders of certificates that help to build paths.
        crls: files and folders of revocation lists.
        responses: files and folders of OCSP responses.
        known_at: revocation information issued until this time may be used, also for judging an earlier time.
        online: fetch what is missing.
        check_revocation: ask whether certificates were revoked.
        allowed_networks: networks that are not public and may be reached all the same.

    Where no trust anchor is named, those imported into the user's trust folder serve; where there are none, nothing is
    trusted, and every verdict says so.

    Raises:
        ConfigurationError: a file of anchors or intermediates cannot be read.
        InputError: a named list or response cannot be read.
    """
    fetcher: Fetcher = OfflineFetcher()
    if online:
        from egov_sign.certs.http import HttpFetcher  # importing it takes as long as an offline verdict

        fetcher = HttpFetcher(allowed_networks=allowed_networks)
    sources = RevocationSources.from_paths([*crls, *responses], fetcher=fetcher)
    return CertificateValidator(
        _trust_store(trust),
        intermediates=load_certificates(intermediates),
        revocation=Revocation(sources, known_at=known_at),
        policy=ValidationPolicy(check_revocation=check_revocation),
        fetcher=fetcher,
    )


def _trust_store(named: Sequence[Path]) -> TrustStore:
    if named:
        return TrustStore.from_paths(named)
    imported = [folder for folder in sorted(TRUST_FOLDER.glob("*")) if folder.is_dir()]
    return TrustStore(load_certificates(imported))
