"""Splits in time: what is tested comes after what was learnt from, with a gap for labels that come late."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from engine.errors import DatasetInvalid
from engine.payment import EPOCH, MICROSECOND
from models.dataset.table import Dataset, Ints, microseconds

_DAY_US: Final = 86_400 * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """Rows to learn from, and rows to judge by: indices in the order of receipt. Times are UTC."""

    train: Ints
    test: Ints
    known_at: datetime
    """The start of the test: what is learnt from the first rows may know labels until then.
    `models.dataset.as_known` takes back what came later."""


def split(
    dataset: Dataset, *, train_days: float | None, gap_days: float, test_days: float, end: datetime | None = None
) -> Split:
    """The last `test_days` before `end`, and `train_days` (None: all) that end `gap_days` before the test starts.

    `end` is that of the data set unless it is given, or the time at which its labels were read, if that is earlier.
    The gap is for labels: those of the days just before the test were not known when it started. Half-open: a payment
    at an end is not before it. Raises DatasetInvalid where a length is not positive (the gap may be 0), or where no
    payment is in one of the parts.
    """
    lengths = (test_days, 1.0 if train_days is None else train_days)
    if gap_days < 0 or min(lengths) <= 0:
        raise DatasetInvalid("train_days and test_days are above 0, gap_days is 0 or more.")
    at_us = dataset.at_us
    end_us = microseconds(min(dataset.manifest.end, dataset.manifest.as_of) if end is None else end)
    test_us = end_us - _length_us(test_days)
    train_end_us = test_us - _length_us(gap_days)
    train_us = np.iinfo(np.int64).min if train_days is None else train_end_us - _length_us(train_days)
    found = Split(
        train=np.flatnonzero((at_us >= train_us) & (at_us < train_end_us)),
        test=np.flatnonzero((at_us >= test_us) & (at_us < end_us)),
        known_at=_time(test_us),
    )
    for part, rows, until_us in (("train", found.train, train_end_us), ("test", found.test, end_us)):
        if not len(rows):
            raise DatasetInvalid(
                f"No payment is in the {part} part, which ends at {_minute(until_us)}: give other days. {_days(at_us)}"
            )
    return found


def folds(
    dataset: Dataset, *, train_days: float | None, gap_days: float, test_days: float, count: int
) -> tuple[Split, ...]:
    """So many splits, oldest first, whose tests follow one another up to the end: each is judged by what came after.

    Raises DatasetInvalid where the data set is too short for so many.
    """
    end = min(dataset.manifest.end, dataset.manifest.as_of)
    ends = [end - back * timedelta(days=test_days) for back in reversed(range(count))]
    return tuple(
        split(dataset, train_days=train_days, gap_days=gap_days, test_days=test_days, end=each) for each in ends
    )


def _length_us(days: float) -> int:
    return round(days * _DAY_US)


def _time(at_us: int) -> datetime:
    return EPOCH + at_us * MICROSECOND


def _minute(at_us: int) -> str:
    return f"{_time(at_us):%Y-%m-%d %H:%M} UTC"


def _days(at_us: Ints) -> str:
    if not len(at_us):
        return "There is none at all."
    return f"There are payments from {_time(int(at_us[0])):%Y-%m-%d} to {_time(int(at_us[-1])):%Y-%m-%d}."
