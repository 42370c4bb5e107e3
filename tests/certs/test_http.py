"""The HTTP fetcher against a real server on the loopback interface."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from egov_sign.certs import issue_extensions as ext
from egov_sign.certs import issue_names as names
from egov_sign.certs.http import HttpFetcher
from egov_sign.certs.issue import issue_certificate
from egov_sign.errors import FetchError
from egov_sign.fetch import FetchRequest
from egov_sign.limits import Limits
from tests.certs.small_ca import DAY, SmallCa, key

LOOPBACK = ("127.0.0.1/32",)
QUICK = Limits(fetch_seconds=0.5)
BODY = b"0" * 1000


class Handler(BaseHTTPRequestHandler):
    """Answers by the path that it is asked for."""

    def do_GET(self) -> None:
        name = self.path.strip("/").partition("?")[0]
        getattr(self, f"answer_{name}")()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/echo":
            self.reply(200, self.headers["Content-Type"].encode() + b" " + body)
        else:
            self.do_GET()

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_ok(self) -> None:
        self.reply(200, BODY)

    def answer_missing(self) -> None:
        self.reply(404, b"<html>\n<title>Not here</title>" + b"x" * 9999)

    def answer_broken(self) -> None:
        self.reply(500)

    def answer_here(self) -> None:
        self.reply(302, Location="/ok")

    def answer_again(self) -> None:
        self.reply(307, Location="/echo")

    def answer_loop(self) -> None:
        self.reply(301, Location="/loop")

    def answer_inside(self) -> None:
        self.reply(302, Location="http://10.0.0.1/ok")

    def answer_neighbour(self) -> None:
        self.reply(302, Location=f"http://127.0.0.2:{self.connection.getsockname()[1]}/ok")

    def answer_file(self) -> None:
        self.reply(302, Location="file:///etc/passwd")

    def answer_packed(self) -> None:
        self.reply(200, BODY, Content_Encoding="gzip")

    def answer_short(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2000")
        self.end_headers()
        self.wfile.write(BODY)

    def answer_endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(1000):
            self.wfile.write(BODY)

    def answer_silent(self) -> None:
        self.rfile.read(1)

    def answer_dripping(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.drip(b"0")

    def answer_headers(self) -> None:
        self.wfile.write(b"HTTP/1.0 200 OK\r\n")
        self.drip(b"X-A: b\r\n")

    def drip(self, drop: bytes) -> None:
        until = time.monotonic() + 5
        while time.monotonic() < until:
            self.wfile.write(drop)
            self.wfile.flush()
            time.sleep(0.05)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *arguments: object) -> None:
        """A client that hangs up is what the tests are about."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def fetch(url: str, limits: Limits = QUICK, body: bytes | None = None, max_bytes: int = 5000, **more: object) -> bytes:
    fetcher = HttpFetcher(limits, **{"allowed_networks": LOOPBACK, **more})  # type: ignore[arg-type]
    return fetcher.fetch(FetchRequest(url, "crl", max_bytes, body, "application/ocsp-request" if body else ""))


def refused(url: str, **more: object) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetch(url, **more)  # type: ignore[arg-type]
    return caught.value


def test_a_body_comes_whole(server: str) -> None:
    assert fetch(server + "/ok") == BODY
    assert fetch(server + "/ok?a=b") == BODY
    assert fetch(server + "/echo", body=b"request") == b"application/ocsp-request request"
    assert fetch(server + "/ok", max_bytes=len(BODY)) == BODY


def test_a_redirect_is_followed(server: str) -> None:
    assert fetch(server + "/here") == BODY
    assert fetch(server + "/again", body=b"request") == b"application/ocsp-request request"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/missing", "FETCH_STATUS"),
        ("/broken", "FETCH_STATUS"),
        ("/loop", "FETCH_REDIRECT"),
        ("/inside", "FETCH_ADDRESS"),
        ("/neighbour", "FETCH_ADDRESS"),
        ("/file", "FETCH_URL"),
        ("/packed", "FETCH_BROKEN"),
        ("/short", "FETCH_BROKEN"),
        ("/endless", "FETCH_TOO_LARGE"),
        ("/silent", "FETCH_TIMEOUT"),
        ("/dripping", "FETCH_TIMEOUT"),
        ("/headers", "FETCH_TIMEOUT"),
    ],
)
def test_an_answer_that_is_refused(server: str, path: str, code: str) -> None:
    assert refused(server + path).code == code


def test_a_declared_size_is_refused_before_it_is_read(server: str) -> None:
    assert refused(server + "/ok", max_bytes=len(BODY) - 1).code == "FETCH_TOO_LARGE"


def test_the_beginning_of_an_error_page_is_told(server: str) -> None:
    error = refused(server + "/missing")
    assert "404" in error.message
    assert "Not here" in error.message
    assert len(error.message) < 300


def test_a_post_is_not_repeated_where_the_standard_forbids_it(server: str) -> None:
    assert refused(server + "/here", body=b"request").code == "FETCH_REDIRECT"


def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert refused(f"http://127.0.0.1:{unused.getsockname()[1]}/").code == "FETCH_CONNECT"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.test/a",
        "file:///etc/passwd",
        "//example.test/a",
        "http:///a",
        "http://user@example.test/a",
        "http://example.test/a b",
        "http://example.test/a\r\nX: y",
        "http://example.test:99999/",
        "http://example.test:0/",
        "http://[::1/",
    ],
)
def test_an_address_that_is_not_fetched(url: str) -> None:
    assert refused(url).code == "FETCH_URL"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.2",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    assert refused("http://example.test/", resolver=lambda host, port: [address]).code == "FETCH_ADDRESS"
    both = ["93.184.216.34", address]
    assert refused("http://example.test/", resolver=lambda host, port: both).code == "FETCH_ADDRESS"


def test_the_connection_goes_to_the_address_that_was_checked(server: str) -> None:
    """A name service that gives another answer the second time gains nothing."""
    asked: list[str] = []

    def resolver(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    assert fetch(server.replace("127.0.0.1", "rebinding.test") + "/ok", resolver=resolver) == BODY
    assert asked == ["rebinding.test"]


def test_a_name_without_an_address() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror("no such name")

    unresolved = refused("http://example.test/", resolver=unknown)
    assert (unresolved.code, unresolved.message.rpartition(": ")[2]) == ("FETCH_RESOLVE", "no such name")
    assert refused("http://example.test/", resolver=lambda host, port: []).code == "FETCH_RESOLVE"


def test_a_name_service_that_does_not_answer() -> None:
    def slow(host: str, port: int) -> Sequence[str]:
        time.sleep(1)
        return []

    assert refused("http://example.test/", limits=Limits(fetch_seconds=0.05), resolver=slow).code == "FETCH_TIMEOUT"


# HTTPS


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, ssl.SSLContext]]:
    """A server called ``tls.test``: its port, and a context that trusts its authority."""
    folder, ca = tmp_path_factory.mktemp("tls"), SmallCa("TLS")
    now = datetime.now(UTC)
    leaf = issue_certificate(
        ca.authority,
        subject=names.name([("CN", "tls.test")]),
        spki=key(40).public_key().spki,
        serial=40,
        not_before=now - DAY,
        not_after=now + DAY,
        extensions=(ext.subject_alt_name(names.dns("tls.test")),),
    )
    root = issue_certificate(
        ca.authority,
        subject=ca.name,
        spki=ca.authority.spki,
        serial=1,
        not_before=now - DAY,
        not_after=now + DAY,
        extensions=(ext.basic_constraints(ca=True), ext.key_usage("keyCertSign")),
    )
    (folder / "key.pem").write_bytes(pem("PRIVATE KEY", key(40).pkcs8()))
    (folder / "chain.pem").write_bytes(pem("CERTIFICATE", leaf))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    trusting = ssl.create_default_context(cadata=root)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = serving.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], trusting
        server.shutdown()


def pem(label: str, encoded: bytes) -> bytes:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(encoded).decode()}-----END {label}-----\n".encode()


def local(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def test_https_checks_the_name_and_the_authority(tls_server: tuple[int, ssl.SSLContext]) -> None:
    port, trusting = tls_server
    assert fetch(f"https://tls.test:{port}/ok", resolver=local, tls=trusting) == BODY
    assert refused(f"https://other.test:{port}/ok", resolver=local, tls=trusting).code == "FETCH_BROKEN"
    assert refused(f"https://tls.test:{port}/ok", resolver=local).code == "FETCH_BROKEN"


def test_https_with_somebody_who_never_answers() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        assert refused(f"https://tls.test:{deaf.getsockname()[1]}/", resolver=local).code == "FETCH_TIMEOUT"
