"""Modules that need an optional extra, imported when a command turns out to need them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

from egov_sign.errors import ConfigurationError


def load(module: str) -> ModuleType:
    """Import a module of :mod:`egov_sign.docs` that needs the extra ``pdf``.

    Raises:
        ConfigurationError: ``PDF_EXTRA`` if it is not installed.
    """
    try:
        return import_module(f"egov_sign.docs.{module}")
    except ImportError as error:
        raise ConfigurationError(
            "PDF_EXTRA",
            "the libraries for PDF are not installed",
            hint="in a checkout of egov-sign: pip install '.[pdf]'",
        ) from error


class _Unused(ModuleType):
    """Stands for a module that is imported and never used; whatever is asked of it is an empty class."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


@contextmanager
def without_http_client() -> Iterator[None]:
    """Let pyHanko be imported without aiohttp, whose import takes longer than the verification of a document.

    pyHanko imports it for a client of its own; requests go through :mod:`egov_sign.certs.http` here.
    """
    if "aiohttp" in sys.modules:
        yield
        return
    sys.modules["aiohttp"] = _Unused("aiohttp")
    try:
        yield
    finally:
        del sys.modules["aiohttp"]
