"""Where revocation lists and responses come from: given, embedded, cached, fetched.

What is at hand is found by issuer (lists) and by serial number (responses) without touching a file or the network.
What was fetched is offered once and becomes part of what is at hand, in memory and on disk, only when
:meth:`RevocationSources.keep` is told that it proved good: an empty, invalid or unrelated answer is never cached.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias, TypeVar

from egov_sign.certs.cache import DiskCache
from egov_sign.certs.crl import Crl
from egov_sign.certs.crl_check import HeldCrl
from egov_sign.certs.evidence import Evidence
from egov_sign.certs.name import Name
from egov_sign.certs.ocsp import CertId, OcspResponse, build_request
from egov_sign.certs.ocsp_check import HeldResponse
from egov_sign.errors import EgovSignError, FetchError, InputError, LimitError
from egov_sign.fetch import Fetcher, FetchRequest, OfflineFetcher
from egov_sign.limits import DEFAULT_LIMITS, Limits

Held: TypeAlias = "HeldCrl | HeldResponse"
_Held = TypeVar("_Held", HeldCrl, HeldResponse)

_SUFFIXES = frozenset({".crl", ".pem", ".der", ".ors", ".ocsp", ".bin"})
_REMEMBERED_RESPONSES = 4096
_RETRY_SECONDS = 60.0
"""An address that was asked is not asked again before this time is over."""


class RevocationSources:
    """Lists and responses for :class:`egov_sign.certs.revocation.Revocation`.

    Args:
        crls: lists, DER or PEM.
        responses: OCSP responses, DER.
        cache: keeps what was fetched.
        fetcher: fetches what is not at hand; offline by default.
        limits: bounds on sizes.
        nonce: makes the nonce of an OCSP request; ``None`` sends none.

    Raises:
        InputError: for a list or response that cannot be read.
    """

    def __init__(
        self,
        *,
        crls: Iterable[bytes] = (),
        responses: Iterable[bytes] = (),
        cache: DiskCache | None = None,
        fetcher: Fetcher | None = None,
        limits: Limits = DEFAULT_LIMITS,
        nonce: Callable[[], bytes] | None = lambda: os.urandom(16),
    ) -> None:
        self.limits = limits
        self.unreadable: list[tuple[str, EgovSignError]] = []
        self._cache = cache
        self._changes = 0
        self._fetcher = fetcher or OfflineFetcher()
        self._nonce = nonce
        self._parent: RevocationSources | None = None
        self._crls: dict[Name, list[HeldCrl]] = {}
        self._responses: dict[int, list[HeldResponse]] = {}
        self._unsigned: list[HeldResponse] = []
        self._kept_responses: dict[str, HeldResponse] = {}
        self._recalled: set[str] = set()
        self._recent: dict[str, tuple[float, Held | EgovSignError]] = {}
        for data in crls:
            self.add_crl(data)
        for data in responses:
            self.add_response(data)

    @classmethod
    def from_paths(
        cls,
        paths: Iterable[Path],
        *,
        cache: DiskCache | None = None,
        fetcher: Fetcher | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> RevocationSources:
        """Return sources with the lists and responses in files and folders (not their subfolders).

        In a folder, files are taken by their suffix and those that are neither are left; a file named must be either.

        Raises:
            InputError: a file named is neither a list nor a response.
            OSError: a file cannot be opened.
        """
        sources = cls(cache=cache, fetcher=fetcher, limits=limits)
        for path in paths:
            if path.is_dir():
                for file in sorted(path.iterdir()):
                    if file.suffix.lower() in _SUFFIXES and file.is_file():
                        sources.offer(file.read_bytes(), str(file))
            else:
                sources.add(path.read_bytes(), str(path))
        return sources

    @classmethod
    def of_evidence(cls, evidence: Iterable[Evidence], limits: Limits = DEFAULT_LIMITS) -> RevocationSources:
        """Return offline sources of stored evidence, to judge again what was judged then."""
        sources = cls(limits=limits)
        for found in evidence:
            (sources.add_crl if found.kind == "crl" else sources.add_response)(found.data, found.source)
        return sources

    def with_embedded(self, values: Iterable[bytes], source: str = "embedded") -> RevocationSources:
        """Return sources with the lists and responses that came with a document besides these.

        What cannot be read, and what is beyond ``limits.embedded_statuses``, is left out and named in ``unreadable``.
        The cache, the fetcher and what they bring are shared; the embedded ones are not.
        """
        extended = RevocationSources(cache=self._cache, fetcher=self._fetcher, limits=self.limits, nonce=self._nonce)
        extended._parent = self
        for number, data in enumerate(values):
            if number >= self.limits.embedded_statuses:
                limit = self.limits.embedded_statuses
                extended.unreadable.append(
                    (source, LimitError("STATUS_TOO_MANY", f"more than {limit}; the rest is left"))
                )
                break
            extended.offer(data, source)
        return extended

    # What is at hand

    def add(self, data: bytes, source: str = "given") -> None:
        """Add a list or a response, whichever ``data`` is.

        Raises:
            InputError: ``STATUS_UNREADABLE``; it is neither.
        """
        try:
            self.add_crl(data, source)
        except InputError as not_a_list:
            try:
                self.add_response(data, source)
            except InputError as not_a_response:
                raise InputError(
                    "STATUS_UNREADABLE", f"{not_a_list.message}; {not_a_response.message}", where=source
                ) from not_a_response

    def offer(self, data: bytes, source: str) -> None:
        """Add a list or a response; one that cannot be read is named in ``unreadable``."""
        try:
            self.add(data, source)
        except InputError as error:
            self.unreadable.append((source, error))

    def add_crl(self, data: bytes, source: str = "given") -> None:
        """Add a list, DER or PEM.

        Raises:
            InputError: ``CRL_MALFORMED``, ``CRL_TOO_LARGE``.
        """
        self._hold_crl(HeldCrl(Crl.load(data, self.limits), source))

    def add_response(self, data: bytes, source: str = "given") -> None:
        """Add a response, DER.

        Raises:
            InputError: ``OCSP_MALFORMED``, ``OCSP_TOO_LARGE``, ``OCSP_TYPE``.
        """
        self._hold_response(HeldResponse(OcspResponse.load(data, self.limits), source))

    def _hold_crl(self, held: HeldCrl) -> None:
        self._crls.setdefault(held.crl.issuer, []).append(held)
        self._changes += 1

    def _hold_response(self, held: HeldResponse) -> None:
        self._changes += 1
        if not held.response.is_successful:
            self._unsigned.append(held)
        for serial in {answer.cert_id.serial for answer in held.response.answers if answer.cert_id is not None}:
            self._responses.setdefault(serial, []).append(held)

    def crls(self, issuers: Sequence[Name], urls: Iterable[str] = ()) -> list[HeldCrl]:
        """Return the lists at hand under any of the names ``issuers``, those cached from ``urls`` included."""
        for url in urls:
            if self._cache is not None and url not in self._recalled:
                self._recall_crl(url)
        found = [held for issuer in issuers for held in self._crls.get(issuer, ())]
        return found if self._parent is None else self._parent.crls(issuers, urls) + found

    def responses(self, serial: int, queries: Iterable[tuple[str, CertId]] = ()) -> list[HeldResponse]:
        """Return the responses at hand about a certificate ``serial``, those cached for ``queries`` included.

        Answers that carry only an error are about no certificate, and are returned for each.
        """
        found = [*self._responses.get(serial, ()), *self._unsigned]
        for url, cert_id in queries:
            key = _query_key(url, cert_id)
            if self._cache is not None and key not in self._recalled:
                self._recall_response(key)
            if key in self._kept_responses:
                found.append(self._kept_responses[key])
        return found if self._parent is None else self._parent.responses(serial, queries) + found

    def _recall_crl(self, url: str) -> None:
        self._recalled.add(url)
        data = self._cache.load(url) if self._cache is not None else None
        if data is not None:
            try:
                self.add_crl(data, url)
            except InputError as error:
                self.unreadable.append((f"cache of {url}", error))

    def _recall_response(self, key: str) -> None:
        self._recalled.add(key)
        data = self._cache.load(key) if self._cache is not None else None
        if data is not None:
            try:
                self._remember(key, HeldResponse(OcspResponse.load(data, self.limits), key.partition(" ")[0]))
            except InputError as error:
                self.unreadable.append((f"cache of {key}", error))

    @property
    def revision(self) -> int:
        """A number that changes whenever a list or response is added."""
        return self._changes + (0 if self._parent is None else self._parent.revision)

    # What can be fetched

    @property
    def remembers(self) -> bool:
        """Whether lists and responses can be at hand by the address they were fetched from."""
        return self._cache is not None or self.is_online

    @property
    def is_online(self) -> bool:
        """Whether fetching can succeed at all."""
        return not isinstance(self._fetcher, OfflineFetcher)

    def fetch_crl(self, url: str) -> HeldCrl:
        """Fetch a list.

        Raises:
            FetchError: it could not be fetched.
            InputError: what came is no list.
        """

        def fetch() -> HeldCrl:
            data = self._fetcher.fetch(FetchRequest(url, "crl", self.limits.crl_bytes))
            return HeldCrl(_read(lambda: Crl.load(data, self.limits), data, url), url)

        return self._once(url, fetch)

    def query(self, url: str, cert_id: CertId) -> HeldResponse:
        """Ask an OCSP responder.

        Raises:
            FetchError: it could not be asked.
            InputError: what came is no response.
        """

        def fetch() -> HeldResponse:
            nonce = self._nonce() if self._nonce else None
            body = build_request(cert_id, nonce)
            request = FetchRequest(url, "ocsp", self.limits.ocsp_bytes, body, "application/ocsp-request")
            data = self._fetcher.fetch(request)
            return HeldResponse(_read(lambda: OcspResponse.load(data, self.limits), data, url), url, nonce)

        return self._once(_query_key(url, cert_id), fetch)

    def _once(self, key: str, fetch: Callable[[], _Held]) -> _Held:
        """Return what ``fetch`` gives, or gave a short while ago; a failure is remembered as well."""
        if self._parent is not None:
            return self._parent._once(key, fetch)
        now = time.monotonic()
        until, outcome = self._recent.get(key, (0.0, None))
        if outcome is None or until < now:
            try:
                outcome = fetch()
            except (FetchError, InputError) as error:
                outcome = error
            self._recent = {other: known for other, known in self._recent.items() if known[0] >= now}
            self._recent[key] = now + _RETRY_SECONDS, outcome
        if isinstance(outcome, EgovSignError):
            raise outcome
        return outcome  # type: ignore[return-value]  # the key tells which of the two it is

    def keep(self, held: Held, cert_id: CertId | None = None) -> None:
        """Make what was fetched, and proved good, part of what is at hand, in memory and in the cache.

        Of two lists from one address the newer stays.

        Raises:
            ConfigurationError: ``CACHE_FOLDER`` if the cache cannot be written.
        """
        if self._parent is not None:
            self._parent.keep(held, cert_id)
        elif isinstance(held, HeldCrl):
            self._keep_crl(held)
        elif cert_id is not None:
            key = _query_key(held.source, cert_id)
            self._remember(key, held)
            if self._cache is not None:
                self._cache.store(key, held.response.data)

    def _keep_crl(self, held: HeldCrl) -> None:
        known = self._crls.setdefault(held.crl.issuer, [])
        same = [other for other in known if other.source == held.source]
        if any(other.crl.this_update >= held.crl.this_update for other in same):
            return
        self._changes += 1
        self._crls[held.crl.issuer] = [other for other in known if other not in same] + [held]
        self._recalled.add(held.source)
        if self._cache is not None:
            self._cache.store(held.source, held.crl.data)

    def _remember(self, key: str, held: HeldResponse) -> None:
        self._recalled.add(key)
        self._kept_responses[key] = held
        while len(self._kept_responses) > _REMEMBERED_RESPONSES:
            self._kept_responses.pop(next(iter(self._kept_responses)))


def _query_key(url: str, cert_id: CertId) -> str:
    return f"{url} {cert_id.encode().hex()}"


_Read = TypeVar("_Read", Crl, OcspResponse)


def _read(load: Callable[[], _Read], data: bytes, url: str) -> _Read:
    """Read what came from ``url``; if it is something else, tell how it begins."""
    try:
        return load()
    except InputError as error:
        begins = " ".join(data[:60].decode("ascii", "replace").split())
        told = f"; it begins with {begins!r}" if data and data[:1] != b"\x30" else ""
        raise InputError(error.code, error.message + told, where=url) from error
