"""The fetcher that reaches the network: bounded in size, time, redirects and addresses.

It does no caching and reads no revocation data; it turns one :class:`egov_sign.fetch.FetchRequest` into bytes.

How one request is made:

1. The address must be ``http`` or ``https``, without user name, blanks or control characters.
2. The host is resolved once; if any of its addresses is not a public one, the request is refused.
3. The connection goes to an address that was checked, so a second answer of the name service changes nothing.
4. A watchdog closes the connection when the time is up, however slowly the other side drips.
5. A redirect starts again at step 1; a POST is repeated only for 307 and 308.
6. The body is read up to the limit of the request; a declared or real excess is an error.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, TypeAlias
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from egov_sign.errors import FetchError
from egov_sign.fetch import FetchRequest
from egov_sign.limits import DEFAULT_LIMITS, Limits

Address: TypeAlias = "IPv4Address | IPv6Address"
Network: TypeAlias = "IPv4Network | IPv6Network"
Resolver: TypeAlias = Callable[[str, int], Sequence[str]]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REDIRECTS_WITH_BODY = frozenset({307, 308})
_CHUNK = 64 * 1024
_QUOTED_BYTES = 200
_NAT64 = ip_network("64:ff9b::/96")


class HttpFetcher:
    """Fetches over HTTP and HTTPS.

    Args:
        limits: ``fetch_seconds`` and ``fetch_redirects`` are used.
        allowed_networks: networks that may be reached although they are not public, e.g. ``("10.20.0.0/16",)``.
        resolver: turns a host and a port into textual IP addresses; that of the system by default.
        tls: context for HTTPS; the system's trust by default.
    """

    def __init__(
        self,
        limits: Limits = DEFAULT_LIMITS,
        *,
        allowed_networks: Sequence[str] = (),
        resolver: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._limits = limits
        self._allowed: tuple[Network, ...] = tuple(ip_network(network) for network in allowed_networks)
        self._resolver = resolver or _system_resolver
        self._tls = tls or ssl.create_default_context()

    def fetch(self, request: FetchRequest) -> bytes:
        """Return the body of the answer to ``request``.

        Raises:
            FetchError: ``FETCH_URL``, ``FETCH_ADDRESS``, ``FETCH_RESOLVE``, ``FETCH_CONNECT``, ``FETCH_TIMEOUT``,
                ``FETCH_STATUS``, ``FETCH_REDIRECT``, ``FETCH_TOO_LARGE`` or ``FETCH_BROKEN``.
        """
        deadline = time.monotonic() + self._limits.fetch_seconds
        url = request.url
        for _ in range(self._limits.fetch_redirects + 1):
            target = _split(url)
            address = self._checked_address(target, deadline, url)
            answer = _Exchange(target, address, self._tls, deadline, url).run(request)
            if isinstance(answer, bytes):
                return answer
            url = urljoin(url, answer.location)
        raise FetchError(
            "FETCH_REDIRECT", f"redirected more than {self._limits.fetch_redirects} times", where=request.url
        )

    def _checked_address(self, target: SplitResult, deadline: float, url: str) -> str:
        host, port = str(target.hostname), _port(target)
        addresses = _resolve_until(self._resolver, host, port, deadline, url)
        for address in addresses:
            if not self._may_reach(ip_address(address)):
                raise FetchError(
                    "FETCH_ADDRESS",
                    f"{host} is at {address}, which is not a public address",
                    where=url,
                    hint=f"allow it if this is intended: --allow-network {address}",
                )
        return addresses[0]

    def _may_reach(self, address: Address) -> bool:
        inner = _embedded_ipv4(address)
        return any(inner in network for network in self._allowed) or (inner.is_global and not inner.is_multicast)


def _embedded_ipv4(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, else the address itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address.sixtofour:
            return address.sixtofour
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _split(url: str) -> SplitResult:
    if any(character <= " " or character == "\x7f" for character in url):
        raise FetchError("FETCH_URL", "the address holds blanks or control characters", where=repr(url))
    try:
        target = urlsplit(url)
        port = target.port
    except ValueError as error:
        raise FetchError("FETCH_URL", f"the address cannot be read: {error}", where=url) from error
    if target.scheme not in {"http", "https"} or not target.hostname or port == 0:
        raise FetchError("FETCH_URL", "only absolute http and https addresses are fetched", where=url)
    if "@" in target.netloc:
        raise FetchError("FETCH_URL", "an address with a user name is not fetched", where=url)
    return target


def _port(target: SplitResult) -> int:
    return target.port or (443 if target.scheme == "https" else 80)


def _system_resolver(host: str, port: int) -> Sequence[str]:
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _resolve_until(resolver: Resolver, host: str, port: int, deadline: float, url: str) -> Sequence[str]:
    """Resolve in a thread of its own: the system's resolver knows no time limit."""
    found: list[Sequence[str]] = []
    failure: list[Exception] = []

    def resolve() -> None:
        try:
            found.append(resolver(host, port))
        except (OSError, UnicodeError) as error:
            failure.append(error)

    thread = threading.Thread(target=resolve, daemon=True)
    thread.start()
    thread.join(max(0.0, deadline - time.monotonic()))
    if failure:
        raise FetchError(
            "FETCH_RESOLVE", f"the name {host} was not resolved: {_words(failure[0])}", where=url
        ) from failure[0]
    if found and not found[0]:
        raise FetchError("FETCH_RESOLVE", f"the name {host} has no address", where=url)
    if not found:
        raise FetchError("FETCH_TIMEOUT", f"the name {host} was not resolved in time", where=url)
    return found[0]


class _Redirect:
    """Where the other side sends us instead of answering."""

    def __init__(self, location: str) -> None:
        self.location = location


class _Exchange:
    """One connection, one request, one answer."""

    def __init__(self, target: SplitResult, address: str, tls: ssl.SSLContext, deadline: float, url: str) -> None:
        self._target = target
        self._address = address
        self._tls = tls
        self._deadline = deadline
        self._url = url
        self._expired = threading.Event()

    def run(self, request: FetchRequest) -> bytes | _Redirect:
        """Return the body, or where to go instead."""
        raw = self._connect()
        watchdog = threading.Timer(max(0.0, self._deadline - time.monotonic()), self._give_up, (raw,))
        watchdog.daemon = True
        watchdog.start()
        connection: Any = None
        try:
            connection = self._open(raw)
            return self._converse(connection, request)
        except (OSError, http.client.HTTPException) as error:
            if self._expired.is_set() or isinstance(error, TimeoutError):
                raise FetchError("FETCH_TIMEOUT", "the answer did not arrive in time", where=self._url) from error
            raise FetchError("FETCH_BROKEN", f"the exchange broke off: {_words(error)}", where=self._url) from error
        finally:
            watchdog.cancel()
            if connection is not None:
                connection.close()
            raw.close()

    def _connect(self) -> socket.socket:
        remaining = max(0.001, self._deadline - time.monotonic())
        try:
            return socket.create_connection((self._address, _port(self._target)), timeout=remaining)
        except TimeoutError as error:
            raise FetchError("FETCH_TIMEOUT", f"no connection to {self._address} in time", where=self._url) from error
        except OSError as error:
            raise FetchError(
                "FETCH_CONNECT", f"no connection to {self._address}: {_words(error)}", where=self._url
            ) from error

    def _give_up(self, raw: socket.socket) -> None:
        self._expired.set()
        try:
            raw.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the exchange ended in this very moment

    def _open(self, raw: socket.socket) -> http.client.HTTPConnection:
        host, port = str(self._target.hostname), _port(self._target)
        connection = http.client.HTTPConnection(host, port)
        if self._target.scheme == "https":
            # A duplicate keeps `raw` usable for the watchdog: wrapping detaches the socket it is given.
            connection.sock = self._tls.wrap_socket(raw.dup(), server_hostname=host)
        else:
            connection.sock = raw
        return connection

    def _converse(self, connection: http.client.HTTPConnection, request: FetchRequest) -> bytes | _Redirect:
        headers = {"Accept-Encoding": "identity", "User-Agent": "egov-sign", "Connection": "close"}
        if request.content_type:
            headers["Content-Type"] = request.content_type
        path = quote(self._target.path or "/", safe="/%:=&?~+!$,;'@()*[]")
        query = "?" + quote(self._target.query, safe="/%:=&?~+!$,;'@()*[]") if self._target.query else ""
        connection.request("GET" if request.body is None else "POST", path + query, request.body, headers)
        with connection.getresponse() as answer:
            return self._read(answer, request)

    def _read(self, answer: http.client.HTTPResponse, request: FetchRequest) -> bytes | _Redirect:
        location = answer.getheader("Location")
        if answer.status in _REDIRECTS and location:
            if request.body is not None and answer.status not in _REDIRECTS_WITH_BODY:
                raise FetchError("FETCH_REDIRECT", f"a POST was redirected with {answer.status}", where=self._url)
            return _Redirect(location)
        if answer.status != http.client.OK:
            told = _quotation(answer.read(_QUOTED_BYTES))
            raise FetchError("FETCH_STATUS", f"answered {answer.status} {answer.reason}{told}", where=self._url)
        if answer.getheader("Content-Encoding", "identity").lower() != "identity":
            raise FetchError("FETCH_BROKEN", "the answer is compressed, which was not asked for", where=self._url)
        return self._body(answer, request.max_bytes)

    def _body(self, answer: http.client.HTTPResponse, max_bytes: int) -> bytes:
        if answer.length is not None and answer.length > max_bytes:
            raise self._too_large(max_bytes)
        parts: list[bytes] = []
        total = 0
        while chunk := answer.read(_CHUNK):
            total += len(chunk)
            if total > max_bytes:
                raise self._too_large(max_bytes)
            parts.append(chunk)
        if self._expired.is_set():
            raise FetchError("FETCH_TIMEOUT", "the answer did not arrive in time", where=self._url)
        if answer.length:
            raise FetchError("FETCH_BROKEN", f"the answer ends {answer.length} bytes early", where=self._url)
        return b"".join(parts)

    def _too_large(self, max_bytes: int) -> FetchError:
        return FetchError("FETCH_TOO_LARGE", f"the answer is longer than {max_bytes} bytes", where=self._url)


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def _quotation(body: bytes) -> str:
    """Return the beginning of an error page as one printable line, with a colon before it."""
    text = " ".join("".join(c if c.isprintable() else " " for c in body.decode("utf-8", "replace")).split())
    return f": {text}" if text else ""
