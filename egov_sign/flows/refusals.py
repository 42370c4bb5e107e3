"""Refusals: a service says no with reasons, each with a code, a text in three languages, a ground and advice.

A refusal is not an exception: the operations of the portal and of the desk return an :class:`Answer`, which holds
either what was asked for or the refusal. :meth:`Answer.get` turns a refusal into an exception for scripts that want
to stop there.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Generic, TypeVar

from egov_sign import messages
from egov_sign.errors import EgovSignError
from egov_sign.messages import Language
from egov_sign.verdict import Finding, Json, Scalar, Severity, SubIndication

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rule:
    """What is known of a refusal code.

    Attributes:
        code: the code.
        stage: where it arises: ``portal.cond2``, ``cond3``…
        service: the service it belongs to, ``*`` for all.
        retryable: whether the same request can succeed later or after correction.
        ground: the item of the regulation or order; empty where none says it in so many words.
        mend: code of the advice.
    """

    code: str
    stage: str
    service: str
    retryable: bool
    ground: str
    mend: str


@cache
def rules() -> dict[str, Rule]:
    """Return what is known of every refusal code."""
    table = tomllib.loads(resources.files(__package__).joinpath("refusals.toml").read_text(encoding="utf-8"))
    return {code: Rule(code, **row | {"ground": _item(row["ground"])}) for code, row in table.items()}


def _item(ground: str) -> str:
    """Return the item of a regulation that ``ground`` names, without our own notes: derived, from elsewhere."""
    return re.split(r"\[(?:DER|EXT)\]", ground, maxsplit=1)[0].rstrip(" +")


def reason(code: str, where: str = "", **params: Scalar) -> Finding:
    """Return a reason for a refusal; ``code`` is one of :func:`rules`."""
    return Finding(rules()[code].code, Severity.INVALID, SubIndication.CUSTOM, params, where)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal with all its reasons.

    Attributes:
        step: the step of the regulation that forms it, e.g. ``p4``; empty where the regulation has none.
        reasons: one finding per violated requirement, never none.
        number: number of the request, where it has one (R59).
        document: SHA-256 of the signed reasoned refusal, where there is one.
    """

    step: str
    reasons: tuple[Finding, ...]
    number: str = ""
    document: str = ""

    @property
    def codes(self) -> list[str]:
        """The codes of the reasons."""
        return [finding.code for finding in self.reasons]

    @property
    def retryable(self) -> bool:
        """Whether correcting or repeating the request can help."""
        return all(rules()[code].retryable for code in self.codes)

    def texts(self, language: Language) -> list[str]:
        """Return the reasons in plain words."""
        return [messages.describe(finding, language) for finding in self.reasons]

    def advice(self, language: Language) -> list[str]:
        """Return how to mend it, each advice once."""
        return list(dict.fromkeys(messages.text(rules()[code].mend, language) for code in self.codes))

    def to_dict(self) -> dict[str, Json]:
        """Return the refusal as plain JSON values."""
        return {
            "step": self.step,
            "number": self.number,
            "document": self.document,
            "retryable": self.retryable,
            "reasons": [
                {
                    "code": finding.code,
                    "params": dict(finding.params),
                    "ground": rules()[finding.code].ground,
                    **{language: messages.describe(finding, language) for language in messages.LANGUAGES},
                }
                for finding in self.reasons
            ],
        }


class RefusedError(EgovSignError):
    """The service was refused, and the caller asked for the result all the same (:meth:`Answer.get`)."""

    def __init__(self, refusal: Refusal) -> None:
        text = "; ".join(refusal.texts("en"))
        super().__init__(refusal.codes[0], text, hint=" ".join(refusal.advice("en")))
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What an operation of a service gives: a value, or a refusal.

    Attributes:
        value: what was asked for; ``None`` if it was refused.
        refusal: why it was refused; ``None`` if it was not.
    """

    value: T | None
    refusal: Refusal | None = None

    @property
    def accepted(self) -> bool:
        """Whether there is a value."""
        return self.refusal is None

    def get(self) -> T:
        """Return the value.

        Raises:
            RefusedError: it was refused.
        """
        if self.refusal is not None:
            raise RefusedError(self.refusal)
        assert self.value is not None
        return self.value


def refused(step: str, reasons: Iterable[Finding], **details: str) -> Answer[T]:
    """Return an answer that refuses at ``step`` for ``reasons``."""
    return Answer(None, Refusal(step, tuple(reasons), **details))
