"""Leaks: a single input that tells the label too well to have been known when the payment was decided."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from models.learners.learner import Floats, Told
from models.learners.material import Items, surely_fraud

AREA_MAX: Final = 0.99
"""A single input that ranks better than this is no signal: the best models of all inputs seldom do."""
SHARE_MAX: Final = 0.9
"""Nor is one that finds more than this share of the frauds ..."""
FALSE_MAX: Final = 0.001
"""... among less than this share of the others."""
FRAUDS_MIN: Final = 20
"""With fewer frauds chance does as well."""
ROWS_MAX: Final = 20_000
"""Of frauds and of others: as many tell what so strong a signal is."""


def few_of(items: Items, seed: int) -> Items:
    """Some of the known frauds and some of the others, evenly drawn."""
    random = np.random.default_rng(seed)
    # Labels alone: what may still come to light says nothing of a feature.
    kinds = (np.flatnonzero(surely_fraud(items)), np.flatnonzero(items.target <= 0))
    some = [random.choice(kind, min(ROWS_MAX, len(kind)), replace=False) for kind in kinds]
    return items.these(np.sort(np.concatenate(some)))


def leaking(told: Told, names: Sequence[str]) -> list[str]:
    """The names of the inputs that leak, whichever way they point; unknown counts as a value of its own, too."""
    if told.target.sum() < FRAUDS_MIN:
        return []
    return [name for at, name in enumerate(names) if _leaks(told.matrix[:, at], told)]


def _leaks(column: Floats, told: Told) -> bool:
    lowest = np.where(np.isnan(column), -np.inf, column)
    highest = np.where(np.isnan(column), np.inf, column)
    ways = (lowest, -lowest, highest, -highest) if np.isnan(column).any() else (column, -column)
    return any(_tells(way, told) for way in ways)


def _tells(column: Floats, told: Told) -> bool:
    order = np.argsort(-column, kind="stable")
    ends = np.flatnonzero(np.append(column[order][1:] != column[order][:-1], True))
    frauds = np.cumsum((told.weight * told.target)[order])[ends]
    others = np.cumsum((told.weight * (1 - told.target))[order])[ends]
    found, false = frauds / frauds[-1], others / others[-1]
    area = float(np.trapezoid(np.append(0, found), np.append(0, false)))
    return area > AREA_MAX or bool((found[false <= FALSE_MAX] > SHARE_MAX).any())
