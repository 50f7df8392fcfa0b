"""A data set is what was recorded, what was imported, and what is known of both."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from engine.catalog import CATALOG
from engine.errors import DatasetInvalid
from engine.features import Catalog, Feature, FeatureType
from engine.ledger import LabelKind
from models.dataset import FACTS, LABELS, Dataset, as_known
from tests.models.datasets import DAY, START, Row, asked, dataset_of


def listed(dataset: Dataset, name: str) -> list[Any]:
    values: list[Any] = dataset.table[name].to_pylist()
    return values


def test_a_row_has_facts_labels_and_features() -> None:
    row = Row(id="tx-1", day=3, action="review", authorized=True, values={"amount_in_usd": 1250, "risk_score": 12.5})
    dataset = dataset_of([row], [row.label(40)], as_of_day=60)
    (found,) = dataset.table.select([*FACTS.names, *LABELS.names]).to_pylist()
    assert found["at"] == START + 3 * DAY
    assert found["label_known_at"] == START + 40 * DAY
    assert {name: found[name] for name in ("id", "transaction_id", "merchant_id", "test_mode", "source")} == {
        "id": "dec-tx-1",
        "transaction_id": "tx-1",
        "merchant_id": "shop-a",
        "test_mode": False,
        "source": "recorded",
    }
    assert (found["action"], found["authorized"], found["probability"]) == ("review", True, 0.125)
    assert (found["is_fraud"], found["label_kind"], found["is_censored"]) == (True, "chargeback", False)
    assert found["maturity"] == pytest.approx(0.9, abs=0.03)
    assert dataset.features(["amount_in_usd"])["amount_in_usd"].to_pylist() == [1250]
    assert dataset.table.schema.names[: len(FACTS)] == FACTS.names


def test_what_a_scorer_said_is_no_feature() -> None:
    dataset = dataset_of([Row(id="tx-1", values={"risk_score": 12.5, "risk_level": "normal"})])
    assert not {"risk_score", "risk_level"} & set(dataset.names)
    assert {each.name for each in CATALOG} - set(dataset.names) == {"risk_score", "risk_level"}


def test_a_payment_is_one_row_its_first_decision() -> None:
    first = Row(id="tx-1", day=1, action="challenge", values={"stage": "pre_auth", "amount_in_usd": 1})
    later = replace(first, day=1.01, action="block", values={"stage": "post_3ds", "amount_in_usd": 2})
    other = replace(first, merchant_id="shop-b", action="allow", day=1.02)
    dataset = dataset_of([first, later, other])
    assert listed(dataset, "feature_amount_in_usd") == [1, 1]
    assert listed(dataset, "stage") == ["pre_auth", "pre_auth"]
    # What happened to the payment is what was strictest.
    assert listed(dataset, "action") == ["block", "allow"]


def test_a_payment_whose_first_decision_is_outside_the_period_is_no_row() -> None:
    before = Row(id="tx-1", day=-0.01, values={"stage": "pre_auth"})
    rows = [before, replace(before, day=0.01, values={"stage": "post_3ds"}), Row(id="tx-2", day=9.99)]
    dataset = dataset_of(
        [*rows, replace(rows[2], day=10.01, action="block"), Row(id="tx-3", day=10)], until_day=10, as_of_day=90
    )
    assert listed(dataset, "transaction_id") == ["tx-2"]
    assert listed(dataset, "action") == ["block"]


def test_labels_of_the_future_are_not_there() -> None:
    rows = [Row(id="tx-1", day=1), Row(id="tx-2", day=2)]
    labels = [rows[0].label(40), rows[1].label(39)]
    dataset = dataset_of(rows, labels, until_day=30, as_of_day=39)
    assert listed(dataset, "is_fraud") == [None, True]
    assert dataset.manifest.fingerprint == dataset_of(rows, labels[1:], until_day=30, as_of_day=39).manifest.fingerprint
    # A payment that came later is not there either.
    assert len(dataset_of(rows, labels, as_of_day=1)) == 1


def test_another_mode_has_labels_of_its_own() -> None:
    row = Row(id="tx-1")
    assert listed(dataset_of([row], [row.label(9, test_mode=True)]), "is_fraud") == [None]


@pytest.mark.parametrize(
    ("action", "authorized", "is_labelled", "is_censored"),
    [
        ("allow", None, False, False),
        ("allow", True, True, False),
        ("allow", False, True, True),
        ("block", None, True, True),
        ("block", False, False, True),
        # A shop that looks on lets pass what we would block: what is reported of it is worth knowing.
        ("block", True, True, False),
        ("review", None, False, False),
        ("challenge", None, False, True),
        ("challenge", True, False, True),
        ("challenge", True, True, False),
        ("challenge", False, True, True),
    ],
)
def test_what_did_not_go_through_is_never_labelled(
    action: str, authorized: bool | None, is_labelled: bool, is_censored: bool
) -> None:
    row = Row(id="tx-1", action=action, authorized=authorized)
    dataset = dataset_of([row], [row.label(9)] if is_labelled else [])
    assert listed(dataset, "is_censored") == [is_censored]
    assert listed(dataset, "is_fraud") == [True if is_labelled and not is_censored else None]
    counts = dataset.manifest.counts
    assert counts.blocked + counts.declined + counts.challenged == is_censored
    assert counts.set_aside == (is_labelled and is_censored)
    assert counts.frauds == (is_labelled and not is_censored)


def test_labels_that_contradict_each_other_are_settled_and_counted() -> None:
    rows = [Row(id="tx-1"), Row(id="tx-2"), Row(id="tx-3")]
    labels = [
        rows[0].label(20),
        rows[0].label(30, LabelKind.CLEARED, is_fraud=False),
        rows[1].label(20),
        rows[1].label(40, is_fraud=False),
        rows[2].label(20, LabelKind.FRAUD_WARNING),
        rows[2].label(30),
    ]
    dataset = dataset_of(rows, labels)
    assert listed(dataset, "is_fraud") == [True, False, True]
    assert dataset.manifest.counts.contradictory == 2
    assert (dataset.manifest.counts.frauds, dataset.manifest.counts.cleared) == (2, 1)


def test_what_was_known_at_an_earlier_instant_is_what_would_have_been_built_then() -> None:
    random = np.random.default_rng(3)
    rows = [
        Row(
            id=f"tx-{number}",
            day=float(day),
            values={"card": f"tok_{random.integers(20)}", "card_brand": random.choice(["visa", "mastercard"])},
        )
        for number, day in enumerate(np.sort(random.uniform(0, 200, 300)))
    ]
    labels = [
        row.label(row.day + random.exponential(25), is_fraud=bool(random.random() < 0.7))
        for row in rows
        if random.random() < 0.5
    ]
    whole = dataset_of(rows, labels, until_day=200, as_of_day=200)
    for day in (0.0, 40.0, 120.0, 200.0):
        then = as_known(whole, START + day * DAY)
        built = dataset_of(rows, labels, until_day=200, as_of_day=day)
        assert then.manifest == built.manifest
        assert then.table.to_pylist() == built.table.to_pylist()
        assert then.events.to_pylist() == built.events.to_pylist()
    assert as_known(whole, START + 900 * DAY).manifest.as_of == whole.manifest.as_of


def test_maturity_is_by_network_and_said() -> None:
    random = np.random.default_rng(5)
    rows = [
        Row(id=f"tx-{number}", day=number / 4, values={"card_brand": "visa" if number % 2 else "amex"})
        for number in range(800)
    ]
    labels = [row.label(row.day + random.exponential(10 if number % 2 else 40)) for number, row in enumerate(rows)]
    dataset = dataset_of(rows, labels, until_day=300)
    curves = dataset.manifest.maturity
    assert curves.labels > 700
    assert curves.by_network["visa"].mature_after_days < 30 < curves.by_network["amex"].mature_after_days
    visa, amex = (dataset.maturity[(np.arange(800) % 2) == place] for place in (1, 0))
    assert (visa >= amex).mean() > 0.9


def test_a_manifest_says_what_is_in_it() -> None:
    rows = [Row(id="tx-1", values={"amount_in_usd": 5}), Row(id="tx-2", day=300)]
    dataset = dataset_of(rows, [rows[0].label(20)], as_of_day=310)
    manifest = dataset.manifest
    assert manifest.catalog == CATALOG.fingerprint
    assert (manifest.counts.rows, manifest.counts.recorded, manifest.counts.imported) == (2, 2, 0)
    assert manifest.counts.immature == 1
    known = {each.name: each.known for each in manifest.features}
    assert (known["amount_in_usd"], known["card"]) == (1, 0)
    assert manifest.plain()["counts"]["frauds"] == 1
    assert len(manifest.fingerprint) == 64
    assert repr(dataset).startswith("<Dataset: 2 payments, 1 frauds, ")


def test_a_sum_of_more_than_64_bits_stays_whole() -> None:
    dataset = dataset_of([Row(id="tx-1", values={"card_amount_usd_1h": 2**70}), Row(id="tx-2")])
    assert listed(dataset, "feature_card_amount_usd_1h") == [2**70, None]
    assert dataset.frame()["card_amount_usd_1h"].tolist() == [2**70 / 100, pd.NA]


def test_a_catalogue_says_which_features_are_read() -> None:
    own = Feature(name="tier", type=FeatureType.INTEGER, doc="", source="request")
    dataset = dataset_of([Row(id="tx-1", values={"tier": 3, "card": "tok_1"})], catalog=Catalog((own,)))
    # What entities and maturity are made by is always there.
    assert dataset.names == ("tier", "card", "email_normalized", "device", "card_brand")
    assert listed(dataset, "feature_tier") == [3]


def test_nothing_recorded_is_an_empty_data_set() -> None:
    dataset = dataset_of([])
    assert (len(dataset), dataset.manifest.counts.rows) == (0, 0)
    assert dataset.frame().shape[0] == 0


def test_a_period_that_holds_nothing_is_refused() -> None:
    with pytest.raises(DatasetInvalid, match="start"):
        asked(until_day=0)
    with pytest.raises(DatasetInvalid, match="zone"):
        asked(start=START.replace(tzinfo=None))


def test_pandas_gets_unknown_as_na_and_money_in_main_units() -> None:
    row = Row(id="tx-1", values={"amount_in_usd": 1250, "is_gift": True, "card_country": "US", "stage": "pre_auth"})
    frame = dataset_of([row, Row(id="tx-2", day=1)], [row.label(9)]).frame()
    assert frame["amount_in_usd"].tolist()[0] == 12.5
    assert frame[["amount_in_usd", "is_gift", "card_country", "is_fraud", "stage"]].iloc[1].isna().all()
    assert frame["at"].tolist() == [START, START + timedelta(days=1)]
    kinds = frame[["amount_in_usd", "is_gift", "card_country", "is_fraud", "card_payments_1h"]].dtypes.astype(str)
    assert kinds.tolist() == ["Float64", "boolean", "string", "boolean", "Int64"]
    assert not frame.columns.duplicated().any()
