"""The least and the most of any part of a row, against a list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.stores import extremes
from engine.stores.extremes import Extremes

NUMBERS = st.one_of(
    st.none(),
    st.integers(min_value=-3, max_value=3),
    st.sampled_from((2**62, 2**63 - 1, 2**63, -(2**63), -(2**63) + 1, 10**30)),
)
CHANGES = st.lists(st.one_of(st.tuples(st.just("append"), NUMBERS), st.tuples(st.just("pop"), st.none())), max_size=60)


@pytest.fixture(scope="module", autouse=True)
def narrow() -> None:
    """Several levels over a few numbers."""
    patch = pytest.MonkeyPatch()
    patch.setattr(extremes, "FAN", 2)


@given(CHANGES, CHANGES, st.booleans(), st.data())
def test_the_best_is_that_of_a_list(
    before: list[tuple[str, int | None]], after: list[tuple[str, int | None]], is_most: bool, data: st.DataObject
) -> None:
    plain, row = list[int | None](), Extremes(is_most=is_most)
    for changes in (before, after):
        for change, value in changes:
            if change == "append":
                plain.append(value)
                row.append(value)
            elif plain:
                plain.pop()
                row.pop()
        for start in range(len(plain) + 1):
            for stop in range(start, len(plain) + 1):
                known = [each for each in plain[start:stop] if each is not None]
                assert row.best(start, stop) == (max if is_most else min)(known, default=None)
        dropped = data.draw(st.integers(min_value=0, max_value=len(plain)))
        row.drop(dropped)
        del plain[:dropped]
        assert len(row) == len(plain)
