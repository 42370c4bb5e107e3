"""What a stranger can find out about a document that somebody shows: the PDF, the XML in it, the code on the paper.

1. *The PDF signature* (:mod:`egov_sign.docs.pdf_validation`).
2. *The attached XML* has signatures of its own over its whole root (:mod:`egov_sign.docs.validation`), and its signer
   belongs to the organisation it names.
3. *Both say the same*: the pages show number, recipient, provider, visit and the digest of that very XML. Whoever signs
   the PDF vouches for its pages; this finds pages that were made for another document.
4. *The QR code*, where its payload is given: it names this number and the digest of this XML.

A PDF without such an XML is judged by its signatures alone. A payload without the document proves nothing, and is
reported as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from egov_sign.certs.algorithm_policy import AlgorithmPolicy
from egov_sign.certs.certificate import Certificate
from egov_sign.docs.acceptance import CertificateJudge
from egov_sign.docs.document import REFUSAL, RESULT, PersonalDocument, read_document
from egov_sign.docs.judged import Required, XmlVerdict
from egov_sign.docs.pdf_text import page_words, squash
from egov_sign.docs.pdf_validation import PdfValidator, PdfVerdict
from egov_sign.docs.qr import QrPayload, report_qr
from egov_sign.errors import InputError
from egov_sign.limits import DEFAULT_LIMITS, Limits
from egov_sign.verdict import Indication, Report, SubIndication

_TOLD_IN_A_ZONE = frozenset({"PDF_RECEIVED", "PDF_REGISTERED", "PDF_SERVICE"})
"""Rows whose words depend on how the page was rendered."""


@dataclass(slots=True)
class PersonalVerdict:
    """The verdict on a document that a person holds.

    Attributes:
        report: subject ``document``; children are the signatures of the PDF, then the attached XML.
        pdf: the verdict on the PDF.
        document: what the attached XML says; ``None`` if there is none that can be read.
    """

    report: Report
    pdf: PdfVerdict
    document: PersonalDocument | None = None


class PersonalValidator:
    """Judges documents that people hold.

    Args:
        judge: judges certificates; ``None`` leaves everything at best INDETERMINATE.
        policy: which algorithms are accepted until when; by default the country's.
        limits: bounds on files.
    """

    def __init__(
        self,
        judge: CertificateJudge | None,
        *,
        policy: AlgorithmPolicy | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._pdf = PdfValidator(judge, policy=policy, limits=limits)
        self._judge = judge
        self._policy = policy
        self._limits = limits

    def examine(
        self,
        data: bytes,
        at: datetime,
        *,
        required: Required = Required(),  # noqa: B008 - immutable
        certificates: Sequence[Certificate] = (),
        qr: QrPayload | None = None,
    ) -> PersonalVerdict:
        """Judge a PDF at the time ``at``.

        Args:
            data: the PDF.
            at: the validation time, timezone-aware.
            required: what is demanded of the signers of the PDF.
            certificates: offered besides those in the file.
            qr: what a scanner read from the paper.

        Raises:
            InputError: the PDF cannot be read.
        """
        pdf = self._pdf.examine(data, at, required=required, certificates=certificates)
        verdict = PersonalVerdict(pdf.report, pdf)
        claiming = _attached(pdf.file.attachments)
        if len(claiming) > 1:
            pdf.report.fail("DOCUMENT_XML_SEVERAL", SubIndication.FORMAT_FAILURE, count=len(claiming))
        if not claiming and qr is not None:
            pdf.report.fail("DOCUMENT_XML_MISSING", SubIndication.SIGNED_DATA_NOT_FOUND)
        if len(claiming) != 1:
            return verdict
        from egov_sign.docs.validation import XmlValidator  # noqa: PLC0415 - a PDF of somebody else does not need it

        name, xml = claiming[0]
        try:
            document = read_document(xml, limits=self._limits)
            judged = XmlValidator(self._judge, policy=self._policy, limits=self._limits).examine(
                xml, at, required=Required(root="*"), certificates=certificates
            )
        except InputError as error:
            pdf.report.fail("DOCUMENT_XML_UNREADABLE", SubIndication.FORMAT_FAILURE, name, reason=error.message)
            return verdict
        verdict.document = document
        judged.report.name = name
        pdf.report.children.append(judged.report)
        pdf.report.facts["document"] = {
            "kind": document.kind, "number": document.number, "request_number": document.request_number,
            "provider_bin": document.bin,
        }  # fmt: skip
        _report_provider(document, judged, pdf)
        payload = QrPayload.of(document.number, xml)
        _report_pages(document, payload, page_words(data), pdf.report)
        if qr is not None:
            report_qr(qr, payload, pdf.report)
        return verdict


def _attached(attachments: dict[str, bytes]) -> list[tuple[str, bytes]]:
    """Return the attachments that claim to be a result or a refusal, by what they hold in whatever encoding."""
    claims = [name.encode(encoding) for name in (RESULT, REFUSAL) for encoding in ("utf-8", "utf-16-le", "utf-16-be")]
    return [(name, data) for name, data in sorted(attachments.items()) if any(claim in data for claim in claims)]


def _report_provider(document: PersonalDocument, judged: XmlVerdict, pdf: PdfVerdict) -> None:
    """Refuse signers of another organisation than the one that the document names (R408)."""
    report = pdf.report
    signers = [("XML", one.identity) for one in judged.signatures]
    signers += [("PDF", one.identity) for one in pdf.signatures if not one.field.is_timestamp]
    for where, identity in signers:
        if identity is not None and identity.bin is not None and str(identity.bin) != document.bin:
            found = str(identity.bin)
            report.fail("DOCUMENT_PROVIDER", SubIndication.CUSTOM, where, provider=document.bin, found=found)
    if judged.report.indication is Indication.VALID and not any(one and one.bin for _, one in signers):
        report.warn("DOCUMENT_SIGNER_PRIVATE")


def _report_pages(document: PersonalDocument, payload: QrPayload, words: str, report: Report) -> None:
    """Do step 3."""
    shown = [(row.caption, row.value) for row in document.rows if row.caption not in _TOLD_IN_A_ZONE]
    shown += [("PDF_SIGNED_BY", document.signer), ("PDF_CODE", document.code), ("PDF_DIGEST", payload.digest)]
    missing = [caption for caption, value in shown if squash(value) not in words]
    for caption in missing:
        report.fail("DOCUMENT_PAGES_DIFFER", SubIndication.HASH_FAILURE, caption, field=caption.removeprefix("PDF_"))
    if not missing:
        report.note("DOCUMENT_PAGES_SAME", number=document.number)
