"""IIN and BIN: twelve digits and a control digit, and nothing else may refuse (R434, R530, R531)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egov_sign.certs.iin import Bin, Iin, control_digit
from egov_sign.errors import InputError

FIRST_PASS = ["850412110000", "911130210000", "780228110005", "991231510003", "950615610007"]
SECOND_PASS = ["850412110101", "911130210104", "780228110603", "991231510403", "950615610804"]
NOT_ISSUED = ["85041211281", "91113021013", "78022811069", "99123151049"]
IMPOSSIBLE_DATE = ["851332200018", "990040100025"]


def code_of(text: str) -> str:
    with pytest.raises(InputError) as caught:
        Iin.parse(text)
    return caught.value.code


@pytest.mark.req("R434", "R530")
@pytest.mark.parametrize("text", FIRST_PASS + SECOND_PASS)
def test_a_right_number_is_accepted(text: str) -> None:
    assert str(Iin.parse(text)) == text
    assert str(Bin.parse(text)) == text


@pytest.mark.req("R434", "R530")
@pytest.mark.parametrize("text", FIRST_PASS + SECOND_PASS)
def test_any_other_last_digit_is_refused(text: str) -> None:
    for digit in set("0123456789") - {text[-1]}:
        assert code_of(text[:-1] + digit) == "IIN_CHECK_DIGIT"


@pytest.mark.req("R530")
@pytest.mark.parametrize("prefix", NOT_ISSUED)
def test_a_number_whose_second_pass_gives_ten_is_never_issued(prefix: str) -> None:
    assert control_digit(prefix) is None
    assert {code_of(prefix + digit) for digit in "0123456789"} == {"IIN_NOT_ISSUABLE"}


@pytest.mark.req("R531")
@pytest.mark.parametrize("text", IMPOSSIBLE_DATE)
def test_an_impossible_birth_date_is_no_reason_to_refuse(text: str) -> None:
    iin = Iin.parse(text)
    assert iin.historic_birth_date is None


FULL_WIDTH = "\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff10\uff11\uff11"
NOT_TWELVE = ["", "12345678901", "1234567890110", "12345678901a", "IIN123456789011", FULL_WIDTH, "12345678901\u0661"]
SPACED = [" 123456789011", "123456789011\n", "123456 789011", "123456789011\u00a0"]


@pytest.mark.parametrize("text", NOT_TWELVE + SPACED)
def test_anything_but_twelve_ascii_digits_is_refused(text: str) -> None:
    assert code_of(text) == "IIN_FORMAT"


@given(st.text(alphabet="0123456789", min_size=11, max_size=11))
def test_exactly_one_last_digit_is_right_or_none(prefix: str) -> None:
    digit = control_digit(prefix)
    right = []
    for candidate in "0123456789":
        try:
            right.append(Iin.parse(prefix + candidate))
        except InputError:
            continue
    assert [str(iin) for iin in right] == ([] if digit is None else [f"{prefix}{digit}"])


def test_what_the_historic_layout_says() -> None:
    assert Iin.parse("991231510003").historic_birth_date == date(2099, 12, 31)
    assert Iin.parse("991231510003").historic_sex == "male"
    assert Iin.parse("950615610007").historic_sex == "female"
    assert Iin.parse("123456789011").historic_sex is None
    assert Bin.parse("123456789021").historic_kind == "non-resident"


def test_the_numbers_of_the_test_environment_are_accepted_and_told_apart() -> None:
    assert Iin.parse("123456789011").is_test
    assert Bin.parse("123456789021").is_test
    assert not Iin.parse("850412110000").is_test
    assert code_of("123456789031") == "IIN_CHECK_DIGIT"


def test_a_number_is_masked_in_logs() -> None:
    iin = Iin.parse("123456789011")
    assert iin.masked() == "1234******11"
    assert repr(iin) == "Iin(1234******11)"


def test_an_iin_is_not_a_bin() -> None:
    number: object = Iin.parse("123456789011")
    assert number != Bin.parse("123456789011")
