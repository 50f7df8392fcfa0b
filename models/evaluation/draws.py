"""The bootstrap by entity: payments that belong together are drawn together.

Entities are gathered in at most a thousand blocks, by chance, and blocks are drawn: as entities are independent of each
other, so are blocks. A draw has as many blocks as there are (multinomial), so that a sum over many payments varies with
how blocks differ, and not with how many are drawn.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.rules.columns import Ints
from models.evaluation.figures import Estimate
from models.evaluation.scored import Floats

BLOCKS_MAX: Final = 1_000
DRAWS: Final = 400
_SEED: Final = 18
_INSIDE: Final = (2.5, 97.5)
_TELLING_SHARE: Final = 0.9
"""A figure that fewer draws can give (the others have no fraud, say) has no interval."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Draws:
    """The same draws for every figure and every model, so that their differences have intervals too."""

    block: Ints
    """The block of each payment."""
    times: Floats
    """How often each block is drawn: a row a draw."""

    @classmethod
    def by(cls, entity: Ints, draws: int = DRAWS) -> "Draws":
        """Blocks of payments with equal entities."""
        random = np.random.default_rng(_SEED)
        different, place = np.unique(entity, return_inverse=True)
        count = min(len(different), BLOCKS_MAX)
        block = place if len(different) <= BLOCKS_MAX else random.integers(0, count, len(different))[place]
        times = random.multinomial(count, np.full(count, 1 / max(count, 1)), draws) if count else np.zeros((draws, 0))
        return cls(block=block.astype(np.int64), times=times.astype(np.float64))

    def these(self, rows: Ints) -> "Draws":
        """The same draws of some payments."""
        return Draws(block=self.block[rows], times=self.times)

    def by_block(self, values: Floats) -> Floats:
        """The sum over the payments of each block."""
        return np.bincount(self.block, values, self.times.shape[1]).astype(np.float64)


def ratio(part: Floats, whole: Floats) -> Floats:
    """A figure in every draw that is a part of something; NaN in a draw that has nothing of it."""
    found: Floats = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return found


def estimate(value: float, drawn: Floats, *, is_change: bool = False) -> Estimate:
    """A figure with between what it lies in 95 % of the draws; None where it, or too many draws, say nothing.

    What is the same in all draws has no interval either, as of none in a thousand a bootstrap cannot say how many there
    could be; but a change from one model to the other that is none in every draw is none.
    """
    if not np.isfinite(value):
        return Estimate(value=None, low=None, high=None)
    telling = drawn[np.isfinite(drawn)]
    if len(telling) < max(1, _TELLING_SHARE * len(drawn)) or not (is_change or np.ptp(telling)):
        return Estimate(value=float(value), low=None, high=None)
    low, high = np.percentile(telling, _INSIDE)
    return Estimate(value=float(value), low=float(low), high=float(high))
