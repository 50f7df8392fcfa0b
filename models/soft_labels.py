"""What a learner is told of payments whose labels have not all come: rows, targets, weights.

A payment without a label is a legitimate one only as far as its label would have come by its age. Source of the soft
form: delayed-feedback learning (Chapelle 2014, "Modeling delayed feedback in display advertising"), with the
probability of the model in force in place of the one being learnt.
"""

from typing import Final, NamedTuple

import numpy as np

from models.dataset.table import Dataset, Ints, Mask, Numbers
from models.maturity import MATURE_SHARE

MATURITY_MIN: Final = 0.25
"""Payments of which less is known are left out, frauds among them: to keep those alone would raise the rate of fraud
of the newest days."""
TOLD_SHARE_MIN: Final = 0.98
"""Where labels say of more of the young payments what they were, good ones too, these are learnt from after all."""
SHARE_MAX: Final = 0.5
"""No payment without a label is told as fraud with more weight than this."""


class Told(NamedTuple):
    """What is learnt from, m items. A row of the data set may stand in two of them, once for each target."""

    row: Ints
    """The row of the data set."""
    target: Ints
    """1 is fraud."""
    weight: Numbers
    """Above 0; those of a row add up to 1."""


def soft_rows(dataset: Dataset, champion_probability: Numbers, rows: Ints | None = None) -> Told:
    """Every payment that is told of: a label as it stands, and without one both ways, by what may still come.

    A payment without a label, of which the model in force says p (`champion_probability`, one for each row of the
    data set) and of whose labels a share F has come, is told as fraud with the weight p (1 - F) / (1 - p F), at
    most SHARE_MAX, and as none with the rest. Where p is unknown (NaN), the rate of fraud among matured rows stands
    for it. Censored rows are left out, and those with F below MATURITY_MIN where most have no label. `rows` are
    those that are asked for, None: all.
    """
    assert len(champion_probability) == len(dataset), "a probability for each row"
    rows = _learnable(dataset, 0.0 if _are_told(dataset, rows) else MATURITY_MIN, rows)
    known, fraud = dataset.is_labelled[rows], dataset.is_fraud[rows]
    share, p = dataset.maturity[rows], champion_probability[rows].astype(np.float64)
    p = np.clip(np.where(np.isnan(p), _rate(fraud, share), p), 0.0, 1.0)
    rest = 1.0 - p * share
    # p and F are 1 at once only where no label can come any more: then none will.
    expected = np.divide(p * (1.0 - share), rest, out=np.zeros_like(p), where=rest > 0)
    as_fraud = np.where(known, fraud.astype(np.float64), np.minimum(expected, SHARE_MAX))
    return _both(rows, as_fraud)


def cut_rows(dataset: Dataset, rows: Ints | None = None) -> Told:
    """The matured payments alone, frauds and others of the same days: what has no label is none. Weights are 1."""
    rows = _learnable(dataset, MATURE_SHARE, rows)
    return _both(rows, dataset.is_fraud[rows].astype(np.float64))


def _are_told(dataset: Dataset, rows: Ints | None) -> bool:
    """Whether labels say of nearly every young payment what it was, as an imported history may.

    Then the young ones do not stand for frauds alone, and to leave them out would only teach less.
    """
    rows = _learnable(dataset, 0.0, rows)
    young = rows[dataset.maturity[rows] < MATURITY_MIN]
    return bool(len(young)) and float(dataset.is_labelled[young].mean()) >= TOLD_SHARE_MIN


def _learnable(dataset: Dataset, share: float, rows: Ints | None) -> Ints:
    rows = np.arange(len(dataset), dtype=np.int64) if rows is None else rows
    return rows[~dataset.is_censored[rows] & (dataset.maturity[rows] >= share)]


def _rate(fraud: Mask, share: Numbers) -> float:
    """How many of the matured are frauds; of all, where none is matured."""
    some = share >= MATURE_SHARE
    some = some if some.any() else np.ones_like(fraud)
    return float(fraud[some].mean()) if len(some) else 0.0


def _both(rows: Ints, as_fraud: Numbers) -> Told:
    """Each row as what it is told as; those of both, in two items. Not fraud first, as they stand; then fraud."""
    negative, positive = np.flatnonzero(as_fraud < 1), np.flatnonzero(as_fraud > 0)
    return Told(
        row=np.concatenate([rows[negative], rows[positive]]),
        target=np.repeat(np.array([0, 1], dtype=np.int64), [len(negative), len(positive)]),
        weight=np.concatenate([1.0 - as_fraud[negative], as_fraud[positive]]),
    )
