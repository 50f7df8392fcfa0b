"""Curves from labels: what a slow count says, the truth where there are many, the default where there are few."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.chain_ladder import AGES_DAYS, LABELS_MIN, estimated, triangle
from models.maturity import DEFAULT, FRAUD_WARNINGS, Curve, Maturity

DAY_US = 86_400 * 1_000_000
Ints = npt.NDArray[np.int64]


def labels(count: int, mean_days: float, days: int, seed: int) -> tuple[Ints, Ints]:
    """Times of payments over so many days, and when each became known: exponential delays within 120 days."""
    random = np.random.default_rng(seed)
    at_us = random.integers(0, days * DAY_US, count)
    delay = -mean_days * np.log1p(-random.uniform(0, 1 - np.exp(-120 / mean_days), count))
    return at_us, at_us + (delay * DAY_US).astype(np.int64)


def of_all(at_us: Ints, known_us: Ints, as_of_day: float, default: Curve = DEFAULT) -> Maturity:
    network = np.full(len(at_us), -1)
    return estimated(at_us, known_us, network, (), as_of_us=round(as_of_day * DAY_US), default=default)


def share(curve: Curve, day: float) -> float:
    return float(curve.share(np.array([round(day * DAY_US)]))[0])


@pytest.mark.parametrize("mean_days", [8.0, 25.0, 50.0])
def test_many_labels_give_the_true_curve_though_the_newest_have_not_come(mean_days: float) -> None:
    at_us, known_us = labels(20_000, mean_days, 250, seed=4)
    made = of_all(at_us, known_us, 250)
    assert made.labels < 20_000
    for day in (7, 14, 28, 56, 84, 112):
        true = (1 - np.exp(-day / mean_days)) / (1 - np.exp(-120 / mean_days))
        assert share(made.all, day) == pytest.approx(true, abs=0.02), day


def test_without_labels_it_is_the_default() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert of_all(nothing, nothing, 300).all is DEFAULT


def test_a_few_labels_move_it_little() -> None:
    at_us, known_us = labels(10, 5.0, 100, seed=2)
    few = of_all(at_us, known_us, 300).all
    many = of_all(*labels(5_000, 5.0, 100, seed=2), 300).all
    for day in (14, 28, 56):
        assert share(DEFAULT, day) < share(few, day) < (share(DEFAULT, day) + share(many, day)) / 2


def test_labels_of_the_future_are_not_seen() -> None:
    at_us, known_us = labels(500, 25.0, 100, seed=6)
    seen = known_us <= 100 * DAY_US
    assert of_all(at_us, known_us, 100) == of_all(at_us[seen], known_us[seen], 100)


def test_a_network_with_labels_has_its_own_curve() -> None:
    quick, slow, rare = labels(2_000, 6.0, 250, 1), labels(2_000, 40.0, 250, 2), labels(LABELS_MIN - 1, 6.0, 100, 3)
    at_us, known_us = (np.concatenate(each) for each in zip(quick, slow, rare, strict=True))
    network = np.repeat([1, 0, 2], [2_000, 2_000, LABELS_MIN - 1])
    made = estimated(at_us, known_us, network, ("visa", "amex", "jcb"), as_of_us=400 * DAY_US)
    assert set(made.by_network) == {"visa", "amex"}
    assert share(made.by_network["amex"], 14) > share(made.all, 14) > share(made.by_network["visa"], 14)
    ages = np.array([14, 14, 14, 14]) * DAY_US
    found = made.share(ages, np.array([0, 1, 2, -1]), ("visa", "amex", "jcb"))
    assert found.tolist() == [share(made.by_network[name], 14) for name in ("visa", "amex")] + [share(made.all, 14)] * 2


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 130)), min_size=1, max_size=40), st.integers(0, 330))
def test_a_triangle_is_a_slow_count(said: list[tuple[int, int]], as_of_day: int) -> None:
    at, age = np.array(said).T * DAY_US
    counts, complete = triangle(at, age, as_of_day * DAY_US)
    first = min(day // 7 for day, _ in said)
    for week in range(len(counts)):
        for place, days in enumerate(AGES_DAYS):
            of_week = [delay for day, delay in said if day // 7 == first + week]
            assert counts[week, place] == sum(delay <= days for delay in of_week)
            assert complete[week, place] == ((first + week + 1) * 7 + days <= as_of_day)


@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 300)), max_size=40),
    st.integers(0, 500),
    st.sampled_from([DEFAULT, FRAUD_WARNINGS]),
)
def test_whatever_came_it_is_a_curve(said: list[tuple[int, int]], as_of_day: int, default: Curve) -> None:
    at, age = np.array(said, dtype=np.int64).reshape(-1, 2).T * DAY_US
    shares = of_all(at, at + age, as_of_day, default).all.shares
    assert all(0 < one <= other <= 1 for one, other in pairwise(shares))
