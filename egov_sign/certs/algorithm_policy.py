"""Which signature mechanisms may be relied on, and until when: data in ``algorithms.toml`` beside this module."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import cache
from importlib import resources
from typing import Any

from egov_sign.crypto.algorithms import SignatureAlgorithm
from egov_sign.errors import ConfigurationError
from egov_sign.native import mypyc_attr

NEVER = datetime.min.replace(tzinfo=UTC)
"""The end of what was never good enough."""
ALWAYS = datetime.max.replace(tzinfo=UTC)
"""The end of what has no end in sight."""


@mypyc_attr(native_class=False)
class AlgorithmPolicy:
    """Ends of digests, key sizes and algorithms.

    Args:
        title: the source, for reports.
        digests: end by name of digest.
        keys: for each family of keys pairs of smallest size in bits and end, in any order; ``RSA-PSS`` stands beside
            ``RSA``.
    """

    def __init__(
        self, title: str, digests: Mapping[str, datetime], keys: Mapping[str, Sequence[tuple[int, datetime]]]
    ) -> None:
        self.title = title
        self.digests = dict(digests)
        self.keys = {family: sorted(sizes) for family, sizes in keys.items()}
        self._ends: dict[tuple[str, int], datetime] = {}
        self._key_ends: dict[tuple[str, int], datetime] = {}

    def digest_end(self, name: str) -> datetime:
        """Return the first moment at which the digest called ``name`` is no longer good enough."""
        return self.digests.get(name, NEVER)

    def key_end(self, family: str, bits: int) -> datetime:
        """Return the first moment at which keys of ``family`` with ``bits`` are no longer good enough for anything."""
        known = self._key_ends.get((family, bits))
        if known is None:
            known = max(self._family_end(family, bits), self._family_end(f"{family}-PSS", bits))
            self._key_ends[family, bits] = known
        return known

    def _family_end(self, family: str, bits: int) -> datetime:
        return max((end for size, end in self.keys.get(family, ()) if bits >= size), default=NEVER)

    def end(self, algorithm: SignatureAlgorithm, bits: int) -> datetime:
        """Return the first moment at which ``algorithm`` with a key of ``bits`` is no longer good enough."""
        known = self._ends.get((algorithm.name, bits))
        if known is None:
            family = "RSA-PSS" if algorithm.salt_length is not None else str(algorithm.key_type)
            digest_end = self.digest_end(algorithm.digest) if algorithm.digest else ALWAYS
            known = self._ends[algorithm.name, bits] = min(digest_end, self._family_end(family, bits))
        return known

    def allows(self, algorithm: SignatureAlgorithm, bits: int, at: datetime) -> bool:
        """Tell whether ``algorithm`` with a key of ``bits`` may be relied on at the time ``at``."""
        return at < self.end(algorithm, bits)


@cache
def algorithm_policy(name: str = "kazakhstan") -> AlgorithmPolicy:
    """Return the policy called ``name``: ``kazakhstan`` or ``etsi``.

    Raises:
        ConfigurationError: ``ALGORITHM_POLICY_UNKNOWN``.
    """
    tables = tomllib.loads(resources.files(__package__).joinpath("algorithms.toml").read_text(encoding="utf-8"))
    table = tables.get(name)
    if table is None:
        raise ConfigurationError(
            "ALGORITHM_POLICY_UNKNOWN", f"unknown algorithm policy {name!r}", hint=f"one of {', '.join(tables)}"
        )
    base = algorithm_policy(table["extends"]) if "extends" in table else AlgorithmPolicy("", {}, {})
    digests = {digest: _end(row) for digest, row in table["digests"].items()}
    keys = {family: [(row["bits"], _end(row)) for row in rows] for family, rows in table["keys"].items()}
    return AlgorithmPolicy(table["title"], base.digests | digests, base.keys | keys)


def _end(row: Mapping[str, Any]) -> datetime:
    until: date | None = row.get("until")
    return ALWAYS if until is None else datetime.combine(until, time(), UTC)
