"""Files of keys, and other tools: they open what we write, we open what they write."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import PrivateFormat
from cryptography.hazmat.primitives.serialization import pkcs12 as pyca_pkcs12

from egov_sign.crypto.generate import KeyKind
from egov_sign.crypto.keystore import open_keystore, write_pkcs12
from egov_sign.errors import ConfigurationError, PasswordError
from tests.crypto.key_files import FAST, entry_of, pem, saying


def run(*command: str | Path, stdin: bytes = b"") -> bytes:
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"needs the command {command[0]}")
    done = subprocess.run([str(part) for part in command], input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, (done.stderr + done.stdout).decode()
    return done.stdout


@pytest.mark.parametrize("kind", [KeyKind.RSA2048, KeyKind.EC256])
@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("password", ["Qwerty12", "құпия"])
def test_openssl_opens_what_is_written(tmp_path: Path, kind: KeyKind, legacy: bool, password: str) -> None:
    file = tmp_path / "key.p12"
    file.write_bytes(write_pkcs12(entry_of(kind), password, legacy=legacy))
    flags = ["-legacy"] if legacy else []
    out = run("openssl", "pkcs12", "-in", file, "-passin", f"pass:{password}", "-nodes", *flags)
    store = open_keystore(out)
    assert store.entry().key.pkcs8() == entry_of(kind).key.pkcs8()
    assert len(store.certificates) == 3


@pytest.mark.parametrize("legacy", [False, True])
def test_openssl_checks_the_checksum_of_a_gost_container(tmp_path: Path, legacy: bool) -> None:
    file = tmp_path / "key.p12"
    file.write_bytes(write_pkcs12(entry_of(KeyKind.GOST512), "Qwerty12", legacy=legacy))
    flags = ["-legacy"] if legacy else []
    out = run("openssl", "pkcs12", "-in", file, "-passin", "pass:Qwerty12", "-nokeys", *flags)
    assert len(open_keystore(out).certificates) == 3


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("kind", [KeyKind.RSA2048, KeyKind.EC256])
def test_keytool_opens_what_is_written(tmp_path: Path, kind: KeyKind, legacy: bool) -> None:
    file = tmp_path / "key.p12"
    file.write_bytes(write_pkcs12(replace(entry_of(kind), alias="mykey"), "Qwerty12", legacy=legacy))
    out = run("keytool", "-list", "-v", "-keystore", file, "-storetype", "PKCS12", "-storepass", "Qwerty12")
    assert b"PrivateKeyEntry" in out
    assert b"chain length: 3" in out


@pytest.mark.parametrize("legacy", [False, True])
def test_cryptography_opens_what_is_written(legacy: bool) -> None:
    key, certificate, others = pyca_pkcs12.load_key_and_certificates(
        write_pkcs12(entry_of(), "Qwerty12", legacy=legacy), b"Qwerty12"
    )
    assert key is not None
    assert certificate is not None
    assert len(others) == 2


def pyca_entry() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = serialization.load_der_private_key(entry_of().key.pkcs8(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    certificate = entry_of().certificate
    assert certificate is not None
    return key, x509.load_der_x509_certificate(certificate)


@pytest.mark.parametrize(
    "algorithm",
    [serialization.pkcs12.PBES.PBESv2SHA256AndAES256CBC, serialization.pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC],
)
@pytest.mark.parametrize("digest", [hashes.SHA1(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
@pytest.mark.parametrize("password", ["Qwerty12", "құпия"])
def test_containers_of_cryptography_open(
    algorithm: serialization.pkcs12.PBES, digest: hashes.HashAlgorithm, password: str
) -> None:
    builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(FAST).key_cert_algorithm(algorithm)
    encryption = builder.hmac_hash(digest).build(password.encode())
    key, certificate = pyca_entry()
    data = pyca_pkcs12.serialize_key_and_certificates(b"name", key, certificate, None, encryption)
    entry = open_keystore(data, saying(password)).entry()
    assert (entry.alias, entry.matches) == ("name", True)


@pytest.mark.parametrize(
    "flags",
    [
        pytest.param([], id="default"),
        pytest.param(["-legacy"], id="RC2 with 40 bits"),
        pytest.param(["-legacy", "-certpbe", "PBE-SHA1-RC2-128", "-keypbe", "PBE-SHA1-2DES"], id="RC2 with 128 bits"),
        pytest.param(["-certpbe", "NONE", "-keypbe", "AES-128-CBC"], id="certificates in the clear"),
        pytest.param(["-keypbe", "NONE", "-certpbe", "AES-192-CBC"], id="key in the clear"),
        pytest.param(["-nomac"], id="no checksum"),
    ],
)
@pytest.mark.parametrize("password", ["Qwerty12", "", "құпия"])
def test_containers_of_openssl_open(tmp_path: Path, flags: list[str], password: str) -> None:
    entry = entry_of(KeyKind.RSA2048)
    assert entry.certificate is not None
    source = tmp_path / "all.pem"
    source.write_bytes(pem("PRIVATE KEY", entry.key.pkcs8()) + pem("CERTIFICATE", entry.certificate))
    data = run("openssl", "pkcs12", "-export", "-in", source, "-passout", f"pass:{password}", *flags)
    read = open_keystore(data, saying(password)).entry()
    assert read.matches
    assert read.key.pkcs8() == entry.key.pkcs8()
    with pytest.raises(PasswordError, match="PASSWORD_WRONG"):
        open_keystore(data, saying("other"))


def test_containers_of_keytool_open(tmp_path: Path) -> None:
    file = tmp_path / "store.p12"
    common: list[str | Path] = ["-keystore", file, "-storetype", "PKCS12", "-storepass", "Qwerty12", "-keyalg", "EC"]
    for alias in ("first", "second"):
        run("keytool", "-genkeypair", "-alias", alias, "-dname", f"CN={alias}", *common)
    store = open_keystore(file.read_bytes(), saying("Qwerty12"))
    assert [entry.alias for entry in store.entries] == ["first", "second"]
    assert all(entry.matches for entry in store.entries)
    assert store.entry("second").signer().certificate == store.entries[1].certificate
    with pytest.raises(ConfigurationError, match="KEYSTORE_SEVERAL_KEYS"):
        store.entry()
    with pytest.raises(ConfigurationError, match="KEYSTORE_NO_KEY"):
        store.entry("third")


@pytest.mark.parametrize(
    "flags",
    [
        ["-v2", "aes-256-cbc"],
        ["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512"],
        ["-v2", "des3"],
        ["-scrypt"],
        ["-v1", "PBE-SHA1-3DES"],
        ["-v1", "PBE-SHA1-RC2-40", "-provider", "legacy", "-provider", "default"],
    ],
)
@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_encrypted_keys_of_openssl_open(tmp_path: Path, flags: list[str], form: str) -> None:
    key = entry_of(KeyKind.RSA2048).key
    source = tmp_path / "key.pem"
    source.write_bytes(pem("PRIVATE KEY", key.pkcs8()))
    data = run("openssl", "pkcs8", "-topk8", "-in", source, "-passout", "pass:Qwerty12", "-outform", form, *flags)
    assert open_keystore(data, saying("Qwerty12")).entry().key.pkcs8() == key.pkcs8()
    with pytest.raises(PasswordError, match="PASSWORD_WRONG"):
        open_keystore(data, saying("qwerty12"))
    with pytest.raises(PasswordError, match="PASSWORD_NEEDED"):
        open_keystore(data)


@pytest.mark.parametrize("encoding", [serialization.Encoding.PEM, serialization.Encoding.DER])
def test_keys_in_traditional_forms_open(encoding: serialization.Encoding) -> None:
    pyca_rsa = serialization.load_der_private_key(entry_of(KeyKind.RSA2048).key.pkcs8(), None)
    assert isinstance(pyca_rsa, rsa.RSAPrivateKey)
    for key, expected in ((pyca_rsa, entry_of(KeyKind.RSA2048)), (pyca_entry()[0], entry_of())):
        data = key.private_bytes(encoding, PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
        assert open_keystore(data).entry().key.pkcs8() == expected.key.pkcs8()


def test_an_encrypted_key_in_the_traditional_form_opens() -> None:
    encryption = serialization.BestAvailableEncryption(b"Qwerty12")
    key = pyca_entry()[0]
    data = key.private_bytes(serialization.Encoding.PEM, PrivateFormat.TraditionalOpenSSL, encryption)
    assert open_keystore(data, saying("Qwerty12")).entry().key.pkcs8() == entry_of().key.pkcs8()
    with pytest.raises(PasswordError, match="PASSWORD_WRONG"):
        open_keystore(data, saying("x"))
    with pytest.raises(PasswordError, match="PASSWORD_NEEDED"):
        open_keystore(data)
