"""A scorecard's file: exactly what its content says, or a fault that names where and why."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from engine.catalog import CATALOG
from engine.errors import ModelInvalid
from engine.features import Features
from models.scorecard import Scorecard
from models.scorecard_file import scorecard_of
from models.scorecard_items import ITEMS

SHIPPED = Scorecard(ITEMS, CATALOG, 0.02)
STEPS, WEIGHTS = 0, next(index for index, item in enumerate(ITEMS) if hasattr(item.points, "by_value"))

Content = dict[str, Any]


def content() -> Content:
    read: Content = orjson.loads(SHIPPED.content())
    return read


def test_content_is_read_back_exactly() -> None:
    read = scorecard_of(SHIPPED.content())
    assert (read.id, read.content(), read.role) == (SHIPPED.id, SHIPPED.content(), "champion")
    nothing = Features(CATALOG, (None,) * len(CATALOG)).replaced({"card_payments_10m": 9, "amount_in_usd": 99_999})
    assert read.score(nothing) == SHIPPED.score(nothing)


def changed(path: str, value: Any) -> Callable[[Content], None]:
    def change(read: Content) -> None:
        *names, last = [int(name) if name.isdigit() else name for name in path.split("/")]
        place: Any = read
        for name in names:
            place = place[name]
        if value is ...:
            del place[last]
        else:
            place[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (changed("base_fraud_rate", 0), "/base_fraud_rate: "),
        (changed("base_fraud_rate", "0.02"), "/base_fraud_rate: "),
        (changed("base", 1.0), "/base: "),
        (changed("items", []), "/items: "),
        (changed("extra", 1), "/: it is an object of base, base_fraud_rate, items"),
        (changed("items/0/source", ...), "/items/0: it is an object"),
        (changed("items/0/feature", "no_such"), "/items/0/feature: there is no feature 'no_such'"),
        (changed("items/0/group", ""), "/items/0/group: "),
        (changed("items/0/against", "{value.__class__}"), "/items/0/against: "),
        (changed("items/0/against", "{value!r}"), "/items/0/against: "),
        (changed("items/0/against", "{"), "/items/0/against: "),
        (changed("items/0/against", "{no_such}"), "/items/0/against: "),
        (changed("items/0/against", "x" * 301), "/items/0/against: "),
        (changed("items/0/points/below", "0"), "/items/0/points/below: "),
        (changed("items/0/points/thresholds/0", [2]), "/items/0/points/thresholds/0: "),
        (changed("items/0/points/thresholds/0/0", 99), "/items/0/points/thresholds: they rise"),
        (changed("items/0/points/thresholds/0/1", 9), "/items/0/points: the weights"),
        (changed("items/0/points/thresholds/0/1", 51), "/items/0/points/thresholds/0/1: "),
        (changed("items/0/feature", "currency"), "/items/0/points: currency is no number"),
        (changed(f"items/{WEIGHTS}/points/by_value/0/0", None), f"/items/{WEIGHTS}/points/by_value/0/0: "),
        (changed(f"items/{WEIGHTS}/points/by_value/0/0", "Yes"), f"/items/{WEIGHTS}/points/by_value/0/0: "),
        (changed(f"items/{WEIGHTS}/points/by_value/1", [True, 1]), f"/items/{WEIGHTS}/points/by_value/1/0: "),
    ],
)
def test_a_fault_is_named_where_it_stands(change: Callable[[Content], None], said: str) -> None:
    read = content()
    change(read)
    with pytest.raises(ModelInvalid) as raised:
        scorecard_of(orjson.dumps(read))
    assert str(raised.value).startswith(said)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b'{"base": NaN}', b"\xff\xfe", b"[" * 2000])
def test_what_is_no_scorecard_at_all_is_refused(text: bytes) -> None:
    with pytest.raises(ModelInvalid):
        scorecard_of(text)
