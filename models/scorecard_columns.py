"""The scorecard over columns: the log-odds of many payments, each bit for bit as the scorecard scores it alone."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.features import FeatureType
from models.input_columns import coded, numbers
from models.scorecard import Item, Scorecard, Steps, Weights

Floats = npt.NDArray[np.float64]

_TEXTS: Final = frozenset({FeatureType.STRING, FeatureType.COUNTRY})


def scorecard_log_odds(scorecard: Scorecard, columns: Mapping[str, pa.ChunkedArray]) -> Floats:
    """The log-odds of n payments, shape (n,), from columns by the features' names; what is unknown adds nothing."""
    groups: dict[str, list[Item]] = {}
    for item in scorecard.items:
        groups.setdefault(item.group, []).append(item)
    log_odds = np.full(len(columns[scorecard.items[0].feature]), scorecard.base)
    for items in groups.values():
        weights = [_weights(item, columns[item.feature], scorecard) for item in items]
        most, least = np.maximum.reduce([0.0 * weights[0], *weights]), np.minimum.reduce(weights)
        # What speaks most against it or, where nothing does, what speaks most for it.
        log_odds += np.where(most > 0, most, np.minimum(least, 0.0))
    return log_odds


def _weights(item: Item, column: pa.ChunkedArray, scorecard: Scorecard) -> Floats:
    """What an item alone adds, shape (n,)."""
    if isinstance(item.points, Steps):
        return _stepped(item.points, numbers(column))
    if scorecard.catalog[item.feature].type in _TEXTS:
        by_text = {text: weight for text, weight in item.points.by_value.items() if isinstance(text, str)}
        return np.nan_to_num(coded(column, lambda text: by_text.get(text.lower(), 0.0)), copy=False)
    return _valued(item.points, numbers(column))


def _stepped(points: Steps, values: Floats) -> Floats:
    edges = np.array([threshold for threshold, _ in points.thresholds])
    weights = np.array([points.below, *(weight for _, weight in points.thresholds)])
    found = weights[np.searchsorted(edges, values, side="right")]
    found[np.isnan(values)] = 0.0
    return found


def _valued(points: Weights, values: Floats) -> Floats:
    found = np.zeros(len(values))
    for value, weight in points.by_value.items():
        if isinstance(value, int | float):
            found[values == value] = weight
    return found
