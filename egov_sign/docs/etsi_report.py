"""The verdict as a signature validation report of ETSI TS 119 102-2 V1.2.1, in XML.

One SignatureValidationReport per signature (clause 4.3), and the objects the verdict rests on, by their digests
(clause 4.4): the document, certificates, revocation lists and responses, time-stamps with the verdicts on them. VALID
is TOTAL-PASSED, INVALID is TOTAL-FAILED; of a time-stamp PASSED and FAILED. What was found of the document as a whole
(a requirement that is not met, unsigned parts) counts for each of its signatures, so that none is reported better than
the document. Every finding is a validation constraint that was applied.

The same report gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from lxml import etree

from egov_sign.certs.evidence import evidence_in
from egov_sign.crypto import digests
from egov_sign.docs.xades import XADES_NS
from egov_sign.docs.xmldsig import DS, DS_NS
from egov_sign.verdict import Finding, Indication, Report, Severity, SubIndication

NAMESPACE = "http://uri.etsi.org/19102/v1.2.1#"
_VR = f"{{{NAMESPACE}}}"
_URN = "urn:etsi:019102:"
_OWN = "urn:egov-sign:"
_TOTAL = {
    Indication.VALID: "total-passed",
    Indication.INVALID: "total-failed",
    Indication.INDETERMINATE: "indeterminate",
}
_PART = {Indication.VALID: "passed", Indication.INVALID: "failed", Indication.INDETERMINATE: "indeterminate"}
_OF_SEVERITY = {
    Severity.NOTE: Indication.VALID,
    Severity.WARNING: Indication.VALID,
    Severity.INDETERMINATE: Indication.INDETERMINATE,
    Severity.INVALID: Indication.INVALID,
}
_KINDS = {"crl": "CRL", "ocsp": "OCSPResponse"}


def to_etsi(report: Report, document: bytes) -> bytes:
    """Return the report as XML, UTF-8.

    Args:
        report: the verdict on a document.
        document: the document itself; only its digest is told.
    """
    return _Writer(report, document).xml()


class _Writer:
    def __init__(self, report: Report, document: bytes) -> None:
        self.report = report
        self.digest = hashlib.sha256(document).hexdigest()
        self.root = etree.Element(_VR + "ValidationReport", nsmap={"vr": NAMESPACE, "ds": DS_NS, "xades": XADES_NS})
        self.objects = etree.Element(_VR + "SignatureValidationObjects")
        self.known: set[str] = set()
        self.document = self._object("D", "signedData", self.digest)

    def xml(self) -> bytes:
        """Write all signatures, then the objects they rest on."""
        signatures = list(_signatures(self.report, ()))
        for number, (signature, around) in enumerate(signatures, 1):
            self._signature(_add(self.root, "SignatureValidationReport"), signature, around, number)
        if not signatures:
            alone = _add(self.root, "SignatureValidationReport")
            self._constraints(alone, self.report, ())
            self._status(alone, self.report, (), _TOTAL)
        self.root.append(self.objects)
        return etree.tostring(self.root, encoding="UTF-8", xml_declaration=True, pretty_print=True)

    def _signature(self, element: etree._Element, signature: Report, around: tuple[Finding, ...], number: int) -> None:
        facts: dict[str, Any] = signature.facts
        path = self._path(signature)
        stamps = [self._timestamp(one) for one in signature.children if one.subject == "timestamp"]
        for one in evidence_in(signature):
            self._object(_KINDS[one.kind][0], _KINDS[one.kind], one.digest)
        identifier = _add(element, "SignatureIdentifier", id=f"S-{number}-{self.digest[:32]}")
        _add(identifier, "HashOnly", "false")
        _add(identifier, "DocHashOnly", "false")
        _add(identifier, "DAIdentifier", _text(f"sha256:{self.digest}#{signature.name}"))
        self._constraints(element, signature, around)
        self._times(element, facts, stamps)
        signed = _add(element, "SignersDocument")
        _digest_in(signed, self.digest)
        _add(signed, "SignersDocumentRef", VOReference=self.document)
        if "claimed_signing_time" in facts:
            time = _add(_add(element, "SignatureAttributes"), "SigningTime", Signed="true")
            _add(time, "Time", str(facts["claimed_signing_time"]))
        if path:
            signer = _add(element, "SignerInformation")
            _add(signer, "SignerCertificate", VOReference=path[0])
            _add(signer, "Signer", _text(str(facts["signer"]["subject"])))
        process = "LTVM" if any(proves for _, proves in stamps) else "Basic"
        done = _add(element, "SignatureValidationProcess")
        _add(done, "SignatureValidationProcessID", f"{_URN}validationprocess:{process}")
        self._status(element, signature, around, _TOTAL, path)

    def _times(self, element: etree._Element, facts: dict[str, Any], stamps: list[tuple[str, bool]]) -> None:
        now = str(self.report.facts.get("validation_time", ""))
        if not now:
            return
        times = _add(element, "ValidationTimeInfo")
        _add(times, "ValidationTime", now)
        best = _add(times, "BestSignatureTime")
        _add(best, "POETime", str(facts.get("best_signature_time", now)))
        _add(best, "TypeOfProof", f"{_URN}poetype:validation")
        proving = [identifier for identifier, proves in stamps if proves]
        if proving and facts.get("best_signature_time") != now:
            _add(best, "POEObject", VOReference=" ".join(proving))

    def _constraints(self, element: etree._Element, signature: Report, around: tuple[Finding, ...]) -> None:
        findings = [*around, *(finding for _, finding in signature.walk())]
        if not findings:
            return
        evaluated = _add(element, "ValidationConstraintsEvaluationReport")
        for finding in findings:
            constraint = _add(evaluated, "ValidationConstraint")
            _add(constraint, "ValidationConstraintIdentifier", f"{_OWN}finding:{finding.code}")
            if finding.where:
                parameter = _add(constraint, "ValidationConstraintParameter")
                _add(parameter, "Type", f"{_OWN}where")
                _add(parameter, "Value", _text(finding.where))
            _add(_add(constraint, "ConstraintStatus"), "Status", f"{_URN}constraintStatus:applied")
            status = _add(constraint, "ValidationStatus")
            _add(status, "MainIndication", f"{_URN}mainindication:{_PART[_OF_SEVERITY[finding.severity]]}")
            if finding.sub_indication:
                _add(status, "SubIndication", _sub_indication(finding.sub_indication))

    def _status(
        self,
        element: etree._Element,
        report: Report,
        around: tuple[Finding, ...],
        words: dict[Indication, str],
        path: Sequence[str] = (),
    ) -> None:
        """Write the verdict on ``report``, no better than the findings ``around`` it, and its certificates."""
        together = Report("signature", findings=list(around), children=[report])
        status = _add(element, "SignatureValidationStatus")
        _add(status, "MainIndication", f"{_URN}mainindication:{words[together.indication]}")
        sub = together.sub_indication
        if sub:
            _add(status, "SubIndication", _sub_indication(sub))
        if path:
            chain = _add(_add(status, "AssociatedValidationReportData"), "CertificateChain")
            _add(chain, "SigningCertificate", VOReference=path[0])
            for identifier in path[1:-1]:
                _add(chain, "IntermediateCertificate", VOReference=identifier)
            if len(path) > 1:
                name = "TrustAnchor" if _has_anchor(report) else "IntermediateCertificate"
                _add(chain, name, VOReference=path[-1])

    def _timestamp(self, report: Report) -> tuple[str, bool]:
        """Add a time-stamp to the objects; return its identifier and whether it proves anything."""
        facts = report.facts
        time, serial = str(facts.get("gen_time", "")), f"{facts.get('policy', '')}:{facts.get('serial', '')}"
        name = f"{report.name}|{serial}|{time}|{facts.get('over', '')}"
        identifier = f"T-{hashlib.sha256(name.encode()).hexdigest()[:32]}"
        if identifier not in self.known:
            self.known.add(identifier)
            path = self._path(report)
            element = _add(self.objects, "ValidationObject", id=identifier)
            _add(element, "ObjectType", f"{_URN}validationObject:timestamp")
            _add(_add(element, "ValidationObjectRepresentation"), "URI", f"{_OWN}timestamp:{serial}")
            judged = _add(element, "ValidationReport")
            self._constraints(judged, report, ())
            self._status(judged, report, (), _PART, path)
        return identifier, report.counts and report.indication is Indication.VALID

    def _path(self, report: Report) -> list[str]:
        """Return the identifiers of the certificates on the path of a signature or time-stamp, its own first."""
        for child in report.children:
            prints = child.facts.get("fingerprints")
            if child.subject == "certificate" and isinstance(prints, list):
                return [self._object("C", "certificate", str(one)) for one in prints]
        signer = report.facts.get("signer")
        return [self._object("C", "certificate", str(signer["fingerprint"]))] if isinstance(signer, dict) else []

    def _object(self, letter: str, kind: str, digest: str) -> str:
        identifier = f"{letter}-{digest[:32]}"
        if identifier not in self.known:
            self.known.add(identifier)
            element = _add(self.objects, "ValidationObject", id=identifier)
            _add(element, "ObjectType", f"{_URN}validationObject:{kind}")
            _digest_in(_add(element, "ValidationObjectRepresentation"), digest)
        return identifier


def _signatures(report: Report, around: tuple[Finding, ...]) -> Iterator[tuple[Report, tuple[Finding, ...]]]:
    """Yield the signatures of a document, nested documents included, with the findings on the documents around."""
    if report.subject == "signature":
        yield report, around
        return
    if report.subject == "document":
        for child in report.children:
            yield from _signatures(child, (*around, *report.findings))


def _has_anchor(report: Report) -> bool:
    return any(part.subject == "trust-anchor" for child in report.children for part in child.children)


def _sub_indication(sub: SubIndication) -> str:
    """Return the URI; a requirement of the caller that is not met is none of the standard's."""
    return f"{_OWN}subindication:REQUIREMENT" if sub is SubIndication.CUSTOM else f"{_URN}subindication:{sub.value}"


def _digest_in(element: etree._Element, digest: str) -> None:
    holder = _add(element, "DigestAlgAndValue")
    etree.SubElement(holder, DS + "DigestMethod", Algorithm=digests.XML_URIS["sha256"])
    etree.SubElement(holder, DS + "DigestValue").text = base64.b64encode(bytes.fromhex(digest)).decode("ascii")


def _add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, _VR + name, attributes)
    element.text = text
    return element


def _text(value: str) -> str:
    """Return ``value`` without the characters that XML cannot hold."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in value)
