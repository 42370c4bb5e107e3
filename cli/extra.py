"""Modules that need an optional extra, imported when a command turns out to need them."""

from __future__ import annotations

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
            "PDF_EXTRA", "the libraries for PDF are not installed", hint="pip install 'egov-sign[pdf]'"
        ) from error
