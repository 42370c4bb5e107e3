"""Entries of certificate revocation lists (RFC 5280, 5.3)."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from egov_sign.certs import extension_ids as ids
from egov_sign.certs import extensions as ext
from egov_sign.certs.name import Name
from egov_sign.certs.reasons import Reason
from egov_sign.crypto import der
from egov_sign.errors import InputError

_KNOWN_IN_ENTRY = frozenset({ids.REASON_CODE, ids.HOLD_INSTRUCTION, ids.INVALIDITY_DATE, ids.CERTIFICATE_ISSUER})


class CrlEntry(NamedTuple):
    """One revoked certificate.

    Attributes:
        serial: its serial number.
        issuer: who issued it; differs from the list's issuer only in an indirect CRL.
        revoked_at: when it was revoked, UTC.
        reason: why; ``None`` if the entry does not say.
        invalidity_date: since when the key is suspected to be in wrong hands, as information; ``None`` if absent.
    """

    serial: int
    issuer: Name
    revoked_at: datetime
    reason: Reason | None
    invalidity_date: datetime | None

    @property
    def is_hold(self) -> bool:
        """Whether the certificate is only suspended."""
        return self.reason is Reason.CERTIFICATE_HOLD

    @property
    def is_removal(self) -> bool:
        """Whether a delta CRL takes the certificate off its base."""
        return self.reason is Reason.REMOVE_FROM_CRL


class EntryExtensions(NamedTuple):
    """What the extensions of an entry say."""

    reason: Reason | None = None
    invalidity_date: datetime | None = None
    issuer: Name | None = None
    unknown_critical: bool = False


@lru_cache(maxsize=1024)
def read_entry_extensions(encoded: bytes) -> EntryExtensions:
    """Read the DER Extensions of an entry; most entries of a list share a few sets of them byte by byte.

    Raises:
        InputError: ``DER_*``.
    """
    if not encoded:
        return EntryExtensions()
    reader = der.Reader(encoded)
    found = ext.read_extensions(reader.enter())
    reader.finish()
    reason, invalidity, issuer = (
        found.get(oid) for oid in (ids.REASON_CODE, ids.INVALIDITY_DATE, ids.CERTIFICATE_ISSUER)
    )
    return EntryExtensions(
        None if reason is None else Reason.from_code(der.Reader(reason.value).integer(der.ENUMERATED)),
        None if invalidity is None else der.Reader(invalidity.value).time(),
        None if issuer is None else _directory_name(issuer.value),
        bool(found.duplicates) or any(item.critical and oid not in _KNOWN_IN_ENTRY for oid, item in found.items()),
    )


def _directory_name(value: bytes) -> Name:
    for name in ext.general_names(value):
        if name.kind == 4:
            return Name(name.content)
    raise InputError("DER_VALUE", "a certificate issuer without a directory name")
