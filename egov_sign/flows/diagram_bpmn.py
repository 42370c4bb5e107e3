"""A diagram as BPMN 2.0 XML with its layout; opens in bpmn.io (data-model.md, section 6).

One participant holds the whole flow, so that it can be run; the structural-functional units are its lanes. Numbered
processes are user tasks where a person acts and service tasks where a system does; conditions are exclusive gateways;
deadlines are boundary timers that interrupt nothing; what the recipient gets is a data object, written by the task.
"""

from __future__ import annotations

from lxml import etree

from egov_sign.flows.diagram_graph import ACTIVITIES, DECISIONS, Diagram, Edge, Kind, Link, Node
from egov_sign.flows.diagram_layout import MARGIN, Layout, Point, lay_out

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
TARGET = "urn:egov-sign:process"
_TIMER = 18.0
_MESSAGE, _ERROR = "message-request", "error-refused"


def to_bpmn(diagram: Diagram) -> bytes:
    """Return ``diagram`` as a BPMN 2.0 document, UTF-8."""
    layout = lay_out(diagram)
    names = {None: MODEL, "bpmndi": BPMNDI, "dc": DC, "di": DI, "xsi": XSI}
    root = etree.Element(f"{{{MODEL}}}definitions", {"id": "definitions", "targetNamespace": TARGET}, nsmap=names)
    _add(root, "message", id=_MESSAGE, name=diagram.title)
    if any(node.kind is Kind.ERROR for node in diagram.nodes):
        _add(root, "error", id=_ERROR, errorCode="refused")
    collaboration = _add(root, "collaboration", id="collaboration")
    _add(collaboration, "participant", id="participant", name=diagram.title, processRef="process")
    _process(root, diagram)
    _picture(root, layout)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _add(parent: etree._Element, tag: str, text: str = "", **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{MODEL}}}{tag}", {key: value for key, value in attributes.items() if value})
    element.text = text or None
    return element


def _process(root: etree._Element, diagram: Diagram) -> None:
    process = _add(root, "process", id="process", name=diagram.title, isExecutable="true")
    lanes = _add(process, "laneSet", id="lanes")
    for number, name in enumerate(diagram.lanes):
        lane = _add(lanes, "lane", id=f"lane-{number}", name=name)
        for node in diagram.nodes:
            if node.lane == name and node.kind is not Kind.DOCUMENT:
                _add(lane, "flowNodeRef", node.id)
                if _has_timer(node):
                    _add(lane, "flowNodeRef", f"timer-{node.id}")
    for node in diagram.nodes:
        _node(process, diagram, node)
    for edge in diagram.edges:
        if edge.link is Link.DELIVERY:
            continue
        flow = _add(process, "sequenceFlow", id=edge.id, name=edge.label, sourceRef=edge.source, targetRef=edge.target)
        if diagram.node(edge.source).kind in DECISIONS:
            # The answer is a variable of the running process: the id of the node that follows.
            expression = _add(flow, "conditionExpression", f"{_variable(edge.source)} == '{edge.target}'")
            expression.set(f"{{{XSI}}}type", "tFormalExpression")


def _variable(condition: str) -> str:
    return f"{condition.replace('-', '_')}_leads_to"


def _element_id(node: Node) -> str:
    return node.id if node.kind is not Kind.DOCUMENT else f"{node.id}-reference"


def _has_timer(node: Node) -> bool:
    return node.kind in ACTIVITIES and (node.seconds is not None or node.working_days is not None)


def _node(process: etree._Element, diagram: Diagram, node: Node) -> None:
    name = ". ".join(part for part in (node.caption, node.name) if part)
    if node.kind is Kind.DOCUMENT:
        _add(process, "dataObject", id=node.id)
        _add(process, "dataObjectReference", id=_element_id(node), name=name, dataObjectRef=node.id)
        return
    element = _add(process, _tag(node, diagram), id=node.id, name=name)
    incoming = [edge.id for edge in diagram.edges if edge.target == node.id and edge.link is not Link.DELIVERY]
    outgoing = [edge for edge in diagram.edges if edge.source == node.id]
    for name in incoming:
        _add(element, "incoming", name)
    for edge in outgoing:
        if edge.link is not Link.DELIVERY:
            _add(element, "outgoing", edge.id)
    for edge in outgoing:
        if edge.link is Link.DELIVERY:
            association = _add(element, "dataOutputAssociation", id=edge.id)
            _add(association, "targetRef", _element_id(diagram.node(edge.target)))
    if node.kind in (Kind.MESSAGE_START, Kind.MESSAGE_END, Kind.MESSAGE_MIDDLE):
        _add(element, "messageEventDefinition", id=f"definition-{node.id}", messageRef=_MESSAGE)
    elif node.kind is Kind.ERROR:
        _add(element, "errorEventDefinition", id=f"definition-{node.id}", errorRef=_ERROR)
    if _has_timer(node):
        _timer(process, node)


def _tag(node: Node, diagram: Diagram) -> str:
    if node.kind in ACTIVITIES:
        return "userTask" if node.person else "serviceTask"
    if node.kind in DECISIONS:
        return "exclusiveGateway"
    if node.kind is Kind.MESSAGE_MIDDLE:
        return "intermediateThrowEvent"
    first = not any(edge.target == node.id for edge in diagram.edges)
    return "startEvent" if first else "endEvent"


def _timer(process: etree._Element, node: Node) -> None:
    """Add the deadline: a timer on the border that records the breach and stops nothing (R418)."""
    event = _add(
        process,
        "boundaryEvent",
        id=f"timer-{node.id}",
        name=node.deadline,
        attachedToRef=node.id,
        cancelActivity="false",
    )
    definition = _add(event, "timerEventDefinition", id=f"term-{node.id}")
    span = f"PT{node.seconds}S" if node.seconds is not None else f"P{node.working_days}D"
    expression = _add(definition, "timeDuration", span)
    expression.set(f"{{{XSI}}}type", "tFormalExpression")


def _picture(root: etree._Element, layout: Layout) -> None:
    diagram = layout.diagram
    picture = etree.SubElement(root, f"{{{BPMNDI}}}BPMNDiagram", {"id": "picture", "name": diagram.title})
    plane = etree.SubElement(picture, f"{{{BPMNDI}}}BPMNPlane", {"id": "plane", "bpmnElement": "collaboration"})
    first, last = layout.bands[0], layout.bands[-1]
    inside = layout.width - 2 * MARGIN
    whole = _shape(plane, "participant", (MARGIN - 30, first.y, inside + 30, last.y + last.height - first.y))
    whole.set("isHorizontal", "true")
    for number, band in enumerate(layout.bands):
        _shape(plane, f"lane-{number}", (MARGIN, band.y, inside, band.height)).set("isHorizontal", "true")
    for spot in layout.placed.values():
        node = spot.node
        shape = _shape(plane, _element_id(node), (spot.x, spot.y, spot.width, spot.height))
        if node.kind in DECISIONS:
            shape.set("isMarkerVisible", "true")
        if node.kind in DECISIONS or (node.kind not in ACTIVITIES and node.name):
            _label(shape, spot.name.x - 90, spot.name.y - 32, 180, 16.0 * (len(spot.name.lines) + 2))
        if _has_timer(node):
            x, y = spot.x + spot.width - 26, spot.y + spot.height - _TIMER
            timer = _shape(plane, f"timer-{node.id}", (x - _TIMER / 2, y, 2 * _TIMER, 2 * _TIMER))
            _label(timer, x - 60, y + 2 * _TIMER + 2, 120, 14)
    for route in layout.routes:
        _edge(plane, route.edge, route.points)


def _shape(plane: etree._Element, element: str, bounds: tuple[float, float, float, float]) -> etree._Element:
    shape = etree.SubElement(plane, f"{{{BPMNDI}}}BPMNShape", {"id": f"shape-{element}", "bpmnElement": element})
    _bounds(shape, *bounds)
    return shape


def _label(shape: etree._Element, x: float, y: float, width: float, height: float) -> None:
    _bounds(etree.SubElement(shape, f"{{{BPMNDI}}}BPMNLabel"), x, y, width, height)


def _bounds(parent: etree._Element, x: float, y: float, width: float, height: float) -> None:
    values = {"x": x, "y": y, "width": width, "height": height}
    etree.SubElement(parent, f"{{{DC}}}Bounds", {key: f"{value:g}" for key, value in values.items()})


def _edge(plane: etree._Element, edge: Edge, points: tuple[Point, ...]) -> None:
    element = etree.SubElement(plane, f"{{{BPMNDI}}}BPMNEdge", {"id": f"edge-{edge.id}", "bpmnElement": edge.id})
    for x, y in points:
        etree.SubElement(element, f"{{{DI}}}waypoint", {"x": f"{x:g}", "y": f"{y:g}"})
