"""The published form of the JSON report, and the report of ETSI TS 119 102-2."""

from __future__ import annotations

import ast
import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import pyhanko
import pytest
from lxml import etree

from egov_sign.clock import format_time
from egov_sign.docs import xades_sign
from egov_sign.docs.etsi_report import NAMESPACE, to_etsi
from egov_sign.docs.judge import DocumentValidator
from egov_sign.docs.judged import Required
from egov_sign.docs.xmlsign import sign_enveloped
from egov_sign.verdict import SCHEMA, Report, Severity, SubIndication
from tests.docs.cms_world import AT
from tests.docs.pdf_world import authority, judge, pdf_world

SCHEMA_FILE = resources.files("egov_sign.docs") / "report.schema.json"
VR = f"{{{NAMESPACE}}}"


def stamped(label: str = "person") -> bytes:
    signer = pdf_world().signer(label)
    signed = sign_enveloped(b"<order><iin>8</iin></order>", signer, extra=xades_sign.signed_properties(signer, AT))
    return xades_sign.add_timestamp(signed, authority(pdf_world()))


GOOD = stamped()
DOCUMENTS = {
    "good": GOOD,
    "changed": GOOD.replace(b"<iin>8", b"<iin>9"),
    "revoked": stamped("revoked-person"),
    "held": stamped("held-person"),
    "two": sign_enveloped(GOOD, pdf_world().signer("other-person")),
    "unsigned": b"<order/>",
}
EXPECTED = {
    "good": ["total-passed"],
    "changed": ["total-failed"],
    "revoked": ["total-failed"],
    "held": ["indeterminate"],
    "two": ["total-passed", "total-passed"],
    "unsigned": ["total-failed"],
}


def judged(data: bytes, required: Required = Required()) -> Report:  # noqa: B008 - immutable
    return DocumentValidator(judge(pdf_world())).validate(data, AT, required=required)


def errors(value: Any, schema: dict[str, Any], root: dict[str, Any], where: str = "$") -> list[str]:
    """Return what is wrong with ``value`` by the keywords of JSON Schema that the published schema uses."""
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool}
    if "$ref" in schema:
        return errors(value, root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root, where)
    if "type" in schema and not isinstance(value, kinds[schema["type"]]):
        return [f"{where}: not {schema['type']}"]
    found = [f"{where}: {value!r}" for _ in [0] if "const" in schema and value != schema["const"]]
    found += [f"{where}: {value!r}" for _ in [0] if "enum" in schema and value not in schema["enum"]]
    found += [f"{where}: {value!r}" for _ in [0] if "pattern" in schema and not re.search(schema["pattern"], value)]
    if isinstance(value, dict) and "properties" in schema:
        found += [f"{where}: no {name}" for name in schema["required"] if name not in value]
        for name, item in value.items():
            known = schema["properties"].get(name)
            found += errors(item, known, root, f"{where}.{name}") if known else [f"{where}: {name} is unknown"]
    if isinstance(value, list):
        found += [
            one for place, item in enumerate(value) for one in errors(item, schema["items"], root, f"{where}[{place}]")
        ]
    return found


def schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("name", DOCUMENTS)
def test_reports_have_the_published_form(name: str) -> None:
    report = judged(DOCUMENTS[name]).to_dict()
    whole = {"schema": SCHEMA, "file": name, "at": format_time(AT), "report": report}
    assert errors(json.loads(json.dumps(whole)), schema(), schema()) == []


def test_the_published_form_refuses_others() -> None:
    report = judged(GOOD).to_dict()
    whole = {"schema": SCHEMA, "file": "f", "at": format_time(AT), "report": report}
    for change in (
        {"schema": "x"},
        {"at": "now"},
        {"more": 1},
        {"report": {**report, "indication": "GOOD"}},
        {"file": 1},
    ):
        assert errors({**whole, **change}, schema(), schema()) != []


def test_the_published_form_names_what_there_is() -> None:
    definitions = schema()["$defs"]
    assert definitions["subIndication"]["enum"] == [None, *(sub.value for sub in SubIndication)]
    assert definitions["finding"]["properties"]["severity"]["enum"] == [severity.name for severity in Severity]


def etsi(data: bytes, required: Required = Required()) -> etree._Element:  # noqa: B008 - immutable
    return etree.fromstring(to_etsi(judged(data, required), data))


def indications(root: etree._Element) -> list[str]:
    found = root.findall(f"{VR}SignatureValidationReport/{VR}SignatureValidationStatus/{VR}MainIndication")
    return [(one.text or "").removeprefix("urn:etsi:019102:mainindication:") for one in found]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_signature_has_its_verdict_in_the_words_of_the_standard(name: str) -> None:
    assert indications(etsi(DOCUMENTS[name])) == EXPECTED[name]


def test_a_signature_is_never_reported_better_than_its_document() -> None:
    root = etsi(GOOD, Required(iin="123456789011"))
    assert indications(root) == ["total-failed"]
    assert (
        root.findtext(f".//{VR}SignatureValidationStatus/{VR}SubIndication")
        == "urn:egov-sign:subindication:REQUIREMENT"
    )


def test_what_the_report_tells() -> None:
    root = etsi(GOOD)
    assert root.findtext(f".//{VR}ValidationTime") == format_time(AT)
    assert "ТЕСТОВА" in (root.findtext(f".//{VR}Signer") or "")
    kinds = {(one.text or "").rsplit(":", 1)[1] for one in root.iter(f"{VR}ObjectType")}
    assert kinds == {"signedData", "certificate", "CRL", "timestamp"}
    assert len(root.findall(f".//{VR}SignatureValidationReport//{VR}TrustAnchor")) == 1
    assert to_etsi(judged(GOOD), GOOD) == to_etsi(judged(GOOD), GOOD)


def structure() -> dict[str, tuple[list[str], list[tuple[str, str, bool]]]]:
    """Return the types of the standard as pyHanko's bindings have them: bases, and (name, type, required) in order.

    The bindings are read as text: importing them needs a package that is not installed.
    """
    source = Path(pyhanko.__path__[0]) / "generated" / "etsi" / "ts_11910202.py"
    types: dict[str, tuple[list[str], list[tuple[str, str, bool]]]] = {}
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.ClassDef):
            continue
        fields = []
        for item in node.body:
            if isinstance(item, ast.AnnAssign) and isinstance(item.value, ast.Call):
                keywords = {word.arg: word.value for word in item.value.keywords}
                metadata = ast.literal_eval(keywords["metadata"]) if "metadata" in keywords else {}
                if metadata.get("type") == "Element" and "name" in metadata:
                    kind = re.findall(r"\w+", ast.unparse(item.annotation).replace("tuple", ""))[0]
                    fields.append((metadata["name"], kind, metadata.get("required", False)))
        types[node.name] = ([ast.unparse(base) for base in node.bases], fields)
    return types


def violations(element: etree._Element, kind: str, types: dict[str, Any]) -> list[str]:
    bases, own = types[kind]
    fields = [field for base in bases if base in types for field in types[base][1]] + own
    names = [field[0] for field in fields]
    found = []
    position = 0
    for child in element:
        name = etree.QName(child).localname
        if name not in names:
            found.append(f"{name} is not allowed in {kind}")
            continue
        if names.index(name) < position:
            found.append(f"{name} is out of order in {kind}")
        position = names.index(name)
        inner = fields[position][1]
        if inner in types:
            found += violations(child, inner, types)
    present = {etree.QName(child).localname for child in element}
    return found + [f"{kind} has no {name}" for name, _, required in fields if required and name not in present]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_report_has_the_structure_of_the_standard(name: str) -> None:
    root = etsi(DOCUMENTS[name])
    types = structure()
    assert violations(root, "ValidationReportType", types) == []
    known = {one.get("id") for one in root.iter(f"{VR}ValidationObject")}
    used = {word for one in root.iter() for word in (one.get("VOReference") or "").split()}
    assert used <= known
    identifiers = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(identifiers) == len(set(identifiers))


def test_the_structure_finds_what_does_not_belong() -> None:
    root = etsi(GOOD)
    report = root[0]
    report.insert(0, report[-1])
    assert violations(root, "ValidationReportType", structure()) != []
