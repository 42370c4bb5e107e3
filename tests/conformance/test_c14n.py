"""Canonicalisation, byte for byte: the octet files of the suites, and libxml2 against our own writer."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from egov_sign.docs import c14n
from egov_sign.docs.c14n_whole import WholeDocument
from egov_sign.docs.nodeset import Everything, write
from egov_sign.docs.references import XmlDocument, cover
from egov_sign.docs.xmldsig import DS, find_signatures, read_references
from egov_sign.limits import DEFAULT_LIMITS

SUITES = {
    "Y1": "exc-signature.xml",
    "Y2": "signature-joseph-exc.xml",
    "Y3": "signature.xml",
    "Y4": "signature.xml",
    "Y5": "signature.xml",
}


def load(file: Path) -> etree._Element:
    """Read a vector as its author did; our own reader refuses the document type declaration of Y2."""
    parser = etree.XMLParser(attribute_defaults=True, resolve_entities=False, no_network=True)
    return etree.parse(str(file), parser).getroot()


@pytest.mark.parametrize(("folder", "name"), SUITES.items())
def test_suite(suites: Path, folder: str, name: str) -> None:
    base = suites / "xmldsig" / "c14n" / folder
    contents = {file.name: file.read_bytes() for file in base.glob("*.example*.xml")}
    root = load(base / name)
    document = XmlDocument(root, contents=contents, xpath=True)
    element = find_signatures(root)[0]
    signed_info = element.find(f"{DS}SignedInfo")
    assert signed_info is not None
    references = list(read_references(signed_info.findall(f"{DS}Reference"), DEFAULT_LIMITS))
    produced = [cover(document, reference, element).octets for reference in references]
    method = c14n.by_uri(str(signed_info[0].get("Algorithm")))
    produced.append(c14n.canonicalize(signed_info, method))
    expected = [(base / f"c14n-{number}.txt").read_bytes() for number in range(len(list(base.glob("c14n-*.txt"))))]
    assert len(expected) >= len(references)
    assert produced[: len(expected)] == expected


def test_the_default_namespace_of_an_ancestor_stays() -> None:
    root = etree.fromstring('<a xmlns="urn:x"><b><c><d/></c></b></a>')
    expected = b'<b xmlns="urn:x"><c><d></d></c></b>'
    assert c14n.canonicalize(root[0], c14n.INCLUSIVE) == expected
    assert c14n.canonicalize(root[0], c14n.EXCLUSIVE) == expected


def test_xml_attributes_are_inherited_by_1_0_and_chosen_by_1_1() -> None:
    root = etree.fromstring(
        '<a xml:lang="kk" xml:id="a" xml:base="http://x/y/">'
        '<b xml:base="z/" xml:space="preserve"><c xml:base="w"/></b></a>'
    )
    inner = root[0][0]
    assert c14n.canonicalize(inner, c14n.INCLUSIVE) == (
        b'<c xml:base="w" xml:id="a" xml:lang="kk" xml:space="preserve"></c>'
    )
    assert c14n.canonicalize(inner, c14n.INCLUSIVE_11) == (
        b'<c xml:base="http://x/y/z/w" xml:lang="kk" xml:space="preserve"></c>'
    )


def test_an_empty_xml_lang_is_inherited_too() -> None:
    root = etree.fromstring('<a xml:lang="kk"><b xml:lang=""><c/></b></a>')
    assert c14n.canonicalize(root[0][0], c14n.INCLUSIVE) == b'<c xml:lang=""></c>'


NAMES = st.sampled_from(["a", "b", "c"])
PREFIXES = st.sampled_from(["", "", "p", "q", "ds"])
NAMESPACES = st.sampled_from(["urn:one", "urn:two", "http://www.w3.org/2000/09/xmldsig#"])
TEXTS = st.text(st.sampled_from("aЯ әü<>&\"'\r\n\t\u00a0😀]"), max_size=6)
XML_ATTRIBUTES = st.dictionaries(
    st.sampled_from(["lang", "space", "base", "other"]),
    st.sampled_from(["", "kk", "preserve", "x/y", "../z", "http://h/p/"]),
    max_size=2,
)


@st.composite
def elements(draw: st.DrawFn, in_scope: frozenset[str] = frozenset(), depth: int = 3) -> str:
    """Return an element as text with declarations, attributes, comments and the like, all of its prefixes in scope."""
    declared = draw(st.dictionaries(PREFIXES, NAMESPACES, max_size=3))
    if draw(st.booleans()) and not declared.get(""):
        declared[""] = ""
    scope = in_scope | frozenset(declared)
    prefix = draw(PREFIXES.filter(lambda value: not value or value in scope))
    name = (prefix + ":" if prefix else "") + draw(NAMES)
    parts = [f' xmlns{":" if key else ""}{key}="{value}"' for key, value in declared.items()]
    parts += [f' xml:{key}="{value}"' for key, value in draw(XML_ATTRIBUTES).items()]
    parts += [' xml:id="k"'] if depth == 3 else []
    parts += [
        f" {key}={quoteattr(value, {chr(13): '&#13;', chr(10): '&#10;'})}"
        for key, value in draw(st.dictionaries(st.sampled_from(["u", "v", "Id"]), TEXTS, max_size=2)).items()
    ]
    owner = draw(st.sampled_from(sorted(scope - {""}) or [""]))
    if owner:
        parts.append(f' {owner}:w="1"')
    inner = []
    for _ in range(draw(st.integers(0, 3 if depth else 0))):
        inner.append(escape(draw(TEXTS), {"\r": "&#13;"}))
        inner.append(
            draw(
                st.one_of(
                    elements(scope, depth - 1), st.just("<!-- c -->"), st.just("<?t d?>"), st.just("<![CDATA[<&]]>")
                )
            )
        )
    inner.append(escape(draw(TEXTS), {"\r": "&#13;"}))
    return f"<{name}{''.join(parts)}>{''.join(inner)}</{name}>"


@settings(max_examples=300, deadline=None)
@given(text=elements(), method=st.sampled_from(sorted(c14n.METHODS)), data=st.data())
def test_two_writers_agree(text: str, method: str, data: st.DataObject) -> None:
    """libxml2, helped by :func:`c14n.lift`, and the writer in Python give the same octets for every subtree."""
    root = etree.fromstring(f"<?before it?>{text}<!-- after -->")
    choices: list[c14n.Node] = [root.getroottree(), *root.iter("*")]
    node = data.draw(st.sampled_from(choices))
    apex = node.getroot() if isinstance(node, etree._ElementTree) else node
    inside = [element for element in apex.iter("*") if element is not apex]
    exclude = data.draw(st.lists(st.sampled_from(inside), max_size=1)) if inside else []
    prefixes = data.draw(st.lists(PREFIXES, max_size=2, unique=True)) if "exc" in method else []
    before = etree.tostring(root.getroottree())
    comments = data.draw(st.booleans())
    chosen = c14n.by_uri(method)
    fast = c14n.canonicalize(node, chosen, exclude=exclude, inclusive_prefixes=prefixes, comments=comments)
    slow = write(node, chosen, Everything(), exclude=exclude, inclusive_prefixes=prefixes, comments=comments)
    assert fast == slow
    assert etree.tostring(root.getroottree()) == before, "the tree was changed"


@st.composite
def apart(draw: st.DrawFn, among: list[etree._Element]) -> list[etree._Element]:
    """Return some elements of ``among``, none inside another, in any order."""
    chosen: list[etree._Element] = []
    for element in draw(st.permutations(among))[:3]:
        if not any(element in (*one.iter(), *one.iterancestors()) for one in chosen):
            chosen.append(element)
    return chosen


@settings(max_examples=300, deadline=None)
@given(text=elements(), data=st.data())
def test_what_is_cut_from_the_whole_is_what_is_written_anew(text: str, data: st.DataObject) -> None:
    root = etree.fromstring(text.replace("<?t d?>", "") if data.draw(st.booleans()) else text)
    element = data.draw(st.sampled_from(list(root.iter("*"))))
    method = data.draw(st.sampled_from([c14n.INCLUSIVE, c14n.INCLUSIVE_11]))
    whole = WholeDocument(root)
    inner = data.draw(apart(list(element.iterdescendants("*"))))
    alone = whole.alone(element, inner, version_11=method.version_11)
    assert alone in {None, write(element, method, Everything(), exclude=inner, comments=False)}
    others = data.draw(apart(list(root.iterdescendants("*"))))
    rest = whole.without(others)
    assert rest in {None, write(root.getroottree(), method, Everything(), exclude=others, comments=False)}


def test_a_name_that_occurs_more_than_once_is_cut_at_its_place() -> None:
    root = etree.fromstring(
        '<a xmlns="urn:x" xmlns:u="urn:u" xml:lang="kk"><!-- <b> --><b><c u:at="&gt;">&lt;b></c></b>t</a>'
    )
    whole = WholeDocument(root)
    assert whole.alone(root[1]) == (b'<b xmlns="urn:x" xmlns:u="urn:u" xml:lang="kk"><c u:at=">">&lt;b&gt;</c></b>')
    assert whole.without([root[1]]) == b'<a xmlns="urn:x" xmlns:u="urn:u" xml:lang="kk">t</a>'
    twice = etree.fromstring('<a><b n="1"><b n="2"/></b><b n="3"/>t<bb/></a>')
    whole = WholeDocument(twice)
    assert whole.without([twice[0]]) == b'<a><b n="3"></b>t<bb></bb></a>'
    assert whole.without([twice[1], twice[0][0]]) == b'<a><b n="1"></b>t<bb></bb></a>'
    assert whole.alone(twice[0], [twice[0][0]]) == b'<b n="1"></b>'
    rebound = etree.fromstring('<a><p:b xmlns:p="urn:1"/><p:b xmlns:p="urn:2"/></a>')
    assert WholeDocument(rebound).without([rebound[0]]) == b'<a><p:b xmlns:p="urn:2"></p:b></a>'
    crowd = etree.fromstring(f"<a>{'<b/>' * 257}</a>")
    assert WholeDocument(crowd).without([crowd[0]]) is None
    based = etree.fromstring('<a xml:base=""><b xml:base=""/></a>')
    assert WholeDocument(based).alone(based[0], version_11=True) is None
    instructed = etree.fromstring("<a><b/><?x <b>?></a>")
    assert WholeDocument(instructed).alone(instructed[0]) is None
