"""Relations in columns: for back-filling, imported history and training, equal to the scalar ones to the last bit."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.velocity.batch.stream import Mask
from engine.velocity.relations import FIRST_MONTH_HOURS, RATIO_MAX, FirstOrder, Form, NewTogether, OverAverage, Share


class Held(NamedTuple):
    """A column of numbers or flags, and which of them are known; where one is not, its value means nothing."""

    values: npt.NDArray[Any]
    known: Mask


def column_of(form: Form, inputs: Sequence[Held]) -> Held:
    """A relation of each row, from the columns of the features that it reads, in the order in which it reads them."""
    match form:
        case OverAverage():
            amount, total, count = inputs
            known = amount.known & _some(total) & _some(count)
            means = _floats(total, known) / _floats(count, known)
            return _ratios(_floats(amount, known), means, known)
        case Share():
            part, whole = inputs
            known = part.known & _some(whole)
            return _ratios(_floats(part, known), _floats(whole, known), known)
        case NewTogether():
            together, alone = inputs
            return Held((together.values == 0).astype(np.bool_), together.known & _some(alone))
        case FirstOrder():
            year, day, count, age_hours = inputs
            is_later = _some(year) | _some(day) | _some(count)
            is_young = age_hours.known & (age_hours.values < FIRST_MONTH_HOURS).astype(np.bool_)
            return Held(~is_later, is_later | year.known | (count.known & is_young))


def _some(column: Held) -> Mask:
    """Where it is known and not zero."""
    some: Mask = column.known & (column.values != 0).astype(np.bool_)
    return some


def _floats(column: Held, known: Mask) -> npt.NDArray[np.float64]:
    """As floats; 1 where it is of no use, so that nothing is divided by zero."""
    return np.where(known, column.values, 1).astype(np.float64)


def _ratios(above: npt.NDArray[np.float64], below: npt.NDArray[np.float64], known: Mask) -> Held:
    return Held(np.floor(np.minimum(above / below, RATIO_MAX) * 1000.0 + 0.5) / 1000.0, known)
