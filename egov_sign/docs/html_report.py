"""The verdict as one self-contained page: the answer first, then who signed what and when, and why it is so.

Nothing is loaded, no script runs; light or dark as the reader has it, three languages behind a switch, two pages on
paper. Every value of the report is escaped; IINs are masked unless asked for (R47).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import escape
from importlib import resources
from typing import Any

from lxml import etree

from egov_sign.docs.xmlparse import parse, path_of
from egov_sign.errors import InputError
from egov_sign.messages import LANGUAGES, Language, catalogue, describe, text
from egov_sign.verdict import Finding, Report, Scalar, Severity

_NAMES = {"ru": "Русский", "kk": "Қазақша", "en": "English"}
_IIN = re.compile(r"((?:IIN|ИИН|ЖСН)(?:\s|>|&gt;)*\d{4})\d{6}(\d{2})(?!\d)")
_SEVERITIES = {
    Severity.NOTE: ("REPORT_NOTE", "VALID"),
    Severity.WARNING: ("REPORT_WARNING", "INDETERMINATE"),
    Severity.INDETERMINATE: ("REPORT_UNKNOWN", "INDETERMINATE"),
    Severity.INVALID: ("REPORT_ERROR", "INVALID"),
}
_SOURCE_BYTES, _SOURCE_ELEMENTS = 200_000, 3_000
"""A larger document is not shown inside the report."""


def to_html(report: Report, *, language: Language = "ru", source: bytes = b"", full_numbers: bool = False) -> str:
    """Return the report as an HTML document.

    Args:
        report: the verdict on a document.
        language: shown first.
        source: the document itself; signed XML is shown with the signed part marked, of a PDF the bytes covered.
        full_numbers: show IINs in full.
    """
    return _Page(report, language, source, full_numbers=full_numbers).html()


@dataclass(slots=True)
class _Bounds:
    """The span of time that the validity bars of a path show."""

    start: datetime
    end: datetime

    def percent(self, moment: datetime) -> float:
        whole = (self.end - self.start).total_seconds() or 1.0
        return round(min(max((moment - self.start).total_seconds() / whole, 0.0), 1.0) * 100, 2)


class _Page:
    """Builds one page."""

    def __init__(self, report: Report, language: Language, source: bytes, *, full_numbers: bool) -> None:
        self.report = report
        self.language = language
        self.source = source
        self.full_numbers = full_numbers

    def html(self) -> str:
        switches = "".join(
            f'<input class="switch" type="radio" name="language" id="to-{code}"{" checked" * (code == self.language)}>'
            for code in LANGUAGES
        )
        labels = "".join(f'<label for="to-{code}" lang="{code}">{_NAMES[code]}</label>' for code in LANGUAGES)
        title = escape(f"{text('REPORT_TITLE', self.language)}: {self.plain(self.report.name)}")
        group = escape(text("REPORT_LANGUAGE", self.language))
        return (
            f'<!doctype html>\n<html lang="{self.language}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{title}</title><style>{_style()}</style></head><body>{switches}"
            f'<div class="languages" role="group" aria-label="{group}">{labels}'
            f"</div><main>{''.join(self.sections())}</main></body></html>\n"
        )

    def sections(self) -> Iterator[str]:
        yield f"<h1>{say('REPORT_TITLE')}</h1>"
        yield self.verdict()
        signatures = [report for report in _all(self.report) if report.subject in ("signature", "timestamp")]
        if signatures:
            yield f"<section><h2>{say('REPORT_SIGNATURES')}</h2>{''.join(map(self.signature, signatures))}</section>"
        yield self.document()
        yield f"<section><h2>{say('REPORT_FINDINGS')}</h2>{self.findings()}</section>"
        yield self.evidence()
        yield f"<footer>{say('REPORT_FOOTER')}</footer>"

    # The parts, from top to bottom

    def verdict(self) -> str:
        report = self.report
        answer, sub = report.indication.value, report.sub_indication
        code = answer + (f" · {sub.value}" if sub else "")
        facts = report.facts
        rows = [
            ("REPORT_DOCUMENT", self.show(report.name)),
            ("REPORT_FORMAT", self.show(facts.get("format"))),
            ("REPORT_JUDGED_AT", self.moment(facts.get("validation_time"))),
        ]
        return (
            f'<div class="verdict {answer}" role="status"><p class="answer">{say(f"REPORT_{answer}")}</p>'
            f'<p class="code">{escape(code)}</p></div>{rows_of(rows)}'
        )

    def signature(self, report: Report) -> str:
        facts, signer = report.facts, _mapping(report.facts.get("signer"))
        answer = report.indication.value
        heading = self.show(signer.get("name") or facts.get("tsa") or report.name)
        kind = f" ({say('REPORT_TIMESTAMP')})" if report.subject == "timestamp" else ""
        roles = " · ".join(filter(None, (self.role(role) for role in _list(signer.get("roles")))))
        number = self.iin(signer.get("iin"))
        rows = [
            ("PDF_IIN", number),
            ("REPORT_ORGANISATION", self.show(signer.get("organisation"), signer.get("bin"))),
            ("REPORT_ROLE", roles),
            ("REPORT_TIME_PROVEN", self.moment(facts.get("gen_time") or facts.get("best_signature_time"))),
            ("REPORT_TIME_CLAIMED", self.moment(facts.get("claimed_signing_time"))),
            ("REPORT_LEVEL", self.show(facts.get("level"), facts.get("algorithm"))),
            ("REPORT_SCOPE", "<br>".join(self.scope(item) for item in _list(facts.get("scope")))),
        ]
        chip = f'<span class="chip {answer}">{say(f"REPORT_{answer}")}</span>'
        paths = "".join(self.path(child) for child in report.children if child.subject == "certificate")
        return f'<article class="card"><h3>{heading}{kind} {chip}</h3>{rows_of(rows)}{paths}</article>'

    def path(self, report: Report) -> str:
        """Return the tree of certificates with a bar for the life of each, and a line for the time of judgement."""
        steps = [child for child in report.children if "not_after" in child.facts]
        at = _moment(report.facts.get("at"))
        lives = [(_moment(step.facts.get("not_before")), _moment(step.facts.get("not_after"))) for step in steps]
        known = [(start, end) for start, end in lives if start and end]
        if not known:
            return ""
        bounds = _Bounds(min(start for start, _ in known), max(end for _, end in known))
        items = []
        for step, (start, end) in zip(steps, lives, strict=True):
            if start is None or end is None:
                continue
            left, right = bounds.percent(start), bounds.percent(end)
            line = f'<b style="left:{bounds.percent(at):g}%"></b>' if at else ""
            anchor = f" · {say('REPORT_ANCHOR')}" if step.subject == "trust-anchor" else ""
            answer = step.indication.value
            items.append(
                f'<li><span class="who">{self.show(step.name)}</span> '
                f'<span class="chip {answer}">{escape(answer)}</span>'
                f'<div class="life" aria-hidden="true"><i style="left:{left:g}%;width:{max(right - left, 0.5):g}%"></i>'
                f'{line}</div><span class="when">{start:%d.%m.%Y} – {end:%d.%m.%Y}{anchor}</span></li>'
            )
        note = say("REPORT_PATH_TIME", time=f"{at:%d.%m.%Y %H:%M:%S} UTC") if at else ""
        return f'<h3>{say("REPORT_PATH")}</h3><ul class="path">{"".join(items)}</ul><p class="key">{note}</p>'

    def document(self) -> str:
        """Return the document with the signed part marked, as far as it can be shown."""
        if self.report.facts.get("format") == "PDF":
            return self.byte_bars()
        if not self.source or len(self.source) > _SOURCE_BYTES:
            return ""
        try:
            root = parse(self.source)
        except InputError:
            return ""
        if sum(1 for _ in root.iter()) > _SOURCE_ELEMENTS:
            return ""
        scopes = [item for report in _all(self.report) for item in _list(report.facts.get("scope"))]
        signed = {str(item.get("element")) for item in scopes if item.get("element")}
        left_out = {str(path) for item in scopes for path in _list(item.get("left_out"))}
        body = "".join(_marked(root, signed, left_out, covered=False, depth=0))
        return f"<details><summary>{say('REPORT_SOURCE')}</summary>{key()}<pre>{self.mask(body)}</pre></details>"

    def byte_bars(self) -> str:
        bars = []
        for report in _all(self.report):
            numbers = _list(report.facts.get("byte_range"))
            if len(numbers) != 4:
                continue
            _, before, after, rest = (int(number) for number in numbers)
            size = max(len(self.source), after + rest)
            parts = [("in", before), ("own", after - before), ("in", rest), ("out", size - after - rest)]
            spans = "".join(f'<i class="{kind}" style="flex:{length}"></i>' for kind, length in parts if length > 0)
            bars.append(f'<p>{self.show(report.name)}</p><div class="file" aria-hidden="true">{spans}</div>')
        return f"<section><h2>{say('REPORT_SCOPE')}</h2>{''.join(bars)}{key(own=True)}</section>" if bars else ""

    def findings(self) -> str:
        heaviest_first = sorted(self.report.walk(), key=lambda pair: -pair[1].severity)
        items = [self.finding(report, finding) for report, finding in heaviest_first]
        return f'<ul class="findings">{"".join(items)}</ul>' if items else f"<p>{say('REPORT_NO_FINDINGS')}</p>"

    def finding(self, report: Report, finding: Finding) -> str:
        caption, style = _SEVERITIES[finding.severity]
        words = "".join(
            f'<span class="t" lang="{code}">{self.show(describe(finding, code))}</span>' for code in LANGUAGES
        )
        place = " · ".join(dict.fromkeys(part for part in (report.name, finding.where) if part))
        sub = f" · {finding.sub_indication.value}" if finding.sub_indication else ""
        return (
            f'<li class="{style}"><strong>{say(caption)}</strong><p>{words}</p>'
            f'<div class="meta">{escape(finding.code)}{escape(sub)} · {self.show(place)}</div></li>'
        )

    def evidence(self) -> str:
        rows: dict[str, str] = {}
        for report in _all(self.report):
            for item in _list(report.facts.get("evidence")) if report.subject == "revocation" else []:
                status = str(item.get("status", ""))
                code = {"good": "REPORT_STATUS_GOOD", "revoked": "REPORT_STATUS_REVOKED"}.get(status)
                cells = (
                    self.show(str(item.get("kind", "")).upper()),
                    self.show(item.get("issuer")),
                    f"{self.moment(item.get('this_update'))} – {self.moment(item.get('next_update')) or '—'}",
                    say(code) if code else say("REPORT_STATUS_OTHER", status=status),
                    f"<code>{self.show(str(item.get('digest', ''))[:16])}</code>",
                )
                rows[str(item.get("digest")) + status] = "".join(f"<td>{cell}</td>" for cell in cells)
        if not rows:
            return ""
        captions = ("KIND", "ISSUER", "PERIOD", "STATUS")
        head = "".join(f'<th scope="col">{say(f"REPORT_EVIDENCE_{name}")}</th>' for name in captions)
        body = "".join(f"<tr>{row}</tr>" for row in rows.values())
        return (
            f'<section><h2>{say("REPORT_EVIDENCE")}</h2><div class="wide"><table><thead><tr>{head}'
            f'<th scope="col">SHA-256</th></tr></thead><tbody>{body}</tbody></table></div></section>'
        )

    # Values

    def plain(self, value: object) -> str:
        shown = "" if value is None else str(value)
        return shown if self.full_numbers else self.mask(shown)

    def mask(self, words: str) -> str:
        return words if self.full_numbers else _IIN.sub(r"\1******\2", words)

    def show(self, *values: object) -> str:
        """Return values, escaped and joined; empty ones are left out."""
        return escape(" · ".join(part for part in map(self.plain, values) if part))

    def iin(self, value: object) -> str:
        number = str(value or "")
        masked = f"{number[:4]}******{number[10:]}" if len(number) == 12 else number
        return escape(number if self.full_numbers else masked)

    def moment(self, value: object) -> str:
        moment = _moment(value)
        return f'<time datetime="{escape(str(value))}">{moment:%d.%m.%Y %H:%M:%S} UTC</time>' if moment else ""

    def role(self, role: object) -> str:
        code = f"REPORT_ROLE_{str(role).upper().replace('-', '_')}"
        return say(code) if code in catalogue() else self.show(role)

    def scope(self, item: Any) -> str:  # noqa: ANN401 - plain JSON of a report
        item = _mapping(item)
        if item.get("what") in ("file", "revision"):
            return say(f"REPORT_SCOPE_{str(item['what']).upper()}", bytes=str(item.get("bytes", "")))
        if item.get("whole_document"):
            return say("REPORT_SCOPE_ALL")
        part = item.get("element") or item.get("uri") or item.get("what") or "—"
        return say("REPORT_SCOPE_PART", part=self.plain(part))


def say(code: str, **params: Scalar) -> str:
    """Return a caption in all languages; the switch of the page shows one of them."""
    return "".join(f'<span class="t" lang="{one}">{escape(text(code, one, params))}</span>' for one in LANGUAGES)


def rows_of(rows: list[tuple[str, str]]) -> str:
    """Return captions and values as a list of descriptions; rows without a value are left out."""
    return "<dl>" + "".join(f"<dt>{say(code)}</dt><dd>{value}</dd>" for code, value in rows if value) + "</dl>"


def key(*, own: bool = False) -> str:
    """Return the legend of the marks for signed and unsigned parts."""
    signed, bare = say("REPORT_SIGNED_PART"), say("REPORT_UNSIGNED_PART")
    room = f'<i class="own"></i>{say("REPORT_OWN_PART")}' if own else ""
    return f'<p class="key"><i class="in"></i>{signed}{room}<i class="out"></i>{bare}</p>'


@cache
def _style() -> str:
    return resources.files("egov_sign.docs").joinpath("templates/report.css").read_text(encoding="utf-8")


def _all(report: Report) -> Iterator[Report]:
    yield report
    for child in report.children:
        yield from _all(child)


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _moment(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None


def _marked(
    element: etree._Element, signed: set[str], left_out: set[str], *, covered: bool, depth: int
) -> Iterator[str]:
    """Yield the text of ``element`` with marks where coverage begins and ends."""
    if not isinstance(element.tag, str):
        return
    path = path_of(element)
    inside = (covered or path in signed) and path not in left_out
    tag = f"{element.prefix}:{etree.QName(element).localname}" if element.prefix else etree.QName(element).localname
    attributes = "".join(f' {etree.QName(name).localname}="{value}"' for name, value in element.attrib.items())
    mark = ("<mark>", "</mark>") if inside else ('<span class="bare">', "</span>")
    indent = "  " * depth

    def line(words: str) -> str:
        return f"{indent}{mark[0]}{escape(words)}{mark[1]}\n"

    own = (element.text or "").strip()
    if not len(element):
        yield line(f"<{tag}{attributes}>{_short(own)}</{tag}>")
        return
    yield line(f"<{tag}{attributes}>{_short(own)}")
    for child in element:
        yield from _marked(child, signed, left_out, covered=inside, depth=depth + 1)
        if (child.tail or "").strip():
            yield line(_short((child.tail or "").strip()))
    yield line(f"</{tag}>")


def _short(words: str) -> str:
    return words if len(words) <= 160 else f"{words[:120]}… ({len(words)})"
