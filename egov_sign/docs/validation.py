"""The verdict on signed XML, by the steps of ETSI EN 319 102-1 (clause 5.3, validation process for basic signatures).

For each signature of the document, in document order:

1. *Format checking* (5.2.2): the signature has exactly the form of the standard.
2. *Identification of the signing certificate* (5.2.3): among the certificates it carries or the caller offers, the one
   its KeyInfo names and whose key verifies it; a KeyValue must be the key of that certificate, and so must the one
   that signed XAdES properties name.
3. *Validation context* (5.2.4): the caller's trust anchors, the algorithm policy, the evidence in the signature; the
   time is the earliest that a valid time-stamp proves (5.5, 5.6: :mod:`egov_sign.docs.past`), else the caller's
   validation time.
4. *Cryptographic verification* (5.2.7): every reference is resolved, transformed and digested; then the value over
   SignedInfo is verified. It stands before the next step because bytes that nobody signed need no path.
5. *Validation of the certificate* (5.2.6) at that time, by the certificate validator.
6. *Acceptance* (5.2.8): algorithms and key sizes by the dated policy, the purpose of the certificate.

Then, for the document: what all signatures together cover, and what the caller requires of the signer. The verdict on
the document is the worst of all of these, so one bad signature among good ones is never hidden.

A document without any signature is INVALID, FORMAT_FAILURE: EN 319 102-1 judges signatures, and "there is no signature
object conforming to a supported format" is its definition of that failure.

Pure: no clock, no network, no files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from lxml import etree

from egov_sign.certs.algorithm_policy import AlgorithmPolicy, algorithm_policy
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.profile import Identity, identify
from egov_sign.clock import as_utc, format_time
from egov_sign.docs.acceptance import CertificateJudge, accept_algorithms, accept_purpose, judge_certificate
from egov_sign.docs.deferred import DeferredReport
from egov_sign.docs.evidence import Evidence, for_document, judge_with, read_certificates
from egov_sign.docs.existence import Past
from egov_sign.docs.judged import JudgedSignature, Required, XmlRules, XmlVerdict, describe_signer
from egov_sign.docs.keyinfo import KeyInfo, read_key_info
from egov_sign.docs.manifest import report_manifests
from egov_sign.docs.past import judge_timestamps
from egov_sign.docs.references import Covered, XmlDocument, describe_scope
from egov_sign.docs.refusal import Refusal
from egov_sign.docs.scope import report_requirements, report_scope, standing
from egov_sign.docs.timestamp_validation import TimestampValidator
from egov_sign.docs.xades import Level, Properties, check_bound, check_counter_signature, read_properties
from egov_sign.docs.xades_imprint import Imprints
from egov_sign.docs.xmldsig import find_signatures, read_signature
from egov_sign.docs.xmlparse import parse, path_of
from egov_sign.docs.xmlverify import SignatureCheck, check_references, signed_info_octets, value_fits
from egov_sign.errors import InputError
from egov_sign.limits import DEFAULT_LIMITS, Limits
from egov_sign.verdict import Json, Report, SubIndication

_NO_EVIDENCE = Evidence()


class XmlValidator:
    """Judges signed XML documents.

    Args:
        judge: judges certificates; ``None`` leaves every signature at best INDETERMINATE.
        policy: which algorithms are accepted until when; by default the country's.
        limits: bounds on documents.
        rules: what is read beyond the usual.
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
        self.policy = policy or algorithm_policy()
        self.limits = limits
        self.rules = rules

    def validate(
        self,
        data: bytes,
        at: datetime,
        *,
        required: Required = Required(),  # noqa: B008 - immutable
        contents: Mapping[str, bytes] | None = None,
        certificates: Sequence[Certificate] = (),
    ) -> Report:
        """Judge the document ``data`` at the time ``at``; as :meth:`examine`, the report alone."""
        return self.examine(data, at, required=required, contents=contents, certificates=certificates).report

    def examine(
        self,
        data: bytes,
        at: datetime,
        *,
        required: Required = Required(),  # noqa: B008 - immutable
        contents: Mapping[str, bytes] | None = None,
        certificates: Sequence[Certificate] = (),
    ) -> XmlVerdict:
        """Judge the document ``data`` at the time ``at``.

        Args:
            data: XML octets.
            at: the validation time, timezone-aware.
            required: what is demanded beyond valid signatures.
            contents: data outside the document by URI, for detached signatures.
            certificates: offered besides those in the document: signers that are only named, intermediates.

        Raises:
            InputError: ``data`` is not XML that can be judged (:func:`egov_sign.docs.xmlparse.parse`).
            ConfigurationError: ``TIME_NAIVE``.
        """
        at = as_utc(at)
        document = XmlDocument(parse(data, self.limits), self.limits, contents or {}, self.rules.xpath)
        report = DeferredReport("document", str)
        report.tell("format", str, "XML")
        report.tell("validation_time", format_time, at)
        verdict = XmlVerdict(report)
        elements = find_signatures(document.root)
        if not elements:
            report.fail("NO_SIGNATURE", SubIndication.FORMAT_FAILURE)
        if len(elements) > self.limits.xml_signatures:
            limit = self.limits.xml_signatures
            report.fail(
                "XML_TOO_MANY_SIGNATURES", SubIndication.SIG_CONSTRAINTS_FAILURE, count=len(elements), limit=limit
            )
            return verdict
        for element in elements:
            judged = self.judge_signature(document, element, at, certificates)
            verdict.signatures.append(judged)
            report.children.append(judged.report)
        if elements:
            good = standing(verdict)
            report_scope(document.root, good, report)
            report_requirements(document.root, good, required, report)
        return verdict

    def judge_signature(
        self, document: XmlDocument, element: etree._Element, at: datetime, offered: Sequence[Certificate] = ()
    ) -> JudgedSignature:
        """Judge one signature of ``document`` at the time ``at``: the steps above for it alone.

        Args:
            document: where it stands.
            element: the ``ds:Signature``.
            at: the validation time, UTC.
            offered: certificates besides those it carries.
        """
        report = DeferredReport("signature", partial(path_of, element))
        judged = JudgedSignature(report)
        check = SignatureCheck(report)
        try:
            # 1. Format
            check.signature = signature = read_signature(element, self.limits)
            key_info = read_key_info(signature.key_info, self.limits)
            properties = read_properties(signature)
            octets = signed_info_octets(document, signature)
        except Refusal as refusal:
            refusal.report_to(report)
            return judged
        report.tell("algorithm", str, signature.algorithm.name)
        report.tell("level", str, properties.level if properties else Level.XMLDSIG)

        # 2. Identification of the signing certificate; 4. the value over SignedInfo, which settles whose key it is
        certificate = _identify(check, octets, key_info, offered)

        # 4. What the references cover
        check_references(document, check)
        judged.covered, judged.stacked_under = check.covered, check.stacked_under
        report.tell("scope", _describe_scopes, check.covered)
        if check.stacked_under:
            report.note("SIGNATURE_STACKED", count=check.stacked_under)
        report_manifests(document, check, follow=self.rules.manifests)
        _check_properties(check, properties, certificate)

        # 3. What helps to judge certificates, and the time by which the signature existed
        evidence = Evidence(crls=tuple(key_info.crls)) if key_info.crls else _NO_EVIDENCE
        candidates = [item for item in (*key_info.certificates, *offered) if item != certificate]
        document.judge = judge = document.judge or for_document(self.judge)
        past = Past(at)
        if properties:
            evidence = evidence.joined(properties.evidence)
            candidates += read_certificates(properties.evidence.certificates, report, self.limits)
        stamped = properties is not None and properties.is_stamped
        if evidence.has_revocation or stamped:
            judge = judge_with(judge, evidence, at)
        if properties and stamped:
            imprints = Imprints(document, signature, check.covered)
            validator = TimestampValidator(judge, policy=self.policy, limits=self.limits)
            past = judge_timestamps(
                validator, properties, imprints, report, at=at, candidates=candidates, limits=self.limits
            )
        best = past.best
        report.tell("best_signature_time", format_time, best)
        if certificate is None:
            return judged

        # 5. The certificate
        judged.certificate = certificate
        judged.identity = identity = identify(certificate)
        report.tell("signer", describe_signer, certificate, identity)
        report.findings.extend(identity.findings)
        claimed = properties.signing_time if properties else None
        judge_certificate(judge, certificate, best, report, candidates, made_at=claimed)
        if stamped:
            past.check_path(report)

        # 6. Acceptance
        self._accept(check, certificate, identity, best)
        return judged

    def _accept(self, check: SignatureCheck, certificate: Certificate, identity: Identity, at: datetime) -> None:
        report, signature = check.report, check.signature
        if signature is None:
            raise AssertionError("the signature was not read")
        names = [signature.algorithm.digest, *[reference.digest for reference in signature.references]]
        accept_algorithms(self.policy, names, certificate.public_key, at, report)
        accept_purpose(certificate, identity, report)


def _describe_scopes(covered: Sequence[Covered]) -> Json:
    return [describe_scope(item) for item in covered]


def _check_properties(check: SignatureCheck, properties: Properties | None, certificate: Certificate | None) -> None:
    """Hold the XAdES properties against the signature: covered by it, and naming the certificate (step 2)."""
    report, signature = check.report, check.signature
    if signature is None:
        raise AssertionError("the signature was not read")
    try:
        confirmed = check_counter_signature(signature, check.covered)
        if confirmed:
            report.facts["counter_signature_of"] = confirmed
        check_bound(properties, signature, check.covered)
    except Refusal as refusal:
        refusal.report_to(report)
        return
    if properties is None:
        return
    for name in properties.unsupported:
        report.warn("XADES_TIMESTAMP_UNSUPPORTED", signature.where, property=name)
    if properties.signing_time:
        report.facts["claimed_signing_time"] = format_time(properties.signing_time)
    if certificate and properties.certificates and not properties.certificates[0].names(certificate):
        report.fail("XADES_CERTIFICATE", SubIndication.NO_SIGNING_CERTIFICATE_FOUND, signature.where)


def _identify(
    check: SignatureCheck, octets: bytes, key_info: KeyInfo, offered: Sequence[Certificate]
) -> Certificate | None:
    """Return the certificate whose key verifies the signature, of those that KeyInfo holds or names.

    The value is verified here: which certificate is the signer's cannot be told otherwise when several are there.
    """
    report, signature = check.report, check.signature
    if signature is None:
        raise AssertionError("the signature was not read")
    named = [item for item in key_info.certificates if key_info.names(item)]
    if not key_info.certificates and key_info.has_hints:
        named = [item for item in offered if key_info.names(item)]
    if not named:
        code = "SIGNER_CERT_MISMATCH" if key_info.certificates else "SIGNER_CERT_ABSENT"
        report.fail(code, SubIndication.NO_SIGNING_CERTIFICATE_FOUND, signature.where)
        return None
    fitting = []
    for item in named:
        try:
            if value_fits(signature, octets, item.public_key):
                fitting.append(item)
        except InputError as error:
            report.fail("SIGNER_KEY_UNREADABLE", SubIndication.CRYPTO_CONSTRAINTS_FAILURE, reason=error.code)
            return None
    if not fitting:
        report.fail("XML_SIGNATURE_VALUE", SubIndication.SIG_CRYPTO_FAILURE, signature.where)
        return named[0]
    if len(fitting) > 1 and len(set(fitting)) > 1:
        report.fail("SIGNER_CERT_AMBIGUOUS", SubIndication.NO_SIGNING_CERTIFICATE_FOUND, count=len(set(fitting)))
    chosen = fitting[0]
    if any(value != chosen.spki for value in key_info.key_values):
        report.fail("SIGNER_KEY_VALUE_DIFFERS", SubIndication.FORMAT_FAILURE, signature.where)
    return chosen
