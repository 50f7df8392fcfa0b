"""What is made of a table again and again, held beside the table: it goes when the table is replaced."""

from collections import OrderedDict, defaultdict
from typing import Any, Final, TypeVar

ANSWERS_MAX: Final = 16_384
"""Of what one table tells."""
_PROFILES_MAX: Final = 40_960
"""Of all that most of a payment's fields tell together: some 3.5 KB each, so that all take some 145 MB."""
_PARTS_MAX: Final = 16_384
"""Of what some fields tell together: some 1.5 KB a shopper with both parts, so that all take some 25 MB."""

T = TypeVar("T")


class Answers(OrderedDict[tuple[Any, ...], Any]):
    """What was made of one table or several, by question: as many as were asked last."""

    __slots__ = ("missed", "most")

    def __init__(self, most: int = _PARTS_MAX) -> None:
        """Hold as many at most."""
        super().__init__()
        self.most = most
        self.missed = 0
        """How often an answer was not held."""

    def asked(self, key: tuple[Any, ...]) -> Any:  # noqa: ANN401 - whatever was held
        """The answer to a question, None where it is not held."""
        answer = self.get(key)
        if answer is not None:
            try:  # noqa: SIM105 - `suppress` costs as much as the look-up
                self.move_to_end(key)
            except KeyError:
                # Another thread let it go meanwhile: what it said is as true.
                pass
        return answer

    def hold(self, key: tuple[Any, ...], answer: T) -> T:
        """Hold the answer to a question, and give it back. What was not asked for longest goes, one at a time."""
        self.missed += 1
        if len(self) >= self.most:
            self.popitem(last=False)
        self[key] = answer
        return answer


def answers_by_part() -> defaultdict[str, Answers]:
    """Nothing held yet, of any part."""
    return defaultdict(Answers, profile=Answers(_PROFILES_MAX))
