"""Every bound of the toolkit in one place."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds; crossing one raises :class:`egov_sign.errors.LimitError` or makes a check INDETERMINATE.

    Sizes are in bytes, times in seconds, the rest are counts.
    """

    document_bytes: int = 256 * MIB
    """A document handed in for verification."""
    xml_depth: int = 256
    """Nesting of elements."""
    xml_attribute_bytes: int = 10 * MIB
    """One attribute value or one text node."""
    xml_attributes: int = 1024
    """Attributes of one element."""
    xml_signatures: int = 64
    """ds:Signature elements in one document."""
    xml_references: int = 64
    """ds:Reference elements in one SignedInfo or Manifest."""
    xml_transforms: int = 8
    """ds:Transform elements in one Reference."""
    xml_filtered_elements: int = 10_000
    """Elements of a document for which an XPath filter is evaluated."""
    xml_canonical_bytes: int = 64 * MIB
    """What the references of all signatures of one document may make us canonicalise, besides ``xml_canonical_passes``;
    each octet counts for more where many namespaces are in scope or libxml2 cannot do it."""
    xml_canonical_passes: int = 32
    """So often the whole of a document may be canonicalised in any case, however large it is."""
    xml_certificates: int = 32
    """Certificates in one ds:KeyInfo; the key of each may be tried on the value of the signature."""
    pdf_attachments: int = 256
    """Files embedded in one PDF."""
    cms_signers: int = 64
    """SignerInfo values in one CMS message, counter-signatures of one signature included."""
    cms_attributes: int = 64
    """Attributes in one set of a SignerInfo, or values in one attribute."""
    signature_timestamps: int = 128
    """Time-stamps judged in one CMS message, or on one XML signature."""
    certificate_bytes: int = 64 * KIB
    """One DER certificate."""
    certificates: int = 256
    """Certificates offered beside a document for path building."""
    crl_bytes: int = 128 * MIB
    """One DER revocation list."""
    ocsp_bytes: int = 1 * MIB
    """One OCSP response."""
    timestamp_bytes: int = 1 * MIB
    """One RFC 3161 response or token."""
    keystore_bytes: int = 4 * MIB
    """One PKCS#12, PEM or PKCS#8 file."""
    keystore_iterations: int = 10_000_000
    """Iterations of a key-derivation function that a container may ask for."""
    path_length: int = 12
    """Certificates in a path, trust anchor included."""
    path_attempts: int = 512
    """Signature checks spent on building paths for one certificate."""
    document_checks: int = 2048
    """Signature checks spent on paths and on who signed revocation lists, for all certificates of one document."""
    embedded_statuses: int = 256
    """Revocation lists and responses that one document brings along."""
    name_comparisons: int = 250_000
    """Comparisons of a name with a name constraint in one certificate."""
    fetches: int = 16
    """Network requests in one operation."""
    fetch_seconds: float = 10.0
    """One network request, redirects included."""
    fetch_redirects: int = 3
    """Redirects followed in one network request."""
    attachment_bytes: int = 10 * MIB
    """One file attached to a service request."""
    case_files: int = 1024
    """Files in the folder of an exported case."""
    case_bytes: int = 512 * MIB
    """All of them together."""
    manifest_bytes: int = 1 * MIB
    """The manifest of an exported case."""


DEFAULT_LIMITS = Limits()
