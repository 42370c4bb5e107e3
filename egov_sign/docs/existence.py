"""Proofs of existence: when what a signature rests on is proven to have existed (ETSI EN 319 102-1, 5.6.2.3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from egov_sign.certs.evidence import evidence_in
from egov_sign.clock import parse_time
from egov_sign.verdict import Report, SubIndication


class Past:
    """When things are proven to have existed.

    Args:
        at: the validation time; what nothing is proven of exists then.

    Attributes:
        best: the best signature time.
    """

    def __init__(self, at: datetime) -> None:
        self.best = at
        self._at = at
        self._proven: dict[bytes, datetime] = {}

    def prove(self, objects: Iterable[bytes], by: datetime) -> None:
        """Note that ``objects`` (DER) existed ``by`` this time."""
        for one in objects:
            self._proven[one] = min(by, self._proven.get(one, by))

    def existed_by(self, item: bytes) -> datetime:
        """Return the time by which ``item`` is proven to have existed."""
        return min(self._at, self._proven.get(item, self._at))

    def check_path(self, report: Report) -> None:
        """Hold the path in ``report``, the verdict on its last child, against what is proven (control time, 5.6.2.1).

        An authority on it may have expired since only if what it says of revocation is proven to be older.
        """
        path = report.children[-1] if report.children else None
        if path is None or path.subject != "certificate":
            return
        known_by = max((self.existed_by(one.data) for one in evidence_in(path)), default=self._at)
        for authority in path.children[1:-1]:
            expired = authority.facts.get("not_after")
            if authority.counts and expired and parse_time(str(expired)) < known_by:
                report.fail(
                    "PATH_TIME_UNPROVEN",
                    SubIndication.OUT_OF_BOUNDS_NO_POE,
                    issuer=authority.name,
                    expired=str(expired),
                )
