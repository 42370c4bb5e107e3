"""The parts of PKCS#12 that the usual tools do not write: made here by hand, good and wrong."""

from __future__ import annotations

import hashlib
import hmac
import random

import pytest

from egov_sign.crypto import der, digests, pbe, pkcs12
from egov_sign.crypto.der_write import NULL, integer, octet_string, oid, sequence, set_of, tagged, tlv
from egov_sign.crypto.keystore import open_keystore
from egov_sign.crypto.pkcs12 import Bag, Contents
from egov_sign.errors import InputError, PasswordError, UnsupportedError

DATA = oid("1.2.840.113549.1.7.1")
BAG = "1.2.840.113549.1.12.10.1."
KEY = sequence(integer(0), sequence(oid("1.2.3")), octet_string(b"key"))
SALT = octet_string(b"salt")
PBMAC1 = "1.2.840.113549.1.5.14"
HMAC_SHA256 = sequence(oid("1.2.840.113549.2.9"), NULL)


def info(content: bytes) -> bytes:
    return sequence(DATA, tagged(0, octet_string(content)))


def bag(number: str, value: bytes, *attributes: bytes) -> bytes:
    return sequence(oid(BAG + number), tagged(0, value), set_of(*attributes) if attributes else b"")


def container(*bags: bytes, mac: bytes = b"", version: int = 3) -> bytes:
    return sequence(integer(version), info(safe(*bags)), mac)


def safe(*bags: bytes) -> bytes:
    return sequence(info(sequence(*bags)))


def read(data: bytes, password: str = "p") -> Contents:
    return pkcs12.read(data, pbe.PasswordSource(lambda: password), pbe.Budget(10_000))


def test_a_key_in_the_clear() -> None:
    assert read(container(bag("1", KEY))) == Contents((Bag(KEY),), ())


def test_bags_in_bags() -> None:
    nested = bag("6", sequence(bag("6", sequence(bag("1", KEY)))))
    assert read(container(nested, bag("1", KEY))).keys == (Bag(KEY), Bag(KEY))


def test_bags_of_other_kinds_are_passed_over() -> None:
    sdsi = sequence(oid("1.2.840.113549.1.9.22.2"), tagged(0, tlv(0x16, b"certificate")))
    assert read(container(bag("4", sequence()), bag("5", sequence()), bag("3", sdsi))) == Contents((), ())


def test_names_and_identifiers_of_bags() -> None:
    name = sequence(oid("1.2.840.113549.1.9.20"), set_of(tlv(der.BMP_STRING, "ключ".encode("utf-16-be"))))
    key_id = sequence(oid("1.2.840.113549.1.9.21"), set_of(octet_string(b"id")))
    other = sequence(oid("1.2.3"), set_of(NULL))
    assert read(container(bag("1", KEY, name, key_id, other))).keys == (Bag(KEY, "ключ", b"id"),)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(container(version=4), id="version"),
        pytest.param(sequence(integer(3), sequence(oid("1.2.840.113549.1.7.2"))), id="sealed by a signature"),
        pytest.param(sequence(integer(3), info(sequence(sequence(oid("1.2.840.113549.1.7.3"))))), id="enveloped part"),
    ],
)
def test_kinds_of_containers_that_are_not_known(data: bytes) -> None:
    with pytest.raises(UnsupportedError, match="KEYSTORE_KIND"):
        read(data)


# The checksum


def mac_data(algorithm: bytes, checksum: bytes, iterations: int | None = 1) -> bytes:
    fields = [sequence(algorithm, octet_string(checksum)), SALT]
    return sequence(*fields, integer(iterations) if iterations is not None else b"")


@pytest.mark.parametrize("digest", ["sha1", "sha224", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("iterations", [None, 3])
def test_checksums(digest: str, iterations: int | None) -> None:
    """Iterations default to 1 (RFC 7292 section 4)."""
    size = hashlib.new(digest).digest_size
    secret = pbe.secrets("p")[0]
    key = pbe.derive(digest, pbe.MAC, secret, b"salt", iterations=iterations or 1, size=size)
    checksum = hmac.digest(key, safe(bag("1", KEY)), digest)
    data = container(bag("1", KEY), mac=mac_data(digests.to_identifier(digest), checksum, iterations))
    assert read(data).keys == (Bag(KEY),)
    with pytest.raises(PasswordError, match="PASSWORD_WRONG"):
        read(data, "q")


def pbmac1(derivation: bytes = oid(pbe.PBKDF2), function: bytes = HMAC_SHA256, size: int = 32) -> bytes:
    parameters = sequence(SALT, integer(5), integer(size), HMAC_SHA256)
    algorithm = sequence(oid(PBMAC1), sequence(sequence(derivation, parameters), function))
    key = hashlib.pbkdf2_hmac("sha256", b"p", b"salt", 5, size)
    return container(bag("1", KEY), mac=mac_data(algorithm, hmac.digest(key, safe(bag("1", KEY)), "sha256")))


def test_pbmac1() -> None:
    """RFC 9579."""
    assert read(pbmac1()).keys == (Bag(KEY),)
    with pytest.raises(PasswordError, match="PASSWORD_WRONG"):
        read(pbmac1(), "q")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(container(mac=mac_data(digests.to_identifier("md5"), b"")), id="MD5"),
        pytest.param(pbmac1(derivation=oid("1.2.3")), id="PBMAC1 with another derivation"),
        pytest.param(pbmac1(function=sequence(oid("1.2.3"))), id="PBMAC1 with another checksum"),
    ],
)
def test_unknown_checksums_are_unsupported(data: bytes) -> None:
    with pytest.raises(UnsupportedError, match="KEYSTORE_ALGORITHM"):
        read(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(container(mac=mac_data(digests.to_identifier("sha1"), b"", 0)), id="no iterations"),
        pytest.param(container(mac=mac_data(digests.to_identifier("sha1"), b"", -1)), id="negative iterations"),
        pytest.param(pbmac1(size=20), id="PBMAC1 with a key of another length"),
        pytest.param(container() + b"\0", id="trailing byte"),
        pytest.param(container(mac=sequence()), id="empty checksum"),
        pytest.param(container(bag("3", sequence())), id="empty certificate"),
        pytest.param(container(sequence(oid(BAG + "1"))), id="bag without a value"),
    ],
)
def test_damaged_containers_are_malformed(data: bytes) -> None:
    with pytest.raises(InputError, match="KEYSTORE_MALFORMED"):
        read(data)


# Encryption by passwords

AES256 = "2.16.840.1.101.3.4.1.42"
IV = octet_string(bytes(16))


def encrypted_key(scheme: str, parameters: bytes, size: int = 16) -> bytes:
    return sequence(sequence(oid(scheme), parameters), octet_string(bytes(size)))


def pbes2(
    derivation: str = pbe.PBKDF2,
    parameters: bytes = SALT + integer(5),
    cipher: str = AES256,
    iv: bytes = IV,
    size: int = 16,
) -> bytes:
    schemes = sequence(sequence(oid(derivation), sequence(parameters)), sequence(oid(cipher), iv))
    return encrypted_key(pbe.PBES2, schemes, size)


def test_an_encrypted_key_made_by_hand_opens_unless_changed() -> None:
    """The twin of the wrong ones below: it gets as far as a wrong password."""
    for data in (pbes2(), pbes2(parameters=SALT + integer(5) + integer(32) + HMAC_SHA256)):
        with pytest.raises(PasswordError, match="PASSWORD_WRONG"):
            open_keystore(data, lambda: "p")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(encrypted_key("1.2.840.113549.1.5.3", sequence(SALT, integer(5))), id="PBES1 with DES"),
        pytest.param(encrypted_key("1.2.840.113549.1.12.1.1", sequence(SALT, integer(5))), id="RC4"),
        pytest.param(pbes2(derivation="1.2.3"), id="derivation"),
        pytest.param(pbes2(cipher="1.2.643.7.1.1.5.1.1"), id="cipher"),
        pytest.param(pbes2(parameters=SALT + integer(5) + sequence(oid("1.2.643.7.1.1.4.2"))), id="HMAC"),
    ],
)
def test_unknown_schemes_are_unsupported(data: bytes) -> None:
    with pytest.raises(UnsupportedError, match="KEYSTORE_ALGORITHM"):
        open_keystore(data, lambda: "p")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(pbes2(iv=octet_string(bytes(8))), id="initialisation vector too short"),
        pytest.param(pbes2(size=15), id="not whole blocks"),
        pytest.param(pbes2(size=0), id="nothing"),
        pytest.param(pbes2(parameters=SALT + integer(0)), id="no iterations"),
        pytest.param(pbes2(parameters=SALT + integer(5) + integer(16)), id="length of the key"),
        pytest.param(encrypted_key("1.2.840.113549.1.12.1.6", sequence(SALT, integer(5)), 7), id="RC2, half a block"),
        pytest.param(encrypted_key(pbe.PBES2, NULL), id="no parameters"),
    ],
)
def test_wrong_parameters_are_malformed(data: bytes) -> None:
    with pytest.raises(InputError, match="KEYSTORE_MALFORMED"):
        open_keystore(data, lambda: "p")


def test_bytes_that_are_no_utf8_are_a_password_too() -> None:
    assert pbe.secrets(b"\xff") == pbe.secrets("\xff")
    assert pbe.secrets(b"\xd0\xba") == pbe.secrets("к")
    form = pkcs12.Form("3des", "rc2-40", "sha1", 5)
    data = pkcs12.write(Contents((Bag(KEY),), ()), pbe.secrets(b"\xff")[0], form, random.Random(1).randbytes)
    source = pbe.PasswordSource(lambda: b"\xff")
    assert pkcs12.read(data, source, pbe.Budget(100)).keys == (Bag(KEY),)


def test_a_container_whose_writer_took_octets_for_characters_opens() -> None:
    """OpenSSL before 1.1.0 made BMPString of the octets of UTF-8 one by one."""
    form = pkcs12.Form("3des", "rc2-40", "sha1", 5)
    old = pbe.secrets("құпия")[1]
    data = pkcs12.write(Contents((Bag(KEY),), ()), old, form, random.Random(1).randbytes)
    assert read(data, "құпия").keys == (Bag(KEY),)


def test_a_password_does_not_show() -> None:
    assert "Qwerty12" not in repr(pbe.secrets("Qwerty12"))
    assert "key" not in repr(Bag(b"key")).lower().replace("key_id", "")
