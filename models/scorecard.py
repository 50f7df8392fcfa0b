"""The expert scorecard (E0): the cold-start model and the fallback. Additive log-odds, monotone, exact reasons.

Each item turns one feature into log-odds: a step function of a number, or a weight a value. Items of one group measure
the same thing, so the group's contribution is its strongest item: what speaks most against the payment, or, where
nothing does, what speaks most for it. An unknown feature adds nothing. The sum of the base and all contributions is the
log-odds of the probability, exactly.
"""

import hashlib
import math
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from operator import itemgetter
from typing import Any, Final

import orjson

from engine.errors import ScoreInvalid
from engine.features import Catalog, Features, Value
from engine.score import Contribution, Score
from models.words import Template, template_of

BASE_FRAUD_RATE = 0.012
"""The share of fraud attempts among the orders of small cross-border web shops: 1.2 % by count (docs/scorecard.md)."""

_WEIGHED_MAX: Final = 4_096
"""Combinations of a group's values whose contribution is kept: most payments have few of them."""
_COUNTS: Final = 10
"""Counts from 0 on whose contribution is looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Log-odds of a number: that of the highest threshold reached, `below` under the first. Checked to be monotone."""

    thresholds: tuple[tuple[float, float], ...]
    below: float = 0.0
    _edges: tuple[float, ...] = field(init=False, repr=False)
    _weights: tuple[float, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Thresholds rise; weights all rise or all fall."""
        weights = [self.below, *(weight for _, weight in self.thresholds)]
        assert all(low < high for (low, _), (high, _) in pairwise(self.thresholds)), "thresholds rise"
        assert weights in (sorted(weights), sorted(weights, reverse=True)), "weights are monotone"
        object.__setattr__(self, "_edges", tuple(threshold for threshold, _ in self.thresholds))
        object.__setattr__(self, "_weights", tuple(weights))

    def content(self) -> Mapping[str, object]:
        """The steps in JSON's types."""
        return {"thresholds": self.thresholds, "below": self.below}

    def table(self) -> tuple[float | None, tuple[float, ...], tuple[float, ...]]:
        """The least number that weighs anything, None where all do; the edges, and the weights between: one more."""
        return None if self.below else self._edges[0], self._edges, self._weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Log-odds a value: booleans, closed words in lower case. A value that is not listed weighs nothing."""

    by_value: Mapping[Value, float]

    def content(self) -> Mapping[str, object]:
        """The weights in JSON's types; pairs, for a value may be true or false, which is no key there."""
        return {"by_value": tuple(self.by_value.items())}

    def table(self) -> tuple[None, None, Mapping[Value, float]]:
        """No numbers, and the weights by value."""
        return None, None, self.by_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of the scorecard.

    `against` and `speaks_for` are the words for a weight above and below zero; `{value}` is the feature's value, and
    other features stand by their names: `{ip_country}`.
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

    def __init__(
        self,
        items: tuple[Item, ...],
        catalog: Catalog,
        base_fraud_rate: float = BASE_FRAUD_RATE,
        *,
        role: str = "cold_start",
    ) -> None:
        """`base_fraud_rate` is the merchant's or its trade's declared rate of fraud among attempts (0-1)."""
        assert 0 < base_fraud_rate < 1
        self.items = items
        self.catalog = catalog
        self.role = role
        self._base_fraud_rate = base_fraud_rate
        self.base = round(math.log(base_fraud_rate / (1 - base_fraud_rate)), 6)
        self._groups = _grouped(items, catalog)
        self.id = f"scorecard-{hashlib.sha256(self.content()).hexdigest()[:12]}"

    def bound_to(self, catalog: Catalog) -> "Scorecard":
        """The same scorecard, for another catalogue that has the features it reads."""
        return Scorecard(self.items, catalog, self._base_fraud_rate, role=self.role)

    def content(self) -> bytes:
        """The scorecard as the ledger keeps it (JSON), all that scores and all that it says.

        `models.scorecard_file.scorecard_of` reads it back.
        """
        return orjson.dumps(self.said())

    def said(self) -> dict[str, object]:
        """Its content in JSON's types."""
        items = [
            {
                "group": item.group,
                "feature": item.feature,
                "points": item.points.content(),
                "against": item.against,
                "speaks_for": item.speaks_for,
                "source": item.source,
            }
            for item in self.items
        ]
        return {"base_fraud_rate": self._base_fraud_rate, "base": self.base, "items": items}

    def contributions(self, values: tuple[Value, ...]) -> list[Contribution]:
        """One for each group that says anything, in the groups' order, from the features' values."""
        return [part for found_of, weighed in self._groups if (part := weighed[found_of(values)]) is not None]

    def score(self, features: Features) -> Score:
        """The probability with one contribution a group that says anything. Raises ScoreInvalid where it is none."""
        contributions = self.contributions(features.values)
        log_odds = self.base
        for part in contributions:
            log_odds += part.weight
        try:
            probability = 1 / (1 + math.exp(-log_odds))
        except OverflowError as error:
            raise ScoreInvalid(f"Log-odds of {log_odds:g} are no probability.") from error
        return Score(probability=probability, base=self.base, contributions=tuple(contributions))


_Member = tuple[int, float | None, tuple[float, ...] | None, Any, tuple[Template, Template]]
"""An item as it is scored: its feature's place among the values, the least number that weighs anything or None, the
edges and weights of its steps or None and the weights by value, its words for and against."""


class _Weighed(dict[Any, Contribution | None]):
    """A group's contribution by such values of its features as were met; those of one feature are no tuple.

    A feature has one type, so that values which are equal weigh the same.
    """

    __slots__ = ("_group", "_is_one", "_members")

    def __init__(self, group: str, members: tuple[_Member, ...], *, is_one: bool) -> None:
        """`members` have places among the group's features; `is_one` says that there is one feature alone."""
        super().__init__()
        self._group = group
        self._members = members
        self._is_one = is_one

    def __missing__(self, found: Any) -> Contribution | None:  # noqa: ANN401 - a feature's value or several
        """Weigh values that were not met."""
        if len(self) >= _WEIGHED_MAX:
            self.clear()
        part = self[found] = _strongest(self._group, self._members, (found,) if self._is_one else found)
        return part


class _Stepped(dict[Any, Contribution | None]):
    """The contribution of a group of one item of steps: of small counts beforehand, which most numbers are.

    Amounts and hours are met once, so that none is kept.
    """

    __slots__ = ("_edges", "_parts")

    def __init__(self, group: str, steps: Steps, words_of: tuple[Template, Template]) -> None:
        """`words_of` are the words for and against."""
        super().__init__({None: None})
        _, self._edges, weights = steps.table()
        self._parts = [Contribution(group, weight, words_of[weight > 0]) if weight else None for weight in weights]
        self.update({count: self[count] for count in range(_COUNTS)})

    def __missing__(self, found: Any) -> Contribution | None:  # noqa: ANN401 - a number
        """What a known number adds."""
        return self._parts[bisect_right(self._edges, found)]


_Group = tuple[Callable[[tuple[Value, ...]], Any], _Weighed | _Stepped]
"""What takes a group's values, and its contributions by them."""


def _strongest(group: str, members: tuple[_Member, ...], values: tuple[Value, ...]) -> Contribution | None:
    """What the group's strongest item adds; None where none adds anything."""
    strongest: tuple[Template, Template] | None = None
    weight = 0.0
    # Some forty items are weighed for each decision: a call for each would take as long again.
    for place, least, edges, weights, words_of in members:
        value: Any = values[place]
        if value is None or (least is not None and value < least):
            continue
        if edges is None:
            own = weights.get(value.lower() if value.__class__ is str else value, 0.0)
        else:
            own = weights[bisect_right(edges, value)]
        if (own > weight and own > 0) or own < weight <= 0:
            strongest, weight = words_of, own
    return None if strongest is None else Contribution(group, weight, strongest[weight > 0])


def _grouped(items: tuple[Item, ...], catalog: Catalog) -> tuple[_Group, ...]:
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.group, []).append(item)
    return tuple(_group(name, members, catalog) for name, members in groups.items())


def _group(name: str, items: list[Item], catalog: Catalog) -> _Group:
    positions = sorted({catalog.position(item.feature) for item in items})
    members = tuple(
        (
            positions.index(catalog.position(item.feature)),
            *item.points.table(),
            (template_of(item.speaks_for, item.feature, catalog), template_of(item.against, item.feature, catalog)),
        )
        for item in items
    )
    if len(items) == 1 and isinstance(items[0].points, Steps):
        return itemgetter(*positions), _Stepped(name, items[0].points, members[0][-1])
    return itemgetter(*positions), _Weighed(name, members, is_one=len(positions) == 1)
