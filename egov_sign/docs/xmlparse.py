"""Reading XML that may come from an attacker.

One reader for everything the toolkit takes in, so that what is validated is what is returned:

1. the size is checked before anything is parsed;
2. the character encoding is settled first (byte order mark, declaration, else UTF-8) and contradictions are refused;
   libxml2 then always reads UTF-8, so no second reader of the same bytes can see other characters;
3. a document type declaration is refused whatever it holds: no entities, no defaulted attributes, no XXE, no billion
   laughs, no quadratic blow-up;
4. nesting and the size of attributes and texts are bounded by :class:`egov_sign.limits.Limits`.

Pure: no network, no files.
"""

from __future__ import annotations

import codecs
import re
import threading

from lxml import etree

from egov_sign.caching import remembered
from egov_sign.errors import InputError, LimitError, UnsupportedError
from egov_sign.limits import DEFAULT_LIMITS, Limits

_LIBXML_DEPTH = 256
_LIBXML_TEXT = 10_000_000
"""What libxml2 itself allows without ``huge_tree``."""
_RESOURCE_LIMIT = 114
"""libxml2's error number XML_ERR_RESOURCE_LIMIT."""

_DECLARATION = re.compile(rb"<\?xml\s[^>]*?\bencoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"'][^>]*?\?>")
_PROLOG = rb"(?>\s+|<\?.*?\?>|<!--.*?-->)*+"
_DOCTYPE = re.compile(_PROLOG + rb"<!DOCTYPE", re.DOTALL)
_ROOT = re.compile(_PROLOG + rb"<(?:[^\s<>/:]+:)?([^\s<>/:]+)", re.DOTALL)
_ENCODINGS = frozenset({"utf-8", "utf-16", "utf-16-le", "utf-16-be", "ascii", "iso8859-1", "cp1251", "koi8-r"})
"""Python's names of the encodings accepted; others (UTF-7, EBCDIC …) have been used to hide content."""


def parse(data: bytes, limits: Limits = DEFAULT_LIMITS) -> etree._Element:
    """Read ``data`` and return the root element of a tree that nobody else holds.

    CDATA sections become text. Comments and processing instructions stay.

    Raises:
        LimitError: ``XML_TOO_LARGE`` or ``XML_LIMIT`` (nesting, attribute or text, namespaces).
        InputError: ``XML_EMPTY``, ``XML_DTD``, ``XML_ENCODING`` or ``XML_NOT_WELL_FORMED``.
        UnsupportedError: ``XML_ENCODING_UNKNOWN``.
    """
    if len(data) > limits.document_bytes:
        raise LimitError(
            "XML_TOO_LARGE",
            f"the document has {len(data)} bytes, the limit is {limits.document_bytes}",
            hint="raise the limit document_bytes if the document is expected to be this large",
        )
    utf8 = _as_utf8(data)
    if not utf8 or utf8.isspace():
        raise InputError("XML_EMPTY", "the document is empty", hint="check that the file was written completely")
    if b"!" in utf8 and b"<!DOCTYPE" in utf8 and _DOCTYPE.match(utf8):
        raise InputError(
            "XML_DTD",
            "the document has a document type declaration, which signed documents must not have",
            hint="remove <!DOCTYPE …> before signing",
        )
    root = _parse_within(utf8, limits)
    _check_cost(utf8, root, limits)
    return root


_FEW_NAMESPACES = 32
"""So many cost nothing to speak of."""
_NAMESPACE_STEP = 16
_SHORTEST_DECLARATION = len(' xmlns=""')
_SHORTEST_ATTRIBUTE = len(' a=""')


class _NamespaceScope:
    """Target of a parser: counts the namespace declarations that are in scope together."""

    def __init__(self) -> None:
        self._now = 0
        self._most = 0

    def start_ns(self, prefix: str | None, uri: str | None) -> None:
        self._now += 1
        self._most = max(self._most, self._now)

    def end_ns(self, prefix: str | None) -> None:
        self._now -= 1

    def close(self) -> int:
        return self._most


def namespace_cost(utf8: bytes) -> int:
    """Return how many times longer than usual canonicalising the well-formed document ``utf8`` takes, roughly.

    For every element libxml2 compares every declaration in scope with every other.
    """
    if utf8.count(b"xmlns") <= _FEW_NAMESPACES:
        return 1
    parser = etree.XMLParser(  # type: ignore[call-overload]  # the stubs ask for methods that a target may lack
        target=_NamespaceScope(), encoding="utf-8", resolve_entities=False, no_network=True, huge_tree=True
    )
    most: int = etree.fromstring(utf8, parser)
    return 1 + (most // _NAMESPACE_STEP) ** 2


def highest_namespace_cost(size: int) -> int:
    """Return a bound of :func:`namespace_cost` for any document of ``size`` octets."""
    return 1 + (size // _SHORTEST_DECLARATION // _NAMESPACE_STEP) ** 2


def _check_cost(utf8: bytes, root: etree._Element, limits: Limits) -> None:
    """Refuse what could not be canonicalised in reasonable time; libxml2 also sorts attributes by insertion."""
    size, bound = len(utf8), limits.xml_canonical_bytes
    if size * highest_namespace_cost(size) > bound and size * namespace_cost(utf8) > max(size, bound):
        raise LimitError("XML_LIMIT", "too many namespaces are declared for a document of this size")
    most = limits.xml_attributes
    if (
        size > most * _SHORTEST_ATTRIBUTE
        and utf8.count(b"=") > most
        and root.xpath(f"boolean(//*[count(@*) > {most}])")
    ):
        raise LimitError("XML_LIMIT", f"an element has more than {most} attributes")


def root_name(data: bytes) -> str:
    """Return the name of the root element of ``data`` as it is written, without its prefix; empty if there is none.

    Nothing is read beyond it: whether ``data`` is XML is not known afterwards.
    """
    try:
        found = _ROOT.match(_as_utf8(data))
    except InputError:
        return ""
    return found[1].decode("utf-8", "replace") if found else ""


def path_of(element: etree._Element) -> str:
    """Return a readable path of ``element`` from the root, e.g. ``/rq:ServiceRequest/ds:Signature``."""
    return element.getroottree().getpath(element)


def text_of(element: etree._Element) -> str:
    """Return the whole character data of ``element``, its descendants' included.

    ``element.text`` ends at the first comment, so ``<IIN>123<!-- -->456</IIN>`` would be read as ``123`` although
    the signature covers ``123456``.
    """
    if not len(element):
        return element.text or ""
    return "".join(element.itertext())


def signed_tree(octets: bytes, limits: Limits = DEFAULT_LIMITS) -> etree._Element:
    """Return canonical octets that were signed as a tree without comments and processing instructions.

    Reading content from this tree rather than from the document as received makes it impossible to use anything
    that the signature does not cover.

    Raises:
        InputError: as :func:`parse`.
    """
    root = parse(octets, limits)
    etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)
    return root


def _as_utf8(data: bytes) -> bytes:
    mark, body = _byte_order(data)
    utf8 = body if mark in {"", "utf-8"} else _transcode(body, mark)
    declared = _declared_encoding(utf8)
    if mark:
        if declared and not mark.startswith(declared):
            raise InputError("XML_ENCODING", f"the document is in {mark} and declares {declared}")
        return utf8
    if declared.startswith("utf-16"):
        raise InputError("XML_ENCODING", f"the document declares {declared} and is not")
    return utf8 if declared in {"", "utf-8"} else _transcode(utf8, declared)


def _byte_order(data: bytes) -> tuple[str, bytes]:
    """Return the encoding that the first octets of ``data`` give away, empty if none, and what follows the mark."""
    if data[:1] == b"<" and data[1:2] != b"\0":
        return "", data
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise _unknown_encoding("utf-32")
    for name, bom in (
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
    ):
        if data.startswith(bom):
            return name, data[len(bom) :]
    if data.startswith((b"<\0", b"\0<")):
        return "utf-16-le" if data.startswith(b"<\0") else "utf-16-be", data
    return "", data


def _declared_encoding(utf8: bytes) -> str:
    if not utf8.startswith(b"<?xml"):
        return ""
    return _encoding_in(utf8[: utf8.find(b"?>") + 2])


@remembered
def _encoding_in(declaration: bytes) -> str:
    found = _DECLARATION.match(declaration)
    if not found:
        return ""
    label = found[1].decode("ascii")
    try:
        name = codecs.lookup(label).name
    except LookupError:
        name = ""
    if name not in _ENCODINGS:
        raise _unknown_encoding(label)
    return name


def _unknown_encoding(label: str) -> UnsupportedError:
    return UnsupportedError(
        "XML_ENCODING_UNKNOWN",
        f"the character encoding {label!r} is not accepted",
        hint="convert the document to UTF-8",
    )


def _transcode(data: bytes, encoding: str) -> bytes:
    try:
        return data.decode(encoding).encode("utf-8")
    except UnicodeError as error:
        raise InputError("XML_ENCODING", f"the document is not in {encoding} as it says") from error


def _parse_within(utf8: bytes, limits: Limits) -> etree._Element:
    """Parse by libxml2's own bounds, and only where the caller's are wider without them."""
    wider = limits.xml_depth > _LIBXML_DEPTH or limits.xml_attribute_bytes > _LIBXML_TEXT
    try:
        root = _parse_utf8(utf8, huge=False)
    except LimitError:
        if not wider:
            raise
        root = _parse_utf8(utf8, huge=True)
        _check_bounds(root, limits)
        return root
    if limits.xml_depth < _LIBXML_DEPTH or limits.xml_attribute_bytes < min(_LIBXML_TEXT, len(utf8)):
        _check_bounds(root, limits)
    return root


class _Parsers(threading.local):
    """The parsers of one thread: making one takes a third of the time of reading a document, and it serves one only."""

    def __init__(self) -> None:
        self.plain = _parser(huge=False)
        self.huge = _parser(huge=True)


def _parser(*, huge: bool) -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, dtd_validation=False, huge_tree=huge
    )


_parsers = _Parsers()


def _parse_utf8(utf8: bytes, *, huge: bool) -> etree._Element:
    try:
        root = etree.fromstring(utf8, _parsers.huge if huge else _parsers.plain)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        where = f"line {line}, column {column}"
        if error.code == _RESOURCE_LIMIT:
            raise LimitError(
                "XML_LIMIT", "the document is nested too deeply or holds too large a text", where=where
            ) from error
        raise InputError(
            "XML_NOT_WELL_FORMED",
            f"the document is not well-formed XML: {error.msg}",
            where=where,
            hint="is it XML at all?",
        ) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise InputError("XML_DTD", "the document has a document type declaration")
    return root


def _check_bounds(root: etree._Element, limits: Limits) -> None:
    if root.xpath("boolean(" + "/*" * (limits.xml_depth + 1) + ")"):
        raise LimitError("XML_LIMIT", f"elements are nested more than {limits.xml_depth} deep")
    longest = limits.xml_attribute_bytes
    if root.xpath(f"boolean(//@*[string-length(.) > {longest}] | //text()[string-length(.) > {longest}])"):
        raise LimitError("XML_LIMIT", f"an attribute or a text has more than {longest} characters")
