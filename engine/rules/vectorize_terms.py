"""Arithmetic over columns, as `terms.py` calculates: whole numbers and amounts exactly, measured features as floats.

Exact values stay 64-bit integers times a fixed factor where their bounds say that nothing overflows, and are Python's
own integers beyond. What would be a fraction by row (a quotient by a feature), or a custom field, is not done here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.features import Catalog, FeatureType
from engine.rules.closure import OPERATORS
from engine.rules.columns import Columns, Mask, Truth
from engine.rules.tree import Arithmetic, Comparison, Condition, Name, Number, Operator
from engine.rules.types import type_of

_HUNDREDTHS: Final = 100
_INT64: Final = 2**62
"""Below this a sum of two does not overflow either."""
_EXACT_IN_FLOATS: Final = 2**53


class NotInColumns(Exception):
    """This shape is calculated row by row: `vectorize_values` does it. It never leaves the compiler."""


@dataclass(frozen=True, slots=True, eq=False)
class _Exact:
    """Whole numbers times a factor; the factor alone where there is no column."""

    values: npt.NDArray[Any] | None
    known: Mask
    factor: Fraction
    bound: int
    """No value is further from 0."""


def comparison(node: Comparison, catalog: Catalog, columns: Columns) -> Truth:
    """A comparison of two numeric values, resolved before. Raises NotInColumns."""
    compare = OPERATORS[node.operator]
    if type_of(node.left, catalog).is_float or type_of(node.right, catalog).is_float:
        one, other = _measured(node.left, catalog, columns), _measured(node.right, catalog, columns)
        return Truth.where(_mask(compare(one[0], other[0]), columns.rows), one[1] & other[1])
    left, right = _exact(node.left, catalog, columns), _exact(node.right, catalog, columns)
    factor = _shared(left.factor, right.factor)
    found = compare(_times(left, int(left.factor / factor)), _times(right, int(right.factor / factor)))
    return Truth.where(_mask(found, columns.rows), left.known & right.known)


def _mask(found: Any, rows: int) -> Mask:  # noqa: ANN401 - what comparing arrays gives
    mask: Mask = np.broadcast_to(np.asarray(found, dtype=np.bool_), (rows,))
    return mask


def _exact(node: Condition, catalog: Catalog, columns: Columns) -> _Exact:
    match node:
        case Number():
            return _Exact(None, np.ones(columns.rows, dtype=np.bool_), node.value, 1)
        case Name():
            feature = catalog[node.name]
            numbers = columns.numbers(feature.name)
            factor = Fraction(1, _HUNDREDTHS if feature.type is FeatureType.MONEY else 1)
            return _Exact(numbers.values, numbers.known, factor, _bound(numbers.values))
        case Arithmetic():
            one, other = _exact(node.left, catalog, columns), _exact(node.right, catalog, columns)
            return _CALCULATE[node.operator](one, other)
        case _:
            raise NotInColumns


def _bound(values: npt.NDArray[Any]) -> int:
    return max(abs(int(values.min())), abs(int(values.max()))) if len(values) else 0


def _shared(one: Fraction, two: Fraction) -> Fraction:
    """The greatest number of which both are whole multiples; 1 where both are 0."""
    numerator = gcd(one.numerator * two.denominator, two.numerator * one.denominator)
    return Fraction(numerator, one.denominator * two.denominator) if numerator else Fraction(1)


def _times(term: _Exact, by: int) -> Any:  # noqa: ANN401 - an array or one number
    """The values so many times, or the number alone; Python's integers where 64 bits may not hold them."""
    if term.values is None:
        return by
    if by == 1:
        return term.values
    values = term.values if term.bound * abs(by) < _INT64 else term.values.astype(object)
    return values * by


def _sum(left: _Exact, right: _Exact, sign: int = 1) -> _Exact:
    known = left.known & right.known
    if left.values is None and right.values is None:
        return _Exact(None, known, left.factor + sign * right.factor, 1)
    factor = _shared(left.factor, right.factor)
    one, two = int(left.factor / factor), sign * int(right.factor / factor)
    bound = left.bound * abs(one) + right.bound * abs(two)
    first, second = _times(left, one), _times(right, two)
    if bound >= _INT64:
        first, second = (part if isinstance(part, int) else part.astype(object) for part in (first, second))
    return _Exact(first + second, known, factor, bound)


def _difference(left: _Exact, right: _Exact) -> _Exact:
    return _sum(left, right, sign=-1)


def _product(left: _Exact, right: _Exact) -> _Exact:
    known, factor = left.known & right.known, left.factor * right.factor
    if left.values is None:
        left, right = right, left
    if left.values is None:
        return _Exact(None, known, factor, 1)
    if right.values is None:
        if right.factor > 0:
            return _Exact(left.values, known, factor, left.bound)
        # The factor stays positive, so that a comparison keeps its direction.
        sign = -1 if right.factor else 0
        return _Exact(_times(left, sign), known, abs(factor) if sign else Fraction(1), left.bound)
    bound = left.bound * right.bound
    values = left.values if bound < _INT64 else left.values.astype(object)
    return _Exact(values * right.values, known, factor, bound)


def _quotient(left: _Exact, right: _Exact) -> _Exact:
    if right.values is not None:
        raise NotInColumns
    if not right.factor:
        return _Exact(np.zeros(len(left.known), dtype=np.int64), np.zeros_like(left.known), Fraction(1), 0)
    return _product(left, _Exact(None, right.known, 1 / right.factor, 1))


_CALCULATE: Final[dict[Operator, Callable[[_Exact, _Exact], _Exact]]] = {
    Operator.ADD: _sum,
    Operator.SUBTRACT: _difference,
    Operator.MULTIPLY: _product,
    Operator.DIVIDE: _quotient,
}
_FLOATS: Final[dict[Operator, Callable[[Any, Any], Any]]] = {
    Operator.ADD: np.add,
    Operator.SUBTRACT: np.subtract,
    Operator.MULTIPLY: np.multiply,
    Operator.DIVIDE: np.divide,
}


def _measured(node: Condition, catalog: Catalog, columns: Columns) -> tuple[Any, Mask]:
    """A value as floats and where it is known; an exact part of it is calculated exactly, then rounded once."""
    if not type_of(node, catalog).is_float:
        return _rounded(_exact(node, catalog, columns))
    if isinstance(node, Name):
        numbers = columns.numbers(catalog[node.name].name)
        return numbers.values, numbers.known
    assert isinstance(node, Arithmetic), "the checker lets nothing else be calculated with"
    (left, left_known), (right, right_known) = (_measured(part, catalog, columns) for part in (node.left, node.right))
    known = left_known & right_known
    if node.operator is Operator.DIVIDE:
        known = known & (right != 0)
    with np.errstate(all="ignore"):
        result = _FLOATS[node.operator](left, right)
    known = known & np.isfinite(result)
    return np.where(known, result, 0.0), known


def _rounded(term: _Exact) -> tuple[Any, Mask]:
    if term.values is None:
        return _float(term.factor), term.known
    numerator, denominator = term.factor.numerator, term.factor.denominator
    if term.bound * abs(numerator) >= _EXACT_IN_FLOATS or denominator >= _EXACT_IN_FLOATS:
        raise NotInColumns
    # Both are exact, so that dividing rounds once.
    return (term.values * numerator).astype(np.float64) / float(denominator), term.known


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        raise NotInColumns from None
