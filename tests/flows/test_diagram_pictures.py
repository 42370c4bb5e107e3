"""The pictures as a browser shows them: no text is cut, nothing lies on something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from egov_sign.flows.diagram import diagram
from egov_sign.flows.diagram_book import book_form_a, book_form_b
from egov_sign.flows.diagram_case import overlay
from egov_sign.flows.diagram_graph import Diagram
from egov_sign.flows.diagram_svg import to_svg
from egov_sign.flows.journal import Event
from egov_sign.flows.model import flow, flows
from egov_sign.messages import LANGUAGES, Language
from tests.browser import measure

PROBLEMS = """() => {
  const problems = [];
  const inside = (inner, outer) => inner.left >= outer.left - 0.5 && inner.right <= outer.right + 0.5 &&
    inner.top >= outer.top - 0.5 && inner.bottom <= outer.bottom + 0.5;
  const beside = (a, b) => a.right <= b.left + 1 || b.right <= a.left + 1;
  const apart = (a, b) => beside(a, b) || a.bottom <= b.top + 1 || b.bottom <= a.top + 1;
  for (const svg of document.querySelectorAll("svg")) {
    const page = svg.getBoundingClientRect();
    const name = svg.dataset.name;
    const lines = [...svg.querySelectorAll("tspan, text:not(:has(tspan))")].map(element => {
      const box = element.getBoundingClientRect();
      return {element, text: element.textContent, box, group: element.closest("g[data-kind]")};
    });
    for (const line of lines) {
      if (!inside(line.box, page)) problems.push([name, "cut by the page", line.text]);
      const kind = line.group && line.group.dataset.kind;
      if ((kind === "process" || kind === "procedure") && !line.element.closest(".badge-text")) {
        if (!inside(line.box, line.group.querySelector("rect.shape").getBoundingClientRect()))
          problems.push([name, "out of its box", line.text]);
      }
    }
    for (let i = 0; i < lines.length; i++)
      for (let j = i + 1; j < lines.length; j++) {
        const [a, b] = [lines[i].box, lines[j].box];
        const shrink = box => ({left: box.left, right: box.right, top: box.top + 3, bottom: box.bottom - 3});
        if (!apart(shrink(a), shrink(b))) problems.push([name, "text on text", lines[i].text + " | " + lines[j].text]);
      }
    for (const line of lines)
      for (const shape of svg.querySelectorAll(".shape"))
        if (shape.closest("g[data-kind]") !== line.group && !shape.closest("#legend") &&
            !line.element.closest("#legend") && !apart(line.box, shape.getBoundingClientRect()))
          problems.push([name, "text on a symbol", line.text]);
  }
  return problems;
}"""


def gallery(pictures: dict[str, str], style: str = "") -> str:
    marked = [svg.replace("<svg ", f'<svg data-name="{name}" ', 1) for name, svg in pictures.items()]
    body = "".join(f'<div style="width:max-content">{svg}</div>' for svg in marked)
    return f"<!doctype html><meta charset=utf-8><style>{style}</style><body>{body}</body>"


def drawings(language: Language) -> dict[str, str]:
    every: list[Diagram] = [diagram(each, language) for each in flows()]
    every += [book_form_a(language), book_form_b(language)]
    return {each.id: to_svg(each) for each in every}


@pytest.mark.parametrize("style", ["", "svg text { font-family: 'DejaVu Sans' !important }"], ids=["usual", "wide"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_cut_and_nothing_overlaps(language: Language, style: str, tmp_path: Path) -> None:
    assert measure(gallery(drawings(language), style), PROBLEMS, tmp_path) == []


def test_the_times_of_a_case_overlap_nothing(tmp_path: Path) -> None:
    pictures = {}
    for service, channel in (("CALL", "portal"), ("ATT", "desk"), ("APPT", "portal")):
        each = flow("astana", service, channel)
        drawn = diagram(each, "kk")
        events = [
            Event(n, f"2012-12-29T06:00:{n:02d}.000000+00:00", step.unit, f"{each.name}.{step.id}", "finished",
                  duration_ms=1_234_567, deadline_s=1, late=True, breach=True)
            for n, step in enumerate(each.steps.values())
        ]  # fmt: skip
        case = overlay(drawn, events, "AST01-CALL-2012-000123", language="kk")
        pictures[each.name] = to_svg(drawn, case)
    assert measure(gallery(pictures), PROBLEMS, tmp_path) == []


def test_the_measuring_finds_a_text_that_is_cut(tmp_path: Path) -> None:
    whole = to_svg(book_form_a())
    broken = whole.replace('dy="0">принимает документы', 'dy="0">принимает документы, которым здесь нет места')
    assert broken != whole
    problems = measure(gallery({"whole": whole, "broken": broken}), PROBLEMS, tmp_path)
    assert {problem[0] for problem in problems} == {"broken"}
    assert "out of its box" in {problem[1] for problem in problems}
