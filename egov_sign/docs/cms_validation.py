"""The verdict on signed CMS, by the steps of ETSI EN 319 102-1 (clause 5.5, signatures with time).

For each signature of the message, in its order:

1. *Format checking, identification of the signing certificate, cryptographic verification* (5.2.2, 5.2.3, 5.2.7):
   :func:`egov_sign.docs.cms_verify.check_signer`.
2. *Best signature time* (5.5.4, 5.6.2.3): the earliest that a good time-stamp over the signature proves; without one
   the time of validation (:mod:`egov_sign.docs.cms_past`).
3. *Validation of the certificate* (5.2.6) at the best signature time, with what the message brings along.
4. *Acceptance* (5.2.8): algorithms and key sizes by the dated policy, the purpose of the certificate.
5. *Counter-signatures*: each is a signature of its own, over the signature value it confirms.

Then, for the document: what is not signed, and what the caller requires of the signer. The verdict on the document is
the worst of all of these. A time-stamp that proves to be false makes the signature INVALID; one that nothing can be
said about is reported, proves nothing, and does not weigh.

Pure: no clock, no network, no files.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from egov_sign.certs.algorithm_policy import AlgorithmPolicy, algorithm_policy
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.profile import Identity, identify
from egov_sign.clock import as_utc, format_time
from egov_sign.crypto import digests
from egov_sign.crypto.der import Reader
from egov_sign.docs import cms
from egov_sign.docs.acceptance import (
    CertificateJudge,
    accept_algorithms,
    accept_purpose,
    judge_certificate,
    report_signers,
)
from egov_sign.docs.cades import evidence_of, level_of
from egov_sign.docs.cms import SignedData, SignerInfo
from egov_sign.docs.cms_past import CmsTimestamps
from egov_sign.docs.cms_verify import CheckedSigner, Content, check_signer
from egov_sign.docs.evidence import for_document, judge_with, read_certificates
from egov_sign.docs.judged import Required, describe_signer
from egov_sign.docs.timestamp_validation import JudgedTimestamp, TimestampValidator
from egov_sign.errors import InputError
from egov_sign.limits import DEFAULT_LIMITS, Limits
from egov_sign.verdict import Indication, Report, SubIndication


@dataclass(slots=True)
class JudgedSigner:
    """One signature with its verdict.

    Attributes:
        report: subject ``signature``.
        certificate: the signing certificate, if it was identified.
        identity: who holds it.
        best_time: the time by which the signature existed, as far as that is proven; UTC.
        timestamps: the time-stamps over it or over the content.
    """

    report: Report
    best_time: datetime
    certificate: Certificate | None = None
    identity: Identity | None = None
    timestamps: list[JudgedTimestamp] = field(default_factory=list)


@dataclass(slots=True)
class CmsVerdict:
    """The verdict on a message.

    Attributes:
        report: subject ``document``, one child per signature.
        message: what was read.
        content: the bytes that the signatures were judged over; ``None`` if there were none.
        signatures: the signatures, in their order; counter-signatures stand in the reports of what they confirm.
    """

    report: Report
    message: SignedData
    content: bytes | None = None
    signatures: list[JudgedSigner] = field(default_factory=list)


class CmsValidator:
    """Judges signed CMS messages.

    Args:
        judge: judges certificates; ``None`` leaves every signature at best INDETERMINATE.
        policy: which algorithms are accepted until when; by default the country's.
        timestamp_policies: policies of time-stamping authorities that are accepted; empty accepts every policy.
        require_signing_certificate: refuse plain CMS signatures, which do not name the certificate under the signature.
        limits: bounds on messages.
    """

    def __init__(
        self,
        judge: CertificateJudge | None,
        *,
        policy: AlgorithmPolicy | None = None,
        timestamp_policies: Collection[str] = (),
        require_signing_certificate: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.judge = judge
        self.policy = policy or algorithm_policy()
        self.timestamp_policies = frozenset(timestamp_policies)
        self.require_signing_certificate = require_signing_certificate
        self.limits = limits

    def validate(
        self,
        data: bytes,
        at: datetime,
        *,
        content: bytes | None = None,
        required: Required = Required(),  # noqa: B008 - immutable
        certificates: Sequence[Certificate] = (),
    ) -> Report:
        """Judge the message ``data`` at the time ``at``; as :meth:`examine`, the report alone."""
        return self.examine(data, at, content=content, required=required, certificates=certificates).report

    def examine(
        self,
        data: bytes,
        at: datetime,
        *,
        content: bytes | None = None,
        required: Required = Required(),  # noqa: B008 - immutable
        certificates: Sequence[Certificate] = (),
    ) -> CmsVerdict:
        """Judge the message ``data`` at the time ``at``.

        Args:
            data: the message, DER or BER.
            at: the validation time, timezone-aware.
            content: what was signed, where the message does not carry it.
            required: what is demanded of the signer beyond valid signatures.
            certificates: offered besides those in the message: signers that are only named, intermediates.

        Raises:
            InputError: ``data`` is no signed CMS message (:meth:`egov_sign.docs.cms.SignedData.load`).
            ConfigurationError: ``TIME_NAIVE``.
        """
        at = as_utc(at)
        message = SignedData.load(data, self.limits)
        report = Report("document", facts={"format": "CMS", "validation_time": format_time(at)})
        report.facts["detached"] = message.content is None
        report.facts["not_signed"] = list(_not_signed(message))
        verdict = CmsVerdict(report, message, _content_of(message, content, report))
        if not message.signers:
            report.fail("NO_SIGNATURE", SubIndication.FORMAT_FAILURE)
        if verdict.content is None or not message.signers:
            return verdict
        evidence = evidence_of(message, self.limits)
        known = [*read_certificates(evidence.certificates, report, self.limits), *certificates]
        plain = not evidence.has_revocation and not any(signer.unsigned.values for signer in message.signers)
        judge = for_document(self.judge)
        judge = judge if plain else judge_with(judge, evidence, at)
        work = _Work(self, message, at, known, judge)
        signed = Content(verdict.content, message.content_type)
        for position, signer in enumerate(message.signers):
            judged = work.judge(signer, signed, f"signerInfos[{position}]")
            verdict.signatures.append(judged)
            report.children.append(judged.report)
        standing = [one for one in verdict.signatures if one.report.indication is not Indication.INVALID]
        report_signers([one.identity for one in standing if one.identity], required, report)
        return verdict


def _content_of(message: SignedData, given: bytes | None, report: Report) -> bytes | None:
    if message.content is None:
        if given is None:
            report.fail("CMS_CONTENT_MISSING", SubIndication.SIGNED_DATA_NOT_FOUND)
        return given
    if given is not None and given != message.content:
        report.fail("CMS_CONTENT_TWICE", SubIndication.HASH_FAILURE)
    return message.content


def _not_signed(message: SignedData) -> list[str]:
    """Name the parts of the message that no signature covers and that anyone may have changed."""
    parts = ["version", "digestAlgorithms", "sid"]
    if message.certificates or message.other_certificates:
        parts.append("certificates")
    if message.revocations:
        parts.append("crls")
    if any(signer.unsigned.values for signer in message.signers):
        parts.append("unsignedAttrs")
    return parts


class _Work:
    """The judgement of one message: what all its signatures share, and what they may still cost together."""

    def __init__(
        self,
        validator: CmsValidator,
        message: SignedData,
        at: datetime,
        known: Sequence[Certificate],
        judge: CertificateJudge | None,
    ) -> None:
        self.validator = validator
        self.message = message
        self.at = at
        self.known = known
        self.certificate_judge = judge
        limits = validator.limits
        stamps = TimestampValidator(
            judge, policies=validator.timestamp_policies, policy=validator.policy, limits=limits
        )
        self.timestamps = CmsTimestamps(stamps, message, at, known, limits)
        self.signatures_left = limits.cms_signers

    def judge(self, signer: SignerInfo, content: Content, name: str) -> JudgedSigner:
        """Judge one signature over ``content``; counter-signatures are judged with it."""
        report = Report("signature", name)
        judged = JudgedSigner(report, self.at)
        self.signatures_left -= 1
        if self.signatures_left < 0:
            limit = self.validator.limits.cms_signers
            report.fail("CMS_TOO_MANY_SIGNATURES", SubIndication.SIG_CONSTRAINTS_FAILURE, limit=limit)
            return judged
        # 1. Format, identification, cryptographic verification.
        required = self.validator.require_signing_certificate
        checked = check_signer(signer, content, self.known, report, require_signing_certificate=required)
        _describe(self.message, signer, checked, content, report)
        # 2. Best signature time.
        past, judged.timestamps = self.timestamps.judge(signer, content, report)
        judged.best_time = past.best
        report.facts["best_signature_time"] = format_time(judged.best_time)
        certificate = checked.certificate
        if certificate is not None:
            judged.certificate = certificate
            judged.identity = identity = identify(certificate)
            report.facts["signer"] = describe_signer(certificate, identity)
            report.findings.extend(identity.findings)
            # 3. The certificate.
            candidates = [other for other in self.known if other != certificate]
            judge, claimed = self.certificate_judge, checked.signing_time
            judge_certificate(judge, certificate, judged.best_time, report, candidates, made_at=claimed)
            if judged.timestamps:
                past.check_path(report)
            # 4. Acceptance.
            self._accept(checked, certificate, identity, judged)
        # 5. Counter-signatures.
        self._judge_counter_signatures(signer, name, report)
        return judged

    def _accept(
        self, checked: CheckedSigner, certificate: Certificate, identity: Identity, judged: JudgedSigner
    ) -> None:
        names = (checked.digest, checked.algorithm.digest if checked.algorithm else "")
        try:
            key = certificate.public_key
        except InputError:
            return  # reported with the signature
        accept_algorithms(self.validator.policy, names, key, judged.best_time, judged.report)
        accept_purpose(certificate, identity, judged.report)

    def _judge_counter_signatures(self, signer: SignerInfo, name: str, report: Report) -> None:
        for position, encoded in enumerate(signer.unsigned.all(cms.COUNTER_SIGNATURE)):
            place = f"{name}/countersignatures[{position}]"
            try:
                confirming = cms.read_signer(encoded, self.validator.limits)
            except InputError as error:
                broken = Report("signature", place)
                broken.fail("CMS_UNREADABLE", SubIndication.FORMAT_FAILURE, reason=error.message)
                report.children.append(broken)
                continue
            report.children.append(self.judge(confirming, Content(signer.signature, ""), place).report)


def _describe(
    message: SignedData, signer: SignerInfo, checked: CheckedSigner, content: Content, report: Report
) -> None:
    if content.content_type:
        report.facts["level"] = level_of(message, signer).value
        report.facts["scope"] = [{"what": "content", "type": content.content_type, "bytes": len(content.data)}]
        listed = {_oid_of(identifier) for identifier in message.digest_algorithms}
        if checked.digest and digests.OIDS[checked.digest] not in listed:
            report.warn("CMS_DIGEST_NOT_LISTED")
    else:
        report.facts["scope"] = [{"what": "signature", "bytes": len(content.data)}]
    if checked.algorithm is not None:
        report.facts["algorithm"] = checked.algorithm.name
    if checked.signing_time is not None:
        report.facts["claimed_signing_time"] = format_time(checked.signing_time)


def _oid_of(identifier: bytes) -> str:
    try:
        return Reader(identifier).enter().oid()
    except InputError:
        return ""
