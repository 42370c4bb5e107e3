"""The BPMN files are BPMN: the schema accepts them, other programs load and run them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from lxml import etree

from egov_sign.flows.diagram import diagram
from egov_sign.flows.diagram_book import book_form_a, book_form_b
from egov_sign.flows.diagram_bpmn import BPMNDI, DC, MODEL, to_bpmn
from egov_sign.flows.diagram_graph import Diagram, Kind, Link
from egov_sign.flows.model import flow, flows

DIAGRAMS = [*(diagram(each) for each in flows()), book_form_a(), book_form_b()]
each_diagram = pytest.mark.parametrize("each", DIAGRAMS, ids=lambda each: each.id)


def test_tasks_gateways_events_and_timers() -> None:
    root = etree.fromstring(to_bpmn(diagram(flow("astana", "CALL", "portal"))))
    process = root.find(f"{{{MODEL}}}process")
    assert process is not None
    tags = {element.get("id"): etree.QName(element).localname for element in process}
    assert tags["p5"] == "userTask"
    assert tags["p6"] == "serviceTask"
    assert tags["c3"] == "exclusiveGateway"
    assert tags["sent-p5"] == "intermediateThrowEvent"
    error = process.find(f"{{{MODEL}}}endEvent[@id='end-p2']/{{{MODEL}}}errorEventDefinition")
    assert error is not None
    timer = process.find(f"{{{MODEL}}}boundaryEvent[@attachedToRef='p6']")
    assert timer is not None
    assert timer.get("cancelActivity") == "false"
    assert timer.findtext(f"{{{MODEL}}}timerEventDefinition/{{{MODEL}}}timeDuration") == "PT60S"
    days = etree.fromstring(to_bpmn(diagram(flow("astana", "ATT", "portal"))))
    assert "P1D" in [element.text for element in days.iter(f"{{{MODEL}}}timeDuration")]


@each_diagram
def test_everything_has_a_place_in_the_picture(each: Diagram) -> None:
    root = etree.fromstring(to_bpmn(each))
    drawn = {element.get("bpmnElement") for element in root.iter(f"{{{BPMNDI}}}BPMNShape", f"{{{BPMNDI}}}BPMNEdge")}
    nodes = {node.id if node.kind is not Kind.DOCUMENT else f"{node.id}-reference" for node in each.nodes}
    assert nodes | {edge.id for edge in each.edges} <= drawn
    assert all(float(bounds.get("width", "0")) > 0 for bounds in root.iter(f"{{{DC}}}Bounds"))
    defined = {element.get("id") for element in root.iter() if element.get("id")}
    assert drawn <= defined


@each_diagram
def test_the_schema_of_the_omg_accepts_it(each: Diagram) -> None:
    parser = pytest.importorskip("SpiffWorkflow.bpmn.parser", reason="SpiffWorkflow brings the schema of the OMG")
    schema = etree.XMLSchema(etree.parse(Path(parser.__file__).parent / "schema" / "BPMN20.xsd"))
    schema.assertValid(etree.fromstring(to_bpmn(each)))


@each_diagram
def test_spiffworkflow_loads_it(each: Diagram) -> None:
    parsers = pytest.importorskip("SpiffWorkflow.bpmn.parser", reason="needs SpiffWorkflow")
    parser = parsers.BpmnParser()
    parser.add_bpmn_io(io.BytesIO(to_bpmn(each)))
    specification = parser.get_spec("process")
    steps = {node.id for node in each.nodes if node.kind is not Kind.DOCUMENT}
    assert steps <= set(specification.task_specs)


@pytest.mark.parametrize(("last", "answer"), [("p8", "p8"), ("p7", "p7")])
def test_spiffworkflow_runs_the_flow_as_our_engine_would(last: str, answer: str) -> None:
    parsers = pytest.importorskip("SpiffWorkflow.bpmn.parser", reason="needs SpiffWorkflow")
    bpmn = pytest.importorskip("SpiffWorkflow.bpmn", reason="needs SpiffWorkflow")
    workflows = pytest.importorskip("SpiffWorkflow.bpmn.workflow", reason="needs SpiffWorkflow")
    state = pytest.importorskip("SpiffWorkflow.util.task", reason="needs SpiffWorkflow").TaskState

    parser = parsers.BpmnParser()
    parser.add_bpmn_io(io.BytesIO(_without_timers(to_bpmn(diagram(flow("astana", "CALL", "portal"))))))
    run = workflows.BpmnWorkflow(parser.get_spec("process"))
    run.do_engine_steps()
    start = run.get_tasks(spec_name="start")[0]
    start.data.update(c1_leads_to="p3", c2_leads_to="p5", c3_leads_to=answer, **{f"document-{last}": "signed"})
    run.catch(bpmn.BpmnEvent(start.task_spec.event_definition, {}))
    for _ in range(60):
        run.do_engine_steps()
        for task in run.get_tasks(state=state.READY):
            task.run()
        for task in run.get_tasks(state=state.STARTED):
            task.complete()
    passed = [task.task_spec.name for task in run.get_tasks(state=state.COMPLETED)]
    order = ["p0", "p1", "c1", "p3", "c2", "p5", "sent-p5", "p6", "c3", last, f"end-{last}"]
    assert [name for name in passed if name in order] == order
    assert not {"p2", "p4"} & set(passed)


def _without_timers(document: bytes) -> bytes:
    """Take the deadlines out: SpiffWorkflow reads a duration as an expression of its own language."""
    root = etree.fromstring(document)
    for element in [*root.iter(f"{{{MODEL}}}boundaryEvent"), *root.iter(f"{{{MODEL}}}flowNodeRef")]:
        parent = element.getparent()
        if parent is not None and (element.get("attachedToRef") or (element.text or "").startswith("timer-")):
            parent.remove(element)
    return etree.tostring(root)


def test_delivered_documents_are_written_by_their_task() -> None:
    each = diagram(flow("astana", "APPT", "portal"))
    root = etree.fromstring(to_bpmn(each))
    written = {
        (element.getparent().get("id"), element.findtext(f"{{{MODEL}}}targetRef"))  # type: ignore[union-attr]
        for element in root.iter(f"{{{MODEL}}}dataOutputAssociation")
    }
    assert written == {(e.source, f"{e.target}-reference") for e in each.edges if e.link is Link.DELIVERY}
