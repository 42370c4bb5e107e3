"""Judging certificates: RFC 5280 section 6, with revocation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.name import Name
from egov_sign.crypto.keys import PublicKey
from egov_sign.verdict import Report


class PathContext(Protocol):
    """What a revocation checker may need to know of the path it works for.

    Attributes:
        anchor: the trust anchor of the path; who signs revocation information must have a path to the same one.
        issuer_key: the key of the certificate's issuer, with the parameters it may have inherited on the path.
        end_entity: whether the certificate is the one that was asked about, not one of its issuers.
    """

    anchor: Certificate
    issuer_key: PublicKey
    end_entity: bool

    def known(self, name: Name) -> Sequence[Certificate]:
        """Return the certificates at hand whose subject is ``name``: who may have signed a CRL or an OCSP response."""
        ...

    def validate(self, signer: Certificate, candidates: Sequence[Certificate] = ()) -> Report:
        """Judge the path of ``signer`` to the same anchor at the same time, its own revocation included.

        A certificate whose judgement is already under way is not asked about its revocation again: a CRL may cover
        the certificate it is verified with.
        """
        ...


class RevocationChecker(Protocol):
    """Finds out whether a certificate was revoked."""

    def check(self, certificate: Certificate, issuer: Certificate, at: datetime, context: PathContext) -> Report:
        """Return a report with the subject ``revocation`` on ``certificate``, issued by ``issuer``, at the time ``at``.

        VALID means that it is known not to be revoked; what cannot be established is INDETERMINATE, TRY_LATER.
        """
        ...
