"""The verdict on a signed PDF: PAdES (ETSI EN 319 142-1), judged by the steps of ETSI EN 319 102-1.

The signatures are judged from the last to the first, since a later time-stamp proves when an earlier one existed:

1. *The file* (:mod:`egov_sign.docs.pdf_structure`): byte range, contents, what was changed later.
2. *A document time-stamp* is judged at the time proven so far. If it is VALID, everything before it existed by then.
3. *A signature* is judged as a CMS signature (:mod:`egov_sign.docs.cms_validation`) over its byte range at the time
   proven so far, with the certificates and revocation information of the document security store.
4. *Later changes*: what a certifying signature forbids, and what no signature allows, makes it INVALID.

Then, for the document: what the caller requires of the signers. The verdict on the document is the worst of all. That
a signature does not cover what came after it is told; that the last one covers the whole file is not taken for granted.

Pure: no clock, no network, no files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from egov_sign.certs.algorithm_policy import AlgorithmPolicy
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.profile import Identity
from egov_sign.clock import as_utc, format_time
from egov_sign.docs.acceptance import CertificateJudge, report_signers
from egov_sign.docs.cms_validation import CmsValidator, JudgedSigner
from egov_sign.docs.evidence import for_document, judge_with, read_certificates
from egov_sign.docs.judged import Required
from egov_sign.docs.pdf_structure import PADES, Later, PdfField, PdfFile, read_pdf
from egov_sign.docs.timestamp_validation import TimestampValidator
from egov_sign.errors import InputError
from egov_sign.limits import DEFAULT_LIMITS, Limits
from egov_sign.verdict import Indication, Report, SubIndication

FORMAT = SubIndication.FORMAT_FAILURE


@dataclass(slots=True)
class JudgedField:
    """One signature or document time-stamp with its verdict.

    Attributes:
        field: where it stands and what it covers.
        report: subject ``signature`` or ``timestamp``.
        signer: the signature as CMS; ``None`` for a time-stamp and for what cannot be read.
        proves: when what it covers existed, by a VALID document time-stamp.
    """

    field: PdfField
    report: Report
    signer: JudgedSigner | None = None
    proves: datetime | None = None

    @property
    def identity(self) -> Identity | None:
        """Who signed, if that is known."""
        return self.signer.identity if self.signer else None


@dataclass(slots=True)
class PdfVerdict:
    """The verdict on a file.

    Attributes:
        report: subject ``document``, one child per signature and document time-stamp, in the order they were made.
        file: what was read.
        signatures: the same signatures.
    """

    report: Report
    file: PdfFile
    signatures: list[JudgedField] = field(default_factory=list)


class PdfValidator:
    """Judges signed PDF files.

    Args:
        judge: judges certificates; ``None`` leaves every signature at best INDETERMINATE.
        policy: which algorithms are accepted until when; ``None`` is the built-in one.
        limits: bounds on files.
    """

    def __init__(
        self,
        judge: CertificateJudge | None,
        *,
        policy: AlgorithmPolicy | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.judge = judge
        self.policy = policy
        self.limits = limits

    def validate(
        self,
        data: bytes,
        at: datetime,
        *,
        required: Required = Required(),  # noqa: B008 - immutable
        certificates: Sequence[Certificate] = (),
    ) -> Report:
        """Judge the file ``data`` at the time ``at``; as :meth:`examine`, the report alone."""
        return self.examine(data, at, required=required, certificates=certificates).report

    def examine(
        self,
        data: bytes,
        at: datetime,
        *,
        required: Required = Required(),  # noqa: B008 - immutable
        certificates: Sequence[Certificate] = (),
    ) -> PdfVerdict:
        """Judge the file ``data`` at the time ``at``.

        Args:
            data: the PDF.
            at: the validation time, timezone-aware.
            required: what is demanded of a signer beyond valid signatures.
            certificates: offered besides those in the file.

        Raises:
            InputError: ``data`` cannot be read (:func:`egov_sign.docs.pdf_structure.read_pdf`).
            ConfigurationError: ``TIME_NAIVE``.
        """
        at = as_utc(at)
        file = read_pdf(data, self.limits)
        report = Report("document", facts={"format": "PDF", "validation_time": format_time(at)})
        report.facts["revisions"] = file.revisions
        report.facts["attachments"] = [*sorted(file.attachments)]
        verdict = PdfVerdict(report, file)
        if not any(not one.is_timestamp for one in file.fields):
            report.fail("NO_SIGNATURE", FORMAT)
        known = [*read_certificates(file.evidence.certificates, report, self.limits), *certificates]
        names = frozenset(one.name for one in file.fields)
        work = _Work(self, judge_with(for_document(self.judge), file.evidence, at), known, names)
        proven = at
        for one in reversed(file.fields):
            judged = work.judge_timestamp(one, proven) if one.is_timestamp else work.judge_signature(one, proven)
            verdict.signatures.insert(0, judged)
            _report_order(judged, [other.proves for other in verdict.signatures[1:] if other.proves])
            proven = min(proven, judged.proves or proven)
        report.children.extend(judged.report for judged in verdict.signatures)
        _describe_levels(verdict)
        standing = [one for one in verdict.signatures if one.report.indication is not Indication.INVALID]
        report_signers([one.identity for one in standing if one.identity], required, report)
        return verdict


@dataclass(slots=True)
class _Work:
    """The judgement of one file: what all its signatures share."""

    validator: PdfValidator
    judge: CertificateJudge | None
    known: Sequence[Certificate]
    names: frozenset[str]
    """Of all signature fields of the file."""

    def judge_timestamp(self, one: PdfField, at: datetime) -> JudgedField:
        """Do step 2."""
        if one.refusal is not None:
            return JudgedField(one, self._refused(one, Report("timestamp", one.name)))
        validator = TimestampValidator(self.judge, policy=self.validator.policy, limits=self.validator.limits)
        judged = validator.validate(one.contents, one.content, at, candidates=self.known)
        judged.report.name = one.name
        judged.report.facts["over"] = "document"
        _describe(one, judged.report)
        _report_later(one, judged.report, self.names)
        return JudgedField(one, judged.report, proves=judged.proves)

    def judge_signature(self, one: PdfField, at: datetime) -> JudgedField:
        """Do step 3."""
        report = Report("signature", one.name)
        if one.refusal is not None:
            return JudgedField(one, self._refused(one, report))
        validator = CmsValidator(
            self.judge,
            policy=self.validator.policy,
            require_signing_certificate=one.subfilter == PADES,
            limits=self.validator.limits,
        )
        try:
            verdict = validator.examine(one.contents, at, content=one.content, certificates=self.known)
        except InputError as error:
            report.fail("CMS_UNREADABLE", FORMAT, one.name, reason=error.message)
            return JudgedField(one, report)
        if len(verdict.signatures) == 1:
            report = verdict.signatures[0].report
            report.name = one.name
        else:
            report.fail("PDF_SIGNERS", FORMAT, one.name, count=len(verdict.signatures))
        if verdict.message.content is not None:
            report.fail("PDF_NOT_DETACHED", FORMAT, one.name)
        report.findings.extend(verdict.report.findings)
        _describe(one, report)
        _report_later(one, report, self.names)
        return JudgedField(one, report, verdict.signatures[0] if len(verdict.signatures) == 1 else None)

    @staticmethod
    def _refused(one: PdfField, report: Report) -> Report:
        if one.refusal is not None:
            one.refusal.report_to(report)
        return report


def _describe(one: PdfField, report: Report) -> None:
    facts = report.facts
    facts["field"] = one.name
    facts["subfilter"] = one.subfilter.removeprefix("/")
    facts["byte_range"] = list(one.byte_range)
    facts["covers_whole_file"] = one.whole
    facts["changed_later"] = one.later.value
    facts["scope"] = [{"what": "file" if one.whole else "revision", "bytes": len(one.content)}]
    if one.claimed_time is not None:
        facts["claimed_signing_time"] = format_time(one.claimed_time)
    facts.update({name: value for name, value in (("reason", one.reason), ("location", one.location)) if value})
    if one.certifies is not None:
        facts["permits"] = one.certifies


def _report_later(one: PdfField, report: Report, signatures: frozenset[str]) -> None:
    """Do step 4."""
    if one.later is Later.SUSPICIOUS:
        report.fail("PDF_CHANGED", FORMAT, one.name, reason=one.complaint or "—")
    elif one.forbidden:
        report.fail("PDF_CHANGE_FORBIDDEN", FORMAT, one.name, change=one.later.value, permits=one.certifies)
    elif one.later is Later.ANNOTATIONS:
        report.warn("PDF_ANNOTATED", one.name)
    elif one.later is Later.FORMS and one.filled <= signatures:
        report.note("PDF_SIGNED_AGAIN", one.name)
    elif one.later is Later.FORMS:
        report.warn("PDF_FILLED", one.name)
    elif one.later is Later.LONG_TERM:
        report.note("PDF_LONG_TERM_ADDED", one.name)


def _report_order(judged: JudgedField, later: Sequence[datetime]) -> None:
    """Refuse time-stamps that stand before others in the file and claim to have been made after them."""
    stamps = judged.signer.timestamps if judged.signer else []
    times = [stamp.token.info.gen_time for stamp in stamps if stamp.token is not None]
    times += [judged.proves] if judged.proves else []
    if times and later and max(times) > min(later):
        judged.report.fail("TIMESTAMP_ORDER", SubIndication.TIMESTAMP_ORDER_FAILURE, judged.field.name)


def _describe_levels(verdict: PdfVerdict) -> None:
    """Say what level each signature has, by its shape (ETSI EN 319 142-1, 6)."""
    store = verdict.file.evidence.has_revocation
    for one in verdict.signatures:
        if one.signer is None:
            continue
        after = [other for other in verdict.signatures if other.field.is_timestamp and other.field.end > one.field.end]
        level = "B-T" if after or one.signer.timestamps else "B-B"
        if store and level == "B-T":
            level = "B-LTA" if after else "B-LT"
        one.report.facts["level"] = f"PAdES-{level}" if one.field.subfilter == PADES else "CMS"
