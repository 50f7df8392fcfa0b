"""What streams are made of, in columns for all rows of a history, and the items of one stream."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from engine.errors import StoreInvalid
from engine.features import Value
from engine.stores.history import History, Texts
from engine.stores.memory_plan import Group
from engine.velocity.batch import Amounts, NumberTooLarge
from engine.velocity.batch.stream import Ints, Mask

_LEAST: Final = -(2**63) + 1
"""Amounts as low as this are told apart from unknown ones in another way."""
_NOBODY: Final[tuple[Value, ...]] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Loaded:
    """The items of one stream in columns, by ordinal from 0 on."""

    ids: Sequence[str | None]
    """None where nothing is counted, so in all columns."""
    ordinals: Texts
    """From 0 on: the same number is one object wherever it is held."""
    at_us: Ints
    sequences: Ints
    profiles: Sequence[tuple[Value, ...]]
    loose: Mapping[int, list[Value]]
    """By index into a row."""
    amounts: Sequence[Ints]
    """Of each amount of the plan, the least of all integers where it is unknown."""
    rows: Ints
    """The row of the inputs that each item has, -1 where nothing is counted."""
    inputs: "Inputs"
    parts: dict[tuple[int, ...], tuple[int, ...]]
    """The ordinals that keys hold: those of several keys are one object."""

    def __len__(self) -> int:
        """How many ordinals there are."""
        return len(self.ids)


class Inputs:
    """What a set of velocities is made of, a column each, for all rows of the history; rows as `Observation` gives."""

    def __init__(self, history: History, names: Sequence[str], profile: int) -> None:
        """`names` in the order of a row; the first `profile` of them seldom change."""
        self.history = history
        self.columns = [history.features[name] for name in names]
        self.codes = [column.codes() for column in self.columns]
        self.told = [_told(column) for column in self.columns]
        self._profiles, self.profile_of = self._shared(profile)

    def profiles(self, rows: Ints) -> list[tuple[Value, ...]]:
        """The profiles of some rows, () for -1: equal ones are one object."""
        found: list[tuple[Value, ...]] = self._profiles[np.where(rows < 0, -1, self.profile_of[rows])].tolist()
        return found

    def values(self, index: int, rows: Ints) -> list[Value]:
        """What stands at an index of some rows, None for -1."""
        found: list[Value] = self.told[index][np.where(rows < 0, -1, self.codes[index][rows])].tolist()
        return found

    def amounts(self, index: int, rows: Ints) -> Ints:
        """The amounts at an index of some rows, the least integer for none. Raises StoreInvalid where one is larger."""
        column = self.columns[index]
        try:
            values, known = column.amounts()
        except NumberTooLarge as error:
            raise StoreInvalid(f"Amounts do not go into columns: {error}") from error
        if (known != (self.codes[index] >= 0)).any() or (known & (values <= _LEAST)).any():
            raise StoreInvalid("Amounts do not go into columns: one is no whole number of 64 bits.")
        found: Ints = np.where((rows < 0) | ~known[rows], np.iinfo(np.int64).min, values[rows])
        return found

    def row(self, row: int) -> list[Value]:
        """One whole row."""
        return [told[codes[row]] for told, codes in zip(self.told, self.codes, strict=True)]

    def lets(self, group: Group, rows: Ints) -> Mask:
        """Which rows the group's filter lets through."""
        found: Mask = rows >= 0
        for index, value in group.where:
            found &= self.columns[index].are(value)[rows]
        return found

    def _shared(self, width: int) -> tuple[Texts, Ints]:
        """The different profiles, with () at the end, and the place of each row's."""
        count = len(self.codes[0])
        random = np.random.default_rng(0)
        mixed = np.zeros(count, dtype=np.uint64)
        for codes in self.codes[:width]:
            factor = random.integers(1, 2**63, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
            mixed += (codes + 1).astype(np.uint64) * factor
            mixed ^= mixed >> np.uint64(29)
        _, firsts, places = np.unique(mixed, return_index=True, return_inverse=True)
        # Two that were mixed to the same number by chance are not the same.
        differs = np.zeros(count, dtype=np.bool_)
        for codes in self.codes[:width]:
            differs |= codes != codes[firsts[places]]
        own = np.flatnonzero(differs)
        places[own] = len(firsts) + np.arange(len(own))
        columns = [self.values(index, np.concatenate((firsts, own))) for index in range(width)]
        profiles = np.empty(len(firsts) + len(own) + 1, dtype=np.object_)
        profiles[:-1] = _objects(list(zip(*columns, strict=True)))
        profiles[-1] = _NOBODY
        return profiles, places


def _told(column: Any) -> Texts:  # noqa: ANN401 - one of two kinds
    """The different values of a column, and None at the end: so that -1 is unknown."""
    values = np.unique(column.values).tolist() if isinstance(column, Amounts) else list(column.values)
    return _objects([*values, None])


def _objects(items: Sequence[Any]) -> Texts:
    """An array of these objects, tuples among them."""
    return np.fromiter(items, dtype=np.object_, count=len(items))
