"""Bins close together in the tails: at most 255 codes, monotone, and exact at their edges."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.learners.bins import EDGES_MAX, UNKNOWN, Floats, coded, tail_edges

NUMBERS = st.floats(min_value=-1e12, max_value=1e12) | st.integers(-5, 5).map(float) | st.just(np.nan)


@settings(max_examples=40)
@given(arrays(np.float64, st.integers(0, 400), elements=NUMBERS))
def test_a_code_is_how_many_edges_lie_below(values: Floats) -> None:
    edges = tail_edges(values)
    codes = coded(values, edges)
    assert len(edges) <= EDGES_MAX
    assert (np.diff(edges) > 0).all()
    below = (edges[None, :] < values[:, None]).sum(axis=1)
    assert np.array_equal(codes, np.where(np.isnan(values), UNKNOWN, below))


@settings(max_examples=40)
@given(arrays(np.float64, st.integers(0, 300), elements=NUMBERS))
def test_few_different_values_are_all_told_apart(values: Floats) -> None:
    known = np.unique(values[~np.isnan(values)])
    if len(known) <= EDGES_MAX:
        assert len(np.unique(coded(known, tail_edges(values)))) == len(known)


def test_neighbouring_floats_are_told_apart() -> None:
    low = 0.1
    values = np.array([low, np.nextafter(low, 1)])
    assert coded(values, tail_edges(values)).tolist() == [0, 1]


def test_the_upper_tail_has_edges_where_bins_of_equal_counts_have_none() -> None:
    values = np.random.default_rng(1).lognormal(size=100_000)
    edges = tail_edges(values)
    equal = np.quantile(values, np.linspace(0, 1, 256)[1:-1])
    last = np.quantile(values, 0.999)
    assert (edges > last).sum() > 30
    assert (equal > last).sum() == 0


def test_nothing_known_has_no_edges() -> None:
    values = np.full(3, np.nan)
    assert not len(tail_edges(values))
    assert coded(values, tail_edges(values)).tolist() == [UNKNOWN] * 3
