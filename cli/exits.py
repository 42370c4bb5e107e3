"""Exit codes; part of the interface, never renumbered."""

from __future__ import annotations

from enum import IntEnum

from egov_sign.errors import ConfigurationError, EgovSignError, FetchError, InputError, PasswordError
from egov_sign.verdict import Indication


class Exit(IntEnum):
    """What the exit code of ``egov-sign`` says."""

    DONE = 0
    INTERNAL = 1
    USAGE = 2
    INVALID = 10
    INDETERMINATE = 11
    UNREADABLE = 12
    CONFIGURATION = 13
    NETWORK = 14
    PASSWORD = 15
    INTERRUPTED = 130


EPILOG = (
    "Exit codes: 0 valid or done, 1 internal failure, 2 usage, 10 invalid or refused, 11 indeterminate, "
    "12 unreadable input, 13 trust or configuration, 14 network, 15 wrong password, 130 interrupted."
)

_OF_VERDICT = {
    Indication.VALID: Exit.DONE,
    Indication.INVALID: Exit.INVALID,
    Indication.INDETERMINATE: Exit.INDETERMINATE,
}
_OF_ERROR: tuple[tuple[type[EgovSignError], Exit], ...] = (
    (PasswordError, Exit.PASSWORD),
    (FetchError, Exit.NETWORK),
    (ConfigurationError, Exit.CONFIGURATION),
    (InputError, Exit.UNREADABLE),
)


def of_verdict(indication: Indication) -> Exit:
    """Return the exit code of a verdict."""
    return _OF_VERDICT[indication]


def of_error(error: EgovSignError) -> Exit:
    """Return the exit code of an error of the core."""
    return next((code for kind, code in _OF_ERROR if isinstance(error, kind)), Exit.INTERNAL)
