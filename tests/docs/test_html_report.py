"""The HTML report: everything is on it, nothing breaks out of it, and a browser shows it as it should be."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import timedelta
from functools import cache
from html import unescape
from pathlib import Path

import pytest
from lxml import etree
from lxml import html as html_parser

from egov_sign.docs.html_report import to_html
from egov_sign.docs.pdf_sign import add_document_timestamp
from egov_sign.docs.validation import XmlValidator
from egov_sign.messages import LANGUAGES, describe, text
from egov_sign.verdict import Finding, Report, Severity, SubIndication
from egov_sign_pki.world import World
from tests.browser import chromium, measure
from tests.docs.cms_world import AT
from tests.docs.pdf_world import authority, judge, pdf_world, signed, verdict
from tests.docs.test_personal_validation import check, issued, issued_xml, payload_of


@cache
def reports() -> dict[str, tuple[Report, bytes]]:
    """Return verdicts of every kind, with their documents."""
    revoked = World.build(seed="html revoked", at=AT, kind="ec")
    revoked.revoke("person", at=AT - timedelta(days=2))
    stamped = add_document_timestamp(signed(revoked), authority(revoked))
    tampered = issued_xml().replace(b"14:00", b"15:00")
    foreign = World.build(seed="html foreign", at=AT, kind="ec")
    found = {
        "valid.pdf": (check(issued(), payload_of(issued_xml())), issued()),
        "revoked.pdf": (verdict(stamped, world=revoked), stamped),
        "tampered.xml": (XmlValidator(judge(pdf_world())).validate(tampered, AT), tampered),
        "foreign.xml": (XmlValidator(judge(foreign)).validate(issued_xml(), AT), issued_xml()),
    }
    for name, (report, _) in found.items():
        report.name = name
    return found


each_report = pytest.mark.parametrize("name", ["valid.pdf", "revoked.pdf", "tampered.xml", "foreign.xml"])


@each_report
def test_everything_that_was_found_is_on_the_page_in_three_languages(name: str) -> None:
    report, source = reports()[name]
    page = unescape(re.sub(r"<[^>]+>", "", to_html(report, source=source)))
    assert page.index(text(f"REPORT_{report.indication.value}", "ru")) < page.index(text("REPORT_SIGNATURES", "ru"))
    for _, finding in report.walk():
        assert finding.code in page
        for language in LANGUAGES:
            assert describe(finding, language) in page


@each_report
def test_the_page_is_one_self_contained_file(name: str) -> None:
    report, source = reports()[name]
    page = to_html(report, source=source)
    assert "<script" not in page
    assert not re.findall(r"(?:src|href|@import|url\()", page)
    tree = html_parser.document_fromstring(page)
    assert tree.get("lang") == "ru"
    assert tree.findtext(".//title")


@pytest.mark.req("R47")
def test_iins_are_masked_unless_asked_for() -> None:
    report, _ = reports()["valid.pdf"]
    assert "850412110101" not in to_html(report)
    assert "8504******01" in to_html(report)
    assert "850412110101" in to_html(report, full_numbers=True)
    inner, xml = reports()["foreign.xml"]
    assert "123456789011" not in to_html(inner, source=xml).replace("&lt;c:BIN&gt;123456789011", "")
    assert "1234******11" in to_html(inner, source=xml)


def test_markup_in_a_document_stays_text() -> None:
    evil = "<script>alert(1)</script>\"'&"
    report = Report("document", evil, facts={"format": evil, "validation_time": evil})
    report.findings.append(
        Finding("NO_SUCH_CODE" + evil, Severity.INVALID, SubIndication.FORMAT_FAILURE, {"reason": evil}, evil)
    )
    facts = {"signer": {"name": evil, "roles": [evil], "organisation": evil}, "scope": [{"element": evil}]}
    report.children.append(Report("signature", evil, facts=facts))  # type: ignore[arg-type]
    page = to_html(report)
    assert "<script" not in page
    assert len(html_parser.document_fromstring(page).findall(".//script")) == 0
    assert "&lt;script&gt;" in page


def test_odd_facts_do_not_stop_the_report() -> None:
    facts = {"signer": "nobody", "scope": "all", "byte_range": [1], "evidence": [], "gen_time": "yesterday"}
    report = Report("document", "x", facts={"format": "PDF"}, children=[Report("signature", facts=facts)])  # type: ignore[arg-type]
    report.children[0].children.append(
        Report("certificate", children=[Report("certificate", facts={"not_after": "?"})])
    )
    assert "REPORT_" not in re.sub(r"<style>.*?</style>", "", to_html(report), flags=re.DOTALL)


def test_the_signed_part_of_xml_is_marked_and_the_rest_is_not() -> None:
    report, source = reports()["tampered.xml"]
    tree = html_parser.document_fromstring(to_html(report, source=source))
    marked = " ".join(element.text or "" for element in tree.iter("mark"))
    bare = " ".join(element.text or "" for element in tree.iterfind(".//pre/span[@class='bare']"))
    assert "ds:SignatureValue" in bare
    assert "ds:SignatureValue" not in marked
    whole, same = reports()["foreign.xml"]
    marked = to_html(whole, source=same)
    assert re.search(r"<mark>&lt;rs:Number", marked)


def test_a_document_that_is_too_large_or_no_xml_is_left_out() -> None:
    report, source = reports()["foreign.xml"]
    assert "<pre>" in to_html(report, source=source)
    assert "<pre>" not in to_html(report, source=source + b" " * 300_000)
    assert "<pre>" not in to_html(report, source=b"<broken")
    assert "<pre>" not in to_html(report)


LOOK = """() => {
  const wide = [...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right >
    document.documentElement.clientWidth + 1 && !e.closest(".wide") && !e.closest(".life") && !e.closest("pre"));
  const shown = [...document.querySelectorAll(".t")].filter(e => e.getClientRects().length);
  const light = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
      .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const background = e => {
    for (; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (!colour.endsWith(", 0)")) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const pale = [...document.querySelectorAll("main *, label")].filter(e => e.getClientRects().length &&
    [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())).filter(e => {
      const [a, b] = [light(getComputedStyle(e).color), light(background(e))];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
    });
  return {
    wide: wide.map(e => e.outerHTML.slice(0, 80)), pale: pale.map(e => e.outerHTML.slice(0, 120)),
    languages: [...new Set(shown.map(e => e.lang))], headings: document.querySelectorAll("h1").length,
    top: document.querySelector(".verdict").getBoundingClientRect().top,
    unlabelled: [...document.querySelectorAll("input")].filter(e => !e.labels.length).length,
  };
}"""


@pytest.mark.parametrize("width", [360, 1100])
@each_report
def test_a_browser_shows_it_without_overflow_in_one_language_with_contrast(
    name: str, width: int, tmp_path: Path
) -> None:
    report, source = reports()[name]
    for language in LANGUAGES:
        seen = measure(to_html(report, language=language, source=source), LOOK, tmp_path, width=width)
        assert seen["wide"] == []
        assert seen["pale"] == []
        assert seen["languages"] == [language]
        assert seen["headings"] == 1
        assert seen["unlabelled"] == 0
        assert seen["top"] < 250


def test_the_dark_page_has_contrast_too(tmp_path: Path) -> None:
    report, source = reports()["revoked.pdf"]
    dark = to_html(report, source=source).replace("(prefers-color-scheme: dark)", "all")
    assert measure(dark, LOOK, tmp_path)["pale"] == []


@each_report
def test_it_prints_on_two_pages(name: str, tmp_path: Path) -> None:
    if not shutil.which("pdfinfo"):
        pytest.skip("needs pdfinfo of poppler")
    report, source = reports()[name]
    page, pdf = tmp_path / "report.html", tmp_path / "report.pdf"
    page.write_text(to_html(report, source=source))
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    command = [chromium(), *flags, f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={pdf}", page.as_uri()]
    subprocess.run(command, capture_output=True, check=True, timeout=120)
    done = subprocess.run(["pdfinfo", pdf], capture_output=True, text=True, check=True)
    pages = re.search(r"Pages:\s+(\d+)", done.stdout)
    assert pages
    assert int(pages[1]) <= 2


def test_the_page_is_well_formed_enough_for_a_strict_reader() -> None:
    page = to_html(reports()["valid.pdf"][0])
    body = page[page.index("<main>") : page.index("</main>") + len("</main>")].replace("<br>", "<br/>")
    assert etree.fromstring(body).tag == "main"
