"""The symbols of the regulation's legend as SVG: one function draws each, in the flow and in the legend alike."""

from __future__ import annotations

from html import escape

from egov_sign.flows.diagram_graph import DECISIONS, Kind, Link
from egov_sign.flows.diagram_layout import Point, Text

INK, SOFT, PAPER, RULE = "#1f2d3d", "#5b6b7c", "#ffffff", "#c5d0db"
BLUE, AMBER, RED, GREEN = "#1d5fa8", "#a86500", "#b3261e", "#1b7a43"
STYLE = f"""
text {{ font-family: sans-serif; fill: {INK}; }}
.heading {{ font-size: 19px; font-weight: bold; }}
.sub {{ font-size: 13px; fill: {SOFT}; }}
.lane {{ font-size: 12.5px; font-weight: bold; }}
.name {{ font-size: 12.5px; }}
.caption {{ font-size: 12.5px; font-weight: bold; fill: {BLUE}; }}
.small {{ font-size: 11.5px; }}
.term {{ font-size: 11.5px; font-weight: bold; fill: {AMBER}; }}
.answer {{ font-size: 11.5px; font-weight: bold; fill: {SOFT}; }}
.shape {{ fill: {PAPER}; stroke: {INK}; stroke-width: 1.4; }}
.shape.process, .shape.procedure {{ stroke: {BLUE}; }}
.shape.condition, .shape.choice {{ fill: #fff6e3; stroke: {AMBER}; }}
.shape.error {{ fill: #fdeceb; stroke: {RED}; }}
.shape.document {{ fill: #eef5fd; stroke: {BLUE}; }}
.thick {{ stroke-width: 3.2; }}
.mark {{ fill: none; stroke: {INK}; stroke-width: 1.3; stroke-linejoin: round; stroke-linecap: round; }}
.mark.full {{ fill: {INK}; stroke: {PAPER}; }}
.mark.red {{ fill: {RED}; stroke: {RED}; }}
.mark.clock {{ stroke: {AMBER}; }}
.flow {{ fill: none; stroke: {INK}; stroke-width: 1.5; marker-end: url(#arrow); }}
.message, .delivery {{ fill: none; stroke: {BLUE}; stroke-width: 1.5; stroke-dasharray: 7 4;
  marker-start: url(#ring); marker-end: url(#open); }}
.idle {{ opacity: .36; }}
.flow.taken {{ stroke: {GREEN}; stroke-width: 2.8; marker-end: url(#arrow-taken); }}
.message.taken, .delivery.taken {{ stroke: {GREEN}; stroke-width: 2.8; }}
.shape.passed {{ stroke: {GREEN}; stroke-width: 2.8; }}
.shape.late {{ stroke: {RED}; stroke-width: 2.8; }}
.badge {{ fill: {GREEN}; }}
.badge.late {{ fill: {RED}; }}
.missed {{ font-size: 11px; font-weight: bold; fill: {RED}; }}
.badge-text {{ font-size: 11px; font-weight: bold; fill: #ffffff; }}
"""
MARKERS = f"""<defs>
<marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="11" markerHeight="11"
 markerUnits="userSpaceOnUse" orient="auto">
<path d="M0 0L10 5L0 10z" fill="{INK}"/></marker>
<marker id="arrow-taken" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="13" markerHeight="13"
 markerUnits="userSpaceOnUse" orient="auto">
<path d="M0 0L10 5L0 10z" fill="{GREEN}"/></marker>
<marker id="open" viewBox="0 0 12 12" refX="11" refY="6" markerWidth="14" markerHeight="14"
 markerUnits="userSpaceOnUse" orient="auto">
<path d="M1 1L11 6L1 11z" fill="{PAPER}" stroke="{BLUE}" stroke-width="1.4"/></marker>
<marker id="ring" viewBox="0 0 10 10" refX="5" refY="5" markerWidth="9" markerHeight="9"
 markerUnits="userSpaceOnUse">
<circle cx="5" cy="5" r="3.6" fill="{PAPER}" stroke="{BLUE}" stroke-width="1.6"/></marker>
</defs>"""


def symbol(kind: Kind, centre: Point, width: float, height: float, state: str = "") -> str:
    """Return the SVG of one symbol, without its texts.

    Args:
        kind: which one.
        centre: its middle.
        width: of the symbol.
        height: of the symbol.
        state: further style classes, e.g. ``passed``.
    """
    x, y = centre
    classes = f"shape {kind.value} {state}".strip()
    if kind in (Kind.PROCESS, Kind.PROCEDURE, Kind.TERMINAL):
        radius = {Kind.PROCESS: 9.0, Kind.PROCEDURE: 2.0}.get(kind, height / 2)
        return (
            f'<rect class="{classes}" x="{x - width / 2:g}" y="{y - height / 2:g}" width="{width:g}" '
            f'height="{height:g}" rx="{radius:g}"/>'
        )
    if kind in DECISIONS:
        h = width / 2
        return f'<path class="{classes}" d="M{x:g} {y - h:g}l{h:g} {h:g}l{-h:g} {h:g}l{-h:g} {-h:g}z"/>'
    if kind is Kind.DOCUMENT:
        left, top, fold = x - width / 2, y - height / 2, 11
        sheet = f"M{left:g} {top:g}h{width - fold:g}l{fold} {fold}v{height - fold:g}h{-width:g}z"
        corner = f"M{left + width - fold:g} {top:g}v{fold}h{fold}"
        back = f"m{14 - width:g} 7h"
        writing = f"M{left + 7:g} {top + 19:g}h{width - 14:g}{back}{width - 14:g}{back}{width - 22:g}"
        return f'<path class="{classes}" d="{sheet}"/><path class="mark" d="{corner}{writing}"/>'
    return _event(kind, x, y, width / 2, classes)


def _event(kind: Kind, x: float, y: float, radius: float, classes: str) -> str:
    if kind in (Kind.MESSAGE_END, Kind.END, Kind.ERROR):
        classes += " thick"
    parts = [f'<circle class="{classes}" cx="{x:g}" cy="{y:g}" r="{radius - 1:g}"/>']
    if kind is Kind.MESSAGE_MIDDLE:
        parts.append(f'<circle class="mark" cx="{x:g}" cy="{y:g}" r="{radius - 4.5:g}"/>')
    if kind is Kind.ERROR:
        parts.append(f'<path class="mark red" d="M{x - 8:g} {y + 8:g}l5.5 -14l5 8l5 -9l-5.5 14l-5 -8z"/>')
    elif kind is not Kind.END:
        full = " full" if kind is Kind.MESSAGE_END else ""
        parts.append(f'<rect class="mark{full}" x="{x - 8.5:g}" y="{y - 6:g}" width="17" height="12"/>')
        parts.append(f'<path class="mark{full}" d="M{x - 8.5:g} {y - 6:g}l8.5 7l8.5 -7"/>')
    return "".join(parts)


def clock(x: float, y: float) -> str:
    """Return the SVG of the little clock that stands before a term; ``x``, ``y`` is its middle."""
    face = f'<circle class="mark clock" cx="{x:g}" cy="{y:g}" r="5.5"/>'
    return f'{face}<path class="mark clock" d="M{x:g} {y - 3.4:g}v3.4l2.5 1.6"/>'


def sample(kind: str, x: float, y: float) -> str:
    """Return a legend entry's symbol around the point ``x``, ``y``."""
    if kind in (Link.FLOW, Link.MESSAGE, Link.DELIVERY):
        return f'<path class="{kind}" d="M{x - 20:g} {y:g}h40"/>'
    if kind == "system":
        return (
            f'<rect class="shape" x="{x - 20:g}" y="{y - 12:g}" width="40" height="24"/>'
            f'<rect x="{x - 20:g}" y="{y - 12:g}" width="9" height="24" fill="#dbe6f1" stroke="{INK}"/>'
        )
    sizes = {Kind.PROCESS: (40, 24), Kind.PROCEDURE: (40, 24), Kind.TERMINAL: (40, 20), Kind.DOCUMENT: (24, 32)}
    width, height = sizes.get(Kind(kind), (28, 28))
    return symbol(Kind(kind), (x, y), width, height)


def lines(text: Text, style: str, pitch: float = 0.0) -> str:
    """Return ``text`` as one SVG element, its lines ``pitch`` apart; nothing for no lines."""
    if not text.lines:
        return ""
    spans = "".join(
        f'<tspan x="{text.x:g}" dy="{pitch if number else 0:g}">{escape(line)}</tspan>'
        for number, line in enumerate(text.lines)
    )
    return f'<text class="{style}" x="{text.x:g}" y="{text.y:g}" text-anchor="{text.anchor}">{spans}</text>'
