"""The JSON store: units, versions, index, numbers, logs, documents, and what it says of broken folders."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from egov_sign.errors import ConfigurationError, StoreError
from egov_sign.flows import redolog
from egov_sign.flows.jsonstore import JsonStore
from egov_sign.flows.store import StoreConflictError, open_store
from egov_sign.verdict import Indication


@pytest.fixture
def store(tmp_path: Path) -> JsonStore:
    return JsonStore(tmp_path / "store")


def put(store: JsonStore, key: str, **index: str) -> None:
    with store.unit() as unit:
        unit.put("thing", key, {"name": key}, index=index)


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(StoreError) as caught:
        action()
    return caught.value.code


def test_a_record_comes_back_as_it_was_put(store: JsonStore) -> None:
    with store.unit() as unit:
        unit.put("request", "a/../b", {"ФИО": "Тест", "n": [1, None]}, index={"iin": "123456789011"})
    again = JsonStore(store.folder)
    record = again.get("request", "a/../b")
    assert record is not None
    assert record.data == {"ФИО": "Тест", "n": [1, None]}
    assert record.version == 1
    assert again.find("request", "iin", "123456789011") == ["a/../b"]
    assert again.get("request", "b") is None


def test_a_unit_sees_its_own_writes_and_others_only_when_it_ends(store: JsonStore) -> None:
    with store.unit() as unit:
        unit.put("thing", "x", {"v": 1}, index={"colour": "red"})
        digest = unit.put_document(b"<a/>", ".xml")
        assert unit.find("thing", "colour", "red") == ["x"]
        assert unit.document(digest) == b"<a/>"
        assert store.get("thing", "x") is None
        assert store.find("thing", "colour", "red") == []
    assert store.find("thing", "colour", "red") == ["x"]
    assert store.document(digest) == b"<a/>"


def test_an_exception_forgets_the_unit(store: JsonStore) -> None:
    def break_off() -> None:
        with store.unit() as unit:
            unit.put("thing", "x", {})
            unit.append("journal", {"n": 1})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert store.get("thing", "x") is None
    assert list(store.read_log("journal")) == []
    assert store.check().indication is Indication.VALID


def test_the_index_follows_the_record(store: JsonStore) -> None:
    put(store, "x", colour="red")
    put(store, "x", colour="blue")
    assert store.find("thing", "colour", "red") == []
    assert store.find("thing", "colour", "blue") == ["x"]
    with store.unit() as unit:
        unit.delete("thing", "x")
    assert store.find("thing", "colour", "blue") == []
    assert store.get("thing", "x") is None


def test_a_change_on_an_old_version_is_refused(store: JsonStore) -> None:
    put(store, "x")
    put(store, "x")
    with store.unit() as unit:
        assert unit.put("thing", "x", {}, expect=2).version == 3
    with pytest.raises(StoreConflictError, match="version 3, not 2"), store.unit() as unit:
        unit.put("thing", "x", {}, expect=2)
    with pytest.raises(StoreConflictError), store.unit() as unit:
        unit.put("thing", "x", {}, expect=0)


@pytest.mark.req("R413")
def test_numbers_go_up_and_never_repeat_between_threads(store: JsonStore) -> None:
    given: list[int] = []

    def take() -> None:
        for _ in range(10):
            with store.unit() as unit:
                given.append(unit.next_number("AST01-CALL-2012"))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert given == list(range(1, 41))


def test_a_log_keeps_the_order_over_several_files(store: JsonStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("egov_sign.flows.jsonstore.LOG_FILE_ENTRIES", 3)
    for start in range(0, 10, 5):
        with store.unit() as unit:
            for n in range(start, start + 5):
                unit.append("journal", {"n": n})
    assert [entry["n"] for entry in store.read_log("journal")] == list(range(10))
    assert len(list((store.folder / "logs/journal").iterdir())) == 4
    assert store.check().indication is Indication.VALID


@pytest.mark.req("R47")
def test_files_are_for_the_owner_alone(store: JsonStore) -> None:
    with store.unit() as unit:
        unit.put("thing", "x", {}, index={"a": "b"})
        unit.put_document(b"\xff", ".bin")
        unit.append("journal", {})
    for place in store.folder.rglob("*"):
        assert place.stat().st_mode & 0o777 == (0o700 if place.is_dir() else 0o600), place


@pytest.mark.req("R424")
def test_what_a_killed_process_left_undone_is_finished_by_the_next(
    store: JsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, "old", colour="red")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    def write() -> None:
        with store.unit() as unit:
            unit.put("thing", "new", {}, index={"colour": "red"})
            unit.append("journal", {"n": 1})
            unit.delete("thing", "old")

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            write()
    again = JsonStore(store.folder)
    assert again.find("thing", "colour", "red") == ["new"]
    assert list(again.read_log("journal")) == [{"n": 1}]
    assert again.check().codes == []


@pytest.mark.req("R424")
def test_after_a_power_cut_everything_since_the_checkpoint_is_written_again(
    store: JsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.unit() as unit:
        unit.put("thing", "x", {}, index={"colour": "red"})
        digest = unit.put_document(b"\xff\x00", ".bin")
    for file in store.folder.glob("[rd]*/**/*"):
        if file.is_file():
            file.write_bytes(b"")
    with (store.folder / "redo.log").open("ab") as log:
        log.write(b"0123 [torn")
    monkeypatch.setattr(redolog, "boot", lambda: "another boot")
    again = JsonStore(store.folder)
    assert again.check().codes == []
    assert again.document(digest) == b"\xff\x00"
    assert (store.folder / "redo.log").stat().st_size == 0


def test_a_checkpoint_empties_the_log(store: JsonStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redolog, "CHECKPOINT_BYTES", 1)
    put(store, "x")
    with store.unit() as unit:
        unit.delete("thing", "x")
        unit.put("thing", "y", {})
    assert (store.folder / "redo.log").stat().st_size == 0
    assert [record.key for record in store.scan("thing")] == ["y"]


@pytest.mark.req("R49")
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_refuses_is_told_and_nothing_changes(
    store: JsonStore, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    put(store, "x")

    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        code = code_of(lambda: put(store, "y"))
    assert code == {errno.ENOSPC: "STORE_FULL", errno.EIO: "STORE_IO"}[number]
    again = JsonStore(store.folder)
    assert again.get("thing", "y") is None
    assert again.check().codes == []
    put(again, "y")


def test_a_disk_that_fails_after_the_unit_was_recorded_loses_nothing(
    store: JsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", full)
        put(store, "x")
        assert code_of(lambda: put(store, "y")) == "STORE_FULL"
    put(store, "z")
    assert [store.get("thing", key) is not None for key in "xyz"] == [True, False, True]


def test_a_folder_without_permission_is_told(tmp_path: Path) -> None:
    """As nobody, since the super-user may write everywhere."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    program = f"""
import os, sys
from egov_sign.errors import StoreError
from egov_sign.flows import jsonstore
os.chdir({str(tmp_path)!r})
if os.getuid() == 0:
    os.chown("closed", 65534, 65534)
    os.setuid(65534)
try:
    jsonstore.JsonStore("closed/store")
except StoreError as error:
    sys.stdout.write(error.code + " " + error.hint)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("STORE_READ_ONLY give yourself the right")


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("letter.txt", "x", "STORE_FOREIGN"),
        ("store.json", '{"format": "another"}', "STORE_FOREIGN"),
        ("store.json", "[]", "STORE_EDITED"),
        ("store.json", "<xml/>", "STORE_EDITED"),
    ],
)
def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, name: str, content: str, code: str) -> None:
    (tmp_path / name).write_text(content)
    assert code_of(lambda: JsonStore(tmp_path)) == code
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert code_of(lambda: JsonStore(tmp_path / "file")) == "STORE_FOREIGN"


def test_stores_are_named_by_url(tmp_path: Path) -> None:
    assert open_store(f"json:{tmp_path}/s").stats() == {"documents": 0}
    assert code_of(lambda: open_store(f"json:{tmp_path}/none", create=False)) == "STORE_ABSENT"
    assert not (tmp_path / "none").exists()
    for url in ("mysql://x", "json:", "json"):
        with pytest.raises(ConfigurationError, match="STORE_URL"):
            open_store(url)


@pytest.mark.parametrize("key", ["", "x" * 300, "қ" * 40, "\ud800"])
def test_a_key_that_cannot_be_a_file_name_is_refused(store: JsonStore, key: str) -> None:
    assert code_of(lambda: put(store, key)) == "STORE_KEY"
    assert store.get("thing", key) is None, "nothing is there: whoever asks for it has mistyped something"
    assert store.find("thing", "colour", key) == []
    assert store.check().codes == []


@pytest.mark.parametrize(
    "key",
    [".", "..", "../../x", "/etc/passwd", "a/b", "a\0b", "a\n", "-rf", "é", "e\u0301", "KEY", "key", "%2E"],
)
def test_a_key_never_leads_elsewhere_and_is_no_other(store: JsonStore, key: str) -> None:
    put(store, key, colour=key)
    put(store, "другой")
    assert [record.key for record in store.scan("thing") if record.key != "другой"] == [key]
    assert store.find("thing", "colour", key) == [key]
    assert {file.relative_to(store.folder).parts[0] for file in store.folder.rglob("*")} <= {
        "store.json", "lock", "redo.log", "records", "index", "logs", "documents",
    }  # fmt: skip
    assert store.check().codes == []


def test_a_log_that_was_torn_by_hand_is_told_by_a_unit(store: JsonStore) -> None:
    with store.unit() as unit:
        unit.append("journal", {"n": 1})
    with (store.folder / "logs/journal/000000.jsonl").open("a") as file:
        file.write('{"n"')
    assert list(store.read_log("journal")) == [{"n": 1}], "somebody may be writing it"
    with store.unit() as unit, pytest.raises(StoreError, match="STORE_EDITED"):
        list(unit.read_log("journal"))
    assert store.check().codes == ["STORE_LOG_EDITED"]


class TestEditedByHand:
    """Attack 62: a store edited by hand is told, and the check names every file."""

    @pytest.fixture
    def filled(self, store: JsonStore) -> JsonStore:
        with store.unit() as unit:
            unit.put("thing", "x", {"v": 1}, index={"colour": "red"})
            unit.put_document(b"<a/>", ".xml")
            unit.append("journal", {"n": 1})
            unit.append("journal", {"n": 2})
        assert store.check().codes == []
        return store

    def file(self, store: JsonStore, pattern: str) -> Path:
        return next(file for file in store.folder.glob(pattern) if file.is_file())

    @pytest.mark.req("R48")
    @pytest.mark.parametrize("content", ["another value", "[]", "", "not json"])
    def test_a_record(self, filled: JsonStore, content: str) -> None:
        file = self.file(filled, "records/thing/*/x.json")
        file.write_text(file.read_text().replace('"v": 1', '"v": 2') if content == "another value" else content)
        assert code_of(lambda: filled.get("thing", "x")) == "STORE_EDITED"
        assert "STORE_RECORD_EDITED" in filled.check().codes

    def test_a_record_under_another_key(self, filled: JsonStore) -> None:
        file = self.file(filled, "records/thing/*/x.json")
        file.rename(file.with_name("y.json"))
        assert set(filled.check().codes) == {"STORE_RECORD_EDITED", "STORE_INDEX_STRAY"}

    @pytest.mark.req("R48")
    def test_a_document(self, filled: JsonStore) -> None:
        file = self.file(filled, "documents/*/*")
        file.write_bytes(b"<b/>")
        assert code_of(lambda: filled.document(file.stem)) == "STORE_EDITED"
        assert filled.check().codes == ["STORE_DOCUMENT_EDITED"]
        file.unlink()
        assert code_of(lambda: filled.document(file.stem)) == "STORE_DOCUMENT_MISSING"

    def test_an_index_entry(self, filled: JsonStore) -> None:
        file = self.file(filled, "index/thing/colour/*/red/x")
        file.rename(file.with_name("stray"))
        assert filled.check().codes == ["STORE_INDEX_MISSING", "STORE_INDEX_STRAY"]

    @pytest.mark.parametrize("content", [b'{"n": 1}\n', b"[]\n[]\n", b"junk\n"])
    def test_a_log(self, filled: JsonStore, content: bytes) -> None:
        self.file(filled, "logs/journal/*").write_bytes(content)
        assert filled.check().codes == ["STORE_LOG_EDITED"]

    def test_a_left_over_temporary_file_does_no_harm(self, filled: JsonStore) -> None:
        for pattern in ("records/thing/*/x.json", "documents/*/*"):
            self.file(filled, pattern).with_name(".left.tmp").write_text("half")
        report = filled.check()
        assert report.codes == ["STORE_LEFT_OVER", "STORE_LEFT_OVER"]
        assert report.indication is Indication.VALID
        assert [record.key for record in filled.scan("thing")] == ["x"]
