"""Whatever is sent to the services, they answer; nothing but a refusal comes of nonsense."""

from __future__ import annotations

import string
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egov_sign.certs.ocsp import OcspResponse
from egov_sign.crypto import der_write as der
from egov_sign.docs.timestamp import MessageImprint, TimestampRequest, TimestampResponse
from egov_sign.errors import InputError
from egov_sign_pki import World
from egov_sign_pki.answering import Responder
from egov_sign_pki.asking import read_ocsp_request

WORLD = World.build()
RESPONDER = Responder(WORLD)


def question(*extensions: bytes, count: int = 1) -> bytes:
    asked = der.sequence(
        der.sequence(der.oid("1.3.14.3.2.26"), der.NULL), der.octet_string(b"n"), der.octet_string(b"k"), der.integer(5)
    )
    listed = der.sequence(*[der.sequence(asked)] * count)
    return der.sequence(der.sequence(listed, der.tagged(2, der.sequence(*extensions)) if extensions else b""))


GOOD = question(der.sequence(der.oid("1.3.6.1.5.5.7.48.1.2"), der.octet_string(der.octet_string(b"nonce"))))


def test_a_question_is_read() -> None:
    read = read_ocsp_request(GOOD)
    assert read.nonce == b"nonce"
    assert [(each.digest, each.serial) for each in read.certificates] == [("sha1", 5)]
    other = question(der.sequence(der.oid("1.3.6.1.5.5.7.48.1.4"), der.octet_string(b"")))
    assert read_ocsp_request(other).nonce == b""


@pytest.mark.parametrize("request_", [b"", b"\x30\x00", question(count=0), GOOD[:-1], GOOD + b"\x00"])
def test_what_is_no_question_is_refused(request_: bytes) -> None:
    with pytest.raises(InputError):
        read_ocsp_request(request_)


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
@settings(deadline=None, max_examples=200)
def test_a_changed_octet_gives_an_answer_or_a_refusal(position: int, change: int) -> None:
    changed = GOOD[:position] + bytes((GOOD[position] ^ change,)) + GOOD[position + 1 :]
    reply = RESPONDER.reply("/ocsp/issuer", changed)
    assert reply.status == 200
    assert OcspResponse.load(reply.body) is not None


@given(st.binary(max_size=60))
@settings(deadline=None, max_examples=100)
def test_nonsense_is_answered(body: bytes) -> None:
    assert OcspResponse.load(RESPONDER.reply("/ocsp/issuer", body).body) is not None
    assert RESPONDER.reply("/ocsp/issuer/" + b64encode(body).decode()).status == 200
    assert TimestampResponse.load(RESPONDER.reply("/tsa/tsa", body).body).token is None


@given(st.text(alphabet=string.printable, max_size=40))
@settings(deadline=None, max_examples=100)
def test_any_path_is_answered(path: str) -> None:
    assert RESPONDER.reply(f"/{path}").status in (200, 404)


def test_the_timestamp_of_a_good_request_is_granted() -> None:
    request = TimestampRequest(MessageImprint.of(b"x"), nonce=1).encode()
    assert TimestampResponse.load(RESPONDER.reply("/tsa/tsa", request).body).token is not None
