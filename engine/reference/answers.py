"""What is made of a table again and again, held beside the table: it goes when the table is replaced."""

from collections import OrderedDict
from typing import Any, Final, TypeVar

_HELD_MAX: Final = 16_384
_PARTS_MAX: Final = 24_576
"""Of what some fields tell together: some 7 KB a shopper with all parts, so that all take some 170 MB at most."""

T = TypeVar("T")


def held(answers: dict[tuple[Any, ...], Any], key: tuple[Any, ...], answer: T) -> T:
    """Keep the answer to a question, and give it back. A table that was asked of too much begins anew."""
    if len(answers) >= _HELD_MAX:
        answers.clear()
    answers[key] = answer
    return answer


class Answers:
    """What was made of several tables, by question: as many as were asked last."""

    __slots__ = ("_held", "_most", "asked", "known")

    def __init__(self, most: int = _PARTS_MAX) -> None:
        """Hold as many at most."""
        self._held: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._most = most
        self.asked = 0
        """How often it was asked, and how often it knew."""
        self.known = 0

    def get(self, key: tuple[Any, ...]) -> Any:  # noqa: ANN401 - as it was held
        """What is held of a question; None where nothing is."""
        self.asked += 1
        found = self._held.get(key)
        if found is not None:
            self.known += 1
            # Another thread may have let it go meanwhile: what it said is as true.
            try:  # noqa: SIM105 - `suppress` costs as much as the look-up
                self._held.move_to_end(key)
            except KeyError:
                pass
        return found

    def hold(self, key: tuple[Any, ...], answer: T) -> T:
        """Hold the answer to a question, and give it back. What was not asked for longest goes, one at a time."""
        if len(self._held) >= self._most:
            self._held.popitem(last=False)
        self._held[key] = answer
        return answer
