"""Reasons for revocation (RFC 5280, 5.3.1) and sets of them (4.2.1.13)."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Reason(IntEnum):
    """Why a certificate was revoked (CRLReason)."""

    UNSPECIFIED = 0
    KEY_COMPROMISE = 1
    CA_COMPROMISE = 2
    AFFILIATION_CHANGED = 3
    SUPERSEDED = 4
    CESSATION_OF_OPERATION = 5
    CERTIFICATE_HOLD = 6
    REMOVE_FROM_CRL = 8
    PRIVILEGE_WITHDRAWN = 9
    AA_COMPROMISE = 10

    @classmethod
    def from_code(cls, code: int) -> Reason:
        """Return the reason with the number ``code``; an unknown number is a revocation all the same."""
        try:
            return cls(code)
        except ValueError:
            return cls.UNSPECIFIED

    @property
    def label(self) -> str:
        """The name that RFC 5280 gives it, e.g. ``keyCompromise``."""
        return _LABELS[self]


_LABELS = {
    Reason.UNSPECIFIED: "unspecified",
    Reason.KEY_COMPROMISE: "keyCompromise",
    Reason.CA_COMPROMISE: "cACompromise",
    Reason.AFFILIATION_CHANGED: "affiliationChanged",
    Reason.SUPERSEDED: "superseded",
    Reason.CESSATION_OF_OPERATION: "cessationOfOperation",
    Reason.CERTIFICATE_HOLD: "certificateHold",
    Reason.REMOVE_FROM_CRL: "removeFromCRL",
    Reason.PRIVILEGE_WITHDRAWN: "privilegeWithdrawn",
    Reason.AA_COMPROMISE: "aACompromise",
}

ALL_REASONS: Final = frozenset(range(1, 9))
"""The bits of ReasonFlags that a set of CRLs must cover before "not listed" means "not revoked".

Bit 0 is unused; the rest are keyCompromise, cACompromise, affiliationChanged, superseded, cessationOfOperation,
certificateHold, privilegeWithdrawn and aACompromise."""
