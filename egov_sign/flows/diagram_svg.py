"""A diagram as SVG: one self-contained picture with a title and a description for those who do not see it."""

from __future__ import annotations

from html import escape

from egov_sign.flows.diagram_case import CaseOverlay, Passage
from egov_sign.flows.diagram_graph import ACTIVITIES, DECISIONS, Diagram
from egov_sign.flows.diagram_layout import (
    CAPTION_LINE,
    HEADER,
    LINE,
    MARGIN,
    PADDING,
    SMALL_LINE,
    SUBTITLE_LINE,
    TITLE_LINE,
    Band,
    Layout,
    Placed,
    Point,
    Route,
    Text,
    lay_out,
)
from egov_sign.flows.diagram_symbols import MARKERS, PAPER, RULE, STYLE, clock, lines, sample, symbol
from egov_sign.flows.diagram_text import text_width

_LANE_TINTS = ("#e3eefa", "#e6f3ea", "#f6edfb", "#fdf0e0", "#e5f3f5")


def to_svg(diagram: Diagram, overlay: CaseOverlay | None = None) -> str:
    """Return ``diagram`` as an SVG document (R51–R55).

    Args:
        diagram: what to draw.
        overlay: a real case to draw over it: path taken, times, breaches.
    """
    layout = lay_out(diagram, overlay.heading if overlay else "")
    size = f'width="{layout.width:g}" height="{layout.height:g}" viewBox="0 0 {layout.width:g} {layout.height:g}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title desc" '
        f'xml:lang="{diagram.language}" lang="{diagram.language}">',
        f'<title id="title">{escape(diagram.title)}</title>',
        f'<desc id="desc">{escape(description(diagram, overlay))}</desc>',
        f"<style>{STYLE}</style>{MARKERS}",
        f'<rect width="100%" height="100%" fill="{PAPER}"/>',
        lines(layout.title, "heading", TITLE_LINE),
        lines(layout.subtitle, "sub", SUBTITLE_LINE),
        *(_band(band, number, layout) for number, band in enumerate(layout.bands)),
        *(_node(spot, overlay) for spot in layout.placed.values()),
        *(_edge(route, overlay) for route in layout.routes),
        _legend(layout),
        "</svg>\n",
    ]
    return "\n".join(part for part in parts if part)


def description(diagram: Diagram, overlay: CaseOverlay | None = None) -> str:
    """Return the flow in words: every step with its lane, number, name and term, and where each answer leads."""
    sentences = [overlay.heading if overlay else diagram.subtitle]
    for node in diagram.nodes:
        if node.kind not in ACTIVITIES and node.kind not in DECISIONS:
            continue
        head = " ".join(part for part in (node.caption, node.name) if part)
        term = f" ({node.deadline})" if node.deadline else ""
        leads = [
            f"{edge.label} → {diagram.node(edge.target).caption or diagram.node(edge.target).name}"
            for edge in diagram.edges
            if edge.source == node.id and edge.label
        ]
        tail = f" {'; '.join(leads)}." if leads else ""
        sentences.append(f"{node.lane}: {head}{term}.{tail}")
    return " ".join(sentences)


def _band(band: Band, number: int, layout: Layout) -> str:
    tint = _LANE_TINTS[number % len(_LANE_TINTS)]
    middle = band.y + band.height / 2
    x = MARGIN + HEADER / 2 - (len(band.lines) - 1) * 8 + 4.5
    labels = "".join(
        f'<text class="lane" text-anchor="middle" transform="translate({x + row * 16:g} {middle:g}) rotate(-90)">'
        f"{escape(line)}</text>"
        for row, line in enumerate(band.lines)
    )
    frame = f'x="{MARGIN:g}" y="{band.y:g}" height="{band.height:g}" stroke="{RULE}"'
    whole = f'<rect {frame} width="{layout.width - 2 * MARGIN:g}" fill="{PAPER}"/>'
    return f'<g>{whole}<rect {frame} width="{HEADER:g}" fill="{tint}"/>{labels}</g>'


def _edge(route: Route, overlay: CaseOverlay | None) -> str:
    state = ""
    if overlay:
        state = " taken" if overlay.taken(route.edge) else " idle"
    path = f'<path class="{route.edge.link.value}{state}" d="{_rounded(route.points)}"/>'
    if not route.edge.label:
        return path
    (x, y), (_, second) = route.points[0], route.points[1]
    spot = (x + 5, y - 6)
    if abs(second - y) > 1:
        spot = (x + 7, y + (16 if second > y else -8))
    return path + lines(Text((route.edge.label,), *spot, "start"), f"answer{state}")


def _rounded(points: tuple[Point, ...], radius: float = 8) -> str:
    x, y = points[0]
    steps = [f"M{x:g} {y:g}"]
    for (ax, ay), (bx, by), (cx, cy) in zip(points, points[1:], points[2:], strict=False):
        cut = min(radius, (abs(bx - ax) + abs(by - ay)) / 2, (abs(cx - bx) + abs(cy - by)) / 2)
        before = (bx - _sign(bx - ax) * cut, by - _sign(by - ay) * cut)
        after = (bx + _sign(cx - bx) * cut, by + _sign(cy - by) * cut)
        steps.append(f"L{before[0]:g} {before[1]:g}Q{bx:g} {by:g} {after[0]:g} {after[1]:g}")
    steps.append(f"L{points[-1][0]:g} {points[-1][1]:g}")
    return "".join(steps)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _node(spot: Placed, overlay: CaseOverlay | None) -> str:
    node = spot.node
    passage = overlay.passage(node) if overlay else None
    state = (("late" if passage.late else "passed") if passage else "idle") if overlay else ""
    parts = [symbol(node.kind, spot.centre, spot.width, spot.height, state)]
    if node.caption:
        caption = Text((node.caption,), spot.name.x, spot.name.y - CAPTION_LINE, spot.name.anchor)
        parts.append(lines(caption, "caption"))
    plain = node.kind in ACTIVITIES or node.kind in DECISIONS
    parts.append(lines(spot.name, "name" if plain else "small", LINE if plain else SMALL_LINE))
    if spot.deadline.lines:
        parts.append(clock(spot.deadline.x - 11, spot.deadline.y - 4))
        parts.append(lines(spot.deadline, "term", SMALL_LINE))
    if overlay and passage and passage.words:
        parts.append(_badge(spot, passage, overlay.late))
    group = ' class="idle"' if state == "idle" else ""
    return f'<g id="{escape(node.id)}" data-kind="{node.kind.value}"{group}>{"".join(parts)}</g>'


def _badge(spot: Placed, passage: Passage, late: str) -> str:
    """Return the times of the case beside a symbol, and the words for a missed deadline."""
    activity = spot.node.kind in ACTIVITIES
    words = passage.words if activity or not passage.late else f"{passage.words} · {late}"
    width = text_width(words, 11, bold=True) + 14
    left = spot.x if activity else spot.centre[0] - width / 2
    style = "badge late" if passage.late else "badge"
    parts = [
        f'<rect class="{style}" x="{left:g}" y="{spot.badge:g}" width="{width:g}" height="16" rx="8"/>',
        lines(Text((words,), left + width / 2, spot.badge + 12), "badge-text"),
    ]
    if activity and passage.late:
        edge = spot.x + spot.width - PADDING
        parts.append(lines(Text((late,), edge, spot.name.y - CAPTION_LINE, "end"), "missed"))
    return "".join(parts)


def _legend(layout: Layout) -> str:
    entries = "".join(
        sample(place.kind, *place.centre) + lines(place.name, "small", SMALL_LINE) for place in layout.legend
    )
    return f'<g id="legend">{lines(layout.legend_title, "lane")}{entries}</g>'
