"""A case leaves the installation and verifies elsewhere (R48, R402)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.errors import ConfigurationError
from egov_sign.flows.case_check import verify_case
from egov_sign.flows.export import export_case
from egov_sign.flows.jsonstore import JsonStore
from egov_sign.flows.services import Services
from egov_sign.verdict import Indication
from tests.flows.conftest import CALL_FORM, Town


@pytest.fixture
def elsewhere(town: Town, tmp_path: Path) -> Services:
    """Another machine: the same anchors, nothing else."""
    anchors = TrustStore(Certificate.load(der) for der in town.world.anchors)
    return Services(JsonStore(tmp_path / "else"), CertificateValidator(anchors), town.world.signer("portal"))


@pytest.fixture
def case(town: Town, tmp_path: Path) -> Path:
    sent = town.sent(town.log_in(), "CALL", CALL_FORM, attached="справка.pdf")
    town.decide(sent.number)
    return export_case(town.services, sent.number, tmp_path / "case").parent


@pytest.mark.req("R48", "R402")
def test_it_verifies_with_the_anchors_alone(case: Path, elsewhere: Services) -> None:
    report = verify_case(elsewhere, case)
    assert report.indication is Indication.VALID, report.to_dict()
    assert [child.name for child in report.children] == ["request.xml", "result.xml"]
    manifest = json.loads((case / "manifest.json").read_text())
    assert set(manifest["files"]) >= {"request.xml", "result.xml", "attachments/att-1.pdf", "journal.jsonl"}
    assert any(name.endswith(".crl") for name in manifest["files"])
    assert (case / "request.xml").stat().st_mode & 0o777 == 0o600


def test_a_refusal_is_exported_too(town: Town, tmp_path: Path, elsewhere: Services) -> None:
    request = town.sent(town.log_in(), "CALL", CALL_FORM | {"address": "г. Тараз"})
    assert town.decide(request.number).refusal is not None
    folder = export_case(town.services, request.number, tmp_path / "case").parent
    report = verify_case(elsewhere, folder)
    assert report.indication is Indication.VALID
    assert report.children[1].name == "refusal.xml"


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        ("request.xml", "кашель", "насморк", "CASE_FILE_CHANGED"),
        ("result.xml", "ТЕСТОВ АРМАН", "ДРУГОЙ ВРАЧ", "CASE_FILE_CHANGED"),
        ("attachments/att-1.pdf", "x", "y", "CASE_FILE_CHANGED"),
        ("journal.jsonl", "p5", "p6", "CASE_FILE_CHANGED"),
    ],
)
def test_what_was_changed_is_told(case: Path, elsewhere: Services, file: str, old: str, new: str, code: str) -> None:
    changed = (case / file).read_text().replace(old, new)
    (case / file).write_text(changed)
    report = verify_case(elsewhere, case)
    assert report.indication is Indication.INVALID
    assert code in report.codes


def test_a_manifest_that_was_mended_does_not_help(case: Path, elsewhere: Services) -> None:
    import hashlib

    content = (case / "request.xml").read_text().replace("кашель", "насморк").encode()
    (case / "request.xml").write_bytes(content)
    manifest = json.loads((case / "manifest.json").read_text())
    manifest["files"]["request.xml"] = hashlib.sha256(content).hexdigest()
    (case / "manifest.json").write_text(json.dumps(manifest))
    report = verify_case(elsewhere, case)
    assert report.indication is Indication.INVALID
    assert {"XML_DIGEST_MISMATCH", "CASE_NOT_BOUND"} <= set(report.codes)


def test_missing_files_and_files_elsewhere(case: Path, elsewhere: Services) -> None:
    (case / "attachments/att-1.pdf").unlink()
    manifest = json.loads((case / "manifest.json").read_text())
    manifest["files"]["../else/store.json"] = "0" * 64
    (case / "manifest.json").write_text(json.dumps(manifest))
    assert verify_case(elsewhere, case).codes.count("CASE_FILE_MISSING") == 2


def test_where_it_cannot_be_written_or_read(town: Town, case: Path, elsewhere: Services, tmp_path: Path) -> None:
    number = json.loads((case / "manifest.json").read_text())["number"]
    (tmp_path / "file").write_text("")
    for folder, code in [(case, "EXPORT_NOT_EMPTY"), (tmp_path / "file" / "x", "EXPORT_UNWRITABLE")]:
        with pytest.raises(ConfigurationError) as caught:
            export_case(town.services, number, folder)
        assert caught.value.code == code
    for content in ("", "[]", '{"schema": "other"}'):
        (tmp_path / "manifest.json").write_text(content)
        with pytest.raises(ConfigurationError, match="CASE_UNREADABLE"):
            verify_case(elsewhere, tmp_path)
