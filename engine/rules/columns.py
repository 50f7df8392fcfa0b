"""Values of many payments in columns, as rules read them: numpy arrays, with what is unknown said apart.

Text is held as numbers for the different values, so that whatever is asked of a text is asked once a value.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.integer[Any]]
Mask = npt.NDArray[np.bool_]

_FEW: Final = 6
"""So many values are compared with one by one."""


class Truth(NamedTuple):
    """What is true and what is false of each row; where it is neither, it is unknown (Kleene). Never both."""

    true: Mask
    false: Mask

    @classmethod
    def where(cls, outcome: Mask, known: Mask) -> "Truth":
        """True or false as `outcome` says, where it is known."""
        true = outcome & known
        return cls(true, known ^ true)

    @classmethod
    def unknown(cls, rows: int) -> "Truth":
        """Unknown in every row."""
        return cls(np.zeros(rows, dtype=np.bool_), np.zeros(rows, dtype=np.bool_))

    @property
    def known(self) -> Mask:
        """Where it is true or false."""
        return self.true | self.false


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """Numbers a row: int64, float64, or Python's own integers (`object`) where 64 bits do not hold them."""

    values: npt.NDArray[Any]
    """0 where it is unknown."""
    known: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Texts, or whatever was sent, as the place of each row's value among the different ones."""

    codes: Codes
    """The place in `told` a row; -1 is unknown."""
    told: Sequence[Any]
    """The different values; one may stand there twice."""
    _places: dict[bool, dict[Any, list[int]]] = field(default_factory=dict, init=False, repr=False)

    @property
    def known(self) -> Mask:
        """Where there is a value."""
        return self.codes >= 0

    def ask(self, question: Callable[[Any], bool | None]) -> Truth:
        """What a question that is asked once a value says of each row; None is unknown."""
        answers = [question(value) for value in self.told]
        # One place more, for the code of an unknown.
        true = np.array([*(answer is True for answer in answers), False], dtype=np.bool_)
        false = np.array([*(answer is False for answer in answers), False], dtype=np.bool_)
        return Truth(true[self.codes], false[self.codes])

    def among(self, values: Collection[Any], *, is_lowered: bool = False) -> Truth:
        """Whether a row's value is one of these; `is_lowered` asks of it in lower case."""
        places = self._places_of(is_lowered=is_lowered)
        found = [place for value in values for place in places.get(value, ())]
        if len(found) <= _FEW:
            # Comparing takes a tenth of the time of looking up.
            true = np.zeros(len(self.codes), dtype=np.bool_)
            for place in found:
                true |= self.codes == place
        else:
            table = np.zeros(len(self.told) + 1, dtype=np.bool_)
            table[found] = True
            true = table[self.codes]
        return Truth(true, self.known ^ true)

    def _places_of(self, *, is_lowered: bool) -> dict[Any, list[int]]:
        """Where each value stands in `told`: found once for all rules."""
        if is_lowered not in self._places:
            places: dict[Any, list[int]] = {}
            for place, value in enumerate(self.told):
                places.setdefault(value.lower() if is_lowered else value, []).append(place)
            self._places[is_lowered] = places
        return self._places[is_lowered]

    def beside(self, other: "Told", *, is_lowered: bool) -> tuple[Codes, Codes]:
        """The codes of both in one numbering: equal where the values are; -1 is unknown."""
        numbers: dict[Any, int] = {}
        both = []
        for each in (self, other):
            told = [value.lower() if is_lowered else value for value in each.told]
            table = np.array([*(numbers.setdefault(value, len(numbers)) for value in told), -1], dtype=np.int32)
            both.append(table[each.codes])
        return both[0], both[1]


Column = Truth | Numbers | Told
"""A BOOLEAN feature is a Truth; INTEGER, MONEY and NUMBER are Numbers; STRING and COUNTRY are Told."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """The features of many payments, by name, and their custom fields, by name; what is absent is unknown in each."""

    rows: int
    features: Mapping[str, Column]
    custom: Mapping[str, Told] = field(default_factory=dict)
    """Each field as it was sent; -1 where it was not."""

    def truth(self, name: str) -> Truth:
        """A boolean feature."""
        column = self.features.get(name)
        assert column is None or isinstance(column, Truth), f"{name} is no boolean"
        return Truth.unknown(self.rows) if column is None else column

    def numbers(self, name: str) -> Numbers:
        """A feature that is a number."""
        column = self.features.get(name)
        assert column is None or isinstance(column, Numbers), f"{name} is no number"
        if column is None:
            return Numbers(np.zeros(self.rows, dtype=np.int64), np.zeros(self.rows, dtype=np.bool_))
        return column

    def told(self, name: str) -> Told:
        """A feature that is a text or a country."""
        column = self.features.get(name)
        assert column is None or isinstance(column, Told), f"{name} is no text"
        return Told(np.full(self.rows, -1), ()) if column is None else column

    def these(self, rows: Ints) -> "Columns":
        """Some rows."""
        return Columns(
            rows=len(rows),
            features={name: _these(column, rows) for name, column in self.features.items()},
            custom={name: Told(column.codes[rows], column.told) for name, column in self.custom.items()},
        )

    def sent(self, name: str) -> Told:
        """A custom field."""
        return self.custom.get(name) or Told(np.full(self.rows, -1), ())


def _these(column: Column, rows: Ints) -> Column:
    match column:
        case Truth():
            return Truth(column.true[rows], column.false[rows])
        case Numbers():
            return Numbers(column.values[rows], column.known[rows])
        case Told():
            return Told(column.codes[rows], column.told)


class ColumnLists(Protocol):
    """The named lists, as the payments of all rows ask them."""

    def asked(self, name: str, column: Told) -> Truth:
        """Whether a list holds each row's text at the time of its payment; unknown where there is no such list."""
