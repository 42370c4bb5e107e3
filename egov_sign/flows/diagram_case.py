"""What really happened in one case, as it is laid over a diagram: path taken, times, deadlines missed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from egov_sign.flows.diagram import duration
from egov_sign.flows.diagram_graph import Diagram, Edge, Kind, Node
from egov_sign.flows.journal import Event
from egov_sign.messages import Language, text


@dataclass(frozen=True, slots=True)
class Passage:
    """How a case passed one step.

    Attributes:
        words: time and duration, as the picture shows them.
        late: whether the upper bound of the deadline was exceeded.
    """

    words: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class CaseOverlay:
    """The path of one case.

    Attributes:
        heading: what stands below the diagram's title.
        late: the words for a deadline that was missed.
        passages: by the key of the node.
        steps: all nodes reached, those without times of their own included.
    """

    heading: str
    late: str
    passages: dict[str, Passage] = field(default_factory=dict)
    steps: frozenset[str] = frozenset()

    def passage(self, node: Node) -> Passage | None:
        """Return how the case passed ``node``; ``None`` if it was not reached."""
        if node.id not in self.steps:
            return None
        return self.passages.get(node.id, Passage(""))

    def taken(self, edge: Edge) -> bool:
        """Tell whether the case went along ``edge``."""
        return edge.source in self.steps and edge.target in self.steps


def overlay(
    diagram: Diagram,
    events: Iterable[Event],
    number: str,
    *,
    zone: tzinfo = UTC,
    language: Language = "ru",
) -> CaseOverlay:
    """Return the path of a case over ``diagram``.

    Args:
        diagram: of the flow that the case ran through.
        events: the journal's events of this case.
        number: of the request, for the heading.
        zone: the time zone of the provider, for the times shown (R438).
        language: of the texts.
    """
    known = {node.key for node in diagram.nodes if node.key}
    passages: dict[str, Passage] = {}
    reached: set[str] = set()
    for event in events:
        if event.step not in known:
            continue
        reached.add(event.step)
        if event.phase == "finished":
            passages[event.step] = _passage(event, zone, language)
    heading = text("DIAGRAM_CASE", language, {"number": number})
    return CaseOverlay(
        heading, text("DIAGRAM_LATE", language), passages, frozenset(reached | _implied(diagram, reached))
    )


def _implied(diagram: Diagram, reached: set[str]) -> set[str]:
    """Return the nodes without events of their own that lie on the path: start, gateway, ends and documents."""
    implied = {node.id for node in diagram.nodes if node.kind is Kind.MESSAGE_START and reached}
    for node in diagram.nodes:
        if node.key or node.id in implied:
            continue
        before = {edge.source for edge in diagram.edges if edge.target == node.id}
        after = {edge.target for edge in diagram.edges if edge.source == node.id}
        if before & reached and (not after or after & reached):
            implied.add(node.id)
    return implied


def _passage(event: Event, zone: tzinfo, language: Language) -> Passage:

    at = datetime.fromisoformat(event.at).astimezone(zone).strftime("%H:%M:%S")
    if event.duration_ms is None:
        return Passage(at, event.late)
    spent = f"{at} · {duration(event.duration_ms / 1000, language)}"
    return Passage(spent, event.late)
