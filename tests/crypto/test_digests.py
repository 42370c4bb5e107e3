"""Digests by name and by identifier."""

from __future__ import annotations

import hashlib

import pytest

from egov_sign.crypto import digests
from egov_sign.errors import UnsupportedError


@pytest.mark.parametrize("name", ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
def test_digest_agrees_with_hashlib(name: str) -> None:
    assert digests.digest(name, b"abc") == hashlib.new(name, b"abc", usedforsecurity=False).digest()


@pytest.mark.parametrize("name", sorted(digests.OIDS))
def test_a_digest_is_found_by_its_identifiers(name: str) -> None:
    assert digests.by_oid(digests.OIDS[name]) == name
    assert digests.by_xml_uri(digests.XML_URIS[name]) == name


@pytest.mark.parametrize("name", sorted(digests.OIDS))
def test_data_may_come_in_parts(name: str) -> None:
    state = digests.new(name)
    for part in (b"", b"a" * 31, b"b" * 100, b"c"):
        state.update(part)
    assert state.digest() == digests.digest(name, b"a" * 31 + b"b" * 100 + b"c")
    assert state.digest() != digests.digest(name, b"a" * 31 + b"b" * 100)


def test_the_identifier_of_a_digest() -> None:
    assert digests.to_identifier("sha256").hex() == "300d06096086480165030402010500"
    with pytest.raises(UnsupportedError, match="DIGEST_UNKNOWN"):
        digests.to_identifier("rot13")


def test_russias_identifiers_of_streebog_are_known() -> None:
    assert digests.by_oid("1.2.643.7.1.1.2.2") == "streebog256"
    assert digests.by_oid("1.2.643.7.1.1.2.3") == "streebog512"


def test_the_countrys_own_identifier_of_sha1_is_known() -> None:
    assert digests.by_xml_uri("http://www.w3.org/2001/04/xmldsig-more#sha1") == "sha1"


@pytest.mark.parametrize("look_up", [digests.new, digests.by_oid, digests.by_xml_uri])
def test_an_unknown_digest_is_refused(look_up: object) -> None:
    with pytest.raises(UnsupportedError, match="DIGEST_UNKNOWN"):
        look_up("1.2.3.4")  # type: ignore[operator]
