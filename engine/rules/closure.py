"""What a compiled condition is: a closure over one payment's values and the named lists, three-valued (Kleene)."""

from collections.abc import Callable, Mapping
from operator import eq, ge, gt, le, lt, ne
from types import MappingProxyType
from typing import Any, Final, Protocol

from engine.rules.tree import Comparator


class NamedEntries(Protocol):
    """A named list as one payment asks it: what expired by its time is not in it."""

    def holds(self, value: str) -> bool:
        """Whether an entry holds a value as its feature has it; the list's type says what spellings are one."""


Lists = Mapping[str, NamedEntries]
"""Named lists: names without `@`. A list that is not there makes the condition unknown."""

Custom = Mapping[str, str | int | float | bool]
"""A payment's custom fields by name, which rules read as `::name::`; one that is not there is unknown."""

NO_CUSTOM: Final[Custom] = MappingProxyType({})

Values = tuple[Any, ...]
"""`Features.values`: by position, each None or of its feature's type, which the checker has compared with the rule.

Where a rule of the set reads custom fields, these stand behind the last feature (`CUSTOM_AT`): so the closures of all
other rules take no argument more.
"""

CUSTOM_AT: Final = -1

Compiled = Callable[[Values, Lists], bool | None]

OPERATORS: Final[Mapping[Comparator, Callable[[Any, Any], bool]]] = {
    Comparator.EQUAL: eq,
    Comparator.UNEQUAL: ne,
    Comparator.LESS: lt,
    Comparator.LESS_OR_EQUAL: le,
    Comparator.GREATER: gt,
    Comparator.GREATER_OR_EQUAL: ge,
}
