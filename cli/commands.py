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
    "case": Entry("", "Cases as folders that can be checked elsewhere."),
    "case export": Entry(
        "records:case_export_command",
        "Write a case into a folder that can be checked elsewhere: request, evidence, result, journal.",
    ),
    "case verify": Entry(
        "records:case_verify_command",
        "Check an exported case: digests, both signatures as of their times, and that they belong together.",
    ),
    "cert": Entry("", "Look at certificates and judge them."),
    "cert chain": Entry(
        "cert_judge:chain_command", "List the path of a certificate up to its trust anchor, the certificate first."
    ),
    "cert explain": Entry(
        "cert_judge:explain_command",
        "Judge a certificate and show every check that was done, good ones too, and every source that was tried.",
    ),
    "cert inspect": Entry("cert:inspect_command", "Show holder, IIN, BIN, role, usage and validity of certificates."),
    "cert verify": Entry(
        "cert_judge:verify_command", "Judge a certificate: its path, every check of it, and revocation."
    ),
    "completion": Entry("completion:command", "Print the completion script of a shell."),
    "crl": Entry("", "Look at revocation lists and fetch them."),
    "crl fetch": Entry("crl:fetch_command", "Fetch a revocation list and keep it as DER, if it is one."),
    "crl find": Entry(
        "crl:find_command", "Look a serial number (hexadecimal) up in revocation lists; exit code 10 if it is listed."
    ),
    "crl inspect": Entry("crl:inspect_command", "Show issuer, times, number, scope and entries of a revocation list."),
    "demo": Entry("demo:command", "Play one home call from key to signed certificate, and four refusals."),
    "desk": Entry("", "The provider's workstation (АРМ услугодателя)."),
    "desk apply": Entry(
        "counter:apply_command",
        "Apply for a recipient at the desk: ask the register of persons, sign as the employee, give a number.",
    ),
    "desk inbox": Entry("desk:inbox_command", "List the requests that wait for a decision, those due first."),
    "desk journal": Entry("desk:journal_command", "Print the journal of calls or of appointments."),
    "desk login": Entry("desk:login_command", "Log in an employee at the provider's workstation."),
    "desk logout": Entry("desk:logout_command", "Log out: the session ends at once, wherever its file was copied to."),
    "desk overdue": Entry(
        "counter:overdue_command",
        "List the requests whose term has passed without an outcome; exit code 10 if there are any.",
    ),
    "desk process": Entry("desk:process_command", "Check the grounds of a request and issue the signed outcome."),
    "desk receive": Entry(
        "counter:receive_command",
        "Receive somebody in two procedures: attachment checked, a row in the journal, an oral answer.",
    ),
    "document": Entry("", "Documents that people hold."),
    "document render": Entry(
        "pdf:render_command", "Render signed results and refusals as PDF/A-3, with the signed XML attached."
    ),
    "extend": Entry("extend:command", "Add to a signed document what it takes to verify it years later."),
    "flow": Entry("", "The process model of the regulations."),
    "flow diagram": Entry(
        "flow:diagram_command",
        "Draw the diagram of a service from the process model (Приложение 2 of the regulations).",
    ),
    "flow list": Entry("process:list_command", "List which services the regulations provide, and on which channels."),
    "flow run": Entry(
        "process:run_command", "Play scenarios and tell whether everything went as they say; exit code 10 if not."
    ),
    "flow show": Entry(
        "process:show_command", "Print the regulation's table of steps, from the data that the engine runs on."
    ),
    "journal": Entry("", "The journal of an installation."),
    "journal show": Entry(
        "records:journal_show_command",
        "Print the journal: what happened, who acted, how long it took. IINs are masked.",
    ),
    "journal verify": Entry(
        "records:journal_verify_command",
        "Follow the journal's chain of hashes: a line that was removed, changed or moved is found.",
    ),
    "ocsp": Entry("", "Ask OCSP responders."),
    "ocsp query": Entry(
        "ocsp:query_command", "Ask an OCSP responder about a certificate, with a nonce, and judge the answer."
    ),
    "pki": Entry("", "Make a fixture PKI: worlds for tests, their services, a catalogue of defects."),
    "pki build": Entry("pki:build_command", "Build what world.toml declares; only what changed is written."),
    "pki cases": Entry("pki_cases:cases_command", "List, build and run the catalogue of defects."),
    "pki clean": Entry("pki:clean_command", "Delete what was built; world.toml and foreign files stay."),
    "pki crl": Entry("pki:crl_command", "Write the revocation list of AUTHORITY, DER."),
    "pki export": Entry("pki:export_command", "Write the key or certificate LABEL: PKCS#12, DER, PEM, PKCS#8."),
    "pki hold": Entry("pki:hold_command", "Put the certificate LABEL on hold."),
    "pki init": Entry("pki:init_command", "Make a world in FOLDER: authorities, people, provider, systems, lists."),
    "pki issue": Entry("pki:issue_command", "Issue a certificate to a new person, or to a new employee of a provider."),
    "pki list": Entry("pki:list_command", "List the certificates of a world: label, role, status, validity, holder."),
    "pki release": Entry("pki:release_command", "End the hold of the certificate LABEL."),
    "pki renew": Entry("pki:renew_command", "Issue one more certificate to the holder of LABEL."),
    "pki revoke": Entry("pki:revoke_command", "Revoke the certificate LABEL."),
    "pki serve": Entry("pki_services:serve_command", "Answer OCSP, CRL, AIA and time-stamps on loopback."),
    "pki show": Entry("pki_services:show_command", "Draw the tree of a world, or write a page about it."),
    "portal": Entry("", "The portal of electronic government (ПЭП), as a recipient uses it."),
    "portal cabinet": Entry("portal:cabinet_command", "List your own requests, oldest first."),
    "portal form": Entry(
        "portal:form_command", "List the fields of a service's form; * marks those that must be filled."
    ),
    "portal login": Entry("portal:login_command", "Log in with IIN and password (process 1, condition 1)."),
    "portal logout": Entry(
        "portal:logout_command", "Log out: the session ends at once, wherever its file was copied to."
    ),
    "portal order": Entry(
        "portal:order_command", "Order a service: fill the form and check the certificate (process 3, condition 2)."
    ),
    "portal register": Entry("portal:register_command", "Register a person on the portal (process 0)."),
    "portal result": Entry(
        "portal:result_command", "Open the result of a request and verify it, as of the time it was signed."
    ),
    "portal schedule": Entry(
        "schedule:command",
        "List the doctors' free times: the slot_id and doctor_id that the form of an appointment asks for.",
    ),
    "portal services": Entry("portal:services_command", "List the services that can be ordered."),
    "portal sign": Entry(
        "portal:sign_command", "Sign a request and send it to the provider (process 5); it comes back with its number."
    ),
    "portal status": Entry(
        "portal:status_command", "Show the status screen of a request: IIN, number, service, status, term."
    ),
    "portal survey": Entry(
        "portal:survey_command", "Answer the survey of quality and availability, once after the outcome."
    ),
    "portal withdraw": Entry("portal:withdraw_command", "Take a request back, as long as nobody works on it."),
    "sign": Entry("", "Sign documents."),
    "sign cms": Entry("sign:cms_command", "Sign a file of any kind as CMS (CAdES)."),
    "sign pdf": Entry("pdf:sign_command", "Sign a PDF file: PAdES B-B, or B-T with --tsa."),
    "sign wsse": Entry(
        "sign:wsse_command", "Sign the Body of a SOAP envelope for the gateway (ШЭП), with WS-Security."
    ),
    "sign xml": Entry("sign:xml_command", "Sign an XML document in the country's shape."),
    "site": Entry("", "Installations of the services, for trying out."),
    "site deliver": Entry(
        "site:deliver_command",
        "Deliver the messages that wait in the gateway, after it failed or a command was killed.",
    ),
    "site init": Entry(
        "site:init_command", "Make an installation for trying out: a fixture PKI, registers, a provider."
    ),
    "store": Entry("", "The store of an installation."),
    "store check": Entry(
        "records:store_check_command", "Read the whole store and compare it with its digests, index entries and logs."
    ),
    "store export": Entry(
        "records:store_export_command",
        'Write all records of KIND, one JSON object a line; "store stats" lists the kinds.',
    ),
    "store stats": Entry("records:store_stats_command", "Count what the store holds, by kind."),
    "survey": Entry("", "The survey of quality and availability."),
    "survey report": Entry(
        "records:survey_report_command", "Show how recipients answered the survey, by service, with a small chart."
    ),
    "timestamp": Entry("", "Time-stamps (RFC 3161) over files."),
    "timestamp create": Entry("timestamp:create_command", "Get a time-stamp over a file from an authority (RFC 3161)."),
    "timestamp verify": Entry(
        "timestamp:verify_command", "Verify that TOKEN stamps FILE, and whether its authority is to be believed."
    ),
    "trust": Entry("", "Root certificates that are trusted where no --trust is given."),
    "trust import": Entry("trust:import_command", "Trust a root certificate from now on."),
    "trust list": Entry("trust:list_command", "List the root certificates that are trusted where no --trust is given."),
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
