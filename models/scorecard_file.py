"""A scorecard read back from its content: an operator's own in place of the shipped one, or one that decided once."""

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import orjson

from engine.catalog import CATALOG
from engine.errors import ModelInvalid
from engine.features import Catalog, Feature, FeatureType, Value
from models.scorecard import Item, Scorecard, Steps, Weights
from models.words import check_template

ITEMS_MAX: Final = 1_000
WEIGHT_MAX: Final = 50.0
"""In log-odds: beyond all that evidence can say, and far below what overflows."""
TEXT_LENGTH_MAX: Final = 300

_ROOT: Final = {"base_fraud_rate", "base", "items"}
_ITEM: Final = {"group", "feature", "points", "against", "speaks_for", "source"}
_STEPS: Final = {"thresholds", "below"}
_WEIGHTS: Final = {"by_value"}
_NUMBERS: Final = frozenset({FeatureType.INTEGER, FeatureType.NUMBER, FeatureType.MONEY})


def scorecard_of(content: bytes, catalog: Catalog = CATALOG, *, role: str = "champion") -> Scorecard:
    """The scorecard whose `content()` this is. Raises ModelInvalid with the first fault, naming where it stands."""
    try:
        said = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise ModelInvalid(f"It is not JSON: {error}.") from error
    _require_names(said, _ROOT, "")
    rate = said["base_fraud_rate"]
    if not _is_number(rate) or not 0 < rate < 1:
        raise ModelInvalid("/base_fraud_rate: it is a share between 0 and 1.")
    base = round(math.log(rate / (1 - rate)), 6)
    if said["base"] != base:
        raise ModelInvalid(f"/base: it is the log-odds of base_fraud_rate, {base}.")
    if not isinstance(said["items"], list) or not 1 <= len(said["items"]) <= ITEMS_MAX:
        raise ModelInvalid(f"/items: it is a list of 1 to {ITEMS_MAX} items.")
    items = tuple(_item(each, f"/items/{index}", catalog) for index, each in enumerate(said["items"]))
    return Scorecard(items, catalog, float(rate), role=role)


def _item(said: Any, where: str, catalog: Catalog) -> Item:  # noqa: ANN401 - JSON
    _require_names(said, _ITEM, where)
    for name in ("group", "feature", "against", "speaks_for", "source"):
        if not isinstance(said[name], str) or len(said[name]) > TEXT_LENGTH_MAX:
            raise ModelInvalid(f"{where}/{name}: it is a text of at most {TEXT_LENGTH_MAX} characters.")
    if not said["group"]:
        raise ModelInvalid(f"{where}/group: it is the reason's code, and not empty.")
    if said["feature"] not in catalog:
        raise ModelInvalid(f"{where}/feature: there is no feature {said['feature']!r}; docs/features.md lists all.")
    for name in ("against", "speaks_for"):
        check_template(said[name], f"{where}/{name}", catalog)
    return Item(
        group=said["group"],
        feature=said["feature"],
        points=_points(said["points"], f"{where}/points", catalog[said["feature"]]),
        against=said["against"],
        speaks_for=said["speaks_for"],
        source=said["source"],
    )


def _points(said: Any, where: str, feature: Feature) -> Steps | Weights:  # noqa: ANN401 - JSON
    if isinstance(said, dict) and said.keys() == _WEIGHTS:
        return Weights(by_value=dict(_weights(said["by_value"], f"{where}/by_value")))
    _require_names(said, _STEPS, where)
    if feature.type not in _NUMBERS:
        raise ModelInvalid(f"{where}: {feature.name} is no number, so it has by_value instead of thresholds.")
    _require_weight(said["below"], f"{where}/below")
    thresholds = _pairs(said["thresholds"], f"{where}/thresholds")
    for index, (threshold, _) in enumerate(thresholds):
        if not _is_number(threshold):
            raise ModelInvalid(f"{where}/thresholds/{index}/0: it is a number.")
    if not all(low < high for (low, _), (high, _) in pairwise(thresholds)):
        raise ModelInvalid(f"{where}/thresholds: they rise, each above the one before.")
    weights = [said["below"], *(weight for _, weight in thresholds)]
    if weights not in (sorted(weights), sorted(weights, reverse=True)):
        raise ModelInvalid(f"{where}: the weights, `below` first, all rise or all fall.")
    return Steps(thresholds=tuple((threshold, weight) for threshold, weight in thresholds), below=said["below"])


def _weights(said: Any, where: str) -> Iterator[tuple[Value, float]]:  # noqa: ANN401 - JSON
    seen: list[Value] = []
    for index, (value, weight) in enumerate(_pairs(said, where)):
        if not isinstance(value, str | bool) and not _is_number(value):
            raise ModelInvalid(f"{where}/{index}/0: it is a text, a number, true or false.")
        if isinstance(value, str) and value != value.lower():
            raise ModelInvalid(f"{where}/{index}/0: texts are compared in lower case; write it so.")
        if value in seen:
            raise ModelInvalid(f"{where}/{index}/0: the value stands twice.")
        seen.append(value)
        yield value, weight


def _pairs(said: Any, where: str) -> list[list[Any]]:  # noqa: ANN401 - JSON
    if not isinstance(said, list) or len(said) > ITEMS_MAX:
        raise ModelInvalid(f"{where}: it is a list of pairs, at most {ITEMS_MAX}.")
    for index, pair in enumerate(said):
        if not isinstance(pair, list) or len(pair) != 2:  # noqa: PLR2004 - a pair
            raise ModelInvalid(f"{where}/{index}: it is a pair of a value and its weight.")
        _require_weight(pair[1], f"{where}/{index}/1")
    return said


def _require_names(said: Any, names: set[str], where: str) -> None:  # noqa: ANN401 - JSON
    if not isinstance(said, dict) or said.keys() != names:
        raise ModelInvalid(f"{where or '/'}: it is an object of {', '.join(sorted(names))}, no less and no more.")


def _require_weight(said: Any, where: str) -> None:  # noqa: ANN401 - JSON
    if not _is_number(said) or abs(said) > WEIGHT_MAX:
        raise ModelInvalid(f"{where}: a weight is a number from -{WEIGHT_MAX:g} to {WEIGHT_MAX:g}, in log-odds.")


def _is_number(said: Any) -> bool:  # noqa: ANN401 - JSON
    return isinstance(said, int | float) and not isinstance(said, bool) and math.isfinite(said)
