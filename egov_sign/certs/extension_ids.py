"""Object identifiers of extensions, and of what stands in them."""

from __future__ import annotations

# Certificates and lists (RFC 5280, 4.2 and 5.2)
SUBJECT_DIRECTORY_ATTRIBUTES = "2.5.29.9"
SUBJECT_KEY_ID = "2.5.29.14"
KEY_USAGE = "2.5.29.15"
SUBJECT_ALT_NAME = "2.5.29.17"
ISSUER_ALT_NAME = "2.5.29.18"
BASIC_CONSTRAINTS = "2.5.29.19"
CRL_NUMBER = "2.5.29.20"
DELTA_INDICATOR = "2.5.29.27"
ISSUING_DISTRIBUTION_POINT = "2.5.29.28"
NAME_CONSTRAINTS = "2.5.29.30"
CRL_DISTRIBUTION_POINTS = "2.5.29.31"
CERTIFICATE_POLICIES = "2.5.29.32"
POLICY_MAPPINGS = "2.5.29.33"
AUTHORITY_KEY_ID = "2.5.29.35"
POLICY_CONSTRAINTS = "2.5.29.36"
EXTENDED_KEY_USAGE = "2.5.29.37"
FRESHEST_CRL = "2.5.29.46"
INHIBIT_ANY_POLICY = "2.5.29.54"
EXPIRED_CERTS_ON_CRL = "2.5.29.60"
AUTHORITY_INFO_ACCESS = "1.3.6.1.5.5.7.1.1"
SUBJECT_INFO_ACCESS = "1.3.6.1.5.5.7.1.11"
OCSP_NO_CHECK = "1.3.6.1.5.5.7.48.1.5"
KEY_LOCATIONS = "1.2.398.3.3.5"
"""The country's: where the key lives."""

# Entries of lists (RFC 5280, 5.3)
REASON_CODE = "2.5.29.21"
HOLD_INSTRUCTION = "2.5.29.23"
INVALIDITY_DATE = "2.5.29.24"
CERTIFICATE_ISSUER = "2.5.29.29"

# OCSP (RFC 6960, 4.4)
OCSP_NONCE = "1.3.6.1.5.5.7.48.1.2"
OCSP_CRL_REFERENCE = "1.3.6.1.5.5.7.48.1.3"
OCSP_ARCHIVE_CUTOFF = "1.3.6.1.5.5.7.48.1.6"
OCSP_EXTENDED_REVOKE = "1.3.6.1.5.5.7.48.1.9"

# In extensions
ANY_POLICY = "2.5.29.32.0"
ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0"
ACCESS_OCSP = "1.3.6.1.5.5.7.48.1"
ACCESS_CA_ISSUERS = "1.3.6.1.5.5.7.48.2"
PRACTICE_STATEMENT = "1.3.6.1.5.5.7.2.1"

KEY_USAGES = (
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
)
"""The bits of keyUsage in their order (RFC 5280, 4.2.1.3)."""
