"""What can go wrong before a verdict is possible.

::

    EgovSignError
    ├── InputError              the input cannot be read           (UNREADABLE…)
    │   ├── LimitError          it is larger or deeper than allowed
    │   └── UnsupportedError    it is well formed, but of a kind this toolkit does not know
    ├── PasswordError           the password does not open the container
    ├── ConfigurationError      trust, settings or arguments of the caller are unusable
    │   └── StoreError          the store cannot be read or written
    └── FetchError              something could not be fetched

A bad signature, an expired certificate or a refused request is **not** an exception: it is a
:class:`egov_sign.verdict.Finding`. Exceptions never end the process; the command line maps them to exit codes.
"""

from __future__ import annotations

ERROR_SCHEMA = "egov-sign/error/1"


class EgovSignError(Exception):
    """Base of all errors raised on purpose.

    Args:
        code: stable upper-case identifier, e.g. ``XML_DTD``; a program may match it.
        message: what happened, one English sentence without a final full stop.
        where: the file, element or offset concerned, if any.
        hint: what to do about it; a command to run where there is one.
    """

    def __init__(self, code: str, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.where = where
        self.hint = hint

    def to_dict(self) -> dict[str, str]:
        """Return the error as plain JSON values."""
        return {
            "schema": ERROR_SCHEMA,
            "code": self.code,
            "message": self.message,
            "where": self.where,
            "hint": self.hint,
        }

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        return f"{self.code}: {self.message}{place}"


class InputError(EgovSignError):
    """The input cannot be read: empty, truncated, not of the expected format."""


class LimitError(InputError):
    """The input exceeds a bound of :class:`egov_sign.limits.Limits`."""


class UnsupportedError(InputError):
    """The input is well formed, but names an algorithm, key or structure that is not known here."""


class PasswordError(EgovSignError):
    """The password does not open the key container; the container itself is intact as far as can be told."""


class ConfigurationError(EgovSignError):
    """Trust anchors, settings or arguments are missing, contradictory or unusable."""


class StoreError(ConfigurationError):
    """The document store cannot be opened, read or written; nothing acknowledged was lost."""


class FetchError(EgovSignError):
    """A resource could not be fetched: offline, refused address, time-out, HTTP error, too large."""
