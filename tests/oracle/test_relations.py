"""Relations: what they say of a payment, and that columns of them are equal to the scalar ones to the last bit."""

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog import CATALOG, related
from engine.enrichment import ENRICHED
from engine.features import FeatureType, Value
from engine.velocity import VELOCITIES
from engine.velocity.batch.relations import Held, column_of
from engine.velocity.relations import NO_HISTORY, RELATIONS, Relation

BY_NAME = {each.name: each for each in RELATIONS}
NUMBERS = st.none() | st.sampled_from((0, 1, 2, 3, 719, 720, 10**13, 2**53 + 1, 2**62)) | st.integers(0, 10**6)


@pytest.mark.parametrize(
    ("name", "inputs", "value"),
    [
        ("amount_ratio_to_card_average_30d", (9_000, 6_000, 2), 3.0),
        ("amount_ratio_to_card_average_30d", (100, 300, 1), 0.333),
        ("amount_ratio_to_card_average_30d", (0, 300, 1), 0.0),
        ("amount_ratio_to_card_average_30d", (10**13, 1, 1_000), 1_000_000.0),
        ("amount_ratio_to_card_average_30d", (9_000, 0, 0), None),
        ("amount_ratio_to_card_average_30d", (9_000, 0, 3), None),
        ("amount_ratio_to_card_average_30d", (None, 6_000, 2), None),
        ("card_declined_share_24h", (1, 4), 0.25),
        ("card_declined_share_24h", (0, 4), 0.0),
        ("card_declined_share_24h", (2, 0), None),
        ("is_new_card_on_email_30d", (0, 3), True),
        ("is_new_card_on_email_30d", (2, 3), False),
        ("is_new_card_on_email_30d", (0, 0), None),
        ("is_first_order", (0, 0, None, None), True),
        ("is_first_order", (0, None, 0, 9_000.0), True),
        ("is_first_order", (3, 0, 0, 1.0), False),
        ("is_first_order", (0, 1, 0, 1.0), False),
        ("is_first_order", (None, None, 1, 1.0), False),
        ("is_first_order", (None, None, 0, 719.9), True),
        ("is_first_order", (None, None, 0, 720.0), None),
        ("is_first_order", (None, 0, None, 1.0), None),
    ],
)
def test_what_a_relation_says(name: str, inputs: tuple[Any, ...], value: Value) -> None:
    assert BY_NAME[name].form.value(*inputs) == value


@given(st.sampled_from(RELATIONS), st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=30))
def test_columns_are_the_scalar_ones_to_the_last_bit(relation: Relation, rows: list[tuple[Any, ...]]) -> None:
    width = len(relation.form.reads)
    columns = [
        Held(np.array([row[at] or 0 for row in rows]), np.array([row[at] is not None for row in rows]))
        for at in range(width)
    ]
    made = column_of(relation.form, columns)
    found = [value if known else None for value, known in zip(made.values.tolist(), made.known.tolist(), strict=True)]
    plain = [relation.form.value(*row[:width]) for row in rows]
    assert orjson.dumps(found) == orjson.dumps(plain)


def test_an_unknown_relation_has_the_cause_of_what_it_lacks() -> None:
    names = [*(feature.name for feature in ENRICHED), *(velocity.name for velocity in VELOCITIES)]
    values: dict[str, Value] = dict.fromkeys(names)
    values |= {"amount_in_usd": 500, "card_payments_30d": 0, "card_amount_usd_30d": 0}
    found, causes = related(tuple(values.values()), {"email_amount_usd_30d": "velocity_warming"})
    assert set(found) == {None}
    assert causes["amount_ratio_to_card_average_30d"] == NO_HISTORY
    assert causes["amount_ratio_to_email_average_30d"] == "velocity_warming"
    assert "amount_ratio_to_ip_average_30d" not in causes


def test_relations_are_made_of_numbers_that_stand_before_them() -> None:
    numbers = {FeatureType.INTEGER, FeatureType.MONEY, FeatureType.NUMBER}
    for relation in RELATIONS:
        for name in relation.form.reads:
            assert CATALOG[name].type in numbers, name
            assert CATALOG.position(name) < CATALOG.position(relation.name)
