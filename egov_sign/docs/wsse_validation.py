"""The verdict on a signed message of the gateway: who sent it, and who signed the business data in it.

1. *Envelope*: SOAP 1.1 with one Body; one Security header with one Signature.
2. *Transport signature*: judged as any XML signature (:mod:`egov_sign.docs.validation`, steps 1 to 6); its certificate
   is in it, or is looked up by issuer and serial number among those offered.
3. *Cover*: one of its references covers exactly the Body, whole and unfiltered. A signature over anything else, and be
   it an element that calls itself Body in another place, says nothing about this message.
4. *Business signature*: the document that the message carries is judged for itself.
5. What the caller requires of the sender, and of who signed the business data.

The two signatures have different signers and different refusals; neither vouches for the other.

Pure: no clock, no network, no files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from egov_sign.certs.algorithm_policy import AlgorithmPolicy
from egov_sign.certs.certificate import Certificate
from egov_sign.clock import as_utc, format_time
from egov_sign.docs.acceptance import CertificateJudge, report_signers
from egov_sign.docs.judged import JudgedSignature, Required, XmlVerdict
from egov_sign.docs.references import XmlDocument
from egov_sign.docs.soap import Envelope, SoapFault
from egov_sign.docs.soap_messages import Message, payload_of, read_body
from egov_sign.docs.validation import XmlValidator
from egov_sign.docs.xmldsig import SIGNATURE
from egov_sign.docs.xmlparse import parse, signed_tree
from egov_sign.errors import InputError
from egov_sign.limits import DEFAULT_LIMITS, Limits
from egov_sign.verdict import Indication, Report, SubIndication

_STALE = frozenset(
    {
        SubIndication.EXPIRED,
        SubIndication.REVOKED,
        SubIndication.NOT_YET_VALID,
        SubIndication.OUT_OF_BOUNDS_NO_POE,
        SubIndication.OUT_OF_BOUNDS_NOT_REVOKED,
        SubIndication.REVOKED_NO_POE,
        SubIndication.REVOKED_CA_NO_POE,
    }
)
_MALFORMED = "SCE001"
_TRANSPORT = {"stale": "SCE005", "wrong": "SCE006", "absent": "SCE007"}
_BUSINESS = {"stale": "SCE015", "wrong": "SCE016", "absent": "SCE017"}


@dataclass(slots=True)
class WsseVerdict:
    """The verdict on a message.

    Attributes:
        report: subject ``document``; its children are the transport signature (``facts.role``) and, if there is one,
            the business document.
        transport: the signature of the sending system; ``None`` if there is none.
        body: the Body as it was signed, read from the very octets that were digested; ``None`` unless the transport
            signature covers it and is not INVALID.
        message: what is in that Body; ``None`` if there is none or it cannot be read.
        business: the verdict on the document that the message carries; ``None`` if it carries none that is signed.
    """

    report: Report
    transport: JudgedSignature | None = None
    body: etree._Element | None = None
    message: Message | SoapFault | None = None
    business: XmlVerdict | None = None

    @property
    def gateway_code(self) -> str:
        """The code with which the gateway refuses such a message; empty for one that is VALID."""
        if self.report.indication is Indication.VALID:
            return ""
        if "SOAP_MALFORMED" in self.report.codes:
            return _MALFORMED
        if self.transport is None or self.transport.report.indication is not Indication.VALID or self.body is None:
            return _TRANSPORT[_state(None if self.transport is None else self.transport.report)]
        return _BUSINESS[_state(None if self.business is None else self.business.report)]


class WsseValidator:
    """Judges signed messages of the gateway.

    Args:
        judge: judges certificates; ``None`` leaves every signature at best INDETERMINATE.
        policy: which algorithms are accepted until when; by default the country's.
        limits: bounds on documents.
    """

    def __init__(
        self,
        judge: CertificateJudge | None,
        *,
        policy: AlgorithmPolicy | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.xml = XmlValidator(judge, policy=policy, limits=limits)
        self.limits = limits

    def validate(
        self,
        data: bytes,
        at: datetime,
        *,
        sender: Required = Required(),  # noqa: B008 - immutable
        business: Required | None = None,
        certificates: Sequence[Certificate] = (),
    ) -> Report:
        """Judge the message ``data`` at the time ``at``; as :meth:`examine`, the report alone."""
        return self.examine(data, at, sender=sender, business=business, certificates=certificates).report

    def examine(
        self,
        data: bytes,
        at: datetime,
        *,
        sender: Required = Required(),  # noqa: B008 - immutable
        business: Required | None = None,
        certificates: Sequence[Certificate] = (),
    ) -> WsseVerdict:
        """Judge the message ``data`` at the time ``at``.

        Args:
            data: the envelope.
            at: the validation time, timezone-aware.
            sender: what is demanded of the sending system.
            business: what is demanded of the signer of the business data, who then has to be there; ``None`` judges a
                business signature if there is one.
            certificates: for look-up of signers that are only named, and for paths.

        Raises:
            InputError: ``data`` is not XML that can be judged.
            ConfigurationError: ``TIME_NAIVE``.
        """
        at = as_utc(at)
        root = parse(data, self.limits)
        report = Report("document", facts={"format": "WS-Security", "validation_time": format_time(at)})
        verdict = WsseVerdict(report)
        # 1. Envelope.
        try:
            envelope = Envelope.of(root)
        except InputError as error:
            report.fail("SOAP_MALFORMED", SubIndication.FORMAT_FAILURE, error.where, reason=error.message)
            return verdict
        element = _transport_signature(envelope, report)
        if element is None or envelope.header is None:
            return verdict
        others = sum(1 for one in envelope.header.iter(SIGNATURE) if one is not element)
        if others:
            report.warn("WSSE_SIGNATURES_NOT_JUDGED", count=others)
        # 2. Transport signature.
        document = XmlDocument(root, self.limits)
        verdict.transport = transport = self.xml.judge_signature(document, element, at, certificates)
        transport.report.facts["role"] = "transport"
        report.children.append(transport.report)
        # 3. Cover.
        covered = next((item for item in transport.covered if item.is_all_of(envelope.body)), None)
        if transport.report.indication is not Indication.INVALID:
            if covered is None:
                report.fail("WSSE_BODY_NOT_SIGNED", SubIndication.FORMAT_FAILURE, transport.report.name)
            else:
                verdict.body = signed_tree(covered.octets, self.limits)
                self._read(verdict, verdict.body)
        report.facts["body_signed"] = covered is not None
        # 4. Business signature.
        self._judge_business(verdict, envelope, at, business, certificates)
        # 5. Requirements on the sender.
        signers = [transport.identity] if verdict.body is not None and transport.identity else []
        report_signers(signers, sender, report)
        return verdict

    def _read(self, verdict: WsseVerdict, body: etree._Element) -> None:
        try:
            verdict.message = read_body(body)
        except InputError as error:
            verdict.report.warn("SOAP_BODY_UNREADABLE", error.where, reason=error.message)

    def _judge_business(
        self,
        verdict: WsseVerdict,
        envelope: Envelope,
        at: datetime,
        required: Required | None,
        certificates: Sequence[Certificate],
    ) -> None:
        content = self._business_document(envelope, verdict.report)
        if content is not None:
            demanded = Required() if required is None else required
            verdict.business = self.xml.examine(content, at, required=demanded, certificates=certificates)
            verdict.business.report.name = "business data"
            verdict.business.report.facts["role"] = "business"
            verdict.report.children.append(verdict.business.report)
            return
        if required is not None:
            verdict.report.fail("WSSE_BUSINESS_NOT_SIGNED", SubIndication.FORMAT_FAILURE)
        count = sum(1 for _ in envelope.body.iter(SIGNATURE))
        if count:
            verdict.report.warn("WSSE_SIGNATURES_NOT_JUDGED", count=count)

    def _business_document(self, envelope: Envelope, report: Report) -> bytes | None:
        """Return the signed document in the Body; ``None`` if there is none.

        It is taken from the Body as received: canonical octets lack the namespaces that are declared and not used,
        which a signature inside may cover. It is judged by its own signature, so nothing rests on that.
        """
        try:
            payload = payload_of(read_body(envelope.body))
        except InputError:
            return None  # reported where the signed Body is read
        content = None if payload is None else payload.document
        if content is None:
            return None
        try:
            return None if next(parse(content, self.limits).iter(SIGNATURE), None) is None else content
        except InputError as error:
            report.warn("WSSE_BUSINESS_UNREADABLE", error.where, reason=error.message)
            return None


def _transport_signature(envelope: Envelope, report: Report) -> etree._Element | None:
    signatures = [element for header in envelope.security for element in header.iterchildren(SIGNATURE)]
    if not signatures:
        report.fail("NO_SIGNATURE", SubIndication.FORMAT_FAILURE)
        return None
    if len(signatures) > 1 or len(envelope.security) > 1:
        report.fail("WSSE_SEVERAL_SIGNATURES", SubIndication.FORMAT_FAILURE, count=len(signatures))
        return None
    return signatures[0]


def _state(report: Report | None) -> str:
    """Return how the gateway sees a signature with the verdict ``report``: absent, stale or wrong."""
    if report is None:
        return "absent"
    return "stale" if report.sub_indication in _STALE else "wrong"
