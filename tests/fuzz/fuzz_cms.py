"""Fuzz the readers of CMS messages, time-stamps and SOAP envelopes, and the judges behind them, with atheris.

How to run it: :mod:`tests.fuzz.common`.

Anything but :class:`egov_sign.errors.EgovSignError` is a finding, and so is a VALID verdict: nobody is trusted here.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from itertools import count

from egov_sign.clock import FrozenClock
from egov_sign.crypto import ber
from egov_sign.docs import cms_sign
from egov_sign.docs.cades import add_evidence, add_timestamps
from egov_sign.docs.cms import SignedData
from egov_sign.docs.cms_validation import CmsValidator
from egov_sign.docs.evidence import Evidence
from egov_sign.docs.soap import Envelope, envelope_of
from egov_sign.docs.soap_messages import read_body
from egov_sign.docs.soap_parts import Payload, Sender
from egov_sign.docs.soap_sync import SyncRequest
from egov_sign.docs.timestamp import MessageImprint, TimestampRequest, TimestampResponse
from egov_sign.docs.timestamp_authority import TimestampAuthority
from egov_sign.docs.timestamp_validation import TimestampValidator
from egov_sign.docs.wsse import sign_body
from egov_sign.docs.wsse_validation import WsseValidator
from egov_sign.docs.xmlparse import parse
from egov_sign.errors import EgovSignError
from egov_sign.verdict import Indication
from egov_sign_pki.world import World
from tests.docs.test_soap import MESSAGES
from tests.fuzz.common import run

AT = datetime(2024, 3, 1, 12, tzinfo=UTC)
CONTENT = b"content"


def seeds() -> list[bytes]:
    """Return good messages of every shape that the readers know."""
    found = []
    for kind in ("ec", "gost"):
        world = World.build(seed="fuzz", at=AT, kind=kind)
        person = world.signer("person")
        authority = TimestampAuthority(
            world.signer("tsa"), policy="1.2.3", clock=FrozenClock(AT), serial=count(1).__next__
        )
        signed = SignedData.load(cms_sign.sign(CONTENT, person, signing_time=AT))
        stamped = SignedData.load(add_timestamps(signed, authority))
        confirmed = cms_sign.countersign(stamped, 0, world.signer("other-person"), signing_time=AT)
        evidence = Evidence(world.anchors, (world.crl("issuer"),), (world.ocsp("person"),))
        request = TimestampRequest(MessageImprint.of(CONTENT), nonce=1).encode()
        message = SyncRequest("m", "s", AT, Sender("x"), Payload("<a/>")).write()
        found += [envelope_of(one.write()) for one in MESSAGES]
        found += [
            signed.encoded,
            cms_sign.sign(CONTENT, person, signing_time=None, detached=True),
            cms_sign.add_signer(signed, world.signer("other-person"), signing_time=AT),
            confirmed,
            add_evidence(stamped, evidence),
            request,
            authority.respond(request),
            authority.stamp(CONTENT),
            sign_body(envelope_of(message), world.signer("portal"), identifier="id-1"),
        ]
    return found


def one_input(data: bytes) -> None:
    """Read and judge ``data`` in every way; raise if anything fails otherwise than it says."""
    for read in (ber.to_definite, TimestampRequest.load, TimestampResponse.load):
        with suppress(EgovSignError):
            read(data)
    with suppress(EgovSignError):
        again = cms_sign.Parts.of(SignedData.load(data)).encode()
        assert len(SignedData.load(again).signers) == len(SignedData.load(data).signers)
    with suppress(EgovSignError):
        _rewrite(data)
    for validator in (CmsValidator(None), WsseValidator(None)):
        with suppress(EgovSignError):
            assert validator.validate(data, AT).indication is not Indication.VALID
    stamp = TimestampValidator(None).validate(data, CONTENT, AT)
    assert stamp.proves is None
    stamp.report.to_dict()


def _rewrite(data: bytes) -> None:
    """Read the gateway's message in ``data`` and write it again; what was written once reads as it was written."""
    once = read_body(Envelope.of(parse(data)).body)
    twice = read_body(Envelope.of(parse(envelope_of(once.write()))).body)
    assert read_body(Envelope.of(parse(envelope_of(twice.write()))).body) == twice


if __name__ == "__main__":
    run(seeds, one_input)
