"""Every command in one static table, so that help and completion need not import what they list.

A key is the path of a command; its value names the module below this package that holds a click command called
``command``, and the line that help and completion show. An empty module marks a group.
"""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """One command or group: the module that holds it (empty for a group) and its help line."""

    module: str
    help: str


COMMANDS: dict[str, Entry] = {
    "cert": Entry("", "Look at certificates and judge them."),
    "cert inspect": Entry("cert_inspect", "Show holder, IIN, BIN, role, usage and validity of certificates."),
    "completion": Entry("completion", "Print the completion script of a shell."),
    "demo": Entry("demo", "Play one home call from key to signed certificate, and four refusals."),
    "desk": Entry("", "The provider's workstation (АРМ услугодателя)."),
    "desk inbox": Entry("desk_inbox", "List the requests delivered to a provider."),
    "desk process": Entry("desk_process", "Register delivered requests, check the grounds, issue the signed outcome."),
    "pki": Entry("", "Make and run fixture PKIs for tests."),
    "pki init": Entry("pki_init", "Make a small PKI in the country's profile, with keys, CRLs and OCSP responses."),
    "portal": Entry("", "The portal of electronic government (ПЭП), as a recipient."),
    "portal login": Entry("portal_login", "Log in with IIN and password; prints a session."),
    "portal order": Entry("portal_order", "Order a service: fill the form and check the certificate (condition 2)."),
    "portal register": Entry("portal_register", "Register a person on the portal."),
    "portal result": Entry("portal_result", "Open the result of a request and verify it."),
    "portal sign": Entry("portal_sign", "Sign a request and send it to the provider."),
    "portal status": Entry("portal_status", "Show the status screen of a request."),
    "sign": Entry("", "Sign documents."),
    "sign xml": Entry("sign_xml", "Sign an XML document in the country's shape."),
    "verify": Entry("verify", "Verify a signed document: VALID, INVALID or INDETERMINATE, and why."),
}


def children(path: str) -> dict[str, Entry]:
    """Return the commands directly below the group ``path`` (empty for the top level), by their last word."""
    prefix = f"{path} " if path else ""
    return {
        name[len(prefix) :]: entry
        for name, entry in COMMANDS.items()
        if name.startswith(prefix) and name != path and " " not in name[len(prefix) :]
    }
