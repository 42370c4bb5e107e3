"""Which algorithms and key sizes are good enough, and until when.

A signature is judged by what was good at the time it is proven to have existed, so every entry carries a date: before
it the algorithm is accepted, from it on it is not. The dates of the default policy: MD5, the collisions of 2004; SHA-1
and SHA-1 with DSA, the first public collision (23 February 2017); RSA and DSA below 2048 bits and SHA-224-sized curves,
the end of 2013 (NIST SP 800-131A).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from egov_sign.crypto.algorithms import KeyType

NEVER = datetime.min.replace(tzinfo=UTC)
"""As an end date: not accepted at any time."""

_DIGEST_ENDS = {
    "md5": datetime(2005, 1, 1, tzinfo=UTC),
    "sha1": datetime(2017, 2, 23, tzinfo=UTC),
}
_SMALL_KEYS_END = datetime(2014, 1, 1, tzinfo=UTC)
_BITS = {KeyType.RSA: 2048, KeyType.DSA: 2048, KeyType.EC: 256}
_LEAST_BITS = {KeyType.RSA: 1024, KeyType.DSA: 1024, KeyType.EC: 224}


@dataclass(frozen=True, slots=True)
class AlgorithmPolicy:
    """A dated list of what is too weak.

    Attributes:
        digest_ends: digest name → first moment at which it is not accepted any more; others are accepted always.
        bits: family of keys → size below which a key is small.
        small_keys_end: first moment at which small keys are not accepted any more.
        least_bits: family of keys → size below which a key was never accepted.
    """

    digest_ends: Mapping[str, datetime] = field(default_factory=lambda: dict(_DIGEST_ENDS))
    bits: Mapping[KeyType, int] = field(default_factory=lambda: dict(_BITS))
    small_keys_end: datetime = _SMALL_KEYS_END
    least_bits: Mapping[KeyType, int] = field(default_factory=lambda: dict(_LEAST_BITS))

    def digest_accepted(self, digest: str, at: datetime) -> bool:
        """Tell whether the digest called ``digest`` is accepted at ``at``; the empty name stands for none at all."""
        end = self.digest_ends.get(digest)
        return end is None or at < end

    def key_accepted(self, key_type: KeyType, bits: int, at: datetime) -> bool:
        """Tell whether a key of ``bits`` of the family ``key_type`` is accepted at ``at``."""
        if bits >= self.bits.get(key_type, 0):
            return True
        return bits >= self.least_bits.get(key_type, 0) and at < self.small_keys_end


DEFAULT_POLICY = AlgorithmPolicy()
