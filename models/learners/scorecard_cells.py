"""A scorecard as cells: each step of each item, and which of them counts for a payment."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.input_columns import coded, numbers
from models.inputs import TEXTS
from models.learners.learner import Floats, Ints
from models.scorecard import Item, Scorecard, Steps, Weights

Cells = npt.NDArray[np.int32]
NONE = -1
"""The cell of a payment of which an item says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """The cells of all items one behind the other, shape (cells,), and the items of each group."""

    items: tuple[Item, ...]
    starts: tuple[int, ...]
    """The first cell of each item."""
    weights: Floats
    """As the items have them."""
    is_fixed: npt.NDArray[np.bool_]
    """Cells that stay 0: below the first step of an item that says nothing there."""
    groups: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, scorecard: Scorecard) -> "Layout":
        """Lay out the items of a scorecard."""
        weights: list[float] = []
        fixed: list[bool] = []
        starts = []
        groups: dict[str, list[int]] = {}
        for at, item in enumerate(scorecard.items):
            starts.append(len(weights))
            own = _weights(item.points)
            weights += own
            fixed += [isinstance(item.points, Steps) and place == 0 and not own[0] for place in range(len(own))]
            groups.setdefault(item.group, []).append(at)
        return cls(
            items=scorecard.items,
            starts=tuple(starts),
            weights=np.array(weights, dtype=np.float64),
            is_fixed=np.array(fixed, dtype=np.bool_),
            groups=tuple(tuple(each) for each in groups.values()),
        )

    def cells(self, columns: Mapping[str, pa.ChunkedArray], scorecard: Scorecard) -> Cells:
        """The cell of each item for n payments, shape (n, items)."""
        made = [
            _cells(item, columns[item.feature], start, is_text=scorecard.catalog[item.feature].type in TEXTS)
            for item, start in zip(self.items, self.starts, strict=True)
        ]
        return np.column_stack(made).astype(np.int32)

    def strongest(self, cells: Cells, weights: Floats) -> Cells:
        """The cell that counts in each group, shape (n, groups): what speaks most against, else what speaks most for.

        The same choice as the scorecard makes for one payment.
        """
        padded = np.append(weights, 0.0)
        chosen = np.full((len(cells), len(self.groups)), NONE, dtype=np.int32)
        for at, members in enumerate(self.groups):
            own = cells[:, list(members)]
            said = padded[own]
            most, least = said.argmax(axis=1), said.argmin(axis=1)
            rows = np.arange(len(own))
            is_against, is_for = said[rows, most] > 0, said[rows, least] < 0
            cell = np.where(is_against, own[rows, most], np.where(is_for, own[rows, least], NONE))
            chosen[:, at] = cell
        return chosen

    def refitted(self, weights: Floats) -> tuple[Item, ...]:
        """The items with other weights."""
        ends = (*self.starts[1:], len(self.weights))
        return tuple(
            replace(item, points=_points(item.points, weights[start:end].tolist()), source="learnt from the labels")
            for item, start, end in zip(self.items, self.starts, ends, strict=True)
        )


def _weights(points: Steps | Weights) -> list[float]:
    if isinstance(points, Steps):
        return [points.below, *(weight for _, weight in points.thresholds)]
    return list(points.by_value.values())


def _points(points: Steps | Weights, weights: list[float]) -> Steps | Weights:
    if isinstance(points, Steps):
        edges = (edge for edge, _ in points.thresholds)
        return Steps(thresholds=tuple(zip(edges, weights[1:], strict=True)), below=weights[0])
    return Weights(by_value=dict(zip(points.by_value, weights, strict=True)))


def _cells(item: Item, column: pa.ChunkedArray, start: int, *, is_text: bool) -> Ints:
    if isinstance(item.points, Steps):
        values = numbers(column)
        edges = np.array([edge for edge, _ in item.points.thresholds])
        return np.where(np.isnan(values), NONE, start + np.searchsorted(edges, values, side="right"))
    if is_text:
        places = {text: float(start + at) for at, text in enumerate(item.points.by_value) if isinstance(text, str)}
        coded_texts = coded(column, lambda text: places.get(text.lower(), NONE))
        return np.where(np.isnan(coded_texts), NONE, coded_texts).astype(np.int64)
    values = numbers(column)
    found = np.full(len(values), NONE, dtype=np.int64)
    for at, value in enumerate(item.points.by_value):
        if isinstance(value, int | float):
            found[values == value] = start + at
    return found
