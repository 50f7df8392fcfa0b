"""Every feature of the catalogue is usable in a rule, and is a model's input or says why it is none."""

from math import isnan

import pytest

from engine.catalog import CATALOG
from engine.features import Feature, FeatureType, Value
from engine.rules import check_rule
from models.inputs import TEXTS, Input, Inputs
from models.naming import NAMING, not_learnt_from

SAID: dict[FeatureType, tuple[str, Value]] = {
    FeatureType.BOOLEAN: ("{0}", True),
    FeatureType.INTEGER: ("{0} > 3", 4),
    FeatureType.NUMBER: ("{0} > 3", 4.5),
    FeatureType.MONEY: ("{0} > 3.50", 351),
    FeatureType.STRING: ("{0} = '{1}'", "text"),
    FeatureType.COUNTRY: ("{0} = 'DE'", "DE"),
}


def condition(feature: Feature) -> str:
    text = "424242" if feature.name.startswith("card_bin") else next(iter(feature.values), "text")
    return SAID[feature.type][0].format(feature.name, text)


def test_each_can_be_asked_by_a_rule() -> None:
    faults = {
        feature.name: found
        for feature in CATALOG
        for text in (f"Review if {condition(feature)}", f"Review if is_missing({feature.name})")
        if (found := check_rule(text, CATALOG, ()))
    }
    assert faults == {}


def test_each_is_an_input_of_a_model_or_says_why_not() -> None:
    values: list[Value] = [SAID[feature.type][1] for feature in CATALOG]
    learnt = [feature for feature in CATALOG if not_learnt_from(feature) is None]
    inputs = Inputs(
        [Input(feature=each.name, codes={"text": 0.5, "DE": 0.5} if each.type in TEXTS else None) for each in learnt],
        CATALOG,
    )
    assert len(inputs) == len(CATALOG) - sum(not_learnt_from(feature) is not None for feature in CATALOG)
    numbers = inputs.vector(tuple(values))
    assert not any(isnan(number) for number in numbers)
    assert all(isnan(number) for number in inputs.vector((None,) * len(CATALOG)))


def test_what_is_never_learnt_from_is_there_and_says_why() -> None:
    assert {feature.name for feature in CATALOG} >= NAMING
    assert not_learnt_from(CATALOG["card"]) == "it names someone"
    assert not_learnt_from(CATALOG["risk_score"]) == "it comes of the score"
    assert not_learnt_from(CATALOG["amount_in_usd"]) is None


@pytest.mark.parametrize("name", sorted(NAMING))
def test_what_names_someone_is_an_open_text(name: str) -> None:
    assert CATALOG[name].type is FeatureType.STRING
    assert not CATALOG[name].values
