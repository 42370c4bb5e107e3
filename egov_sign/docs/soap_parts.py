"""What the gateway's messages have in common: business data, sender, properties."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import TypeAlias

from lxml import etree

from egov_sign.docs.soap import Fields, add_fields
from egov_sign.docs.xmlparse import parse, text_of

ASYNC_NS = "http://bip.bee.kz/AsyncChannel/v10/Types"
ASYNC_CLIENT_NS = f"{ASYNC_NS}/Client"
"""The asynchronous channel: calls of the gateway, and calls by it."""
Properties: TypeAlias = tuple[tuple[str, str], ...]
"""Pairs of key and value."""
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


@dataclass(frozen=True, slots=True)
class Payload:
    """The business data of a message: a document as text, or elements.

    Attributes:
        text: the character data; a signed document usually travels so, escaped or as CDATA.
        elements: each child element, in UTF-8, with the namespaces that it declares or uses.
        type: ``xsi:type`` as it is written.
    """

    text: str = ""
    elements: tuple[bytes, ...] = ()
    type: str = ""

    @property
    def document(self) -> bytes | None:
        """The business document as octets, if there is exactly one; a signature in it can be checked."""
        if self.elements:
            return self.elements[0] if len(self.elements) == 1 else None
        text = self.text.strip()
        return text.encode() if text.startswith("<") else None

    @classmethod
    def read(cls, element: etree._Element) -> Payload:
        """Read a ``data`` element."""
        children = tuple(
            etree.tostring(deepcopy(child), encoding="UTF-8", with_tail=False) for child in element.iterchildren("*")
        )
        return cls("" if children else text_of(element), children, element.get(_XSI_TYPE, ""))

    def write(self, parent: etree._Element) -> None:
        """Append the ``data`` element to ``parent``; ``type`` is written only where its prefix needs no namespace."""
        data = etree.SubElement(parent, "data")
        if self.type and ":" not in self.type:
            data.set(_XSI_TYPE, self.type)
        if self.elements:
            data.extend([parse(element) for element in self.elements])
        else:
            data.text = self.text


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: its name at the gateway and, on the way to the gateway, its password."""

    id: str
    password: str = field(default="", repr=False)


def start(namespace: str, operation: str, part: str) -> tuple[etree._Element, etree._Element]:
    """Return a new element ``operation`` of the asynchronous channel and the child ``part`` in it."""
    message = etree.Element(f"{{{namespace}}}{operation}", nsmap={"async": namespace})
    return message, etree.SubElement(message, part)


def read_data(element: etree._Element) -> Payload:
    """Return the payload in the ``data`` child of ``element``."""
    return Payload.read(Fields(element).element("data"))


def read_sender(element: etree._Element) -> Sender:
    """Read a ``sender`` element."""
    fields = Fields(element)
    return Sender(fields.text("senderId"), fields.maybe("password"))


def write_sender(parent: etree._Element, sender: Sender) -> None:
    """Append a ``sender`` element to ``parent``."""
    add_fields(etree.SubElement(parent, "sender"), ("senderId", sender.id), ("password", sender.password))


def read_properties(info: Fields) -> Properties:
    """Return the pairs in the ``properties`` of ``info``; empty ones are passed over."""
    pairs = (Fields(element) for element in info.all("properties") if len(element))
    return tuple((pair.text("key"), pair.maybe("value")) for pair in pairs)


def write_properties(parent: etree._Element, properties: Properties) -> None:
    """Append a ``properties`` element to ``parent`` for each pair."""
    for key, value in properties:
        add_fields(etree.SubElement(parent, "properties"), ("key", key), ("value", value))
