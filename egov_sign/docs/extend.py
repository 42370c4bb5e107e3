"""From a signature that is good today to one that can be verified years later, whatever the format of the document.

B-T: a time-stamp over the signature proves that it existed. B-LT: the certificates and the revocation information on
which the verdict rests lie beside it. B-LTA: a time-stamp over all of that. Sources: ETSI EN 319 102-1, 4.3;
EN 319 122-1 (CMS), EN 319 132-1 (XML), EN 319 142-1 (PDF).

Only a document that is VALID now gets B-LT and more: what nobody could verify today, nobody will later. A time-stamp
alone is refused to what is INVALID, and only to that: who stamps need not have the evidence yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from egov_sign.certs.validator import CertificateValidator
from egov_sign.clock import as_utc
from egov_sign.docs import cades, cades_archive, cms, xades_sign
from egov_sign.docs.cms import SignedData
from egov_sign.docs.evidence import Evidence, evidence_for, read_certificates
from egov_sign.docs.formats import Format, recognise
from egov_sign.docs.judge import Detached, DocumentValidator, contents_of
from egov_sign.docs.keyinfo import read_key_info
from egov_sign.docs.timestamp import TimestampToken
from egov_sign.docs.timestamp_client import TimestampSource
from egov_sign.docs.xades import read_properties
from egov_sign.docs.xmldsig import SIGNATURE, find_signatures, read_signature
from egov_sign.docs.xmlparse import parse
from egov_sign.errors import ConfigurationError, UnsupportedError
from egov_sign.limits import DEFAULT_LIMITS
from egov_sign.verdict import Indication, Report


class Target(StrEnum):
    """The baseline level to reach."""

    B_T = "B-T"
    B_LT = "B-LT"
    B_LTA = "B-LTA"


def extend(
    document: bytes,
    target: Target,
    judge: CertificateValidator,
    at: datetime,
    *,
    timestamps: TimestampSource | None = None,
    detached: Detached | None = None,
) -> tuple[Report, bytes | None]:
    """Extend the signatures of ``document``: all of a CMS message or PDF, the last one of XML.

    A signature that has a time-stamp keeps it and gets no other; but every extension to B-LTA adds an archive
    time-stamp, which is how the proof is kept alive before the authority of the last one expires.

    Args:
        document: signed XML (XAdES), CMS or PDF.
        target: the level.
        judge: judges certificates; its anchors and intermediates go into the document where the verdict rests on them.
        at: the time of judgement, timezone-aware; where a fresh time-stamp is later, it is judged at that time.
        timestamps: where time-stamps come from.
        detached: the signed content, where the document does not hold it.

    Returns:
        The verdict, and the extended document; ``None`` if the verdict does not allow it.

    Raises:
        InputError: the document cannot be read.
        UnsupportedError: ``EXTEND_FORMAT``, ``EXTEND_LEVEL``: there is no such level of this format here.
        ConfigurationError: ``EXTEND_TSA``: a time-stamp is needed and there is no authority; ``XADES_*``.
        FetchError: there is no time-stamp to be had.
    """
    kind = recognise(document)
    if kind is Format.PDF:
        return _extend_pdf(document, target, judge, at, timestamps)
    if kind not in (Format.XML, Format.CMS):
        raise UnsupportedError("EXTEND_FORMAT", f"{kind.value} has no levels that it could be extended to")
    validator = DocumentValidator(judge)
    report = validator.validate(document, at, detached=detached)
    if report.indication is Indication.INVALID:
        return report, None
    source = _Noting(timestamps, as_utc(at))
    stamped = _stamp_xml(document, source) if kind is Format.XML else _stamp_cms(document, source)
    if target is Target.B_T:
        return report, stamped
    report = validator.validate(stamped, source.latest, detached=detached)
    if report.indication is not Indication.VALID:
        return report, None
    brought = _in_xml(stamped) if kind is Format.XML else cades.evidence_of(SignedData.load(stamped)).certificates
    sent = read_certificates(dict.fromkeys(brought))
    evidence = evidence_for(report, [*judge.trust, *judge.pool, *sent])
    if target is Target.B_LT:
        return report, _add_evidence(kind, stamped, evidence)
    archived = _archive(kind, stamped, source, evidence, detached)
    return validator.validate(archived, source.latest, detached=detached), archived


class _Noting:
    """A source of time-stamps that notes how late they are; one that is missing is an error when it is needed."""

    def __init__(self, source: TimestampSource | None, at: datetime) -> None:
        self._source = source
        self.latest = at

    def stamp(self, data: bytes) -> bytes:
        """Return a token over ``data``."""
        if self._source is None:
            raise ConfigurationError(
                "EXTEND_TSA", "a time-stamp is needed, and there is no authority to ask", hint="add --tsa URL"
            )
        token = self._source.stamp(data)
        self.latest = max(self.latest, TimestampToken.load(token).info.latest)
        return token


def _stamp_cms(document: bytes, source: TimestampSource) -> bytes:
    return cades.add_timestamps(
        SignedData.load(document), source, only=lambda signer: cms.SIGNATURE_TIMESTAMP not in signer.unsigned
    )


def _stamp_xml(document: bytes, source: TimestampSource) -> bytes:
    outer = [one for one in find_signatures(parse(document)) if next(one.iterancestors(SIGNATURE), None) is None]
    # A document without signatures, or one that cannot be read, is INVALID and does not come here.
    properties = read_properties(read_signature(outer[-1], DEFAULT_LIMITS))
    return document if properties and properties.timestamps else xades_sign.add_timestamp(document, source)


def _add_evidence(kind: Format, document: bytes, evidence: Evidence) -> bytes:
    if kind is Format.XML:
        return xades_sign.add_evidence(document, evidence)
    return cades.add_evidence(SignedData.load(document), evidence)


def _archive(
    kind: Format, document: bytes, source: TimestampSource, evidence: Evidence, detached: Detached | None
) -> bytes:
    if kind is Format.XML:
        return xades_sign.add_archive_timestamp(document, source, evidence=evidence, contents=contents_of(detached))
    message = SignedData.load(_add_evidence(kind, document, evidence))
    return cades_archive.add_archive_timestamps(message, source, content=detached.data if detached else None)


def _in_xml(document: bytes) -> Iterable[bytes]:
    """Yield the certificates that signatures and time-stamps of a valid document carry."""
    for element in find_signatures(parse(document)):
        signature = read_signature(element, DEFAULT_LIMITS)
        for certificate in read_key_info(signature.key_info, DEFAULT_LIMITS).certificates:
            yield certificate.der
        properties = read_properties(signature)
        if properties:
            yield from properties.evidence.certificates
            for one in (*properties.timestamps, *properties.archive_timestamps):
                yield from SignedData.load(one.token).certificates


def _extend_pdf(
    document: bytes, target: Target, judge: CertificateValidator, at: datetime, timestamps: TimestampSource | None
) -> tuple[Report, bytes | None]:
    if target is Target.B_T:
        raise UnsupportedError(
            "EXTEND_LEVEL", "a PDF gets the time-stamp of B-T when it is signed", hint="egov-sign sign pdf --tsa URL"
        )
    if target is Target.B_LTA and timestamps is None:
        raise ConfigurationError("EXTEND_TSA", "B-LTA needs a time-stamping authority", hint="add --tsa URL")
    from egov_sign.docs.pdf_extend import extend_pdf  # noqa: PLC0415 - an extra, and slow to import

    return extend_pdf(document, judge, at, timestamps=timestamps if target is Target.B_LTA else None)
