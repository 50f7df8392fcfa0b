"""Lists over columns: which rows a named list holds, and which an allow or block list does, each at its own time."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from engine.lists import ALLOW, MerchantLists
from engine.lists.entries import Entries
from engine.lists.entry import EntryType
from engine.lists.screening import COMPARED
from engine.recorded_frame import RecordedFrame
from engine.rules.columns import Columns, Ints, Mask, Told, Truth
from models.backtest.setting import Setting

Holds = Callable[[str, int], bool]
"""Whether a value is held at a time in microseconds since the epoch."""


class Hits(NamedTuple):
    """The rows that are on a built-in list."""

    mandatory: Mask
    """The operator's block list."""
    allow: Mask
    block: Mask


class RowLists:
    """The lists of a setting, asked by all rows of a frame."""

    def __init__(self, frame: RecordedFrame, setting: Setting) -> None:
        """Each row asks the lists of its merchant."""
        self._frame = frame
        of_merchant = [setting.own_lists.get(name, setting.lists) for name in frame.merchants]
        self._different = list({id(lists): lists for lists in of_merchant}.values())
        places = [next(at for at, each in enumerate(self._different) if each is lists) for lists in of_merchant]
        self._place = np.array([*places, 0], dtype=np.int32)[frame.merchant]

    def _parts(self) -> Iterator[tuple[MerchantLists, Mask]]:
        """The different lists, and the rows that ask each."""
        return ((lists, self._place == place) for place, lists in enumerate(self._different))

    def asked(self, name: str, column: Told) -> Truth:
        """Whether a list holds each row's text at the time of its payment; unknown where there is no such list."""
        found, known = (np.zeros(len(column.codes), dtype=np.bool_) for _ in range(2))
        for lists, rows in self._parts():
            named = lists.named.get(name)
            if named is not None:
                known |= rows & column.known
                found |= rows & held(column, self._frame.at_us, named.holds)
        return Truth.where(found, known)

    def screened(self, columns: Columns) -> Hits:
        """The rows that an allow or block list holds something of."""
        hits = Hits(*(np.zeros(columns.rows, dtype=np.bool_) for _ in Hits._fields))
        for lists, rows in self._parts():
            for each in lists.screening:
                kind = hits.allow if each.name == ALLOW else hits.mandatory if each.is_operators else hits.block
                for type_ in each.entries.types:
                    for name in COMPARED[type_]:
                        kind |= rows & held(columns.told(name), self._frame.at_us, _holder(each.entries, type_))
        return hits


def features_compared(setting: Setting) -> tuple[str, ...]:
    """The features that the setting's allow and block lists are compared with."""
    every = (setting.lists, *setting.own_lists.values())
    types = {type_ for lists in every for each in lists.screening for type_ in each.entries.types}
    return tuple(sorted({name for type_ in types for name in COMPARED[type_]}))


def _holder(entries: Entries, type_: EntryType) -> Holds:
    return lambda value, at_us: entries.found(type_, value, at_us) is not None


def held(column: Told, at_us: Ints, holds: Holds) -> Mask:
    """The rows whose value is held at their time: asked once a value, as a value that is held was held before.

    Entries have an end and no beginning. So a value that is held at the last row's time is held in all rows, one that
    is not at the first row's in none; only what ends in between is asked row by row.
    """
    if not len(at_us):
        return np.zeros(0, dtype=np.bool_)
    first, last = int(at_us.min()), int(at_us.max())
    found = column.ask(lambda value: holds(value, last)).true
    ever = column.ask(lambda value: holds(value, first)).true
    for row in np.flatnonzero(ever & ~found).tolist():
        found[row] = holds(column.told[column.codes[row]], int(at_us[row]))
    return found
