"""CMS signatures: what we make OpenSSL verifies, what OpenSSL makes we verify, and the country's real messages."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import cms as asn1_cms

from egov_sign.certs import issue_names
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.issue import Authority, issue_certificate
from egov_sign.crypto import der_write
from egov_sign.crypto.algorithms import by_name
from egov_sign.crypto.generate import KeyKind, generate_private_key
from egov_sign.crypto.signer import KeySigner
from egov_sign.docs import cms, cms_sign
from egov_sign.docs.cms import SignedData
from egov_sign.docs.cms_verify import CheckedSigner, Content, check_signer
from egov_sign.errors import InputError, LimitError, UnsupportedError
from egov_sign.limits import Limits
from egov_sign.verdict import Indication, Report
from tests.docs.cms_openssl import openssl, openssl_signs, openssl_verifies
from tests.docs.cms_world import AT, CONTENT, certificate, signer

ALGORITHMS = [
    ("ec", "ecdsa-sha256"),
    ("ec", "ecdsa-sha384"),
    ("rsa", "rsa-sha256"),
    ("rsa", "rsa-sha512"),
    ("rsa", "rsa-pss-sha256"),
]
"""What OpenSSL 3.0 can do in CMS: it knows no digest for Ed25519 with signed attributes."""


def check(encoded: bytes, content: bytes | None = None) -> list[tuple[CheckedSigner, Report]]:
    """Check every signature in a message with the certificates it brings."""
    message = SignedData.load(encoded)
    signed = content if message.content is None else message.content
    assert signed is not None
    candidates = [Certificate.load(der) for der in message.certificates]
    results = []
    for one in message.signers:
        report = Report("signature")
        results.append((check_signer(one, Content(signed, message.content_type), candidates, report), report))
    return results


def codes(encoded: bytes, content: bytes | None = None) -> list[str]:
    return [code for _, report in check(encoded, content) for code in report.codes]


@pytest.mark.parametrize("detached", [False, True])
@pytest.mark.parametrize(("kind", "algorithm"), ALGORITHMS)
def test_openssl_verifies_what_we_sign(kind: str, algorithm: str, detached: bool, tmp_path: Path) -> None:
    made = cms_sign.sign(CONTENT, signer("person", kind, algorithm), signing_time=AT, detached=detached)
    assert codes(made, CONTENT) == []
    assert openssl_verifies(made, CONTENT, tmp_path)
    assert not openssl_verifies(changed(made, CONTENT) if not detached else made, CONTENT + b".", tmp_path)


@pytest.mark.parametrize(("kind", "algorithm"), ALGORITHMS)
@pytest.mark.parametrize("options", [(), ("-nodetach",), ("-nodetach", "-keyid"), ("-nodetach", "-cades")])
def test_we_verify_what_openssl_signs(kind: str, algorithm: str, options: tuple[str, ...], tmp_path: Path) -> None:
    made = openssl_signs(tmp_path, kind, algorithm, *options)
    [(checked, report)] = check(made, CONTENT)
    assert report.indication is Indication.VALID
    assert checked.certificate == certificate("person", kind)
    assert checked.algorithm is not None
    assert checked.algorithm.name == algorithm
    assert checked.signing_time is not None
    assert checked.bound == ("-cades" in options)
    assert report.codes == ([] if checked.bound else ["CMS_SIGNING_CERTIFICATE_UNBOUND"])


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_a_signature_without_attributes_covers_the_content_itself(kind: str, tmp_path: Path) -> None:
    made = openssl_signs(tmp_path, kind, "", "-nodetach", "-noattr")
    assert codes(made) == ["CMS_SIGNING_CERTIFICATE_UNBOUND"]
    assert "CMS_SIGNATURE_WRONG" in codes(changed(made, CONTENT))


def test_messages_written_while_they_were_made_are_read(tmp_path: Path) -> None:
    """BER: open lengths, the content in pieces."""
    made = openssl_signs(tmp_path, "ec", "ecdsa-sha256", "-nodetach", "-stream", "-indef")
    assert made[:2] == b"\x30\x80"
    message = SignedData.load(made)
    assert message.content == CONTENT
    assert codes(made) == ["CMS_SIGNING_CERTIFICATE_UNBOUND"]
    assert "CMS_DIGEST_WRONG" in codes(changed(made, CONTENT))
    with pytest.raises(InputError, match="CMS_MALFORMED"):
        SignedData.load(made[:-2])


@pytest.mark.parametrize("detached", [False, True])
def test_signers_are_added_beside_each_other(detached: bool, tmp_path: Path) -> None:
    first = cms_sign.sign(CONTENT, signer(), signing_time=AT, detached=detached)
    second = cms_sign.add_signer(SignedData.load(first), signer("person", "rsa"), signing_time=AT, content=CONTENT)
    message = SignedData.load(second)
    assert [checked.certificate for checked, _ in check(second, CONTENT)] == [certificate(), certificate(kind="rsa")]
    assert message.signers[0].encoded == SignedData.load(first).signers[0].encoded
    assert codes(second, CONTENT) == []
    assert openssl_verifies(second, CONTENT, tmp_path)


def test_a_signer_cannot_be_added_to_what_is_not_there() -> None:
    detached = SignedData.load(cms_sign.sign(CONTENT, signer(), signing_time=AT, detached=True))
    with pytest.raises(InputError, match="CMS_CONTENT_MISSING"):
        cms_sign.add_signer(detached, signer("other-person"), signing_time=AT)


def test_a_counter_signature_confirms_one_signature(tmp_path: Path) -> None:
    made = cms_sign.sign(CONTENT, signer(), signing_time=AT)
    confirmed = cms_sign.countersign(SignedData.load(made), 0, signer("other-person"), signing_time=AT)
    message = SignedData.load(confirmed)
    [value] = message.signers[0].unsigned.all(cms.COUNTER_SIGNATURE)
    report = Report("signature")
    checked = check_signer(
        cms.read_signer(value),
        Content(message.signers[0].signature, ""),
        [Certificate.load(der) for der in message.certificates],
        report,
    )
    assert report.codes == []
    assert checked.certificate == certificate("other-person")
    assert codes(confirmed) == []
    assert openssl_verifies(confirmed, CONTENT, tmp_path)


def test_the_chain_goes_along_if_asked() -> None:
    assert len(SignedData.load(cms_sign.sign(CONTENT, signer(), signing_time=None)).certificates) == 1
    assert len(SignedData.load(cms_sign.sign(CONTENT, signer(), signing_time=None, chain=True)).certificates) == 3


def test_ed25519_signs_as_rfc_8419_says() -> None:
    """Read with another library's structures and verified by the bare key."""
    key = generate_private_key(KeyKind.ED25519)
    holder = Authority.of(issue_names.name([("CN", "Ed")]), key)
    day = timedelta(days=1)
    issued = issue_certificate(
        holder, subject=holder.name, spki=holder.spki, serial=1, not_before=AT - day, not_after=AT + day
    )
    made = cms_sign.sign(CONTENT, KeySigner(key, issued, by_name("ed25519")), signing_time=AT)
    assert codes(made) == []
    [info] = asn1_cms.ContentInfo.load(made)["content"]["signer_infos"]  # type: ignore[no-untyped-call]
    assert info["digest_algorithm"]["algorithm"].native == "sha512"
    attributes = info["signed_attrs"].untag().dump()
    assert key.public_key().verify(info["signature"].native, attributes, by_name("ed25519"))


def test_taking_apart_and_putting_together_changes_nothing() -> None:
    made = cms_sign.sign(CONTENT, signer(), signing_time=AT)
    assert cms_sign.Parts.of(SignedData.load(made)).encode() == made


def test_there_is_no_cms_digest_for_every_algorithm() -> None:
    with pytest.raises(UnsupportedError, match="CMS_ALGORITHM"):
        cms_sign.sign(CONTENT, replace(signer(), algorithm=by_name("ed448")), signing_time=AT)


def test_a_message_has_bounds() -> None:
    made = cms_sign.sign(CONTENT, signer(), signing_time=AT)
    SignedData.load(made, Limits(document_bytes=len(made), cms_attributes=5, cms_signers=1, certificates=1))
    for limits in (
        Limits(document_bytes=len(made) - 1),
        Limits(cms_attributes=4),
        Limits(cms_signers=0),
        Limits(certificates=0),
    ):
        with pytest.raises(LimitError):
            SignedData.load(made, limits)


def test_messages_in_text_are_read(tmp_path: Path) -> None:
    made = cms_sign.sign(CONTENT, signer(), signing_time=AT)
    armour = base64.encodebytes(made)
    (tmp_path / "message").write_bytes(made)
    openssl(
        "cms", "-cmsout", "-inform", "DER", "-in", tmp_path / "message", "-outform", "PEM", "-out", tmp_path / "pem"
    )
    for text in (
        (tmp_path / "pem").read_bytes(),
        b"-----BEGIN PKCS7-----\r\n" + armour + b"-----END PKCS7-----\r\n",
        armour,
        base64.b64encode(made),
    ):
        assert SignedData.load(text) == SignedData.load(made)
    for broken in (armour[:-4], b"-----BEGIN CMS-----\n" + armour + b"-----END PKCS7-----", armour + b"!", b"<xml/>"):
        with pytest.raises(InputError, match="CMS_MALFORMED"):
            SignedData.load(broken)


@pytest.mark.parametrize("kind", ["gost", "gost2004"])
def test_gost_signatures(kind: str) -> None:
    """By the country's identifiers; an independent oracle is asked about the value where keys are tested."""
    made = cms_sign.sign(CONTENT, signer("person", kind), signing_time=AT)
    [(checked, report)] = check(made)
    assert report.codes == []
    assert checked.bound
    names = {"gost": ("gost2015-512", "streebog512"), "gost2004": ("gost2004", "gost94")}
    assert checked.algorithm is not None
    assert (checked.algorithm.name, checked.digest) == names[kind]
    assert "CMS_DIGEST_WRONG" in codes(changed(made, CONTENT))


def test_old_messages_put_the_key_s_identifier_where_the_signature_s_belongs() -> None:
    """It is read as the same algorithm; our own signature protects its algorithms, and so finds the change out."""
    made = cms_sign.sign(CONTENT, signer("person", "gost2004"), signing_time=AT)
    signature, key = (der_write.oid(f"1.2.398.3.10.1.1.1.{number}") for number in (2, 1))
    position = made.rindex(signature)
    swapped = made[:position] + key + made[position + len(key) :]
    assert codes(swapped) == ["CMS_ALGORITHM_PROTECTION"], (
        "read as the same algorithm, and found out by what protects it"
    )
    assert check(swapped)[0][0].algorithm == by_name("gost2004")


def test_what_is_no_signed_message_is_refused(tmp_path: Path) -> None:
    made = cms_sign.sign(CONTENT, signer(), signing_time=AT)
    for unreadable in (b"", b"\x30\x00", made[:-1], made + b"\x00", CONTENT):
        with pytest.raises(InputError, match="CMS_MALFORMED"):
            SignedData.load(unreadable)
    (tmp_path / "data").write_bytes(CONTENT)
    openssl("cms", "-data_create", "-in", tmp_path / "data", "-outform", "DER", "-out", tmp_path / "other")
    with pytest.raises(UnsupportedError, match="CMS_KIND"):
        SignedData.load((tmp_path / "other").read_bytes())


def changed(encoded: bytes, part: bytes) -> bytes:
    """Return ``encoded`` with the last byte of ``part`` in it changed."""
    position = encoded.index(part) + len(part) - 1
    return encoded[:position] + bytes([encoded[position] ^ 1]) + encoded[position + 1 :]
