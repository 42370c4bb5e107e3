"""Issuers' certificates from the addresses that certificates name (authorityInfoAccess, RFC 5280, 4.2.2.1)."""

from __future__ import annotations

from egov_sign.certs.certificate import Certificate
from egov_sign.errors import FetchError, InputError
from egov_sign.fetch import Fetcher, FetchRequest
from egov_sign.limits import Limits


class IssuerFetch:
    """Fetches for one search: each address once, and no more of them than the limits allow.

    Args:
        fetcher: fetches.
        limits: ``fetches``, and the bounds on certificates.

    Attributes:
        failures: why nothing came from an address; that one works offline is no failure.
    """

    def __init__(self, fetcher: Fetcher, limits: Limits) -> None:
        self._fetcher = fetcher
        self._limits = limits
        self._asked: set[str] = set()
        self.failures: dict[str, str] = {}

    def __call__(self, certificate: Certificate) -> list[Certificate]:
        """Return what comes from the addresses in ``certificate`` that were not asked before."""
        found: list[Certificate] = []
        try:
            urls = certificate.ca_issuer_urls
        except InputError:
            return found  # reported with the form of the certificate
        for url in urls:
            if url not in self._asked and len(self._asked) < self._limits.fetches:
                self._asked.add(url)
                found += self._fetched(url)
        return found

    def _fetched(self, url: str) -> list[Certificate]:
        request = FetchRequest(url, "certificate", self._limits.certificate_bytes)
        try:
            return Certificate.load_all(self._fetcher.fetch(request), self._limits)
        except (FetchError, InputError) as error:
            if error.code != "FETCH_OFFLINE":
                self.failures[url] = error.message
            return []
