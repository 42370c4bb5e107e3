"""Signing and judging PDF files over the whole stack: levels, kinds of key, several signatures, other programs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from egov_sign.certs.certificate import Certificate
from egov_sign.docs.evidence import evidence_for
from egov_sign.docs.judged import Required
from egov_sign.docs.pdf_appearance import DOCUMENT_FRAME, Appearance, render_appearance
from egov_sign.docs.pdf_sign import (
    PdfSignature,
    Permission,
    add_document_timestamp,
    add_security_store,
    sign_pdf,
)
from egov_sign.docs.pdf_structure import read_pdf
from egov_sign.errors import ConfigurationError, InputError
from egov_sign.verdict import Indication, SubIndication
from egov_sign_pki.world import World
from tests.docs.cms_world import AT
from tests.docs.pdf_samples import result_xml
from tests.docs.pdf_world import (
    authority,
    judge,
    pdf_world,
    person,
    plain_pdf,
    signed,
    validator,
    verdict,
)
from tests.docs.verapdf import complaints

LATER = AT + timedelta(days=800)


@pytest.mark.parametrize("kind", ["rsa", "ec", "gost"])
def test_a_signature_of_every_kind_of_key_is_good(kind: str) -> None:
    world = pdf_world(kind)
    report = verdict(signed(world), world=world)
    assert report.indication is Indication.VALID, report.to_dict()
    facts = report.children[0].facts
    assert facts["level"] == "PAdES-B-B"
    assert facts["covers_whole_file"] is True
    assert facts["claimed_signing_time"] == "2024-03-01T12:00:00Z"
    assert facts["signer"]["iin"] == "850412110000"  # type: ignore[index, call-overload]


@pytest.mark.parametrize("position", [100, 30_000, -40])
def test_one_changed_byte_is_found(position: int) -> None:
    whole = signed()
    broken = bytearray(whole)
    broken[position] ^= 1
    try:
        report = verdict(bytes(broken))
    except InputError:
        return
    assert report.indication is Indication.INVALID


def test_an_unsigned_pdf_has_no_signature() -> None:
    report = verdict(plain_pdf())
    assert report.codes == ["NO_SIGNATURE"]
    assert report.indication is Indication.INVALID


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"hello" * 100, plain_pdf()[:5000]])
def test_what_is_no_pdf_is_told(data: bytes) -> None:
    with pytest.raises(InputError, match="PDF_UNREADABLE"):
        verdict(data)


def long_term(world: World) -> bytes:
    """Return a document of the level B-LT, made well before today's revocation lists."""
    made = AT - timedelta(hours=14)
    stamped = sign_pdf(plain_pdf(), person(world), signing_time=made, timestamps=authority(world, made))
    report = validator(world).validate(stamped, AT)
    assert report.indication is Indication.VALID, report.to_dict()
    known = map(Certificate.load, (*world.anchors, *world.intermediates, person(world).certificate))
    return add_security_store(stamped, evidence_for(report, known))


@pytest.mark.parametrize("kind", ["rsa", "ec", "gost"])
def test_with_its_evidence_a_pdf_is_good_years_later_by_the_anchors_alone(kind: str) -> None:
    world = pdf_world(kind)
    report = validator(world, informed=False).validate(long_term(world), LATER)
    assert report.indication is Indication.VALID, report.to_dict()
    assert report.children[0].facts["level"] == "PAdES-B-LT"
    assert "PDF_LONG_TERM_ADDED" in report.codes


def test_without_evidence_the_same_is_not_good_years_later() -> None:
    world = pdf_world()
    made = sign_pdf(plain_pdf(), person(world), signing_time=AT, timestamps=authority(world))
    assert validator(world, informed=False).validate(made, LATER).indication is not Indication.VALID


def test_a_document_time_stamp_over_all_makes_b_lta() -> None:
    world = pdf_world()
    archived = add_document_timestamp(long_term(world), authority(world, AT))
    report = validator(world, informed=False).validate(archived, LATER)
    assert [child.subject for child in report.children] == ["signature", "timestamp"]
    assert report.children[0].facts["level"] == "PAdES-B-LTA"
    assert report.children[0].facts["best_signature_time"] == "2024-02-29T22:00:01Z"
    assert report.indication is not Indication.INVALID


def test_a_second_store_adds_what_the_first_lacks() -> None:
    world = pdf_world()
    made = long_term(world)
    held = read_pdf(made).evidence
    assert read_pdf(add_security_store(made, held)).evidence == held


def test_two_persons_sign_one_after_the_other() -> None:
    world = pdf_world()
    twice = sign_pdf(signed(world), world.signer("head"), signing_time=AT)
    report = verdict(twice)
    assert report.indication is Indication.VALID, report.to_dict()
    assert [child.facts["field"] for child in report.children] == ["Signature1", "Signature2"]
    assert [child.facts["covers_whole_file"] for child in report.children] == [False, True]
    assert "PDF_SIGNED_AGAIN" in report.codes


def test_a_field_is_signed_once() -> None:
    with pytest.raises(ConfigurationError, match="PDF_FIELD"):
        signed(pdf=signed(signature=PdfSignature(field="Doctor")), signature=PdfSignature(field="Doctor"))


def test_a_certifying_signature_comes_first() -> None:
    with pytest.raises(ConfigurationError, match="PDF_CERTIFY"):
        signed(pdf=signed(), signature=PdfSignature(certify=Permission.FORMS))
    report = verdict(signed(signature=PdfSignature(certify=Permission.NOTHING)))
    assert report.indication is Indication.VALID
    assert report.children[0].facts["permits"] == 1


def test_the_visible_block_shows_who_signed(tmp_path: Path) -> None:
    if not shutil.which("pdftotext"):
        pytest.skip("needs pdftotext of poppler")
    shown = signed(signature=PdfSignature(reason="Выдача справки", appearance=Appearance(language="kk")))
    report = verdict(shown)
    assert report.indication is Indication.VALID
    assert report.children[0].facts["reason"] == "Выдача справки"
    (tmp_path / "shown.pdf").write_bytes(shown)
    done = subprocess.run(["pdftotext", tmp_path / "shown.pdf", "-"], capture_output=True, check=True)
    assert "ТЕСТОВА АЙГЕРІМ" in done.stdout.decode()
    with pytest.raises(ConfigurationError, match="PDF_APPEARANCE"):
        Appearance(box=(0, 0, 10, 10))


@pytest.mark.parametrize("box", [DOCUMENT_FRAME, (0, 0, 120, 40), (0, 0, 400, 40)])
def test_the_visible_block_holds_all_its_lines_whatever_its_size(
    box: tuple[float, float, float, float], tmp_path: Path
) -> None:
    if not shutil.which("pdftotext"):
        pytest.skip("needs pdftotext of poppler")
    head = Certificate.load(pdf_world().certificate("head"))
    (tmp_path / "block.pdf").write_bytes(render_appearance(Appearance(box=box), head, AT))
    done = subprocess.run(["pdftotext", "-bbox", tmp_path / "block.pdf", "-"], capture_output=True, check=True)
    shown = done.stdout.decode()
    lower = [float(value) for value in re.findall(r'yMax="([\d.]+)"', shown)]
    assert max(lower) <= box[3] - box[1]
    assert head.not_after.strftime("%d.%m.%Y") in shown


def test_the_signer_must_be_whom_the_caller_asks_for() -> None:
    good = validator(pdf_world()).validate(signed(), AT, required=Required(iin="850412110000"))
    assert good.indication is Indication.VALID
    other = validator(pdf_world()).validate(signed(), AT, required=Required(iin="123456789011"))
    assert "SIGNER_IIN_MISMATCH" in other.codes
    assert other.indication is Indication.INVALID


def test_a_revoked_signer_is_told() -> None:
    world = World.build(seed="pdf revoked", at=AT, kind="ec")
    world.revoke("person", at=AT - timedelta(days=2))
    assert verdict(signed(world), world=world).sub_indication in (SubIndication.REVOKED, SubIndication.REVOKED_NO_POE)


def test_without_a_judge_nothing_is_good() -> None:
    from egov_sign.docs.pdf_validation import PdfValidator

    report = PdfValidator(None).validate(signed(), AT)
    assert report.indication is Indication.INDETERMINATE


def test_the_signed_file_stays_pdf_a(tmp_path: Path) -> None:
    world = pdf_world()
    files = {
        "shown": signed(signature=PdfSignature(appearance=Appearance())),
        "hidden": signed(),
        "archived": add_document_timestamp(long_term(world), authority(world)),
    }
    paths = [tmp_path / f"{name}.pdf" for name in files]
    for path, data in zip(paths, files.values(), strict=True):
        path.write_bytes(data)
    assert complaints("3a", *paths) == ""


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_pdfsig_of_poppler_accepts_it(kind: str, tmp_path: Path) -> None:
    if not shutil.which("pdfsig"):
        pytest.skip("needs pdfsig of poppler")
    (tmp_path / "signed.pdf").write_bytes(signed(pdf_world(kind)))
    done = subprocess.run(["pdfsig", "-nocert", tmp_path / "signed.pdf"], capture_output=True, text=True, check=False)
    assert "Signature is Valid." in done.stdout
    assert "Total document signed" in done.stdout


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_pyhanko_accepts_it_by_its_own_validation(kind: str) -> None:
    """In a process of its own: pyHanko warns of things that the tests here make errors."""
    program = (
        "import sys, io, warnings; warnings.simplefilter('ignore')\n"
        "from pyhanko.pdf_utils.reader import PdfFileReader\n"
        "from pyhanko.sign.validation import validate_pdf_signature\n"
        "from pyhanko_certvalidator import ValidationContext\n"
        "one = PdfFileReader(io.BytesIO(sys.stdin.buffer.read())).embedded_signatures[0]\n"
        "status = validate_pdf_signature(one, ValidationContext(allow_fetching=False))\n"
        "print(status.intact, status.valid, status.coverage.name, status.docmdp_ok)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=signed(pdf_world(kind)), capture_output=True, check=False
    )
    assert done.stdout.decode().strip() == "True True ENTIRE_FILE True", done.stderr.decode()[-2000:]


def test_what_is_attached_is_read_back() -> None:
    assert read_pdf(signed()).attachments == {"document.xml": result_xml("call")}


def test_an_encrypted_pdf_is_not_signed(tmp_path: Path) -> None:
    if not shutil.which("qpdf"):
        pytest.skip("needs qpdf")
    plain, locked = tmp_path / "plain.pdf", tmp_path / "locked.pdf"
    plain.write_bytes(plain_pdf())
    subprocess.run(["qpdf", "--encrypt", "a", "b", "256", "--", plain, locked], check=True, capture_output=True)
    with pytest.raises(InputError, match="PDF_ENCRYPTED"):
        signed(pdf=locked.read_bytes())
    with pytest.raises(InputError, match="PDF_ENCRYPTED"):
        verdict(locked.read_bytes())


def test_the_judge_of_the_caller_is_used() -> None:
    world, other = pdf_world(), World.build(seed="another country", at=AT, kind="ec")
    from egov_sign.docs.pdf_validation import PdfValidator

    assert PdfValidator(judge(other)).validate(signed(world), AT).indication is Indication.INDETERMINATE
