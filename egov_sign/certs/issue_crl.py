"""Issuing certificate revocation lists (RFC 5280, section 5): full, delta, partitioned and indirect."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from egov_sign.certs import issue_extensions as ext
from egov_sign.certs.issue import Authority, sign_structure
from egov_sign.certs.reasons import Reason
from egov_sign.crypto import der_write as der
from egov_sign.crypto.algorithms import to_identifier


@dataclass(frozen=True, slots=True)
class RevokedEntry:
    """One line of a list.

    Attributes:
        serial: of the certificate.
        at: when it was revoked, timezone-aware.
        reason: why; ``None`` leaves the extension out. ``REMOVE_FROM_CRL`` belongs in deltas only.
        invalidity_date: since when the key is suspected; ``None`` leaves the extension out.
        certificate_issuer: DER Name of its issuer, where an indirect list changes to another issuer; else empty.
        extensions: further finished extensions.
    """

    serial: int
    at: datetime
    reason: Reason | None = None
    invalidity_date: datetime | None = None
    certificate_issuer: bytes = b""
    extensions: tuple[bytes, ...] = ()

    def encode(self) -> bytes:
        """Return the DER entry of revokedCertificates."""
        extensions = list(self.extensions)
        if self.reason is not None:
            extensions.append(ext.reason_code(self.reason))
        if self.invalidity_date is not None:
            extensions.append(ext.invalidity_date(self.invalidity_date))
        if self.certificate_issuer:
            extensions.append(ext.certificate_issuer(self.certificate_issuer))
        tail = der.sequence(*extensions) if extensions else b""
        return der.sequence(der.integer(self.serial), der.time(self.at), tail)


@dataclass(frozen=True, slots=True)
class TbsCertList:
    """What is signed in a list (RFC 5280, 5.1), each part a finished encoding that may be replaced by any bytes.

    Attributes:
        algorithm: AlgorithmIdentifier, the inner one.
        issuer: Name.
        this_update: time.
        next_update: time; empty means that the field is left out.
        entries: revokedCertificates; none means that the field is left out, as RFC 5280 demands.
        extensions: Extension values.
    """

    algorithm: bytes
    issuer: bytes
    this_update: bytes
    next_update: bytes
    entries: tuple[bytes, ...]
    extensions: tuple[bytes, ...]

    def encode(self) -> bytes:
        """Return the DER TBSCertList, version 2."""
        entries = der.sequence(*self.entries) if self.entries else b""
        extensions = der.tagged(0, der.sequence(*self.extensions)) if self.extensions else b""
        head = (der.integer(1), self.algorithm, self.issuer, self.this_update, self.next_update)
        return der.sequence(*head, entries, extensions)


def issue_crl(
    issuer: Authority,
    entries: Iterable[RevokedEntry],
    *,
    number: int,
    this_update: datetime,
    next_update: datetime | None,
    base_number: int | None = None,
    extensions: Iterable[bytes] = (),
) -> bytes:
    """Return a DER list signed by ``issuer``.

    Args:
        issuer: the authority, or the one it delegates indirect lists to.
        entries: what is revoked; in a delta, what changed since the base.
        number: cRLNumber; base and delta lists count on one sequence.
        this_update: when it was made, timezone-aware.
        next_update: when the next one is due; ``None`` leaves the field out, which RFC 5280 forbids.
        base_number: makes it a delta against the list with this number.
        extensions: further finished extensions, such as issuingDistributionPoint or freshestCRL.

    Raises:
        UnsupportedError: ``KEY_ALGORITHM_MISMATCH`` if the issuer's key and algorithm do not belong together.
    """
    tbs = prepare_crl(
        issuer,
        entries,
        number=number,
        this_update=this_update,
        next_update=next_update,
        base_number=base_number,
        extensions=extensions,
    )
    return sign_structure(issuer, tbs.encode())


def prepare_crl(
    issuer: Authority,
    entries: Iterable[RevokedEntry],
    *,
    number: int,
    this_update: datetime,
    next_update: datetime | None,
    base_number: int | None = None,
    extensions: Iterable[bytes] = (),
) -> TbsCertList:
    """Return what :func:`issue_crl` would sign."""
    delta = () if base_number is None else (ext.delta_crl_indicator(base_number),)
    return TbsCertList(
        algorithm=to_identifier(issuer.algorithm),
        issuer=issuer.name,
        this_update=der.time(this_update),
        next_update=der.time(next_update) if next_update else b"",
        entries=tuple(entry.encode() for entry in entries),
        extensions=(ext.authority_key_id(issuer.key_id), ext.crl_number(number), *delta, *extensions),
    )
