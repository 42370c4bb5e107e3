"""What was fetched, kept on disk, so that work can start without a network."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from egov_sign.errors import ConfigurationError


class DiskCache:
    """Files under one folder, one for each key; safe to share between processes.

    It keeps bytes as they are and knows nothing of their age: lists and responses say themselves how long they hold.

    Args:
        folder: made when first written to.

    Raises:
        ConfigurationError: ``CACHE_FOLDER`` if something else than a folder is there.
    """

    def __init__(self, folder: Path) -> None:
        if folder.exists() and not folder.is_dir():
            raise ConfigurationError("CACHE_FOLDER", "the cache is not a folder", where=str(folder))
        self._folder = folder

    def load(self, key: str) -> bytes | None:
        """Return what was stored under ``key``; ``None`` if there is nothing or it cannot be read."""
        try:
            return self._path(key).read_bytes()
        except OSError:
            return None

    def store(self, key: str, data: bytes) -> None:
        """Store ``data`` under ``key``: after a crash there is either the old content or the new, never a part.

        Raises:
            ConfigurationError: ``CACHE_FOLDER`` if it cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(dir=self._folder, prefix=".new-")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                Path(temporary).replace(self._path(key))
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise ConfigurationError(
                "CACHE_FOLDER", f"the cache cannot be written: {error.strerror}", where=str(self._folder)
            ) from error

    def _path(self, key: str) -> Path:
        return self._folder / hashlib.sha256(key.encode()).hexdigest()
