"""``egov-sign verify`` for many files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from egov_sign.errors import ConfigurationError
from egov_sign_cli.folders import read_source
from egov_sign_cli.resume import Record

from .conftest import Cli
from .world import AT, WorldOnDisk


@pytest.fixture
def world(tmp_path: Path) -> WorldOnDisk:
    return WorldOnDisk(tmp_path, "ec")


@pytest.fixture
def inbox(world: WorldOnDisk) -> Path:
    """A folder with one file of every outcome, and a folder in it."""
    folder = world.folder / "inbox"
    (folder / "older").mkdir(parents=True)
    good = world.signed("person").read_bytes()
    (folder / "a-good.xml").write_bytes(good)
    (folder / "b-changed.xml").write_bytes(good.replace(b"<iin>8", b"<iin>9"))
    (folder / "c-held.xml").write_bytes(world.signed("held-person").read_bytes())
    (folder / "d-text.txt").write_text("hello")
    (folder / "older" / "e-good.xml").write_bytes(good)
    return folder


def lines(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_folder_is_a_line_for_each_file_and_a_summary(cli: Cli, world: WorldOnDisk, inbox: Path, jobs: int) -> None:
    ran = cli("verify", inbox, *world.options(), "--jobs", jobs)
    assert ran.code == 10
    assert ran.out.splitlines() == [
        f"VALID  {inbox}/a-good.xml",
        f"INVALID HASH_FAILURE  {inbox}/b-changed.xml",
        f"INDETERMINATE TRY_LATER  {inbox}/c-held.xml",
        f"UNREADABLE FORMAT_UNKNOWN  {inbox}/d-text.txt",
    ]
    assert [line.split()[:2] for line in ran.err.splitlines()] == [
        ["VALID", "1"],
        ["INDETERMINATE", "1"],
        ["UNREADABLE", "1"],
        ["INVALID", "1"],
        ["files", "4"],
    ]


def test_folders_in_folders_and_files_by_name(cli: Cli, world: WorldOnDisk, inbox: Path) -> None:
    ran = cli("verify", "--recursive", inbox, inbox / "a-good.xml", *world.options(), "--jobs", 1)
    assert [line.rsplit("/", 1)[1] for line in ran.out.splitlines()] == [
        "a-good.xml", "b-changed.xml", "c-held.xml", "d-text.txt", "e-good.xml", "a-good.xml",
    ]  # fmt: skip


def test_a_line_of_json_is_what_a_single_file_gives(cli: Cli, world: WorldOnDisk, inbox: Path) -> None:
    many = lines(cli("verify", inbox, *world.options(), "--json", "--jobs", 1).out)
    for name, line in zip(["a-good.xml", "b-changed.xml", "c-held.xml"], many, strict=False):
        assert cli("verify", inbox / name, *world.options(), "--json").json == line
    assert (many[3]["schema"], many[3]["code"], many[3]["file"]) == (
        "egov-sign/error/1", "FORMAT_UNKNOWN", str(inbox / "d-text.txt"),
    )  # fmt: skip


@pytest.mark.parametrize(("keep", "code"), [("a", 0), ("ac", 11), ("acd", 12), ("abcd", 10)])
def test_the_exit_code_is_that_of_the_worst(cli: Cli, world: WorldOnDisk, inbox: Path, keep: str, code: int) -> None:
    for file in inbox.glob("*.*"):
        if file.name[0] not in keep:
            file.unlink()
    assert cli("verify", inbox, *world.options(), "--jobs", 1).code == code


def test_what_cannot_be_read_is_a_row(cli: Cli, world: WorldOnDisk, inbox: Path) -> None:
    (inbox / "dangling.xml").symlink_to("nowhere")
    odd = os.fsencode(inbox) + b"/odd-\xff.xml"
    Path(os.fsdecode(odd)).write_bytes(b"")
    ran = cli("verify", inbox, inbox / "missing.xml", *world.options(), "--json", "--jobs", 1)
    codes = [(line["code"], str(line["file"]).rsplit("/", 1)[1]) for line in lines(ran.out) if "code" in line]
    assert codes == [
        ("FORMAT_UNKNOWN", "d-text.txt"),
        ("INPUT_MISSING", "dangling.xml"),
        ("INPUT_EMPTY", "odd-\udcff.xml"),
        ("INPUT_MISSING", "missing.xml"),
    ]


@pytest.mark.parametrize(
    "option", [["--detached", "{file}"], ["--qr", "x"], ["--html", "page.html"], ["--report", "etsi"], ["-"]]
)
def test_what_goes_with_one_file_alone(cli: Cli, world: WorldOnDisk, inbox: Path, option: list[str]) -> None:
    options = [word.format(file=world.trust) for word in option]
    assert cli("verify", inbox, *options).code == 2


def test_a_bad_trust_file_stops_before_the_first_file(cli: Cli, inbox: Path) -> None:
    ran = cli("verify", inbox, "--trust", inbox / "d-text.txt", "--jobs", 2)
    assert (ran.code, ran.out) == (13, "")


@pytest.mark.parametrize("jobs", [1, 2])
def test_second_opinions_on_every_file(cli: Cli, world: WorldOnDisk, inbox: Path, jobs: int) -> None:
    ran = cli("verify", inbox, *world.options(), "--json", "--jobs", jobs, "--cross-check")
    assert ran.code == 10
    assert all("CROSS_CHECK_AGREES" in line for line in ran.out.splitlines()[:2])
    alone = cli("verify", inbox / "a-good.xml", *world.options(), "--json", "--cross-check")
    assert alone.json == lines(ran.out)[0]


class TestResume:
    def test_what_is_recorded_is_not_judged_again_and_shown_again(
        self, cli: Cli, world: WorldOnDisk, inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        arguments = ["verify", inbox, *world.options(), "--json", "--jobs", 1, "--resume", tmp_path / "record"]
        first = cli(*arguments)
        judged: list[object] = []
        monkeypatch.setattr("egov_sign.docs.batch._validator", judged.append)
        again = cli(*arguments)
        assert (again.out, again.code, judged) == (first.out, first.code, [])

    def test_a_changed_file_is_judged_again(self, cli: Cli, world: WorldOnDisk, inbox: Path, tmp_path: Path) -> None:
        arguments = ["verify", inbox, *world.options(), "--jobs", 1, "--resume", tmp_path / "record"]
        cli(*arguments)
        changed = inbox / "a-good.xml"
        status = changed.stat()
        changed.write_bytes(changed.read_bytes().replace(b"<iin>8", b"<iin>7"))
        os.utime(changed, ns=(status.st_atime_ns, status.st_mtime_ns))
        for _ in range(2):
            assert cli(*arguments).out.splitlines()[0].startswith("INVALID HASH_FAILURE")

    def test_a_torn_line_is_dropped(self, cli: Cli, world: WorldOnDisk, inbox: Path, tmp_path: Path) -> None:
        arguments = ["verify", inbox, *world.options(), "--jobs", 1, "--resume", tmp_path / "record"]
        first = cli(*arguments)
        whole = (tmp_path / "record").read_bytes()
        (tmp_path / "record").write_bytes(whole[:-40])
        assert cli(*arguments).out == first.out
        assert (tmp_path / "record").read_bytes() == whole

    def test_other_options_are_another_batch(self, cli: Cli, world: WorldOnDisk, inbox: Path, tmp_path: Path) -> None:
        arguments = ["verify", inbox, *world.options(), "--jobs", 1, "--resume", tmp_path / "record"]
        assert cli(*arguments).code == 10
        for more in (["--require-role", "head"], ["--at", "2024-03-01T13:00:00Z"]):
            ran = cli(*arguments, *more)
            assert (ran.code, ran.out) == (13, "")
            assert "error[RESUME_OPTIONS]" in ran.err

    def test_where_no_time_was_given_it_goes_on_at_the_time_it_began(
        self, cli: Cli, world: WorldOnDisk, inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        options = [option for option in world.options() if option not in ("--at", "--known-at", AT)]
        arguments = ["verify", inbox, *options, "--json", "--jobs", 1, "--resume", tmp_path / "record"]
        first = cli(*arguments)
        (tmp_path / "record").write_bytes(b"".join((tmp_path / "record").read_bytes().splitlines(keepends=True)[:2]))
        time.sleep(1.1)
        assert cli(*arguments).out == first.out

    @pytest.mark.parametrize("content", ["hello", "hello\n", "[]\n", '{"schema": "other"}\n', "{}"])
    def test_a_foreign_file_is_left_alone(self, cli: Cli, world: WorldOnDisk, inbox: Path, content: str) -> None:
        foreign = inbox / "foreign"
        foreign.write_text(content)
        ran = cli("verify", inbox, *world.options(), "--resume", foreign)
        assert (ran.code, foreign.read_text()) == (13, content)
        assert "error[RESUME_UNREADABLE]" in ran.err

    @pytest.mark.usefixtures("heeding_interruptions")
    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
    def test_interrupted_in_the_middle_and_started_again(
        self, cli: Cli, world: WorldOnDisk, tmp_path: Path, number: signal.Signals
    ) -> None:
        many = tmp_path / "many"
        many.mkdir()
        good = world.signed("person").read_bytes()
        for position in range(400):
            (many / f"{position:04}.xml").write_bytes(good + b"<!-- %d -->" % position)
        arguments = [str(word) for word in ("verify", many, *world.options(), "--json", "--jobs", 2)]
        record = tmp_path / "record"
        running = subprocess.Popen(
            [sys.executable, "-m", "egov_sign_cli", *arguments, "--resume", str(record)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        assert running.stdout is not None
        for _ in range(20):
            running.stdout.readline()
        if number is signal.SIGINT:
            os.killpg(running.pid, number)  # as a terminal does
        else:
            running.kill()
        _, told = running.communicate(timeout=60)
        assert running.returncode == (130 if number is signal.SIGINT else -signal.SIGKILL)
        assert b"Traceback" not in told
        assert 20 <= len(record.read_bytes().splitlines()) - 1 < 400
        resumed = cli(*arguments, "--resume", record)
        assert (resumed.code, resumed.out) == (0, cli(*arguments).out)


def test_a_folder_without_files_is_no_success(cli: Cli, world: WorldOnDisk, tmp_path: Path) -> None:
    (tmp_path / "outer" / "inner").mkdir(parents=True)
    ran = cli("verify", tmp_path / "outer", *world.options())
    assert (ran.code, "error[INPUT_MISSING]" in ran.err, "--recursive" in ran.err) == (12, True, True)


def test_two_runs_do_not_share_a_record(cli: Cli, world: WorldOnDisk, inbox: Path, tmp_path: Path) -> None:
    with closing(Record(tmp_path / "done.jsonl", read_source)):
        ran = cli("verify", inbox, *world.options(), "--jobs", 1, "--resume", tmp_path / "done.jsonl")
    assert (ran.code, "error[RESUME_IN_USE]" in ran.err) == (13, True)
    assert cli("verify", inbox, *world.options(), "--jobs", 1, "--resume", tmp_path / "done.jsonl").code == 10


def test_a_record_that_cannot_be_written_ends_the_run(tmp_path: Path) -> None:
    with closing(Record(tmp_path / "done.jsonl", read_source)) as record:
        record._stream.close()
        record._stream = Path("/dev/full").open("wb")  # noqa: SIM115 - the record closes it
        with pytest.raises(ConfigurationError, match="RESUME_UNUSABLE: the record cannot be kept: No space left"):
            record.begin("options", {})
