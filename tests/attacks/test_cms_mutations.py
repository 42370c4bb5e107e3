"""Signed messages changed in ten thousand ways: none is VALID with other content, another signer, another time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from egov_sign.certs.certificate import Certificate
from egov_sign.docs import cms_sign
from egov_sign.docs.cades import add_timestamps
from egov_sign.docs.cms import SignedData
from egov_sign.docs.cms_validation import CmsValidator
from egov_sign.docs.soap import envelope_of
from egov_sign.docs.soap_parts import Payload, Sender
from egov_sign.docs.soap_sync import SyncRequest
from egov_sign.docs.timestamp_validation import TimestampValidator
from egov_sign.docs.wsse import sign_body
from egov_sign.docs.wsse_validation import WsseValidator
from egov_sign.errors import InputError
from egov_sign.verdict import Indication, Report, SubIndication
from tests.docs.cms_world import AT, CONTENT, authority, signer, world

Edit = Callable[[bytes, bytes], bytes]


class Pinned:
    """Trusts the certificates of the test world byte for byte, so that a changed one shows."""

    def validate(self, certificate: Certificate, at: datetime, *, candidates: Sequence[Certificate] = ()) -> Report:
        report = Report("certificate", str(certificate.subject))
        if certificate.der not in {world().certificate(label) for label in ("person", "other-person", "tsa", "portal")}:
            report.fail("CERT_UNTRUSTED", SubIndication.NO_CERTIFICATE_CHAIN_FOUND)
        return report


@cache
def messages() -> tuple[bytes, bytes, bytes]:
    """Return two messages by different people over different contents, both stamped, and a joint one."""
    one = SignedData.load(cms_sign.sign(CONTENT, signer(), signing_time=AT))
    two = SignedData.load(cms_sign.sign(b"another document", signer("other-person"), signing_time=AT))
    both = SignedData.load(cms_sign.add_signer(one, signer("other-person"), signing_time=AT))
    return add_timestamps(one, authority()), add_timestamps(two, authority()), both.encoded


def _replace(at: float, put: bytes) -> Edit:
    def edit(data: bytes, other: bytes) -> bytes:
        start = int(at * len(data))
        return data[:start] + put + data[start + len(put) :]

    return edit


def _flip(at: float, bit: int) -> Edit:
    def edit(data: bytes, other: bytes) -> bytes:
        if not data:
            return data
        position = int(at * (len(data) - 1))
        return data[:position] + bytes([data[position] ^ 1 << bit]) + data[position + 1 :]

    return edit


def _move(from_at: float, to_at: float, length: int, remove: int) -> Edit:
    """Take bytes of the other message and put them here, over ``remove`` bytes."""

    def edit(data: bytes, other: bytes) -> bytes:
        start, target = int(from_at * len(other)), int(to_at * len(data))
        return data[:target] + other[start : start + length] + data[target + remove :]

    return edit


_where = st.floats(0, 1, allow_nan=False)
_length = st.integers(0, 200)
edits = st.lists(
    st.one_of(
        st.builds(_flip, _where, st.integers(0, 7)),
        st.builds(_replace, _where, st.binary(max_size=8)),
        st.builds(_move, _where, _where, _length, _length),
        st.builds(lambda at, length: _move(at, at, length, length), _where, _length),
    ),
    min_size=1,
    max_size=3,
)
thorough = settings(max_examples=4_000, deadline=None, suppress_health_check=list(HealthCheck))


def edited(data: bytes, other: bytes, changes: Sequence[Edit]) -> bytes:
    for change in changes:
        data = change(data, other)
    return data


@thorough
@given(changes=edits, which=st.sampled_from([0, 2]))
def test_a_changed_message_never_says_something_else(changes: Sequence[Edit], which: int) -> None:
    good, other = messages()[which], messages()[1]
    validator = CmsValidator(Pinned())
    try:
        verdict = validator.examine(edited(good, other, changes), AT)
    except InputError:
        return
    if verdict.report.indication is not Indication.VALID:
        return
    known = {(CONTENT, "person"), (b"another document", "other-person"), (CONTENT, "other-person")}
    names = {world().certificate(label): label for label in ("person", "other-person")}
    for one in verdict.signatures:
        assert one.certificate is not None
        assert (verdict.content, names[one.certificate.der]) in known
        assert one.report.facts["claimed_signing_time"] == "2024-03-01T12:00:00Z"


@cache
def stamps() -> tuple[bytes, bytes]:
    """Return two time-stamps of one authority."""
    return authority().stamp(CONTENT), authority().stamp(b"another document")


@thorough
@given(changes=edits)
def test_a_changed_time_stamp_never_proves_something_else(changes: Sequence[Edit]) -> None:
    good, other = stamps()
    judged = TimestampValidator(Pinned()).validate(edited(good, other, changes), CONTENT, AT)
    if judged.proves is not None:
        assert judged.token is not None
        assert judged.token.info.gen_time == AT
        assert judged.token.info.serial == 1


@cache
def envelopes() -> tuple[bytes, bytes]:
    """Return two messages of one system."""
    made = []
    for number in ("1", "2"):
        request = SyncRequest(f"m-{number}", "PHC", AT, Sender("x"), Payload(f"pay {number}"))
        made.append(sign_body(envelope_of(request.write()), signer("portal"), identifier=f"id-{number}"))
    return made[0], made[1]


@settings(thorough, max_examples=2_000)
@given(changes=edits)
def test_a_changed_envelope_never_says_something_else(changes: Sequence[Edit]) -> None:
    good, other = envelopes()
    try:
        verdict = WsseValidator(Pinned()).examine(edited(good, other, changes), AT)
    except InputError:
        return
    if verdict.report.indication is Indication.VALID:
        assert isinstance(verdict.message, SyncRequest)
        assert (verdict.message.message_id, verdict.message.data.text) in {("m-1", "pay 1"), ("m-2", "pay 2")}


def test_the_messages_are_good_to_begin_with() -> None:
    for message in messages():
        assert CmsValidator(Pinned()).validate(message, AT).indication is Indication.VALID
    for envelope in envelopes():
        assert WsseValidator(Pinned()).validate(envelope, AT).indication is Indication.VALID
