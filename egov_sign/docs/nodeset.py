"""Canonical XML of arbitrary node-sets, written in Python; and the XPath filter that makes such node-sets.

Sources: Canonical XML 1.0 and 1.1, sections 2.3 and 2.4; Exclusive XML Canonicalization 1.0, section 3; XML Signature
1.1, section 6.6.3 (XPath filtering).

XPath filters are off unless the caller switches them on: a filter can leave out whatever an attacker wants unsigned.
Even then only expressions are evaluated that look from a node upwards, at its own attributes and namespaces; so the
cost of one node is bounded by its depth.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Protocol, TypeAlias

from lxml import etree

from egov_sign.docs.c14n_rules import XML_NS, C14nMethod, Node, inherited_attributes

Scope: TypeAlias = "dict[str, str]"


class NodeFilter(Protocol):
    """Says which nodes belong to a node-set."""

    def keeps(self, node: etree._Element) -> bool:
        """Tell whether ``node``, an element, a comment or a processing instruction, belongs."""
        ...

    def attributes(self, element: etree._Element) -> Collection[str]:
        """Return the names of the attributes of ``element`` that belong."""
        ...

    def prefixes(self, element: etree._Element) -> Collection[str]:
        """Return the prefixes of the namespace nodes of ``element`` that belong; ``""`` for the default one."""
        ...

    def keeps_text(self, node: etree._Element, *, tail: bool) -> bool:
        """Tell whether the text in (``tail``: after) ``node`` belongs."""
        ...


class Everything:
    """The node-set of a whole subtree."""

    def keeps(self, node: etree._Element) -> bool:
        """Tell that ``node`` belongs."""
        return True

    def attributes(self, element: etree._Element) -> Collection[str]:
        """Return the names of all attributes."""
        return [str(name) for name in element.attrib]

    def prefixes(self, element: etree._Element) -> Collection[str]:
        """Return all prefixes in scope."""
        return [prefix or "" for prefix in element.nsmap]

    def keeps_text(self, node: etree._Element, *, tail: bool) -> bool:
        """Tell that the text belongs."""
        return True


class XPathFilter:
    """The nodes for which an XPath expression is true.

    Args:
        expression: a safe expression (:func:`is_safe`).
        namespaces: the prefixes it uses.

    Raises:
        ValueError: the expression cannot be compiled.
    """

    def __init__(self, expression: str, namespaces: Mapping[str, str]) -> None:
        def compiled(axis: str) -> etree.XPath:
            try:
                return etree.XPath(
                    f"{axis}[{expression}]", namespaces=dict(namespaces), regexp=False, smart_strings=True
                )
            except etree.XPathError as error:
                raise ValueError(expression) from error

        self._self = compiled("self::node()")
        self._children = compiled("node()")
        self._outermost = compiled("/node()")
        self._attributes = compiled("@*")
        self._namespaces = compiled("namespace::*")
        self._text = compiled("text()")

    def keeps(self, node: etree._Element) -> bool:
        """Tell whether the expression is true for ``node``."""
        if isinstance(node.tag, str):
            return bool(self._self(node))
        # lxml evaluates nothing on a comment itself.
        parent = node.getparent()
        found = self._outermost(node.getroottree().getroot()) if parent is None else self._children(parent)
        return any(other is node for other in found)

    def attributes(self, element: etree._Element) -> Collection[str]:
        """Return the names of the attributes for which the expression is true."""
        return [str(found.attrname) for found in self._attributes(element)]

    def prefixes(self, element: etree._Element) -> Collection[str]:
        """Return the prefixes of the namespace nodes for which the expression is true."""
        return [prefix or "" for prefix, _ in self._namespaces(element)]

    def keeps_text(self, node: etree._Element, *, tail: bool) -> bool:
        """Tell whether the expression is true for the text."""
        parent = node.getparent() if tail else node
        return parent is not None and any(
            found.is_tail is tail and found.getparent() is node for found in self._text(parent)
        )


_TOKENS = re.compile(
    r"""\s*(?:
        (?:self|parent|ancestor|ancestor-or-self|attribute|namespace)::
            (?:(?:node|text|comment)\(\)|[\w.-]+:[\w.-]+|[\w.-]+|\*)
        | @(?:[\w.-]+:)?[\w.-]+ | @\*
        | (?:count|string|name|local-name|namespace-uri|not|true|false|boolean)(?=\s*\()
        | (?:normalize-space|starts-with|contains)(?=\s*\()
        | and\b | or\b | mod\b | != | <= | >= | [=<>()/|,]
        | \d+ | "[^"]*" | '[^']*' | \.\.? )""",
    re.VERBOSE,
)
_LONGEST = 1000


def is_safe(expression: str) -> bool:
    """Tell whether ``expression`` only looks upwards: no child steps, no ``//``, no predicates."""
    if len(expression) > _LONGEST or "//" in expression:
        return False
    position = 0
    while position < len(expression.rstrip()):
        token = _TOKENS.match(expression, position)
        if not token:
            return False
        position = token.end()
    return True


def write(
    node: Node,
    method: C14nMethod,
    keep: NodeFilter,
    *,
    exclude: Collection[etree._Element] = (),
    inclusive_prefixes: Collection[str] = (),
    comments: bool = True,
) -> bytes:
    """Return the canonical octets of those nodes at and below ``node`` that ``keep`` keeps.

    Args:
        node: an element, or a tree for the whole document.
        method: the algorithm.
        keep: the node-set.
        exclude: elements that are left out with all below them.
        inclusive_prefixes: the PrefixList of exclusive canonicalisation, ``""`` for the default namespace.
        comments: ``False`` for a node-set without comments, whatever the method says.
    """
    apex = node.getroot() if isinstance(node, etree._ElementTree) else node
    writer = _Writer(apex, method, keep, frozenset(exclude), frozenset(inclusive_prefixes))
    writer.comments = method.comments and comments
    if apex is node:
        writer.subtree()
    else:
        for before in reversed(list(apex.itersiblings(preceding=True))):
            writer.aside(before, after="\n")
        writer.subtree()
        for behind in apex.itersiblings():
            writer.aside(behind, before="\n")
    return "".join(writer.output).encode("utf-8")


class _Writer:
    """The writing of one node-set; it knows what the output ancestors of an element declared.

    ``inherited`` below holds the namespace nodes of the nearest output ancestor, ``used`` the namespaces of the
    prefixes that output ancestors used, the nearest of each.
    """

    def __init__(
        self,
        apex: etree._Element,
        method: C14nMethod,
        keep: NodeFilter,
        exclude: frozenset[etree._Element],
        prefixes: frozenset[str],
    ) -> None:
        self.apex = apex
        self.method = method
        self.keep = keep
        self.exclude = exclude
        self.prefixes = prefixes
        self.comments = False
        self.output: list[str] = []

    def aside(self, node: etree._Element, before: str = "", after: str = "") -> None:
        """Write a comment or processing instruction."""
        if not self.keep.keeps(node):
            return
        text = (node.text or "").replace("\r", "&#xD;")
        if isinstance(node, etree._ProcessingInstruction):
            self.output.append(f"{before}<?{node.target}{' ' if text else ''}{text}?>{after}")
        elif self.comments:
            self.output.append(f"{before}<!--{text}-->{after}")

    def subtree(self) -> None:
        """Write the apex and all below it, without recursion."""
        waiting: list[str | tuple[etree._Element, Scope, Scope]] = [(self.apex, {}, {})]
        while waiting:
            item = waiting.pop()
            if isinstance(item, str):
                self.output.append(item)
                continue
            element, inherited, used = item
            if not isinstance(element.tag, str):
                self.aside(element)
            elif element not in self.exclude:
                kept = self.keep.keeps(element)
                inherited, used = self._start(element, inherited, used, kept=kept)
                if kept:
                    waiting.append(f"</{qualified_name(element)}>")
                for child in reversed(element):
                    if child.tail and self.keep.keeps_text(child, tail=True):
                        waiting.append(_text(child.tail))
                    waiting.append((child, inherited, used))
                if element.text and self.keep.keeps_text(element, tail=False):
                    waiting.append(_text(element.text))

    def _start(self, element: etree._Element, inherited: Scope, used: Scope, *, kept: bool) -> tuple[Scope, Scope]:
        """Write the start tag; return ``inherited`` and ``used`` for the nodes below."""
        visible = set(self.keep.prefixes(element)) - {"xml"}
        own = {prefix or "": name for prefix, name in element.nsmap.items() if (prefix or "") in visible and name}
        attributes = {name: str(element.get(name)) for name in self.keep.attributes(element)}
        if not self.method.exclusive:
            new = _inclusive_declarations(own, inherited, kept=kept)
            if kept:
                self._inherit(element, attributes)
        else:
            listed = {prefix: name for prefix, name in own.items() if prefix in self.prefixes}
            above = {prefix: name for prefix, name in inherited.items() if prefix in self.prefixes}
            new = _inclusive_declarations(listed, above, kept=kept)
            if kept:
                now_used = {prefix: own.get(prefix, "") for prefix in self._used_prefixes(element, attributes)}
                new |= {
                    prefix: name
                    for prefix, name in now_used.items()
                    if name != used.get(prefix, "") and (name or not prefix)
                }
                used = used | now_used
        written = [
            f' xmlns{":" if prefix else ""}{prefix}="{escape_attribute(name)}"' for prefix, name in sorted(new.items())
        ]
        written += [
            f' {_qualified(element, name)}="{escape_attribute(attributes[name])}"'
            for name in sorted(attributes, key=_split)
        ]
        self.output += ["<", qualified_name(element), *written, ">"] if kept else written
        return (own, used) if kept else (inherited, used)

    def _used_prefixes(self, element: etree._Element, attributes: Collection[str]) -> set[str]:
        """Return the prefixes that ``element`` visibly uses and that the PrefixList does not name."""
        qualified = (_qualified(element, name) for name in attributes if name.startswith("{"))
        used = {element.prefix or ""} | {name.partition(":")[0] for name in qualified}
        return used - self.prefixes - {"xml"}

    def _inherit(self, element: etree._Element, attributes: dict[str, str]) -> None:
        """Add the ``xml:*`` attributes that ``element`` takes over because its parent is left out."""
        omitted = []
        inside = element is not self.apex
        for ancestor in element.iterancestors():
            if inside and self.keep.keeps(ancestor):
                break
            inside = inside and ancestor is not self.apex
            omitted.append(ancestor)
        if omitted:
            for name, value in inherited_attributes(element, omitted, version_11=self.method.version_11):
                if value is None:
                    attributes.pop(name, None)
                else:
                    attributes[name] = value


def _inclusive_declarations(own: Scope, inherited: Scope, *, kept: bool) -> Scope:
    """Return the declarations that inclusive canonicalisation writes on an element."""
    new = {prefix: name for prefix, name in own.items() if inherited.get(prefix) != name}
    if kept and "" in inherited and "" not in own:
        new[""] = ""
    return new


def qualified_name(element: etree._Element) -> str:
    """Return the name of ``element`` with the prefix it is written with."""
    prefix, local = element.prefix, str(element.tag).rpartition("}")[2]
    return f"{prefix}:{local}" if prefix else local


def _split(name: str) -> tuple[str, str]:
    """Return namespace name and local name, the order of attributes."""
    if name.startswith("{"):
        space, _, local = name[1:].partition("}")
        return space, local
    return "", name


def _qualified(element: etree._Element, name: str) -> str:
    """Return the attribute ``name`` with the prefix it is written with, which only XPath tells."""
    space, local = _split(name)
    if not space:
        return local
    if space == XML_NS:
        return f"xml:{local}"
    return str(_ATTRIBUTE_NAME(element, space=space, local=local))


_ATTRIBUTE_NAME = etree.XPath("name(@*[namespace-uri() = $space and local-name() = $local])")


def _text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#xD;")


_TO_ESCAPE = re.compile('[&<"\\t\\n\\r]')


def escape_attribute(value: str) -> str:
    """Return ``value`` as it stands between the quotes of an attribute in canonical XML."""
    if not _TO_ESCAPE.search(value):
        return value
    escaped = value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return escaped.replace("\t", "&#x9;").replace("\n", "&#xA;").replace("\r", "&#xD;")
