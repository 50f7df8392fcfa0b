"""Comparisons on the same payments, and the promotion gate: each check refuses what it is there to refuse."""

from dataclasses import replace
from functools import cache

import numpy as np
import orjson
import pytest

from engine.rules.columns import Told
from models.evaluation import Check, Comparison, Limits, Scored, compare, gate
from models.evaluation.figures import Estimate
from tests.models.evaluation.payments import made_up

COUNT = 8_000


def moved(scored: Scored, *, noise: float = 0.0, shift: float = 0.0, rows: slice = slice(None)) -> Scored:
    """Other scores of the same payments: worse by noise, or higher by a shift in log-odds."""
    random = np.random.default_rng(9)
    share = np.clip(scored.probability, 1e-6, 1 - 1e-6)
    log_odds = np.log(share / (1 - share))
    log_odds[rows] += shift + noise * random.normal(size=len(log_odds[rows]))
    return replace(scored, probability=1 / (1 + np.exp(-log_odds)))


@cache
def world() -> Scored:
    scored = made_up(11, COUNT, decimals=9, fraud_rate=0.04)
    return replace(scored, known=np.ones(COUNT), weight=np.where(scored.weight > 0, 1.0, 0.0))


@cache
def improved() -> Comparison:
    """A good challenger beside a noisy champion."""
    return compare(moved(world(), noise=0.8), world(), draws=40)


def failing(comparison: Comparison, limits: Limits = Limits()) -> set[str]:  # noqa: B008 - frozen
    return {each.code for each in gate(comparison, limits=limits).against}


def test_a_better_challenger_passes_what_is_asked_of_figures() -> None:
    result = gate(improved(), limits=Limits(allow_change=0.2, segment_stopped_ratio=9))
    assert result.passes, result.against
    codes = [each.code for each in result.reasons]
    assert codes == ["frauds", "evidence", "average_precision", "money", "calibration", "segments", "allowed"]
    assert all(each.text.endswith(".") and each.limit is not None for each in result.reasons)


def test_the_same_model_shows_no_gain_and_harms_nobody() -> None:
    found = compare(world(), world(), draws=30)
    assert found.evidence == 1
    assert all(each.difference.value in {0, None} for each in found.differences)
    assert failing(found) == {"evidence", "money"}
    assert all(each.champion_percent == pytest.approx(each.challenger_percent, abs=1) for each in found.thresholds)


def test_a_worse_challenger_is_refused_for_each_thing_that_is_worse() -> None:
    found = compare(world(), moved(world(), noise=1.5, shift=1.5), draws=40)
    assert {"evidence", "average_precision", "money", "calibration", "segments", "allowed"} <= failing(found)


def test_differences_are_paired() -> None:
    found = improved().difference("average_precision")
    assert found.difference.low is not None
    assert found.difference.high is not None
    apart = [each.high - each.low for each in (found.champion, found.challenger) if each.low and each.high]
    assert found.difference.high - found.difference.low < sum(apart)
    assert found.difference.value == pytest.approx((found.challenger.value or 0) - (found.champion.value or 0))


def test_too_few_frauds_are_not_enough() -> None:
    few = world().these(np.flatnonzero(~world().is_fraud | (np.cumsum(world().is_fraud) < 150)))
    assert "frauds" in failing(compare(moved(few, noise=0.8), few, draws=10))
    half = replace(world(), weight=world().weight * 0.1)
    assert "frauds" in failing(compare(moved(half, noise=0.8), half, draws=10))


def test_one_segment_that_suffers_is_named() -> None:
    told = Told(np.arange(COUNT) // (COUNT // 4), ("one", "two", "three", "four"))
    scored = replace(world(), merchant=told)
    hurt = moved(scored, shift=1.5, rows=slice(0, COUNT // 4))
    found = compare(scored, hurt, draws=30)
    check = next(each for each in gate(found).reasons if each.code == "segments")
    assert not check.passes
    assert "merchant one" in check.text
    assert "merchant two" not in check.text
    small = gate(found, limits=Limits(segment_payments=COUNT * 2))
    assert next(each for each in small.reasons if each.code == "segments").passes


def test_thresholds_that_keep_the_share_are_offered() -> None:
    champion, challenger = world(), moved(world(), shift=0.7)
    found = compare(champion, challenger, draws=10)
    check = next(each for each in gate(found).reasons if each.code == "allowed")
    assert not check.passes
    assert "Thresholds that keep it" in check.text
    for each in found.thresholds:
        before = np.sum(np.clip(np.round(champion.probability * 100, 2), 0.01, 99) >= each.champion_percent)
        after = np.sum(np.clip(np.round(challenger.probability * 100, 2), 0.01, 99) >= each.challenger_percent)
        assert after == pytest.approx(before, rel=0.02)


def test_first_reasons_must_stay_where_scores_do() -> None:
    reasons = np.where(np.arange(COUNT) % 2, "card_velocity", "ip_country").tolist()
    other = ["amount"] * COUNT
    for theirs, share, passes in ((reasons, 1.0, True), (other, 0.0, False)):
        found = compare(world(), moved(world(), noise=0.1), top_reasons=(reasons, theirs), draws=5)
        assert found.agreement is not None
        assert found.agreement.share_of_unchanged == share
        assert next(each for each in gate(found).reasons if each.code == "reasons").passes is passes
    moved_far = compare(world(), moved(world(), shift=2), top_reasons=(reasons, other), draws=5)
    assert moved_far.agreement is not None
    assert moved_far.agreement.share_of_unchanged is None
    assert "reasons" not in {each.code for each in gate(moved_far).reasons}


def test_checks_of_the_caller_count_too() -> None:
    slow = Check(code="latency", passes=False, text="Scoring takes 900 us (at most 300).", value=900, limit=300)
    limits = Limits(allow_change=0.2, segment_stopped_ratio=9)
    result = gate(improved(), limits=limits, more=[slow])
    assert not result.passes
    assert result.against == (slow,)


def test_what_cannot_be_said_does_not_pass() -> None:
    none = made_up(1, 0)
    found = compare(none, none, draws=5)
    assert failing(found) == {"frauds", "evidence", "average_precision", "money", "calibration", "allowed"}
    assert found.difference("net").difference == Estimate(value=0.0, low=0.0, high=0.0)
    assert any("cannot be said" in each.text for each in gate(found).reasons)


def test_a_comparison_is_plain_json_and_of_the_same_payments_alone() -> None:
    assert b"NaN" not in orjson.dumps(improved())
    with pytest.raises(AssertionError, match="same payments"):
        compare(made_up(1, 50), made_up(2, 60))
    with pytest.raises(AssertionError, match="same labels"):
        compare(world(), replace(world(), is_fraud=~world().is_fraud))
