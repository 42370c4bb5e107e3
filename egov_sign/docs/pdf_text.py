"""The words on the pages of a PDF, enough to compare them with what they should say.

Only letters and digits are kept, in the order in which the page draws them, so that line breaks, hyphens and kerning
do not matter. Text is read through the ToUnicode maps of the fonts (ISO 32000-2, 9.10.3); what has none is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from egov_sign.docs.pdf_structure import READING_ERRORS, entry
from egov_sign.errors import InputError

_MAPPING = re.compile(rb"begin(bfchar|bfrange)(.*?)end\1", re.DOTALL)
_HEX = re.compile(rb"<([0-9A-Fa-f\s]*)>|(\[)|(\])")
_TOKEN = re.compile(
    rb"\((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\)"  # literal string, nested once
    rb"|<<|>>|<[0-9A-Fa-f\s]*>|/[^\s/<>\[\]()]*|\[|\]|[^\s/<>\[\]()]+",
    re.DOTALL,
)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b""}
_SHOWS = (b"Tj", b"TJ", b"'", b'"')


def squash(text: str) -> str:
    """Return the letters and digits of ``text``, without regard to case."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def page_words(data: bytes, pages: int = 20) -> str:
    """Return what the first ``pages`` pages of a PDF say, squashed.

    Raises:
        InputError: ``PDF_UNREADABLE``.
    """
    try:
        reader = PdfFileReader(BytesIO(data))
        count = min(pages, int(reader.root["/Pages"]["/Count"]))
        return squash("".join(_page_text(reader, number) for number in range(count)))
    except READING_ERRORS as error:
        raise InputError("PDF_UNREADABLE", f"the pages of the PDF cannot be read: {error}") from error


def _page_text(reader: PdfFileReader, number: int) -> str:
    reference, _ = reader.find_page_for_modification(number)
    page = reference.get_object()
    resources = page["/Resources"]
    fonts = entry(resources, "/Font", {})
    maps = {name.encode(): _read_map(fonts[name]) for name in fonts}
    contents = page["/Contents"]
    streams = [part.get_object() for part in contents] if isinstance(contents, generic.ArrayObject) else [contents]
    return "".join(_shown(b"\n".join(bytes(stream.data) for stream in streams), maps))


def _shown(content: bytes, maps: dict[bytes, dict[bytes, str]]) -> Iterator[str]:
    """Yield the text of every operator that shows some, by the font in use."""
    font: dict[bytes, str] = {}
    operands: list[bytes] = []
    for token in _TOKEN.findall(content):
        if token == b"Tf":
            names = [operand for operand in operands if operand.startswith(b"/")]
            font = maps.get(names[-1], {}) if names else {}
        elif token in _SHOWS:
            yield from (_decode(_string(operand), font) for operand in operands if operand[:1] in (b"(", b"<"))
        elif token[:1] in (b"(", b"<", b"/", b"[", b"]") or token[:1] in b"+-.0123456789":
            operands.append(token)
            continue
        operands.clear()


def _string(token: bytes) -> bytes:
    if token.startswith(b"<"):
        digits = re.sub(rb"\s", b"", token[1:-1]).decode()
        return bytes.fromhex(digits + "0" * (len(digits) % 2))

    def unescape(found: re.Match[bytes]) -> bytes:
        letter = found[1]
        return bytes([int(letter, 8) & 0xFF]) if letter[:1].isdigit() else _LETTERS.get(letter, letter)

    return _ESCAPE.sub(unescape, token[1:-1])


def _decode(codes: bytes, font: dict[bytes, str]) -> str:
    width = len(next(iter(font), b"\0\0"))
    return "".join(font.get(codes[start : start + width], "") for start in range(0, len(codes), width))


def _read_map(font: generic.DictionaryObject) -> dict[bytes, str]:
    """Read the ToUnicode map of a font: code → text."""
    found: dict[bytes, str] = {}
    if "/ToUnicode" not in font:
        return found
    for kind, body in _MAPPING.findall(bytes(font["/ToUnicode"].data)):
        values = [_value(match) for match in _HEX.finditer(body)]
        if kind == b"bfchar":
            codes = [value for value in values if isinstance(value, bytes)]
            found.update({code: _text(text) for code, text in zip(codes[::2], codes[1::2], strict=False)})
        else:
            found.update(_read_ranges(values))
    return found


def _value(match: re.Match[bytes]) -> bytes | str:
    if match[1] is None:
        return "[" if match[2] else "]"
    return bytes.fromhex(re.sub(rb"\s", b"", match[1]).decode())


def _read_ranges(values: list[bytes | str]) -> Iterator[tuple[bytes, str]]:
    waiting = iter(values)
    for first in waiting:
        last, target = next(waiting, ""), next(waiting, "")
        if not isinstance(first, bytes) or not isinstance(last, bytes):
            return
        start, end = int.from_bytes(first, "big"), int.from_bytes(last, "big")
        if isinstance(target, bytes):
            base = int.from_bytes(target, "big")
            targets = [(base + offset).to_bytes(len(target), "big") for offset in range(min(end - start, 65535) + 1)]
        else:
            targets = [item for item in iter(lambda: next(waiting, "]"), "]") if isinstance(item, bytes)]
        for number, words in zip(range(start, end + 1), targets, strict=False):
            yield number.to_bytes(len(first), "big"), _text(words)


def _text(encoded: bytes) -> str:
    return encoded.decode("utf-16-be", "replace")
