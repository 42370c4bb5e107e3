"""Names that cannot be read never escape a name constraint."""

from __future__ import annotations

import pytest

from egov_sign.certs import issue_names, name_constraints


@pytest.mark.parametrize("doubt", [True, False])
def test_a_directory_name_that_cannot_be_read_leaves_the_doubt(doubt: bool) -> None:
    """Else a malformed name would escape an excluded subtree."""
    country = issue_names.name([("C", "KZ")])
    malformed = country.replace(b"\x13\x02KZ", b"\x13\x09KZ")
    assert malformed != country
    assert name_constraints._within_directory(country, country, doubt) is True
    assert name_constraints._within_directory(malformed, country, doubt) is doubt
    assert name_constraints._within_directory(country, malformed, doubt) is doubt
