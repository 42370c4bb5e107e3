"""Signed lists of further references: ``ds:Manifest`` (W3C XML Signature 1.1, sections 2.3 and 5.1).

The signature covers the list; whether what is listed still has the digests there is for the application to decide. So
nothing that a manifest lists ever counts as signed. It is named as not verified; whoever wants it verified asks for it,
and then a listed thing that was changed or is missing stands against the signature.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lxml import etree

from egov_sign.docs.references import XmlDocument, cover, describe_scope
from egov_sign.docs.refusal import Refusal
from egov_sign.docs.xmldsig import DS, Reference, read_references
from egov_sign.docs.xmlparse import path_of
from egov_sign.docs.xmlverify import SignatureCheck
from egov_sign.errors import UnsupportedError
from egov_sign.verdict import Json, SubIndication

MANIFEST = DS + "Manifest"
_SHOWN = 20
"""References named in a report; more only make it long."""


def report_manifests(document: XmlDocument, check: SignatureCheck, *, follow: bool) -> None:
    """Tell in the report of ``check`` what the manifests list that the signature covers.

    Args:
        document: where the signature stands.
        check: the signature, its references checked.
        follow: whether what is listed is verified.
    """
    for manifest in _signed_manifests(check):
        where, elements = path_of(manifest), manifest.findall(DS + "Reference")
        if not follow:
            uris = ", ".join(element.get("URI") or "—" for element in elements[:_SHOWN])
            check.report.warn("MANIFEST_NOT_VERIFIED", where, count=len(elements), uris=uris)
            continue
        try:
            _verify(document, check, list(read_references(elements, document.limits)))
        except Refusal as refusal:
            refusal.report_to(check.report)


def _signed_manifests(check: SignatureCheck) -> Iterator[etree._Element]:
    """Yield the manifests in what is covered, each once."""
    seen: set[etree._Element] = set()
    for item in check.covered:
        if item.nodes is None or b"Manifest" not in item.octets:
            continue
        left_out = set(item.nodes.exclude)
        for manifest in item.nodes.apex.iter(MANIFEST):
            if manifest not in seen and left_out.isdisjoint(manifest.iterancestors()):
                seen.add(manifest)
                yield manifest


def _verify(document: XmlDocument, check: SignatureCheck, references: Sequence[Reference]) -> None:
    report, signature = check.report, check.signature
    if signature is None:
        raise AssertionError("the signature was not read")
    listed = report.facts.setdefault("manifests", [])
    for reference in references:
        try:
            covered = cover(document, reference, signature.element)
            if covered.matches:
                _append(listed, describe_scope(covered))
            else:
                report.fail("MANIFEST_MISMATCH", SubIndication.HASH_FAILURE, reference.where, uri=reference.uri or "")
        except Refusal as refusal:
            refusal.report_to(report)
        except UnsupportedError:
            report.fail(
                "XML_ALGORITHM_UNKNOWN",
                SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
                reference.where,
                algorithm=reference.digest,
            )


def _append(listed: Json, item: Json) -> None:
    if isinstance(listed, list):
        listed.append(item)
