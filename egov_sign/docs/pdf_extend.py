"""From a signature that is good today to one that can be verified years later: PAdES B-LT and B-LTA."""

from __future__ import annotations

from datetime import datetime

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.validator import CertificateValidator
from egov_sign.docs.cades import evidence_of
from egov_sign.docs.cms import SignedData
from egov_sign.docs.evidence import evidence_for, read_certificates
from egov_sign.docs.pdf_sign import add_document_timestamp, add_security_store
from egov_sign.docs.pdf_structure import PdfFile
from egov_sign.docs.pdf_validation import PdfValidator
from egov_sign.docs.timestamp_client import TimestampSource
from egov_sign.verdict import Indication, Report


def extend_pdf(
    pdf: bytes, judge: CertificateValidator, at: datetime, *, timestamps: TimestampSource | None = None
) -> tuple[Report, bytes | None]:
    """Add to a signed PDF what its verdict at ``at`` rests on (B-LT), and a time-stamp over all of that (B-LTA).

    Only a document that is VALID is extended: what nobody could verify today, nobody will later.

    Args:
        pdf: the signed file.
        judge: judges certificates; its anchors and intermediates go into the document where the verdict rests on them.
        at: the time of judgement, timezone-aware.
        timestamps: where the document time-stamp comes from; without it, there is none.

    Returns:
        The verdict, and the extended file; ``None`` if the verdict is not VALID.

    Raises:
        InputError: the file cannot be read.
        FetchError: there is no time-stamp to be had.
    """
    verdict = PdfValidator(judge).examine(pdf, at)
    if verdict.report.indication is not Indication.VALID:
        return verdict.report, None
    known = [*judge.trust, *judge.pool, *_sent_along(verdict.file)]
    extended = add_security_store(pdf, evidence_for(verdict.report, known))
    if timestamps is not None:
        extended = add_document_timestamp(extended, timestamps)
    return verdict.report, extended


def _sent_along(file: PdfFile) -> list[Certificate]:
    """Return the certificates in the signatures and in the security store."""
    messages = [SignedData.load(one.contents) for one in file.fields]
    encoded = [
        *file.evidence.certificates,
        *(item for message in messages for item in evidence_of(message).certificates),
    ]
    return read_certificates(dict.fromkeys(encoded))
