"""What a training is made from: the payments of a period with their inputs, and what is told of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.features import Catalog, Feature
from models.dataset import FACTS, FEATURE, LABELS, Dataset, as_known
from models.dataset.asked import IDENTIFIERS, NETWORK
from models.dataset.table import microseconds
from models.inputs import Inputs
from models.learners.encoding import History
from models.learners.learner import Floats, Ints, Told, Training
from models.learners.preparing import prepared
from models.scorecard import Scorecard
from models.scorecard_columns import scorecard_log_odds
from models.soft_labels import soft_rows

NEGATIVES_A_POSITIVE: Final = 30
NEGATIVES_MIN: Final = 200_000
"""Of more good payments than these so many are drawn, each of which stands for more of its kind by its weight. Weights
add up to what they were, so the rate of fraud, and every probability, stays true."""
NUMBERS_MAX: Final = 25_000_000
"""Rows times inputs: of wide payments fewer are drawn, for the time of a fit grows with both ..."""
NEGATIVES_A_POSITIVE_MIN: Final = 15
"""... but no fewer than these."""

_HALF: Final = 0.5
_NEVER: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Items:
    """What is told, m items: places among the material's rows, targets (1 fraud) and weights."""

    place: Ints
    target: Floats
    weight: Floats

    @property
    def frauds(self) -> float:
        """By weight."""
        return float(self.weight @ self.target)

    def these(self, some: npt.NDArray[Any]) -> "Items":
        """Some items."""
        return Items(place=self.place[some], target=self.target[some], weight=self.weight[some])

    def thinned(self, seed: int, inputs: int) -> "Items":
        """All known frauds, and of many other payments so many as teach, each with all that is told of it.

        `inputs` is how many numbers each has.
        """
        sure = surely_fraud(self)
        others = np.unique(self.place[~sure])
        frauds = int(sure.sum())
        teach = max(NEGATIVES_MIN, NEGATIVES_A_POSITIVE * frauds)
        kept = min(teach, max(NUMBERS_MAX // inputs, NEGATIVES_A_POSITIVE_MIN * frauds))
        if len(others) <= kept:
            return self
        is_drawn = np.zeros(int(self.place.max()) + 1, dtype=np.bool_)
        is_drawn[np.random.default_rng(seed).choice(others, kept, replace=False)] = True
        drawn = ~sure & is_drawn[self.place]
        weight = self.weight.copy()
        weight[drawn] *= self.weight[~sure].sum() / self.weight[drawn].sum()
        return replace(self, weight=weight).these(np.flatnonzero(sure | drawn))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Material:
    """The rows of a period, first to last, and all that a learner may be given of them."""

    dataset: Dataset
    """With the labels as they were known."""
    rows: slice
    scorecard: Scorecard
    expected: Floats
    """The probability that was said of each row of the data set; NaN unknown."""
    seed: int
    inputs: Inputs
    matrix: Floats
    """The inputs of each row as they could be known then, shape (n, inputs)."""

    @classmethod
    def of(
        cls, dataset: Dataset, rows: Ints, features: tuple[Feature, ...], *, scorecard: Scorecard, expected: Floats,
        seed: int, ratios: Sequence[tuple[Feature, Feature]] = (),
    ) -> "Material":  # fmt: skip
        """Make the inputs of these rows, which follow one another."""
        some = slice(int(rows[0]), int(rows[-1]) + 1)
        assert some.stop - some.start == len(rows), "a period has all rows between its first and its last"
        read = dict.fromkeys([*features, *(each for pair in ratios for each in pair)])
        columns = sliced(dataset.features([each.name for each in read]), some)
        made = prepared(features, columns, _history(dataset, some), ratios)
        return cls(
            dataset=dataset,
            rows=some,
            scorecard=scorecard,
            expected=expected,
            seed=seed,
            inputs=Inputs(made.inputs, dataset.asked.catalog),
            matrix=made.matrix,
        )

    @property
    def at_us(self) -> Ints:
        """When each row was received."""
        return self.dataset.at_us[self.rows]

    def items(self) -> Items:
        """What is told of all rows."""
        return self._items(self.dataset)

    def items_known(self, instant: datetime) -> Items:
        """What was told, at an earlier instant, of the rows received by then."""
        return self._items(as_known(_slim(self.dataset), instant))

    def said(self) -> Floats:
        """The scorecard's log-odds of all rows: its base where it has no item."""
        if not self.scorecard.items:
            return np.full(self.rows.stop - self.rows.start, self.scorecard.base)
        names = [item.feature for item in self.scorecard.items]
        return scorecard_log_odds(self.scorecard, sliced(self.dataset.features(names), self.rows))

    def told(self, items: Items) -> Told:
        """Items with their inputs."""
        return Told(matrix=self.matrix[items.place], target=items.target, weight=items.weight)

    def columns(self, items: Items) -> Mapping[str, pa.ChunkedArray]:
        """What the scorecard reads of the items."""
        places = pa.array(items.place)
        names = dict.fromkeys(item.feature for item in self.scorecard.items)
        return {name: each.take(places) for name, each in sliced(self.dataset.features(names), self.rows).items()}

    def training(self, items: Items, *, later: Items | None = None, estimator: Any = None) -> Training:  # noqa: ANN401
        """What a learner is given; of many good payments a part."""
        some = items.thinned(self.seed, len(self.inputs))
        return Training(
            told=self.told(some),
            names=self.inputs.names,
            monotone=np.array([each.monotone for each in self.inputs.inputs], dtype=np.int64),
            scorecard=self.scorecard,
            columns=self.columns(some),
            later=None if later is None else self.told(later.thinned(self.seed, len(self.inputs))),
            estimator=estimator,
            seed=self.seed,
        )

    def _items(self, dataset: Dataset) -> Items:
        rows = np.arange(self.rows.start, min(self.rows.stop, len(dataset)), dtype=np.int64)
        told = soft_rows(dataset, self.expected[: len(dataset)], rows)
        # Rows in their order, so that a learner that takes the last ones takes the latest.
        order = np.argsort(told.row, kind="stable")
        place = told.row[order] - self.rows.start
        return Items(place=place, target=told.target[order].astype(np.float64), weight=told.weight[order])


def surely_fraud(items: Items) -> npt.NDArray[np.bool_]:
    """Which items are more likely fraud than not: labels, not what may still come."""
    return (items.target > 0) & (items.weight > _HALF)


def sliced(columns: Mapping[str, pa.ChunkedArray], rows: slice) -> dict[str, pa.ChunkedArray]:
    """Rows of columns that follow one another; nothing is copied."""
    return {name: column.slice(rows.start, rows.stop - rows.start) for name, column in columns.items()}


def _slim(dataset: Dataset) -> Dataset:
    """The data set without features but those that labels and entities are made by."""
    names = [FEATURE + name for name in (*IDENTIFIERS, NETWORK)]
    return replace(
        dataset,
        table=dataset.table.select([*FACTS.names, *LABELS.names, *names]),
        asked=replace(dataset.asked, catalog=Catalog(())),
    )


def _history(dataset: Dataset, rows: slice) -> History:
    known_us = dataset.table["label_known_at"].cast(pa.int64()).fill_null(_NEVER).to_numpy()
    return History(
        at_us=dataset.at_us[rows],
        is_fraud=dataset.is_fraud[rows],
        known_us=known_us[rows],
        counts=~dataset.is_censored[rows],
        end_us=microseconds(dataset.manifest.as_of),
        curve=dataset.manifest.maturity.all,
    )
