"""Signing the documents of the services, and opening signed ones: only what is under the signature comes out.

Two questions are kept apart: is the signature right over the whole document (``SIG_INVALID`` if not), and may the
certificate be used (:mod:`egov_sign.flows.condition2`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.validator import CertificateValidator
from egov_sign.crypto.signer import Signer
from egov_sign.docs.judged import XmlVerdict
from egov_sign.docs.validation import XmlValidator
from egov_sign.docs.xmlparse import signed_tree
from egov_sign.docs.xmlsign import sign_enveloped
from egov_sign.errors import InputError
from egov_sign.flows.condition2 import reasons_of
from egov_sign.flows.documents import conforms
from egov_sign.flows.refusals import reason
from egov_sign.flows.services import Relying
from egov_sign.verdict import Finding, Report, SubIndication

_BROKEN = frozenset(
    {
        SubIndication.FORMAT_FAILURE,
        SubIndication.HASH_FAILURE,
        SubIndication.SIG_CRYPTO_FAILURE,
        SubIndication.SIGNED_DATA_NOT_FOUND,
        SubIndication.NO_SIGNING_CERTIFICATE_FOUND,
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
    }
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A signed document that was examined.

    Attributes:
        root: the document as it was signed; ``None`` unless the signature is right and covers all of it.
        certificate: the signer's; ``None`` if it could not be told.
        reasons: what stands against the document: ``SIG_INVALID``, ``SIG_CERT_…``, ``GW_FORMAT``.
        report: the verdict with its details.
        certificate_report: the part of it on the certificate.
    """

    root: etree._Element | None
    certificate: Certificate | None
    reasons: tuple[Finding, ...]
    report: Report
    certificate_report: Report | None = None


def sign(document: bytes, signer: Signer) -> bytes:
    """Return ``document`` with the signature of ``signer`` over the whole of it."""
    return sign_enveloped(document, signer)


def open_signed(
    services: Relying, data: bytes, kind: str, at: datetime, *, judge: CertificateValidator | None = None
) -> Opened:
    """Examine a signed document as of the time ``at`` (R401, R402, R433).

    Args:
        services: whose judge of certificates is asked.
        data: the document.
        kind: its schema: ``request``, ``result`` or ``refusal``.
        at: the time of signing as far as it is known, or now.
        judge: one of another time (:mod:`egov_sign.flows.evidence`).
    """
    try:
        verdict = XmlValidator(judge or services.judge, limits=services.limits).examine(data, at)
    except InputError as error:
        report = Report("document")
        return Opened(None, None, (reason("GW_FORMAT", error.code),), report)
    if len(verdict.signatures) != 1:
        return Opened(None, None, (reason("SIG_INVALID"),), verdict.report)
    opened = _judged(verdict, at)
    if opened.root is not None and not conforms(data, kind):
        return Opened(None, opened.certificate, (reason("GW_FORMAT", kind),), verdict.report)
    return opened


def _judged(verdict: XmlVerdict, at: datetime) -> Opened:
    signature = verdict.signatures[0]
    certificate = signature.certificate
    whole = next((item for item in signature.covered if item.covers_root), None)
    if certificate is None or whole is None or not _signature_is_right(signature.report):
        return Opened(None, certificate, (reason("SIG_INVALID"),), verdict.report)
    judged = next(child for child in signature.report.children if child.subject == "certificate")
    reasons = reasons_of(judged, certificate, at)
    root = None if reasons else signed_tree(whole.octets)
    return Opened(root, certificate, tuple(reasons), verdict.report, judged)


def _signature_is_right(report: Report) -> bool:
    """Tell whether the signature itself stands, whatever is to be said of the certificate."""
    return not any(finding.sub_indication in _BROKEN for finding in report.findings)
