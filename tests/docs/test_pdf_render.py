"""The documents as PDF: what they say, what is attached, that they are PDF/A and stay the same."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from egov_sign.docs.document import read_document
from egov_sign.docs.pdf_render import PdfRenderer
from egov_sign.docs.qr import QrPayload, qr_svg
from egov_sign.errors import ConfigurationError, InputError
from egov_sign.messages import text
from tests.docs.pdf_samples import refusal_xml, result_xml
from tests.docs.verapdf import complaints

KINDS = ["call", "appointment", "attachment"]


@pytest.fixture(scope="module")
def renderer() -> PdfRenderer:
    return PdfRenderer()


def words(pdf: bytes, folder: Path) -> str:
    """Return the text of a PDF as poppler reads it, in one line; line breaks may fall anywhere."""
    if not shutil.which("pdftotext"):
        pytest.skip("needs pdftotext of poppler")
    file = folder / "document.pdf"
    file.write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-raw", file, "-"], capture_output=True, check=True)
    return re.sub(r"\s+", " ", done.stdout.decode())


@pytest.mark.req("R440", "R533")
@pytest.mark.parametrize("kind", KINDS)
def test_the_pdf_repeats_the_signed_data(kind: str, renderer: PdfRenderer, tmp_path: Path) -> None:
    xml = result_xml(kind)
    document = read_document(xml)
    said = words(renderer.render(xml), tmp_path)
    for row in document.rows:
        assert row.value in said
    for language in ("kk", "ru"):
        assert document.title(language) in said
        assert text("PDF_LEGAL", language)[:60] in said
    assert document.signer in said
    assert document.code in said


@pytest.mark.req("R440")
def test_a_refusal_tells_reasons_remedy_and_appeal_in_both_languages(renderer: PdfRenderer, tmp_path: Path) -> None:
    xml = refusal_xml()
    said = words(renderer.render(xml), tmp_path)
    document = read_document(xml)
    assert document.advice is not None
    assert document.appeal is not None
    for language in ("kk", "ru"):
        assert document.reasons[0].texts[language] in said
        assert document.advice[language] in said
        assert document.appeal[language] in said
    assert "A1 п.9" in said


def test_ten_reasons_go_on_a_second_page(renderer: PdfRenderer, tmp_path: Path) -> None:
    said = words(renderer.render(refusal_xml(reasons=12)), tmp_path)
    assert said.count("18:00-ге") == 12
    assert "2 / 2" in said


@pytest.mark.req("R432")
def test_the_paper_talon_leaves_room_for_the_hand_and_claims_no_electronic_form(
    renderer: PdfRenderer, tmp_path: Path
) -> None:
    said = words(renderer.render(result_xml("attachment"), paper=True), tmp_path)
    assert text("PDF_TITLE_TALON", "ru") in said
    assert text("PDF_SIGN_BY_HAND", "ru") in said
    assert "Вы прикреплены к медицинской организации" in said
    assert text("PDF_LEGAL", "ru")[:40] not in said


def test_every_kazakh_letter_is_in_the_font(renderer: PdfRenderer, tmp_path: Path) -> None:
    letters = "Әә Ғғ Ққ Ңң Өө Ұұ Үү Һһ Іі Ёё Ъъ"
    xml = result_xml("call").replace("терапевт".encode(), b"").replace("Әбдіғаппарұлы".encode(), letters.encode())
    assert letters in words(renderer.render(xml), tmp_path)


def test_english_on_request(tmp_path: Path) -> None:
    said = words(PdfRenderer(languages=("en",)).render(result_xml("appointment")), tmp_path)
    assert "Certificate of an appointment with a doctor" in said
    assert "Справка о записи" not in said


@pytest.mark.req("R438")
def test_times_are_told_in_the_zone_of_the_provider(tmp_path: Path) -> None:
    six = PdfRenderer(zone=timezone(timedelta(hours=6)))
    assert "05.03.2024 11:20" in words(six.render(result_xml("call")), tmp_path)
    assert "05.03.2024 10:20" in words(PdfRenderer().render(result_xml("call")), tmp_path)


def test_the_signed_xml_is_attached_byte_for_byte(renderer: PdfRenderer, tmp_path: Path) -> None:
    if not shutil.which("pdfdetach"):
        pytest.skip("needs pdfdetach of poppler")
    xml = result_xml("call")
    file, out = tmp_path / "document.pdf", tmp_path / "out.xml"
    file.write_bytes(renderer.render(xml))
    subprocess.run(["pdfdetach", "-save", "1", "-o", out, file], check=True, capture_output=True)
    assert out.read_bytes() == xml


def test_the_same_document_gives_the_same_bytes(renderer: PdfRenderer) -> None:
    xml = result_xml("call")
    first = renderer.render(xml)
    assert first == renderer.render(xml)
    assert first == PdfRenderer().render(xml)
    assert first != renderer.render(result_xml("call", "AST01-CALL-2024-000999"))


def test_a_batch_renders_each_document(renderer: PdfRenderer, tmp_path: Path) -> None:
    numbers = [f"AST01-CALL-2024-{n:06d}" for n in range(5)]
    pdfs = list(renderer.render_all(result_xml("call", number) for number in numbers))
    assert [number in words(pdf, tmp_path) for number, pdf in zip(numbers, pdfs, strict=True)] == [True] * 5


def test_a_provider_brings_a_template(tmp_path: Path) -> None:
    (tmp_path / "own.typ").write_text(
        '#let data = json(bytes(sys.inputs.data))\n#set document(title: "x")\n= Our clinic\n#data.number\n'
        '#include "part.typ"'
    )
    (tmp_path / "part.typ").write_text("our small print")
    said = words(PdfRenderer(tmp_path / "own.typ").render(result_xml("call")), tmp_path)
    assert "Our clinic" in said
    assert "our small print" in said


def test_a_broken_template_is_told(tmp_path: Path) -> None:
    (tmp_path / "own.typ").write_text("#let")
    with pytest.raises(ConfigurationError, match="PDF_TEMPLATE"):
        PdfRenderer(tmp_path / "own.typ").render(result_xml("call"))
    with pytest.raises(ConfigurationError, match="PDF_TEMPLATE"):
        PdfRenderer(tmp_path / "none.typ").render(result_xml("call"))


def test_a_template_reads_nothing_outside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "own.typ").write_text('#read("../secret.txt")')
    with pytest.raises(ConfigurationError, match="PDF_TEMPLATE"):
        PdfRenderer(folder / "own.typ").render(result_xml("call"))


def test_markup_in_the_data_is_shown_and_not_run(renderer: PdfRenderer, tmp_path: Path) -> None:
    evil = '#read("/etc/hostname") *bold* $x$'
    xml = result_xml("call").replace("Нұрпейісова Құралай Іліясқызы".encode(), evil.replace('"', "&quot;").encode())
    assert evil in words(renderer.render(xml), tmp_path)


def test_a_comment_hides_nothing() -> None:
    xml = result_xml("call").replace("Әбдіғаппарұлы Ғұмар".encode(), "Әбдіғаппарұлы<!-- --> Ғұмар".encode())
    assert read_document(xml).recipient == "Әбдіғаппарұлы Ғұмар Өмірзақұлы"


@pytest.mark.parametrize(
    ("xml", "code"),
    [
        (b"<a/>", "DOCUMENT_KIND"),
        (result_xml("call").replace(b'type="call"', b'type="other"'), "DOCUMENT_KIND"),
        (result_xml("call").replace(b"<rs:Date>2024-03-05</rs:Date>", b""), "DOCUMENT_FIELD"),
        (result_xml("call").replace(b"2024-03-05</rs:Date>", b"yesterday</rs:Date>"), "DOCUMENT_FIELD"),
    ],
    ids=["foreign", "kind", "missing", "date"],
)
def test_what_cannot_be_a_document_is_refused(xml: bytes, code: str) -> None:
    with pytest.raises(InputError) as caught:
        read_document(xml)
    assert caught.value.code == code


def test_a_language_is_needed() -> None:
    with pytest.raises(ConfigurationError):
        PdfRenderer(languages=())


def test_verapdf_finds_pdf_a_3a_and_pdf_ua_1(renderer: PdfRenderer, tmp_path: Path) -> None:
    files = []
    for kind, xml in [*((kind, result_xml(kind)) for kind in KINDS), ("refusal", refusal_xml(reasons=9))]:
        files.append(tmp_path / f"{kind}.pdf")
        files[-1].write_bytes(renderer.render(xml))
    assert complaints("3a", *files) == ""
    assert complaints("ua1", *files) == ""


def test_qpdf_finds_nothing_wrong(renderer: PdfRenderer, tmp_path: Path) -> None:
    if not shutil.which("qpdf"):
        pytest.skip("needs qpdf")
    file = tmp_path / "call.pdf"
    file.write_bytes(renderer.render(result_xml("call")))
    done = subprocess.run(["qpdf", "--check", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_qr_code_names_the_document_and_its_digest() -> None:
    payload = QrPayload.of("AST01-CALL-2024-000123-S", b"signed")
    assert QrPayload.parse(f" {payload}\n") == payload
    assert payload.digest == hashlib.sha256(b"signed").hexdigest()
    assert qr_svg(str(payload)).startswith("<svg")


@pytest.mark.parametrize("scanned", ["", "https://example.org", "egov-sign:1:N:00", "egov-sign:2:N:" + "0" * 64])
def test_another_qr_code_is_refused(scanned: str) -> None:
    with pytest.raises(InputError, match="QR_FORMAT"):
        QrPayload.parse(scanned)
