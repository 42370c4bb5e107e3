"""Reports as a tree that a person reads."""

from __future__ import annotations

from collections.abc import Iterator

import click

from egov_sign.messages import Language, describe, text
from egov_sign.verdict import Finding, Indication, Report, Severity

from .output import plain

_MARKS = {Severity.NOTE: "·", Severity.WARNING: "!", Severity.INDETERMINATE: "?", Severity.INVALID: "✗"}
_COLOURS = {Severity.WARNING: "yellow", Severity.INDETERMINATE: "yellow", Severity.INVALID: "red"}
_OF_VERDICT = {Indication.VALID: "green", Indication.INDETERMINATE: "yellow", Indication.INVALID: "red"}


def verdict_words(report: Report) -> str:
    """Return the verdict of ``report``, coloured, with its reason: ``INVALID HASH_FAILURE``."""
    sub = report.sub_indication
    words = report.indication.value + (f" {sub.value}" if sub else "")
    return click.style(words, fg=_OF_VERDICT[report.indication], bold=True)


def report_lines(report: Report, language: Language, *, verbose: bool = False) -> Iterator[str]:
    """Yield the lines of the tree: each part with its verdict, each finding in plain words with its code.

    Args:
        report: what to show.
        language: of the findings' texts.
        verbose: show parts that were tried and did not weigh, and notes below the first two levels.
    """
    yield f"{verdict_words(report)}  {plain(report.name or report.subject)}"
    yield from _branches(report, "", language, verbose=verbose, depth=0)


def explained_lines(report: Report, language: Language) -> Iterator[str]:
    """Yield the lines of a certificate's report with every check named, good ones too, and every source tried."""
    yield f"{verdict_words(report)}  {plain(report.name or report.subject)}"
    for finding in report.findings:
        yield "  " + _finding_line(finding, language)
    for depth, part in enumerate(report.children):
        indent = "  " * (depth + 1)
        yield f"{indent}{click.style(plain(part.name), bold=True)}  {verdict_words(part)}"
        yield from (f"{indent}  {line}" for line in _check_lines(part, language))


def _check_lines(part: Report, language: Language) -> Iterator[str]:
    checks = part.facts.get("checks")
    for check in checks if isinstance(checks, list) else []:
        wrong = [finding for finding in part.findings if finding.where == check]
        revocation = [child for child in part.children if child.subject == check]
        severity = max([finding.severity for finding in wrong] + [child.severity for child in revocation], default=None)
        good = severity is None or severity is Severity.NOTE
        mark = click.style("✓", fg="green") if good else _mark(severity or Severity.NOTE)
        yield f"{mark} {text(f'CHECK_{str(check).upper()}', language)}"
        yield from (f"    {_finding_line(finding, language)}" for finding in wrong)
        for child in revocation:
            yield from _branches(child, "    ", language, verbose=True, depth=0)
    known = set(map(str, checks)) if isinstance(checks, list) else set()
    yield from (_finding_line(finding, language) for finding in part.findings if finding.where not in known)


def _branches(report: Report, indent: str, language: Language, *, verbose: bool, depth: int) -> Iterator[str]:
    shown = [finding for finding in report.findings if verbose or depth < 2 or finding.severity > Severity.NOTE]
    parts: list[Finding | Report] = [*shown, *(child for child in report.children if verbose or child.counts)]
    for number, part in enumerate(parts, 1):
        last = number == len(parts)
        stem, below = ("└─ ", "   ") if last else ("├─ ", "│  ")
        if isinstance(part, Finding):
            yield indent + stem + _finding_line(part, language)
        else:
            tried = "" if part.counts else click.style(" (tried)", dim=True)
            yield f"{indent}{stem}{part.subject}: {plain(part.name)}{tried}  {verdict_words(part)}"
            yield from _branches(part, indent + below, language, verbose=verbose, depth=depth + 1)


def _mark(severity: Severity) -> str:
    return click.style(_MARKS[severity], fg=_COLOURS.get(severity))


def _finding_line(finding: Finding, language: Language) -> str:
    place = f" [{plain(finding.where)}]" if finding.where else ""
    return (
        f"{_mark(finding.severity)} {plain(describe(finding, language))}{place} {click.style(finding.code, dim=True)}"
    )
