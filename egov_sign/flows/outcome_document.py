"""The outcome of a request: the certificate (справка, талон) or the reasoned refusal, bound to the request (R409)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from lxml import etree

from egov_sign import messages
from egov_sign.clock import format_time, parse_time
from egov_sign.crypto.digests import XML_URIS
from egov_sign.flows import catalogue
from egov_sign.flows.documents import LANG, NAMESPACES, Builder, Reader
from egov_sign.flows.refusals import rules
from egov_sign.flows.registers import Employee, Person, Provider
from egov_sign.flows.requests import Request
from egov_sign.verdict import Finding

_PARTS = {
    "CALL": ("call", "HomeVisit"),
    "APPT": ("appointment", "Visit"),
    "ATT": ("attachment", "AttachmentInfo"),
}


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signs a result or a refusal for the provider."""

    full_name: str
    position: str
    iin: str

    @classmethod
    def of(cls, employee: Employee) -> Signatory:
        """Return the signatory that ``employee`` is."""
        return cls(employee.full_name, employee.position, employee.iin)


def result_document(
    request: Request,
    now: datetime,
    *,
    number: str,
    registered_at: datetime,
    recipient: Person,
    provider: Provider,
    signatory: Signatory,
    content: Mapping[str, str],
) -> bytes:
    """Return the certificate of a service, ready to be signed; bound to the signed request by its digest (R409).

    Args:
        request: registered, with its number.
        now: the time of issue.
        number: of the certificate.
        registered_at: when the request was registered.
        recipient: whom it is for.
        provider: who issues it.
        signatory: who signs it.
        content: elements of the part that belongs to the service, in order.
    """
    kind, part = _PARTS[request.service]
    build = Builder("result", "ResultCertificate", Id="res", type=kind)
    build.root.set(LANG, "ru")
    build.add(build.root, "Number", number)
    build.add(build.root, "RequestNumber", request.number)
    build.add(build.root, "RequestDigest", request.document, alg=XML_URIS["sha256"])
    build.add(build.root, "RegisteredAt", format_time(registered_at))
    build.add(build.root, "IssuedAt", format_time(now))
    build.add(build.root, "Title", catalogue.result_title(request.service))
    build.recipient(recipient)
    build.provider(provider)
    element = build.add(build.root, part)
    for name, text in content.items():
        if text:
            build.add(element, name, text)
    _signed_by(build, signatory)
    build.add(build.root, "Status", "COMPLETED")
    build.add(build.root, "VerificationCode", verification_code(number, request.document))
    build.add(build.root, "LegalNote", ru=messages.text("PDF_LEGAL", "ru"), kk=messages.text("PDF_LEGAL", "kk"))
    return build.finish()


def refusal_document(
    request: Request,
    now: datetime,
    *,
    number: str,
    stage: str,
    reasons: list[Finding],
    recipient: Person,
    provider: Provider,
    signatory: Signatory,
) -> bytes:
    """Return the reasoned refusal, ready to be signed: every reason in three languages, with its ground and advice.

    Args: as :func:`result_document`; ``stage`` is the condition that was not met.
    """
    build = Builder("refusal", "ReasonedRefusal", Id="ref")
    build.root.set(LANG, "ru")
    build.add(build.root, "Number", number)
    build.add(build.root, "RequestNumber", request.number)
    build.add(build.root, "RequestDigest", request.document, alg=XML_URIS["sha256"])
    build.add(build.root, "Service", request.service)
    build.add(build.root, "Stage", stage)
    build.add(build.root, "IssuedAt", format_time(now))
    build.recipient(recipient)
    build.provider(provider)
    for finding in reasons:
        element = build.add(build.root, "Reason", code=finding.code)
        for language in messages.LANGUAGES:
            build.add(element, "Text", messages.describe(finding, language)).set(LANG, language)
        if ground := rules()[finding.code].ground:
            build.add(element, "Ground", ground)
        for name, value in finding.params.items():
            build.add(element, "Param", str(value), name=name)
    for mend in dict.fromkeys(rules()[finding.code].mend for finding in reasons):
        for language in messages.LANGUAGES:
            build.add(build.root, "HowToFix", messages.text(mend, language)).set(LANG, language)
    for language in messages.LANGUAGES:
        build.add(build.root, "Appeal", messages.text("APPEAL_INFO", language)).set(LANG, language)
    _signed_by(build, signatory)
    return build.finish()


@dataclass(frozen=True, slots=True)
class OutcomeContent:
    """What a signed certificate or refusal says about what it belongs to."""

    kind: Literal["result", "refusal"]
    number: str
    request_number: str
    request_digest: str
    issued_at: datetime
    recipient: str
    provider_bin: str
    signatory: str
    codes: tuple[str, ...]
    registered_at: datetime | None


def read_outcome(root: etree._Element) -> OutcomeContent:
    """Read a certificate or a refusal from its verified tree."""
    kind: Literal["result", "refusal"] = "result" if etree.QName(root).namespace == NAMESPACES["result"] else "refusal"
    look = Reader(root)
    prefix = "rs" if kind == "result" else "rf"
    return OutcomeContent(
        kind,
        look.text(f"{prefix}:Number"),
        look.text(f"{prefix}:RequestNumber"),
        look.text(f"{prefix}:RequestDigest"),
        parse_time(look.text(f"{prefix}:IssuedAt")),
        look.text(f"{prefix}:Recipient/c:IIN"),
        look.text(f"{prefix}:Provider/c:BIN"),
        look.text(f"{prefix}:SignedBy/c:EmployeeIIN"),
        tuple(element.get("code", "") for element in look.all("rf:Reason")),
        parse_time(registered) if (registered := look.text("rs:RegisteredAt")) else None,
    )


def verification_code(number: str, request_digest: str) -> str:
    """Return the code by which a person finds a certificate again: ``1F3A-…``, sixteen hexadecimal digits.

    It cannot be guessed: the request behind the digest holds a random number.
    """
    code = hashlib.sha256(f"{number} {request_digest}".encode()).hexdigest()[:16].upper()
    return "-".join(code[start : start + 4] for start in range(0, 16, 4))


def _signed_by(build: Builder, signatory: Signatory) -> None:
    element = build.add(build.root, "SignedBy")
    build.common(element, "FullName", signatory.full_name)
    build.common(element, "Position", signatory.position)
    build.common(element, "EmployeeIIN", signatory.iin)
