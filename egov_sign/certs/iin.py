"""Individual and business identification numbers of Kazakhstan (R434, R530, R531).

Twelve ASCII digits, the last of which is a control digit. A number is refused for its length and its control digit
only: since 2013 the digits are no longer tied to the birth date and the sex of the holder, so what the historic layout
says is information and never a reason to refuse.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal, Self

from egov_sign.errors import InputError
from egov_sign.native import mypyc_attr

_TWELVE_DIGITS = re.compile(r"[0-9]{12}")
_FIRST_PASS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
_SECOND_PASS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
TEST_NUMBERS = frozenset({"123456789011", "123456789012", "123456789021"})
"""The numbers on the certificates of the NCA's test environment. Their control digits are not those of the formula;
they are accepted so that its certificates can be used, and told apart by ``is_test``."""


def control_digit(prefix: str) -> int | None:
    """Return the control digit that follows the eleven digits ``prefix``; ``None`` if no such number is issued."""
    for weights in (_FIRST_PASS, _SECOND_PASS):
        remainder = sum(weight * int(digit) for weight, digit in zip(weights, prefix, strict=True)) % 11
        if remainder < 10:
            return remainder
    return None


@mypyc_attr(native_class=False)
@dataclass(frozen=True, slots=True)
class _Number:
    """Twelve digits with a right control digit; made by :meth:`parse` only."""

    digits: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number, exactly as it is written.

        Raises:
            InputError: ``IIN_FORMAT`` for anything but twelve ASCII digits, ``IIN_NOT_ISSUABLE`` for a number that
                can have no control digit, ``IIN_CHECK_DIGIT`` for a wrong one.
        """
        if not _TWELVE_DIGITS.fullmatch(text):
            raise InputError("IIN_FORMAT", "an IIN or BIN is twelve digits")
        if text in TEST_NUMBERS:
            return cls(text)
        expected = control_digit(text[:11])
        if expected is None:
            raise InputError("IIN_NOT_ISSUABLE", "a number with these digits is never issued")
        if expected != int(text[11]):
            raise InputError("IIN_CHECK_DIGIT", "the control digit does not match")
        return cls(text)

    def __str__(self) -> str:
        return self.digits

    @property
    def is_test(self) -> bool:
        """Whether it is one of :data:`TEST_NUMBERS`, which belong to nobody."""
        return self.digits in TEST_NUMBERS

    def masked(self) -> str:
        """Return the number with its middle hidden, for logs and messages: ``1234******11``."""
        return f"{self.digits[:4]}******{self.digits[10:]}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.masked()})"


@mypyc_attr(native_class=False)
@dataclass(frozen=True, slots=True, repr=False)
class Iin(_Number):
    """An individual identification number (ИИН)."""

    @property
    def historic_birth_date(self) -> date | None:
        """The birth date that the historic layout gives; ``None`` where there is none. Information only (R531)."""
        century = {"1": 18, "2": 18, "3": 19, "4": 19, "5": 20, "6": 20}.get(self.digits[6])
        if century is None:
            return None
        try:
            return date(century * 100 + int(self.digits[:2]), int(self.digits[2:4]), int(self.digits[4:6]))
        except ValueError:
            return None

    @property
    def historic_sex(self) -> Literal["male", "female"] | None:
        """The sex that the historic layout gives; ``None`` where there is none. Information only (R531)."""
        digit = self.digits[6]
        if digit not in "123456":
            return None
        return "male" if digit in "135" else "female"


@mypyc_attr(native_class=False)
@dataclass(frozen=True, slots=True, repr=False)
class Bin(_Number):
    """A business identification number (БИН)."""

    @property
    def historic_kind(self) -> Literal["resident", "non-resident", "joint-entrepreneur"] | None:
        """What the fifth digit says of the holder; ``None`` where it says nothing. Information only."""
        match self.digits[4]:
            case "4":
                return "resident"
            case "5":
                return "non-resident"
            case "6":
                return "joint-entrepreneur"
        return None
