"""Places for the parts of a diagram: lanes lie under each other, the flow runs from left to right.

1. Columns: a node stands one column after the last node that leads to it; the refused branch of a condition stands
   in the condition's own column.
2. Rows: a lane has one row for the main line, and one for refusals on the side from which no flow comes.
3. Sizes: every text is measured (:mod:`egov_sign.flows.diagram_text`), then columns and rows take the largest.
4. Edges run along rows and through the channels between columns, so that none crosses a symbol.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from egov_sign.flows.diagram_graph import ACTIVITIES, DECISIONS, Diagram, Edge, Kind, Link, Node
from egov_sign.flows.diagram_text import wrap

Point = tuple[float, float]

TEXT, SMALL, CAPTION = 12.5, 11.5, 12.5
LINE, SMALL_LINE, CAPTION_LINE = 16.0, 15.0, 20.0
ACTIVITY_WIDTH, PADDING = 198.0, 10.0
DIAMOND, EVENT, DOCUMENT_WIDTH, DOCUMENT_HEIGHT = 30.0, 18.0, 34.0, 44.0
TERMINAL_WIDTH, TERMINAL_HEIGHT = 54.0, 26.0
EVENT_LABEL, DOCUMENT_LABEL, DOCUMENT_SHIFT = 108.0, 176.0, 62.0
MARGIN, HEADER, GAP, LANE_PADDING, ROW_GAP = 28.0, 58.0, 40.0, 16.0, 24.0
TITLE, TITLE_LINE, SUBTITLE, SUBTITLE_LINE = 19.0, 24.0, 13.0, 18.0
LEGEND_WIDTH, LEGEND_SYMBOL, NARROWEST = 236.0, 54.0, 900.0
BADGE = 20.0
"""Height of the room beside a symbol for the times of a real case."""


@dataclass(frozen=True, slots=True)
class Text:
    """Lines of text under each other: x of the anchor, baseline of the first line."""

    lines: tuple[str, ...]
    x: float
    y: float
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Placed:
    """A node with its place: bounds of the symbol, its texts, and the upper edge of the room for a case's times."""

    node: Node
    column: int
    x: float
    y: float
    width: float
    height: float
    name: Text
    deadline: Text
    badge: float

    @property
    def centre(self) -> Point:
        """The middle of the symbol."""
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Route:
    """An edge with its corners."""

    edge: Edge
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """A lane with its place."""

    name: str
    lines: tuple[str, ...]
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """A diagram with geometry; units are pixels, the origin is the upper left corner."""

    diagram: Diagram
    width: float
    height: float
    bands: tuple[Band, ...]
    placed: Mapping[str, Placed]
    routes: tuple[Route, ...]
    title: Text
    subtitle: Text
    legend_title: Text
    legend: tuple[LegendPlace, ...]


@dataclass(frozen=True, slots=True)
class LegendPlace:
    """A legend entry with its place: middle of the symbol, and the text beside it."""

    kind: str
    centre: Point
    name: Text


@dataclass(frozen=True, slots=True)
class _Size:
    """How far a node reaches from its place on the row's axis, texts included."""

    half: float
    up: float
    down: float
    name: tuple[str, ...]
    deadline: tuple[str, ...]


def lay_out(diagram: Diagram, heading: str = "") -> Layout:
    """Return ``diagram`` with a place for everything.

    Args:
        diagram: what to lay out.
        heading: stands below the title instead of the diagram's own subtitle.
    """
    columns = _columns(diagram)
    off = _refused(diagram)
    above = {lane: _off_row_above(diagram, lane, off) for lane in diagram.lanes}
    rows = {n.id: (n.lane, -1 if above[n.lane] else 1) if n.id in off else (n.lane, 0) for n in diagram.nodes}
    lane_order = {lane: number for number, lane in enumerate(diagram.lanes)}
    order = {node.id: (lane_order[node.lane], rows[node.id][1]) for node in diagram.nodes}
    text_below = {node.under: order[node.id] < order[node.under] for node in diagram.nodes if node.under}
    text_below |= {e.target: order[e.source] < order[e.target] for e in diagram.edges if e.link is Link.DELIVERY}
    text_below |= {node.id: not text_below[node.under] for node in diagram.nodes if node.under}
    sizes = {node.id: _size(node, below=text_below.get(node.id, False)) for node in diagram.nodes}

    centres, channels = _column_places(diagram, columns, sizes)
    spots = {n.id: centres[columns[n.id]] + (DOCUMENT_SHIFT if n.kind is Kind.DOCUMENT else 0.0) for n in diagram.nodes}
    right = max(x + sizes[name].half for name, x in spots.items())
    width = max(round(right + GAP / 2 + MARGIN), NARROWEST)
    inside = width - 2 * MARGIN
    title = Text(tuple(wrap(diagram.title, inside, TITLE, bold=True)), MARGIN, MARGIN + TITLE, "start")
    below = title.y + (len(title.lines) - 1) * TITLE_LINE
    subtitle = Text(tuple(wrap(heading or diagram.subtitle, inside, SUBTITLE)), MARGIN, below + 25, "start")
    top = subtitle.y + (len(subtitle.lines) - 1) * SUBTITLE_LINE + 22

    axes, bands, bottom = _axes(diagram, rows, sizes, top)
    placed = {
        node.id: _place(
            node,
            columns[node.id],
            spots[node.id],
            axes[rows[node.id]],
            sizes[node.id],
            below=text_below.get(node.id, False),
        )
        for node in diagram.nodes
    }
    entries, end = _legend(diagram, inside, bottom + 48)
    return Layout(
        diagram=diagram,
        width=width,
        height=round(end + MARGIN),
        bands=tuple(bands),
        placed=placed,
        routes=tuple(_route(edge, placed, channels) for edge in diagram.edges),
        title=title,
        subtitle=subtitle,
        legend_title=Text((diagram.legend_title,), MARGIN, bottom + 34, "start"),
        legend=entries,
    )


def _legend(diagram: Diagram, inside: float, y: float) -> tuple[tuple[LegendPlace, ...], float]:
    """Place the legend in as many columns as the width allows; return it and where it ends."""
    across = min(int(inside // LEGEND_WIDTH), 6, len(diagram.legend))
    pitch = inside / across
    places: list[LegendPlace] = []
    for start in range(0, len(diagram.legend), across):
        row = diagram.legend[start : start + across]
        texts = [tuple(wrap(item.name, pitch - LEGEND_SYMBOL - 8, SMALL)) for item in row]
        height = max(34.0, max(len(lines) for lines in texts) * SMALL_LINE) + 10
        for number, (item, lines) in enumerate(zip(row, texts, strict=True)):
            x, middle = MARGIN + number * pitch, y + height / 2
            first = middle + 4 - (len(lines) - 1) * SMALL_LINE / 2
            places.append(LegendPlace(item.kind, (x + 22, middle), Text(lines, x + LEGEND_SYMBOL, first, "start")))
        y += height
    return tuple(places), y


def _columns(diagram: Diagram) -> dict[str, int]:
    columns: dict[str, int] = {}
    for node in diagram.nodes:
        if node.under:
            columns[node.id] = columns[node.under]
            continue
        sources = [edge for edge in diagram.edges if edge.target == node.id and edge.source in columns]
        step = 0 if node.kind is Kind.DOCUMENT else 1
        columns[node.id] = max((columns[edge.source] + step for edge in sources), default=0)
    return columns


def _refused(diagram: Diagram) -> frozenset[str]:
    """Return the nodes of refused branches: those under a condition, and what follows them."""
    off: set[str] = set()
    for node in diagram.nodes:
        sources = {edge.source for edge in diagram.edges if edge.target == node.id and edge.link is not Link.DELIVERY}
        if node.under or sources & off:
            off.add(node.id)
    return frozenset(off)


def _off_row_above(diagram: Diagram, lane: str, off: frozenset[str]) -> bool:
    order = {name: number for number, name in enumerate(diagram.lanes)}
    for node in diagram.nodes:
        if node.lane != lane or not node.under or node.id not in off:
            continue
        reference = diagram.node(node.under)
        if reference.lane == lane:
            accepted = [e.target for e in diagram.edges if e.source == node.under and e.target not in off]
            reference = diagram.node(accepted[0])
        return order[reference.lane] >= order[lane]
    return False


def _size(node: Node, *, below: bool) -> _Size:
    """Measure a node; ``below`` says that what accompanies the symbol hangs below it and does not stand above."""
    if node.kind in ACTIVITIES:
        inner = ACTIVITY_WIDTH - 2 * PADDING
        name = tuple(wrap(node.name, inner, TEXT))
        deadline = tuple(wrap(node.deadline, inner - 18, SMALL, bold=True))
        height = 2 * PADDING + len(name) * LINE + (CAPTION_LINE if node.caption else 0)
        height += len(deadline) * SMALL_LINE + (8 if deadline else 0)
        half_height = max(height, 64) / 2
        up, down = (half_height, half_height + BADGE) if below else (half_height + BADGE, half_height)
        return _Size(ACTIVITY_WIDTH / 2, up, down, name, deadline)
    if node.kind in DECISIONS:
        name = tuple(wrap(node.name, ACTIVITY_WIDTH, TEXT))
        deadline = tuple(wrap(node.deadline, ACTIVITY_WIDTH - 18, SMALL, bold=True))
        label = len(name) * LINE + len(deadline) * SMALL_LINE + (CAPTION_LINE if node.caption else 0) + 10 + BADGE
        up, down = (DIAMOND, DIAMOND + label) if below else (DIAMOND + label, DIAMOND)
        return _Size(ACTIVITY_WIDTH / 2, up, down, name, deadline)
    if node.kind is Kind.DOCUMENT:
        name = tuple(wrap(node.name, DOCUMENT_LABEL, SMALL))
        label, reach = 8 + len(name) * SMALL_LINE, DOCUMENT_HEIGHT / 2
        up, down = (reach, reach + label) if below else (reach + label, reach)
        return _Size(DOCUMENT_LABEL / 2, up, down, name, ())
    name = tuple(wrap(node.name, EVENT_LABEL, SMALL))
    reach = TERMINAL_HEIGHT / 2 if node.kind is Kind.TERMINAL else EVENT
    half = max(EVENT_LABEL / 2 if name else 0, TERMINAL_WIDTH / 2 if node.kind is Kind.TERMINAL else EVENT + 6)
    return _Size(half, reach, reach + 6 + len(name) * SMALL_LINE, name, ())


def _column_places(
    diagram: Diagram, columns: dict[str, int], sizes: dict[str, _Size]
) -> tuple[list[float], list[float]]:
    """Return the middle of every column, and of the channel to the left of it."""
    widths: dict[int, float] = {}
    for node in diagram.nodes:
        if node.kind is not Kind.DOCUMENT:
            column = columns[node.id]
            widths[column] = max(widths.get(column, 0.0), 2 * sizes[node.id].half)
    centres, channels = [], []
    x = MARGIN + HEADER + GAP / 2
    for column in range(max(columns.values()) + 1):
        channels.append(x - GAP / 2)
        centres.append(x + widths[column] / 2)
        x += widths[column] + GAP
    return centres, channels


def _axes(
    diagram: Diagram, rows: dict[str, tuple[str, int]], sizes: dict[str, _Size], y: float
) -> tuple[dict[tuple[str, int], float], list[Band], float]:
    axes: dict[tuple[str, int], float] = {}
    bands: list[Band] = []
    for lane in diagram.lanes:
        top = y
        y += LANE_PADDING
        present = sorted({row for row in rows.values() if row[0] == lane}, key=lambda row: row[1])
        for number, row in enumerate(present):
            members = [sizes[name] for name, place in rows.items() if place == row]
            y += ROW_GAP if number else 0
            axes[row] = y + max(size.up for size in members)
            y = axes[row] + max(size.down for size in members)
        y += LANE_PADDING
        lines = tuple(wrap(lane, max(y - top - 16, 84), CAPTION, bold=True))
        y = max(y, top + 100)
        bands.append(Band(lane, lines, top, y - top))
    return axes, bands, y


def _place(node: Node, column: int, x: float, axis: float, size: _Size, *, below: bool) -> Placed:
    if node.kind in ACTIVITIES:
        half = min(size.up, size.down)
        height, top = 2 * half, axis - half
        first = top + PADDING + (CAPTION_LINE if node.caption else 0) + TEXT - 1
        deadline = top + height - PADDING - (len(size.deadline) - 1) * SMALL_LINE - 2
        left = x - ACTIVITY_WIDTH / 2
        return Placed(
            node, column, left, top, ACTIVITY_WIDTH, height,
            Text(size.name, left + PADDING, first, "start"),
            Text(size.deadline, left + PADDING + 18, deadline, "start"),
            axis + half + 3 if below else top - BADGE,
        )  # fmt: skip
    if node.kind in DECISIONS:
        caption = CAPTION_LINE if node.caption else 0.0
        block = caption + len(size.name) * LINE + len(size.deadline) * SMALL_LINE
        top = axis + DIAMOND + 8 if below else axis - DIAMOND - 8 - block
        first = top + caption + TEXT - 1
        return Placed(
            node, column, x - DIAMOND, axis - DIAMOND, 2 * DIAMOND, 2 * DIAMOND,
            Text(size.name, x, first),
            Text(size.deadline, x - 26, first + len(size.name) * LINE, "start"),
            top + block + 3 if below else top - BADGE,
        )  # fmt: skip
    width, height = {
        Kind.DOCUMENT: (DOCUMENT_WIDTH, DOCUMENT_HEIGHT),
        Kind.TERMINAL: (TERMINAL_WIDTH, TERMINAL_HEIGHT),
    }.get(node.kind, (2 * EVENT, 2 * EVENT))
    first = axis + height / 2 + 5 + SMALL
    if node.kind is Kind.DOCUMENT and not below:
        first = axis - height / 2 - 7 - (len(size.name) - 1) * SMALL_LINE
    name = Text(size.name, x, first)
    return Placed(node, column, x - width / 2, axis - height / 2, width, height, name, Text((), x, axis), axis)


def _route(edge: Edge, placed: Mapping[str, Placed], channels: list[float]) -> Route:
    source, target = placed[edge.source], placed[edge.target]
    (sx, sy), (tx, ty) = source.centre, target.centre
    downwards = ty > sy
    leave = source.y + source.height if downwards else source.y
    arrive = target.y if downwards else target.y + target.height
    if edge.link is Link.DELIVERY:
        return Route(edge, ((tx, leave), (tx, arrive)))
    if source.column == target.column:
        return Route(edge, ((sx, leave), (sx, arrive)))
    start, end = (source.x + source.width, sy), (target.x, ty)
    if abs(sy - ty) < 1:
        return Route(edge, (start, end))
    channel = channels[target.column]
    return Route(edge, (start, (channel, sy), (channel, ty), end))
