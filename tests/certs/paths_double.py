"""A plain stand-in for the path validator: signatures, key usage and revocation, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from egov_sign.certs.certificate import Certificate
from egov_sign.certs.name import Name
from egov_sign.certs.revocation import Revocation
from egov_sign.crypto.keys import PublicKey
from egov_sign.verdict import Indication, Report, SubIndication


class Path:
    """A :class:`egov_sign.certs.validator.PathContext` over a pool of certificates."""

    def __init__(
        self,
        checker: Revocation,
        at: datetime,
        anchor: Certificate,
        pool: Sequence[Certificate],
        issuer: Certificate,
        busy: frozenset[bytes] = frozenset(),
    ) -> None:
        self.anchor = anchor
        self.issuer_key: PublicKey = issuer.public_key
        self.end_entity = True
        self._checker, self._at, self._pool, self._busy = checker, at, pool, busy

    def known(self, name: Name) -> Sequence[Certificate]:
        return [certificate for certificate in (self.anchor, *self._pool) if certificate.subject == name]

    def validate(self, signer: Certificate, candidates: Sequence[Certificate] = ()) -> Report:
        report = Report("certificate", str(signer.subject))
        if signer == self.anchor:
            return report
        for issuer in (*self.known(signer.issuer), *candidates):
            if issuer == signer or not issuer.public_key.verify(
                signer.signature, signer.tbs, signer.signature_algorithm
            ):
                continue
            path = Path(self._checker, self._at, self.anchor, self._pool, issuer, self._busy | {signer.der})
            above = path.validate(issuer)
            if above.indication is Indication.VALID:
                if signer.der not in self._busy:
                    report.children.append(self._checker.check(signer, issuer, self._at, path))
                return report
        report.fail("CERT_UNTRUSTED", SubIndication.NO_CERTIFICATE_CHAIN_FOUND)
        return report


def check(
    checker: Revocation,
    certificate: Certificate,
    issuer: Certificate,
    at: datetime,
    *,
    anchor: Certificate | None = None,
    pool: Sequence[Certificate] = (),
) -> Report:
    """Return what ``checker`` says about ``certificate`` below ``issuer``, which is the anchor if none is given."""
    path = Path(checker, at, anchor or issuer, pool, issuer)
    return checker.check(certificate, issuer, at, path)
