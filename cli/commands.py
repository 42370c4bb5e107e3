"""Every command in one static table, so that help and completion need not import what they list.

A key is the path of a command; its value names where the click command stands (``module:name`` below this package)
and the line that help and completion show. An empty place marks a group.
"""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """One command or group: the place of the click command (empty for a group) and the help line."""

    place: str
    help: str


COMMANDS: dict[str, Entry] = {
    "cert": Entry("", "Look at certificates and judge them."),
    "cert inspect": Entry("cert:inspect_command", "Show holder, IIN, BIN, role, usage and validity of certificates."),
    "completion": Entry("completion:command", "Print the completion script of a shell."),
    "sign": Entry("", "Sign documents."),
    "sign xml": Entry("sign:xml_command", "Sign an XML document in the country's shape."),
    "verify": Entry("verify:command", "Verify a signed document: VALID, INVALID or INDETERMINATE, and why."),
}


def children(path: str) -> dict[str, Entry]:
    """Return the commands directly below the group ``path`` (empty for the top level), by their last word."""
    prefix = f"{path} " if path else ""
    return {
        name[len(prefix) :]: entry
        for name, entry in COMMANDS.items()
        if name.startswith(prefix) and name != path and " " not in name[len(prefix) :]
    }
