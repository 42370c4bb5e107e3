"""A case as a folder that can be checked elsewhere: signed request, evidence, outcome, journal (R48, R402).

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
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from egov_sign.clock import format_time, parse_time
from egov_sign.errors import ConfigurationError
from egov_sign.flows import answers, evidence, fhir, journal, registration, requests, signing
from egov_sign.flows.outcome_document import read_outcome
from egov_sign.flows.request_document import RequestContent, read_request
from egov_sign.flows.requests import Request, State
from egov_sign.flows.services import Relying, Services
from egov_sign.flows.store import Data
from egov_sign.verdict import Finding, Report, SubIndication

SCHEMA = "egov-sign/case/1"
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
    files["manifest.json"] = json.dumps(manifest, ensure_ascii=False, indent=1).encode() + b"\n"
    try:
        for name, content in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file.write_bytes(content)
            file.chmod(0o600)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)  # it was empty or absent; half a case must not pass for one
        message = f"the case cannot be written: {error.strerror}"
        raise ConfigurationError("EXPORT_UNWRITABLE", message, where=str(folder)) from error
    return folder / "manifest.json"


def verify_case(services: Relying, folder: Path) -> Report:
    """Check an exported case: every digest, both signatures as of their times, and that they belong together.

    The manifest is nobody's word: who signed for whom, which files belong to the request and which request an outcome
    answers is read from the signed documents. The times of signing are the manifest's, which a note says.

    Args:
        services: whose trust anchors are relied on.
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
        raise _unreadable_case(folder) from error
    report = Report("case", str(manifest.get("number", "")))
    for name, digest in listed.items():
        file = folder / name
        if not file.resolve().is_relative_to(folder.resolve()) or not file.is_file():
            report.fail("CASE_FILE_MISSING", SubIndication.SIGNED_DATA_NOT_FOUND, name)
        elif hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            report.fail("CASE_FILE_CHANGED", SubIndication.HASH_FAILURE, name)
    # What the manifest leaves out must not pass for checked: without a signed request there is no case.
    if "request.xml" not in listed or not (folder / "request.xml").is_file():
        if "request.xml" not in listed:
            report.fail("CASE_FILE_MISSING", SubIndication.SIGNED_DATA_NOT_FOUND, "request.xml")
        return report
    report.note("CASE_TIME_CLAIMED", "manifest.json")
    check = _CaseCheck(services, folder, manifest, set(listed))
    report.children.append(check.request())
    for kind in ("result", "refusal"):
        if f"{kind}.xml" in listed and (folder / f"{kind}.xml").is_file():
            report.children.append(check.outcome(kind))
    return report


class _CaseCheck:
    """The checks of the signed documents of an exported case; only what is under a signature is believed.

    Args:
        services: whose trust anchors are relied on.
        folder: of the case.
        manifest: what says which times the documents are judged for.
        listed: names of the files that the manifest lists.
    """

    def __init__(self, services: Relying, folder: Path, manifest: dict[str, Any], listed: set[str]) -> None:
        self._services = services
        self._folder = folder
        self._manifest = manifest
        self._listed = listed
        self._judge = evidence.judge_of_folder(services, folder)
        self._digest = hashlib.sha256((folder / "request.xml").read_bytes()).hexdigest()
        self._content: RequestContent | None = None

    def request(self) -> Report:
        """Check the request: its signature, that its signer is who it says, its files (R107, R410, R411)."""
        opened, at = self._open("request", "signed_at")
        report = opened.report
        if opened.root is None or opened.certificate is None:
            return report
        self._content = content = read_request(opened.root)
        reasons = registration.signer_reasons(self._services, content, opened, at)
        report.findings += reasons
        for file in content.files:
            name = f"attachments/{file.id}{_SUFFIXES.get(file.media_type, '.bin')}"
            if name not in self._listed:
                report.fail("CASE_FILE_MISSING", SubIndication.SIGNED_DATA_NOT_FOUND, name)
            elif (self._folder / name).is_file() and hashlib.sha256(
                (self._folder / name).read_bytes()
            ).hexdigest() != file.digest:
                report.fail("CASE_NOT_BOUND", SubIndication.HASH_FAILURE, name)
        return report

    def outcome(self, kind: str) -> Report:
        """Check a result or a refusal: its signature, that it is this request's and its provider's (R408, R409)."""
        opened, at = self._open(kind, "decided_at")
        report = opened.report
        if opened.root is None or opened.certificate is None:
            return report
        content, request = read_outcome(opened.root), self._content
        told = (content.request_digest, content.request_number)
        if told != (self._digest, str(self._manifest.get("number", ""))) or (
            request is not None and content.recipient != (request.represented or request.applicant)
        ):
            report.fail("CASE_NOT_BOUND", SubIndication.HASH_FAILURE, f"{kind}.xml")
        provider = request.provider_bin if request else content.provider_bin
        report.findings += answers.signer_reasons(self._services, content, provider, opened, at)
        return report

    def _open(self, kind: str, moment: str) -> tuple[signing.Opened, datetime]:
        name = f"{kind}.xml"
        try:
            at = parse_time(self._manifest[moment])
        except (ConfigurationError, KeyError, TypeError) as error:
            raise _unreadable_case(self._folder) from error
        data = (self._folder / name).read_bytes()
        opened = signing.open_signed(self._services, data, kind, at, judge=self._judge)
        opened.report.name = name
        if opened.root is None:
            opened.report.findings += _definite(opened.reasons)
        return opened, at


def _definite(reasons: Iterable[Finding]) -> list[Finding]:
    """Return the reasons that stand on their own.

    That a path or a status could not be established refuses a service; of a case it stands in the certificate's report,
    where it is INDETERMINATE: this machine may lack the anchors.
    """
    return [reason for reason in reasons if reason.code not in {"SIG_CERT_UNTRUSTED", "SIG_CERT_REVOCATION_UNKNOWN"}]


def _unreadable_case(folder: Path) -> ConfigurationError:
    return ConfigurationError("CASE_UNREADABLE", "there is no exported case here", where=str(folder))


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
