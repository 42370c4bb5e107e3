"""What a diagram is made of, before anything has a place: lanes, nodes and edges."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a node is: the first eight are symbols of the regulation's legend (R52), the rest of its reference book."""

    MESSAGE_START = "message-start"
    MESSAGE_END = "message-end"
    MESSAGE_MIDDLE = "message-middle"
    END = "end"
    ERROR = "error"
    PROCESS = "process"
    CONDITION = "condition"
    DOCUMENT = "document"
    TERMINAL = "terminal"
    PROCEDURE = "procedure"
    CHOICE = "choice"


ACTIVITIES = frozenset({Kind.PROCESS, Kind.PROCEDURE})
DECISIONS = frozenset({Kind.CONDITION, Kind.CHOICE})


class Link(StrEnum):
    """What an edge is: flow of control, of messages, or the delivery of a document to the recipient."""

    FLOW = "flow"
    MESSAGE = "message"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True)
class Node:
    """One symbol.

    Attributes:
        id: unique within the diagram; an XML name.
        kind: which symbol.
        lane: the lane it stands in.
        name: the text of the regulation.
        caption: its number, e.g. ``Процесс 5``.
        deadline: the term in the words of the regulation; empty if none.
        seconds: the upper bound in seconds; ``None`` if there is none or it is counted in working days.
        working_days: the upper bound in working days.
        under: the condition that this node is the refused branch of; it shares that condition's column.
        person: a person acts here, not a system.
        key: the node's name in the journal, by which a case is laid over the diagram.
    """

    id: str
    kind: Kind
    lane: str
    name: str = ""
    caption: str = ""
    deadline: str = ""
    seconds: int | None = None
    working_days: int | None = None
    under: str = ""
    person: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """A connection between two nodes, with the answer that leads along it."""

    source: str
    target: str
    label: str = ""
    link: Link = Link.FLOW

    @property
    def id(self) -> str:
        """Name of the edge, unique within the diagram."""
        return f"{self.link.value}-{self.source}-{self.target}"


@dataclass(frozen=True, slots=True)
class LegendItem:
    """One line of the legend: the symbol's name there; ``kind`` is a :class:`Kind`, a :class:`Link` or ``system``."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Diagram:
    """A diagram without geometry.

    Attributes:
        id: an XML name, e.g. ``astana-CALL-portal``.
        title: heading.
        subtitle: what stands below it: source and profile.
        lanes: names from top to bottom.
        nodes: in the order of the flow.
        edges: between them.
        legend: the symbols explained.
        language: of the texts, as in ``xml:lang``.
        legend_title: heading of the legend.
    """

    id: str
    title: str
    subtitle: str
    lanes: tuple[str, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    legend: tuple[LegendItem, ...]
    language: str = "ru"
    legend_title: str = "Условные обозначения"
    _by_id: dict[str, Node] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {node.id: node for node in self.nodes})

    def node(self, name: str) -> Node:
        """Return the node with the id ``name``; ``KeyError`` if there is none."""
        return self._by_id[name]
