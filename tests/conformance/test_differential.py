"""Mutated certificates: never VALID where OpenSSL or pyhanko-certvalidator says that the path is invalid.

A certificate of a good path is taken apart into its DER values, some of these are changed, and it is put together and
signed again, so that no signature gives the change away. 300 examples by default; EGOV_SIGN_MUTATIONS=10000 makes more
of them.
"""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import x509
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyhanko_certvalidator import CertificateValidator as PyhankoValidator
from pyhanko_certvalidator import ValidationContext

from egov_sign.certs import issue_extensions as ext
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.issue import Authority
from egov_sign.certs.issue_names import dns, rfc822
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.crypto import algorithms, der, der_write
from egov_sign.errors import InputError
from egov_sign.verdict import Indication
from tests.certs.making import AT, CA_USAGE, PERSON, QUIET, SIGNING, authority, certificate_of, leaf, root

asn1: Any = x509  # asn1crypto carries no types
MUTATIONS = int(os.environ.get("EGOV_SIGN_MUTATIONS", "300"))
TAGS = [1, 2, 3, 4, 5, 6, 12, 19, 22, 23, 24, 48, 49, 128, 129, 130, 160, 161]
POLICY = "1.2.398.3.3.2.1"
TOP = root()
CONSTRAINTS = ext.name_constraints(permitted=(dns("example.kz"), rfc822("example.kz")))
MIDDLE = authority(
    TOP,
    "middle",
    (ext.basic_constraints(ca=True, path_length=0), CA_USAGE[1], ext.policies(POLICY), CONSTRAINTS),
)
END = leaf(
    MIDDLE,
    PERSON,
    (
        *SIGNING,
        ext.basic_constraints(ca=False),
        ext.extended_key_usage("1.3.6.1.5.5.7.3.4"),
        ext.policies(POLICY),
        ext.subject_alt_name(rfc822("a@example.kz"), dns("a.example.kz")),
        ext.crl_distribution_points("http://example.kz/a.crl"),
        ext.authority_access(ocsp=("http://example.kz/ocsp",)),
    ),
)


@dataclass
class Node:
    """One DER value, taken apart as far as it goes."""

    tag: int
    content: bytes | list[Node]

    def encode(self) -> bytes:
        inner = self.content
        return der_write.tlv(self.tag, inner if isinstance(inner, bytes) else b"".join(one.encode() for one in inner))

    def lists(self) -> Iterator[list[Node]]:
        """All lists of values in it, itself included."""
        if isinstance(self.content, list):
            yield self.content
            for one in self.content:
                yield from one.lists()


def take_apart(data: bytes) -> list[Node]:
    """The values in ``data``; an OCTET STRING is taken apart if it holds DER."""
    nodes = []
    reader = der.Reader(data)
    while reader:
        tag, content = reader.next()
        inner: bytes | list[Node] = content
        if tag & 0x20:
            inner = take_apart(content)
        elif tag == der.OCTET_STRING and content:
            try:
                inner = take_apart(content)
            except InputError:
                inner = content
        nodes.append(Node(tag, inner))
    return nodes


@st.composite
def mutated(draw: st.DrawFn, certificate: Certificate, issuer: Authority) -> bytes:
    """``certificate`` with one to three of its values changed, signed again by ``issuer``."""
    (tbs,) = take_apart(certificate.tbs)
    for _ in range(draw(st.integers(1, 3))):
        siblings = draw(st.sampled_from([found for found in tbs.lists() if found]))
        index = draw(st.integers(0, len(siblings) - 1))
        node = siblings[index]
        match draw(st.sampled_from(["drop", "twice", "tag", "swap", "value", "value", "value", "empty"])):
            case "drop":
                del siblings[index]
            case "twice":
                siblings.insert(index, node)
            case "tag":
                node.tag = draw(
                    st.sampled_from([1, 2, 3, 4, 5, 6, 12, 19, 22, 23, 24, 48, 49, 128, 129, 130, 160, 161])
                )
                node.content = node.content if isinstance(node.content, bytes) or node.tag & 0x20 else b""
            case "swap":
                other = draw(st.integers(0, len(siblings) - 1))
                siblings[index], siblings[other] = siblings[other], siblings[index]
            case "value":
                node.content = draw(changed_value(node.content))
            case "empty":
                node.content = b""
    signed = tbs.encode()
    signature = issuer.key.sign(signed, issuer.algorithm)
    return der_write.sequence(signed, algorithms.to_identifier(issuer.algorithm), der_write.bit_string(signature))


@st.composite
def changed_value(draw: st.DrawFn, content: bytes | list[Node]) -> bytes | list[Node]:
    if isinstance(content, list) or not content:
        return content
    octets = bytearray(content)
    at = draw(st.integers(0, len(octets) - 1))
    octets[at] = draw(st.one_of(st.just(octets[at] ^ 1), st.just(octets[at] ^ 0x80), st.integers(0, 255)))
    return bytes(octets)


def ours(middle: bytes, end: bytes) -> bool:
    try:
        intermediates, certificate = [Certificate.load(middle)], Certificate.load(end)
    except InputError:
        return False
    validator = CertificateValidator(TrustStore([certificate_of(TOP)]), intermediates=intermediates, policy=QUIET)
    return validator.validate(certificate, AT).indication is Indication.VALID


def pem(encoded: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(encoded) + b"-----END CERTIFICATE-----\n"


def openssl_refuses(folder: Path, middle: bytes, end: bytes) -> str:
    """What OpenSSL says against the path; empty if nothing."""
    for file, encoded in (("root", TOP.certificate), ("middle", middle), ("end", end)):
        (folder / file).write_bytes(pem(encoded))
    command = [
        "openssl",
        "verify",
        "-attime",
        str(int(AT.timestamp())),
        "-CAfile",
        "root",
        "-untrusted",
        "middle",
        "end",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr


async def _pyhanko(middle: bytes, end: bytes) -> None:
    context = ValidationContext(
        trust_roots=[asn1.Certificate.load(TOP.certificate)],
        other_certs=[asn1.Certificate.load(middle)],
        moment=AT,
        allow_fetching=False,
        revocation_mode="soft-fail",
    )
    certificate = asn1.Certificate.load(end)
    await PyhankoValidator(certificate, validation_context=context).async_validate_path()


def pyhanko_refuses(middle: bytes, end: bytes) -> str:
    """What pyhanko-certvalidator says against the path; empty if nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            asyncio.run(_pyhanko(middle, end))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


PEERS_ONLY = [
    (
        "ValueError: X.509 Name object",
        b"",
        "asn1crypto refuses letters that the Unicode of 2002 lacks, and directions of writing (RFC 4518, 2.5: ignored)",
    ),
    (
        "of type dns_name is not allowed",
        b"\x82\x00",
        "an empty dNSName constraint is a suffix of every host name (RFC 5280, 4.2.1.10); OpenSSL agrees",
    ),
]
"""What a peer says against paths that we accept: its words, the bytes that it is about, and why we accept them."""


def is_known(words: str, encoded: bytes) -> bool:
    return any(said in words and octets in encoded for said, octets, _ in PEERS_ONLY)


def assert_agreement(folder: Path, middle: bytes, end: bytes) -> None:
    if not ours(middle, end):
        return
    for words in (openssl_refuses(folder, middle, end), pyhanko_refuses(middle, end)):
        assert not words or is_known(words, middle + end), f"{words}\n{pem(middle)!r}\n{pem(end)!r}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("peers")


def test_all_accept_the_path_as_it_was(folder: Path) -> None:
    middle = certificate_of(MIDDLE).der
    assert ours(middle, END.der)
    assert not openssl_refuses(folder, middle, END.der)
    assert not pyhanko_refuses(middle, END.der)


quick = settings(max_examples=MUTATIONS // 2, deadline=None, suppress_health_check=list(HealthCheck))


@quick
@given(encoded=mutated(END, MIDDLE))
def test_mutated_end_entities(folder: Path, encoded: bytes) -> None:
    assert_agreement(folder, certificate_of(MIDDLE).der, encoded)


@quick
@given(encoded=mutated(certificate_of(MIDDLE), TOP))
def test_mutated_issuers(folder: Path, encoded: bytes) -> None:
    assert_agreement(folder, encoded, END.der)
