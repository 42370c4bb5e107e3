"""The diagrams of Приложение 2, rebuilt from the process model (R51, R52, D44).

The regulations of Astana name two diagrams for each service and have lost the pictures; the one of Zhambyl kept the
names of its symbols. Everything here comes from :mod:`egov_sign.flows.model`: what the engine runs is what is drawn.

1. Every process and condition becomes a symbol in the lane of its structural-functional unit.
2. A condition leads to two symbols, «ДА» first; what stands on the «НЕТ» branch is a refusal.
3. Where a request goes from one organisation to another, it passes the gateway as an intermediate message.
4. A refusal before registration ends in an error (R59); what ends later delivers a document to the recipient.
"""

from __future__ import annotations

import re

from egov_sign.flows import catalogue
from egov_sign.flows.diagram_graph import Diagram, Edge, Kind, LegendItem, Link, Node
from egov_sign.flows.model import Flow, Step
from egov_sign.messages import Language, text

RECIPIENT, GATEWAY = "Получатель", "ШЭП"
_LANES = {
    RECIPIENT: "DIAGRAM_LANE_RECIPIENT",
    "ПЭП": "DIAGRAM_LANE_PORTAL",
    GATEWAY: "DIAGRAM_LANE_GATEWAY",
    "АРМ": "DIAGRAM_LANE_WORKSTATION",
    "Услугодатель": "DIAGRAM_LANE_PROVIDER",
    "работник": "DIAGRAM_LANE_EMPLOYEE",
    "ГБД ФЛ": "DIAGRAM_LANE_PERSONS",
}
_ORDER = {
    "portal": (RECIPIENT, "ПЭП", GATEWAY, "АРМ", "Услугодатель"),
    "desk": ("ГБД ФЛ", GATEWAY, "Услугодатель", "работник", "АРМ", RECIPIENT),
}
_THROUGH_GATEWAY = {(RECIPIENT, "АРМ"), (RECIPIENT, "Услугодатель"), ("Услугодатель", "ГБД ФЛ")}
_BEFORE_REGISTRATION = ("ПЭП", "ГБД ФЛ")
_SOURCES = {
    "astana": "DIAGRAM_SOURCE_ASTANA",
    "zhambyl": "DIAGRAM_SOURCE_ZHAMBYL",
    "order272-2019": "DIAGRAM_SOURCE_ORDER272",
}
_LEGEND = (
    (Kind.MESSAGE_START, "MESSAGE_START"), (Kind.MESSAGE_END, "MESSAGE_END"), (Kind.MESSAGE_MIDDLE, "MESSAGE_MIDDLE"),
    (Kind.END, "END"), (Kind.ERROR, "ERROR"), ("system", "SYSTEM"), (Kind.PROCESS, "PROCESS"),
    (Kind.CONDITION, "CONDITION"), (Link.FLOW, "FLOW"), (Link.MESSAGE, "MESSAGE"), (Kind.DOCUMENT, "DOCUMENT"),
)  # fmt: skip
_REMARK = re.compile(r"\s*(\(Табл\.\d: [^)]*\)|\[[^\]]*\]|\(п\.\d+ \d\))")
"""Remarks of the requirements list inside a quoted name; the regulation itself does not have them."""


def diagram(flow: Flow, language: Language = "ru") -> Diagram:
    """Return the diagram of ``flow``: No. 1 for the portal, No. 2 for the desk and the telephone.

    Args:
        flow: a flow of the process model.
        language: of the texts; the regulation's own is Russian.
    """
    return _Builder(flow, language).build()


def source_line(profile: str, language: Language) -> str:
    """Return the line that names the regulation a diagram comes from."""
    return text(_SOURCES[profile], language)


def legend(items: tuple[tuple[str, str], ...], language: Language) -> tuple[LegendItem, ...]:
    """Return a legend from pairs of symbol and text code."""
    return tuple(LegendItem(str(kind), text(f"DIAGRAM_LEGEND_{code}", language)) for kind, code in items)


def term(step: Step, language: Language) -> str:
    """Return the deadline of ``step`` in a few words; empty if it has none."""
    if step.max_working_days is not None:
        return text("DIAGRAM_WORKING_DAYS", language, {"value": step.max_working_days})
    if step.max_seconds is None:
        return ""
    upper = duration(step.max_seconds, language)
    if step.min_seconds is None:
        return text("DIAGRAM_UP_TO", language, {"value": upper})
    return f"{duration(step.min_seconds, language)} – {upper}"


def duration(seconds: float, language: Language) -> str:
    """Return a span of time in the units that the regulation uses: ``90`` gives ``1,5 мин``."""
    if seconds < 60:
        return text("DIAGRAM_SECONDS", language, {"value": _number(seconds, language)})
    return text("DIAGRAM_MINUTES", language, {"value": _number(seconds / 60, language)})


def _number(value: float, language: Language) -> str:
    written = f"{value:.1f}".removesuffix(".0")
    return written if language == "en" else written.replace(".", ",")


class _Builder:
    """Collects the nodes and edges of one flow."""

    def __init__(self, flow: Flow, language: Language) -> None:
        self.flow = flow
        self.language = language
        self.side = "portal" if flow.channel == "portal" else "desk"
        self.steps = [step for step in flow.steps.values() if step.kind != "timed"]
        self.refused = {step.next[1]: step.id for step in self.steps if step.kind == "condition" and len(step.next) > 1}
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []

    def build(self) -> Diagram:
        self.nodes.append(Node("start", Kind.MESSAGE_START, self.lane(RECIPIENT), self.say("DIAGRAM_START")))
        self.edges.append(Edge("start", self.steps[0].id))
        for step in self.in_flow_order():
            self.add(step)
        present = {node.lane for node in self.nodes}
        order = [self.lane(unit) for unit in _ORDER[self.side]]
        code = f"DIAGRAM_{self.side.upper()}" + ("" if self.flow.profile == "astana" else "_LATER")
        return Diagram(
            id=self.flow.name.replace("/", "-"),
            title=text(code, self.language, {"service": catalogue.name_of(self.flow.service, self.language)}),
            subtitle=source_line(self.flow.profile, self.language),
            lanes=tuple(lane for lane in order if lane in present),
            nodes=tuple(self.nodes),
            edges=tuple(self.edges),
            legend=legend(_LEGEND, self.language),
            language=self.language,
            legend_title=self.say("DIAGRAM_LEGEND"),
        )

    def in_flow_order(self) -> list[Step]:
        """Return the steps so that each stands after the one that leads to it, refusals right after their condition."""
        order: list[Step] = []
        waiting = [self.steps[0].id]
        while waiting:
            step = self.flow.step(waiting.pop())
            order.append(step)
            waiting.extend(name for name in step.next if name not in self.refused)
            waiting.extend(name for name in step.next if name in self.refused)
        return order

    def add(self, step: Step) -> None:
        lane = self.lane(self.unit(step))
        kind = Kind.CONDITION if step.kind == "condition" else Kind.PROCESS
        caption = {"condition": "DIAGRAM_CONDITION", "procedure": "DIAGRAM_PROCEDURE"}.get(step.kind, "DIAGRAM_PROCESS")
        name = _REMARK.sub("", step.name(self.language))
        self.nodes.append(
            Node(
                step.id, kind, lane,
                name=name[:1].upper() + name[1:] if kind is Kind.PROCESS else name,
                caption=text(caption, self.language, {"number": step.number}),
                deadline=term(step, self.language),
                seconds=step.max_seconds,
                working_days=step.max_working_days,
                under=self.refused.get(step.id, ""),
                person=step.human,
                key=step.id,
            )
        )  # fmt: skip
        answers = ("DIAGRAM_YES", "DIAGRAM_NO") if kind is Kind.CONDITION else ("",)
        for target, answer in zip(step.next, answers, strict=False):
            self.connect(step, self.flow.step(target), self.say(answer) if answer else "")
        if not step.next:
            self.end(step, lane)

    def connect(self, source: Step, target: Step, answer: str) -> None:
        if (self.unit(source), self.unit(target)) not in _THROUGH_GATEWAY or answer:
            self.edges.append(Edge(source.id, target.id, answer))
            return
        sent = Node(f"sent-{source.id}", Kind.MESSAGE_MIDDLE, self.lane(GATEWAY), self.say("DIAGRAM_GATEWAY"))
        self.nodes.append(sent)
        self.edges.append(Edge(source.id, sent.id, link=Link.MESSAGE))
        self.edges.append(Edge(sent.id, target.id, link=Link.MESSAGE))

    def end(self, step: Step, lane: str) -> None:
        early = step.id in self.refused and self.unit(step) in _BEFORE_REGISTRATION
        self.nodes.append(Node(f"end-{step.id}", Kind.ERROR if early else Kind.MESSAGE_END, lane))
        self.edges.append(Edge(step.id, f"end-{step.id}"))
        if early:
            return
        result = f"DIAGRAM_RESULT_{self.flow.service}_{self.side.upper()}"
        name = self.say("DIAGRAM_REFUSAL_DOCUMENT" if step.id in self.refused else result)
        self.nodes.append(Node(f"document-{step.id}", Kind.DOCUMENT, self.lane(RECIPIENT), name))
        self.edges.append(Edge(step.id, f"document-{step.id}", link=Link.DELIVERY))

    def unit(self, step: Step) -> str:
        """Return whose lane a step stands in: of a check «Услугодатель (АРМ)» the provider answers."""
        if step.kind == "procedure":
            return "работник"
        return "Услугодатель" if step.actor.startswith(("Услугодатель", "Сотрудник")) else step.unit

    def lane(self, unit: str) -> str:
        return self.say(_LANES[unit])

    def say(self, code: str) -> str:
        return text(code, self.language)
