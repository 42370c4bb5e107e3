"""What the reader refuses, and that it reads the same characters as everybody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from egov_sign.docs.xmlparse import parse, signed_tree, text_of
from egov_sign.errors import InputError, LimitError, UnsupportedError
from egov_sign.limits import DEFAULT_LIMITS

LAUGHS = b"""<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]><a>&lol2;</a>"""


def code_of(data: bytes, **limits: int) -> str:
    with pytest.raises(InputError) as caught:
        parse(data, replace(DEFAULT_LIMITS, **limits))
    return caught.value.code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "XML_EMPTY"),
        (b" \n", "XML_EMPTY"),
        (b"\xef\xbb\xbf", "XML_EMPTY"),
        (b"hello", "XML_NOT_WELL_FORMED"),
        (b"%PDF-1.7\n", "XML_NOT_WELL_FORMED"),
        (b"<a><b></a>", "XML_NOT_WELL_FORMED"),
        (b"<a/><b/>", "XML_NOT_WELL_FORMED"),
        (b'<a x="1" x="2"/>', "XML_NOT_WELL_FORMED"),
        (b'<a xmlns:p="u" xmlns:q="u" p:x="1" q:x="2"/>', "XML_NOT_WELL_FORMED"),
        (b"<p:a/>", "XML_NOT_WELL_FORMED"),
        (b"<a>&nbsp;</a>", "XML_NOT_WELL_FORMED"),
        (b"<a>\xff</a>", "XML_NOT_WELL_FORMED"),
        (b"<!DOCTYPE a><a/>", "XML_DTD"),
        (b'<?xml version="1.0"?><!-- <a> --><?p q?>\n<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "XML_DTD"),
        (LAUGHS, "XML_DTD"),
        (
            '\ufeff<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'.encode("utf-16-le"),
            "XML_DTD",
        ),
        (b'<?xml version="1.0" encoding="UTF-16"?><a/>', "XML_ENCODING"),
        ('\ufeff<?xml version="1.0" encoding="UTF-8"?><a/>'.encode("utf-16-le"), "XML_ENCODING"),
        (b'\xef\xbb\xbf<?xml version="1.0" encoding="windows-1251"?><a/>', "XML_ENCODING"),
        (b'<?xml version="1.0" encoding="UTF-7"?><a>+ADw-b/+AD4-</a>', "XML_ENCODING_UNKNOWN"),
        (b'<?xml version="1.0" encoding="cp037"?><a/>', "XML_ENCODING_UNKNOWN"),
        ("<a/>".encode("utf-32"), "XML_ENCODING_UNKNOWN"),
    ],
)
def test_refused(data: bytes, code: str) -> None:
    assert code_of(data) == code


def test_the_word_doctype_outside_the_prolog_is_just_text() -> None:
    root = parse(b"<?xml version='1.0'?><!-- <!DOCTYPE a> --><a><![CDATA[<!DOCTYPE b>]]></a>")
    assert root.text == "<!DOCTYPE b>"


@pytest.mark.parametrize(
    "data",
    [
        "<a>Әлем</a>".encode(),
        b"\xef\xbb\xbf" + "<a>Әлем</a>".encode(),
        '<?xml version="1.0" encoding="UTF-8"?><a>Әлем</a>'.encode(),
        '\ufeff<?xml version="1.0" encoding="UTF-16"?><a>Әлем</a>'.encode("utf-16-le"),
        "\ufeff<a>Әлем</a>".encode("utf-16-be"),
        "<a>Әлем</a>".encode("utf-16-le"),
    ],
)
def test_encodings_give_the_same_text(data: bytes) -> None:
    assert parse(data).text == "Әлем"


def test_a_declared_single_byte_encoding_is_honoured() -> None:
    assert parse('<?xml version="1.0" encoding="windows-1251"?><a>Дана</a>'.encode("cp1251")).text == "Дана"


def test_text_that_is_not_in_its_declared_encoding_is_refused() -> None:
    with pytest.raises(UnsupportedError):
        parse(b'<?xml version="1.0" encoding="shift_jis"?><a/>')
    assert code_of(b'<?xml version="1.0" encoding="us-ascii"?><a>\xd0</a>') == "XML_ENCODING"


def nested(depth: int) -> bytes:
    return b"<a>" * depth + b"</a>" * depth


@pytest.mark.parametrize("limit", [10, 256, 400])
def test_depth_is_bounded(limit: int) -> None:
    parse(nested(limit - 1), replace(DEFAULT_LIMITS, xml_depth=limit))
    assert code_of(nested(limit + 2), xml_depth=limit) == "XML_LIMIT"


@pytest.mark.parametrize("template", ['<a x="{}"/>', "<a>{}</a>"])
def test_attributes_and_texts_are_bounded(template: str) -> None:
    parse(template.format("x" * 1000).encode(), replace(DEFAULT_LIMITS, xml_attribute_bytes=1000))
    assert code_of(template.format("x" * 1001).encode(), xml_attribute_bytes=1000) == "XML_LIMIT"
    assert code_of(template.format("x" * (DEFAULT_LIMITS.xml_attribute_bytes + 1)).encode()) == "XML_LIMIT"


def test_size_is_checked_before_anything_is_read() -> None:
    with pytest.raises(LimitError) as caught:
        parse(b"\xff" * 101, replace(DEFAULT_LIMITS, document_bytes=100))
    assert caught.value.code == "XML_TOO_LARGE"
    assert caught.value.hint


def test_text_is_read_whole_across_comments_and_elements() -> None:
    root = parse(b"<a>123<!-- x -->456<?p q?>78<b>9</b></a>")
    assert text_of(root) == "123456789"
    assert text_of(parse(b"<a/>")) == ""


def test_a_signed_tree_has_no_comments_to_split_its_text() -> None:
    assert signed_tree(b"<a>123<!-- x -->456<?p q?>78</a>").text == "12345678"


def test_a_document_is_read_alike_after_one_that_was_refused() -> None:
    first = parse(b"<a x='1'><b/></a>")
    with pytest.raises(InputError):
        parse(b"<a><b></a>")
    again = parse(b"<a x='1'><b/></a>")
    assert (again.tag, dict(again.attrib), [child.tag for child in again]) == ("a", {"x": "1"}, ["b"])
    assert again is not first
