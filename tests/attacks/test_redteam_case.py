"""An exported case in the hands of somebody who may change every file of it (rows 59 to 62)."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.trust import TrustStore
from egov_sign.certs.validator import CertificateValidator
from egov_sign.docs.xmldsig import SIGNATURE
from egov_sign.docs.xmlparse import parse
from egov_sign.docs.xmlsign import sign_enveloped
from egov_sign.errors import ConfigurationError, LimitError
from egov_sign.flows.case_check import verify_case
from egov_sign.flows.export import export_case
from egov_sign.flows.jsonstore import JsonStore
from egov_sign.flows.services import Services
from egov_sign.limits import Limits
from egov_sign.verdict import Indication
from tests.flows.conftest import CALL_FORM, Town, build_town


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return build_town(tmp_path / "store")


@pytest.fixture
def elsewhere(town: Town, tmp_path: Path) -> Services:
    anchors = TrustStore(Certificate.load(der) for der in town.world.anchors)
    return Services(JsonStore(tmp_path / "else"), CertificateValidator(anchors), town.world.signer("portal"))


def exported(town: Town, folder: Path) -> Path:
    sent = town.sent(town.log_in(), "CALL", CALL_FORM, attached="a.pdf")
    town.decide(sent.number)
    return export_case(town.services, sent.number, folder).parent


@pytest.fixture
def case(town: Town, tmp_path: Path) -> Path:
    return exported(town, tmp_path / "case")


def put(case: Path, name: str, content: bytes) -> None:
    """Replace a file and mend the manifest, which nobody signed."""
    (case / name).write_bytes(content)
    manifest = json.loads((case / "manifest.json").read_text())
    manifest["files"][name] = hashlib.sha256(content).hexdigest()
    (case / "manifest.json").write_text(json.dumps(manifest))


def drop(case: Path, *names: str) -> None:
    manifest = json.loads((case / "manifest.json").read_text())
    for name in names:
        del manifest["files"][name]
        (case / name).unlink()
    (case / "manifest.json").write_text(json.dumps(manifest))


def resigned(town: Town, document: bytes, label: str) -> bytes:
    root = parse(document)
    for signature in root.findall(SIGNATURE):
        root.remove(signature)
    return sign_enveloped(root, town.world.signer(label))


def test_the_good_case(case: Path, elsewhere: Services) -> None:
    report = verify_case(elsewhere, case)
    assert (report.indication, report.codes) == (Indication.VALID, ["CASE_FILE_CLAIMED", "CASE_TIME_CLAIMED"])


def test_a_manifest_that_lists_nothing_proves_nothing(case: Path, elsewhere: Services) -> None:
    manifest = json.loads((case / "manifest.json").read_text()) | {"files": {}}
    (case / "manifest.json").write_text(json.dumps(manifest))
    assert verify_case(elsewhere, case).indication is Indication.INDETERMINATE
    (case / "request.xml").unlink()
    assert verify_case(elsewhere, case).indication is Indication.INDETERMINATE


@pytest.mark.parametrize("content", [b"not xml", b"<a/>", b""])
def test_something_else_than_a_request(case: Path, elsewhere: Services, content: bytes) -> None:
    drop(case, "result.xml")
    put(case, "request.xml", content)
    assert verify_case(elsewhere, case).indication is Indication.INVALID


def test_another_signed_document_than_a_request(town: Town, case: Path, elsewhere: Services) -> None:
    drop(case, "result.xml")
    put(case, "request.xml", sign_enveloped(b'<a Id="x">yes</a>', town.world.signer("person")))
    report = verify_case(elsewhere, case)
    assert report.indication is Indication.INVALID
    assert "GW_FORMAT" in report.codes


def test_a_request_signed_by_two(town: Town, case: Path, elsewhere: Services) -> None:
    drop(case, "result.xml")
    put(case, "request.xml", sign_enveloped((case / "request.xml").read_bytes(), town.world.signer("other-person")))
    assert verify_case(elsewhere, case).indication is Indication.INVALID


def test_row_62_an_attachment_exchanged_with_its_digest_in_the_manifest(case: Path, elsewhere: Services) -> None:
    put(case, "attachments/att-1.pdf", b"%PDF-1.4 another")
    report = verify_case(elsewhere, case)
    assert report.indication is Indication.INVALID
    assert report.codes.count("CASE_NOT_BOUND") == 1


def test_row_62_an_attachment_left_out(case: Path, elsewhere: Services) -> None:
    drop(case, "attachments/att-1.pdf")
    report = verify_case(elsewhere, case)
    assert report.indication is not Indication.VALID
    assert "CASE_FILE_MISSING" in report.codes


@pytest.mark.parametrize(
    ("label", "code"),
    [("person", "SIG_BIN_MISMATCH"), ("employee", "SIG_CERT_USAGE"), ("other-person", "SIG_IIN_MISMATCH")],
)
def test_row_61_a_result_that_somebody_else_signed(
    town: Town, case: Path, elsewhere: Services, label: str, code: str
) -> None:
    put(case, "result.xml", resigned(town, (case / "result.xml").read_bytes(), label))
    report = verify_case(elsewhere, case)
    assert report.indication is Indication.INVALID
    assert code in report.codes


def test_row_60_a_request_that_somebody_else_signed(town: Town, case: Path, elsewhere: Services) -> None:
    drop(case, "result.xml")
    put(case, "request.xml", resigned(town, (case / "request.xml").read_bytes(), "other-person"))
    report = verify_case(elsewhere, case)
    assert report.indication is Indication.INVALID
    assert "SIG_IIN_MISMATCH" in report.codes


def test_row_61_a_forged_number(case: Path, elsewhere: Services) -> None:
    manifest = json.loads((case / "manifest.json").read_text()) | {"number": "AST01-CALL-2024-000777"}
    (case / "manifest.json").write_text(json.dumps(manifest))
    report = verify_case(elsewhere, case)
    assert report.indication is Indication.INVALID
    assert "CASE_NOT_BOUND" in report.codes


def test_row_61_the_result_of_another_request(town: Town, case: Path, elsewhere: Services, tmp_path: Path) -> None:
    other = exported(town, tmp_path / "other")
    put(case, "result.xml", (other / "result.xml").read_bytes())
    assert "CASE_NOT_BOUND" in verify_case(elsewhere, case).codes
    assert verify_case(elsewhere, other).indication is Indication.VALID


@pytest.mark.parametrize("time", [None, "", "yesterday", 5, "2024-03-01T12:00:00", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_is_none(case: Path, elsewhere: Services, time: object) -> None:
    manifest = json.loads((case / "manifest.json").read_text()) | {"signed_at": time}
    if time is None:
        del manifest["signed_at"]
    (case / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ConfigurationError, match="CASE_UNREADABLE"):
        verify_case(elsewhere, case)


def say(case: Path, **changes: object) -> None:
    manifest = json.loads((case / "manifest.json").read_text()) | changes
    (case / "manifest.json").write_text(json.dumps(manifest))


def test_two_exports_into_one_folder_leave_one_case(
    town: Town, case: Path, elsewhere: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second found the folder empty, too: it is refused, and takes nothing of the first away."""
    number = json.loads((case / "manifest.json").read_text())["number"]
    monkeypatch.setattr(Path, "iterdir", lambda _: iter(()))
    with pytest.raises(ConfigurationError, match="EXPORT_UNWRITABLE"):
        export_case(town.services, number, case)
    assert verify_case(elsewhere, case).indication is Indication.VALID


@pytest.mark.parametrize("listed", [True, False])
def test_row_62_an_attachment_that_nobody_attached(case: Path, elsewhere: Services, *, listed: bool) -> None:
    if listed:
        put(case, "attachments/att-9.pdf", b"%PDF-1.4 9")
    else:
        (case / "attachments/att-9.pdf").write_bytes(b"%PDF-1.4 9")
    report = verify_case(elsewhere, case)
    assert report.indication is Indication.INVALID
    assert "CASE_NOT_BOUND" in report.codes


@pytest.mark.parametrize(
    "name", ["read-me.html", "revocation/more.crl", "certificates/z.cer", "refusal.xml.bak", "x/y"]
)
def test_files_that_were_added_are_named(case: Path, elsewhere: Services, name: str) -> None:
    (case / name).parent.mkdir(exist_ok=True)
    (case / name).write_bytes(b"<script>")
    report = verify_case(elsewhere, case)
    assert report.indication is Indication.VALID
    assert [finding.where for _, finding in report.walk() if finding.code == "CASE_FILE_STRANGE"][:1] == [name]


def test_a_journal_of_somebody_s_own_is_not_vouched_for(case: Path, elsewhere: Services) -> None:
    put(case, "journal.jsonl", b"{}\n")
    put(case, "bundle.json", b"{}")
    claimed = [found.where for _, found in verify_case(elsewhere, case).walk() if found.code == "CASE_FILE_CLAIMED"]
    assert claimed == ["bundle.json", "journal.jsonl"]


@pytest.mark.req("R14")
def test_a_decided_case_has_its_outcome_and_no_other(case: Path, elsewhere: Services) -> None:
    put(case, "refusal.xml", (case / "result.xml").read_bytes())
    assert "CASE_NOT_BOUND" in verify_case(elsewhere, case).codes
    drop(case, "refusal.xml")
    say(case, state="REFUSED")
    assert {"CASE_NOT_BOUND", "CASE_FILE_MISSING"} <= set(verify_case(elsewhere, case).codes)
    say(case, state="COMPLETED")
    drop(case, "result.xml")
    report = verify_case(elsewhere, case)
    assert report.indication is Indication.INDETERMINATE
    assert "CASE_FILE_MISSING" in report.codes
    say(case, state="REGISTERED")
    assert "CASE_STATE_CLAIMED" in verify_case(elsewhere, case).codes


@pytest.mark.parametrize("change", [{"service": "ATT"}, {"channel": "desk"}, {"profile": "zhambyl"}, {"service": None}])
def test_a_manifest_that_says_something_else_than_the_request(
    case: Path, elsewhere: Services, change: dict[str, object]
) -> None:
    say(case, **change)
    report = verify_case(elsewhere, case)
    assert (report.indication, "CASE_NOT_BOUND" in report.codes) == (Indication.INVALID, True)


@pytest.mark.req("R402")
@pytest.mark.parametrize(
    "change",
    [
        {"signed_at": "2024-03-01T04:59:59Z"},
        {"signed_at": "2024-03-01T05:00:01Z"},
        {"decided_at": "2024-03-01T04:59:59Z"},
        {"decided_at": "2024-03-01T05:05:01Z"},
    ],
    ids=["signed before it was made", "signed after it came", "decided before it was issued", "decided much later"],
)
def test_times_that_the_signed_documents_contradict(case: Path, elsewhere: Services, change: dict[str, object]) -> None:
    """Else whoever hands the case on could choose the time for which a certificate is judged."""
    say(case, **change)
    report = verify_case(elsewhere, case)
    assert (report.indication, "CASE_TIME_CONTRADICTED" in report.codes) == (Indication.INVALID, True)


def test_evidence_that_was_taken_away_leaves_the_case_open(case: Path, elsewhere: Services) -> None:
    drop(case, *(f"revocation/{file.name}" for file in (case / "revocation").iterdir()))
    report = verify_case(elsewhere, case)
    assert report.indication is Indication.INDETERMINATE
    assert "REVOCATION_UNKNOWN" in report.codes


def test_anchors_that_are_others_leave_the_case_open(case: Path, town: Town, tmp_path: Path) -> None:
    strangers = Services(JsonStore(tmp_path / "s"), CertificateValidator(TrustStore([])), town.world.signer("portal"))
    assert verify_case(strangers, case).indication is Indication.INDETERMINATE


@pytest.mark.parametrize(
    "name",
    ["x" * 5000, "\0", "\ud800", "/etc/passwd", "", ".", "attachments", "../case/request.xml", "./request.xml",
     "request.xml/", "REQUEST.XML", "loop"],
)  # fmt: skip
def test_names_that_are_none_of_the_folder(case: Path, elsewhere: Services, name: str) -> None:
    (case / "loop").symlink_to(case / "loop")
    manifest = json.loads((case / "manifest.json").read_text())
    manifest["files"][name] = manifest["files"]["request.xml"]
    (case / "manifest.json").write_text(json.dumps(manifest))
    report = verify_case(elsewhere, case)
    assert report.indication is Indication.INDETERMINATE
    assert "CASE_FILE_MISSING" in report.codes


@pytest.mark.parametrize("name", ["request.xml", "result.xml", "attachments/att-1.pdf", "revocation", "attachments"])
def test_links_lead_nowhere(case: Path, elsewhere: Services, tmp_path: Path, name: str) -> None:
    (case / name).rename(tmp_path / "elsewhere")
    (case / name).symlink_to(tmp_path / "elsewhere")
    assert verify_case(elsewhere, case).indication is not Indication.VALID


@pytest.mark.parametrize("name", ["revocation/x.crl", "certificates/x.cer", "attachments/x", "x"])
def test_pipes_and_folders_hold_nothing_up(case: Path, elsewhere: Services, name: str) -> None:
    os.mkfifo(case / name)
    assert verify_case(elsewhere, case).indication is Indication.VALID
    (case / name).unlink()
    (case / name).mkdir()
    assert verify_case(elsewhere, case).indication is Indication.VALID


def test_more_than_a_case(case: Path, elsewhere: Services) -> None:
    for limits in (Limits(case_bytes=1000), Limits(case_files=3)):
        elsewhere.limits = limits
        with pytest.raises(LimitError, match="CASE_TOO_LARGE"):
            verify_case(elsewhere, case)
    elsewhere.limits = Limits()
    with (case / "attachments/att-1.pdf").open("wb") as file:
        file.truncate(3 * 2**30)
    with pytest.raises(LimitError, match="CASE_TOO_LARGE"):
        verify_case(elsewhere, case)


@pytest.mark.parametrize("content", ["[" * 200_000, "\xff", '{"files": 5}', " " * (2**20 + 1), "twice", "pipe", "gone"])
def test_a_manifest_that_is_none(case: Path, elsewhere: Services, content: str) -> None:
    file = case / "manifest.json"
    text = file.read_text()
    file.unlink()
    if content == "twice":
        file.write_text(text.replace('"request.xml"', '"request.xml": "0", "request.xml"'))
    elif content == "pipe":
        os.mkfifo(file)
    elif content != "gone":
        file.write_text(content, encoding="latin-1")
    with pytest.raises(ConfigurationError, match="CASE_UNREADABLE"):
        verify_case(elsewhere, case)
