"""Options that say who a signer or holder must be."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from egov_sign.certs.iin import Bin, Iin
from egov_sign.certs.profile import Role
from egov_sign.docs.judged import Required
from egov_sign.errors import InputError

F = TypeVar("F", bound=Callable[..., Any])


def required_options(function: F) -> F:
    """Add ``--require-iin``, ``--require-bin`` and ``--require-role``; the command gets one ``required`` argument."""

    @click.option("--require-iin", "--iin", "iin", metavar="IIN", help="The holder must have this IIN.")
    @click.option("--require-bin", "--bin", "bin_", metavar="BIN", help="The holder's organisation must have this BIN.")
    @click.option(
        "--require-role",
        "--role",
        "roles",
        multiple=True,
        type=click.Choice([role.value for role in Role]),
        metavar="ROLE",
        help="The holder must have one of these roles: " + ", ".join(role.value for role in Role) + ".",
    )
    @functools.wraps(function)
    def wrapper(iin: str | None, bin_: str | None, roles: tuple[str, ...], **values: Any) -> Any:
        required = Required(
            iin=_number(Iin, iin, "--require-iin"),
            bin=_number(Bin, bin_, "--require-bin"),
            roles=frozenset(map(Role, roles)),
        )
        return function(required=required, **values)

    return wrapper  # type: ignore[return-value]


def _number(kind: type[Iin | Bin], digits: str | None, option: str) -> str:
    if digits is None:
        return ""
    try:
        return str(kind.parse(digits))
    except InputError as error:
        raise click.BadParameter(error.message, param_hint=option) from None
