"""Entities: as a plain union-find finds them, in whatever order payments come."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.clusters import DEGREE_MAX, entities

Seen = list[tuple[int, int, int]]
KINDS = 3


def plainly(seen: Seen, degree_max: int) -> list[int]:
    """The oracle: for each payment the entity, by joining one identifier after another."""
    others: dict[tuple[int, int], set[tuple[int, int]]] = defaultdict(set)
    for row in seen:
        own = [(kind, code) for kind, code in enumerate(row) if code >= 0]
        for each in own:
            others[each] |= set(own) - {each}
    parent: dict[object, object] = {}

    def root(of: object) -> object:
        while parent.setdefault(of, of) != of:
            of = parent[of]
        return of

    for number, row in enumerate(seen):
        own = [(kind, code) for kind, code in enumerate(row) if code >= 0]
        joining = [each for each in own if len(others[each]) <= degree_max] or own[:1]
        for each in joining:
            parent[root(each)] = root(number)
    numbers: dict[object, int] = {}
    return [numbers.setdefault(root(number), len(numbers)) for number in range(len(seen))]


def found(seen: Seen, degree_max: int = DEGREE_MAX) -> list[int]:
    columns = np.array(seen, dtype=np.int64).reshape(-1, KINDS).T
    said: list[int] = entities(list(columns), degree_max).tolist()
    return said


@given(
    st.lists(st.tuples(*[st.integers(-1, 8)] * KINDS), max_size=60),
    st.integers(0, 6),
)
def test_entities_are_those_of_a_plain_union_find(seen: Seen, degree_max: int) -> None:
    assert found(seen, degree_max) == plainly(seen, degree_max)


def test_a_long_chain_is_one_entity() -> None:
    seen = [(number // 2, -1, (number + 1) // 2) for number in range(2_001)]
    assert set(found(seen)) == {0}
    shuffled = np.random.default_rng(1).permutation(np.array(seen)).tolist()
    assert set(found(shuffled)) == {0}


@pytest.mark.parametrize("rows", [0, 1])
def test_payments_without_identifiers_stand_for_themselves(rows: int) -> None:
    assert found([(-1, -1, -1)] * rows) == list(range(rows))


def test_a_crowded_identifier_joins_no_strangers() -> None:
    # One device with thirteen cards: a shop's till, say.
    till = [(card, -1, 0) for card in range(DEGREE_MAX + 1)]
    assert found(till) == list(range(DEGREE_MAX + 1))
    assert found(till[:-1]) == [0] * DEGREE_MAX
    # What has nothing else is together.
    assert found([*till, (-1, -1, 0), (-1, -1, 0)])[-2:] == [DEGREE_MAX + 1] * 2
