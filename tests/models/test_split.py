"""Splits in time: the test comes after the training, with a gap."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import DatasetInvalid
from models.dataset import Dataset, as_known
from models.split import folds, split
from tests.models.datasets import DAY, START, Row, dataset_of


@cache
def daily() -> Dataset:
    """A payment at each midnight of a hundred days."""
    rows = [Row(id=f"tx-{day}", day=day) for day in range(100)]
    return dataset_of(rows, [row.label(row.day + 20) for row in rows[::10]], until_day=100)


def test_parts_are_half_open_and_a_gap_is_between() -> None:
    found = split(daily(), train_days=30, gap_days=7, test_days=10)
    assert found.test.tolist() == list(range(90, 100))
    assert found.train.tolist() == list(range(53, 83))
    assert found.known_at == START + 90 * DAY


def test_all_that_was_before_may_be_learnt_from() -> None:
    assert split(daily(), train_days=None, gap_days=0, test_days=10).train.tolist() == list(range(90))


def test_what_is_learnt_from_knows_no_label_of_the_test() -> None:
    found = split(daily(), train_days=None, gap_days=0, test_days=10)
    then = as_known(daily(), found.known_at)
    assert np.flatnonzero(daily().is_fraud).tolist() == [0, 10, 20, 30, 40, 50, 60, 70, 80]
    assert np.flatnonzero(then.is_fraud).tolist() == [0, 10, 20, 30, 40, 50, 60, 70]


@given(st.floats(0.1, 30), st.floats(0, 20), st.floats(0.1, 30), st.integers(1, 3))
def test_no_payment_is_in_both_and_tests_follow_one_another(
    train_days: float, gap_days: float, test_days: float, count: int
) -> None:
    try:
        found = folds(daily(), train_days=train_days, gap_days=gap_days, test_days=test_days, count=count)
    except DatasetInvalid:
        assert min(train_days, test_days) < 1 or count * test_days + gap_days + train_days > 100
        return
    tests = np.concatenate([each.test for each in found])
    assert tests.tolist() == list(range(int(tests[0]), 100))
    for each in found:
        assert each.train.max() < each.test.min()
        assert (
            daily().at_us[each.test].min() - daily().at_us[each.train].max() >= gap_days * DAY.total_seconds() * 1e6 - 1
        )


@pytest.mark.parametrize(
    ("given_days", "part"),
    [
        ({"train_days": 0, "gap_days": 7, "test_days": 7}, "above 0"),
        ({"train_days": 7, "gap_days": -1, "test_days": 7}, "above 0"),
        ({"train_days": 7, "gap_days": 100, "test_days": 7}, "train part"),
        ({"train_days": 300, "gap_days": 0, "test_days": 7, "end": START + 300 * DAY}, "test part"),
    ],
)
def test_a_split_with_an_empty_part_is_refused(given_days: dict[str, float], part: str) -> None:
    with pytest.raises(DatasetInvalid, match=part):
        split(daily(), **given_days)  # type: ignore[arg-type]


def test_where_a_part_is_empty_the_days_of_the_payments_are_told() -> None:
    last = START + 99 * DAY
    words = rf"\d\d:\d\d UTC: give other days\. There are payments from {START:%Y-%m-%d} to {last:%Y-%m-%d}\.$"
    with pytest.raises(DatasetInvalid, match=words):
        split(daily(), train_days=300, gap_days=0, test_days=7, end=START + 300 * DAY)
