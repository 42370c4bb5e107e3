"""What the signatures of a document cover together, and what the caller requires."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from lxml import etree

from egov_sign.docs.acceptance import report_signers
from egov_sign.docs.deferred import DeferredReport
from egov_sign.docs.judged import JudgedSignature, Required, XmlVerdict
from egov_sign.docs.xmldsig import SIGNATURE
from egov_sign.docs.xmlparse import path_of
from egov_sign.verdict import Indication, Report, SubIndication

_SHOWN = 20
"""Unsigned elements named in a report; more only make it long."""


def standing(verdict: XmlVerdict) -> list[JudgedSignature]:
    """Return the signatures of ``verdict`` that are not INVALID: those that count for what is covered, and by whom.

    Whether a certificate could be judged does not change what its signature covers.
    """
    return [judged for judged in verdict.signatures if judged.report.indication is not Indication.INVALID]


def report_scope(root: etree._Element, signatures: Sequence[JudgedSignature], report: DeferredReport) -> None:
    """Say in ``report`` whether ``signatures`` cover the whole document, and if not, which elements they do not."""
    covered = [item for judged in signatures for item in judged.covered if item.nodes]
    whole = any(item.covers_root for item in covered)
    report.tell("whole_document_signed", bool, whole)
    if whole or root.tag == SIGNATURE:
        return
    apexes = {item.nodes.apex for item in covered if item.nodes}
    around = {ancestor for apex in apexes for ancestor in apex.iterancestors()}
    unsigned = [path_of(element) for element in islice(_uncovered(root, apexes, around), _SHOWN)]
    report.tell("not_signed", list, unsigned)
    if covered:
        report.warn("SCOPE_PARTIAL", unsigned[0] if unsigned else "", count=len(unsigned))


def _uncovered(
    element: etree._Element, apexes: set[etree._Element], around: set[etree._Element]
) -> Iterator[etree._Element]:
    """Yield the topmost elements that lie outside all ``apexes``, signatures apart; ``around``: their ancestors."""
    if element in apexes or element.tag == SIGNATURE:
        return
    if element not in around:
        yield element
        return
    for child in element.iterchildren("*"):
        yield from _uncovered(child, apexes, around)


def _stands_apart(root: etree._Element, signatures: Sequence[JudgedSignature]) -> bool:
    """Tell whether ``signatures`` speak for themselves, wherever they stand.

    They do if they are the whole document, or cover content from outside and no part of the document; what lies in a
    signature, such as its own properties, is no such part.
    """
    parts = [item.nodes.apex if item.nodes else None for judged in signatures for item in judged.covered]
    in_document = (apex for apex in parts if apex is not None and next(apex.iterancestors(SIGNATURE), None) is None)
    return root.tag == SIGNATURE or (None in parts and next(in_document, None) is None)


def report_requirements(
    root: etree._Element, signatures: Sequence[JudgedSignature], required: Required, report: Report
) -> None:
    """Hold ``signatures`` and their scope against what is ``required``.

    Where the whole document is signed, only those count who signed it whole: a signature over a part can be carried
    into any document, and there speaks for that part alone; so can one that holds what it signs. Where nobody signed
    the whole, a signer is therefore not established as required, but for content that stands apart from the document.
    """
    over_all = [judged for judged in signatures if any(item.covers_root for item in judged.covered)]
    report_signers([judged.identity for judged in over_all or signatures if judged.identity], required, report)
    demanded = required.iin or required.bin or required.roles
    if demanded and signatures and not over_all and not _stands_apart(root, signatures):
        report.fail("REQUIRED_SIGNER_SIGNED_PART", SubIndication.SIG_CONSTRAINTS_FAILURE, path_of(root))
    if required.root and not (over_all and required.root in {"*", root.tag}):
        report.fail("SIGNED_ROOT_MISMATCH", SubIndication.CUSTOM, path_of(root), required=required.root)
