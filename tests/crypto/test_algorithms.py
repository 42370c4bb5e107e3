"""The table of signature algorithms and the reading of AlgorithmIdentifier."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egov_sign.crypto import algorithms, digests, pss
from egov_sign.crypto.algorithms import ALGORITHMS, KeyType, SignatureAlgorithm
from egov_sign.crypto.der_write import NULL, integer, oid, sequence, tagged
from egov_sign.errors import EgovSignError, InputError, UnsupportedError

SHA256 = sequence(oid(digests.OIDS["sha256"]), NULL)
SHA1 = sequence(oid(digests.OIDS["sha1"]))
MD5 = sequence(oid(digests.OIDS["md5"]))
MGF1 = oid("1.2.840.113549.1.1.8")


def pss_identifier(*, digest: bytes = SHA256, mask: bytes = MGF1, mask_digest: bytes = SHA256, **numbers: int) -> bytes:
    fields = [digest, sequence(mask, mask_digest), integer(numbers.get("salt", 32)), integer(numbers.get("trailer", 1))]
    parameters = sequence(*(tagged(number, field) for number, field in enumerate(fields)))
    return sequence(oid(pss.OID), parameters)


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda algorithm: algorithm.name)
def test_an_algorithm_is_found_by_every_identifier_it_has(algorithm: SignatureAlgorithm) -> None:
    assert algorithms.by_name(algorithm.name) is algorithm
    assert algorithms.from_identifier(algorithms.to_identifier(algorithm)) == algorithm
    if algorithm.xml_uri:
        assert algorithms.by_xml_uri(algorithm.xml_uri) is algorithm
    if algorithm.salt_length is None:
        assert algorithms.by_oid(algorithm.oid) is algorithm


@pytest.mark.parametrize("look_up", [algorithms.by_name, algorithms.by_oid, algorithms.by_xml_uri])
def test_an_unknown_algorithm_is_refused_by_name(look_up: object) -> None:
    with pytest.raises(UnsupportedError, match="ALGORITHM_UNKNOWN"):
        look_up("1.2.3.4")  # type: ignore[operator]


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        ("300d06092a864886f70d01010b0500", "rsa-sha256"),
        ("300b06092a864886f70d01010b", "rsa-sha256"),
        ("300a06082a8648ce3d040302", "ecdsa-sha256"),
        ("300e060a2a830e030a01010203020500", "gost2015-512"),
        ("300c060a2a830e030a0101020302", "gost2015-512"),
        ("300a06082a85030701010303", "tc26-gost2012-512"),
        ("300d06092a864886f70d01010a3000", "rsa-pss-sha1"),
        ("300d06092a830e030a010101010500", "gost2004"),
    ],
)
def test_identifiers_seen_in_documents(identifier: str, name: str) -> None:
    assert algorithms.from_identifier(bytes.fromhex(identifier)).name == name


@pytest.mark.parametrize(
    "identifier",
    [
        pytest.param("", id="empty"),
        pytest.param("3000", id="no object identifier"),
        pytest.param("0500", id="not a sequence"),
        pytest.param("300d06092a864886f70d01010b050000", id="a byte too many"),
        pytest.param("30810d06092a864886f70d01010b0500", id="length not in its shortest form"),
        pytest.param("300d06092a864886f70d01010b05", id="truncated"),
        pytest.param("301106092a864886f70d01010b050002020000", id="a third field"),
    ],
)
def test_what_is_no_identifier_is_malformed(identifier: str) -> None:
    with pytest.raises(InputError, match="ALGORITHM_MALFORMED"):
        algorithms.from_identifier(bytes.fromhex(identifier))


@pytest.mark.parametrize(
    "identifier",
    [
        pytest.param("300c06082a8648ce3d0403020500", id="ECDSA with NULL"),
        pytest.param("300d06092a864886f70d01010b3000", id="RSA with a sequence"),
        pytest.param("300706032b65700500", id="Ed25519 with NULL"),
        pytest.param("300b06092a864886f70d01010a", id="PSS without parameters"),
        pytest.param("300d06092a864886f70d01010a0500", id="PSS with NULL"),
    ],
)
def test_wrong_parameters_are_refused(identifier: str) -> None:
    with pytest.raises(UnsupportedError, match="ALGORITHM_PARAMETERS"):
        algorithms.from_identifier(bytes.fromhex(identifier))


@pytest.mark.parametrize("salt_length", [0, 20, 32, 222])
def test_pss_parameters_are_read(salt_length: int) -> None:
    algorithm = algorithms.from_identifier(pss_identifier(salt=salt_length))
    assert (algorithm.name, algorithm.digest, algorithm.key_type) == ("rsa-pss-sha256", "sha256", KeyType.RSA)
    assert algorithm.salt_length == salt_length


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"mask_digest": SHA1}, id="another hash for the mask"),
        pytest.param({"mask": oid("1.2.3")}, id="unknown mask"),
        pytest.param({"digest": MD5, "mask_digest": MD5}, id="unknown hash"),
        pytest.param({"digest": sequence(SHA256)}, id="malformed hash"),
        pytest.param({"trailer": 2}, id="trailer"),
        pytest.param({"salt": -1}, id="negative salt"),
        pytest.param({"salt": 2**40}, id="absurd salt"),
    ],
)
def test_wrong_pss_parameters_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedError, match="ALGORITHM_PARAMETERS"):
        algorithms.from_identifier(pss_identifier(**changes))


@given(st.sampled_from(["sha1", "sha224", "sha256", "sha384", "sha512"]), st.integers(0, 500))
def test_pss_parameters_survive_a_round_trip(digest: str, salt_length: int) -> None:
    assert pss.decode(pss.encode(digest, salt_length)) == (digest, salt_length)


@given(st.sampled_from(ALGORITHMS), st.data())
def test_a_damaged_identifier_never_crashes(algorithm: SignatureAlgorithm, data: st.DataObject) -> None:
    identifier = bytearray(algorithms.to_identifier(algorithm))
    position = data.draw(st.integers(0, len(identifier) - 1))
    identifier[position] ^= data.draw(st.integers(1, 255))
    try:
        read = algorithms.from_identifier(bytes(identifier))
    except EgovSignError:
        return
    assert read in ALGORITHMS or read.salt_length is not None
