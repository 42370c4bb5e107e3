"""The rules for each certificate of a path: form, algorithms, names, policies, usage (attacks 33 to 36)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from egov_sign.certs import issue_extensions as ext
from egov_sign.certs.algorithm_policy import algorithm_policy
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.issue import Authority
from egov_sign.certs.issue_names import dns, name, rfc822, uri
from egov_sign.crypto import der_write as der
from egov_sign.crypto.generate import generate_private_key
from egov_sign.limits import Limits
from egov_sign.verdict import Indication, SubIndication
from tests.certs.making import (
    AFTER,
    AT,
    BEFORE,
    CA_USAGE,
    PERSON,
    QUIET,
    SIGNING,
    authority,
    codes,
    judge,
    key,
    leaf,
    root,
    signed,
    tbs,
)

P1, P2 = "1.2.398.3.3.2.1", "1.2.398.3.3.2.3"

TOP = root()


# Form.


def test_an_unknown_critical_extension() -> None:
    unknown = ext.extension("1.2.3.4", der.NULL, critical=True)
    harmless = ext.extension("1.2.3.4", der.NULL)
    assert codes(judge(leaf(TOP, extensions=(*SIGNING, harmless)), [TOP])) == []
    for anchors, others, issuer in (
        ([TOP], [], None),
        ([TOP], [authority(TOP, "odd", (*CA_USAGE, unknown))], "others"),
        ([root("odd", (*CA_USAGE, unknown))], [], "anchors"),
    ):
        owner = {"others": others, "anchors": anchors}.get(issuer or "", [None])[0]
        end = leaf(TOP, extensions=(*SIGNING, unknown)) if owner is None else leaf(owner)
        assert codes(judge(end, anchors, others)) == ["CERT_EXTENSION_UNKNOWN_CRITICAL"]


def test_an_extension_twice() -> None:
    end = leaf(TOP, extensions=(*SIGNING, *SIGNING))
    report = judge(end, [TOP])
    assert (codes(report), report.sub_indication) == (["CERT_EXTENSION_TWICE"], SubIndication.FORMAT_FAILURE)


def test_two_different_algorithms() -> None:
    right = tbs(TOP, PERSON, key("leaf"), SIGNING)
    wrong = replace(right, algorithm=der.sequence(der.oid("1.2.840.10045.4.3.3")))
    assert codes(judge(signed(TOP, right), [TOP])) == []
    assert codes(judge(signed(TOP, wrong), [TOP])) == ["CERT_ALGORITHM_MISMATCH"]


@pytest.mark.parametrize("serial", [0, -5, 1 << 167])
def test_a_serial_number_out_of_range(serial: int) -> None:
    right = tbs(TOP, PERSON, key("leaf"), SIGNING)
    assert codes(judge(signed(TOP, replace(right, serial=der.integer((1 << 159) - 1))), [TOP])) == []
    end = signed(TOP, replace(right, serial=der.integer(serial)))
    assert codes(judge(end, [TOP])) == ["CERT_SERIAL"]
    relaxed = judge(end, [TOP], policy=replace(QUIET, profile_rules=False))
    assert relaxed.indication is Indication.VALID
    assert relaxed.children[0].findings[0].code == "CERT_SERIAL"


def test_version_and_extensions_agree() -> None:
    right = tbs(TOP, PERSON, key("leaf"), SIGNING)
    assert codes(judge(signed(TOP, replace(right, version=b"")), [TOP])) == ["CERT_VERSION"]
    plain = signed(TOP, replace(right, version=b"", extensions=()))
    assert plain.version == 1
    assert codes(judge(plain, [TOP])) == ["CERT_AKI_MISSING"]


def test_explicit_curve_parameters() -> None:
    spki = key("leaf").public_key().spki
    named = der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.2.840.10045.3.1.7"))
    assert named in spki
    explicit = der.sequence(der.oid("1.2.840.10045.2.1"), der.sequence(der.integer(1)))
    right = tbs(TOP, PERSON, key("leaf"), SIGNING)
    bits = spki[spki.index(named) + len(named) :]
    report = judge(signed(TOP, replace(right, spki=der.sequence(explicit, bits))), [TOP])
    assert report.indication is not Indication.VALID
    assert "CERT_EC_PARAMETERS_EXPLICIT" in report.codes


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        (ext.subject_alt_name(rfc822("a@example.kz"), dns("example.kz")), []),
        (ext.subject_alt_name(dns("foo_bar.kz")), ["CERT_ALT_NAME_MALFORMED"]),
        (ext.subject_alt_name(rfc822("example.kz")), ["CERT_ALT_NAME_MALFORMED"]),
        (ext.extension("2.5.29.17", b"\x30\x00"), ["CERT_EXTENSION_MALFORMED"]),
        (ext.extension("2.5.29.17", b"\x30\x05\x82\x01"), ["CERT_EXTENSION_MALFORMED"]),
        (ext.extension("2.5.29.37", b"\x30\x00"), ["CERT_EXTENSION_MALFORMED"]),
        (ext.extension("2.5.29.15", b"\x03\x02\x06\x00"), ["CERT_EXTENSION_MALFORMED"]),
        (ext.extension("2.5.29.31", b"\x30\x02\x30\x00"), ["CERT_EXTENSION_MALFORMED"]),
        (ext.extension("2.5.29.17", b"\x30\x04\xa0\x02ab"), ["CERT_EXTENSION_MALFORMED"]),
        (ext.extension("1.3.6.1.5.5.7.1.1", b"\x30\x01"), ["CERT_EXTENSION_MALFORMED"]),
        (ext.extension("2.5.29.14", der.octet_string(b"x"), critical=True), ["CERT_EXTENSION_CRITICALITY"]),
        (ext.basic_constraints(ca=False, path_length=1), ["CERT_AUTHORITY_FIELD"]),
        (ext.name_constraints(permitted=(dns("example.kz"),)), ["CERT_AUTHORITY_FIELD"]),
    ],
)
def test_extensions_of_an_end_entity(extension: bytes, expected: list[str]) -> None:
    right = tbs(TOP, PERSON, key("leaf"), SIGNING)
    rest = [one for one in right.extensions if ext.oid_of(one) != ext.oid_of(extension)]
    assert codes(judge(signed(TOP, replace(right, extensions=(*rest, extension))), [TOP])) == expected


def test_an_end_entity_may_not_sign_certificates() -> None:
    assert codes(judge(leaf(TOP, extensions=(ext.key_usage("keyCertSign"),)), [TOP])) == ["CERT_AUTHORITY_FIELD"]


def test_key_identifiers() -> None:
    right = tbs(TOP, PERSON, key("leaf"), SIGNING)
    aki = ext.authority_key_id(b"somebody else")
    others = [one for one in right.extensions if ext.oid_of(one) != ext.oid_of(aki)]
    assert codes(judge(signed(TOP, replace(right, extensions=tuple(others))), [TOP])) == ["CERT_AKI_MISSING"]
    assert codes(judge(signed(TOP, replace(right, extensions=(aki, *others))), [TOP])) == ["CERT_AKI_MISMATCH"]


@pytest.mark.parametrize("value", [der.tlv(0x0C, b"\xff\xfe"), der.integer(5), der.NULL, der.bit_string(b"a")])
def test_a_malformed_name(value: bytes) -> None:
    broken = der.sequence(der.set_of(der.sequence(der.oid("2.5.4.3"), value)))
    right = tbs(TOP, PERSON, key("leaf"), SIGNING)
    report = judge(signed(TOP, replace(right, subject=broken)), [TOP])
    assert codes(report) == ["CERT_NAME_MALFORMED"]
    assert report.name


# Algorithms.


def test_weak_keys_and_digests() -> None:
    small = generate_private_key("rsa2048")
    made = signed(TOP, tbs(TOP, PERSON, small, SIGNING))
    assert codes(judge(made, [TOP])) == []
    policy = algorithm_policy()
    assert policy.end(made.signature_algorithm, 256) > AFTER
    assert policy.key_end("RSA", 1024) < BEFORE
    assert policy.key_end("RSA", 512) < policy.key_end("RSA", 1024)
    strict = replace(QUIET, algorithms=algorithm_policy("etsi"))
    later = datetime(2029, 1, 2, tzinfo=AT.tzinfo)
    long_lived = root("long")
    old = signed(long_lived, tbs(long_lived, PERSON, small, SIGNING, BEFORE, later + timedelta(1)))
    report = judge(old, [long_lived], at=later, policy=strict)
    assert "CERT_KEY_WEAK" in report.codes


def test_a_signature_by_a_weak_digest() -> None:
    weak = replace(TOP, algorithm=replace(TOP.algorithm, name="ecdsa-sha1", digest="sha1", oid="1.2.840.10045.4.1"))
    report = judge(leaf(weak), [TOP])
    assert (codes(report), report.sub_indication) == (
        ["CERT_ALGORITHM_WEAK"],
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
    )


def test_a_corrupt_signature() -> None:
    end = leaf(TOP)
    broken = Certificate.load(end.der[:-1] + bytes([end.der[-1] ^ 1]))
    assert codes(judge(end, [TOP])) == []
    assert codes(judge(broken, [TOP])) == ["CERT_ISSUER_DID_NOT_SIGN"]


def test_an_unknown_algorithm() -> None:
    right = tbs(TOP, PERSON, key("leaf"), SIGNING)
    odd = der.sequence(der.oid("1.2.3"))
    encoded = der.sequence(replace(right, algorithm=odd).encode(), odd, der.bit_string(b"signature"))
    report = judge(Certificate.load(encoded), [TOP])
    assert codes(report) == ["CERT_UNSUPPORTED"]


# Names.


@pytest.mark.parametrize(
    ("permitted", "excluded", "names", "allowed"),
    [
        ((dns("example.kz"),), (), (dns("a.example.kz"),), True),
        ((dns("example.kz"),), (), (dns("aexample.kz"),), False),
        ((dns("example.kz"),), (), (rfc822("a@b.kz"),), True),
        ((), (dns("example.kz"),), (dns("b.kz"), dns("EXAMPLE.KZ")), False),
        ((), (dns("a.example.kz"),), (dns("*.example.kz"),), False),
        ((), (dns("a.example.kz"),), (dns("b.example.kz"),), True),
        ((rfc822("example.kz"),), (), (rfc822("a@example.kz"),), True),
        ((rfc822("example.kz"),), (), (rfc822("a@mail.example.kz"),), False),
        ((rfc822(".example.kz"),), (), (rfc822("a@mail.example.kz"),), True),
        ((rfc822("a@example.kz"),), (), (rfc822("b@example.kz"),), False),
        ((), (rfc822("a@example.kz"),), (rfc822('"a"@EXAMPLE.kz'),), False),
        ((uri("example.kz"),), (), (uri("http://example.kz/a"),), True),
        ((), (uri("evil.kz"),), (uri("http://evil.kz\\@example.kz/"),), False),
        ((), (uri("evil.kz"),), (uri("http://ev\til.kz/"),), False),
        ((uri("example.kz"),), (), (uri("http://example.kz@evil.kz/"),), False),
        ((uri("example.kz"),), (), (uri("urn:example.kz"),), False),
        ((), (uri(".example.kz"),), (uri("https://a.example.kz:8443/"),), False),
        ((der.implicit(7, bytes.fromhex("0a000000ff000000")),), (), (der.implicit(7, b"\x0a\x01\x02\x03"),), True),
        ((der.implicit(7, bytes.fromhex("0a000000ff000000")),), (), (der.implicit(7, b"\x0b\x01\x02\x03"),), False),
        ((), (der.implicit(8, b"\x2a\x03"),), (der.implicit(8, b"\x2a\x04"),), False),
    ],
)
def test_name_constraints(
    permitted: tuple[bytes, ...], excluded: tuple[bytes, ...], names: tuple[bytes, ...], allowed: bool
) -> None:
    constraints = ext.name_constraints(permitted=permitted, excluded=excluded)
    issuer = authority(TOP, "constrained", (*CA_USAGE, constraints))
    end = leaf(issuer, extensions=(*SIGNING, ext.subject_alt_name(*names)))
    assert codes(judge(end, [TOP], [issuer])) == ([] if allowed else ["CERT_NAME_NOT_PERMITTED"])


@pytest.mark.parametrize(
    ("base", "allowed"), [(PERSON[:1], True), ([("CN", "тестов  тест")], True), (PERSON[1:2], False)]
)
def test_directory_name_constraints(base: Sequence[tuple[str, str]], allowed: bool) -> None:
    tree = der.tagged(4, name(base))
    for permitted, excluded, expected in (((tree,), (), allowed), ((), (tree,), not allowed)):
        issuer = authority(
            TOP, "constrained", (*CA_USAGE, ext.name_constraints(permitted=permitted, excluded=excluded))
        )
        assert codes(judge(leaf(issuer), [TOP], [issuer])) == ([] if expected else ["CERT_NAME_NOT_PERMITTED"])


@pytest.mark.parametrize(
    "base", [dns(".example.kz"), dns("*.example.kz"), der.implicit(7, bytes.fromhex("0a0000ff0000ff00"))]
)
def test_a_malformed_constraint(base: bytes) -> None:
    issuer = authority(TOP, "constrained", (*CA_USAGE, ext.name_constraints(permitted=(base,))))
    assert codes(judge(leaf(issuer), [TOP], [issuer])) == ["CERT_EXTENSION_MALFORMED"]


def test_constraints_of_every_issuer_hold_and_comparisons_are_bounded() -> None:
    wide = authority(TOP, "wide", (*CA_USAGE, ext.name_constraints(permitted=(dns("example.kz"),))))
    narrow = authority(wide, "narrow", (*CA_USAGE, ext.name_constraints(permitted=(dns("kz"),))))
    end = leaf(narrow, extensions=(*SIGNING, ext.subject_alt_name(dns("other.kz"))))
    assert codes(judge(end, [TOP], [wide, narrow])) == ["CERT_NAME_NOT_PERMITTED"]
    limits = Limits(name_comparisons=0)
    assert codes(judge(end, [TOP], [wide, narrow], limits=limits)) == ["CERT_NAMES_TOO_MANY"] * 2


# Policies.


def policy_leaf(issuer: Authority, *policies: str) -> Certificate:
    return leaf(issuer, extensions=(*SIGNING, *([ext.policies(*policies)] if policies else [])))


def test_required_policies() -> None:
    issuer = authority(TOP, "issuer", (*CA_USAGE, ext.policies(P1, P2)))
    demand = replace(QUIET, require_explicit_policy=True, initial_policies=frozenset({P1}))
    assert codes(judge(policy_leaf(issuer, P1), [TOP], [issuer], policy=demand)) == []
    assert codes(judge(policy_leaf(issuer, P2), [TOP], [issuer], policy=demand)) == ["CERT_POLICY_NOT_ACCEPTED"]
    assert "CERT_POLICY_NOT_ACCEPTED" in codes(judge(policy_leaf(issuer), [TOP], [issuer], policy=demand))
    assert codes(judge(policy_leaf(issuer, P2), [TOP], [issuer])) == []


def test_policy_constraints_of_an_issuer() -> None:
    demands = ext.policy_constraints(require_explicit=0)
    issuer = authority(TOP, "issuer", (*CA_USAGE, ext.policies(P1), demands))
    assert codes(judge(policy_leaf(issuer, P1), [TOP], [issuer])) == []
    assert "CERT_POLICY_NOT_ACCEPTED" in codes(judge(policy_leaf(issuer, P2), [TOP], [issuer]))


def test_policy_mappings_do_not_grow_exponentially() -> None:
    count = 24
    policies = [f"1.2.{number}" for number in range(1, count + 1)]
    pairs = [(source, target) for source in policies for target in policies]
    mapping = ext.extension(
        "2.5.29.33", der.sequence(*(der.sequence(der.oid(one), der.oid(two)) for one, two in pairs)), critical=True
    )
    chain = [TOP]
    for number in range(8):
        chain.append(authority(chain[-1], f"ca{number}", (*CA_USAGE, ext.policies(*policies), mapping)))
    demand = replace(QUIET, require_explicit_policy=True)
    assert codes(judge(policy_leaf(chain[-1], policies[0]), [TOP], chain[1:], policy=demand)) == []
    assert "CERT_POLICY_NOT_ACCEPTED" in codes(judge(policy_leaf(chain[-1], "1.3"), [TOP], chain[1:], policy=demand))


# Usage.


@pytest.mark.req("R406")
@pytest.mark.parametrize(
    ("usages", "allowed"),
    [
        (("digitalSignature", "nonRepudiation"), True),
        (("digitalSignature", "nonRepudiation", "keyAgreement"), True),
        (("digitalSignature", "keyEncipherment"), False),
        ((), False),
    ],
)
def test_a_signing_key_is_asked_for(usages: tuple[str, ...], allowed: bool) -> None:
    end = leaf(TOP, extensions=(ext.key_usage(*usages),) if usages else ())
    policy = replace(QUIET, key_usage=frozenset({"nonRepudiation"}))
    assert codes(judge(end, [TOP], policy=policy)) == ([] if allowed else ["CERT_USAGE"])
    assert codes(judge(end, [TOP])) == []


def test_an_extended_usage_is_asked_for() -> None:
    policy = replace(QUIET, extended_key_usage=frozenset({"1.3.6.1.5.5.7.3.9"}))
    for usages, allowed in (((), True), (("1.3.6.1.5.5.7.3.9",), True), (("2.5.29.37.0",), True), (("1.2.3",), False)):
        end = leaf(TOP, extensions=(*SIGNING, ext.extended_key_usage(*usages)) if usages else SIGNING)
        assert codes(judge(end, [TOP], policy=policy)) == ([] if allowed else ["CERT_USAGE"])
