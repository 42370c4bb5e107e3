"""``egov-sign verify`` for many files: in parallel, a line for each, a summary, resumable."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import click

from egov_sign import __version__
from egov_sign.clock import format_time, parse_time
from egov_sign.docs.batch import Outcome, Row, SecondOpinion, Verification, judge_all
from egov_sign.docs.judged import Required, XmlRules
from egov_sign.errors import InputError

from .exits import Exit
from .folders import files_in, read_source
from .interruption import interruptions
from .judging import TRUST_FOLDER
from .options import Judging
from .output import NOTHING_TRUSTED, Output, plain
from .progress import Progress
from .resume import Record
from .workers import process_pool

_EXIT = {
    Outcome.FAILED: Exit.INTERNAL,
    Outcome.INVALID: Exit.INVALID,
    Outcome.UNREADABLE: Exit.UNREADABLE,
    Outcome.INDETERMINATE: Exit.INDETERMINATE,
    Outcome.VALID: Exit.DONE,
}
_COLOURS = {Outcome.VALID: "green", Outcome.INDETERMINATE: "yellow"}
_TIMES = ("at", "known_at")


@dataclass(frozen=True)
class Batch:
    """What is to be verified, and how.

    Attributes:
        named: files and folders.
        recursive: go into folders inside folders.
        jobs: number of processes.
        record: file that remembers what is done, if any.
        at: the validation time.
        required: what is demanded of every document.
        judge: what certificates are judged by.
        given: names of the times that the user gave; the others are those of the record.
        rules: what is read of XML signatures beyond the usual.
        cross_check: ask the peers, too.
    """

    named: tuple[str, ...]
    recursive: bool
    jobs: int
    record: Path | None
    at: datetime
    required: Required
    judge: Judging
    given: frozenset[str]
    rules: XmlRules
    cross_check: bool = False

    def run(self, output: Output) -> int:
        """Verify, write lines and the summary, and return the worst exit code."""
        if self.record is None:
            return self._run(None, output)
        with closing(Record(self.record, read_source)) as record:
            batch = self._in_time_of(record)
            record.begin(batch._digest(), {"at": format_time(batch.at), "known_at": format_time(batch.judge.known_at)})
            return batch._run(record, output)

    def _run(self, record: Record | None, output: Output) -> int:
        if not len(self.judge().trust):
            output.hint(NOTHING_TRUSTED)
        summary = Summary()
        progress = Progress(lambda: sum(1 for _ in self._names()), quiet=output.quiet)
        work = Verification(self.judge, read_source, self.at, self.required, self.rules, self._second_opinion())
        recall = record.recall if record else lambda name: None
        try:
            with interruptions() as check_for_interruption, process_pool(self.jobs) as executor:
                for row in judge_all(self._names(), work, executor, recall=recall):
                    check_for_interruption()
                    if record:
                        record.keep(row)
                    summary.add(row)
                    if sys.stdout.isatty():
                        progress.clear()
                    if output.as_json:
                        output.written_json(row.line)
                    else:
                        output.data(_text(row))
                    progress.show(summary.count)
            if not summary.count:
                raise self._nothing()
        finally:
            progress.clear()
            for line in summary.lines():
                output.prose(line)
        return summary.exit

    def _nothing(self) -> InputError:
        hint = "" if self.recursive else "--recursive takes the files of folders in folders, too"
        return InputError("INPUT_MISSING", "there is no file to verify", where=", ".join(self.named), hint=hint)

    def _second_opinion(self) -> SecondOpinion | None:
        if not self.cross_check:
            return None
        from egov_sign.docs.cross_check import cross_check

        return cross_check

    def _names(self) -> Iterator[str]:
        return files_in(self.named, recursive=self.recursive)

    def _in_time_of(self, record: Record) -> Batch:
        """Return this batch at the times of ``record``, where the user gave none."""
        batch = replace(self, at=self.at.replace(microsecond=0))
        batch = replace(batch, judge=replace(self.judge, known_at=self.judge.known_at.replace(microsecond=0)))
        known = {name: parse_time(record.header[name]) for name in _TIMES if record.header and name not in self.given}
        if "at" in known:
            batch = replace(batch, at=known["at"])
        if "known_at" in known:
            batch = replace(batch, judge=replace(batch.judge, known_at=known["known_at"]))
        return batch

    def _digest(self) -> str:
        """Return the digest of all that decides about verdicts, apart from documents and times."""
        judge = self.judge
        folders = {"intermediates": judge.intermediates, "crls": judge.crls, "responses": judge.responses}
        value = {
            "version": __version__,
            "required": {**asdict(self.required), "roles": sorted(self.required.roles)},
            "trust": _digests(judge.trust or (TRUST_FOLDER,)),
            **{name: _digests(paths) for name, paths in folders.items()},
            "rules": asdict(self.rules),
            "cross_check": self.cross_check,
            "online": judge.online,
            "check_revocation": judge.check_revocation,
            "allowed_networks": judge.allowed_networks,
        }
        return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


class Summary:
    """What became of the files, counted."""

    def __init__(self) -> None:
        self.count = 0
        self._reasons: dict[Outcome, Counter[str]] = {outcome: Counter() for outcome in Outcome}
        self._began = time.monotonic()

    def add(self, row: Row) -> None:
        """Count ``row``."""
        self.count += 1
        self._reasons[row.outcome][row.reason] += 1

    @property
    def exit(self) -> int:
        """The exit code of the worst outcome; INVALID is worse than unreadable, that worse than INDETERMINATE."""
        return next((_EXIT[outcome] for outcome in Outcome if self._reasons[outcome]), Exit.DONE)

    def lines(self) -> Iterable[str]:
        """Yield the table: outcome, how many, for what reasons."""
        for outcome in reversed(Outcome):
            reasons = self._reasons[outcome]
            if reasons:
                told = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common() if reason)
                yield f"{_styled(outcome)}{' ' * (14 - len(outcome))}{sum(reasons.values()):>9}   {told}".rstrip()
        yield f"{'files':<14}{self.count:>9}   in {time.monotonic() - self._began:.1f} s"


def _text(row: Row) -> str:
    return f"{_styled(row.outcome)}{f' {row.reason}' if row.reason else ''}  {plain(row.name)}"


def _styled(outcome: Outcome) -> str:
    return click.style(outcome.value, fg=_COLOURS.get(outcome, "red"), bold=True)


def _digests(paths: Iterable[Path]) -> list[str]:
    """Return the digests of the files in ``paths``: their content decides, wherever they lie."""
    found = []
    for name in files_in(map(str, paths), recursive=True):
        try:
            with Path(name).open("rb") as file:
                found.append(hashlib.file_digest(file, "sha256").hexdigest())
        except OSError:
            found.append(name)
    return sorted(found)
