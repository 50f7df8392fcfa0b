"""Confidence intervals of 95 %: Wilson's for shares, Byar's for counts, and a bootstrap by card for money.

A share of independent payments has Wilson's interval, which holds for few payments and near 0 and 1. Money is heavy in
its tail and payments of one card come and go together, so its interval draws cards: each has a weight of Poisson(1).
"""

from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.rules.columns import Ints, Mask
from models.backtest.figures import Money, Share

_Z: Final = 1.959964
_BLOCKS: Final = 1_000
_DRAWS: Final = 400
_SEED: Final = 18
_SPREAD: Final = 2_654_435_761
"""Knuth's multiplier: neighbouring numbers come into blocks far from one another."""
_INSIDE: Final = (2.5, 97.5)

Amounts = npt.NDArray[np.float64]


def share(count: int, of: int) -> Share:
    """`count` of `of` with Wilson's interval."""
    if of == 0:
        return Share(count=count, of=of, value=None, low=None, high=None)
    value, z2 = count / of, _Z * _Z
    centre = (value + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z / (1 + z2 / of) * sqrt(value * (1 - value) / of + z2 / (4 * of * of))
    return Share(
        count=count,
        of=of,
        value=value,
        low=max(0.0, min(value, centre - half)),
        high=min(1.0, max(value, centre + half)),
    )


def count_bounds(count: int) -> tuple[float, float]:
    """Between what the mean of a Poisson count lies (Byar's approximation, within 1 % of the exact one from 1 on)."""

    def bound(number: int, z: float) -> float:
        return number * max(0.0, 1 - 1 / (9 * number) + z / (3 * sqrt(number))) ** 3

    return (bound(count, -_Z) if count else 0.0), bound(count + 1, _Z)


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Intervals of sums over payments, by drawing cards; the same draws for every figure, so they can be compared.

    Cards are gathered in a thousand blocks, which are drawn: as cards are independent of each other, so are blocks.
    """

    block: Ints
    """The block of each payment."""
    weights: Amounts
    """How often each block is drawn, a row a draw."""

    @classmethod
    def by(cls, entity: Ints) -> "Drawn":
        """Blocks of payments with equal entities."""
        random = np.random.default_rng(_SEED)
        # The lowest 32 bits of the product, which a mask and a cast give many times as soon as a division.
        block = ((entity.astype(np.uint64) * _SPREAD).astype(np.uint32) % _BLOCKS).astype(np.int64)
        return cls(block, random.poisson(1.0, (_DRAWS, _BLOCKS)).astype(np.float64))

    def sums(self, values: npt.NDArray[Any], places: Ints) -> Amounts:
        """The sum over the payments in these places in each draw; `values` are theirs."""
        by_block = np.bincount(self.block[places], weights=values.astype(np.float64), minlength=_BLOCKS)
        found: Amounts = self.weights @ by_block
        return found

    def money(self, values: npt.NDArray[Any], some: Mask) -> Money:
        """The sum over some payments, in USD cents."""
        places = np.flatnonzero(some)
        return self.money_of(values[places], places)

    def money_of(self, values: npt.NDArray[Any], places: Ints) -> Money:
        """The sum over the payments in these places, in USD cents; `values` are theirs alone."""
        low, high = np.percentile(self.sums(values, places), _INSIDE)
        return Money(usd_cents=round(float(values.sum())), low_usd_cents=round(low), high_usd_cents=round(high))

    def ratio(self, values: npt.NDArray[Any], some: Mask, of: Mask) -> tuple[float | None, float | None, float | None]:
        """The part of the sum over `of` that `some` of them have, from 0 to 1, and between what it lies."""
        part_at, whole_at = np.flatnonzero(some & of), np.flatnonzero(of)
        part, whole = values[part_at], values[whole_at]
        if not float(whole.sum()):
            return None, None, None
        parts, wholes = self.sums(part, part_at), self.sums(whole, whole_at)
        drawn = parts[wholes > 0] / wholes[wholes > 0]
        low, high = np.percentile(drawn, _INSIDE)
        return float(part.sum()) / float(whole.sum()), float(low), float(high)
