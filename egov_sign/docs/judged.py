"""What comes out of judging a signed XML document: verdicts with the content they are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lxml import etree

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.profile import Identity, Role
from egov_sign.clock import format_time
from egov_sign.docs.references import Covered
from egov_sign.docs.xmlparse import signed_tree
from egov_sign.native import mypyc_attr
from egov_sign.verdict import Indication, Json, Report


@mypyc_attr(native_class=False)
@dataclass(frozen=True, slots=True)
class Required:
    """What the caller demands of a document beyond valid signatures.

    Attributes:
        iin: IIN of a signer; twelve digits.
        bin: BIN of a signer's organisation; twelve digits.
        roles: one of these roles a signer must have; empty demands nothing.
        root: name of the root element (``{namespace}name``) that must be signed as a whole; ``*`` for any name,
            empty demands nothing.
    """

    iin: str = ""
    bin: str = ""
    roles: frozenset[Role] = frozenset()
    root: str = ""


@mypyc_attr(native_class=False)
@dataclass(frozen=True, slots=True)
class XmlRules:
    """What is read of XML signatures beyond the usual.

    Attributes:
        xpath: evaluate safe XPath filters (:mod:`egov_sign.docs.nodeset`) instead of refusing them; what they leave
            out shows in the scope.
        manifests: verify what signed manifests list; otherwise it is named as not verified.
    """

    xpath: bool = False
    manifests: bool = False


@dataclass(slots=True)
class JudgedSignature:
    """One signature with its verdict and what it covers.

    Attributes:
        report: subject ``signature``.
        certificate: the signing certificate, if it was identified.
        identity: who holds it.
        covered: what the references cover whose digests are right.
        stacked_under: number of later signatures that this one does not cover.
    """

    report: Report
    certificate: Certificate | None = None
    identity: Identity | None = None
    covered: Sequence[Covered] = ()
    stacked_under: int = 0

    def signed_root(self) -> etree._Element | None:
        """Return the document as this signature covers it, read from the very octets that were digested.

        ``None`` if the signature is not VALID or does not cover the root element. Comments are gone, and with them
        every way to split a signed text.
        """
        if self.report.indication is not Indication.VALID:
            return None
        for item in self.covered:
            if item.covers_root:
                return signed_tree(item.octets)
        return None


@dataclass(slots=True)
class XmlVerdict:
    """The verdict on a document.

    Attributes:
        report: subject ``document``, one child per signature.
        signatures: the same signatures, in document order, with what they cover.
    """

    report: Report
    signatures: list[JudgedSignature] = field(default_factory=list)


def describe_signer(certificate: Certificate, identity: Identity) -> dict[str, Json]:
    """Return the signer and the certificate as plain values; numbers in full, for programs that need them."""
    return {
        "holder": identity.holder.value,
        "name": identity.full_name,
        "iin": str(identity.iin) if identity.iin else None,
        "bin": str(identity.bin) if identity.bin else None,
        "organisation": identity.organisation or None,
        "roles": [role.value for role in sorted(identity.roles)],
        "subject": str(certificate.subject),
        "issuer": str(certificate.issuer),
        "serial": str(certificate.serial),
        "not_before": format_time(certificate.not_before),
        "not_after": format_time(certificate.not_after),
        "fingerprint": certificate.fingerprint,
    }
