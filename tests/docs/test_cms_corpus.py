"""The country's own signed messages and time-stamp: each is good, and each with a byte changed is not, or says why not.

They carry no signing-certificate attribute, and some were signed after the certificate's end; so every signature is
judged at a time when its certificate was valid, and trust is a list of the certificates that are good.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

import pytest

from egov_sign.certs.algorithm_policy import ALWAYS, AlgorithmPolicy, algorithm_policy
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.path_rules import ValidationPolicy
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.crypto import der
from egov_sign.crypto.der import Reader
from egov_sign.docs.cms import SignedData
from egov_sign.docs.cms_validation import CmsValidator, CmsVerdict
from egov_sign.docs.timestamp import MessageImprint, TimestampToken
from egov_sign.docs.timestamp_validation import TimestampValidator
from egov_sign.errors import InputError
from egov_sign.verdict import Indication, SubIndication
from tests.docs.cms_openssl import openssl_verifies
from tests.docs.known_good import KnownGood

MESSAGES = {
    "CmsIntegrationTest_0.cms": ["rsa-sha256"],
    "CmsServiceTest_0.cms": ["gost2015-512", "rsa-sha256"],
    "CmsServiceTest_1.cms": ["gost2015-512", "rsa-sha256"],
    "CmsServiceTest_2.cms": ["rsa-sha256"],
}
DETACHED = b"test123"
AT = datetime(2022, 1, 10, tzinfo=UTC)
USUAL = algorithm_policy()
LENIENT = AlgorithmPolicy("all digests", dict.fromkeys(USUAL.digests, ALWAYS), USUAL.keys)
EVERY = {"rsa": 1, "gost": 23}
"""Which bytes are changed: all of them, and with GOST, whose verification takes long, one in so many."""


def examine(encoded: bytes, known: Collection[bytes], at: datetime = AT) -> CmsVerdict:
    detached = SignedData.load(encoded).content is None
    return CmsValidator(KnownGood(known)).examine(encoded, at, content=DETACHED if detached else None)


@pytest.mark.parametrize("name", MESSAGES)
def test_every_signature_is_good_while_its_certificate_is(name: str, corpus: Path) -> None:
    encoded = (corpus / "ncanode" / name).read_bytes()
    known = SignedData.load(encoded).certificates
    signatures = examine(encoded, known).signatures
    assert [one.report.facts["algorithm"] for one in signatures] == MESSAGES[name]
    for position, one in enumerate(signatures):
        assert one.certificate is not None
        then = examine(encoded, known, one.certificate.not_after).signatures[position].report
        assert then.indication is Indication.VALID, then.to_dict()
        assert then.facts["level"] == "CMS"


@pytest.mark.parametrize("name", [name for name, algorithms in MESSAGES.items() if algorithms == ["rsa-sha256"]])
def test_openssl_says_the_same(name: str, corpus: Path, tmp_path: Path) -> None:
    """The other two have a GOST signer whose identifiers OpenSSL does not know."""
    encoded = (corpus / "ncanode" / name).read_bytes()
    assert openssl_verifies(encoded, DETACHED, tmp_path)


@pytest.mark.parametrize("name", MESSAGES)
def test_a_changed_byte_is_found_or_lies_outside_the_signature(name: str, corpus: Path) -> None:
    encoded = (corpus / "ncanode" / name).read_bytes()
    known = SignedData.load(encoded).certificates
    good = good_signatures(encoded, known)
    assert good == [True] * len(MESSAGES[name])
    for position in range(0, len(encoded), EVERY["gost" if "gost2015-512" in MESSAGES[name] else "rsa"]):
        changed = encoded[:position] + bytes([encoded[position] ^ 1]) + encoded[position + 1 :]
        try:
            verdict = examine(changed, known)
        except InputError:
            continue
        if good_signatures(changed, known) == good:
            part = part_at(encoded, position)
            assert part in verdict.report.facts["not_signed"], (position, part)  # type: ignore[operator]
            assert (verdict.content or b"") == (SignedData.load(encoded).content or DETACHED)


def good_signatures(encoded: bytes, known: Collection[bytes]) -> list[bool]:
    """Tell of each signature whether it is VALID while its certificate is."""
    times = {one.certificate.not_after for one in examine(encoded, known).signatures if one.certificate}
    verdicts = [examine(encoded, known, time).signatures for time in times]
    return [any(one.report.indication is Indication.VALID for one in column) for column in zip(*verdicts, strict=True)]


def part_at(encoded: bytes, position: int) -> str:
    """Return the name of the part of a SignedData that holds the byte at ``position``."""
    outer = Reader(encoded).enter()
    outer.oid()
    fields = outer.enter(der.explicit(0)).enter()
    names = {der.INTEGER: "version", der.SEQUENCE: "content", der.explicit(0): "certificates", der.explicit(1): "crls"}
    sets = iter(("digestAlgorithms", "signerInfos"))
    while fields:
        tag, start = fields.peek(), fields.position
        name = next(sets) if tag == der.SET else names[tag]
        if name == "signerInfos":
            return "sid" if in_signer_id(fields.enter(der.SET), position) else name
        fields.element()
        if start <= position < fields.position:
            return name
    raise AssertionError("there are no signerInfos")


def in_signer_id(signers: Reader, position: int) -> bool:
    while signers:
        fields = signers.enter()
        fields.integer()
        start = fields.position
        fields.element()
        if start <= position < fields.position:
            return True
    return False


def test_the_country_s_time_stamp_is_good_if_sha_1_may_be(corpus: Path) -> None:
    """GOST 34.310-2004 over an SHA-1 imprint; what was stamped is not there, only its digest."""
    encoded = (corpus / "ncanode/tsp/tsp_token.bin").read_bytes()
    token = TimestampToken.load(encoded)
    judge = KnownGood(token.signed_data.certificates)
    at = datetime(2022, 10, 1, tzinfo=UTC)
    report = TimestampValidator(judge).validate(encoded, token.info.imprint, at).report
    assert (report.codes, report.sub_indication) == (["ALGORITHM_WEAK"], SubIndication.CRYPTO_CONSTRAINTS_FAILURE)
    lenient = TimestampValidator(judge, policy=LENIENT)
    assert lenient.validate(encoded, token.info.imprint, at).report.indication is Indication.VALID
    assert "СЕРВИС МЕТКИ ВРЕМЕНИ" in str(report.facts["tsa"])
    other = MessageImprint.of(b"something else", "sha1")
    assert lenient.validate(encoded, other, at).report.sub_indication is SubIndication.HASH_FAILURE


def test_a_changed_byte_in_the_time_stamp_is_found(corpus: Path) -> None:
    encoded = (corpus / "ncanode/tsp/tsp_token.bin").read_bytes()
    token = TimestampToken.load(encoded)
    validator = TimestampValidator(KnownGood(token.signed_data.certificates), policy=LENIENT)
    at = datetime(2022, 10, 1, tzinfo=UTC)
    for position in range(0, len(encoded), 11):
        changed = encoded[:position] + bytes([encoded[position] ^ 1]) + encoded[position + 1 :]
        judged = validator.validate(changed, token.info.imprint, at)
        if judged.report.indication is Indication.VALID:
            assert part_at(encoded, position) in ("version", "digestAlgorithms")
            assert judged.token is not None
            assert judged.token.info == token.info


def authorities(corpus: Path, *, revocation: bool) -> CertificateValidator:
    """Return a judge that trusts the country's test authorities and has their lists; their old roots are not there."""
    anchors = [Certificate.load(file.read_bytes()) for file in sorted((corpus / "ncanode/ca").iterdir())]
    lists = [file.read_bytes() for file in sorted((corpus / "ncanode/crl").iterdir())]
    return CertificateValidator(
        TrustStore(anchors),
        revocation=Revocation(RevocationSources(crls=lists)),
        policy=ValidationPolicy(check_revocation=revocation),
    )


@pytest.mark.parametrize("name", MESSAGES)
def test_every_signature_is_good_by_its_authority(name: str, corpus: Path) -> None:
    """The whole verdict: path, algorithms, purpose; with GOST revocation, too, by the authority's own list.

    The list of the RSA authority is of after the signer's certificate had ended, when it need not name it any more.
    """
    encoded = (corpus / "ncanode" / name).read_bytes()
    content = DETACHED if SignedData.load(encoded).content is None else None
    times = {"rsa-sha256": datetime(2022, 1, 10, tzinfo=UTC), "gost2015-512": datetime(2022, 8, 1, tzinfo=UTC)}
    for position, algorithm in enumerate(MESSAGES[name]):
        validator = CmsValidator(authorities(corpus, revocation=algorithm != "rsa-sha256"))
        report = validator.examine(encoded, times[algorithm], content=content).signatures[position].report
        assert report.indication is Indication.VALID, report.to_dict()
        assert len(report.children[-1].children) == 2, "the signer and the anchor"


def test_the_time_stamp_is_good_by_its_authority_and_its_list(corpus: Path) -> None:
    encoded = (corpus / "ncanode/tsp/tsp_token.bin").read_bytes()
    validator = TimestampValidator(authorities(corpus, revocation=True), policy=LENIENT)
    imprint = TimestampToken.load(encoded).info.imprint
    judged = validator.validate(encoded, imprint, datetime(2022, 9, 20, tzinfo=UTC))
    assert judged.report.indication is Indication.VALID, judged.report.to_dict()
    assert judged.proves == datetime(2022, 9, 18, 13, 20, 14, tzinfo=UTC)
