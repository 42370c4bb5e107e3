"""A stranger checks a document: PDF signature, attached XML, both the same, the code on the paper."""

from __future__ import annotations

from functools import cache

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from egov_sign.docs.pdf_render import PdfRenderer
from egov_sign.docs.pdf_sign import PdfSignature, sign_pdf
from egov_sign.docs.pdf_text import page_words, squash
from egov_sign.docs.personal_validation import PersonalValidator
from egov_sign.docs.qr import QrPayload, judge_payload
from egov_sign.docs.xmlsign import sign_enveloped
from egov_sign.errors import InputError
from egov_sign.verdict import Indication, Report
from egov_sign_pki.world import World
from tests.docs.cms_world import AT
from tests.docs.pdf_samples import result_xml
from tests.docs.pdf_world import judge, pdf_world, updated

NUMBER = "AST01-CALL-2024-000123-S"


def bin_of(world: World) -> str:
    from egov_sign.certs.certificate import Certificate
    from egov_sign.certs.profile import identify

    return str(identify(Certificate.load(world.certificate("head"))).bin)


@cache
def issued_xml(number: str = "AST01-CALL-2024-000123", bin_: str = "") -> bytes:
    world = pdf_world()
    plain = result_xml("call", number).replace(b"<c:BIN>123456789011", f"<c:BIN>{bin_ or bin_of(world)}".encode())
    return sign_enveloped(plain, world.signer("head"))


@cache
def issued(number: str = "AST01-CALL-2024-000123", bin_: str = "") -> bytes:
    """Return the PDF of a result as a provider issues it: both signed by its head."""
    pdf = PdfRenderer().render(issued_xml(number, bin_))
    return sign_pdf(pdf, pdf_world().signer("head"), signing_time=AT)


def check(pdf: bytes, qr: str = "") -> Report:
    payload = QrPayload.parse(qr) if qr else None
    return PersonalValidator(judge(pdf_world())).examine(pdf, AT, qr=payload).report


def payload_of(xml: bytes) -> str:
    return str(QrPayload.of(NUMBER, xml))


@pytest.mark.req("R440", "R42")
def test_a_document_as_issued_is_good_in_all_its_parts() -> None:
    report = check(issued(), payload_of(issued_xml()))
    assert report.indication is Indication.VALID, report.to_dict()
    assert "DOCUMENT_PAGES_SAME" in report.codes
    assert "QR_SAME" in report.codes
    assert [child.subject for child in report.children] == ["signature", "document"]
    assert report.facts["document"]["number"] == NUMBER  # type: ignore[index, call-overload]


def test_the_pages_of_one_document_with_the_xml_of_another() -> None:
    """The provider's own signature under a mix-up: what is shown is not what is attached."""
    other = issued_xml("AST01-CALL-2024-000777")
    mixed = with_attachment(issued_xml(), other)
    report = check(sign_pdf(mixed, pdf_world().signer("head"), signing_time=AT))
    assert "DOCUMENT_PAGES_DIFFER" in report.codes
    assert report.indication is Indication.INVALID


def with_attachment(shown: bytes, attached: bytes) -> bytes:
    """Render the pages of one XML and attach another."""

    class Mixed(PdfRenderer):
        def inputs(self, signed_xml: bytes, *, paper: bool = False) -> tuple[dict[str, str], int]:
            values, moment = super().inputs(signed_xml, paper=paper)
            return values | {"xml": attached.decode()}, moment

    return Mixed().render(shown)


def attach(pdf: bytes, name: str, data: bytes, *, tree: bool) -> bytes:
    """Return ``pdf`` with one more embedded file: among the associated files, or in the tree of names alone."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        key = generic.NameObject
        file = writer.add_object(generic.StreamObject(stream_data=data))
        specification = generic.DictionaryObject({
            key("/Type"): key("/Filespec"), key("/UF"): generic.TextStringObject(name),
            key("/EF"): generic.DictionaryObject({key("/F"): file}),
        })  # fmt: skip
        reference = writer.add_object(specification)
        if tree:
            names = writer.root["/Names"]["/EmbeddedFiles"]["/Names"]
            names.extend([generic.TextStringObject("z"), reference])
            writer.update_container(names)
        else:
            writer.root["/AF"].append(reference)
            writer.update_container(writer.root["/AF"])

    return updated(pdf, change)


@pytest.mark.parametrize("tree", [True, False])
@pytest.mark.parametrize("name", ["document.xml", "other.xml"])
def test_a_second_xml_that_claims_to_be_the_document(name: str, tree: bool) -> None:
    other = issued_xml("AST01-CALL-2024-000777")
    twice = attach(PdfRenderer().render(issued_xml()), name, other, tree=tree)
    report = check(sign_pdf(twice, pdf_world().signer("head"), signing_time=AT))
    assert "DOCUMENT_XML_SEVERAL" in report.codes
    assert report.indication is Indication.INVALID


def test_another_file_beside_the_document_is_no_harm() -> None:
    beside = attach(PdfRenderer().render(issued_xml()), "note.txt", b"hello", tree=False)
    report = check(sign_pdf(beside, pdf_world().signer("head"), signing_time=AT))
    assert report.indication is Indication.VALID, report.to_dict()
    assert report.facts["attachments"] == ["document.xml", "note.txt"]


def test_an_xml_that_nobody_signed_is_not_made_good_by_the_pdf() -> None:
    pdf = PdfRenderer().render(
        result_xml("call").replace(b"<c:BIN>123456789011", f"<c:BIN>{bin_of(pdf_world())}".encode())
    )
    report = check(sign_pdf(pdf, pdf_world().signer("head"), signing_time=AT))
    assert "NO_SIGNATURE" in report.codes
    assert report.indication is Indication.INVALID


def test_a_signer_of_another_organisation() -> None:
    report = check(issued(bin_="987654321098"))
    assert "DOCUMENT_PROVIDER" in report.codes
    assert report.indication is Indication.INVALID


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (f"egov-sign:1:AST01-CALL-2024-000999-S:{'0' * 64}", "QR_NUMBER"),
        (f"egov-sign:1:{NUMBER}:{'0' * 64}", "QR_DIGEST"),
    ],
)
def test_the_code_of_another_document(payload: str, code: str) -> None:
    report = check(issued(), payload)
    assert code in report.codes
    assert report.indication is Indication.INVALID


def test_a_code_alone_says_what_to_ask_for_and_proves_nothing() -> None:
    report = judge_payload(QrPayload.parse(payload_of(issued_xml())))
    assert report.indication is Indication.INDETERMINATE
    assert report.facts["number"] == NUMBER


def test_a_pdf_of_somebody_else_is_judged_by_its_signatures_alone() -> None:
    import typst

    plain = typst.Compiler(b"= A letter", ignore_system_fonts=True).compile(format="pdf", timestamp=0)
    assert isinstance(plain, bytes)
    letter = sign_pdf(plain, pdf_world().signer("person"), signing_time=AT, signature=PdfSignature(reason="letter"))
    assert check(letter).indication is Indication.VALID
    asked = check(letter, payload_of(issued_xml()))
    assert "DOCUMENT_XML_MISSING" in asked.codes
    assert asked.indication is Indication.INDETERMINATE


def test_words_are_read_from_pages_in_both_alphabets() -> None:
    said = page_words(PdfRenderer().render(result_xml("appointment")))
    for words in ("Дәрігердің қабылдауына жазылу туралы анықтама", "Әбдіғаппарұлы Ғұмар Өмірзақұлы", "09:40"):
        assert squash(words) in said
    with pytest.raises(InputError, match="PDF_UNREADABLE"):
        page_words(b"%PDF-1.7 broken")
