"""One reading of a stream: what all its groups have in common."""

from collections.abc import Sequence

from engine.stores.memory_columns import Columns
from engine.stores.memory_few import Few, Ordinals


class Reader:
    """When is read, what is left out, and what was worked out of the items that several keys hold."""

    __slots__ = ("_columns", "_few", "at_us", "excluded", "resets", "starts")

    def __init__(
        self,
        columns: Columns,
        at_us: int,
        starts: Sequence[int],
        excluded: Sequence[int],
        resets: Sequence[int | None],
    ) -> None:
        """Begin with nothing worked out."""
        self._columns = columns
        self.at_us = at_us
        self.starts = starts
        """The ordinals at which windows until now start, the latest first, where items come in the order of time."""
        self.excluded = excluded
        """The ordinals that are left out."""
        self.resets = resets
        """When each counting that starts anew did so last."""
        self._few: dict[Ordinals | int, Few] = {}

    def few(self, held: Ordinals | int) -> Few:
        """What windows show of a few items."""
        few = self._few.get(held)
        if few is None:
            ordinals = (held,) if isinstance(held, int) else held
            if self.excluded:
                ordinals = tuple([each for each in ordinals if each not in self.excluded])
            few = self._few[held] = Few(self._columns, ordinals, self.starts)
        return few
