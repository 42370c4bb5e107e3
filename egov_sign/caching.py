"""Two ways of not doing work twice, both cheap enough for the paths that every certificate takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Generic, Self, TypeVar, overload

_T = TypeVar("_T")

_ENTRIES = 4096
_LONGEST_KEY = 512


class lazy(Generic[_T]):  # noqa: N801 - it is read as a decorator
    """A method that becomes the attribute of its name when it is first read.

    As :func:`functools.cached_property`, without the lock that one takes before Python 3.12: two threads may compute
    the same value, which harms nothing where values depend on immutable bytes alone. An exception is not kept.
    """

    def __init__(self, compute: Callable[[Any], _T]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__
        # A compiled class does not call __set_name__; a compiled method of an ordinary class has no name.
        self._name: str = getattr(compute, "__name__", "")

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> _T: ...
    def __get__(self, instance: object | None, owner: type) -> _T | Self:
        """Compute the value, and put it where it is found without coming here again."""
        if instance is None:
            return self
        value = self._compute(instance)
        setattr(instance, self._name, value)  # twice as fast as by __dict__, which would have to be made for it
        return value


def remembered(decode: Callable[[bytes], _T]) -> Callable[[bytes], _T]:
    """Make ``decode`` remember what it made of short values, which certificates of one issuer have in common.

    Long values are not kept, so that nobody can fill the memory with them; a full memory is emptied. An exception is
    not kept.
    """
    known: dict[bytes, _T] = {}
    missing: Any = object()

    @wraps(decode)
    def look_up(value: bytes) -> _T:
        result: _T = known.get(value, missing)
        if result is not missing:
            return result
        result = decode(value)
        if len(value) <= _LONGEST_KEY:
            if len(known) >= _ENTRIES:
                known.clear()
            known[value] = result
        return result

    return look_up
