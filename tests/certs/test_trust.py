"""Trust: anchors by whole name and key, profiles, the known authorities and what looks like them (attack 48)."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.nca import Recognition, known_authorities, recognise
from egov_sign.certs.trust import TrustStore, profiles
from egov_sign.errors import ConfigurationError
from tests.certs.making import certificate_of, root


def code_of(error: pytest.ExceptionInfo[ConfigurationError]) -> str:
    return error.value.code


def test_an_anchor_is_its_name_and_its_key() -> None:
    old, new = certificate_of(root("root", label="old")), certificate_of(root("root", label="new"))
    store = TrustStore([old])
    assert store.find(new.subject) == [old]
    assert store.anchor_of(old) == old
    assert store.anchor_of(new) is None
    store.add(new)
    assert store.anchor_of(new) == new
    assert len(store) == 2


def test_the_same_name_and_key_is_one_anchor() -> None:
    first, again = certificate_of(root()), certificate_of(root())
    assert first != again
    store = TrustStore([first, again, first])
    assert list(store) == [first]


def test_a_store_from_files_and_folders(tmp_path: Path) -> None:
    first, second = certificate_of(root("first")), certificate_of(root("second"))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "first.cer").write_bytes(first.der)
    (folder / "notes.txt").write_text("not a certificate")
    pem = tmp_path / "second.pem"
    pem.write_bytes(b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(second.der) + b"-----END CERTIFICATE-----\n")
    assert set(TrustStore.from_paths([folder, pem])) == {first, second}
    assert set(TrustStore.profile(tmp_path, "folder")) == {first}
    assert profiles(tmp_path) == ["folder"]


def test_a_store_says_what_is_wrong_with_its_places(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as missing:
        TrustStore.from_paths([tmp_path / "missing.cer"])
    with pytest.raises(ConfigurationError) as empty:
        TrustStore.from_paths([tmp_path])
    with pytest.raises(ConfigurationError) as unknown:
        TrustStore.profile(tmp_path, "production")
    assert (code_of(missing), code_of(empty)) == ("TRUST_UNREADABLE", "TRUST_EMPTY")
    assert code_of(unknown) == "TRUST_PROFILE_UNKNOWN"
    (tmp_path / "bad.cer").write_bytes(b"0\x03abc")
    with pytest.raises(ConfigurationError) as unreadable:
        TrustStore.from_paths([tmp_path])
    assert code_of(unreadable) == "TRUST_UNREADABLE"
    assert unreadable.value.where.endswith("bad.cer")


def test_the_production_certificates_are_known(corpus: Path) -> None:
    files = sorted((corpus / "nca-production").iterdir())
    assert len(files) == len(known_authorities()) == 11
    for file in files:
        certificate = Certificate.read(file)
        recognition, known = recognise(certificate)
        assert recognition is Recognition.KNOWN
        assert known is not None
        assert known.certificate == certificate.fingerprint
        assert known.label.replace("-", "_") == file.stem
        assert (known.kind == "root") == certificate.is_self_issued


@pytest.mark.parametrize(
    "title",
    [
        "НЕГІЗГІ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (RSA)",
        "HЕГІЗГІ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (RSA)",
        "НЕГIЗГI  КУӘЛАНДЫРУШЫ ОРТАЛЫҚ(RSA)",
        "негізгі куәландырушы орталық (rsa)",
        "НЕГІЗГІ КУƏЛАНДЫРУШЫ ОРТАЛЫК (RSA)",
        "НЕГІЗГІ КУӘЛАНДЫРУШЫ\u200b ОРТАЛЫҚ (RSA)",
        "ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (RSA) 2O22",
    ],
)
def test_look_alikes_are_refused(title: str) -> None:
    recognition, known = recognise(certificate_of(root(title)))
    assert recognition is Recognition.LOOK_ALIKE
    assert known is not None


@pytest.mark.parametrize("title", ["Тестовый центр", "ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (RSA) TEST 2022"])
def test_other_authorities_are_unknown(title: str) -> None:
    assert recognise(certificate_of(root(title))) == (Recognition.UNKNOWN, None)
