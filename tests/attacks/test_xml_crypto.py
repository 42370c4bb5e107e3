"""Attacks on values and algorithms (rows 25, 27, 28)."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import cast

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from egov_sign.certs.algorithm_policy import ALWAYS, AlgorithmPolicy, algorithm_policy
from egov_sign.crypto.signer import KeySigner
from egov_sign.docs import c14n
from egov_sign.docs.validation import XmlValidator
from egov_sign.docs.xmlparse import parse
from egov_sign.docs.xmlsign import sign_enveloped
from egov_sign.verdict import Indication, SubIndication
from egov_sign_pki import World
from tests.attacks.forging import REQUEST, attach, octets

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def with_value(signed: bytes, value: bytes) -> bytes:
    root = parse(signed)
    root[-1][1].text = base64.b64encode(value).decode()
    return octets(root)


@pytest.mark.parametrize("digest", ["sha1", "md5"])
def test_row_25_weak_digests(rsa_world: World, rsa_validator: XmlValidator, digest: str) -> None:
    """Refused by a dated policy: indeterminate now, good at a time when the digest was."""
    at = rsa_world.at
    weak = sign_enveloped(REQUEST, rsa_world.signer("person", f"rsa-{digest}"))
    report = rsa_validator.validate(weak, at)
    assert report.codes == ["ALGORITHM_WEAK"]
    assert report.indication is Indication.INDETERMINATE
    assert report.sub_indication is SubIndication.CRYPTO_CONSTRAINTS_FAILURE
    only_digest = sign_enveloped(REQUEST, rsa_world.signer("person"), digest=digest)
    assert rsa_validator.validate(only_digest, at).codes == ["ALGORITHM_WEAK"]
    usual = algorithm_policy()
    lenient = AlgorithmPolicy("all digests", dict.fromkeys(usual.digests, ALWAYS), usual.keys)
    assert XmlValidator(rsa_validator.judge, policy=lenient).validate(weak, at).codes == []
    assert usual.digest_end(digest) > datetime(2004, 1, 1, tzinfo=UTC)


def test_row_25_a_good_digest_is_good(rsa_world: World, rsa_validator: XmlValidator) -> None:
    for algorithm in ("rsa-sha256", "rsa-sha384", "rsa-sha512", "rsa-pss-sha256"):
        signed = sign_enveloped(REQUEST, rsa_world.signer("person", algorithm))
        assert rsa_validator.validate(signed, rsa_world.at).codes == [], algorithm


def test_row_27_ecdsa_values_of_wrong_shape(validator: XmlValidator, signer: KeySigner, at: datetime) -> None:
    signed = sign_enveloped(REQUEST, signer)
    value = base64.b64decode(parse(signed)[-1][1].text or "")
    assert validator.validate(with_value(signed, value), at).codes == []
    r, s = value[:32], value[32:]
    zero, order = bytes(32), P256_ORDER.to_bytes(32, "big")
    der = signer.sign(c14n.canonicalize(parse(signed)[-1][0], c14n.INCLUSIVE))
    wrong = [
        value[:-1],
        value + b"\0",
        b"\0" + r + b"\0" + s,
        r + zero,
        zero + s,
        zero + zero,
        r + order,
        order + s,
        r[1:] + s[1:],
        s + r,
        der,
    ]
    for candidate in wrong:
        report = validator.validate(with_value(signed, candidate), at)
        assert report.sub_indication is SubIndication.SIG_CRYPTO_FAILURE, candidate.hex()
        assert report.indication is Indication.INVALID


def padded(digest: bytes, *, variant: str, size: int = 256) -> bytes:
    """Return an encoded message (RFC 8017, 9.2) with what is wrong in ``variant``."""
    info = bytes.fromhex("3031300d060960864801650304020105000420") + digest
    match variant:
        case "right":
            return b"\0\1" + b"\xff" * (size - 3 - len(info)) + b"\0" + info
        case "garbage after the digest":
            return (b"\0\1" + b"\xff" * 8 + b"\0" + info).ljust(size, b"\1")
        case "short padding":
            return b"\0\1" + b"\xff" * 8 + b"\0" * (size - 10 - len(info)) + info
        case "block type 2":
            return b"\0\2" + b"\xff" * (size - 3 - len(info)) + b"\0" + info
        case "no algorithm":
            return b"\0\1" + b"\xff" * (size - 3 - 32) + b"\0" + digest
        case "padding that is not ff":
            return b"\0\1" + b"\xfe" * (size - 3 - len(info)) + b"\0" + info
        case "parameters replaced by garbage":
            odd = bytes.fromhex("3031300d06096086480165030402010104000420")[:19] + digest
            return b"\0\1" + b"\xff" * (size - 3 - len(odd)) + b"\0" + odd
    raise AssertionError(variant)


@pytest.mark.parametrize(
    "variant",
    [
        "garbage after the digest",
        "short padding",
        "block type 2",
        "no algorithm",
        "padding that is not ff",
        "parameters replaced by garbage",
    ],
)
def test_row_28_forged_padding(rsa_world: World, rsa_validator: XmlValidator, variant: str) -> None:
    signer = rsa_world.signer("person")
    key = cast("rsa.RSAPrivateKey", serialization.load_der_private_key(signer.key.pkcs8(), None))
    numbers = key.private_numbers()
    root = attach(REQUEST, signer)
    digest = hashlib.sha256(c14n.canonicalize(root[-1][0], c14n.INCLUSIVE)).digest()

    def value(kind: str) -> bytes:
        encoded = int.from_bytes(padded(digest, variant=kind), "big")
        return pow(encoded, numbers.d, numbers.public_numbers.n).to_bytes(256, "big")

    good, bad = (with_value(octets(root), value(kind)) for kind in ("right", variant))
    assert rsa_validator.validate(good, rsa_world.at).codes == []
    assert rsa_validator.validate(bad, rsa_world.at).sub_indication is SubIndication.SIG_CRYPTO_FAILURE


def test_row_28_a_value_of_another_length(rsa_world: World, rsa_validator: XmlValidator) -> None:
    signed = sign_enveloped(REQUEST, rsa_world.signer("person"))
    value = base64.b64decode(parse(signed)[-1][1].text or "")
    for candidate in (b"\0" + value, value[:-1], value + b"\0", b"\0" * 256, b"\1"):
        report = rsa_validator.validate(with_value(signed, candidate), rsa_world.at)
        assert report.sub_indication is SubIndication.SIG_CRYPTO_FAILURE


def test_the_method_must_fit_the_key(
    rsa_world: World, rsa_validator: XmlValidator, signer: KeySigner, validator: XmlValidator, at: datetime
) -> None:
    """A signature of one family under the name of another."""
    ecdsa = sign_enveloped(REQUEST, signer).replace(b"#ecdsa-sha256", b"#rsa-sha256")
    assert validator.validate(ecdsa, at).sub_indication is SubIndication.SIG_CRYPTO_FAILURE
    other = sign_enveloped(REQUEST, rsa_world.signer("person")).replace(b"#rsa-sha256", b"#rsa-sha512")
    assert rsa_validator.validate(other, rsa_world.at).sub_indication is SubIndication.SIG_CRYPTO_FAILURE
    unknown = sign_enveloped(REQUEST, signer).replace(b"#ecdsa-sha256", b"#ecdsa-sha999")
    assert validator.validate(unknown, at).sub_indication is SubIndication.CRYPTO_CONSTRAINTS_FAILURE
