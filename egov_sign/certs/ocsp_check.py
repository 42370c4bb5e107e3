"""The status of a certificate by OCSP (RFC 6960, 3.2 and 4.2.2.2).

A response is believed if

1. it holds an answer that identifies the certificate by serial number, issuer's name and issuer's key;
2. there is no critical extension in it that is not known here;
3. it repeats the nonce of the request, if it has one and there was one;
4. it is signed by the certificate's issuer itself, or by a responder whom that issuer certified directly for this
   (``id-kp-OCSPSigning``) and whose certificate was valid when the response was made and is not revoked;
5. its times fit together and the time asked about.

Of several answers in one response the gravest counts; of several responses one with a lasting revocation, else the
latest at the time asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from egov_sign.certs import extension_ids as ids
from egov_sign.certs.certificate import Certificate
from egov_sign.certs.evidence import Evidence, SourceVerdict, Status
from egov_sign.certs.freshness import Question, Window
from egov_sign.certs.ocsp import OCSP_SIGNING, CertStatus, OcspResponse, SingleResponse
from egov_sign.certs.reasons import Reason
from egov_sign.clock import format_time, shifted
from egov_sign.errors import InputError
from egov_sign.verdict import Indication, Json, Report, SubIndication

TRY_LATER = SubIndication.TRY_LATER
_NEVER_ISSUED_AT = datetime(1970, 1, 1, tzinfo=UTC)
_KNOWN_IN_RESPONDER = frozenset(
    {
        ids.KEY_USAGE,
        ids.EXTENDED_KEY_USAGE,
        ids.BASIC_CONSTRAINTS,
        ids.CERTIFICATE_POLICIES,
        ids.SUBJECT_ALT_NAME,
        ids.OCSP_NO_CHECK,
        ids.CRL_DISTRIBUTION_POINTS,
    }
)

StatusOf = Callable[[Certificate, datetime], Report]
"""Judges the revocation of a responder's certificate at the time when it signed."""


class HeldResponse(NamedTuple):
    """A response at hand, where it came from, and the nonce it was asked for with."""

    response: OcspResponse
    source: str
    nonce: bytes | None = None


class _Heard(NamedTuple):
    """What a response that is believed says about the certificate."""

    status: Status
    answer: SingleResponse
    held: HeldResponse
    report: Report


def judge_responses(question: Question, responses: Iterable[HeldResponse], status_of: StatusOf) -> SourceVerdict:
    """Return what ``responses`` say together about the certificate of ``question``.

    Args:
        question: what is asked.
        responses: the responses.
        status_of: how a responder's own certificate is judged.
    """
    verdict = SourceVerdict()
    heard: list[_Heard] = []
    for held in responses:
        report = Report("ocsp", held.source, counts=False)
        verdict.reports.append(report)
        try:
            answers = _answers(question, held.response, report)
            if answers and _is_authentic(question, held, report, status_of):
                heard += _hear(question, held, answers, report)
        except InputError as error:
            report.fail("OCSP_RESPONDER_UNREADABLE", TRY_LATER, error=error.message)
    if heard:
        _settle(question, verdict, heard)
    return verdict


def _settle(question: Question, verdict: SourceVerdict, heard: Sequence[_Heard]) -> None:
    """Let one response speak: one with a lasting revocation, else the latest at the time asked about.

    If all were made afterwards, the first of them speaks.
    """
    final = [one for one in heard if one.status >= Status.REVOKED]
    latest = shifted(question.at, question.policy.clock_skew)
    current = [one for one in heard if one.answer.this_update <= latest]
    if final:
        chosen = max(final, key=lambda one: one.status)
    elif current:
        chosen = max(current, key=lambda one: one.answer.this_update)
    else:
        chosen = min(heard, key=lambda one: one.answer.this_update)
    verdict.status, verdict.revoked_at, verdict.reason = chosen.status, chosen.answer.revoked_at, chosen.answer.reason
    verdict.decisive.append(chosen.report)
    verdict.evidence.append(_evidence(chosen, question.certificate))


def _answers(question: Question, response: OcspResponse, report: Report) -> list[SingleResponse]:
    """Return the answers about the certificate; none, with the cause in ``report``, if they cannot be used."""
    report.facts["digest"] = response.digest
    if not response.is_successful:
        report.fail("OCSP_NO_ANSWER", TRY_LATER, status=response.status.name)
        return []
    report.facts |= {"responder": str(response.responder), "produced_at": format_time(response.produced_at)}
    answers = [
        answer
        for answer in response.answers
        if answer.cert_id is not None and answer.cert_id.identifies(question.certificate, question.issuer)
    ]
    if not answers:
        report.fail("OCSP_OTHER_CERTIFICATE", TRY_LATER)
    elif response.unknown_critical or any(answer.unknown_critical for answer in answers):
        report.fail("OCSP_CRITICAL_EXTENSION", TRY_LATER)
        return []
    return answers


def _is_authentic(question: Question, held: HeldResponse, report: Report, status_of: StatusOf) -> bool:
    nonce = held.response.nonce
    if held.nonce is not None and nonce is None:
        report.note("OCSP_NONCE_MISSING")
    elif held.nonce is not None and nonce != held.nonce:
        report.fail("OCSP_NONCE_MISMATCH", TRY_LATER)
        return False
    return _has_entitled_signer(question, held.response, report, status_of)


def _has_entitled_signer(question: Question, response: OcspResponse, report: Report, status_of: StatusOf) -> bool:
    """Tell whether the issuer or a responder of its own signed the response (RFC 6960, 4.2.2.2)."""
    key = question.context.issuer_key
    if response.responder.identifies(question.issuer) and response.is_signed_by(key):
        return question.accepts(response.signature_algorithm, key, report)
    delegates = [one for one in response.certificates if response.responder.identifies(one)]
    delegates += [] if response.responder.name is None else question.context.known(response.responder.name)
    signers = [one for one in list(dict.fromkeys(delegates))[:_DELEGATES] if _is_signed_by(response, one)]
    if not signers:
        report.fail("OCSP_SIGNATURE", TRY_LATER, responder=str(response.responder))
        return False
    refusals = {one: _refusal(question, response, one) for one in signers}
    delegate = next((one for one in signers if refusals[one] is None), signers[0])
    refusal = refusals[delegate]
    report.facts["responder"] = str(delegate.subject)
    if refusal is not None:
        report.fail(refusal, TRY_LATER, responder=str(delegate.subject))
        return False
    return (
        question.accepts(response.signature_algorithm, delegate.public_key, report)
        and question.accepts(delegate.signature_algorithm, key, report)
        and _is_not_revoked(delegate, response.produced_at, report, status_of)
    )


_DELEGATES = 8
"""Certificates with the name or the key of a responder that are tried; an honest response has one."""


def _is_signed_by(response: OcspResponse, certificate: Certificate) -> bool:
    try:
        return response.is_signed_by(certificate.public_key)
    except InputError:
        return False


def _refusal(question: Question, response: OcspResponse, delegate: Certificate) -> str | None:
    """Return why ``delegate``, who signed the response, may not answer for the issuer; ``None`` if it may."""
    usage = delegate.key_usage
    if not response.is_certified(delegate, question.issuer, question.context.issuer_key):
        return "OCSP_RESPONDER_FOREIGN"
    if OCSP_SIGNING not in (delegate.eku or ()) or (usage is not None and usage.isdisjoint(_SIGNING)):
        return "OCSP_RESPONDER_USAGE"
    if delegate.irregularities or not delegate.critical_extensions <= _KNOWN_IN_RESPONDER:
        return "OCSP_RESPONDER_IRREGULAR"
    if not delegate.not_before <= response.produced_at <= delegate.not_after:
        return "OCSP_RESPONDER_EXPIRED"
    return None


_SIGNING = frozenset({"digitalSignature", "nonRepudiation"})


def _is_not_revoked(delegate: Certificate, at: datetime, report: Report, status_of: StatusOf) -> bool:
    """Tell whether the responder's certificate still holds (RFC 6960, 4.2.2.2.1).

    ``id-pkix-ocsp-nocheck`` says that it need not be asked. Without it, what the certificate names is asked. If it
    names nothing and nothing is known, the choice is the client's: the response is accepted, with a note.
    """
    if ids.OCSP_NO_CHECK in delegate.extensions:
        return True
    status = status_of(delegate, at)
    if status.indication is Indication.VALID:
        report.children.append(status)
        return True
    says_nothing = not delegate.crl_distribution_points and not delegate.ocsp_urls
    if status.indication is Indication.INDETERMINATE and says_nothing and "CERT_ON_HOLD" not in status.codes:
        report.note("OCSP_RESPONDER_UNCHECKED", responder=str(delegate.subject))
        return True
    status.counts = False
    report.children.append(status)
    report.fail("OCSP_RESPONDER_REVOKED", TRY_LATER, responder=str(delegate.subject))
    return False


def _hear(
    question: Question, held: HeldResponse, answers: Sequence[SingleResponse], report: Report
) -> Iterator[_Heard]:
    """Yield the gravest of the answers about the certificate; nothing if one of them leaves it open."""
    told = [_Heard(_status(question, held.response, answer, report), answer, held, report) for answer in answers]
    gravest = max(told, key=lambda one: one.status)
    if gravest.status > Status.GOOD or all(one.status is Status.GOOD for one in told):
        yield gravest


def _status(question: Question, response: OcspResponse, answer: SingleResponse, report: Report) -> Status:
    """Return what one answer means at the time asked about; UNKNOWN, with the cause in ``report``, if nothing."""
    if answer.status is CertStatus.UNKNOWN:
        report.fail("OCSP_UNKNOWN", TRY_LATER)
        return Status.UNKNOWN
    if answer.status is CertStatus.REVOKED and answer.revoked_at is not None:
        held = answer.reason is Reason.CERTIFICATE_HOLD
        if held and answer.revoked_at == _NEVER_ISSUED_AT and response.extended_revoke:
            return Status.NEVER_ISSUED
        if answer.revoked_at <= question.at and not held:
            return Status.REVOKED  # a lasting revocation does not go stale
        if not _is_timely(question, response, answer, report):
            return Status.UNKNOWN
        return Status.ON_HOLD if answer.revoked_at <= question.at else Status.GOOD
    return Status.GOOD if _is_timely(question, response, answer, report) else Status.UNKNOWN


def _is_timely(question: Question, response: OcspResponse, answer: SingleResponse, report: Report) -> bool:
    skew = question.policy.clock_skew
    until = answer.next_update or shifted(answer.this_update, question.policy.ocsp_max_age)
    produced = response.produced_at
    earliest, latest = shifted(answer.this_update, -skew), min(shifted(until, skew), shifted(question.known_at, skew))
    if not earliest <= produced <= latest:
        report.fail("OCSP_TIMES", TRY_LATER, produced_at=format_time(produced))
        return False
    keeps = answer.archive_cutoff is not None and answer.archive_cutoff <= question.certificate.not_after
    objection = Window(answer.this_update, until, keeps).objection(question)
    if objection is not None:
        report.findings.append(objection)
    return objection is None


def _evidence(heard: _Heard, certificate: Certificate) -> Evidence:
    response, answer = heard.held.response, heard.answer
    summary: dict[str, Json] = {
        "digest": response.digest,
        "issuer": str(response.responder),
        "this_update": format_time(answer.this_update),
        "next_update": None if answer.next_update is None else format_time(answer.next_update),
    }
    dates = (answer.revoked_at, answer.reason)
    return Evidence("ocsp", response.data, heard.held.source, summary, certificate.serial, heard.status, *dates)
