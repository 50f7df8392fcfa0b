"""Serving a model: the account is exact on every decision, blended with the scorecard, and said in words."""

import math
from collections.abc import Callable
from dataclasses import replace
from operator import itemgetter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog import CATALOG
from engine.features import Features, FeatureType
from engine.score import Score
from models.foreign import Foreign
from models.forest import LEAF, Forest, narrowed
from models.forest_account import account_of
from models.inputs import Input, Inputs
from models.model import Model
from models.scorecard import Scorecard
from models.scorecard_items import ITEMS
from models.scorer import MODEL_CODE, OTHER_CODE, SPEAKING_MAX, SPEAKING_MIN, _spoken, scorer_of
from models.words import said_of, template_of
from tests.models.trained import CALIBRATION, foreign_model, forest_model, linear_model, made_features, model_with

KINDS = pytest.mark.parametrize("made", [forest_model, linear_model, foreign_model])
_TYPES = {
    FeatureType.BOOLEAN: pa.bool_(),
    FeatureType.INTEGER: pa.int64(),
    FeatureType.MONEY: pa.int64(),
    FeatureType.NUMBER: pa.float64(),
}


def payments(count: int, seed: int = 7) -> list[Features]:
    rng = np.random.default_rng(seed)
    return [Features(CATALOG, (None,) * len(CATALOG)), *(made_features(rng) for _ in range(count - 1))]


def columns_of(rows: list[Features]) -> dict[str, pa.ChunkedArray]:
    return {
        each.name: pa.chunked_array([pa.array([row.values[at] for row in rows], _TYPES.get(each.type, pa.string()))])
        for at, each in enumerate(CATALOG)
    }


def summed(score: Score) -> float:
    return score.base + sum(part.weight for part in score.contributions)


@KINDS
@pytest.mark.parametrize("share", [0.0, 0.35, 1.0])
def test_base_and_contributions_sum_to_the_blended_log_odds(made: Callable[[float], Model], share: float) -> None:
    model = made(share)
    scorer, scorecard = scorer_of(model, CATALOG, "champion"), Scorecard(ITEMS, CATALOG)
    for row in payments(100):
        learnt = float(model.margin.log_odds(model.inputs.vector(row.values)[None])[0])
        blended = share * learnt + (1 - share) * summed(scorecard.score(row))
        score = scorer.score(row)
        assert summed(score) == pytest.approx(blended, abs=1e-9)
        assert score.probability == pytest.approx(CALIBRATION.probability(blended), abs=1e-10)
        assert all(part.weight for part in score.contributions)
        assert len(score.contributions) <= SPEAKING_MAX + 1


@KINDS
def test_many_payments_score_as_each_alone(made: Callable[[], Model]) -> None:
    model, rows = made(), payments(300)
    scorer = scorer_of(model, CATALOG, "champion")
    alone = [scorer.score(row).probability for row in rows]
    np.testing.assert_allclose(model.score_matrix(columns_of(rows)), alone, rtol=0, atol=1e-12)


def test_the_same_features_give_the_same_score_to_the_last_bit() -> None:
    rows = payments(50)
    one, other = (scorer_of(forest_model(), CATALOG, role) for role in ("champion", "challenger"))
    assert one.id == other.id
    for row in rows:
        first, second = one.score(row), other.score(row)
        assert (first.probability, first.base) == (second.probability, second.base)
        assert [part[:2] for part in first.contributions] == [part[:2] for part in second.contributions]


def stump(*asked: tuple[str, float, float, float], share: float = 1.0) -> Model:
    """A forest with one question a tree: a feature, its threshold, log-odds at most it and above it, half and half."""
    model = forest_model()
    places = [model.inputs.names.index(name) for name, _, _, _ in asked]
    count = len(asked)
    forest = Forest(
        inputs=len(model.inputs),
        base=-4.0,
        starts=np.arange(0, 3 * count, 3, dtype=np.int32),
        feature=np.array([at for place in places for at in (place, LEAF, LEAF)], dtype=np.int32),
        threshold=np.array([at for _, threshold, _, _ in asked for at in (threshold, 0.0, 0.0)]),
        missing_left=np.zeros(3 * count, dtype=np.bool_),
        left=np.array([at for tree in range(count) for at in (3 * tree + 1, 0, 0)], dtype=np.int32),
        right=np.array([at for tree in range(count) for at in (3 * tree + 2, 0, 0)], dtype=np.int32),
        value=np.array([at for _, _, low, high in asked for at in (0.0, low, high)]),
        cover=np.array([2.0, 1.0, 1.0] * count),
    )
    return model_with(forest, share)


def said(model: Model, **known: Any) -> dict[str, tuple[float, str]]:
    features = Features(CATALOG, (None,) * len(CATALOG)).replaced(known)
    score = scorer_of(model, CATALOG, "champion").score(features)
    return {part.code: (round(part.weight, 9), part.words.filled(features.values)) for part in score.contributions}


def test_a_group_speaks_by_its_strongest_feature_with_value_and_window() -> None:
    model = stump(("ip_distinct_cards_10m", 3, -0.2, 1.0), ("ip_distinct_cards_24h", 3, -0.1, 0.3))
    assert said(model, ip_distinct_cards_10m=8, ip_distinct_cards_24h=9) == {
        "ip_many_cards": (0.8, "8 different cards seen with this IP address in the last ten minutes")
    }


def test_words_of_a_group_against_are_of_what_speaks_against_though_other_things_speak_louder_for() -> None:
    model = stump(("ip_distinct_cards_10m", 3, -0.5, 0.5), ("ip_distinct_cards_24h", 3, -0.9, 0.9),
                  ("ip_distinct_bins_1h", 3, -0.6, 0.6))  # fmt: skip
    found = said(model, ip_distinct_cards_10m=8, ip_distinct_cards_24h=1, ip_distinct_bins_1h=5)
    weight, words = found["ip_many_cards"]
    assert weight == 0.2
    assert words.startswith("5 different first six digits")


def test_flags_ones_money_and_unknowns_have_words_of_their_own() -> None:
    model = stump(
        ("ip_country_matches_card", 0.5, 1.0, -1.0),
        ("card_payments_1h", 0, -0.5, 0.5),
        ("amount_in_usd", 0, -0.5, 0.5),
        ("session_age_seconds", 5, 0.5, -0.5),
        ("card_country", 0, -0.5, 0.5),
    )
    known = {"ip_country_matches_card": False, "ip_country": "NG", "card_country": "NG", "card_payments_1h": 1}
    found = said(model, **known, amount_in_usd=123456)
    assert found["ip_location"] == (1.0, "The IP address is in NG, the card was issued in NG")
    assert found["card_velocity"] == (0.5, "Payments with this card in the last hour: 1")
    assert found["amount"] == (0.5, "The amount is 1,234.56 USD")
    assert found["session"] == (-0.5, "How long the shopper was in the shop: not known")
    assert found["card_country"] == (0.5, "The card was issued in NG")


def test_the_scorecard_adds_to_the_groups_of_its_codes_and_lends_its_words_where_it_speaks_louder() -> None:
    asked = ("ip_distinct_cards_10m", 3, -0.2, 0.2)
    features: dict[str, Any] = {"ip_distinct_cards_10m": 8}
    card = Scorecard(ITEMS, CATALOG).score(Features(CATALOG, (None,) * len(CATALOG)).replaced(features))
    (of_card,) = card.contributions
    weight, words = said(stump(asked, share=0.5), **features)["ip_many_cards"]
    assert weight == pytest.approx(0.5 * 0.2 + 0.5 * of_card.weight)
    assert words == "8 different cards from this IP address in the last 10 minutes: a sign of card testing"
    louder = stump(("ip_distinct_cards_10m", 3, -3.0, 3.0), share=0.9)
    assert said(louder, **features)["ip_many_cards"][1].startswith("8 different cards seen with this IP address in the")


def test_what_says_little_is_said_together_and_nothing_is_lost() -> None:
    model = stump(("ip_distinct_cards_10m", 3, -0.004, 0.004), ("amount_in_usd", 3, -0.005, 0.005))
    found = said(model, ip_distinct_cards_10m=8, amount_in_usd=100)
    assert found == {OTHER_CODE: (0.009, "All else, of little weight each")}


def test_of_groups_that_are_as_loud_the_first_speak() -> None:
    model = forest_model()
    by_group = {each.group: each.feature for each in model.inputs.inputs if not each.codes and not each.per}
    names = [by_group[group] for group in sorted(by_group)]
    asked = [(name, 1e9, 0.5 if at % 2 else -0.5, 0.0) for at, name in enumerate(names)]
    found = said(stump(*asked), **dict.fromkeys(names, 0))
    assert len(names) > SPEAKING_MAX + 1
    assert list(found) == [*sorted(by_group)[:SPEAKING_MAX], OTHER_CODE]


def words_of(given: Input, row: Features) -> str:
    """What is said of an input by its feature's value."""
    value = row[given.feature]
    assert given.said is not None
    text = given.said.unknown
    if value is not None:
        is_special = value is False or (isinstance(value, int) and not isinstance(value, bool) and value == 1)
        text = given.said.special if is_special and given.said.special else given.said.known
    return template_of(text, given.feature, CATALOG).filled(row.values)


@pytest.mark.parametrize("share", [0.35, 1.0])
def test_a_group_has_the_words_of_its_part_that_speaks_most_in_its_direction(share: float) -> None:
    model = forest_model(share)
    assert isinstance(model.margin, Forest)
    forest, asked = narrowed(model.margin)
    account, inputs = account_of(forest), Inputs([model.inputs.inputs[at] for at in asked], CATALOG)
    scorer, scorecard = scorer_of(model, CATALOG, "champion"), Scorecard(ITEMS, CATALOG)
    for row in payments(100):
        added = account.contributions(inputs.vector(row.values)).tolist()
        cards = scorecard.contributions(row.values) if share < 1 else []
        for code, weight, words in scorer.score(row).contributions:
            towards = math.copysign(1, weight)
            voices = [
                (towards * (1 - share) * card.weight, card.words.filled(row.values))
                for card in cards
                if card.code == code
            ]
            voices += [
                (towards * share * own, words_of(each, row))
                for own, each in zip(added, inputs.inputs, strict=True)
                if each.group == code
            ]
            assert code == OTHER_CODE or words.filled(row.values) == max(voices, key=itemgetter(0))[1]


def spoken_plainly(weights: list[float]) -> list[tuple[int, float]]:
    """Which groups speak, by place, and behind them what all others say together, which is the last weight and theirs.

    The loudest do, of equal ones the first, where they say anything.
    """
    *own, rest = weights
    loudest = sorted(range(len(own)), key=lambda place: -abs(own[place]))[:SPEAKING_MAX]
    speaking = [place for place in sorted(loudest) if abs(own[place]) >= SPEAKING_MIN]
    for place, weight in enumerate(own):
        if place not in speaking:
            rest += weight
    return [*((place, own[place]) for place in speaking), *([(len(own), rest)] if rest else [])]


# Some of them equal, of both signs, at the least that speaks and just beside.
CLOSE = st.sampled_from([0.0, SPEAKING_MIN, -SPEAKING_MIN, float(np.nextafter(SPEAKING_MIN, 0)), 0.25, -0.25, 0.5])


@given(st.lists(CLOSE | st.floats(-2, 2), min_size=1, max_size=3 * SPEAKING_MAX))
def test_the_loudest_groups_speak_as_a_plain_sort_has_it_to_the_last_bit(weights: list[float]) -> None:
    codes = [f"c{place}" for place in range(len(weights) - 1)]
    found = _spoken(codes, [*weights], ([], {}, 1.0, []))
    plainly = [((*codes, OTHER_CODE)[place], weight) for place, weight in spoken_plainly(weights)]
    assert [(part.code, part.weight) for part in found] == plainly


def test_an_estimator_that_cannot_explain_itself_says_so() -> None:
    model = foreign_model(1.0)
    assert isinstance(model.margin, Foreign)
    found = said(model)
    assert list(found) == [MODEL_CODE]
    assert "cannot say what each part added" in found[MODEL_CODE][1]


def test_a_group_that_is_called_as_the_rest_joins_it() -> None:
    model = stump(("ip_distinct_cards_10m", 3, -1.0, 1.0))
    inputs = [replace(each, group=OTHER_CODE) for each in model.inputs.inputs]
    score = scorer_of(replace(model, inputs=Inputs(inputs, CATALOG)), CATALOG, "champion").score(payments(1)[0])
    assert [part.code for part in score.contributions] == [OTHER_CODE]


def test_every_feature_has_words_for_what_is_known_and_for_what_is_not() -> None:
    for feature in CATALOG:
        words = said_of(feature)
        assert words.known
        assert words.unknown.endswith(": not known")
        assert words.special if feature.type is FeatureType.BOOLEAN else True
