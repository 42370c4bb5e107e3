"""Files of keys: the country's, our own, and broken ones."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egov_sign.crypto import pbe, pkcs12
from egov_sign.crypto.algorithms import KeyType
from egov_sign.crypto.der_write import integer, octet_string, oid, sequence, tagged
from egov_sign.crypto.generate import KeyKind, generate_private_key
from egov_sign.crypto.keys import load_private_key
from egov_sign.crypto.keystore import KeyStore, open_keystore, write_pkcs12
from egov_sign.crypto.pkcs12 import Bag, Contents, Form
from egov_sign.errors import (
    ConfigurationError,
    EgovSignError,
    InputError,
    LimitError,
    PasswordError,
    UnsupportedError,
)
from egov_sign.limits import DEFAULT_LIMITS
from tests.crypto.key_files import FAST, chain_of, entry_of, indefinite, pem, saying

KINDS = [KeyKind.RSA2048, KeyKind.EC256, KeyKind.ED25519, KeyKind.GOST512, KeyKind.GOST256, KeyKind.GOST2004]
PASSWORDS = ["Qwerty12", "", "құпия сөз", "p\u00e4ss", "\U0001f511"]


# The country's containers

CORPUS = {
    "KEY_CEO_REVOKED_2015.p12": ("Aa123456", KeyType.GOST2015_512),
    "KEY_INDIVIDUAL_VALID_2015.p12": ("Aa123456", KeyType.GOST2015_512),
    "KEY_CEO_SIGN_REVOKED_2004.p12": ("Qwerty12", KeyType.GOST2004),
    "KEY_INDIVIDUAL_AUTH_REVOKED_2004.p12": ("Qwerty12", KeyType.RSA),
    "KEY_INDIVIDUAL_SIGN_REVOKED_2004.p12": ("Qwerty12", KeyType.RSA),
    "KEY_INDIVIDUAL_VALID_SIGN_2004.p12": ("Qwerty12", KeyType.RSA),
}


@pytest.mark.parametrize(("file", "password", "key_type"), [(file, *rest) for file, rest in CORPUS.items()])
def test_the_countrys_containers_open(corpus: Path, file: str, password: str, key_type: KeyType) -> None:
    data = (corpus / "ncanode" / file).read_bytes()
    store = open_keystore(data, saying(password))
    entry = store.entry()
    assert entry.key.key_type is key_type
    assert entry.matches
    assert store.certificates == (entry.certificate,)
    signer = entry.signer()
    assert entry.key.public_key().verify(signer.sign(b"m"), b"m", signer.algorithm)
    assert open_keystore(indefinite(data), saying(password)).entry().certificate == entry.certificate
    with pytest.raises(PasswordError, match="PASSWORD_WRONG"):
        open_keystore(data, saying(password + " "))
    with pytest.raises(PasswordError, match="PASSWORD_NEEDED"):
        open_keystore(data)


@pytest.mark.parametrize(("file", "password"), [(file, password) for file, (password, _) in CORPUS.items()])
def test_private_keys_are_written_as_the_country_writes_them(corpus: Path, file: str, password: str) -> None:
    source = pbe.PasswordSource(saying(password))
    bag = pkcs12.read((corpus / "ncanode" / file).read_bytes(), source, pbe.Budget(10**6)).keys[0]
    assert load_private_key(bag.content).pkcs8() == bag.content


# Our own containers


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_read(kind: KeyKind, legacy: bool) -> None:
    entry = entry_of(kind)
    data = write_pkcs12(entry, "Qwerty12", legacy=legacy, iterations=FAST)
    read = open_keystore(data, saying("Qwerty12")).entry()
    assert (read.alias, read.certificate, read.chain) == (entry.alias, entry.certificate, entry.chain)
    assert read.key.pkcs8() == entry.key.pkcs8()
    assert read.matches
    assert open_keystore(indefinite(data), saying("Qwerty12")).entry().certificate == entry.certificate


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("password", PASSWORDS)
def test_any_password_will_do(password: str, legacy: bool) -> None:
    data = write_pkcs12(entry_of(), password, legacy=legacy, iterations=FAST)
    assert open_keystore(data, saying(password)).entry().matches
    assert open_keystore(data, saying(password.encode())).entry().matches
    with pytest.raises(PasswordError, match="PASSWORD_WRONG"):
        open_keystore(data, saying(password + "x"))


def test_a_container_is_reproducible_from_given_randomness() -> None:
    first, again, other = (
        write_pkcs12(entry_of(), "p", iterations=FAST, random=random.Random(seed).randbytes) for seed in (1, 1, 2)
    )
    assert first == again != other


def test_the_default_form_is_modern() -> None:
    data = write_pkcs12(entry_of(), "p")
    assert pkcs12.MODERN.iterations >= 100_000
    assert oid(pbe.PBES2) in data
    assert oid("2.16.840.1.101.3.4.2.1") in data


def test_the_password_is_asked_for_once_and_only_if_needed() -> None:
    asked = []

    def ask() -> str:
        asked.append(1)
        return "p"

    open_keystore(write_pkcs12(entry_of(), "p", iterations=FAST), ask)
    assert asked == [1]
    open_keystore(entry_of().key.pkcs8(), ask)
    assert asked == [1]


# What is in a file


def test_a_pem_file_of_several_objects() -> None:
    entry, root = chain_of(KeyKind.GOST512)
    assert entry.certificate is not None
    objects = [*entry.chain, entry.certificate]
    data = b"Bag Attributes\n" + b"text\n".join(pem("CERTIFICATE", item) for item in objects)
    store = open_keystore(data + pem("PRIVATE KEY", entry.key.pkcs8()) + pem("X509 CRL", b"ignored"))
    assert store.certificates == tuple(objects)
    assert store.entry().alias == "key-1"
    assert store.entry().certificate == entry.certificate
    assert store.entry().chain == entry.chain
    assert store.entry().chain[-1] == root
    assert store.entry().signer().chain == entry.chain


def test_a_certificate_alone() -> None:
    _, root = chain_of(KeyKind.EC256)
    for data in (root, pem("CERTIFICATE", root)):
        store = open_keystore(data)
        assert store == KeyStore((), (root,))
        with pytest.raises(ConfigurationError, match="KEYSTORE_NO_KEY"):
            store.entry()


def test_a_key_alone_does_not_sign_documents() -> None:
    entry = open_keystore(entry_of().key.pkcs8()).entry()
    assert entry.certificate is None
    assert not entry.matches
    with pytest.raises(ConfigurationError, match="KEY_WITHOUT_CERTIFICATE"):
        entry.signer()


def test_a_key_under_the_certificate_of_another_does_not_sign() -> None:
    _, root = chain_of(KeyKind.EC256)
    contents = Contents((Bag(entry_of().key.pkcs8(), key_id=b"1"),), (Bag(root, key_id=b"1"),))
    data = pkcs12.write(contents, pbe.secrets("p")[0], replace(pkcs12.MODERN, iterations=FAST))
    entry = open_keystore(data, saying("p")).entry()
    assert entry.certificate == root
    assert not entry.matches
    with pytest.raises(ConfigurationError, match="KEY_CERTIFICATE_MISMATCH"):
        entry.signer()


def test_two_keys_of_one_name_can_be_told_apart() -> None:
    keys = [generate_private_key(KeyKind.EC256, random.Random(seed).randbytes).pkcs8() for seed in (1, 2)]
    contents = Contents(tuple(Bag(key, "key") for key in keys), ())
    data = pkcs12.write(contents, pbe.secrets("p")[0], replace(pkcs12.MODERN, iterations=FAST))
    store = open_keystore(data, saying("p"))
    assert [entry.alias for entry in store.entries] == ["key", "key-2"]
    assert store.entry("key-2").key.pkcs8() == keys[1]


def test_a_signer_uses_the_algorithm_asked_for() -> None:
    entry = entry_of()
    assert entry.signer().algorithm.name == "ecdsa-sha256"
    assert entry.signer("ecdsa-sha512").algorithm.name == "ecdsa-sha512"
    with pytest.raises(ConfigurationError, match="KEY_ALGORITHM_MISMATCH"):
        entry.signer("rsa-sha256")
    with pytest.raises(UnsupportedError, match="ALGORITHM_UNKNOWN"):
        entry.signer("rot13")


# Broken and hostile files


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"hello", id="text"),
        pytest.param(b"\x30\x00", id="an empty sequence"),
        pytest.param(b"\x30\x80", id="an open sequence"),
        pytest.param(sequence(integer(1), integer(2)), id="numbers"),
        pytest.param(sequence(sequence(), octet_string(b"12345678")), id="an encrypted key without a scheme"),
        pytest.param(b"-----BEGIN PRIVATE KEY-----\nMAA=\n", id="PEM without its end"),
        pytest.param(pem("CERTIFICATE", b"\x30\x03\x02\x01\x01"), id="PEM of what is no certificate"),
        pytest.param(b"-----BEGIN A-----\n" * 200_000, id="PEM that begins again and again"),
        pytest.param(b"-----BEGIN a-----\n-----END a-----\n", id="PEM with a label in lower case"),
        pytest.param(b"-----BEGIN PRIVATE KEY-----\n?\n-----END PRIVATE KEY-----", id="PEM that is not base64"),
    ],
)
def test_what_is_no_file_of_keys_is_malformed(data: bytes) -> None:
    with pytest.raises(InputError, match="KEYSTORE_MALFORMED"):
        open_keystore(data, saying("p"))


def test_a_pem_file_without_keys_and_certificates_is_empty() -> None:
    with pytest.raises(InputError, match="KEYSTORE_EMPTY"):
        open_keystore(pem("X509 CRL", b"1"))


def test_a_truncated_container_is_broken_and_not_a_wrong_password() -> None:
    data = write_pkcs12(entry_of(), "p", iterations=FAST)
    for size in range(0, len(data), 41):
        with pytest.raises(InputError, match="KEYSTORE_MALFORMED"):
            open_keystore(data[:size], saying("p"))


def test_a_changed_container_is_not_opened() -> None:
    data = bytearray(write_pkcs12(entry_of(), "p", iterations=FAST))
    data[len(data) // 2] ^= 1
    with pytest.raises(EgovSignError):
        open_keystore(bytes(data), saying("p"))


def test_a_part_with_another_password_is_reported_as_broken() -> None:
    """The checksum confirms the password, so it is not to blame."""
    form = Form("3des", "aes256", "sha256", FAST)
    inner = pbe.encrypt("aes256", sequence(), pbe.secrets("other")[0], FAST, random.Random(1).randbytes)
    good = pkcs12.write(Contents((), ()), pbe.secrets("p")[0], form)
    assert open_keystore(good, saying("p")) == KeyStore((), ())
    info = sequence(oid("1.2.840.113549.1.7.1"), inner[0], b"\x80" + bytes([len(inner[1])]) + inner[1])
    part = sequence(oid("1.2.840.113549.1.7.6"), tagged(0, sequence(integer(0), info)))
    import hmac

    content, salt, secret = sequence(part), bytes(8), pbe.secrets("p")[0]
    key = pbe.derive("sha1", pbe.MAC, secret, salt, iterations=1, size=20)
    checksum = octet_string(hmac.digest(key, content, "sha1"))
    mac = sequence(sequence(sequence(oid("1.3.14.3.2.26")), checksum), octet_string(salt))
    data = sequence(integer(3), sequence(oid("1.2.840.113549.1.7.1"), tagged(0, octet_string(content))), mac)
    with pytest.raises(InputError, match="KEYSTORE_MALFORMED"):
        open_keystore(data, saying("p"))


def test_a_file_that_is_too_large_is_refused() -> None:
    data = entry_of().key.pkcs8()
    assert open_keystore(data, limits=replace(DEFAULT_LIMITS, keystore_bytes=len(data)))
    with pytest.raises(LimitError, match="KEYSTORE_TOO_LARGE"):
        open_keystore(data, limits=replace(DEFAULT_LIMITS, keystore_bytes=len(data) - 1))


def test_a_file_of_too_many_objects_is_refused() -> None:
    item = pem("CERTIFICATE", chain_of(KeyKind.EC256)[1])
    assert len(open_keystore(item * 1000).certificates) == 1000
    with pytest.raises(LimitError, match="KEYSTORE_TOO_LARGE"):
        open_keystore(item * 1001)


@pytest.mark.parametrize("legacy", [False, True])
def test_the_work_of_key_derivation_is_bounded(legacy: bool) -> None:
    data = write_pkcs12(entry_of(), "p", legacy=legacy, iterations=1000)
    needed = 5000 if legacy else 3000
    assert open_keystore(data, saying("p"), limits=replace(DEFAULT_LIMITS, keystore_iterations=needed))
    with pytest.raises(LimitError, match="KEYSTORE_ITERATIONS"):
        open_keystore(data, saying("p"), limits=replace(DEFAULT_LIMITS, keystore_iterations=needed - 1))


@pytest.mark.parametrize("cost", [(2**30, 8, 1), (2, 2**29, 1), (2**16, 8, 2**20), (0, 8, 1), (-2, 8, 1)])
def test_scrypt_is_bounded(cost: tuple[int, int, int]) -> None:
    parameters = sequence(octet_string(bytes(8)), *map(integer, cost))
    scheme = sequence(
        sequence(oid("1.3.6.1.4.1.11591.4.11"), parameters),
        sequence(oid("2.16.840.1.101.3.4.1.42"), octet_string(bytes(16))),
    )
    data = sequence(sequence(oid(pbe.PBES2), scheme), octet_string(bytes(16)))
    with pytest.raises(InputError, match=r"KEYSTORE_ITERATIONS|KEYSTORE_MALFORMED"):
        open_keystore(data, saying("p"))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([False, True]), st.data())
def test_damage_never_crashes(legacy: bool, data: st.DataObject) -> None:
    container = bytearray(sample(legacy))
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(container) - 1))
        container[position] = data.draw(st.integers(0, 255))
    try:
        store = open_keystore(bytes(container), saying("p"), limits=replace(DEFAULT_LIMITS, keystore_iterations=5000))
    except EgovSignError:
        return
    assert store.certificates == open_keystore(sample(legacy), saying("p")).certificates


@cache
def sample(legacy: bool) -> bytes:
    return write_pkcs12(entry_of(), "p", legacy=legacy, iterations=FAST, random=random.Random(1).randbytes)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_noise_never_crashes(data: bytes) -> None:
    with pytest.raises(EgovSignError):
        open_keystore(b"\x30" + data, saying("p"))
