"""What left the windows, for spans without a start: kept for ever, so in plain tuples that no one need walk."""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Final

from engine.features import Value

FEW: Final = 16
"""Different values up to which they stand in a tuple."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Of some amounts: the sum and number of those known, the least and the most."""

    total: int = 0
    known: int = 0
    least: int | None = None
    most: int | None = None

    def __add__(self, other: "Sum") -> "Sum":
        """Those of both."""
        leasts = [each.least for each in (self, other) if each.least is not None]
        mosts = [each.most for each in (self, other) if each.most is not None]
        return Sum(
            self.total + other.total, self.known + other.known, min(leasts, default=None), max(mosts, default=None)
        )


def sum_of(amounts: Sequence[int | None]) -> Sum:
    """The sum of amounts of which some are unknown."""
    known = [each for each in amounts if each is not None]
    return Sum(sum(known), len(known), min(known, default=None), max(known, default=None))


class Pasts:
    """The past of each key value of one group."""

    __slots__ = ("figures", "told")

    def __init__(self, told: Collection[int]) -> None:
        """Begin with none; `told` are indices of features whose different values are counted without a start."""
        self.figures: dict[Hashable, tuple[int | None, ...]] = {}
        """How many items, when the first and the last came, and four figures of each amount: those of its sum."""
        self.told: dict[int, dict[Hashable, tuple[Value, ...] | set[Value]]] = {index: {} for index in told}
        """The different values of a feature, by its index and the key value."""

    def __bool__(self) -> bool:
        return bool(self.figures)

    def get(self, key: Hashable) -> "Past | None":
        """The past of a key value, None where it has none."""
        return Past(self, key) if key in self.figures else None


class Past:
    """The past of one key value."""

    __slots__ = ("_key", "_pasts", "count", "times")

    def __init__(self, pasts: Pasts, key: Hashable) -> None:
        """It may have none yet."""
        self._pasts = pasts
        self._key = key
        figures = pasts.figures.get(key, (0,))
        self.count = figures[0] or 0
        self.times = tuple(each for each in figures[1:3] if each is not None)
        """When the first and the last item came, where there are some."""

    def sum(self, index: int) -> Sum:
        """What the amounts of an index sum up to."""
        if not self.count:
            return Sum()
        total, known, least, most = self._pasts.figures[self._key][3 + 4 * index : 7 + 4 * index]
        return Sum(total or 0, known or 0, least, most)

    def told(self, index: int) -> Collection[Value]:
        """The different values of the feature of an index."""
        return self._pasts.told[index].get(self._key, ())

    def add(self, times: Sequence[int], sums: Sequence[Sum], told: Sequence[Sequence[Value]]) -> None:
        """Take in items, in the order of time: of each amount the sum, of each feature told apart the values."""
        if not times:
            return
        both = [self.sum(index) + more for index, more in enumerate(sums)]
        self.count += len(times)
        seen = (*self.times, times[0], times[-1])
        self.times = min(seen), max(seen)
        figures = (figure for each in both for figure in (each.total, each.known, each.least, each.most))
        self._pasts.figures[self._key] = (self.count, *self.times, *figures)
        for index, by_key in self._pasts.told.items():
            held = by_key.get(self._key, ())
            new = [each for each in dict.fromkeys(told[index]) if each is not None and each not in held]
            if isinstance(held, set):
                held.update(new)
            else:
                values = (*held, *new)
                by_key[self._key] = values if len(values) <= FEW else set(values)
