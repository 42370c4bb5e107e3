"""The live services, asked by real clients: OpenSSL, pyHanko, and our own fetcher."""

from __future__ import annotations

import asyncio
import http.client
import socket
import struct
import subprocess
import threading
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from pyhanko.sign.timestamps import HTTPTimeStamper

from egov_sign.clock import FrozenClock
from egov_sign.docs.timestamp import MessageImprint, TimestampRequest, TimestampResponse
from egov_sign.errors import ConfigurationError, FetchError
from egov_sign.fetch import FetchRequest
from egov_sign_pki import World
from egov_sign_pki.answering import FAULTS, Responder, WorldFetcher
from egov_sign_pki.serving import Services, open_services, running_services


@pytest.fixture(scope="module")
def world() -> World:
    return World.build()


@pytest.fixture
def services(world: World) -> Iterator[Services]:
    with running_services(world) as running:
        yield running


def get(url: str, body: bytes | None = None, method: str | None = None) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, body, method=method), timeout=10) as reply:
        content: bytes = reply.read()
        return content


def openssl(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr


def ask(world: World, label: str, nonce: bytes | None = None) -> ocsp.OCSPRequest:
    leaf, issuer = (x509.load_der_x509_certificate(world.certificate(each)) for each in (label, "issuer"))
    builder = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, SHA256())
    if nonce:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build()


def asked(services: Services, world: World, label: str, nonce: bytes | None = None) -> ocsp.OCSPResponse:
    return ocsp.load_der_ocsp_response(
        get(f"{services.url}/ocsp/issuer", ask(world, label, nonce).public_bytes(Encoding.DER))
    )


@pytest.mark.parametrize(
    ("label", "status"), [("person", "good"), ("revoked-person", "revoked"), ("held-person", "revoked")]
)
def test_openssl_asks_the_responder(services: Services, world: World, tmp_path: Path, label: str, status: str) -> None:
    world.write(tmp_path / "w")
    at = str(int(world.at.timestamp()))
    told = openssl(
        tmp_path / "w", "ocsp", "-url", f"{services.url}/ocsp/issuer", "-issuer", "certificates/issuer.pem",
        "-cert", f"certificates/{label}.pem", "-CAfile", "trust/root.pem", "-verify_other", "certificates/issuer.pem",
        "-attime", at, "-validity_period", "999999999",
    )  # fmt: skip
    assert "Response verify OK" in told
    assert f"{label}.pem: {status}" in told
    assert "WARNING: no nonce" not in told


def test_openssl_has_a_file_stamped(services: Services, world: World, tmp_path: Path) -> None:
    world.write(tmp_path / "w")
    (tmp_path / "data").write_bytes(b"stamp me")
    openssl(tmp_path, "ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "data.tsq")
    (tmp_path / "data.tsr").write_bytes(get(f"{services.url}/tsa/tsa", (tmp_path / "data.tsq").read_bytes()))
    arguments = ["-CAfile", "w/trust/root.pem", "-untrusted", "w/certificates/issuer.pem"]
    at = str(int(world.at.timestamp()))
    told = openssl(tmp_path, "ts", "-verify", "-in", "data.tsr", "-queryfile", "data.tsq", *arguments, "-attime", at)
    assert "Verification: OK" in told
    (tmp_path / "data").write_bytes(b"stamp you")
    told = openssl(tmp_path, "ts", "-verify", "-in", "data.tsr", "-data", "data", *arguments, "-attime", at)
    assert "FAILED" in told


def test_pyhanko_has_a_digest_stamped(services: Services) -> None:
    stamper = HTTPTimeStamper(f"{services.url}/tsa/tsa")
    token = asyncio.run(stamper.async_timestamp(b"\x11" * 32, "sha256"))
    assert token["content_type"].native == "signed_data"


def test_lists_and_certificates_are_served(services: Services, world: World) -> None:
    assert get(f"{services.url}/crl/issuer.crl") == world.crl("issuer")
    assert get(f"{services.url}/crl/issuer-delta.crl") == world.delta_crl("issuer")
    assert get(f"{services.url}/certificates/issuer.cer") == world.certificate("issuer")
    assert get(f"{services.url}/certificates/issuer.pem").startswith(b"-----BEGIN CERTIFICATE-----")


@pytest.mark.parametrize(
    "path",
    ["", "/", "/crl/nobody.crl", "/crl/root-delta.crl", "/certificates/nobody.cer", "/ocsp/nobody", "/tsa/nobody"],
)
def test_what_is_not_there_is_404(services: Services, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(services.url + path)
    assert caught.value.code == 404
    caught.value.close()


def test_the_nonce_comes_back_and_never_issued_numbers_are_unknown(services: Services, world: World) -> None:
    nonce = bytes(range(32))
    answer = asked(services, world, "person", nonce)
    assert answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == nonce
    stranger = World.build("another seed", kind="ec")
    with_other_issuer = get(f"{services.url}/ocsp/issuer", ask(stranger, "person").public_bytes(Encoding.DER))
    status = ocsp.load_der_ocsp_response(with_other_issuer).response_status
    assert status is ocsp.OCSPResponseStatus.UNAUTHORIZED


def test_a_request_that_cannot_be_read_is_refused(services: Services) -> None:
    for body in (
        b"",
        b"\x30\x00",
        b"hello",
    ):
        response = ocsp.load_der_ocsp_response(get(f"{services.url}/ocsp/issuer", body))
        assert response.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    assert TimestampResponse.load(get(f"{services.url}/tsa/tsa", b"hello")).token is None


def test_the_responder_can_be_asked_by_get(services: Services, world: World) -> None:
    question = quote(b64encode(ask(world, "person").public_bytes(Encoding.DER)).decode(), safe="")
    response = ocsp.load_der_ocsp_response(get(f"{services.url}/ocsp/issuer/{question}"))
    assert response.certificate_status is ocsp.OCSPCertStatus.GOOD


def test_the_services_live_at_the_time_of_their_clock(world: World) -> None:
    clock = FrozenClock(world.at + timedelta(days=100))
    with running_services(world, clock=clock) as late:
        crl = x509.load_der_x509_crl(get(f"{late.url}/crl/issuer.crl"))
        assert crl.last_update_utc == clock.now() - timedelta(hours=12)
        number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        assert number > 41
        assert asked(late, world, "person").this_update_utc == clock.now()


def test_faults_are_switched_per_path(services: Services, world: World) -> None:
    services.switch("/crl/issuer.crl", "500")
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(f"{services.url}/crl/issuer.crl")
    caught.value.close()
    assert get(f"{services.url}/crl/root.crl") == world.crl("root")
    services.switch("/crl/issuer.crl", None)
    assert get(f"{services.url}/crl/issuer.crl") == world.crl("issuer")
    with pytest.raises(ConfigurationError, match="FAULT_UNKNOWN"):
        services.switch("/crl/issuer.crl", "explode")


def test_faults_are_switched_over_http(services: Services) -> None:
    get(f"{services.url}/faults/ocsp/issuer", b"try-later", "PUT")
    assert get(f"{services.url}/faults") == b'{"/ocsp/issuer": "try-later"}'
    response = ocsp.load_der_ocsp_response(get(f"{services.url}/ocsp/issuer", b"anything"))
    assert response.response_status is ocsp.OCSPResponseStatus.TRY_LATER
    get(f"{services.url}/faults/ocsp/issuer", b"", "PUT")
    assert get(f"{services.url}/faults") == b"{}"
    for path, code in (("/faults/ocsp/issuer", 400), ("/elsewhere", 404)):
        with pytest.raises(urllib.error.HTTPError) as caught:
            get(services.url + path, b"explode", "PUT")
        assert caught.value.code == code
        caught.value.close()


def test_a_body_without_a_sane_length_is_refused(services: Services) -> None:
    huge = urllib.request.Request(f"{services.url}/ocsp/issuer", b"", headers={"Content-Length": str(1 << 30)})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(huge, timeout=10)
    assert caught.value.code == 413
    caught.value.close()


def hang_up(services: Services) -> None:
    """Ask for something, reset the connection, and wait until the server has noticed."""
    at = urlsplit(services.url)
    with socket.create_connection((at.hostname, at.port), timeout=10) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(b"GET /crl/issuer.crl HTTP/1.1\r\n\r\n")
    get(f"{services.url}/faults")
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(10)


def test_a_client_that_hangs_up_is_no_news(services: Services, capfd: pytest.CaptureFixture[str]) -> None:
    hang_up(services)
    assert capfd.readouterr().err == ""


def test_a_failure_of_the_services_is_told(
    services: Services, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.responder, "reply", lambda path, body=None: 1 // 0)
    with pytest.raises(http.client.RemoteDisconnected):
        get(f"{services.url}/crl/issuer.crl")
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_a_taken_port_is_told(services: Services, world: World) -> None:
    with pytest.raises(ConfigurationError, match="PORT_TAKEN"):
        open_services(world, port=int(services.url.rsplit(":", 1)[1]))


def reply(world: World, path: str, fault: str, body: bytes | None = None) -> bytes:
    responder = Responder(world)
    responder.switch(path, fault)
    return responder.reply(path, body).body


def test_every_ocsp_fault_does_what_it_says(world: World) -> None:
    nonce = bytes(range(16))
    request = ask(world, "person", nonce).public_bytes(Encoding.DER)

    def answer(fault: str) -> ocsp.OCSPResponse:
        return ocsp.load_der_ocsp_response(reply(world, "/ocsp/issuer", fault, request))

    found = answer("wrong-nonce").extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    assert found == nonce[::-1]
    with pytest.raises(x509.ExtensionNotFound):
        answer("no-nonce").extensions.get_extension_for_class(x509.OCSPNonce)
    assert answer("stale").this_update_utc == world.at - timedelta(days=30)
    assert answer("wrong-responder").certificates == [x509.load_der_x509_certificate(world.certificate("person"))]
    assert answer("try-later").response_status is ocsp.OCSPResponseStatus.TRY_LATER
    good = ocsp.load_der_ocsp_response(Responder(world).reply("/ocsp/issuer", request).body)
    bad = answer("bad-signature")
    assert bad.tbs_response_bytes == good.tbs_response_bytes
    assert bad.signature != good.signature
    assert bad.certificates == good.certificates


def test_every_fault_of_lists_and_stamps_does_what_it_says(world: World) -> None:
    path = "/crl/issuer.crl"
    stale = x509.load_der_x509_crl(reply(world, path, "stale"))
    assert stale.next_update_utc is not None
    assert stale.next_update_utc < world.at
    numbers = [
        x509.load_der_x509_crl(der).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        for der in (reply(world, path, "stale"), world.crl("issuer"))
    ]
    assert numbers == [0, 41]
    issuer = x509.load_der_x509_certificate(world.certificate("issuer")).public_key()
    assert not x509.load_der_x509_crl(reply(world, path, "bad-signature")).is_signature_valid(issuer)  # type: ignore[arg-type]
    assert world.crl("issuer").startswith(reply(world, path, "truncated"))
    assert reply(world, path, "empty") == b""
    assert b"<html>" in reply(world, path, "html")
    request = TimestampRequest(MessageImprint.of(b"x"), nonce=5).encode()
    assert TimestampResponse.load(reply(world, "/tsa/tsa", "rejection", request)).token is None
    old = TimestampResponse.load(reply(world, "/tsa/tsa", "stale", request)).token
    assert old is not None
    assert old.info.gen_time == world.at - timedelta(days=30)


def test_timestamps_are_the_same_every_time() -> None:
    request = TimestampRequest(MessageImprint.of(b"x"), nonce=5).encode()
    assert World.build().stamp(request) == World.build().stamp(request)
    with pytest.raises(ConfigurationError, match="TSA_MISSING"):
        World.build(world="minimal").stamp(request)


def fetch(world: World, path: str, fault: str | None = None, max_bytes: int = 10_000) -> bytes:
    responder = Responder(world)
    responder.switch(path, fault)
    url = world.declaration.base_url + path
    return WorldFetcher(responder).fetch(FetchRequest(url, "crl", max_bytes))


def test_the_fetcher_reaches_its_world_without_a_network(world: World) -> None:
    assert fetch(world, "/crl/issuer.crl") == world.crl("issuer")
    seen: list[str] = []
    fetcher = WorldFetcher(Responder(world), seen.append)
    with pytest.raises(FetchError, match="FETCH_OFFLINE"):
        fetcher.fetch(FetchRequest("http://crl.pki.gov.kz/nca.crl", "crl", 100))
    assert seen == ["http://crl.pki.gov.kz/nca.crl"]


@pytest.mark.parametrize(("fault", "code"), [("500", "STATUS"), ("404", "STATUS"), ("slow", "TIMEOUT")])
def test_the_fetcher_fails_as_a_network_would(world: World, fault: str, code: str) -> None:
    with pytest.raises(FetchError, match=f"FETCH_{code}"):
        fetch(world, "/crl/issuer.crl", fault)
    with pytest.raises(FetchError, match="FETCH_TOO_LARGE"):
        fetch(world, "/crl/issuer.crl", max_bytes=10)


def test_every_fault_has_a_description() -> None:
    assert all(words for words in FAULTS.values())
