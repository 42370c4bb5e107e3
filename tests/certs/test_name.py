"""How names are compared."""

from __future__ import annotations

import pytest

from egov_sign.certs import issue_names
from egov_sign.certs.name import Name


@pytest.mark.parametrize(
    "text",
    [
        "  ACME\u00a0 \u2003kz ",
        "Ac\u00adme kz",
        "Ac\u200dme\u200b kz",
        "\u202eAcme kz\u2063\ufeff",
        "\U000e0041Acme\u180e kz",
        "\U0001d400cme kz",
        "\u24b6cme \u212az",
        "\uff21\uff23\uff2d\uff25 kz",
    ],
)
def test_what_a_person_reads_alike_is_one_name(text: str) -> None:
    """RFC 4518, 2.2 to 2.4: else a name escapes an excluded subtree by a letter that nobody sees."""
    excluded, name = (Name(issue_names.name([("O", one), ("CN", "x")])) for one in ("Acme KZ", text))
    assert name == excluded
    assert name.starts_with(Name(issue_names.name([("O", "Acme KZ")])))


def test_other_letters_are_another_name() -> None:
    assert Name(issue_names.name([("O", "Асме")])) != Name(issue_names.name([("O", "Acme")]))
