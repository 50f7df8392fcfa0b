"""Cases of the kernel that generated streams seldom meet."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from engine.velocity import Count, Observation, Status, StatusEvent, Total, Velocity
from engine.velocity.batch import Amounts, NumberTooLarge, Stream, Values, numbers
from engine.velocity.batch.sorting import combined

SECOND = 1_000_000
DECLINED = Velocity(name="declined", key=("card",), aggregate=Count(), window="10s", doc="x", status=Status.DECLINED)


@pytest.mark.parametrize(("again_us", "counted"), [(10 * SECOND - 1, 0), (10 * SECOND, 1)])
def test_a_status_counts_again_once_it_is_forgotten(again_us: int, counted: int) -> None:
    named: dict[str, Any] = {"merchant_id": "a", "test_mode": False, "values": {"card": "x"}}
    events = [StatusEvent(**named, payment_id="1", at_us=at, status=Status.DECLINED) for at in (0, again_us)]
    last = Observation(**named, payment_id="2", at_us=again_us + SECOND)
    stream = Stream.of([*events, (1, last)], {"card"})
    assert numbers(stream, [DECLINED]).rows() == [(counted,)]
    # Where another velocity of this status looks further back, an event is remembered longer.
    longer = Velocity(name="longer", key=("card",), aggregate=Count(), window="1h", doc="x", since=Status.DECLINED)
    assert numbers(stream, [DECLINED], kept=[DECLINED, longer]).rows() == [(0,)]


@pytest.mark.parametrize("amount", [2**62, 2**62 - 1])
def test_what_one_payment_may_not_see_of_itself_is_refused_too_where_it_is_too_large(amount: int) -> None:
    """The payment came to a status before it was observed, and the events of others come to 2**63 or just less."""
    total = replace(DECLINED, aggregate=Total("amount"))
    named: dict[str, Any] = {"merchant_id": "a", "test_mode": False, "at_us": 0}
    own, *others = (
        StatusEvent(**named, payment_id=each, status=Status.DECLINED, values={"card": "x", "amount": made})
        for each, made in (("1", -5), ("2", amount), ("3", amount))
    )
    payment = Observation(**named, payment_id="1", values={"card": "x"})
    stream = Stream.of([own, *others, (1, payment)], {"card", "amount"})
    if 2 * amount < 2**63:
        assert numbers(stream, [total]).rows() == [(2 * amount,)]
    else:
        with pytest.raises(NumberTooLarge):
            numbers(stream, [total])


def test_a_key_of_many_values_is_numbered_anew() -> None:
    wide = [np.array([2**40 * place for place in (3, 1, 3, 3)]) for _ in range(3)]
    wide[1][3] += 1
    wide[2][1] = -1
    codes = combined(wide, 40)
    assert codes[0] == codes[2] != codes[3]
    assert codes[1] == -1
    assert codes.max() < 2**22


def test_amounts_are_compared_as_python_compares() -> None:
    column = Amounts(np.array([1, 0, 250, 0]), np.array([True, True, True, False]))
    assert [column.are(value).tolist() for value in (1, 1.0, True, 0, 250.0)] == [
        [True, False, False, False],
        [True, False, False, False],
        [True, False, False, False],
        [False, True, False, False],
        [False, False, True, False],
    ]
    assert not any(column.are(value).any() for value in (0.5, "1", 2**70, float("inf"), 1e300))
    values = Values(np.array([0, 1, -1]), ("a", 250))
    assert values.are(250.0).tolist() == [False, True, False]
    assert values.amounts()[0].tolist() == [0, 250, 0]
    assert values.amounts()[1].tolist() == [False, True, False]


def test_a_hot_key_costs_no_more_than_its_rows() -> None:
    """All of 200,000 payments on one card: nothing here is made once a payment and once an item of its window."""
    count = 200_000
    stream = Stream(
        at_us=np.arange(count) * 1_000,
        status=np.full(count, -1, dtype=np.int8),
        merchant=np.zeros(count, dtype=np.int64),
        test_mode=np.zeros(count, dtype=np.bool_),
        payment=np.arange(count),
        features={"card": Values(np.zeros(count, dtype=np.int64), ("x",))},
    )
    windows = [
        Velocity(name=f"c{each}", key=("card",), aggregate=Count(), window=each, doc="x") for each in ("1s", "all")
    ]
    short, ever = numbers(stream, windows).values
    assert short.tolist() == [min(place, 999) for place in range(count)]
    assert all(later == earlier + 1 for earlier, later in pairwise(ever.tolist()))
