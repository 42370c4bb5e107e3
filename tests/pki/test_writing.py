"""Writing a world: every file listed, only what changed written again, nothing foreign touched."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.revocation import Revocation
from egov_sign.certs.sources import RevocationSources
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.docs.cms import SignedData
from egov_sign.docs.timestamp import TimestampResponse
from egov_sign.docs.timestamp_validation import TimestampValidator
from egov_sign.docs.validation import XmlValidator
from egov_sign.errors import ConfigurationError
from egov_sign.verdict import Indication
from egov_sign_pki import World
from egov_sign_pki.writing import clean

AT = datetime(2024, 3, 1, 12, tzinfo=UTC)


def test_the_manifest_lists_every_file_with_its_digest(tmp_path: Path) -> None:
    world = World.build()
    world.write(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert "protect nothing" in manifest["warning"]
    listed = {entry["path"]: entry["sha256"] for entry in manifest["files"]}
    there = {file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*") if file.is_file()}
    assert there == {*listed, "manifest.json"}
    assert all(hashlib.sha256((tmp_path / path).read_bytes()).hexdigest() == digest for path, digest in listed.items())
    revoked = next(entry for entry in manifest["files"] if entry["path"] == "certificates/revoked-person.cer")
    assert revoked["status"] == "revoked"
    assert revoked["iin"] == "991231510003"


def test_key_and_certificate_belong_together(tmp_path: Path) -> None:
    World.build().write(tmp_path)
    key = load_pem_private_key((tmp_path / "keys/head.pem").read_bytes(), None)
    chain = x509.load_pem_x509_certificates((tmp_path / "chains/head.pem").read_bytes())
    assert len(chain) == 3
    assert chain[0].public_key() == key.public_key()


def test_the_second_time_nothing_is_written(tmp_path: Path) -> None:
    first = World.build().write(tmp_path)
    second = World.build().write(tmp_path)
    assert second.written == ()
    assert second.deleted == ()
    assert set(second.kept) == set(first.written)


def test_a_revocation_rewrites_its_list_and_answer_only(tmp_path: Path) -> None:
    World.build().write(tmp_path)
    world = World.build()
    world.revoke("head", at=datetime(2024, 2, 28, tzinfo=UTC))
    assert set(world.write(tmp_path).written) == {"crl/issuer.crl", "ocsp/head.ors"}


def test_what_a_smaller_world_lacks_is_deleted(tmp_path: Path) -> None:
    World.build().write(tmp_path)
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    changed = World.build(world="minimal").write(tmp_path)
    assert "certificates/head.cer" in changed.deleted
    assert not (tmp_path / "certificates/head.cer").exists()
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("precious", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="FOLDER_FOREIGN"):
        World.build().write(tmp_path)
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="FOLDER_FOREIGN"):
        World.build().write(tmp_path)


@pytest.mark.parametrize("path", ["../precious", "a/../../precious", "/tmp/precious"])
def test_a_manifest_that_leads_out_of_the_folder_deletes_nothing(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "world"
    World.build(world="minimal").write(folder)
    (tmp_path / "precious").write_text("mine", encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"].append({"path": path, "kind": "key", "label": "x", "sha256": ""})
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    for change in (clean, World.build(world="minimal").write):
        with pytest.raises(ConfigurationError, match="FOLDER_FOREIGN"):
            change(folder)
    assert (tmp_path / "precious").exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="FOLDER_UNWRITABLE"):
        World.build().write(file / "world")


def test_cleaning_leaves_what_is_not_ours(tmp_path: Path) -> None:
    folder = tmp_path / "world"
    World.build(world="minimal").write(folder)
    (folder / "keys/own.txt").write_text("mine", encoding="utf-8")
    clean(folder)
    assert [file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()] == ["keys/own.txt"]


@pytest.mark.parametrize("kind", ["ec", "gost"])
def test_the_sample_documents_are_signed(tmp_path: Path, kind: str) -> None:
    world = World.build(kind=kind)
    world.write(tmp_path)
    at, samples = world.at, tmp_path / "samples"
    certificates = CertificateValidator(
        TrustStore(map(Certificate.load, world.anchors)),
        intermediates=map(Certificate.load, world.intermediates),
        revocation=Revocation(RevocationSources(crls=[world.crl(label) for label in world.authorities])),
    )
    for name, signatures in (("order.xml", 1), ("order-two-signers.xml", 2)):
        judged = XmlValidator(certificates).validate((samples / name).read_bytes(), at)
        assert judged.indication is Indication.VALID, judged.codes
        assert len(judged.children) == signatures
    token = TimestampResponse.load((samples / "text.tsr").read_bytes()).token
    assert token is not None
    text = (samples / "text.txt").read_bytes()
    stamped = TimestampValidator(certificates).validate(token.encoded, text, at)
    assert stamped.report.indication is Indication.VALID, stamped.report.codes
    assert SignedData.load((samples / "text.p7s").read_bytes()).content == text
