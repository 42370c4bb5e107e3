"""The diagrams say what the process model says, and their geometry holds without a browser."""

from __future__ import annotations

import itertools

import pytest
from lxml import etree

from egov_sign.flows.diagram import diagram, duration, term
from egov_sign.flows.diagram_book import book_form_a, book_form_b
from egov_sign.flows.diagram_case import overlay
from egov_sign.flows.diagram_graph import ACTIVITIES, Diagram, Kind, Link
from egov_sign.flows.diagram_layout import Layout, Placed, lay_out
from egov_sign.flows.diagram_svg import to_svg
from egov_sign.flows.diagram_text import text_width, wrap
from egov_sign.flows.journal import Event
from egov_sign.flows.model import Flow, flow, flows
from egov_sign.messages import LANGUAGES, Language

SVG = "{http://www.w3.org/2000/svg}"


EVERY = [
    each
    for language in LANGUAGES
    for each in (*(diagram(one, language) for one in flows()), book_form_a(language), book_form_b(language))
]


def name_of(each: Diagram) -> str:
    return f"{each.id}-{each.language}"


@pytest.mark.req("R51", "R52", "R56")
@pytest.mark.parametrize("each", flows(), ids=lambda each: each.name)
def test_every_numbered_step_of_the_model_is_drawn_with_its_number_name_and_term(each: Flow) -> None:
    drawn = diagram(each)
    by_key = {node.key: node for node in drawn.nodes if node.key}
    steps = {step.id: step for step in each.steps.values() if step.kind != "timed"}
    assert set(by_key) == set(steps)
    for step in steps.values():
        node = by_key[step.id]
        assert step.number in node.caption
        assert node.deadline == term(step, "ru")
        assert node.seconds == step.max_seconds
        assert (node.kind is Kind.CONDITION) == (step.kind == "condition")


@pytest.mark.req("R57")
@pytest.mark.parametrize("each", flows(), ids=lambda each: each.name)
def test_only_the_transitions_of_the_model_are_drawn(each: Flow) -> None:
    drawn = diagram(each)
    through = {node.id for node in drawn.nodes if node.kind is Kind.MESSAGE_MIDDLE}
    leads = {(edge.source, edge.target) for edge in drawn.edges}
    leads |= {(a, d) for (a, b), (c, d) in itertools.product(leads, leads) if b == c and b in through}
    steps = {node.id for node in drawn.nodes if node.key}
    expected = {(step.id, after) for step in each.steps.values() if step.kind != "timed" for after in step.next}
    assert {(a, b) for a, b in leads if a in steps and b in steps} == expected


def test_a_condition_answers_yes_and_no() -> None:
    drawn = diagram(flow("astana", "CALL", "portal"))
    answers = {(edge.source, edge.label): edge.target for edge in drawn.edges if edge.label}
    assert answers["c2", "ДА"] == "p5"
    assert answers["c2", "НЕТ"] == "p4"


def test_a_refusal_before_registration_is_an_error_and_one_after_it_a_document() -> None:
    drawn = diagram(flow("astana", "APPT", "portal"))
    ends = {edge.source: drawn.node(edge.target) for edge in drawn.edges if not drawn.node(edge.target).key}
    assert drawn.node("end-p2").kind is Kind.ERROR
    assert drawn.node("end-p7").kind is Kind.MESSAGE_END
    assert ends["p8"].kind is Kind.DOCUMENT


@pytest.mark.req("R21")
def test_lanes_are_the_structural_functional_units() -> None:
    assert diagram(flow("astana", "CALL", "portal")).lanes == (
        "Получатель", "ПЭП", "ШЭП", "АРМ Услугодателя", "Услугодатель",
    )  # fmt: skip
    assert set(diagram(flow("astana", "CALL", "desk")).lanes) == {
        "ГБД ФЛ", "ШЭП", "Услугодатель", "АРМ Услугодателя", "Получатель",
    }  # fmt: skip


@pytest.mark.req("R52")
def test_the_legend_has_the_eleven_symbols_of_the_regulation() -> None:
    names = [item.name for item in diagram(flow("zhambyl", "APPT", "portal")).legend]
    assert len(names) == 11
    assert "Электронный документ, предоставляемый конечному услугополучателю" in names


@pytest.mark.req("R53", "R55")
def test_form_a_of_the_reference_book() -> None:
    form = book_form_a()
    assert form.lanes == ("Ответственный работник услугодателя", "Услугополучатель")
    actions = [node for node in form.nodes if node.kind is Kind.PROCEDURE]
    assert [node.seconds for node in actions] == [300, 300]
    assert [item.kind for item in form.legend] == ["terminal", "procedure", "flow"]


@pytest.mark.req("R54", "R55")
def test_form_b_of_the_reference_book() -> None:
    form = book_form_b()
    assert form.lanes == ("Услугополучатель", "Портал электронного правительства")
    seconds = {node.id: node.seconds for node in form.nodes if node.kind is Kind.PROCEDURE}
    assert seconds == {"denial": 20, "choice": 600, "processing": 600, "refusal": 600, "status": 600}
    answers = {(edge.source, edge.label): edge.target for edge in form.edges if edge.label}
    assert answers == {
        ("authorisation", "ДА"): "choice", ("authorisation", "НЕТ"): "denial",
        ("grounds", "ДА"): "status", ("grounds", "НЕТ"): "refusal",
    }  # fmt: skip
    assert "choice" in [item.kind for item in form.legend]


@pytest.mark.parametrize("each", EVERY, ids=name_of)
def test_no_symbols_overlap_and_no_edge_crosses_a_symbol(each: Diagram) -> None:
    layout = lay_out(each)
    for first, second in itertools.combinations(layout.placed.values(), 2):
        assert not _overlap(first, second), f"{first.node.id} and {second.node.id}"
    for route in layout.routes:
        for spot in layout.placed.values():
            if spot.node.id in (route.edge.source, route.edge.target):
                continue
            for (ax, ay), (bx, by) in zip(route.points, route.points[1:], strict=False):
                inside_x = min(ax, bx) < spot.x + spot.width and max(ax, bx) > spot.x
                inside_y = min(ay, by) < spot.y + spot.height and max(ay, by) > spot.y
                assert not (inside_x and inside_y), f"{route.edge.id} crosses {spot.node.id}"


def _overlap(first: Placed, second: Placed) -> bool:
    across = first.x < second.x + second.width and second.x < first.x + first.width
    return across and first.y < second.y + second.height and second.y < first.y + first.height


@pytest.mark.parametrize("each", EVERY, ids=name_of)
def test_every_symbol_stands_in_its_lane(each: Diagram) -> None:
    layout = lay_out(each)
    bands = {band.name: band for band in layout.bands}
    for spot in layout.placed.values():
        band = bands[spot.node.lane]
        assert band.y <= spot.y
        assert spot.y + spot.height <= band.y + band.height
        assert spot.x + spot.width <= layout.width


@pytest.mark.parametrize("each", EVERY, ids=name_of)
def test_edges_run_between_the_borders_of_their_symbols(each: Diagram) -> None:
    layout = lay_out(each)
    for route in layout.routes:
        for name, point in ((route.edge.source, route.points[0]), (route.edge.target, route.points[-1])):
            assert _on_border(layout, name, point), f"{route.edge.id} at {name}"


def _on_border(layout: Layout, name: str, point: tuple[float, float]) -> bool:
    spot = layout.placed[name]
    (x, y), near = point, 0.01
    beside = abs(x - spot.x) < near or abs(x - spot.x - spot.width) < near
    above = abs(y - spot.y) < near or abs(y - spot.y - spot.height) < near
    return (beside and spot.y <= y <= spot.y + spot.height) or (above and spot.x <= x <= spot.x + spot.width)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_svg_is_well_formed_and_tells_the_flow_to_those_who_do_not_see_it(language: Language) -> None:
    each = flow("astana", "CALL", "portal")
    root = etree.fromstring(to_svg(diagram(each, language)).encode())
    assert root.get("role") == "img"
    assert root.get("lang") == language
    assert root.findtext(f"{SVG}title")
    description = root.findtext(f"{SVG}desc") or ""
    assert all(each.steps[step].name(language)[5:30] in description for step in ("p1", "c1", "p8"))


def test_the_svg_loads_nothing_from_elsewhere() -> None:
    picture = to_svg(diagram(flow("astana", "ATT", "desk")))
    assert picture.count("http") == 1  # the namespace of SVG
    assert "<script" not in picture
    assert "<image" not in picture


def test_the_same_model_gives_the_same_picture() -> None:
    each = flow("zhambyl", "APPT", "portal")
    assert to_svg(diagram(each)) == to_svg(diagram(each))


def _event(seq: int, step: str, ms: int, *, late: bool = False) -> Event:
    at = f"2012-12-29T06:00:{seq:02d}.000000+00:00"
    node = f"astana/CALL/portal.{step}"
    return Event(seq, at, "ПЭП", node, "finished", duration_ms=ms, deadline_s=60, late=late, breach=late)


@pytest.mark.req("R58")
def test_a_case_is_drawn_over_the_diagram_with_its_path_times_and_missed_deadlines() -> None:
    drawn = diagram(flow("astana", "CALL", "portal"))
    steps = ["p1", "c1", "p3", "c2", "p5", "p6", "c3", "p7"]
    events = [_event(n, step, 1500 * n, late=step == "p6") for n, step in enumerate(steps, 1)]
    case = overlay(drawn, events, "AST01-CALL-2012-000001")
    taken = {(edge.source, edge.target) for edge in drawn.edges if case.taken(edge)}
    assert ("c3", "p7") in taken
    assert ("c3", "p8") not in taken
    assert {("start", "p0")}.isdisjoint(taken)
    assert ("p5", "sent-p5") in taken
    assert ("p7", "document-p7") in taken
    passage = case.passage(drawn.node("p6"))
    assert passage is not None
    assert passage.late
    picture = to_svg(drawn, case)
    assert "06:00:06 · 9 с" in picture
    assert picture.count("срок превышен") == 1
    assert "AST01-CALL-2012-000001" in picture
    assert case.passage(drawn.node("p8")) is None


def test_a_case_of_another_flow_leaves_the_diagram_empty() -> None:
    drawn = diagram(flow("astana", "CALL", "portal"))
    noted = Event(1, "2012-12-29T06:00:00+00:00", "ШЭП", "gateway.delivered", "noted")
    assert overlay(drawn, [noted], "1").steps == frozenset()


@pytest.mark.parametrize(("seconds", "words"), [(10, "10 с"), (60, "1 мин"), (90, "1,5 мин"), (1800, "30 мин")])
def test_spans_of_time_in_the_units_of_the_regulation(seconds: int, words: str) -> None:
    assert duration(seconds, "ru") == words


def test_wrapping_keeps_every_letter_and_the_width() -> None:
    words = "Удостоверение посредством ЭЦП электронно-цифровогосверхдлинногослова получателя"
    lines = wrap(words, 90, 12)
    assert all(text_width(line, 12) <= 90 for line in lines)
    assert "".join(lines).replace("-", "").replace(" ", "") == words.replace("-", "").replace(" ", "")


def test_refusals_leave_the_main_row_free() -> None:
    layout = lay_out(diagram(flow("astana", "CALL", "portal")))
    assert layout.placed["p7"].column == layout.placed["c3"].column
    assert layout.placed["p7"].centre[1] != layout.placed["p8"].centre[1]
    assert all(spot.width > 0 for spot in layout.placed.values() if spot.node.kind in ACTIVITIES)
    assert any(route.edge.link is Link.DELIVERY for route in layout.routes)
