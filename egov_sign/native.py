"""What becomes of a class where its module is compiled (``setup.py``); nothing, where it is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

__all__ = ["Open", "mypyc_attr"]

_C = TypeVar("_C", bound=type)

if TYPE_CHECKING:
    from mypy_extensions import mypyc_attr
else:

    def mypyc_attr(**_options: bool) -> Callable[[_C], _C]:
        """Return a decorator that changes nothing: mypyc reads it as that of mypy_extensions, which need not be there.

        mypyc makes a fixed structure of a class unless it says ``native_class=False``: a structure has no room for
        what :class:`egov_sign.caching.lazy` keeps, and can be neither copied nor pickled, as values must be. A
        subclass that was not compiled with it is only taken with ``allow_interpreted_subclasses=True``.
        """
        return lambda cls: cls


class Open:
    """Base of a class whose instances take attributes as they go, as :class:`egov_sign.caching.lazy` needs.

    mypyc does not compile this module, and gives the instances of a class with such a base a dictionary.
    """

    __slots__ = ()
