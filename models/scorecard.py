"""The expert scorecard (E0): the cold-start model and the fallback. Additive log-odds, monotone, exact reasons.

Each item turns one feature into log-odds: a step function of a number, or a weight a value. Items of one group measure
the same thing, so the group's contribution is its strongest item: what speaks most against the payment, or, where
nothing does, what speaks most for it. An unknown feature adds nothing. The sum of the base and all contributions is the
log-odds of the probability, exactly.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from engine.features import Catalog, Features, FeatureType, Value
from engine.score import Contribution, Score

BASE_FRAUD_RATE = 0.012
"""The share of fraud attempts among the orders of small cross-border web shops: 1.2 % by count (docs/scorecard.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Log-odds of a number: that of the highest threshold reached, `below` under the first. Checked to be monotone."""

    thresholds: tuple[tuple[float, float], ...]
    below: float = 0.0

    def __post_init__(self) -> None:
        """Thresholds rise; weights all rise or all fall."""
        weights = [self.below, *(weight for _, weight in self.thresholds)]
        assert all(low < high for (low, _), (high, _) in pairwise(self.thresholds)), "thresholds rise"
        assert weights in (sorted(weights), sorted(weights, reverse=True)), "weights are monotone"

    def weight(self, value: Value) -> float:
        """The weight of a known number."""
        assert not isinstance(value, str)
        assert value is not None
        reached = self.below
        for threshold, weight in self.thresholds:
            if value < threshold:
                break
            reached = weight
        return reached


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Log-odds a value: booleans, closed words. A value that is not listed weighs nothing."""

    by_value: Mapping[Value, float]

    def weight(self, value: Value) -> float:
        """The weight of a known value."""
        return self.by_value.get(value.lower() if isinstance(value, str) else value, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of the scorecard.

    `against` and `speaks_for` are the words for a weight above and below zero; `{value}` is the feature's value.
    `source` says where the weights come from: a ratio of published or simulated rates, or expert judgement.
    """

    group: str
    feature: str
    points: Steps | Weights
    against: str
    speaks_for: str = ""
    source: str


class Scorecard:
    """The scorer made of items. Pure: the same features give the same score."""

    role = "cold_start"

    def __init__(self, items: tuple[Item, ...], catalog: Catalog, base_fraud_rate: float = BASE_FRAUD_RATE) -> None:
        """`base_fraud_rate` is the merchant's or its trade's declared rate of fraud among attempts (0-1)."""
        assert 0 < base_fraud_rate < 1
        self.items = items
        self._base = round(math.log(base_fraud_rate / (1 - base_fraud_rate)), 6)
        self._groups = _grouped(items, catalog)
        said = "\n".join(f"{item.group} {item.feature} {item.points}" for item in items) + f"\n{self._base}"
        self.id = f"scorecard-{hashlib.sha256(said.encode()).hexdigest()[:12]}"

    def score(self, features: Features) -> Score:
        """The probability with one contribution a group that says anything."""
        values = features.values
        contributions = []
        log_odds = self._base
        for group, members in self._groups:
            strongest_against = strongest_for = 0.0
            chosen: tuple[Item, Value, FeatureType] | None = None
            for position, type_, item in members:
                value = values[position]
                if value is None:
                    continue
                weight = item.points.weight(value)
                if weight > strongest_against or (strongest_against == 0 and weight < strongest_for):
                    chosen = (item, value, type_)
                    if weight > 0:
                        strongest_against = weight
                    else:
                        strongest_for = weight
            if chosen is not None:
                weight = strongest_against or strongest_for
                log_odds += weight
                contributions.append(Contribution(group, weight, _words(*chosen, weight)))
        return Score(probability=1 / (1 + math.exp(-log_odds)), base=self._base, contributions=tuple(contributions))


def _grouped(
    items: tuple[Item, ...], catalog: Catalog
) -> tuple[tuple[str, tuple[tuple[int, FeatureType, Item], ...]], ...]:
    groups: dict[str, list[tuple[int, FeatureType, Item]]] = {}
    for item in items:
        member = (catalog.position(item.feature), catalog[item.feature].type, item)
        groups.setdefault(item.group, []).append(member)
    return tuple((group, tuple(members)) for group, members in groups.items())


def _words(item: Item, value: Value, type_: FeatureType, weight: float) -> str:
    words = item.against if weight > 0 else item.speaks_for
    if type_ is FeatureType.MONEY:
        assert isinstance(value, int)
        return words.format(value=f"{value / 100:,.2f} USD")
    if isinstance(value, float):
        return words.format(value=f"{value:,.1f}".removesuffix(".0"))
    return words.format(value=value)
