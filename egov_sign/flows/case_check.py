"""Checks an exported case (:mod:`egov_sign.flows.export`), which may come from anybody (R48, R402, R409).

The manifest is nobody's word: who signed for whom, which files belong to the request, which request an outcome answers
and when it was issued is read from the signed documents, and the manifest is held against them. What no signature
covers is named. The folder is read within bounds; links in it lead nowhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from datetime import datetime
from pathlib import Path
from typing import Any

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.validator import CertificateValidator
from egov_sign.clock import parse_time
from egov_sign.errors import ConfigurationError, InputError, LimitError
from egov_sign.flows import answers, evidence, registration, signing
from egov_sign.flows.export import MANIFEST, OUTCOMES, SCHEMA, attachment_name
from egov_sign.flows.outcome_document import OutcomeContent, read_outcome
from egov_sign.flows.request_document import RequestContent, read_request
from egov_sign.flows.services import Relying
from egov_sign.limits import Limits
from egov_sign.verdict import Finding, Report, SubIndication

_REQUEST = "request.xml"
_UNSIGNED = ("bundle.json", "journal.jsonl")
_FOLDERS = ("attachments", "certificates", "revocation")
_ESTABLISHED_ELSEWHERE = frozenset({"SIG_CERT_REVOCATION_UNKNOWN", "SIG_CERT_UNTRUSTED"})
"""Reasons of the services for what the verdict on the certificate says already, and says as INDETERMINATE."""


def verify_case(services: Relying, folder: Path) -> Report:
    """Check an exported case: every digest, both signatures as of their times, and that all of it belongs together.

    Args:
        services: whose trust anchors are relied on; its store is not asked.
        folder: of the case.

    Raises:
        ConfigurationError: ``CASE_UNREADABLE`` if there is no manifest of a case.
        LimitError: ``CASE_TOO_LARGE``.
    """
    files = _Files(folder, services.limits)
    manifest = _manifest(files, services.limits)
    listed: dict[str, Any] = manifest["files"]
    report = Report("case", str(manifest.get("number", "")))
    outcomes = sorted(name for name in OUTCOMES.values() if name in listed)
    _hold_digests(report, files, listed)
    _hold_names(report, files, manifest, outcomes)
    if _REQUEST not in listed or _REQUEST not in files.digests:
        return report
    report.note("CASE_TIME_CLAIMED", MANIFEST)
    if not outcomes:
        report.note("CASE_STATE_CLAIMED", MANIFEST)
    check = _CaseCheck(services, files, manifest, report)
    report.children.append(check.request())
    report.children += [check.outcome(name) for name in outcomes if name in files.digests]
    return report


def _hold_digests(report: Report, files: _Files, listed: dict[str, Any]) -> None:
    for name, digest in listed.items():
        if name not in files.digests:
            report.fail("CASE_FILE_MISSING", SubIndication.SIGNED_DATA_NOT_FOUND, name)
        elif files.digests[name] != digest:
            report.fail("CASE_FILE_CHANGED", SubIndication.HASH_FAILURE, name)


def _hold_names(report: Report, files: _Files, manifest: dict[str, Any], outcomes: list[str]) -> None:
    """Tell what is missing, and what is there that no signature covers.

    What the manifest leaves out must not pass for checked: without a signed request there is no case, and what is
    decided has exactly one outcome (R14).
    """
    listed = manifest["files"]
    expected = {name for state, name in OUTCOMES.items() if state.value == manifest.get("state")}
    for name in ({_REQUEST} | expected) - listed.keys():
        report.fail("CASE_FILE_MISSING", SubIndication.SIGNED_DATA_NOT_FOUND, name)
    for name in set(outcomes) - expected:
        report.fail("CASE_NOT_BOUND", SubIndication.HASH_FAILURE, name)
    known = {_REQUEST, MANIFEST, *outcomes}
    for name in sorted(files.digests.keys() - known):
        if name in _UNSIGNED:
            report.note("CASE_FILE_CLAIMED", name)
        elif name not in listed or name.partition("/")[0] not in _FOLDERS:
            report.warn("CASE_FILE_STRANGE", name)


class _Files:
    """The plain files of a folder by name, with slashes; links, pipes and devices are none.

    Args:
        folder: where they are.
        limits: bounds on their number and size.

    Raises:
        LimitError: ``CASE_TOO_LARGE``.
        ConfigurationError: ``CASE_UNREADABLE``.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder = folder
        self.digests: dict[str, str] = {}
        size = 0
        try:
            for place, _, names in os.walk(folder):
                for name in names:
                    file = Path(place, name)
                    status = file.lstat()
                    if not stat.S_ISREG(status.st_mode):
                        continue
                    size += status.st_size
                    if size > limits.case_bytes or len(self.digests) >= limits.case_files:
                        raise LimitError("CASE_TOO_LARGE", "the folder holds more than a case", where=str(folder))
                    with file.open("rb") as opened:
                        digest = hashlib.file_digest(opened, "sha256").hexdigest()
                    self.digests[file.relative_to(folder).as_posix()] = digest
        except OSError as error:
            raise _unreadable(folder) from error

    def read(self, name: str) -> bytes:
        """Return the bytes of a file that is there."""
        return (self.folder / name).read_bytes()

    def below(self, folder: str) -> list[str]:
        """Return the names of the files in ``folder``, sorted."""
        return sorted(name for name in self.digests if name.startswith(f"{folder}/"))


def _manifest(files: _Files, limits: Limits) -> dict[str, Any]:
    """Return what the manifest says; one that two readers could understand differently says nothing."""
    try:
        if MANIFEST not in files.digests or (files.folder / MANIFEST).stat().st_size > limits.manifest_bytes:
            raise ValueError(MANIFEST)
        manifest: dict[str, Any] = json.loads(files.read(MANIFEST), object_pairs_hook=_unique)
        if manifest["schema"] != SCHEMA or not isinstance(manifest["files"], dict):
            raise ValueError(MANIFEST)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unreadable(files.folder) from error
    return manifest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError(pairs[0][0])
    return dict(pairs)


class _CaseCheck:
    """The checks of the signed documents of an exported case; only what is under a signature is believed.

    Args:
        services: whose trust anchors are relied on.
        files: of the case.
        manifest: what says which times the documents are judged for.
        report: on the case; gets what stands against the manifest and against files beside the signed documents.
    """

    def __init__(self, services: Relying, files: _Files, manifest: dict[str, Any], report: Report) -> None:
        self._services = services
        self._files = files
        self._manifest = manifest
        self._report = report
        self._judge = self._judge_of_the_time()
        self._content: RequestContent | None = None

    def request(self) -> Report:
        """Check the request: its signature, that its signer is who it says, its files (R107, R410, R411)."""
        opened, at = self._open(_REQUEST, "request", "signed_at")
        report = opened.report
        if opened.root is None or opened.certificate is None:
            return report
        self._content = content = read_request(opened.root)
        report.findings += _more(registration.signer_reasons(self._services, content, opened, at))
        attached = {attachment_name(file): file.digest for file in content.files}
        for name in attached.keys() - self._manifest["files"].keys():
            report.fail("CASE_FILE_MISSING", SubIndication.SIGNED_DATA_NOT_FOUND, name)
        for name in self._files.below("attachments"):
            if attached.get(name) != self._files.digests[name]:
                report.fail("CASE_NOT_BOUND", SubIndication.HASH_FAILURE, name)
        said = {"service": content.service, "profile": content.profile, "channel": content.channel}
        if any(self._manifest.get(key) != value for key, value in said.items()):
            self._report.fail("CASE_NOT_BOUND", SubIndication.HASH_FAILURE, MANIFEST)
        if at < content.created_at:
            self._contradicted()
        return report

    def outcome(self, name: str) -> Report:
        """Check a result or a refusal: its signature, that it is this request's and its provider's (R408, R409)."""
        opened, at = self._open(name, name.removesuffix(".xml"), "decided_at")
        report = opened.report
        if opened.root is None or opened.certificate is None:
            return report
        content, request = read_outcome(opened.root), self._content
        told = (content.request_digest, content.request_number)
        if told != (self._files.digests[_REQUEST], self._manifest.get("number")) or (
            request is not None and content.recipient != (request.represented or request.applicant)
        ):
            report.fail("CASE_NOT_BOUND", SubIndication.HASH_FAILURE, name)
        self._hold_times(content, at)
        provider = request.provider_bin if request else content.provider_bin
        report.findings += _more(answers.signer_reasons(self._services, content, provider, opened, at))
        return report

    def _hold_times(self, content: OutcomeContent, decided: datetime) -> None:
        """Hold the times that the documents are judged for against those that the provider signed."""
        latest = content.issued_at + self._services.settings.clock_tolerance
        registered = content.registered_at or content.issued_at
        if not content.issued_at <= decided <= latest or self._time("signed_at") > registered:
            self._contradicted()

    def _contradicted(self) -> None:
        self._report.fail("CASE_TIME_CONTRADICTED", SubIndication.FORMAT_FAILURE, MANIFEST)

    def _open(self, name: str, kind: str, moment: str) -> tuple[signing.Opened, datetime]:
        at = self._time(moment)
        opened = signing.open_signed(self._services, self._files.read(name), kind, at, judge=self._judge)
        opened.report.name = name
        if opened.root is None:
            opened.report.findings += _more(opened.reasons)
        return opened, at

    def _time(self, moment: str) -> datetime:
        try:
            return parse_time(self._manifest[moment])
        except (ConfigurationError, KeyError, TypeError) as error:
            raise _unreadable(self._files.folder) from error

    def _judge_of_the_time(self) -> CertificateValidator:
        issuers = []
        for name in self._files.below("certificates"):
            data = self._files.read(name)
            try:
                Certificate.load(data, self._services.limits)
            except InputError:
                self._report.warn("CASE_FILE_STRANGE", name)
            else:
                issuers.append(data)
        statuses = (self._files.read(name) for name in self._files.below("revocation"))
        return evidence.judge_knowing(self._services, issuers, statuses)


def _more(reasons: list[Finding] | tuple[Finding, ...]) -> list[Finding]:
    return [finding for finding in reasons if finding.code not in _ESTABLISHED_ELSEWHERE]


def _unreadable(folder: Path) -> ConfigurationError:
    return ConfigurationError("CASE_UNREADABLE", "there is no exported case here", where=str(folder))
