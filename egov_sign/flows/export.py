"""A case as a folder that can be checked elsewhere: signed request, evidence, outcome, journal (R48, R402).

::

    FOLDER/manifest.json            what is in it, with digests, times, numbers
    FOLDER/request.xml              the signed request
    FOLDER/result.xml | refusal.xml the signed outcome
    FOLDER/attachments/att-1.pdf    files under the request's signature
    FOLDER/certificates/*.cer       issuers that may help to build paths; trust anchors are the verifier's own
    FOLDER/revocation/*.crl|*.ocsp  what was known of revocation at the time
    FOLDER/journal.jsonl            the lines of the journal about this case

``egov-sign verify request.xml --at TIME --crl revocation/ --ocsp revocation/ --trust ANCHORS`` verifies it; the
manifest says which TIME.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from egov_sign.clock import format_time, parse_time
from egov_sign.errors import ConfigurationError
from egov_sign.flows import evidence, journal, requests, signing
from egov_sign.flows.outcome_document import read_outcome
from egov_sign.flows.requests import Request, State
from egov_sign.flows.services import Services
from egov_sign.flows.store import Data
from egov_sign.verdict import Report, SubIndication

SCHEMA = "egov-sign/case/1"
_SUFFIXES = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "image/tiff": ".tif"}


def export_case(services: Services, number: str, folder: Path) -> Path:
    """Write the case of a request into ``folder`` and return its manifest.

    Args:
        services: where the case is.
        number: of the request.
        folder: must be empty or absent.

    Raises:
        ConfigurationError: ``REQUEST_UNKNOWN``; ``EXPORT_NOT_EMPTY``; ``EXPORT_UNWRITABLE``.
    """
    request = requests.load(services.store, number)
    if folder.exists() and any(folder.iterdir()):
        raise ConfigurationError("EXPORT_NOT_EMPTY", "the folder is not empty", where=str(folder), hint="name another")
    files = dict(_files(services, request))
    manifest: Data = {
        "schema": SCHEMA,
        "number": request.number,
        "service": request.service,
        "profile": request.profile,
        "channel": request.channel,
        "state": request.state.value,
        "signed_at": _time(request, State.SIGNED),
        "decided_at": _time(request, State.COMPLETED) or _time(request, State.REFUSED),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
    }
    files["manifest.json"] = json.dumps(manifest, ensure_ascii=False, indent=1).encode() + b"\n"
    try:
        for name, content in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file.write_bytes(content)
            file.chmod(0o600)
    except OSError as error:
        raise ConfigurationError("EXPORT_UNWRITABLE", f"cannot be written: {error}", where=str(folder)) from error
    return folder / "manifest.json"


def verify_case(services: Services, folder: Path) -> Report:
    """Check an exported case: every digest, both signatures as of their times, and that they belong together.

    Args:
        services: whose trust anchors are relied on; its store is not asked.
        folder: of the case.

    Raises:
        ConfigurationError: ``CASE_UNREADABLE`` if there is no manifest of a case.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
        if manifest["schema"] != SCHEMA:
            raise ValueError(manifest["schema"])
        listed = dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError("CASE_UNREADABLE", "there is no exported case here", where=str(folder)) from error
    report = Report("case", str(manifest.get("number", "")))
    for name, digest in listed.items():
        file = folder / name
        if not file.resolve().is_relative_to(folder.resolve()) or not file.is_file():
            report.fail("CASE_FILE_MISSING", SubIndication.SIGNED_DATA_NOT_FOUND, name)
        elif hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            report.fail("CASE_FILE_CHANGED", SubIndication.HASH_FAILURE, name)
    for kind, at in (("request", "signed_at"), ("result", "decided_at"), ("refusal", "decided_at")):
        if f"{kind}.xml" in listed and (folder / f"{kind}.xml").is_file():
            report.children.append(_verify_document(services, folder, kind, str(manifest[at])))
    return report


def _verify_document(services: Services, folder: Path, kind: str, at: str) -> Report:
    judge = evidence.judge_of_folder(services, folder)
    data = (folder / f"{kind}.xml").read_bytes()
    opened = signing.open_signed(services, data, kind, parse_time(at), judge=judge)
    report = opened.report
    report.name = f"{kind}.xml"
    if opened.root is None:
        return report
    if kind != "request":
        request = (folder / "request.xml").read_bytes() if (folder / "request.xml").is_file() else b""
        if read_outcome(opened.root).request_digest != hashlib.sha256(request).hexdigest():
            report.fail("CASE_NOT_BOUND", SubIndication.HASH_FAILURE, f"{kind}.xml")
    return report


def _files(services: Services, request: Request) -> Iterator[tuple[str, bytes]]:
    store = services.store
    if request.document:
        yield "request.xml", store.document(request.document)
    if request.outcome:
        kind = "result" if request.state is State.COMPLETED else "refusal"
        yield f"{kind}.xml", store.document(request.outcome)
    for file in request.files:
        yield f"attachments/{file.id}{_SUFFIXES.get(file.media_type, '.bin')}", store.document(file.digest)
    for digest in filter(None, (request.evidence, request.outcome_evidence)):
        issuers, statuses = evidence.read(services, digest)
        for issuer in issuers:
            yield f"certificates/{hashlib.sha256(issuer).hexdigest()[:16]}.cer", issuer
        for name, status in statuses.items():
            yield f"revocation/{name}", status
    lines = [json.dumps(asdict(event), ensure_ascii=False) for event in journal.read(store, request.id)]
    yield "journal.jsonl", "".join(f"{line}\n" for line in lines).encode()


def _time(request: Request, state: State) -> str:
    moment = request.entered(state)
    return format_time(moment) if moment else ""
