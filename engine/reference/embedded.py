"""The embedded tables: read once a process, for they do not change while it runs, and are shared by all that ask."""

from collections.abc import Callable
from functools import cache
from typing import TypeVar

_Table = TypeVar("_Table")


@cache
def _once(load: Callable[[], object]) -> object:
    return load()


def embedded(load: Callable[[], _Table]) -> _Table:
    """What `load` gives, such as `Rates.load`: from the first call on the same table, and what it keeps of look-ups."""
    found: _Table = _once(load)  # type: ignore[assignment]
    return found
