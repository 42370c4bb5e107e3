"""The journal: what happened, who acted, how long it took; append-only and chained by hashes (R48, R58, R423).

Every event carries the hash of the one before it, so a line that was removed, changed, inserted or moved breaks the
chain; a removed end is found by the count that the store keeps. Somebody who may write the whole store can compute a
whole new chain: that is what the signatures over requests and results are for.

IINs are masked, health data and secrets never get here (R47, R439).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from egov_sign.errors import StoreError
from egov_sign.flows.store import Data, Store, Unit
from egov_sign.verdict import Json, Report, SubIndication

LOG = "journal"
_HEAD = "journal-head"
_START = "0" * 64

Phase = Literal["started", "finished", "noted"]


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the journal.

    Attributes:
        seq: number of the line, from 1.
        at: when, ISO 8601 in UTC with microseconds.
        unit: the structural-functional unit that acts (R21).
        node: flow and step, ``astana/CALL/portal.p5``, or another thing worth noting, ``gateway.delivered``.
        phase: ``started``, ``finished``, or ``noted`` for what has no duration.
        request: identifier of the request, where there is one.
        number: number of the request, once it has one.
        outcome: ``ok``, ``refused`` or ``error`` when finished.
        codes: refusal codes.
        duration_ms: from start to finish.
        deadline_s: the upper bound that the regulation sets, in seconds.
        late: whether the bound was exceeded.
        breach: whether that is a breach: ``late``, and it was not for a person to be quicker (D23).
        subject: masked IIN of whom it is about.
        actor: masked IIN and role of the employee who acted (R436).
        digest: SHA-256 of the document concerned.
        previous: hash of the line before.
        hash: of this line.
    """

    seq: int
    at: str
    unit: str
    node: str
    phase: Phase
    request: str = ""
    number: str = ""
    outcome: str = ""
    codes: list[str] = field(default_factory=list)
    duration_ms: int | None = None
    deadline_s: int | None = None
    late: bool = False
    breach: bool = False
    subject: str = ""
    actor: str = ""
    digest: str = ""
    previous: str = ""
    hash: str = ""

    @property
    def step(self) -> str:
        """Identifier of the step in its flow, ``p5`` or ``t9.1``; empty for what is no step."""
        return self.node.partition(".")[2] if "/" in self.node else ""


def append(work: Unit, /, **values: object) -> Event:
    """Add an event to the journal and return it with its number and hashes.

    Args:
        work: the unit of work it belongs to.
        values: attributes of :class:`Event` but ``seq``, ``previous`` and ``hash``.
    """
    head = work.get(_HEAD, LOG)
    seq, previous = (head.data["seq"], head.data["hash"]) if head else (0, _START)
    assert isinstance(seq, int)
    draft = Event(seq=seq + 1, previous=str(previous), **values)  # type: ignore[arg-type]
    row: Data = {name: getattr(draft, name) for name in Event.__slots__}
    row["hash"] = digest = _hash(row)
    work.append(LOG, row)
    work.put(_HEAD, LOG, {"seq": seq + 1, "hash": digest})
    return replace(draft, hash=digest)


def read(store: Store, request: str = "") -> Iterator[Event]:
    """Yield the events from the first; those of one request, if it is given.

    Raises:
        StoreError: ``STORE_EDITED`` at a line that is none of ours.
    """
    for row in store.read_log(LOG):
        try:
            event = Event(**row)  # type: ignore[arg-type]
        except TypeError as error:
            raise StoreError(
                "STORE_EDITED", "this is no line of the journal", where=LOG, hint="see: egov-sign journal verify"
            ) from error
        if not request or request in {event.request, event.number}:
            yield event


def verify(store: Store) -> Report:
    """Follow the chain from the first line to the last and report every place where it breaks.

    Everybody else waits meanwhile: lines that are being added must not pass for lines that nobody announced.
    """
    report = Report("journal")
    previous, seq = _START, 0
    with store.unit() as unit:
        try:
            for row in unit.read_log(LOG):
                where = f"line {seq + 1}"
                if row.get("hash") != _hash(row):
                    report.fail("JOURNAL_LINE_CHANGED", SubIndication.HASH_FAILURE, where=where)
                if row.get("previous") != previous or row.get("seq") != seq + 1:
                    report.fail("JOURNAL_CHAIN_BROKEN", SubIndication.HASH_FAILURE, where=where)
                previous, seq = str(row.get("hash")), seq + 1
        except StoreError:
            report.fail("JOURNAL_LINE_CHANGED", SubIndication.HASH_FAILURE, where=f"line {seq + 1}")
        try:
            head = unit.get(_HEAD, LOG)
            end = head.data if head else {"seq": 0, "hash": _START}
        except StoreError:
            end = {}
    if end != {"seq": seq, "hash": previous}:
        report.fail("JOURNAL_END_MISSING", SubIndication.HASH_FAILURE, where=f"line {seq}")
    report.facts["events"] = seq
    report.facts["hash"] = previous
    return report


def _hash(row: Mapping[str, Json]) -> str:
    body = {key: value for key, value in row.items() if key != "hash"}
    return hashlib.sha256(_canonical(body).encode()).hexdigest()


_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
