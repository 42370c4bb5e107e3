"""The business-process reference book (справочник бизнес-процессов) of Zhambyl in its own two forms (R53–R55).

Its symbols are its own: start or end, procedure, choice, transition. Names and terms come from the process model;
form B shows the four time limits of item 9 (steps ``t9.1`` … ``t9.4``) instead of the numbered processes.
"""

from __future__ import annotations

from itertools import pairwise

from egov_sign.flows import catalogue
from egov_sign.flows.diagram import legend, source_line, term
from egov_sign.flows.diagram_graph import Diagram, Edge, Kind, Link, Node
from egov_sign.flows.model import Flow, Step, flow
from egov_sign.messages import Language, text

_LEGEND_A = ((Kind.TERMINAL, "TERMINAL"), (Kind.PROCEDURE, "PROCEDURE"), (Link.FLOW, "TRANSITION"))
_LEGEND_B = (_LEGEND_A[0], _LEGEND_A[1], (Kind.CHOICE, "CHOICE"), _LEGEND_A[2])


def book_form_a(language: Language = "ru") -> Diagram:
    """Return form A: through the provider, two actions of five minutes each (R53)."""
    desk = flow("zhambyl", "APPT", "desk")
    employee, recipient = _say("DIAGRAM_LANE_EMPLOYEE", language), _say("DIAGRAM_LANE_SERVICE_RECIPIENT", language)
    steps = list(desk.steps.values())
    actions = [_action(step.id, employee, step.name(language), step, language) for step in steps]
    nodes = (Node("start", Kind.TERMINAL, recipient), *actions, Node("end", Kind.TERMINAL, recipient))
    chain = [node.id for node in nodes]
    edges = tuple(Edge(source, target) for source, target in pairwise(chain))
    return _form("A", desk, lanes=(employee, recipient), nodes=nodes, edges=edges, language=language)


def book_form_b(language: Language = "ru") -> Diagram:
    """Return form B: through the portal, with the branches of authorisation and of processing (R54, D41)."""
    portal = flow("zhambyl", "APPT", "portal")
    recipient, site = _say("DIAGRAM_LANE_SERVICE_RECIPIENT", language), _say("DIAGRAM_LANE_EGOV_PORTAL", language)
    limits = {number: portal.step(f"t9.{number}") for number in (1, 2, 3, 4)}
    yes, no = _say("DIAGRAM_YES", language), _say("DIAGRAM_NO", language)

    def action(name: str, lane: str, code: str, step: Step, under: str = "") -> Node:
        return _action(name, lane, _say(code, language), step, language, under=under)

    nodes = (
        Node("start", Kind.TERMINAL, recipient),
        Node("authorisation", Kind.CHOICE, recipient, _say("DIAGRAM_BOOK_AUTHORISATION", language)),
        action("denial", site, "DIAGRAM_BOOK_DENIAL", limits[2], "authorisation"),
        Node("end-denial", Kind.TERMINAL, site),
        action("choice", recipient, "DIAGRAM_BOOK_CHOICE", limits[1]),
        action("processing", site, "DIAGRAM_BOOK_PROCESSING", limits[3]),
        Node("grounds", Kind.CHOICE, site, _say("DIAGRAM_BOOK_GROUNDS", language)),
        action("refusal", site, "DIAGRAM_BOOK_REFUSAL", limits[3], "grounds"),
        Node("end-refusal", Kind.TERMINAL, site),
        action("status", site, "DIAGRAM_BOOK_STATUS", limits[4]),
        Node("end", Kind.TERMINAL, site),
    )
    edges = (
        Edge("start", "authorisation"), Edge("authorisation", "denial", no), Edge("denial", "end-denial"),
        Edge("authorisation", "choice", yes), Edge("choice", "processing"), Edge("processing", "grounds"),
        Edge("grounds", "refusal", no), Edge("refusal", "end-refusal"),
        Edge("grounds", "status", yes), Edge("status", "end"),
    )  # fmt: skip
    return _form("B", portal, lanes=(recipient, site), nodes=nodes, edges=edges, language=language)


def _form(
    form: str,
    source: Flow,
    *,
    lanes: tuple[str, ...],
    nodes: tuple[Node, ...],
    edges: tuple[Edge, ...],
    language: Language,
) -> Diagram:
    return Diagram(
        id=f"{source.profile}-book-{form}",
        title=text(f"DIAGRAM_BOOK_{form}", language, {"service": catalogue.name_of(source.service, language)}),
        subtitle=source_line(source.profile, language),
        lanes=lanes,
        nodes=nodes,
        edges=edges,
        legend=legend(_LEGEND_A if form == "A" else _LEGEND_B, language),
        language=language,
        legend_title=_say("DIAGRAM_LEGEND", language),
    )


def _action(name: str, lane: str, words: str, step: Step, language: Language, *, under: str = "") -> Node:
    return Node(
        name, Kind.PROCEDURE, lane, words, deadline=term(step, language), seconds=step.max_seconds,
        person=step.human, under=under,
    )  # fmt: skip


def _say(code: str, language: Language) -> str:
    return text(code, language)
