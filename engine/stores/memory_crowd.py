"""What is held of a key value that many payments have: a regular customer's card, a shop's own IP address."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from operator import itemgetter
from typing import Final

from engine.features import Value
from engine.stores.memory_columns import Columns, Profile
from engine.stores.memory_numbers import Numbers
from engine.stores.memory_plan import Group, Kind
from engine.stores.memory_told import Told

PROFILES: Final = 8
"""Different profiles up to which values are told apart by them."""
MIDDLING: Final = 256
"""Items up to which one may walk all of them."""

_Spans = tuple[int, ...]
Blocks = tuple[_Spans, tuple[tuple[int, _Spans], ...], tuple[tuple[int, _Spans], ...]]
"""The spans of what is counted; of each sum the amount and its spans; of what is told apart the index in a row too."""


class Crowd:
    """The ordinals of a key value's items, ascending, and running sums: a window is a part from some position on.

    Values are told apart by the few different profiles, the latest last, and the last ordinal of each: a regular
    customer's payments have one or two. Where they are more, or the items are, each feature's values are told apart.
    """

    __slots__ = ("_blocks", "_columns", "_gone", "_group", "_lasts", "_numbers", "_profiles", "_tellings", "ordinals")

    def __init__(self, columns: Columns, group: Group, blocks: Blocks, ordinals: Sequence[int]) -> None:
        """Begin with these, ascending."""
        self._columns = columns
        self._group = group
        self._blocks = blocks
        self._begin(ordinals)

    def __len__(self) -> int:
        return len(self.ordinals) - self._gone

    def live(self) -> tuple[int, ...]:
        """The ordinals held, without those that left the windows and are still to be cut off."""
        return tuple(self.ordinals[self._gone :])

    def is_told(self) -> bool:
        """Whether each feature's values are told apart: what is left out of a reading costs O(log n) then."""
        return self._tellings is not None

    def add(self, ordinal: int) -> None:
        """Add an item: O(n) in those that are later."""
        if not len(self) or self.ordinals[-1] < ordinal:
            self._append(ordinal)
        elif self._tellings is None:
            self._begin(sorted((*self.live(), ordinal)))
        else:
            later = []
            while len(self) and self.ordinals[-1] > ordinal:
                later.append(self._pop())
            for each in (ordinal, *reversed(later)):
                self._append(each)

    def remove(self, ordinal: int) -> None:
        """Take an item out, where it is held: O(n) in those that are later."""
        if not self._holds(ordinal):
            return
        if self._tellings is None:
            self._begin([each for each in self.live() if each != ordinal])
            return
        later = []
        while self.ordinals[-1] > ordinal:
            later.append(self._pop())
        self._pop()
        for each in reversed(later):
            self._append(each)

    def expire(self, ordinal: int) -> None:
        """An item left the windows: the first, where it is held. Cut off are all once they are half: O(1) amortised."""
        position = self._gone
        if self.ordinals[position] != ordinal:
            return
        self._gone += 1
        if self._tellings is None:
            if self._lasts and self._lasts[0] == ordinal:
                del self._lasts[0], self._profiles[0]
        else:
            for told, (index, _) in zip(self._tellings, self._blocks[2], strict=True):
                told.leave(position, self._columns.value(ordinal, index))
        if 2 * self._gone >= len(self.ordinals):
            self._cut()

    def read(self, starts: Sequence[int], excluded: Sequence[int]) -> list[Value]:
        """What each window shows from its start on, by the group's spans; `excluded` ordinals only where all is told.

        Starts are ordinals.
        """
        ordinals, (counts, totals, told_apart) = self.ordinals, self._blocks
        size = len(ordinals)
        firsts = [bisect_left(ordinals, start, self._gone) for start in starts]
        values: list[Value] = [size - firsts[span] for span in counts]
        for index, spans in totals:
            sums = self._numbers[index].sums
            values += [sums[-1] - sums[firsts[span]] for span in spans]
        out = [bisect_left(ordinals, each) for each in excluded if self._holds(each)]
        for position in out:
            self._leave_out(position, firsts, values)
        if self._tellings is None:
            values += self._by_profiles(starts, firsts)
        else:
            for told, (_, spans) in zip(self._tellings, told_apart, strict=True):
                values += told.counts([firsts[span] for span in spans], size, out)
        return values

    def _by_profiles(self, starts: Sequence[int], firsts: Sequence[int]) -> list[Value]:
        """How many different values each window shows, by the profiles whose last item is in it."""
        profiles, loose = self._profiles, self._columns.loose
        since = [bisect_left(self._lasts, start) for start in starts]
        values: list[Value] = []
        for index, spans in self._blocks[2]:
            before, count, column = -1, 0, loose.get(index)
            for span in spans:
                first = since[span] if column is None else firsts[span]
                if first != before:
                    before = first
                    if column is None:
                        different = {each[index] for each in profiles[first:]}
                    else:
                        base = self._columns.base
                        different = {column[each - base] for each in self.ordinals[first:]}
                    count = len(different) - (None in different)
                values.append(count)
        return values

    def _leave_out(self, position: int, firsts: Sequence[int], values: list[Value]) -> None:
        """Take one item out of the counts and sums, which come first among the values."""
        counts, totals, _ = self._blocks
        shares = [(1, counts), *((self._numbers[index].amount(position), spans) for index, spans in totals)]
        place = 0
        for share, spans in shares:
            for span in spans:
                value = values[place]
                assert isinstance(value, int), "a count or a sum"
                if firsts[span] <= position:
                    values[place] = value - share
                place += 1

    def _holds(self, ordinal: int) -> bool:
        position = bisect_left(self.ordinals, ordinal, self._gone)
        return position < len(self.ordinals) and self.ordinals[position] == ordinal

    def _begin(self, ordinals: Sequence[int]) -> None:
        self._gone = 0
        self.ordinals = array("q")
        self._numbers = [Numbers(frozenset({Kind.TOTAL})) for _ in self._group.amounts]
        self._profiles: list[Profile] = []
        self._lasts: list[int] = []
        self._tellings: list[Told] | None = None
        self.ordinals.extend(ordinals)
        columns = self._columns
        base = columns.base
        for numbers, index in zip(self._numbers, self._group.amounts, strict=True):
            numbers.extend(columns.amounts[index].known(ordinals, base) if ordinals else ())
        latest: dict[Profile, int] = {}
        if self._blocks[2]:
            profiles = columns.profiles
            latest = dict(zip([profiles[each - base] for each in ordinals], ordinals, strict=True))
        if len(latest) > PROFILES or len(ordinals) > MIDDLING:
            self._tell()
            return
        for profile, last in sorted(latest.items(), key=itemgetter(1)):
            self._profiles.append(profile)
            self._lasts.append(last)

    def _append(self, ordinal: int) -> None:
        columns = self._columns
        self.ordinals.append(ordinal)
        for numbers, index in zip(self._numbers, self._group.amounts, strict=True):
            numbers.append(columns.amount(ordinal, index))
        if self._tellings is not None:
            for told, (index, _) in zip(self._tellings, self._blocks[2], strict=True):
                told.append(columns.value(ordinal, index))
            return
        if self._blocks[2]:
            self._meet(columns.profile(ordinal), ordinal)
        if len(self._profiles) > PROFILES or len(self.ordinals) > MIDDLING:
            self._tell()

    def _meet(self, profile: Profile, ordinal: int) -> None:
        """Note that a profile's last item is this one."""
        profiles, lasts = self._profiles, self._lasts
        if profiles and profiles[-1] == profile:
            lasts[-1] = ordinal
            return
        if profile in profiles:
            position = profiles.index(profile)
            del profiles[position], lasts[position]
        profiles.append(profile)
        lasts.append(ordinal)

    def _tell(self) -> None:
        """From now on tell each feature's values apart."""
        self._cut()
        self._profiles, self._lasts = [], []
        self._tellings = [Told(0) for _ in self._blocks[2]]
        for told, (index, _) in zip(self._tellings, self._blocks[2], strict=True):
            told.extend(self._columns.values(self.ordinals, index))

    def _pop(self) -> int:
        """Take the last item out and give it."""
        ordinal = self.ordinals.pop()
        for numbers in self._numbers:
            numbers.pop()
        if self._tellings is not None:
            for told, (index, _) in zip(self._tellings, self._blocks[2], strict=True):
                told.pop(self._columns.value(ordinal, index))
        return ordinal

    def _cut(self) -> None:
        """Cut off what left the windows."""
        count, self._gone = self._gone, 0
        del self.ordinals[:count]
        for numbers in self._numbers:
            numbers.drop(count)
        for told in self._tellings or ():
            told.drop(count)
