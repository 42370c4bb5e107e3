"""Many documents judged one beside the other, in any :class:`concurrent.futures.Executor`.

1. Names are taken as they are needed, so their number costs no memory; a few are sent to a worker at a time.
2. Each worker makes its validator once, and keeps what that remembers of issuers and lists.
3. Verdicts come back as small rows in the order of the names, whichever worker was first.
4. A document that cannot be read, or that a defect of ours stumbles over, is a row like any other.

No files, no clock: how a name becomes bytes comes in from outside.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Protocol, TypeAlias

from egov_sign.clock import format_time
from egov_sign.docs.acceptance import CertificateJudge
from egov_sign.docs.judge import DocumentValidator
from egov_sign.docs.judged import Required, XmlRules
from egov_sign.errors import EgovSignError, InputError
from egov_sign.verdict import SCHEMA, Report

_MOST_AT_ONCE = 16
"""Names in one task at the most; the first tasks have fewer, so that few documents are shared out evenly too."""
_TASKS_WAITING = 64


class Outcome(StrEnum):
    """What became of one document, worst first."""

    FAILED = "FAILED"
    INVALID = "INVALID"
    UNREADABLE = "UNREADABLE"
    INDETERMINATE = "INDETERMINATE"
    VALID = "VALID"


@dataclass(frozen=True, slots=True)
class Source:
    """A document as it was found.

    Attributes:
        data: its bytes.
        modified: when it was last changed, in nanoseconds.
    """

    data: bytes
    modified: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """What tells whether a document is still the one that was judged.

    Attributes:
        size: in bytes.
        modified: as in :class:`Source`.
        sha256: digest of the bytes, hexadecimal.
    """

    size: int
    modified: int
    sha256: str

    @classmethod
    def of(cls, source: Source) -> State:
        """Return the state of ``source``."""
        return cls(len(source.data), source.modified, hashlib.sha256(source.data).hexdigest())


@dataclass(frozen=True, slots=True)
class Row:
    """The verdict on one document of many.

    Attributes:
        name: of the document.
        outcome: what became of it.
        reason: the sub-indication or the code of the error; empty if it is VALID.
        state: of the document when it was read; ``None`` if it could not be read at all.
        line: everything as one line of JSON, in the form that a single document has, too.
    """

    name: str
    outcome: Outcome
    reason: str
    state: State | None
    line: str


SecondOpinion: TypeAlias = Callable[[bytes, Report, CertificateJudge | None, datetime], None]
"""Adds findings to the report on a document, such as :func:`egov_sign.docs.cross_check.cross_check`."""
_Pending: TypeAlias = "Row | Future[list[Row]]"


class Work(Protocol):
    """Judges documents by their names; goes to the workers, so it can be pickled."""

    def __call__(self, names: list[str]) -> list[Row]:
        """Return one row for each of ``names``, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class Verification:
    """The work that every worker does.

    All of it is hashable and can be pickled.

    Attributes:
        make_judge: makes the judge of certificates; called once in every process.
        read: gets the document of a name; raises InputError.
        at: the validation time, timezone-aware.
        required: what is demanded of every document.
        rules: what is read of XML signatures beyond the usual.
        second_opinion: adds findings to the report on a document, if given.
    """

    make_judge: Callable[[], CertificateJudge | None]
    read: Callable[[str], Source]
    at: datetime
    required: Required = field(default_factory=Required)
    rules: XmlRules = field(default_factory=XmlRules)
    second_opinion: SecondOpinion | None = None

    def __call__(self, names: list[str]) -> list[Row]:
        """Judge the documents called ``names``."""
        return [self._judge(name) for name in names]

    def _judge(self, name: str) -> Row:
        state = None
        try:
            source = self.read(name)
            state = State.of(source)
            validator = _validator(self.make_judge, self.rules)
            report = validator.validate(source.data, self.at, required=self.required)
            if self.second_opinion is not None:
                self.second_opinion(source.data, report, validator.judge, self.at)
        except InputError as error:
            return _error_row(name, Outcome.UNREADABLE, error, state)
        except EgovSignError as error:
            return _error_row(name, Outcome.FAILED, error, state)
        except Exception as error:  # one document must not end the judging of all
            defect = EgovSignError("INTERNAL", f"this is a defect of egov-sign: {type(error).__name__}: {error}")
            return _error_row(name, Outcome.FAILED, defect, state)
        report.name = name
        sub = report.sub_indication
        document = {"schema": SCHEMA, "file": name, "at": format_time(self.at), "report": report.to_dict()}
        return Row(name, Outcome(report.indication), sub.value if sub else "", state, _json(document))


def judge_all(
    names: Iterable[str],
    work: Work,
    executor: Executor | None = None,
    *,
    recall: Callable[[str], Row | None] = lambda name: None,
) -> Iterator[Row]:
    """Yield the verdict on every one of ``names``, in their order.

    Args:
        names: of the documents; taken as they are needed.
        work: what is done.
        executor: where it is done; ``None`` does it here.
        recall: gives the row of a document that was judged before.

    Raises:
        EgovSignError: ``WORKER_DIED``; rows that were yielded stay good.
    """
    if executor is None:
        for name in names:
            yield recall(name) or work([name])[0]
        return
    waiting: deque[_Pending] = deque()
    try:
        for one in _begun(names, work, executor, recall):
            waiting.append(one)
            while waiting and (len(waiting) > _TASKS_WAITING or _is_done(waiting[0])):
                yield from _rows(waiting.popleft())
        while waiting:
            yield from _rows(waiting.popleft())
    except BrokenExecutor as error:
        raise EgovSignError(
            "WORKER_DIED", "a worker process ended unexpectedly", hint="is there enough memory? try --jobs 1"
        ) from error
    finally:
        for one in waiting:
            if isinstance(one, Future):
                one.cancel()


def _begun(
    names: Iterable[str], work: Work, executor: Executor, recall: Callable[[str], Row | None]
) -> Iterator[_Pending]:
    """Yield what is known and what has been given to ``executor``, in the order of ``names``."""
    task: list[str] = []
    sent = 0
    for name in names:
        known = recall(name)
        if known is None:
            task.append(name)
        if task and (known is not None or len(task) >= min(1 + sent // 16, _MOST_AT_ONCE)):
            yield executor.submit(work, task)
            sent += 1
            task = []
        if known is not None:
            yield known
    if task:
        yield executor.submit(work, task)


def _is_done(one: _Pending) -> bool:
    return one.done() if isinstance(one, Future) else True


def _rows(one: _Pending) -> list[Row]:
    return one.result() if isinstance(one, Future) else [one]


@lru_cache(maxsize=1)
def _validator(make_judge: Callable[[], CertificateJudge | None], rules: XmlRules) -> DocumentValidator:
    return DocumentValidator(make_judge(), rules=rules)


def _error_row(name: str, outcome: Outcome, error: EgovSignError, state: State | None) -> Row:
    return Row(name, outcome, error.code, state, _json({**error.to_dict(), "file": name}))


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace").decode("utf-8")  # a file's name may be no text
