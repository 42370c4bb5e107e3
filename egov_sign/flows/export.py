"""A case as a folder that can be checked elsewhere: signed request, evidence, outcome, journal (R48, R402).

:mod:`egov_sign.flows.case_check` checks it.

::

    FOLDER/manifest.json            what is in it, with digests, times, numbers
    FOLDER/request.xml              the signed request
    FOLDER/result.xml | refusal.xml the signed outcome
    FOLDER/attachments/att-1.pdf    files under the request's signature
    FOLDER/certificates/*.cer       issuers that may help to build paths; trust anchors are the verifier's own
    FOLDER/revocation/*.crl|*.ocsp  what was known of revocation at the time
    FOLDER/journal.jsonl            the lines of the journal about this case
    FOLDER/bundle.json              the same as FHIR R4, on request (:mod:`egov_sign.flows.fhir`)

``egov-sign verify request.xml --at TIME --crl revocation/ --ocsp revocation/ --trust ANCHORS`` verifies it; the
manifest says which TIME.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from egov_sign.clock import format_time
from egov_sign.errors import ConfigurationError
from egov_sign.flows import evidence, fhir, journal, requests
from egov_sign.flows.attachments import AttachedFile
from egov_sign.flows.requests import Request, State
from egov_sign.flows.services import Services
from egov_sign.flows.store import Data

SCHEMA = "egov-sign/case/1"
MANIFEST = "manifest.json"
OUTCOMES = {State.COMPLETED: "result.xml", State.REFUSED: "refusal.xml"}
"""Where the signed outcome lies, by the state of the request."""
_SUFFIXES = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "image/tiff": ".tif"}


def export_case(services: Services, number: str, folder: Path, *, with_fhir: bool = False) -> Path:
    """Write the case of a request into ``folder`` and return its manifest.

    Args:
        services: where the case is.
        number: of the request.
        folder: must be empty or absent.
        with_fhir: add the case as a FHIR R4 bundle.

    Raises:
        ConfigurationError: ``REQUEST_UNKNOWN``; ``EXPORT_NOT_EMPTY``; ``EXPORT_UNWRITABLE``; ``FHIR_INCOMPLETE``.
    """
    request = requests.load(services.store, number)
    if folder.exists() and any(folder.iterdir()):
        raise ConfigurationError("EXPORT_NOT_EMPTY", "the folder is not empty", where=str(folder), hint="name another")
    files = dict(_files(services, request))
    if with_fhir:
        files["bundle.json"] = fhir.to_json(fhir.bundle(services, number))
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
    files[MANIFEST] = json.dumps(manifest, ensure_ascii=False, indent=1).encode() + b"\n"
    written: list[Path] = []
    try:
        for name, content in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            written.append(file)
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(content)
    except OSError as error:
        _remove(folder, written)
        message = f"the case cannot be written: {error.strerror}"
        raise ConfigurationError("EXPORT_UNWRITABLE", message, where=str(folder)) from error
    return folder / MANIFEST


def _remove(folder: Path, files: list[Path]) -> None:
    """Remove ``files``, since half a case must not pass for one; what another export writes there meanwhile stays."""
    for file in files:
        with suppress(OSError):
            file.unlink()
    for place in sorted({folder, *(file.parent for file in files)}, reverse=True):
        with suppress(OSError):
            place.rmdir()


def attachment_name(file: AttachedFile) -> str:
    """Return where an attached file lies in the folder."""
    return f"attachments/{file.id}{_SUFFIXES.get(file.media_type, '.bin')}"


def _files(services: Services, request: Request) -> Iterator[tuple[str, bytes]]:
    store = services.store
    if request.document:
        yield "request.xml", store.document(request.document)
    if request.outcome:
        yield OUTCOMES[request.state], store.document(request.outcome)
    for file in request.files:
        yield attachment_name(file), store.document(file.digest)
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
