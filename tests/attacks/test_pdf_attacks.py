"""Attacks on signed PDF files, CMS messages in them and their time-stamps: rows 49 to 58, each beside its good twin."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from egov_sign.certs.certificate import Certificate
from egov_sign.crypto import algorithms, der_write, digests
from egov_sign.docs import cms, cms_sign
from egov_sign.docs.cms_ess import signing_certificate_v2
from egov_sign.docs.pdf_sign import PdfSignature, Permission, add_document_timestamp, sign_pdf
from egov_sign.docs.pdf_structure import read_pdf
from egov_sign.errors import InputError, LimitError
from egov_sign.limits import Limits
from egov_sign.verdict import Indication, Report, SubIndication
from tests.docs.cms_world import AT
from tests.docs.pdf_world import (
    authority,
    field,
    pdf_world,
    person,
    plain_pdf,
    signed,
    updated,
    validator,
    verdict,
    with_contents,
)

name = generic.NameObject


def is_invalid(report: Report, code: str, sub: SubIndication) -> None:
    assert code in report.codes, report.codes
    assert report.indication is Indication.INVALID
    found = [finding.sub_indication for _, finding in report.walk() if finding.code == code]
    assert sub in found


def is_valid(report: Report) -> None:
    assert report.indication is Indication.VALID, report.to_dict()


# Row 49: byte ranges


def with_range(pdf: bytes, numbers: tuple[int, int, int, int]) -> bytes:
    """Write another byte range over the one that stands there, in the same room."""
    start = pdf.index(b"[", pdf.index(b"/ByteRange"))
    end = pdf.index(b"]", start) + 1
    room = end - start + len(pdf[end:]) - len(pdf[end:].lstrip(b" "))
    return pdf[:start] + (b"[%d %d %d %d]" % numbers).ljust(room) + pdf[start + room :]


@pytest.mark.parametrize(
    "shift",
    [(0, 0, -2, 2), (0, 2, 0, 0), (0, -20, 0, 0), (0, 0, 20, -20), (1, -1, 0, 0), (0, 0, 0, 1), (0, 0, 0, -4000)],
    ids=["overlap-after", "overlap-before", "gap-before", "gap-after", "not-from-0", "beyond-the-end", "negative"],
)
def test_row_49_byte_range(shift: tuple[int, int, int, int]) -> None:
    whole = signed()
    a, b, c, d = (old + change for old, change in zip(field(whole).byte_range, shift, strict=True))
    is_invalid(verdict(with_range(whole, (a, b, c, d))), "PDF_BYTE_RANGE", SubIndication.FORMAT_FAILURE)
    is_valid(verdict(with_range(whole, field(whole).byte_range)))


def test_row_49_a_part_that_stops_before_the_end_of_its_revision() -> None:
    whole = signed()
    a, b, c, d = field(whole).byte_range
    report = verdict(with_range(whole, (a, b, c, d - 3)))
    is_invalid(report, "PDF_PART_UNSIGNED", SubIndication.FORMAT_FAILURE)


def test_row_49_contents_that_stand_elsewhere() -> None:
    """The dictionary shows contents other than those that the byte range leaves out."""

    def other(writer: IncrementalPdfFileWriter) -> None:
        value = writer.root["/AcroForm"]["/Fields"][0]["/V"]
        value[name("/Contents")] = generic.ByteStringObject(b"\x30\x03\x02\x01\x00")
        writer.update_container(value)

    assert verdict(updated(signed(), other)).indication is Indication.INVALID


# Rows 50 and 51: what changes later


def page(writer: IncrementalPdfFileWriter) -> generic.DictionaryObject:
    found = writer.root["/Pages"]["/Kids"][0].get_object()
    assert isinstance(found, generic.DictionaryObject)
    return found


def other_text(writer: IncrementalPdfFileWriter) -> None:
    stream = generic.StreamObject(stream_data=b"BT /F1 20 Tf (14:00) Tj ET")
    page(writer)[name("/Contents")] = writer.add_object(stream)
    writer.update_container(page(writer))


def hidden(writer: IncrementalPdfFileWriter) -> None:
    """Shadow attack «hide»: what the signer saw disappears under an empty resource."""
    resources = page(writer)["/Resources"]
    resources[name("/Font")] = generic.DictionaryObject()
    writer.update_container(resources)


def replaced(writer: IncrementalPdfFileWriter) -> None:
    """Shadow attack «replace»: the glyphs of a font are exchanged."""
    fonts = page(writer)["/Resources"]["/Font"]
    font = fonts[min(fonts)]
    descendant = font["/DescendantFonts"][0].get_object()
    descriptor = descendant["/FontDescriptor"]
    key = next(key for key in descriptor if key.startswith("/FontFile"))
    descriptor[name(key)] = writer.add_object(generic.StreamObject(stream_data=b"other glyphs"))
    writer.update_container(descriptor)


def hidden_and_replaced(writer: IncrementalPdfFileWriter) -> None:
    """Shadow attack «hide and replace»: another tree of pages comes up."""
    copy = generic.DictionaryObject(page(writer))
    copy[name("/Contents")] = writer.add_object(generic.StreamObject(stream_data=b"BT ET"))
    tree = generic.DictionaryObject(writer.root["/Pages"])
    tree[name("/Kids")] = generic.ArrayObject([writer.add_object(copy)])
    writer.root[name("/Pages")] = writer.add_object(tree)
    writer.update_root()


def scripted(writer: IncrementalPdfFileWriter) -> None:
    action = {name("/S"): name("/JavaScript"), name("/JS"): generic.TextStringObject("app.alert(1)")}
    writer.root[name("/OpenAction")] = generic.DictionaryObject(action)
    writer.update_root()


def nothing(writer: IncrementalPdfFileWriter) -> None:
    writer.update_root()


@pytest.mark.parametrize("change", [other_text, scripted], ids=lambda change: change.__name__)
def test_row_50_an_update_that_changes_content(change: Callable[[IncrementalPdfFileWriter], None]) -> None:
    is_invalid(verdict(updated(signed(), change)), "PDF_CHANGED", SubIndication.FORMAT_FAILURE)
    is_valid(verdict(updated(signed(), nothing)))


@pytest.mark.parametrize("change", [hidden, replaced, hidden_and_replaced], ids=lambda change: change.__name__)
def test_row_51_shadow_attacks(change: Callable[[IncrementalPdfFileWriter], None]) -> None:
    is_invalid(verdict(updated(signed(), change)), "PDF_CHANGED", SubIndication.FORMAT_FAILURE)


def test_row_51_a_change_stays_a_change_under_a_later_signature() -> None:
    """The attacker signs the changed document: that signature is good, and the first one is not."""
    world = pdf_world()
    report = validator(world).validate(sign_pdf(updated(signed(), replaced), world.signer("head"), signing_time=AT), AT)
    assert report.children[0].indication is Indication.INVALID
    assert report.children[1].indication is Indication.VALID
    assert report.indication is Indication.INVALID


# Row 52: certified documents


def annotated(writer: IncrementalPdfFileWriter) -> None:
    note = {
        name("/Type"): name("/Annot"),
        name("/Subtype"): name("/FreeText"),
        name("/Rect"): generic.ArrayObject([generic.NumberObject(value) for value in (350, 400, 550, 440)]),
        name("/Contents"): generic.TextStringObject("17:00"),
        name("/F"): generic.NumberObject(4),
    }
    reference = writer.add_object(generic.DictionaryObject(note))
    held = list(page(writer)["/Annots"]) if "/Annots" in page(writer) else []
    page(writer)[name("/Annots")] = generic.ArrayObject([*held, reference])
    writer.update_container(page(writer))


@pytest.mark.parametrize("permission", [Permission.NOTHING, Permission.FORMS])
def test_row_52_a_certified_document_with_an_annotation(permission: Permission) -> None:
    certified = signed(signature=PdfSignature(certify=permission))
    is_valid(verdict(certified))
    assert verdict(updated(certified, annotated)).indication is Indication.INVALID


def test_row_52_another_signature_where_nothing_may_change() -> None:
    world = pdf_world()
    for permission, good in ((Permission.NOTHING, False), (Permission.FORMS, True)):
        certified = signed(signature=PdfSignature(certify=permission))
        twice = sign_pdf(certified, world.signer("head"), signing_time=AT)
        report = verdict(twice)
        assert (report.indication is Indication.VALID) is good, report.codes


# Row 53: contents


@pytest.mark.parametrize("contents", [b"", b"\0\0\0", b"\x30\x82\xff\xff"], ids=["empty", "zeros", "cut"])
def test_row_53_empty_contents(contents: bytes) -> None:
    is_invalid(verdict(with_contents(signed(), contents)), "PDF_CONTENTS", SubIndication.FORMAT_FAILURE)


def test_row_53_missing_contents_and_data_behind_them() -> None:
    whole = signed()
    assert verdict(whole.replace(b"/Contents <", b"/Xontents <")).indication is Indication.INVALID
    message = field(whole).contents
    is_valid(verdict(with_contents(whole, message)))
    is_invalid(verdict(with_contents(whole, message + b"more")), "PDF_CONTENTS", SubIndication.FORMAT_FAILURE)


# Rows 54 and 55: signed attributes


def forged(content: bytes, *, leave_out: str = "", change: dict[str, bytes] | None = None) -> bytes:
    """Return a message over ``content`` by the person's own key, with attributes left out or changed."""
    signer = person()
    certificate = Certificate.load(signer.certificate)
    digest_identifier = cms_sign.digest_identifier("sha256")
    values = {
        cms.CONTENT_TYPE: der_write.oid(cms.DATA),
        cms.MESSAGE_DIGEST: der_write.octet_string(digests.digest("sha256", content)),
        cms.SIGNING_CERTIFICATE_V2: signing_certificate_v2(certificate),
    } | (change or {})
    attributes = der_write.set_of(
        *(cms_sign.attribute(oid, value) for oid, value in values.items() if oid != leave_out)
    )
    info = der_write.sequence(
        der_write.integer(1),
        der_write.sequence(certificate.issuer.der, der_write.integer(certificate.serial)),
        digest_identifier,
        b"\xa0" + attributes[1:],
        algorithms.to_identifier(signer.algorithm),
        der_write.octet_string(signer.sign(attributes)),
    )
    parts = cms_sign.Parts(
        cms.DATA,
        None,
        frozenset({digest_identifier}),
        frozenset({certificate.der, *signer.chain}),
        frozenset(),
        (info,),
    )
    return parts.encode()


def judged(leave_out: str = "", change: dict[str, bytes] | None = None) -> Report:
    whole = signed()
    return verdict(with_contents(whole, forged(field(whole).content, leave_out=leave_out, change=change)))


def test_rows_54_and_55_the_same_message_with_all_its_attributes_is_good() -> None:
    is_valid(judged())


@pytest.mark.parametrize("oid", [cms.MESSAGE_DIGEST, cms.CONTENT_TYPE], ids=["messageDigest", "contentType"])
def test_row_54_an_attribute_is_missing(oid: str) -> None:
    report = judged(leave_out=oid)
    assert report.indication is Indication.INVALID
    assert report.sub_indication is SubIndication.FORMAT_FAILURE


def test_row_54_an_attribute_is_wrong() -> None:
    digest = judged(change={cms.MESSAGE_DIGEST: der_write.octet_string(bytes(32))})
    assert digest.sub_indication is SubIndication.HASH_FAILURE
    kind = judged(change={cms.CONTENT_TYPE: der_write.oid(cms.TST_INFO)})
    assert kind.sub_indication is SubIndication.FORMAT_FAILURE


def test_row_55_no_signing_certificate_or_another() -> None:
    missing = judged(leave_out=cms.SIGNING_CERTIFICATE_V2)
    assert missing.sub_indication is SubIndication.SIG_CONSTRAINTS_FAILURE
    assert missing.indication is not Indication.VALID
    other = Certificate.load(pdf_world().certificate("head"))
    wrong = judged(change={cms.SIGNING_CERTIFICATE_V2: signing_certificate_v2(other)})
    assert wrong.sub_indication is SubIndication.SIG_CONSTRAINTS_FAILURE


def test_a_message_that_carries_its_own_content_covers_nothing() -> None:
    whole = signed()
    inside = cms_sign.sign(field(whole).content[:100], person(), signing_time=None)
    is_invalid(verdict(with_contents(whole, inside)), "PDF_NOT_DETACHED", SubIndication.FORMAT_FAILURE)


def test_two_signers_in_one_field() -> None:
    whole = signed()
    message = cms.SignedData.load(field(whole).contents)
    second = pdf_world().signer("head")
    both = cms_sign.add_signer(message, second, signing_time=None, content=field(whole).content)
    is_invalid(verdict(with_contents(whole, both)), "PDF_SIGNERS", SubIndication.FORMAT_FAILURE)


# Rows 56 and 57: time-stamps


def test_row_56_a_token_by_a_key_that_is_not_for_time_stamps() -> None:
    good = validator(pdf_world()).validate(add_document_timestamp(signed(), authority(pdf_world())), AT)
    assert good.children[1].indication is Indication.VALID, good.to_dict()
    bad = verdict(add_document_timestamp(signed(), authority(pdf_world(), label="person")))
    assert bad.children[1].indication is not Indication.VALID
    assert bad.indication is not Indication.VALID


def test_row_57_a_token_over_something_else() -> None:
    archived = add_document_timestamp(signed(), authority(pdf_world()))
    foreign = authority(pdf_world()).stamp(b"another document")
    report = verdict(with_contents(archived, foreign, number=1))
    is_invalid(report, "TIMESTAMP_IMPRINT", SubIndication.HASH_FAILURE)


def test_row_57_time_stamps_out_of_order() -> None:
    """The one over the whole document claims to be older than the one inside it."""
    world = pdf_world()

    def archived(inner_hours: int, outer_hours: int) -> Report:
        inner = authority(world, AT - timedelta(hours=inner_hours))
        outer = authority(world, AT - timedelta(hours=outer_hours))
        made = sign_pdf(plain_pdf(), person(), signing_time=AT - timedelta(hours=inner_hours), timestamps=inner)
        return verdict(add_document_timestamp(made, outer))

    assert "TIMESTAMP_ORDER" in archived(1, 5).codes
    assert archived(1, 5).indication is not Indication.VALID
    assert "TIMESTAMP_ORDER" not in archived(5, 1).codes


# Row 58: bounds


def test_row_58_a_tree_of_pages_that_bites_its_tail() -> None:
    def loop(writer: IncrementalPdfFileWriter) -> None:
        tree = writer.root["/Pages"]
        tree["/Kids"].append(generic.IndirectObject(tree.container_ref.idnum, 0, writer))
        writer.update_container(tree)

    assert verdict(updated(signed(), loop)).indication is Indication.INVALID


def test_row_58_a_form_whose_fields_bite_their_tails() -> None:
    def loop(writer: IncrementalPdfFileWriter) -> None:
        fields = writer.root["/AcroForm"]["/Fields"]
        member = fields[0].get_object()
        member[name("/Kids")] = generic.ArrayObject([fields.raw_get(0)])
        writer.update_container(member)

    whole = updated(signed(), loop)
    assert len(read_pdf(whole).fields) == 1
    assert verdict(whole).indication is Indication.INVALID


def bomb(writer: IncrementalPdfFileWriter) -> None:
    """Attach 64 GiB of zeros in a few kilobytes: compressed twice."""
    inner = zlib.compress(bytes(64 * 1024 * 1024), 9)
    packed = zlib.compress(inner * 64, 9)
    stream = generic.StreamObject(encoded_data=packed)
    stream[name("/Filter")] = generic.ArrayObject([name("/FlateDecode"), name("/FlateDecode")])
    specification = generic.DictionaryObject({
        name("/Type"): name("/Filespec"),
        name("/UF"): generic.TextStringObject("bomb.xml"),
        name("/EF"): generic.DictionaryObject({name("/F"): writer.add_object(stream)}),
    })  # fmt: skip
    writer.root[name("/AF")] = generic.ArrayObject([writer.add_object(specification)])
    writer.update_root()


def test_row_58_a_decompression_bomb() -> None:
    whole = updated(plain_pdf(), bomb)
    assert len(whole) < 1024 * 1024
    with pytest.raises(InputError):
        read_pdf(whole)
    assert read_pdf(plain_pdf()).attachments


def test_row_58_an_archive_bomb_of_attachments() -> None:
    with pytest.raises(LimitError, match="PDF_LIMIT"):
        read_pdf(plain_pdf(), Limits(attachment_bytes=100))
    with pytest.raises(LimitError, match="PDF_LIMIT"):  # names are told apart, and each of many is held against all
        read_pdf(plain_pdf(), Limits(pdf_attachments=0))


def test_row_58_more_signatures_than_anybody_needs() -> None:
    world = pdf_world()
    twice = sign_pdf(signed(), world.signer("head"), signing_time=AT)
    with pytest.raises(LimitError, match="PDF_LIMIT"):
        read_pdf(twice, Limits(cms_signers=1))
    assert len(read_pdf(twice).fields) == 2
    with pytest.raises(LimitError, match="PDF_TOO_LARGE"):
        read_pdf(twice, Limits(document_bytes=1000))


@pytest.mark.parametrize("kind", ["/adbe.pkcs7.sha1   ", "/adbe.x509.rsa_sha1"])
def test_old_kinds_of_signatures_are_refused(kind: str) -> None:
    whole = signed().replace(b"/ETSI.CAdES.detached", kind.encode().ljust(20))
    is_invalid(verdict(whole), "PDF_SUBFILTER", SubIndication.FORMAT_FAILURE)


def test_any_byte_changed_is_never_good() -> None:
    """A walk over the whole file: what is not in the contents' padding is noticed, wherever it stands."""
    whole = signed()
    _, before, after, _ = field(whole).byte_range
    padding = range(before + 1 + 2 * len(field(whole).contents), after - 1)
    for position in range(7, len(whole), 997):
        if position in padding:
            continue
        broken = bytearray(whole)
        broken[position] ^= 0x20
        try:
            report = verdict(bytes(broken))
        except InputError:
            continue
        if report.indication is Indication.VALID:
            # Letters of the hexadecimal contents may change their case: the bytes stay the same.
            assert before < position < after
            assert bytes.fromhex(chr(broken[position]) * 2) == bytes.fromhex(chr(whole[position]) * 2)
