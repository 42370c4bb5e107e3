"""The cryptographic half of checking an XML signature: references, then the value over SignedInfo.

Source: W3C XML Signature 1.1, section 3.2 (core validation). Certificates are not judged here: the key comes in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lxml import etree

from egov_sign.crypto.algorithms import KeyType
from egov_sign.crypto.keys import PublicKey
from egov_sign.docs import c14n
from egov_sign.docs.references import Covered, XmlDocument, cover
from egov_sign.docs.refusal import Refusal
from egov_sign.docs.sigvalue import to_x509
from egov_sign.docs.xmldsig import SIGNATURE, Reference, Signature, find_signatures, read_signature
from egov_sign.errors import InputError, UnsupportedError
from egov_sign.verdict import Report, SubIndication


@dataclass(slots=True)
class SignatureCheck:
    """What was found out about one signature.

    Attributes:
        report: subject ``signature``; VALID means that the value and all references are right.
        signature: its parts, if its form is right.
        covered: what its references cover, those that match.
        stacked_under: how many later signatures had to be left out for the references to match (the country's way of
            several signers: each signs the document with the signatures before his own).
    """

    report: Report
    signature: Signature | None = None
    covered: list[Covered] = field(default_factory=list)
    stacked_under: int = 0


def verify_signatures(document: XmlDocument, keys: Sequence[PublicKey]) -> list[SignatureCheck]:
    """Check every signature of ``document`` with the keys given; one of them has to fit.

    For whoever has the keys and needs no judgement of certificates; :class:`egov_sign.docs.validation.XmlValidator`
    gives the whole verdict.
    """
    checks = []
    for element in find_signatures(document.root):
        report = Report("signature")
        check = SignatureCheck(report)
        checks.append(check)
        try:
            check.signature = read_signature(element, document.limits)
            octets = signed_info_octets(document, check.signature)
        except Refusal as refusal:
            refusal.report_to(report)
            continue
        report.name = check.signature.where
        check_references(document, check)
        if not any(value_fits(check.signature, octets, key) for key in keys):
            report.fail("XML_SIGNATURE_VALUE", SubIndication.SIG_CRYPTO_FAILURE, check.signature.where)
    return checks


def check_references(document: XmlDocument, check: SignatureCheck) -> None:
    """Digest what each reference covers and compare; findings and what is covered go into ``check``."""
    signature = check.signature
    if signature is None:
        raise AssertionError("the signature was not read")
    following = list(signature.element.itersiblings(SIGNATURE))
    for reference in signature.references:
        try:
            covered = _cover_as_signed(document, signature, reference, following)
        except Refusal as refusal:
            refusal.report_to(check.report)
            continue
        except UnsupportedError:
            check.report.fail(
                "XML_ALGORITHM_UNKNOWN",
                SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
                reference.where,
                algorithm=reference.digest,
            )
            continue
        if covered is None:
            check.report.fail(
                "XML_DIGEST_MISMATCH", SubIndication.HASH_FAILURE, reference.where, uri=reference.uri or ""
            )
            continue
        check.covered.append(covered)
        if covered.nodes and not any(step.leaves_out_signatures for step in reference.transforms):
            check.stacked_under = max(check.stacked_under, len(covered.nodes.exclude) - 1)


def _cover_as_signed(
    document: XmlDocument, signature: Signature, reference: Reference, following: list[etree._Element]
) -> Covered | None:
    """Return what ``reference`` covers if its digest is right.

    The standard leaves out only the signature itself; where that does not match, the signatures after it are left
    out too, as it was made before they were there.
    """
    covered = cover(document, reference, signature.element)
    if covered.matches:
        return covered
    if following and covered.nodes and covered.nodes.exclude:
        covered = cover(document, reference, signature.element, following)
        if covered.matches:
            return covered
    return None


def signed_info_octets(document: XmlDocument, signature: Signature) -> bytes:
    """Return the canonical SignedInfo of ``signature`` in ``document``: what the signature value is made over.

    Raises:
        Refusal: ``XML_C14N_FAILED``.
    """
    method = signature.c14n_method
    if not method.exclusive and not method.comments:
        cut = document.whole.alone(signature.signed_info, version_11=method.version_11)
        if cut is not None:
            return cut
    try:
        return c14n.canonicalize(
            signature.signed_info, signature.c14n_method, inclusive_prefixes=signature.c14n_prefixes
        )
    except InputError:
        raise Refusal("XML_C14N_FAILED", SubIndication.FORMAT_FAILURE, signature.where) from None


def value_fits(signature: Signature, octets: bytes, key: PublicKey) -> bool:
    """Tell whether the signature value is that of ``key`` over ``octets``."""
    if key.key_type is not signature.algorithm.key_type:
        return False
    value = to_x509(signature.value, key) if key.key_type in {KeyType.EC, KeyType.DSA} else signature.value
    return value is not None and key.verify(value, octets, signature.algorithm)
