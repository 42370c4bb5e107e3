"""How the JSON store names and writes its files (see :mod:`egov_sign.flows.jsonstore`)."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from urllib.parse import quote

from egov_sign.errors import StoreError
from egov_sign.flows.store import Data, Record

DOCUMENT_SUFFIXES = (".xml", ".json", ".pdf", ".bin")
"""Few, so that a document is found by its digest alone."""
_NAME_BYTES = 200


def record_path(kind: str, key: str) -> str:
    """Return where a record lies in the folder."""
    return f"records/{file_name(kind)}/{shard(key)}/{file_name(key)}.json"


def index_folder(kind: str, index: str, value: str) -> str:
    """Return the folder of the index entries for ``value``."""
    return f"index/{file_name(kind)}/{file_name(index)}/{shard(value)}/{file_name(value)}"


def index_entry(kind: str, index: str, value: str, key: str) -> str:
    """Return the index entry of a record."""
    return f"{index_folder(kind, index, value)}/{file_name(key)}"


def document_path(digest: str, suffix: str) -> str:
    """Return where a document lies in the folder."""
    return f"documents/{file_name(digest[:2])}/{file_name(digest)}{suffix}"


def log_path(log: str, part: int) -> str:
    """Return where a part of a log lies in the folder."""
    return f"logs/{file_name(log)}/{part:06d}.jsonl"


def encode_record(record: Record) -> bytes:
    """Return the file of a record: JSON with a line for each attribute of the record."""
    head: Data = {"kind": record.kind, "key": record.key, "version": record.version, "index": dict(record.index)}
    lines = [f"  {compact(name)}: {compact(value)}" for name, value in record.data.items()]
    data = "{\n" + ",\n".join(lines) + "\n }" if lines else "{}"
    rows = [f" {compact(name)}: {compact(value)}" for name, value in head.items()]
    digest = digest_of(head | {"data": record.data})
    return ("{\n" + ",\n".join([*rows, f' "data": {data}', f' "sha256": "{digest}"']) + "\n}\n").encode()


compact = json.JSONEncoder(ensure_ascii=False).encode
"""Writes JSON on one line."""
_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def digest_of(row: Data) -> str:
    """Return the SHA-256 of a record without its digest, in a form that does not depend on white space."""
    return hashlib.sha256(_canonical(row).encode()).hexdigest()


def can_be_key(text: str) -> bool:
    """Tell whether anything can be stored under ``text``; what somebody asks for may be any text at all."""
    try:
        return bool(file_name(text))
    except StoreError:
        return False


@lru_cache(maxsize=4096)
def file_name(text: str) -> str:
    """Return ``text`` as a file name: Latin letters, digits and ``-_~@+,=`` as they are, a leading dot never.

    Raises:
        StoreError: ``STORE_KEY`` if it is empty, too long for one, or no text that UTF-8 can hold.
    """
    try:
        name = quote(text, safe="@+,=")
    except UnicodeEncodeError:
        name = ""
    if not 0 < len(name) <= _NAME_BYTES:
        raise StoreError("STORE_KEY", f"a key must be text of 1 to {_NAME_BYTES} characters", where=text[:40])
    return "%2E" + name[1:] if name.startswith(".") else name


@lru_cache(maxsize=4096)
def shard(text: str) -> str:
    """Return which of the 256 folders something lies in."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:2]
