"""Training as a whole: what is refused and named, what is learnt out of time, and that the same gives the same."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from engine.features import Catalog, Feature, FeatureType
from models.dataset import Dataset
from models.learners.errors import (
    AnotherCatalog,
    ConstantFeatures,
    FeaturesUnfit,
    LeakingFeatures,
    NoNegatives,
    NoPayments,
    NothingKnown,
)
from models.learners.material import Items
from models.plan import Plan
from models.ready import ready_for
from models.training import train
from tests.models.learners.shops import SHOP, START, shop

QUICK = Plan(parameters={"trees": 20})


def frauds_of(dataset: Dataset) -> list[bool]:
    return [bool(each) for each in dataset.is_fraud]


def with_features(*more: Feature) -> Catalog:
    return Catalog((*SHOP, *more))


def feature(name: str, type_: FeatureType, source: str = "request /x") -> Feature:
    return Feature(name=name, type=type_, doc=name, source=source)


def test_the_same_training_gives_the_same_model_byte_for_byte() -> None:
    one, other = (train(shop(1_200), QUICK) for _ in range(2))
    assert one.content() == other.content()


def test_progress_rises_to_one_and_what_it_raises_stops_the_training() -> None:
    seen: list[float] = []
    train(shop(1_200), QUICK, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1
    assert len(seen) > 20

    def stop(done: float) -> None:
        if done > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(shop(1_200), QUICK, progress=stop)


def test_what_became_known_after_the_days_to_judge_by_began_is_not_learnt_from() -> None:
    late = 40.0
    ready = ready_for(shop(2_000, late_days=late), Plan(test_days=28, parameters={"trees": 20}))
    known_at = ready.parts.known_at
    assert known_at == START + timedelta(days=92)
    frauds = ready.items.these(ready.items.target * (ready.items.weight > 0.5) > 0)
    assert len(frauds.place)
    last = ready.material.at_us[frauds.place].max()
    assert last <= round((known_at - timedelta(days=late)).timestamp() * 1e6)
    # By the end more of the same payments were known to be fraud.
    assert ready.dataset.is_fraud[ready.parts.train].sum() > len(frauds.place)


def test_the_facts_say_what_was_learnt_from_and_how_well() -> None:
    said = train(shop(2_000), QUICK).lineage
    assert said["learner"] == "boosting"
    assert said["parameters"]["trees"] == 20
    assert said["train"]["payments"] + said["test"]["payments"] == 2_000
    assert said["figures"]["auc"] > 0.6
    assert said["calibration"]["folds"] == 3
    assert "card" not in said["features"]


def test_nothing_is_kept_to_judge_by_where_the_plan_says_so() -> None:
    said = train(shop(1_200), Plan(test_days=0, parameters={"trees": 20})).lineage
    assert said["test"] is None
    assert said["figures"] is None
    assert said["train"]["payments"] == 1_200


@pytest.mark.parametrize(
    "make",
    [
        lambda fraud: [1.0 if each else 0.0 for each in fraud],
        lambda fraud: [float(each) if each or at % 3 else None for at, each in enumerate(fraud)],
        lambda fraud: [7.0 if each else None for each in fraud],
        lambda fraud: [None if each else 7.0 for each in fraud],
        lambda fraud: [-float(each) + np.sin(at) * 1e-3 for at, each in enumerate(fraud)],
    ],
    ids=["told outright", "told with gaps", "known of fraud alone", "unknown of fraud alone", "told backwards"],
)
def test_a_feature_that_tells_the_label_is_named_and_refused(make: Any) -> None:
    catalog = with_features(feature("case_value", FeatureType.NUMBER))
    plain = shop(1_500, late_days=0)
    leaking = shop(1_500, late_days=0, catalog=catalog, changed={"case_value": make(frauds_of(plain))})
    with pytest.raises(LeakingFeatures, match=r"nearly all fraud: case_value\."):
        train(leaking, QUICK)
    assert train(leaking, Plan(trusted=("case_value",), parameters={"trees": 5})).share >= 0
    assert "case_value" not in train(leaking, Plan(features=("amount_in_usd",), parameters={"trees": 5})).features


def test_frauds_alone_are_refused_though_some_became_known_after_the_training() -> None:
    frauds = shop(600, late_days=20.0, fraud=np.ones(600, dtype=np.bool_))
    with pytest.raises(NoNegatives, match="import the others too"):
        ready_for(frauds, Plan(test_days=28, parameters={"trees": 20}))


def test_what_comes_of_a_score_or_names_someone_is_refused_when_it_is_asked_for() -> None:
    catalog = with_features(feature("risk_score", FeatureType.NUMBER, source="score"))
    scores = np.random.default_rng(0).random(1_200).tolist()
    dataset = shop(1_200, catalog=catalog, changed={"risk_score": scores})
    with pytest.raises((LeakingFeatures, FeaturesUnfit), match="risk_score"):
        train(dataset, Plan(features=("amount_in_usd", "risk_score")))
    with pytest.raises(FeaturesUnfit, match="card name someone"):
        train(dataset, Plan(features=("amount_in_usd", "card")))
    with pytest.raises(FeaturesUnfit, match="no amount in the data set"):
        train(dataset, Plan(features=("amount",)))


def test_constant_and_unknown_features_are_left_out_and_refused_when_nothing_else_is_left() -> None:
    catalog = with_features(feature("always", FeatureType.INTEGER), feature("never", FeatureType.NUMBER))
    dataset = shop(1_200, catalog=catalog, changed={"always": [3] * 1_200})
    features = train(dataset, QUICK).inputs.features
    assert not {"always", "never"} & set(features)
    with pytest.raises(ConstantFeatures, match="features: always say the same of every payment"):
        train(dataset, Plan(features=("always", "amount_in_usd")))
    with pytest.raises(NothingKnown, match="all of never are unknown"):
        train(dataset, Plan(features=("never",)))


def test_rows_of_another_catalogue_are_refused_by_name() -> None:
    other = Catalog(
        replace(each, type=FeatureType.STRING) if each.name == "card_payments_1h" else each for each in SHOP
    )
    with pytest.raises(AnotherCatalog, match="card_payments_1h mean something else"):
        train(shop(600), QUICK, catalog=other)


def test_payments_too_young_to_be_told_of_are_no_payments() -> None:
    with pytest.raises(NoPayments, match="old enough"):
        train(shop(400, days=5, late_days=1), Plan(test_days=0))


def test_a_text_that_is_new_in_most_payments_names_them_and_is_left_out() -> None:
    catalog = with_features(feature("basket", FeatureType.STRING))
    dataset = shop(1_200, catalog=catalog, changed={"basket": [f"b{each}" for each in range(1_200)]})
    assert "basket" not in train(dataset, QUICK).inputs.features


def test_of_many_good_payments_a_part_stands_for_all() -> None:
    rows = 400_000
    items = Items(place=np.arange(rows), target=(np.arange(rows) % 1_000 == 0).astype(np.float64), weight=np.ones(rows))
    thin = items.thinned(0, inputs=40)
    assert len(thin.place) == 200_000 + 400
    # Of wide payments fewer, but enough beside each fraud.
    assert len(items.thinned(0, inputs=250).place) == 100_000 + 400
    assert len(items.thinned(0, inputs=2_000_000).place) == 15 * 400 + 400
    assert thin.frauds == items.frauds
    assert np.isclose(thin.weight.sum(), items.weight.sum())
    assert (np.diff(thin.place) > 0).all()


def test_few_frauds_leave_half_to_the_scorecard_and_many_less() -> None:
    few = np.zeros(800, dtype=np.bool_)
    few[[100, 300]] = True
    assert 0.2 < train(shop(800, fraud=few), QUICK).share < 0.8
    assert train(shop(3_000), Plan()).share > 0.6
