"""Certificate revocation lists (RFC 5280, section 5): read once, searched in constant time.

Loading reads the frame of the list and walks over its entries once, noting under every serial number where its entry
stands; an entry is decoded when it is asked for. A list that can be read but must not be used says so in
:attr:`Crl.defects`; whoever judges with it decides (:mod:`egov_sign.certs.crl_check`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property

from egov_sign.certs import extension_ids as ids
from egov_sign.certs import extensions as ext
from egov_sign.certs.crl_entry import CrlEntry, read_entry_extensions
from egov_sign.certs.issuing_point import read_issuing_point
from egov_sign.certs.name import Name
from egov_sign.certs.reasons import Reason
from egov_sign.clock import format_time
from egov_sign.crypto import algorithms, der
from egov_sign.crypto.algorithms import SignatureAlgorithm
from egov_sign.crypto.keys import PublicKey
from egov_sign.errors import InputError, LimitError
from egov_sign.limits import DEFAULT_LIMITS, Limits
from egov_sign.native import mypyc_attr
from egov_sign.verdict import Json

_KNOWN = frozenset(
    {
        ids.CRL_NUMBER,
        ids.DELTA_INDICATOR,
        ids.ISSUING_DISTRIBUTION_POINT,
        ids.EXPIRED_CERTS_ON_CRL,
        ids.AUTHORITY_KEY_ID,
        ids.FRESHEST_CRL,
    }
)
_NULL = b"\x05\x00"
_TIMES = (der.UTC_TIME, der.GENERALIZED_TIME)
_VETTED = 1024
"""Distinct sets of entry extensions remembered during the scan; an honest list has a handful."""


@mypyc_attr(native_class=False)
class Crl:
    """A certificate revocation list.

    Attributes:
        data: the DER bytes.
        issuer: who issued it.
        this_update: when it was issued, UTC.
        next_update: when the next one is due at the latest; ``None`` if it does not say.
        extensions: its extensions, not decoded.
        number: its CRL number; ``None`` if absent.
        base_number: of a delta CRL, the number of the complete one it builds upon; ``None`` for a complete one.
        scope: its issuing distribution point; ``None`` if absent.
        defects: codes of what forbids to use it, though it could be read.
    """

    def __init__(self, data: bytes) -> None:
        """Read the DER list ``data``.

        Raises:
            InputError: ``CRL_MALFORMED``.
        """
        self.data = data
        self._index: dict[int, int] = {}
        self._repeated: dict[int, list[int]] = {}
        self._unknown_critical = self._removals = False
        self._verified: dict[bytes, bool] = {}
        self._issuer_starts: list[int] = []
        self._issuers: list[Name] = []
        defects: list[str] = []
        try:
            self._read(defects)
        except InputError as error:
            raise InputError("CRL_MALFORMED", f"not a revocation list: {error.message}", where=error.where) from error
        self.defects = tuple(dict.fromkeys(defects))

    @classmethod
    def load(cls, data: bytes, limits: Limits = DEFAULT_LIMITS) -> Crl:
        """Read a list from DER or PEM; PEM is often served where DER is due.

        Raises:
            InputError: ``CRL_MALFORMED``.
            LimitError: ``CRL_TOO_LARGE``.
        """
        if len(data) > 2 * limits.crl_bytes:
            raise LimitError("CRL_TOO_LARGE", f"a revocation list of more than {limits.crl_bytes} bytes")
        if data[:1] != b"\x30":
            data = _from_pem(data)
        if len(data) > limits.crl_bytes:
            raise LimitError("CRL_TOO_LARGE", f"a revocation list of more than {limits.crl_bytes} bytes")
        return cls(data)

    def _read(self, defects: list[str]) -> None:
        whole = der.Reader(self.data)
        outer = whole.enter()
        whole.finish()
        self._tbs_start = outer.position
        fields = outer.enter()
        self._tbs_end = outer.position
        self._outer_algorithm = outer.element(der.SEQUENCE)
        self._signature = outer.octet_bits()
        outer.finish()

        version = fields.integer() if fields.peek() == der.INTEGER else 0
        if version not in (0, 1):
            raise der.error("DER_VALUE", "an unknown version", fields.position)
        if _without_null(fields.element(der.SEQUENCE)) != _without_null(self._outer_algorithm):
            defects.append("CRL_ALGORITHM_MISMATCH")
        self.issuer = Name(fields.element(der.SEQUENCE))
        self.this_update = fields.time()
        self.next_update = fields.time() if fields.peek() in _TIMES else None
        entries = fields.maybe_enter(der.SEQUENCE)
        wrapper = fields.maybe_enter(der.explicit(0))
        fields.finish()
        self._read_extensions(wrapper, defects)
        if entries is not None:
            self._scan(entries.position, entries.end)
        self._judge_entries(version, defects)

    def _read_extensions(self, wrapper: der.Reader | None, defects: list[str]) -> None:
        self.extensions = ext.Extensions()
        if wrapper is not None:
            self.extensions = ext.read_extensions(wrapper.enter())
            wrapper.finish()
        if self.extensions.duplicates:
            defects.append("CRL_EXTENSION_TWICE")
        if any(found.critical and oid not in _KNOWN for oid, found in self.extensions.items()):
            defects.append("CRL_CRITICAL_EXTENSION")
        if ids.CRL_NUMBER not in self.extensions or self.extensions[ids.CRL_NUMBER].critical:
            defects.append("CRL_NUMBER_RULE")
        self.number = self._number(ids.CRL_NUMBER)
        self.base_number = self._number(ids.DELTA_INDICATOR)
        scope = self.extensions.get(ids.ISSUING_DISTRIBUTION_POINT)
        self.scope = None if scope is None else read_issuing_point(scope.value)

    def _number(self, oid: str) -> int | None:
        extension = self.extensions.get(oid)
        if extension is None:
            return None
        reader = der.Reader(extension.value)
        number = reader.integer()
        reader.finish()
        return number

    def _scan(self, position: int, end: int) -> None:
        """Note where the entry of every serial number starts; read by hand, since there may be a million of them."""
        data, index, header = self.data, self._index, der.header
        vetted = {b""}
        while position < end:
            start = position
            tag, serial_at, position = header(data, position, end)
            # A serial number and a date are short in every honest list: their lengths are one byte each.
            serial_end = serial_at + 2 + data[serial_at + 1]
            date_end = serial_end + 2 + data[serial_end + 1] if serial_end + 2 <= position else position + 1
            if (
                tag != der.SEQUENCE
                or data[serial_at] != der.INTEGER
                or date_end > position
                or data[serial_end] not in _TIMES
            ):
                raise der.error("DER_VALUE", "an entry without a serial number and a date", start)
            serial = int.from_bytes(data[serial_at + 2 : serial_end], "big", signed=True)
            if serial in index:
                self._repeated.setdefault(serial, []).append(start)
            else:
                index[serial] = start
            extensions = data[date_end:position]
            if extensions not in vetted and self._vet(extensions, start) and len(vetted) < _VETTED:
                vetted.add(extensions)

    def _vet(self, extensions: bytes, start: int) -> bool:
        """Note what the extensions of an entry mean for the list; tell whether seeing them again adds nothing."""
        found = read_entry_extensions(extensions)
        self._unknown_critical |= found.unknown_critical
        self._removals |= found.reason is Reason.REMOVE_FROM_CRL
        if found.issuer is None:
            return True
        self._issuer_starts.append(start)
        self._issuers.append(found.issuer)
        return False

    def _judge_entries(self, version: int, defects: list[str]) -> None:
        if self._unknown_critical:
            defects.append("CRL_CRITICAL_EXTENSION")
        if self._issuers and not self.is_indirect:
            defects.append("CRL_SCOPE_MALFORMED")
        if self._removals and not self.is_delta:
            defects.append("CRL_REMOVAL_IN_BASE")
        if version == 0 and self.extensions:
            defects.append("CRL_VERSION")

    @property
    def is_delta(self) -> bool:
        """Whether it lists only what changed since a complete one."""
        return self.base_number is not None

    @property
    def is_indirect(self) -> bool:
        """Whether it may list certificates of other issuers."""
        return self.scope is not None and self.scope.indirect

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the bytes, in lower-case hexadecimal digits."""
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def aki(self) -> ext.AuthorityKeyId | None:
        """Which key of the issuer signed it; ``None`` if absent.

        Raises:
            InputError: ``DER_*``.
        """
        extension = self.extensions.get(ids.AUTHORITY_KEY_ID)
        return None if extension is None else ext.authority_key_id(extension.value)

    @cached_property
    def freshest_crl(self) -> tuple[ext.DistributionPoint, ...]:
        """Where its delta CRLs are; empty if absent.

        Raises:
            InputError: ``DER_*``.
        """
        extension = self.extensions.get(ids.FRESHEST_CRL)
        return () if extension is None else ext.distribution_points(extension.value)

    @cached_property
    def signature_algorithm(self) -> SignatureAlgorithm:
        """The algorithm it is signed with.

        Raises:
            InputError: ``ALGORITHM_MALFORMED``.
            UnsupportedError: ``ALGORITHM_UNKNOWN``, ``ALGORITHM_PARAMETERS``.
        """
        return algorithms.from_identifier(self._outer_algorithm)

    def is_signed_by(self, key: PublicKey) -> bool:
        """Tell whether ``key`` made its signature; an algorithm that is not known gives ``False``.

        The answer is remembered: a list is asked as often as there are certificates.
        """
        known = self._verified.get(key.spki)
        if known is None:
            try:
                tbs = self.data[self._tbs_start : self._tbs_end]
                known = key.verify(self._signature, tbs, self.signature_algorithm)
            except InputError:
                known = False
            self._verified[key.spki] = known
        return known

    @cached_property
    def summary(self) -> dict[str, Json]:
        """What evidence tells about it, as plain JSON values."""
        return {
            "digest": self.digest,
            "issuer": str(self.issuer),
            "this_update": format_time(self.this_update),
            "next_update": None if self.next_update is None else format_time(self.next_update),
        }

    @cached_property
    def facts(self) -> dict[str, Json]:
        """What reports tell about it, as plain JSON values."""
        return {**self.summary, "number": self.number, "base_number": self.base_number, "entries": len(self)}

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._index) + sum(map(len, self._repeated.values()))

    def __iter__(self) -> Iterator[CrlEntry]:
        """Yield all entries in the order of the list.

        Raises:
            InputError: ``CRL_MALFORMED`` at an entry whose date cannot be read.
        """
        repeated = (offset for offsets in self._repeated.values() for offset in offsets)
        return map(self._entry, sorted([*self._index.values(), *repeated]))

    def __contains__(self, serial: int) -> bool:
        """Tell whether there is an entry with this serial number, whoever issued the certificate."""
        return serial in self._index

    def __bool__(self) -> bool:
        """A list is a list, even an empty one."""
        return True

    def __repr__(self) -> str:
        kind = "delta CRL" if self.is_delta else "CRL"
        return f"<{kind} of {self.issuer}, number {self.number}, {self.this_update:%Y-%m-%d}, {len(self)} entries>"

    def find(self, serial: int, issuer: Name | None = None) -> CrlEntry | None:
        """Return the entry of the certificate ``serial``, ``None`` if it is not listed.

        Args:
            serial: the certificate's serial number.
            issuer: the certificate's issuer; that of the list if not given. Only an indirect CRL lists others.

        Of several entries for one certificate the gravest counts: a lasting revocation before a suspension, a
        suspension before a removal, and the earlier of two alike.

        Raises:
            InputError: ``CRL_MALFORMED`` if the entry's date cannot be read.
        """
        wanted = self.issuer if issuer is None else issuer
        entries = [entry for entry in self.entries_of(serial) if entry.issuer == wanted]
        return min(entries, key=lambda entry: (entry.is_removal, entry.is_hold, entry.revoked_at), default=None)

    def entries_of(self, serial: int) -> list[CrlEntry]:
        """Return all entries with this serial number, whoever issued the certificate, in the order of the list.

        Raises:
            InputError: ``CRL_MALFORMED`` if the date of one cannot be read.
        """
        first = self._index.get(serial)
        return [] if first is None else [self._entry(one) for one in (first, *self._repeated.get(serial, ()))]

    def _entry(self, offset: int) -> CrlEntry:
        try:
            fields = der.Reader(self.data, offset).enter()
            serial = int.from_bytes(fields.take(der.INTEGER), "big", signed=True)
            revoked_at = fields.time()
            said = read_entry_extensions(self.data[fields.position : fields.end])
        except InputError as error:
            raise InputError("CRL_MALFORMED", f"an unreadable entry: {error.message}", where=error.where) from error
        return CrlEntry(serial, self._issuer_at(offset), revoked_at, said.reason, said.invalidity_date)

    def _issuer_at(self, offset: int) -> Name:
        """Return the issuer that the entry at ``offset`` names or inherits (RFC 5280, 5.3.3)."""
        position = bisect_right(self._issuer_starts, offset)
        return self._issuers[position - 1] if position else self.issuer


def _without_null(identifier: bytes) -> bytes:
    """Return an AlgorithmIdentifier's contents without NULL parameters.

    Lists are in real use whose two identifiers differ by nothing else.
    """
    return der.Reader(identifier).take(der.SEQUENCE).removesuffix(_NULL)


def _from_pem(data: bytes) -> bytes:
    _, begins, rest = data.partition(b"-----BEGIN X509 CRL-----")
    body, ends, _ = rest.partition(b"-----END X509 CRL-----")
    if not begins or not ends:
        raise InputError("CRL_MALFORMED", "neither a DER nor a PEM revocation list")
    try:
        return base64.b64decode(b"".join(body.split()), validate=True)
    except binascii.Error as error:
        raise InputError("CRL_MALFORMED", "a PEM block that is not base64") from error
