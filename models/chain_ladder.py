"""Maturity curves from the labels that came: chain-ladder over weeks of payments, shrunk to what is known beforehand.

A triangle has a row for each week of payments and a column for each age: how many fraud labels had come by then. A week
fills the columns of the ages that all of its payments have reached. Between two ages, of the labels known at the later
one a share was known at the earlier: its inverse is the chain-ladder's development factor (Mack 1993,
"Distribution-free calculation of the standard error of chain ladder reserve estimates", volume-weighted). As few labels
say little, each share is drawn to a prior one as by so many labels more: that of a card network to that of all, that of
all to the default. F(age) is the product of the shares from there to the end.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.maturity import DEFAULT, Curve, Maturity

_DAY_US: Final = 86_400 * 1_000_000
_WEEK_US: Final = 7 * _DAY_US

AGES_DAYS: Final = (*range(7, 120, 7), 120)
"""The columns; what comes later than the last is not waited for."""
PRIOR_LABELS: Final = 50
"""A prior counts as so many labels."""
LABELS_MIN: Final = 20
"""A network with fewer labels has no curve of its own."""

Ints = npt.NDArray[np.int64]


def estimated(
    at_us: Ints,
    known_us: Ints,
    network: npt.NDArray[np.integer[Any]],
    networks: Sequence[str],
    *,
    as_of_us: int,
    default: Curve = DEFAULT,
) -> Maturity:
    """The curves at an instant, from its n fraud labels.

    `at_us` is when each payment was made, `known_us` when it first became known as fraud, both in microseconds since
    the epoch; `network` is a place in `networks`, -1 where it is unknown. A label that became known after `as_of_us`
    is not seen. Without labels it is the default.
    """
    seen = known_us <= as_of_us
    at_us, age_us, network = at_us[seen], known_us[seen] - at_us[seen], network[seen]
    if not len(at_us):
        return Maturity(all=default)
    every = _curve("all", at_us, age_us, as_of_us, default)
    counts = {name: network == place for place, name in enumerate(networks)}
    return Maturity(
        all=every,
        by_network={
            name: _curve(name, at_us[some], age_us[some], as_of_us, every)
            for name, some in counts.items()
            if some.sum() >= LABELS_MIN
        },
        labels=len(at_us),
    )


def triangle(at_us: Ints, age_us: Ints, as_of_us: int) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """The labels by week of payment that had come by each of AGES_DAYS, and which of these counts are complete.

    Both of shape (weeks, ages), from the first week with a label on.
    """
    week = at_us // _WEEK_US
    week -= (first := int(week.min()))
    ages_us = np.array(AGES_DAYS, dtype=np.int64) * _DAY_US
    counts = np.zeros((int(week.max()) + 1, len(ages_us) + 1), dtype=np.int64)
    # A label is known from its age on, the age itself included.
    np.add.at(counts, (week, np.searchsorted(ages_us, age_us)), 1)
    week_end_us = (np.arange(len(counts)) + first + 1) * _WEEK_US
    return counts[:, :-1].cumsum(axis=1), week_end_us[:, None] + ages_us[None, :] <= as_of_us


def _curve(name: str, at_us: Ints, age_us: Ints, as_of_us: int, prior: Curve) -> Curve:
    counts, complete = triangle(at_us, age_us, as_of_us)
    # By both ages of a step, in the weeks that have reached the later one.
    earlier = np.where(complete[:, 1:], counts[:, :-1], 0).sum(axis=0)
    later = np.where(complete[:, 1:], counts[:, 1:], 0).sum(axis=0)
    expected = prior.share(np.array(AGES_DAYS, dtype=np.int64) * _DAY_US)
    step = (earlier + PRIOR_LABELS * expected[:-1] / expected[1:]) / (later + PRIOR_LABELS)
    shares = [*np.cumprod(step[::-1])[::-1].tolist(), 1.0]
    return Curve(name=name, days=tuple(map(float, AGES_DAYS)), shares=tuple(shares))
