"""OpenSSL's opinion on messages good and forged; where it differs from ours, the reason stands here.

Only the signatures are compared: OpenSSL is not asked about trust, and what we say about trust is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms as asn1_cms
from asn1crypto import crl, x509
from pyhanko.sign.validation import async_validate_detached_cms
from pyhanko_certvalidator import ValidationContext

from egov_sign.certs.certificate import Certificate
from egov_sign.crypto import der_write, digests
from egov_sign.docs import cms, cms_sign
from egov_sign.docs.cades import add_evidence, add_timestamps
from egov_sign.docs.cms import SignedData
from egov_sign.docs.cms_ess import signing_certificate_v2
from egov_sign.docs.cms_sign import attribute
from egov_sign.docs.cms_validation import CmsValidator
from egov_sign.docs.evidence import Evidence
from egov_sign.errors import InputError
from egov_sign.verdict import Indication
from tests.attacks.cms_forging import CONTENT, Forgery
from tests.docs.cms_openssl import openssl_verifies
from tests.docs.cms_world import AT, Judge, authority, certificate, signer, world
from tests.docs.judging import judge_of

load_message: Any = asn1_cms.ContentInfo.load
load_certificate: Any = x509.Certificate.load
load_list: Any = crl.CertificateList.load

OTHER = der_write.octet_string(digests.digest("sha256", b"other"))


def good(kind: str = "ec") -> Forgery:
    return Forgery(signer("person", kind))


def stamped() -> bytes:
    return add_timestamps(SignedData.load(good().message()), authority())


def twice() -> bytes:
    return cms_sign.add_signer(SignedData.load(good().message()), signer("other-person", "rsa"), signing_time=AT)


def attributes_as_content() -> bytes:
    honest = SignedData.load(good().message())
    assert honest.signers[0].signed is not None
    content = der_write.tlv(0x31, honest.signers[0].signed.encoded)
    return Forgery(signer(), content=content, without_attributes=True, signature=honest.signers[0].signature).message()


MESSAGES: dict[str, Callable[[], bytes]] = {
    "good": lambda: good().message(),
    "good rsa": lambda: good("rsa").message(),
    "two signers": twice,
    "stamped": stamped,
    "no attributes": lambda: Forgery(signer(), without_attributes=True).message(),
    "no signing certificate": lambda: good().without(cms.SIGNING_CERTIFICATE_V2).message(),
    "named by key": lambda: Forgery(signer(), key_id=certificate().ski).message(),
    "no certificate": lambda: Forgery(signer(), certificates=()).message(),
    "no content type": lambda: good().without(cms.CONTENT_TYPE).message(),
    "no message digest": lambda: good().without(cms.MESSAGE_DIGEST).message(),
    "digest of something else": lambda: Forgery(signer(), {cms.MESSAGE_DIGEST: OTHER}).message(),
    "content type of something else": lambda: Forgery(
        signer(), {cms.CONTENT_TYPE: der_write.oid(cms.TST_INFO)}
    ).message(),
    "two message digests": lambda: Forgery(signer(), more=[attribute(cms.MESSAGE_DIGEST, OTHER)]).message(),
    "two signing times": lambda: Forgery(
        signer(), {cms.SIGNING_TIME: der_write.time(AT)}, more=[attribute(cms.SIGNING_TIME, der_write.time(AT))]
    ).message(),
    "changed signature": lambda: Forgery(signer("person", "rsa"), signature=bytes(256)).message(),
    "attributes as content": attributes_as_content,
    "sha-384 beside ecdsa with sha-256": lambda: Forgery(signer(), digest="sha384").message(),
    "version 3 with issuer and serial": lambda: Forgery(signer(), version=3).message(),
    "certificate of somebody else named": lambda: Forgery(
        signer(),
        {cms.SIGNING_CERTIFICATE_V2: signing_certificate_v2(Certificate.load(world().certificate("other-person")))},
    ).message(),
    "protected algorithms exchanged": lambda: Forgery(
        signer(), {cms.ALGORITHM_PROTECTION: der_write.sequence()}
    ).message(),
}
DISAGREEMENTS = {
    "content type of something else": "OpenSSL does not compare it; RFC 5652, 11.1 demands that it matches",
    "attributes as content": "OpenSSL does not guard against taking signed attributes for content",
    "version 3 with issuer and serial": "OpenSSL does not look; RFC 5652, 5.3 says 1",
    "certificate of somebody else named": "OpenSSL checks this only when asked with -cades",
    "protected algorithms exchanged": "OpenSSL 3.0 does not know RFC 6211",
}
"""What OpenSSL accepts and we refuse, and why we are right."""


def ours(encoded: bytes) -> bool:
    try:
        return CmsValidator(Judge()).validate(encoded, AT).indication is Indication.VALID
    except InputError:
        return False


@pytest.mark.parametrize("name", MESSAGES)
def test_openssl_says_the_same_unless_there_is_a_reason(name: str, tmp_path: Path) -> None:
    encoded = MESSAGES[name]()
    theirs = openssl_verifies(encoded, CONTENT, tmp_path)
    if name in DISAGREEMENTS:
        assert (theirs, ours(encoded)) == (True, False), "the reason is gone"
    else:
        assert theirs == ours(encoded)


@pytest.mark.parametrize("name", ["good", "good rsa", "two signers", "stamped", "no attributes", "named by key"])
def test_what_is_good_is_good(name: str) -> None:
    assert ours(MESSAGES[name]())


def test_attributes_out_of_order_are_read_as_they_were_signed(tmp_path: Path) -> None:
    encoded = Forgery(signer(), unsorted=True).message()
    assert openssl_verifies(encoded, CONTENT, tmp_path)
    report = CmsValidator(Judge()).validate(encoded, AT)
    assert report.codes == ["CMS_ATTRIBUTES_UNSORTED"]
    assert report.indication is Indication.VALID


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_pyhanko_says_the_same_about_signature_trust_and_time(kind: str) -> None:
    """Another library's whole verdict: path, revocation, time-stamp."""
    here = world(kind)
    context = ValidationContext(
        trust_roots=[load_certificate(anchor) for anchor in here.anchors],
        other_certs=[load_certificate(item) for item in here.intermediates],
        crls=[load_list(here.crl(label)) for label in here.authorities],
        moment=AT,
        allow_fetching=False,
        revocation_mode="hard-fail",
    )
    earlier = AT - timedelta(hours=1)
    made = cms_sign.sign(CONTENT, signer("person", kind), signing_time=AT - timedelta(hours=2), detached=True)
    stamped = SignedData.load(add_timestamps(SignedData.load(made), authority(earlier, kind)))
    kept = add_evidence(stamped, Evidence(here.anchors))
    assert CmsValidator(judge_of(here)).validate(kept, AT, content=CONTENT).indication is Indication.VALID
    signed_data = load_message(kept)["content"]
    status = asyncio.run(async_validate_detached_cms(CONTENT, signed_data, signer_validation_context=context))
    assert (status.intact, status.valid, status.trusted) == (True, True, True)
    assert status.timestamp_validity is not None
    assert status.timestamp_validity.trusted
    assert status.timestamp_validity.timestamp == earlier
    changed = asyncio.run(async_validate_detached_cms(CONTENT + b".", signed_data, signer_validation_context=context))
    assert not changed.intact
