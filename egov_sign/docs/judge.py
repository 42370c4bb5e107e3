"""The verdict on any signed document: its format is recognised by its content, and the right validator judges it.

Pure: no clock, no network, no files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from egov_sign.certs.algorithm_policy import AlgorithmPolicy
from egov_sign.certs.certificate import Certificate
from egov_sign.clock import as_utc, format_time
from egov_sign.docs.acceptance import CertificateJudge, report_signers
from egov_sign.docs.cms_validation import CmsValidator
from egov_sign.docs.formats import Format, recognise
from egov_sign.docs.judged import Required, XmlRules
from egov_sign.docs.qr import QrPayload
from egov_sign.docs.timestamp import TimestampToken, bare_token
from egov_sign.docs.timestamp_validation import TimestampValidator
from egov_sign.errors import UnsupportedError
from egov_sign.limits import DEFAULT_LIMITS, Limits
from egov_sign.verdict import Report, SubIndication

if TYPE_CHECKING:
    from egov_sign.docs.validation import XmlValidator
    from egov_sign.docs.wsse_validation import WsseValidator


@dataclass(frozen=True, slots=True)
class Detached:
    """Content that was signed and lies outside the document.

    Attributes:
        data: its bytes.
        name: how an XML signature may refer to it; one without a URI finds it in any case.
    """

    data: bytes
    name: str = ""


def contents_of(detached: Detached | None) -> dict[str, bytes]:
    """Return ``detached`` by the URIs that an XML signature may refer to it with."""
    return {"": detached.data, detached.name: detached.data} if detached else {}


class DocumentValidator:
    """Judges signed documents of every format.

    Args:
        judge: judges certificates; ``None`` leaves every signature at best INDETERMINATE.
        policy: which algorithms are accepted until when; by default the country's.
        limits: bounds on documents.
        rules: what is read of XML signatures beyond the usual.
    """

    def __init__(
        self,
        judge: CertificateJudge | None,
        *,
        policy: AlgorithmPolicy | None = None,
        limits: Limits = DEFAULT_LIMITS,
        rules: XmlRules = XmlRules(),  # noqa: B008 - immutable
    ) -> None:
        self.judge = judge
        self.rules = rules
        self.policy = policy
        self.limits = limits
        self._cms = CmsValidator(judge, policy=policy, limits=limits)
        self._timestamps = TimestampValidator(judge, policy=policy, limits=limits)

    @cached_property
    def _xml(self) -> XmlValidator:
        from egov_sign.docs.validation import XmlValidator  # noqa: PLC0415 - only a document in XML pays for it

        return XmlValidator(self.judge, policy=self.policy, limits=self.limits, rules=self.rules)

    @cached_property
    def _wsse(self) -> WsseValidator:
        from egov_sign.docs.wsse_validation import WsseValidator  # noqa: PLC0415 - only a gateway message pays for it

        return WsseValidator(self.judge, policy=self.policy, limits=self.limits)

    def validate(
        self,
        data: bytes,
        at: datetime,
        *,
        required: Required = Required(),  # noqa: B008 - immutable
        detached: Detached | None = None,
        certificates: Sequence[Certificate] = (),
        qr: QrPayload | None = None,
    ) -> Report:
        """Judge the document ``data`` at the time ``at``.

        Args:
            data: the document.
            at: the validation time, timezone-aware.
            required: what is demanded beyond valid signatures. Of a gateway message it is demanded of whoever signed
                the business document in it; of the sending system where there is none.
            detached: the signed content, where the document does not hold it.
            certificates: offered besides those in the document: signers that are only named, intermediates.
            qr: what a scanner read from the paper of a PDF that a provider issued.

        Raises:
            InputError: ``FORMAT_UNKNOWN``, or the document cannot be read as what it appears to be.
            UnsupportedError: ``PDF_EXTRA``.
            ConfigurationError: ``TIME_NAIVE``.
        """
        match recognise(data, self.limits):
            case Format.XML:
                contents = contents_of(detached)
                return self._xml.validate(data, at, required=required, contents=contents, certificates=certificates)
            case Format.WSSE:
                return self._judge_message(data, at, required, certificates)
            case Format.CMS:
                content = detached.data if detached else None
                report = self._cms.validate(data, at, content=content, required=required, certificates=certificates)
            case Format.TIMESTAMP:
                report = self._judge_timestamp(data, at, required, detached, certificates)
            case Format.PDF:
                report = self._judge_pdf(data, at, required, certificates, qr)
        _miss_root(required, report)
        return report

    def _judge_message(
        self, data: bytes, at: datetime, required: Required, certificates: Sequence[Certificate]
    ) -> Report:
        verdict = self._wsse.examine(data, at, certificates=certificates)
        if required == Required():
            return verdict.report
        if verdict.business is None:
            report = self._wsse.validate(data, at, sender=required, certificates=certificates)
            _miss_root(required, report)
            return report
        return self._wsse.validate(data, at, business=required, certificates=certificates)

    def _judge_timestamp(
        self,
        data: bytes,
        at: datetime,
        required: Required,
        detached: Detached | None,
        certificates: Sequence[Certificate],
    ) -> Report:
        at = as_utc(at)
        report = Report("document", facts={"format": Format.TIMESTAMP.value, "validation_time": format_time(at)})
        if detached is None:
            report.fail("TIMESTAMP_CONTENT_MISSING", SubIndication.SIGNED_DATA_NOT_FOUND)
        token = bare_token(data, self.limits)
        stamped = detached.data if detached else TimestampToken.load(token, self.limits).info.imprint
        judged = self._timestamps.validate(token, stamped, at, candidates=certificates)
        report.children.append(judged.report)
        report_signers([], required, report)  # an authority is nobody's signature
        return report

    def _judge_pdf(
        self,
        data: bytes,
        at: datetime,
        required: Required,
        certificates: Sequence[Certificate],
        qr: QrPayload | None,
    ) -> Report:
        try:
            from egov_sign.docs.personal_validation import PersonalValidator  # noqa: PLC0415 - an extra, and slow to import
        except ImportError as error:
            raise UnsupportedError(
                "PDF_EXTRA",
                "the libraries for PDF are not installed",
                hint="in a checkout of egov-sign: pip install '.[pdf]'",
            ) from error
        validator = PersonalValidator(self.judge, policy=self.policy, limits=self.limits)
        return validator.examine(data, at, required=required, certificates=certificates, qr=qr).report


def _miss_root(required: Required, report: Report) -> None:
    """Say in ``report`` that the root that is ``required`` is not there: nothing of this format has one."""
    if required.root:
        report.fail("SIGNED_ROOT_MISMATCH", SubIndication.CUSTOM, required=required.root)
