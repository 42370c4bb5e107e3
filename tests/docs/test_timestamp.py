"""RFC 3161: what we ask and answer, and what OpenSSL makes of it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from egov_sign.certs.certificate import Certificate
from egov_sign.crypto import der_write
from egov_sign.crypto.der import Reader
from egov_sign.docs import cms, cms_sign
from egov_sign.docs.timestamp import (
    MessageImprint,
    ResponseStatus,
    TimestampInfo,
    TimestampRequest,
    TimestampResponse,
    TimestampToken,
)
from egov_sign.docs.timestamp_authority import encode_info, issue_token
from egov_sign.docs.timestamp_client import TimestampClient
from egov_sign.docs.timestamp_validation import TimestampValidator, check_response
from egov_sign.errors import FetchError, InputError, LimitError
from egov_sign.fetch import FetchRequest
from egov_sign.limits import Limits
from egov_sign.verdict import Indication, Report, SubIndication
from tests.docs.cms_world import AT, CONTENT, POLICY, Judge, authority, signer, world

IMPRINT = MessageImprint.of(CONTENT)
INFO = TimestampInfo(policy=POLICY, imprint=IMPRINT, serial=7, gen_time=AT)


def validate(token: bytes, data: bytes = CONTENT, at: datetime = AT) -> Report:
    return TimestampValidator(Judge()).validate(token, data, at).report


@pytest.mark.parametrize(
    "request_",
    [
        TimestampRequest(IMPRINT),
        TimestampRequest(IMPRINT, nonce=2**63 + 1, policy=POLICY, certificate=False),
        TimestampRequest(MessageImprint.of(CONTENT, "sha512"), nonce=0),
    ],
)
def test_a_request_reads_as_it_was_written(request_: TimestampRequest) -> None:
    assert TimestampRequest.load(request_.encode()) == request_


def test_openssl_reads_our_request(tmp_path: Path) -> None:
    (tmp_path / "request").write_bytes(TimestampRequest(IMPRINT, nonce=0x1234, policy=POLICY).encode())
    shown = openssl("ts", "-query", "-in", tmp_path / "request", "-text")
    assert POLICY in shown
    assert "0x1234" in shown
    assert "Certificate required: yes" in shown


@pytest.mark.parametrize(
    "info",
    [
        INFO,
        replace(INFO, accuracy=timedelta(seconds=1, milliseconds=2, microseconds=3), ordering=True, nonce=5),
        replace(INFO, accuracy=timedelta(microseconds=200), gen_time=AT + timedelta(microseconds=120_000)),
    ],
)
def test_a_token_says_what_it_was_made_to_say(info: TimestampInfo) -> None:
    token = TimestampToken.load(issue_token(info, signer("tsa")))
    assert token.info == info
    assert validate(token.encoded, at=AT + timedelta(seconds=1)).indication is Indication.VALID


@pytest.mark.parametrize("digest", ["streebog256", "streebog512", "sha512"])
def test_gost_tokens(digest: str) -> None:
    imprint = MessageImprint.of(CONTENT, digest)
    response = TimestampResponse.load(authority(kind="gost").respond(TimestampRequest(imprint, nonce=3).encode()))
    assert response.token is not None
    assert response.token.info.imprint == imprint
    assert validate(response.token.encoded).indication is Indication.VALID
    assert validate(response.token.encoded, b"else").sub_indication is SubIndication.HASH_FAILURE


def test_a_token_proves_a_time_with_its_accuracy_added() -> None:
    token = issue_token(replace(INFO, accuracy=timedelta(seconds=90)), signer("tsa"))
    judged = TimestampValidator(Judge()).validate(token, CONTENT, AT)
    assert judged.proves == AT + timedelta(seconds=90)
    assert TimestampValidator(Judge()).validate(token, b"else", AT).proves is None


def test_the_authority_is_judged_at_the_time_of_the_token() -> None:
    report = validate(issue_token(INFO, signer("tsa")), at=AT + timedelta(days=900))
    assert report.children[0].facts["at"] == AT.isoformat()
    assert report.facts["policy"] == POLICY
    assert "TIMESTAMPING AUTHORITY" in str(report.facts["tsa"])


def test_without_trust_no_token_is_good() -> None:
    report = TimestampValidator(None).validate(issue_token(INFO, signer("tsa")), CONTENT, AT).report
    assert report.indication is Indication.INDETERMINATE
    assert report.sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_openssl_verifies_our_response(kind: str, tmp_path: Path) -> None:
    request = TimestampRequest(IMPRINT, nonce=99)
    (tmp_path / "request").write_bytes(request.encode())
    (tmp_path / "response").write_bytes(authority(kind=kind).respond(request.encode()))
    (tmp_path / "data").write_bytes(CONTENT)
    write_chain(tmp_path, kind)
    arguments = ["-in", tmp_path / "response", "-CAfile", tmp_path / "chain.pem", "-attime", int(AT.timestamp())]
    assert "OK" in openssl("ts", "-verify", "-queryfile", tmp_path / "request", *arguments)
    assert "OK" in openssl("ts", "-verify", "-data", tmp_path / "data", *arguments)


def test_we_verify_what_openssl_answers(tmp_path: Path) -> None:
    """A whole authority run by OpenSSL, with nonce, accuracy and a second-version signing-certificate attribute."""
    key = world().key("tsa").pkcs8()
    (tmp_path / "key.der").write_bytes(key)
    openssl("pkey", "-inform", "DER", "-in", tmp_path / "key.der", "-out", tmp_path / "key.pem")
    (tmp_path / "tsa.pem").write_text(pem(world().certificate("tsa")))
    write_chain(tmp_path)
    (tmp_path / "serial").write_text("01\n")
    (tmp_path / "ts.cnf").write_text(
        "[tsa]\ndefault_tsa=t\n[t]\n"
        f"serial={tmp_path}/serial\nsigner_cert={tmp_path}/tsa.pem\ncerts={tmp_path}/chain.pem\n"
        f"signer_key={tmp_path}/key.pem\nsigner_digest=sha256\ndefault_policy={POLICY}\ndigests=sha256\n"
        "accuracy=secs:1,millisecs:500\nordering=yes\ntsa_name=yes\ness_cert_id_chain=yes\ness_cert_id_alg=sha256\n"
    )
    request = TimestampRequest(IMPRINT, nonce=2**64 - 1)
    (tmp_path / "request").write_bytes(request.encode())
    arguments = ["-queryfile", tmp_path / "request", "-config", tmp_path / "ts.cnf", "-out", tmp_path / "response"]
    openssl("ts", "-reply", *arguments)
    response = TimestampResponse.load((tmp_path / "response").read_bytes())
    assert check_response(response, request).indication is Indication.VALID
    assert response.token is not None
    assert response.token.info.accuracy == timedelta(seconds=1.5)
    assert response.token.info.tsa is not None
    assert validate(response.token.encoded, at=response.token.info.latest).codes == []


def test_the_client_gets_a_token_over_what_it_asked() -> None:
    client = TimestampClient("http://127.0.0.1/tsa", Loopback(), policy=POLICY, nonce=lambda: 42)
    token = TimestampToken.load(client.stamp(CONTENT))
    assert token.info.nonce == 42
    assert token.info.policy == POLICY
    assert token.info.imprint == IMPRINT


def test_the_client_refuses_an_answer_to_another_request() -> None:
    stale = authority().respond(TimestampRequest(IMPRINT, nonce=1).encode())
    client = TimestampClient("http://127.0.0.1/tsa", Loopback(stale))
    with pytest.raises(FetchError, match="TIMESTAMP_NONCE"):
        client.stamp(CONTENT)


@pytest.mark.parametrize(("digest", "policy", "reason"), [("sha1", "", "badAlg"), ("sha256", "1.2.3", "unaccepted")])
def test_the_client_tells_why_it_was_refused(digest: str, policy: str, reason: str) -> None:
    client = TimestampClient("http://127.0.0.1/tsa", Loopback(), digest=digest, policy=policy)
    with pytest.raises(FetchError, match=reason):
        client.stamp(CONTENT)


def test_a_request_nobody_can_read_is_refused_in_the_answer() -> None:
    response = TimestampResponse.load(authority().respond(b"\x30\x00"))
    assert response.status is ResponseStatus.REJECTION
    assert response.failures == ("badRequest",)
    assert response.token is None


def test_an_answer_nobody_can_read_is_an_error_of_the_fetch() -> None:
    with pytest.raises(FetchError, match="TIMESTAMP_ANSWER"):
        TimestampClient("http://127.0.0.1/tsa", Loopback(b"<html>")).stamp(CONTENT)


def test_a_token_without_certificate_needs_it_from_elsewhere() -> None:
    token = issue_token(INFO, signer("tsa"), certificate=False)
    validator = TimestampValidator(Judge())
    given = [Certificate.load(world().certificate("tsa"))]
    assert validator.validate(token, CONTENT, AT, candidates=given).report.indication is Indication.VALID
    report = validator.validate(token, CONTENT, AT).report
    assert report.sub_indication is SubIndication.NO_SIGNING_CERTIFICATE_FOUND


def signed_info(encoded: bytes) -> bytes:
    """Return a token that says ``encoded``, whatever that is."""
    return cms_sign.sign(encoded, signer("tsa"), signing_time=AT, content_type=cms.TST_INFO)


def info_with(*more: bytes) -> bytes:
    """Return the TSTInfo with further fields at its end."""
    reader = Reader(encode_info(INFO)).enter()
    fields = []
    while reader:
        fields.append(reader.element())
    return der_write.sequence(*fields, *more)


def test_a_critical_extension_that_nobody_knows_is_refused() -> None:
    def extended(critical: bytes) -> bytes:
        extension = der_write.sequence(der_write.oid("1.2.3.4"), critical, der_write.octet_string(b""))
        return signed_info(info_with(der_write.tagged(1, extension)))

    assert validate(extended(b"")).codes == []
    report = validate(extended(der_write.TRUE))
    assert report.codes == ["TIMESTAMP_EXTENSION"]
    assert report.indication is Indication.INDETERMINATE


def test_an_authority_may_name_itself_otherwise_than_by_its_subject() -> None:
    address = der_write.tagged(0, der_write.implicit(6, b"http://127.0.0.1/tsa"))
    token = TimestampToken.load(signed_info(info_with(address)))
    assert token.info.tsa is None
    assert validate(token.encoded).codes == []
    unreadable = der_write.tagged(0, der_write.tagged(4, der_write.sequence(der_write.NULL)))
    assert validate(signed_info(info_with(unreadable))).codes == ["TIMESTAMP_AUTHORITY"]


@pytest.mark.parametrize(
    "more",
    [
        (der_write.sequence(der_write.integer(-1)),),
        (der_write.sequence(der_write.implicit(0, b"\x03\xe8")),),
        (der_write.NULL,),
        (der_write.TRUE, der_write.TRUE),
    ],
)
def test_a_token_with_impossible_fields_is_unreadable(more: tuple[bytes, ...]) -> None:
    validate(signed_info(info_with()))
    with pytest.raises(InputError, match="TIMESTAMP_MALFORMED"):
        TimestampToken.load(signed_info(info_with(*more)))


@pytest.mark.parametrize("time", [b"20240301120000", b"20240301120000.10Z", b"20240301120000+0500", b"20240231120000Z"])
def test_the_time_of_a_token_is_in_utc_and_exists(time: bytes) -> None:
    good = encode_info(INFO)
    fields = Reader(good).enter()
    parts = [fields.element() for _ in range(5)]
    parts[4] = der_write.tlv(0x18, time)
    TimestampToken.load(signed_info(good))
    with pytest.raises(InputError, match="TIMESTAMP_MALFORMED"):
        TimestampToken.load(signed_info(der_write.sequence(*parts)))


def test_a_refusal_says_why_in_words() -> None:
    status = der_write.sequence(
        der_write.integer(ResponseStatus.WAITING),
        der_write.sequence(der_write.utf8("later"), der_write.utf8("please")),
        der_write.named_bits(14, 30),
    )
    response = TimestampResponse.load(der_write.sequence(status))
    assert (response.text, response.failures) == ("later\nplease", ("timeNotAvailable", "30"))
    report = check_response(response, TimestampRequest(IMPRINT))
    assert report.sub_indication is SubIndication.TRY_LATER
    assert "please" in str(report.findings[0].params["reason"])


def test_a_status_and_a_token_that_contradict_each_other() -> None:
    token = issue_token(INFO, signer("tsa"))
    for number, encoded in ((0, b""), (2, token), (9, b"")):
        answer = der_write.sequence(der_write.sequence(der_write.integer(number)), encoded)
        with pytest.raises(InputError, match="TIMESTAMP_MALFORMED"):
            TimestampResponse.load(answer)
    granted = der_write.sequence(der_write.sequence(der_write.integer(1)), token)
    assert TimestampResponse.load(granted).status is ResponseStatus.GRANTED_WITH_MODS


@pytest.mark.parametrize("cut", [0, 1, 20, 400])
def test_a_truncated_token_is_unreadable(cut: int) -> None:
    token = issue_token(INFO, signer("tsa"))
    with pytest.raises(InputError):
        TimestampToken.load(token[:cut])


def test_a_token_has_a_size() -> None:
    token = issue_token(INFO, signer("tsa"))
    TimestampToken.load(token, Limits(timestamp_bytes=len(token)))
    with pytest.raises(LimitError):
        TimestampToken.load(token, Limits(timestamp_bytes=len(token) - 1))


def test_the_country_s_response_and_token_are_one(corpus: Path) -> None:
    response = TimestampResponse.load((corpus / "ncanode/tsp/tsp_response.bin").read_bytes())
    token = TimestampToken.load((corpus / "ncanode/tsp/tsp_token.bin").read_bytes())
    assert response.status is ResponseStatus.GRANTED
    assert response.token == token
    assert token.info.policy == "1.2.398.3.3.2.6.1"
    assert token.info.imprint.digest == "sha1"
    assert token.info.gen_time == datetime(2022, 9, 18, 13, 20, 14, tzinfo=UTC)
    assert encode_info(token.info) == token.signed_data.content


class Loopback:
    """An authority in this process behind the fetcher's protocol; or always the same answer."""

    def __init__(self, answer: bytes = b"") -> None:
        self._answer = answer

    def fetch(self, request: FetchRequest) -> bytes:
        assert request.purpose == "timestamp"
        assert request.content_type == "application/timestamp-query"
        return self._answer or authority().respond(request.body or b"")


def openssl(*arguments: object) -> str:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace")


def pem(der: bytes) -> str:
    import ssl

    return ssl.DER_cert_to_PEM_cert(der)


def write_chain(folder: Path, kind: str = "ec") -> None:
    chain = (*world(kind).anchors, *world(kind).intermediates)
    (folder / "chain.pem").write_text("".join(map(pem, chain)))
