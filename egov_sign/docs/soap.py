"""SOAP 1.1 envelopes of the gateway ШЭП: header, body, faults. What is in the body: :mod:`.soap_messages`.

An envelope has exactly one Body, its header comes first, and nothing stands beside them: a second Body, or one in
another place, is how signed content is moved out of sight.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from lxml import etree

from egov_sign.clock import as_utc, format_time
from egov_sign.docs.keyinfo import WSSE_NS
from egov_sign.docs.xmlparse import path_of, text_of
from egov_sign.errors import InputError
from egov_sign.zones import ASTANA, zone

SOAP_NS = "http://schemas.xmlsoap.org/soap/envelope/"
COMMON_NS = "http://bip.bee.kz/common/v10/Types"
SOAP = f"{{{SOAP_NS}}}"
ENVELOPE, HEADER, BODY, FAULT = SOAP + "Envelope", SOAP + "Header", SOAP + "Body", SOAP + "Fault"
SECURITY = f"{{{WSSE_NS}}}Security"
ACTION = "SendMessage"
"""The SOAPAction of the gateway."""
_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A SOAP 1.1 envelope.

    Attributes:
        root: the Envelope element.
        header: the Header element, if there is one.
        body: the Body element.
        security: the ``wsse:Security`` headers.
    """

    root: etree._Element
    header: etree._Element | None
    body: etree._Element
    security: tuple[etree._Element, ...]

    @classmethod
    def of(cls, root: etree._Element) -> Envelope:
        """Take the parts of a tree whose root is an envelope.

        Raises:
            InputError: ``SOAP_MALFORMED`` if it is not exactly ``Envelope (Header?, Body)``.
        """
        children = list(root.iterchildren("*"))
        names = [child.tag for child in children]
        if root.tag != ENVELOPE or names not in ([BODY], [HEADER, BODY]):
            raise InputError("SOAP_MALFORMED", "not a SOAP 1.1 envelope of a Header and a Body", where=path_of(root))
        header = children[0] if len(children) == 2 else None
        security = () if header is None else tuple(header.iterchildren(SECURITY))
        return cls(root, header, children[-1], security)


def envelope_of(content: etree._Element) -> bytes:
    """Return an unsigned envelope with ``content`` in its Body, in UTF-8."""
    root = etree.Element(ENVELOPE, nsmap={"soap": SOAP_NS})
    etree.SubElement(root, BODY).append(content)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


class Fields:
    """The children of an element by name; those of the gateway's messages have no namespace.

    Args:
        element: whose children.
        repeated: names that may stand more than once.

    Raises:
        InputError: ``SOAP_FIELD`` if any other name stands twice.
    """

    def __init__(self, element: etree._Element, *repeated: str) -> None:
        self._where = path_of(element)
        self._found: dict[str, list[etree._Element]] = {}
        for child in element.iterchildren("*"):
            self._found.setdefault(etree.QName(child).localname, []).append(child)
        for name, elements in self._found.items():
            if len(elements) > 1 and name not in repeated:
                raise self._error(name, "stands there more than once")

    def element(self, name: str) -> etree._Element:
        """Return the child ``name``.

        Raises:
            InputError: ``SOAP_FIELD`` if it is missing.
        """
        found = self._found.get(name)
        if not found:
            raise self._error(name, "is missing")
        return found[0]

    def all(self, name: str) -> Iterator[etree._Element]:
        """Yield the children ``name``."""
        yield from self._found.get(name, ())

    def text(self, name: str) -> str:
        """Return the text of the child ``name``.

        Raises:
            InputError: ``SOAP_FIELD`` if it is missing or blank.
        """
        found = self.maybe(name)
        if not found:
            raise self._error(name, "is missing or blank")
        return found

    def maybe(self, name: str) -> str:
        """Return the text of the child ``name``; empty if it is not there."""
        found = self._found.get(name)
        return text_of(found[0]).strip() if found else ""

    def time(self, name: str) -> datetime:
        """Return the time in the child ``name``, UTC; one without a zone, as many systems send it, is that of Astana.

        Raises:
            InputError: ``SOAP_FIELD`` if it is missing or no time.
        """
        try:
            moment = datetime.fromisoformat(self.text(name))
            return as_utc(moment if moment.tzinfo else moment.replace(tzinfo=zone(ASTANA)))
        except (ValueError, OverflowError):
            raise self._error(name, "is no time") from None

    def number(self, name: str) -> int:
        """Return the non-negative number in the child ``name``.

        Raises:
            InputError: ``SOAP_FIELD`` if it is missing or no such number of at most nine digits.
        """
        text = self.text(name)
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise self._error(name, "is no number")
        return int(text)

    def choice(self, name: str, kind: type[_Choice]) -> _Choice:
        """Return the member of ``kind`` that the child ``name`` says.

        Raises:
            InputError: ``SOAP_FIELD`` if it is missing or says anything else.
        """
        text = self.text(name)
        try:
            return kind(text)
        except ValueError:
            raise self._error(name, f"is {text!r}, none of {', '.join(kind)}") from None

    def _error(self, name: str, message: str) -> InputError:
        return InputError("SOAP_FIELD", f"{name} {message}", where=self._where)


def add_fields(parent: etree._Element, *fields: tuple[str, str | datetime]) -> None:
    """Append a child for each pair of name and value; those with an empty value are left out."""
    for name, value in fields:
        text = format_time(value) if isinstance(value, datetime) else value
        if text:
            etree.SubElement(parent, name).text = text


@dataclass(frozen=True, slots=True)
class SoapFault:
    """A refusal of the gateway, or of the system behind it.

    Attributes:
        code: of the gateway, such as ``SCE006``; the SOAP fault code if there is none.
        message: in words.
        date: when, UTC; ``None`` if it is not said.
        data: further words.
        session: the session it belongs to, if any.
        cause: the fault behind it, if any.
    """

    code: str
    message: str
    date: datetime | None = None
    data: str = ""
    session: str = ""
    cause: SoapFault | None = None

    @classmethod
    def read(cls, element: etree._Element) -> SoapFault:
        """Read a ``soap:Fault`` with or without ErrorInfo.

        Raises:
            InputError: ``SOAP_FIELD``.
        """
        fields = Fields(element)
        info = element.find(f"detail//{{{COMMON_NS}}}ErrorInfo")
        if info is None:
            info = element.find("detail//errorCode/..")
        if info is None:
            return cls(fields.text("faultcode"), fields.maybe("faultstring"))
        return cls.read_info(info)

    @classmethod
    def read_info(cls, element: etree._Element, depth: int = 0) -> SoapFault:
        """Read an ErrorInfo; of causes behind causes at most eight.

        Raises:
            InputError: ``SOAP_FIELD``.
        """
        fields = Fields(element)
        nested = next(fields.all("subError"), None)
        return cls(
            code=fields.text("errorCode"),
            message=fields.maybe("errorMessage"),
            date=fields.time("errorDate") if fields.maybe("errorDate") else None,
            data=fields.maybe("errorData"),
            session=fields.maybe("sessionId"),
            cause=cls.read_info(nested, depth + 1) if nested is not None and len(nested) and depth < 8 else None,
        )

    def write(self) -> etree._Element:
        """Return the ``soap:Fault`` element."""
        fault = etree.Element(FAULT, nsmap={"soap": SOAP_NS})
        add_fields(fault, ("faultcode", "soap:Server"), ("faultstring", self.message))
        info = etree.SubElement(etree.SubElement(fault, "detail"), f"{{{COMMON_NS}}}ErrorInfo", nsmap={"c": COMMON_NS})
        self.write_info(info)
        return fault

    def write_info(self, info: etree._Element) -> None:
        """Write the fields of an ErrorInfo into ``info``."""
        add_fields(info, ("errorCode", self.code), ("errorMessage", self.message), ("errorData", self.data))
        if self.date is not None:
            add_fields(info, ("errorDate", self.date))
        if self.cause is not None:
            self.cause.write_info(etree.SubElement(info, "subError"))
        add_fields(info, ("sessionId", self.session))
