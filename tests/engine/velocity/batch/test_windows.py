"""Aggregates over many windows at once, against Python's own over each: long windows, few and many keys."""

import numpy as np
import pytest

from engine.velocity.batch.windows import Summed, before, distinct, following, least, reached, whole

COUNT = 3_000


@pytest.fixture(params=[(1, 2_900), (1, 5), (40, 200), (2_000, 3)], ids=["hot", "short", "some", "cold"])
def made(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.random.Generator]:
    """Keys of items that lie sorted, and windows that never go back and stay within their key."""
    keys, longest = request.param
    random = np.random.default_rng(keys)
    groups = np.unique(np.sort(random.integers(0, keys, COUNT)), return_inverse=True)[1]
    firsts = np.searchsorted(groups, groups)
    lengths = np.sort(random.integers(0, longest, COUNT))[::-1] if keys == 1 else np.full(COUNT, longest)
    ends = np.arange(COUNT)
    starts = np.maximum.accumulate(np.maximum(firsts, ends - lengths))
    return groups, starts, np.maximum(ends, starts), random


def test_the_least_of_a_window(made: tuple[np.ndarray, np.ndarray, np.ndarray, np.random.Generator]) -> None:
    _, starts, ends, random = made
    values = random.integers(-(2**63), 2**63 - 1, COUNT)
    found = least(values, starts, ends)
    for start, end, number in zip(starts, ends, found, strict=True):
        assert start == end or values[start:end].min() == number


def test_different_values_of_a_window(made: tuple[np.ndarray, np.ndarray, np.ndarray, np.random.Generator]) -> None:
    groups, starts, ends, random = made
    codes = random.integers(-1, 60, COUNT)
    items, nexts = following(groups, codes)
    found = distinct(items, nexts, reached(starts, COUNT), reached(ends, COUNT))
    for start, end, number in zip(starts, ends, found, strict=True):
        assert len(set(codes[start:end].tolist()) - {-1}) == number


def test_sums_of_a_window(made: tuple[np.ndarray, np.ndarray, np.ndarray, np.random.Generator]) -> None:
    _, starts, ends, random = made
    for largest in (2**40, 2**62):
        amounts = random.integers(-largest, largest, COUNT)
        found = Summed.of(amounts, np.ones(COUNT, dtype=np.bool_)).totals(starts, ends)
        told = amounts.tolist()
        assert found.tolist() == [sum(told[start:end]) for start, end in zip(starts, ends, strict=True)]


def test_what_is_marked_before_a_place() -> None:
    assert before(np.array([True, False, True])).tolist() == [0, 1, 1, 2]
    assert before(np.zeros(0, dtype=np.bool_)).tolist() == [0]


def test_64_bits_hold_what_fits() -> None:
    numbers = np.array([2**63 - 1, -(2**63)], dtype=np.object_)
    assert whole(numbers).tolist() == [2**63 - 1, -(2**63)]
