"""Reports whose facts are written when they are first read: a verdict alone needs none of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from egov_sign.caching import lazy
from egov_sign.native import mypyc_attr
from egov_sign.verdict import Json, Report


@mypyc_attr(native_class=False)
class DeferredReport(Report):
    """A report that is told how to write its name and its facts.

    Args:
        subject: kind of thing judged.
        name: writes which one.
    """

    def __init__(self, subject: str, name: Callable[[], str]) -> None:
        self.subject = subject
        self.findings = []
        self.children = []
        self._write_name = name
        self._told: list[tuple[str, Callable[..., Json], tuple[Any, ...]]] = []

    def tell(self, fact: str, write: Callable[..., Json], *args: Any) -> None:  # noqa: ANN401 - what ``write`` takes
        """Let ``facts[fact]`` be what ``write`` returns for ``args``, which must not change after."""
        facts = self.__dict__.get("facts")
        if facts is None:
            self._told.append((fact, write, args))
        else:
            facts[fact] = write(*args)

    @lazy
    def name(self) -> str:
        """Which one, in words a person recognises."""
        return self._write_name()

    @lazy
    def facts(self) -> dict[str, Json]:
        """What was told, in that order."""
        return {fact: write(*args) for fact, write, args in self._told}
