"""Asking a time-stamping authority over HTTP (RFC 3161, 3.4)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Protocol

from egov_sign.docs.timestamp import REQUEST_TYPE, MessageImprint, TimestampRequest, TimestampResponse, TimestampToken
from egov_sign.docs.timestamp_validation import check_response
from egov_sign.errors import FetchError, InputError
from egov_sign.fetch import Fetcher, FetchRequest
from egov_sign.limits import DEFAULT_LIMITS, Limits
from egov_sign.verdict import Indication


class TimestampSource(Protocol):
    """Where documents get their time-stamps."""

    def stamp(self, data: bytes) -> bytes:
        """Return a DER TimeStampToken over ``data``.

        Raises:
            FetchError: there is none to be had.
        """
        ...


class TimestampClient:
    """An authority behind an address.

    Args:
        url: its address, e.g. ``http://tsp.pki.gov.kz/``.
        fetcher: reaches it.
        digest: name of the digest the imprint is made with.
        policy: dotted identifier of the policy to ask for; empty leaves the choice to the authority.
        nonce: gives a fresh number for every request.
        limits: bounds of what is read.
    """

    def __init__(
        self,
        url: str,
        fetcher: Fetcher,
        *,
        digest: str = "sha256",
        policy: str = "",
        nonce: Callable[[], int] = lambda: secrets.randbits(64),
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._url = url
        self._fetcher = fetcher
        self._digest = digest
        self._policy = policy
        self._nonce = nonce
        self._limits = limits

    def stamp(self, data: bytes) -> bytes:
        """Return a token over ``data``.

        That it answers this request is made sure of here; whether its signature and its authority are to be trusted
        is found out by :class:`egov_sign.docs.timestamp_validation.TimestampValidator`.

        Raises:
            FetchError: the authority cannot be reached (see :meth:`egov_sign.fetch.Fetcher.fetch`), or
                ``TIMESTAMP_ANSWER``: it refuses, or answers something else than was asked.
            UnsupportedError: ``DIGEST_UNKNOWN``.
        """
        return self.request(MessageImprint.of(data, self._digest)).encoded

    def request(self, imprint: MessageImprint) -> TimestampToken:
        """Return a token over what ``imprint`` is the digest of.

        Raises:
            FetchError: see :meth:`stamp`.
        """
        request = TimestampRequest(imprint, nonce=self._nonce(), policy=self._policy)
        answer = self._fetcher.fetch(
            FetchRequest(self._url, "timestamp", self._limits.timestamp_bytes, request.encode(), REQUEST_TYPE)
        )
        try:
            response = TimestampResponse.load(answer, self._limits)
        except InputError as error:
            raise FetchError("TIMESTAMP_ANSWER", error.message, where=self._url) from error
        report = check_response(response, request)
        if response.token is None or report.indication is not Indication.VALID:
            reason = "; ".join([", ".join(report.codes), *response.failures, *filter(None, [response.text])])
            raise FetchError("TIMESTAMP_ANSWER", f"the authority gave no usable token: {reason}", where=self._url)
        return response.token
