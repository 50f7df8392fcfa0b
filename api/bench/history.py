"""Made-up history in columns: a million payments and what became of them, made at once and not one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.velocity import Velocity
from engine.velocity.batch import Amounts, Column, Stream, Values
from engine.velocity.batch.stream import PAYMENT, STATUSES
from engine.velocity.spec import Average, Maximum, Minimum, Status, Total

DAYS: Final = 90
MERCHANTS: Final = 4
KINDS: Final = {
    "card": 350_000, "email": 300_000, "ip_address": 200_000, "device": 250_000, "phone": 250_000, "customer": 300_000,
    "bin": 5_000, "country": 100,
}  # fmt: skip
"""How many different values a feature has among a million payments, by a part of its name; else 250,000."""
STRANGE_PERCENT: Final = 10
"""So many values of a hundred are not the shopper's own: another device, an address on the way."""
UNKNOWN_PERCENT: Final = 3

_US: Final = 1_000_000
_Ints = npt.NDArray[np.int64]
_LEARNT: Final = {
    Status.AUTHORIZED: (85, 2), Status.DECLINED: (12, 2), Status.BLOCKED: (3, 0), Status.REFUNDED: (4, 5 * 86_400),
    Status.DISPUTED: (1, 30 * 86_400), Status.FRAUD_WARNING: (1, 10 * 86_400),
}  # fmt: skip
"""Of a hundred payments so many come to a status, so many seconds later; the first three are of different payments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Payments in order, of which no two are at one time, and the stream of them and their events."""

    payments: pa.Table
    """The payments alone: `at_us`, `merchant_id` and each feature."""
    stream: Stream


def setup() -> str:
    """The shares in words."""
    learnt = ", ".join(f"{percent} % {status.value}" for status, (percent, _) in _LEARNT.items())
    return (
        f"Payments of {MERCHANTS} merchants over {DAYS} days, in columns; {KINDS['card']:,} cards, {KINDS['email']:,} "
        f"e-mail and {KINDS['ip_address']:,} IP addresses, few of them hot; {UNKNOWN_PERCENT} % of values unknown; "
        f"with their events: {learnt}."
    )


def history(payments: int, seed: int, velocities: Sequence[Velocity]) -> History:
    """Make so many payments with all that the velocities are made of; the same for one seed."""
    random = np.random.default_rng(seed)
    times = np.sort(random.integers(0, DAYS * 86_400 * _US, payments)) + np.arange(payments)
    # A few shoppers come often: the cube draws towards the first ones.
    shoppers = (payments * random.random(payments) ** 3).astype(np.int64)
    merchants = random.integers(0, MERCHANTS, payments)
    features = _features(random, shoppers, payments, velocities)
    of, status, at_us = _events(random, times)
    order = np.argsort(at_us, kind="stable")
    of = of[order]
    stream = Stream(
        at_us=at_us[order],
        status=status[order],
        merchant=merchants[of],
        test_mode=np.zeros(len(of), dtype=np.bool_),
        payment=of,
        features={name: _taken(column, of) for name, column in features.items()},
    )
    columns = {"at_us": pa.array(times), "merchant_id": pa.array(merchants)}
    columns |= {name: _arrow(column) for name, column in features.items()}
    return History(payments=pa.table(columns), stream=stream)


def _features(
    random: np.random.Generator, shoppers: _Ints, payments: int, velocities: Sequence[Velocity]
) -> dict[str, Column]:
    looked_for: dict[str, set[object]] = {}
    amounts = set()
    for each in velocities:
        for name, value in each.where:
            looked_for.setdefault(name, set()).add(value)
        if isinstance(each.aggregate, Total | Average | Minimum | Maximum):
            amounts.add(each.aggregate.amount)
    names = dict.fromkeys(name for each in velocities for name in each.inputs)
    features: dict[str, Column] = {}
    for number, name in enumerate(names):
        known = random.integers(0, 100, payments) >= UNKNOWN_PERCENT
        if name in amounts:
            features[name] = Amounts(random.integers(100, 50_000, payments), known)
            continue
        values = tuple(sorted(looked_for.get(name, ()), key=str))
        kinds = next((kinds for part, kinds in KINDS.items() if part in name), 250_000)
        count = len(values) + 1 if values else max(2, kinds * payments // 1_000_000)
        strange = random.integers(0, 100, payments) < STRANGE_PERCENT
        places = np.where(strange, random.integers(0, count, payments), (shoppers + number) % count)
        told = (*values, "other") if values else pa.array([f"{name}-{place}" for place in range(count)])
        features[name] = Values(np.where(known, places, -1), told)
    return features


def _events(random: np.random.Generator, times: _Ints) -> tuple[_Ints, npt.NDArray[np.int8], _Ints]:
    """Of each row its payment, what it is and when; the payments first."""
    every, luck = np.arange(len(times)), random.integers(0, 100, len(times))
    of, status, at_us = [every], [np.full(len(times), PAYMENT, dtype=np.int8)], [times]
    from_ = 0
    for each, (percent, seconds) in _LEARNT.items():
        those = every[(luck >= from_) & (luck < from_ + percent)]
        from_ = (from_ + percent) % 100
        of.append(those)
        status.append(np.full(len(those), STATUSES.index(each), dtype=np.int8))
        at_us.append(times[those] + seconds * _US)
    return np.concatenate(of), np.concatenate(status), np.concatenate(at_us)


def _taken(column: Column, rows: _Ints) -> Column:
    if isinstance(column, Amounts):
        return Amounts(column.values[rows], column.known[rows])
    return Values(column.places[rows], column.told)


def _arrow(column: Column) -> pa.Array:
    """The column as a file would hold it: integers, or text in full."""
    if isinstance(column, Amounts):
        return pa.array(column.values, mask=~column.known)
    told = column.told if isinstance(column.told, pa.Array) else pa.array([str(value) for value in column.values])
    return told.take(pa.array(column.places, mask=column.places < 0))
