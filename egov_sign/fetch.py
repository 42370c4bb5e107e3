"""How the core reaches what it does not hold: one method, offline unless the caller says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from egov_sign.errors import FetchError

Purpose = Literal["crl", "ocsp", "certificate", "timestamp"]


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """One thing to fetch.

    Attributes:
        url: absolute ``http`` or ``https`` address.
        purpose: what it is for; a fetcher may treat purposes differently.
        max_bytes: a longer answer is an error.
        body: POST this; ``None`` means GET.
        content_type: media type of ``body``.
    """

    url: str
    purpose: Purpose
    max_bytes: int
    body: bytes | None = None
    content_type: str = ""


class Fetcher(Protocol):
    """Fetches one resource."""

    def fetch(self, request: FetchRequest) -> bytes:
        """Return the body of the answer.

        Raises:
            FetchError: for every failure, whatever its cause.
        """
        ...


class OfflineFetcher:
    """The default: refuses everything, so that nothing leaves the machine unasked."""

    def fetch(self, request: FetchRequest) -> bytes:
        """Refuse ``request``.

        Raises:
            FetchError: always, ``FETCH_OFFLINE``.
        """
        raise FetchError("FETCH_OFFLINE", "not fetched: working offline", where=request.url)
