"""Joining of xml:base values: RFC 3986 where the base is absolute, Canonical XML 1.1 where it is not."""

from __future__ import annotations

import pytest

from egov_sign.docs.xml_base import join_references


@pytest.mark.parametrize(
    ("reference", "joined"),
    [
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g"),
        ("?y", "http://a/b/c/d;p?y"),
        ("g?y", "http://a/b/c/g?y"),
        (";x", "http://a/b/c/;x"),
        ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"),
        ("..", "http://a/b/"),
        ("../g", "http://a/b/g"),
        ("../..", "http://a/"),
        ("../../g", "http://a/g"),
        ("../../../g", "http://a/g"),
        ("g/./h", "http://a/b/c/g/h"),
        ("g/../h", "http://a/b/c/h"),
        ("http://other/x/../y", "http://other/y"),
    ],
)
def test_an_absolute_base(reference: str, joined: str) -> None:
    """RFC 3986, sections 5.4.1 and 5.4.2."""
    assert join_references("http://a/b/c/d;p?q", reference) == joined


@pytest.mark.parametrize(
    ("base", "reference", "joined"),
    [
        ("a/", "b", "a/b"),
        ("a/b", "c", "a/c"),
        ("a/", "../b", "b"),
        ("a/", "../../b", "../b"),
        ("..", "b", "../b"),
        ("../", "..", "../../"),
        ("a", "", "a"),
        ("a/", "..", ""),
        ("http://host", "b", "http://host/b"),
        ("a//b/", "c", "a/b/c"),
    ],
)
def test_a_relative_base(base: str, reference: str, joined: str) -> None:
    """Canonical XML 1.1, section 2.4: what climbs above the start stays."""
    assert join_references(base, reference) == joined
