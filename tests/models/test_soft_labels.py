"""What a learner is told of payments whose labels have not all come."""

import numpy as np
import pytest

from engine.ledger import LabelKind
from models.dataset import Dataset
from models.soft_labels import MATURITY_MIN, SHARE_MAX, cut_rows, soft_rows
from tests.models.datasets import Row, dataset_of

AS_OF_DAY = 200.0


def told(*rows: tuple[float, str, bool | None]) -> Dataset:
    """Payments of a day, by how old they are, what was done, and the label."""
    made = [Row(id=f"tx-{age}", day=AS_OF_DAY - age, action=action) for age, action, _ in rows]
    labels = [
        row.label(AS_OF_DAY, LabelKind.CHARGEBACK if label else LabelKind.CLEARED, is_fraud=label)
        for row, (*_, label) in zip(made, rows, strict=True)
        if label is not None
    ]
    return dataset_of(made, labels, until_day=AS_OF_DAY)


def items(dataset: Dataset, probability: float = 0.2) -> dict[int, tuple[float, float]]:
    """By row the weights as none and as fraud."""
    found = soft_rows(dataset, np.full(len(dataset), probability))
    weights = {int(row): [0.0, 0.0] for row in found.row}
    for row, target, weight in zip(found.row, found.target, found.weight, strict=True):
        assert weight > 0
        weights[int(row)][target] += weight
    return {row: (none, fraud) for row, (none, fraud) in weights.items()}


def test_a_label_is_told_as_it_stands() -> None:
    assert items(told((150, "allow", True), (140, "allow", False))) == {0: (0, 1), 1: (1, 0)}


def test_what_has_no_label_is_told_both_ways_by_what_may_still_come() -> None:
    dataset = told((190, "allow", None), (30, "allow", None))
    share = float(dataset.maturity[1])
    assert 0.5 < share < 0.8
    expected = 0.2 * (1 - share) / (1 - 0.2 * share)
    found = items(dataset)
    assert found[0] == (1.0, 0.0)
    assert found[1] == pytest.approx((1 - expected, expected))


def test_what_is_as_good_as_sure_is_fraud_to_a_half_at_most() -> None:
    assert items(told((30, "allow", None)), probability=0.999) == {0: (1 - SHARE_MAX, SHARE_MAX)}
    assert items(told((190, "allow", None)), probability=1.0) == {0: (1, 0)}


def test_the_newest_are_left_out_frauds_among_them() -> None:
    dataset = told((30, "allow", True), (3, "allow", True), (2, "allow", None), (1, "allow", False))
    assert (dataset.maturity[1:] < MATURITY_MIN).all()
    assert set(items(dataset)) == {0}


def test_what_is_censored_is_told_of_in_no_way() -> None:
    dataset = told((150, "block", True), (149, "block", None), (148, "challenge", None), (147, "challenge", True))
    assert items(dataset) == {3: (0, 1)}


def test_where_the_model_in_force_says_nothing_the_rate_of_fraud_stands_for_it() -> None:
    dataset = told(*[(150 + number, "allow", number == 0 or None) for number in range(4)], (30, "allow", None))
    share = float(dataset.maturity[-1])
    expected = 0.25 * (1 - share) / (1 - 0.25 * share)
    assert items(dataset, float("nan"))[len(dataset) - 1][1] == pytest.approx(expected)


def test_some_rows_alone_may_be_asked_for() -> None:
    dataset = told((150, "allow", True), (140, "allow", None), (130, "allow", None))
    assert soft_rows(dataset, np.zeros(3), np.array([2])).row.tolist() == [2]
    assert cut_rows(dataset, np.array([0, 1])).row.tolist() == [1, 0]


def test_cut_off_are_frauds_and_others_of_the_same_days() -> None:
    dataset = told((150, "allow", None), (140, "allow", True), (30, "allow", True), (29, "allow", None))
    found = cut_rows(dataset)
    assert (found.row.tolist(), found.target.tolist(), found.weight.tolist()) == ([0, 1], [0, 1], [1.0, 1.0])


def test_nothing_is_told_of_nothing() -> None:
    assert len(soft_rows(dataset_of([]), np.zeros(0)).row) == 0


def test_the_newest_are_learnt_from_where_labels_say_of_each_what_it_was() -> None:
    dataset = told((30, "allow", True), (3, "allow", True), (2, "allow", False), (1, "allow", False))
    assert (dataset.maturity[1:] < MATURITY_MIN).all()
    assert items(dataset) == {0: (0, 1), 1: (0, 1), 2: (1, 0), 3: (1, 0)}
