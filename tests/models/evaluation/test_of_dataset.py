"""Scored payments of a data set: what counts, by how much, and who is new."""

from dataclasses import replace

import numpy as np
import pytest

from engine.catalog import CATALOG
from engine.features import Catalog
from models.evaluation import evaluate, recorded_actions, scored_of
from tests.models.datasets import Row, dataset_of


def row(id_: str, day: float, **given: object) -> Row:
    values = {"card": f"card-{id_[0]}", "card_country": "DE", "amount_in_usd": 1_250, **given}
    return Row(id=id_, day=day, values=values)


ROWS = [
    row("a1", 0, card_payments_30d=0, email_payments_30d=0),
    replace(row("b1", 1, card_payments_30d=0, email_payments_30d=2), action="block"),
    replace(row("c1", 2, amount_in_usd=None, card=None, card_country=None), action="challenge", merchant_id="shop-b"),
    row("a2", 3, card_payments_30d=1),
    replace(row("d1", 180), authorized=False),
    row("e1", 360, card_payments_30d=0),
]


def test_each_payment_counts_by_what_can_be_known_of_it() -> None:
    dataset = dataset_of(ROWS, [ROWS[0].label(40), ROWS[3].label(50, is_fraud=False)])
    scored = scored_of(dataset, np.linspace(0.1, 0.6, 6))
    assert scored.is_fraud.tolist() == [True, False, False, False, False, False]
    # Blocked, challenged and declined: nobody knows. The last is five days old.
    assert scored.weight[:5].tolist() == [1, 0, 0, 1, 0]
    assert 0 < scored.weight[5] < 0.25
    assert scored.known.tolist() == dataset.maturity.tolist()
    assert scored.usd_cents.tolist() == [1_250, 1_250, 0, 1_250, 1_250, 1_250]
    assert [scored.merchant.told[code] for code in scored.merchant.codes] == ["shop-a"] * 2 + ["shop-b"] + [
        "shop-a"
    ] * 3
    assert scored.country.known.tolist() == [True, True, False, True, True, True]
    assert scored.country.told == ["DE"]
    assert scored.entity[0] == scored.entity[3]
    assert scored.card[0] == scored.card[3]
    assert len(set(scored.card.tolist())) == 5
    assert scored.is_new.true.tolist() == [True, False, False, False, False, True]
    assert scored.is_new.false.tolist() == [False, True, False, True, False, False]


def test_a_data_set_of_few_features_is_judged_too() -> None:
    catalog = Catalog((CATALOG["amount_in_usd"], CATALOG["email_payments_30d"]))
    dataset = dataset_of(ROWS, [ROWS[0].label(40)], catalog=catalog)
    scored = scored_of(dataset, np.full(6, 0.2))
    assert not scored.country.known.any()
    found = evaluate(scored, draws=5)
    assert found.population.frauds == 1
    assert found.population.counted == 3


def test_recorded_actions_are_the_places_of_the_actions() -> None:
    actions = recorded_actions(dataset_of(ROWS))
    assert actions is not None
    assert actions.tolist() == [0, 3, 1, 0, 0, 0]


def test_no_payment_at_all_is_no_error() -> None:
    dataset = dataset_of([])
    assert len(scored_of(dataset, np.zeros(0))) == 0
    with pytest.raises(AssertionError, match="a probability a payment"):
        scored_of(dataset, np.zeros(1))
