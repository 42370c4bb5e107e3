"""Which requirements have passing tests: ``pytest --req-report`` after a run.

A test names the requirements it would fail without: ``@pytest.mark.req("R106", "R401")``. The numbers stand in
``tests/requirements/numbers.txt``, one a line with a few words.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

UNTESTABLE = {
    "R29": "publication of a reference book on two web sites",
    "R524": "how today's portal does it; nothing to do here beyond R511",
    "R525": "advice of clinics to patients, no ground for refusal",
    "R526": "which act replaced which",
    "R527": "the act behind the regulations",
    "R535": "how today's portal registers people",
}
"""Requirements that say nothing a program does, with what they say instead."""

NUMBERS = Path(__file__).resolve().parent / "requirements" / "numbers.txt"


def known_numbers() -> dict[str, str]:
    """Return number → short title of every requirement."""
    lines = NUMBERS.read_text(encoding="utf-8").splitlines()
    return dict(line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--req-report", action="store_true", help="print which requirements have passing tests")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    known = known_numbers()
    for item in items:
        for number in numbers_of(item):
            if number not in known:
                raise pytest.UsageError(f"{item.nodeid}: unknown requirement {number}")
            item.user_properties.append(("req", number))


def numbers_of(item: pytest.Item) -> list[str]:
    return [str(number) for mark in item.iter_markers("req") for number in mark.args]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if not config.getoption("--req-report"):
        return
    outcomes: dict[str, set[str]] = defaultdict(set)
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, number in getattr(report, "user_properties", []):
                if name == "req" and (outcome != "passed" or report.when == "call"):
                    outcomes[str(number)].add(outcome)
    known = known_numbers()
    covered = [n for n in known if outcomes.get(n) == {"passed"} or "passed" in outcomes.get(n, set()) - {"failed"}]
    broken = [n for n in known if outcomes.get(n, set()) & {"failed", "error"}]
    terminalreporter.section("requirements")
    terminalreporter.line(f"{len(covered)} of {len(known)} requirements have passing tests")
    terminalreporter.line("with: " + " ".join(covered))
    terminalreporter.line("without: " + " ".join(n for n in known if n not in covered and n not in UNTESTABLE))
    for number, reason in UNTESTABLE.items():
        terminalreporter.line(f"not testable: {number}, {reason}")
    if broken:
        terminalreporter.line("failing: " + " ".join(broken), red=True)
