"""What the documents of the services have in common: namespaces, schemas, building, reading (R433).

The request is in :mod:`egov_sign.flows.request_document`, the certificate and the refusal are in
:mod:`egov_sign.flows.outcome_document`. Nothing is read from a document but from the tree that
:func:`egov_sign.flows.signing.open_signed` returns, which is what the signature covers.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import ClassVar, Literal

from lxml import etree

from egov_sign.docs.xmlparse import parse
from egov_sign.flows.registers import Person, Provider

Kind = Literal["request", "result", "refusal"]

COMMON = "urn:egov-sign:phc:common:1"
NAMESPACES: dict[Kind, str] = {
    "request": "urn:egov-sign:phc:request:1",
    "result": "urn:egov-sign:phc:result:1",
    "refusal": "urn:egov-sign:phc:refusal:1",
}
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


class Builder:
    """Builds a document of one namespace with elements of the common one.

    Args:
        kind: of the document.
        root: name of its root element.
        attributes: of the root element.
    """

    def __init__(self, kind: Kind, root: str, **attributes: str) -> None:
        self.kind = kind
        self.namespace = NAMESPACES[kind]
        prefix = {"request": "rq", "result": "rs", "refusal": "rf"}[kind]
        self.root = etree.Element(
            f"{{{self.namespace}}}{root}", attributes, nsmap={prefix: self.namespace, "c": COMMON}
        )

    def add(self, parent: etree._Element, tag: str, text: str | None = None, /, **attributes: str) -> etree._Element:
        """Append an element of the document's own namespace to ``parent`` and return it."""
        element = etree.SubElement(parent, f"{{{self.namespace}}}{tag}", attributes)
        element.text = text
        return element

    def common(self, parent: etree._Element, name: str, text: str) -> None:
        """Append an element of the common namespace, unless ``text`` is empty."""
        if text:
            etree.SubElement(parent, f"{{{COMMON}}}{name}").text = text

    def provider(self, provider: Provider) -> None:
        """Append who gives the service."""
        element = self.add(self.root, "Provider")
        self.common(element, "BIN", provider.bin)
        self.common(element, "Code", provider.code)
        self.common(element, "Name", provider.name["ru"])
        self.common(element, "Address", provider.address)
        self.common(element, "Phone", provider.phone)

    def recipient(self, person: Person) -> None:
        """Append whom the service is for."""
        element = self.add(self.root, "Recipient")
        self.common(element, "IIN", person.iin)
        self.common(element, "FullName", person.full_name)
        self.common(element, "BirthDate", person.birth_date.isoformat())

    def finish(self) -> bytes:
        """Return the document, once it follows its schema (R433).

        Raises:
            lxml.etree.DocumentInvalid: it does not, which is an error of the program.
        """
        document = etree.tostring(self.root, encoding="UTF-8", xml_declaration=True)
        schema(self.kind).assertValid(parse(document))
        return document


class Reader:
    """Finds things in a verified tree by short paths with the prefixes of the documents.

    Args:
        root: of the tree.
    """

    _PREFIXES: ClassVar[dict[str, str]] = {
        "rq": NAMESPACES["request"],
        "rs": NAMESPACES["result"],
        "rf": NAMESPACES["refusal"],
        "c": COMMON,
    }

    def __init__(self, root: etree._Element) -> None:
        self._root = root

    def all(self, path: str) -> list[etree._Element]:
        """Return all elements at ``path``."""
        return self._root.findall(path, self._PREFIXES)

    def one(self, path: str) -> etree._Element | None:
        """Return the first element at ``path``."""
        return self._root.find(path, self._PREFIXES)

    def text(self, path: str) -> str:
        """Return the text at ``path``; empty if there is none."""
        return self._root.findtext(path, "", self._PREFIXES)

    def attribute(self, path: str, name: str) -> str:
        """Return an attribute of the element at ``path``; empty if there is none."""
        element = self.one(path)
        return "" if element is None else element.get(name, "")


def conforms(document: bytes, kind: str) -> bool:
    """Tell whether ``document``, which can be read, follows the schema ``kind``."""
    return bool(schema(kind).validate(parse(document)))


@cache
def schema(kind: str) -> etree.XMLSchema:
    """Return the schema of a kind of document."""
    with resources.as_file(resources.files(__package__).joinpath("schemas")) as folder:
        return etree.XMLSchema(file=str(Path(folder) / f"{kind}.xsd"))
