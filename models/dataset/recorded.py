"""Recorded decisions as rows of a data set: one a payment, its first decision, with its features as they were then."""

from datetime import timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa

from engine.catalog import CATALOG
from engine.features import Feature, FeatureType
from engine.recorded_frame import ACTIONS, RecordedFrame, Wanted
from engine.rules.columns import Column, Numbers, Told, Truth
from models.dataset.asked import SCORE, Asked
from models.dataset.table import FACTS, FEATURE, RECORDED, TEXT, Ints, microseconds

_BESIDE: Final = (CATALOG[SCORE], CATALOG["stage"])
"""Features that the facts are made of."""
WIDE: Final = pa.decimal128(38)
TYPES: Final = {
    FeatureType.BOOLEAN: pa.bool_(),
    FeatureType.INTEGER: pa.int64(),
    FeatureType.MONEY: pa.int64(),
    FeatureType.NUMBER: pa.float64(),
    FeatureType.STRING: TEXT,
    FeatureType.COUNTRY: TEXT,
}

_STAGES_WITHIN: Final = timedelta(days=1)
"""The later stages of a payment come within this: a payment whose first one is outside of the period is no row."""
_MICROSECOND: Final = timedelta(microseconds=1)


def wanted_for(asked: Asked) -> Wanted:
    """What is read for a data set, with a day on both sides for the stages of its payments."""
    own = {feature.name: feature for feature in (*_BESIDE, *asked.features)}
    names = {feature.name for feature in asked.features}
    return Wanted(
        merchant_id=asked.merchant_id,
        test_mode=asked.test_mode,
        start=asked.start - _STAGES_WITHIN,
        end=min(asked.end + _STAGES_WITHIN, asked.as_of + _MICROSECOND),
        features=tuple(own.values()),
        velocities=tuple(velocity for velocity in asked.velocities if velocity.name in names),
        outcomes_until=asked.as_of,
    )


def recorded_table(frame: RecordedFrame, asked: Asked) -> pa.Table:
    """FACTS and `feature_<name>` columns, one row a payment whose first decision is of the period.

    The first decision, because that is where a payment is let through or not: what a later stage knows (how 3-D Secure
    ended) is no knowledge of that moment.
    """
    rows = _first(frame.payment)
    at_us = frame.at_us[rows]
    kept = (at_us >= microseconds(asked.start)) & (at_us < microseconds(asked.end))
    strictest = np.zeros(len(rows), dtype=np.int64)
    np.maximum.at(strictest, frame.payment, frame.action)
    rows, strictest = rows[kept], strictest[kept]
    facts = _facts(frame, rows, strictest)
    features = {FEATURE + each.name: array_of(frame.columns.features[each.name], rows) for each in asked.features}
    return pa.table(facts | features)


def array_of(column: Column, rows: Ints | slice) -> pa.Array:
    """Some rows of a feature's column; unknown is null."""
    if isinstance(column, Told):
        return texts_of(column.codes[rows], list(column.told))
    if isinstance(column, Truth):
        return pa.array(column.true[rows], pa.bool_(), mask=~column.known[rows])
    return _numbers(column, rows)


def texts_of(codes: Any, texts: list[str]) -> pa.Array:  # noqa: ANN401 - whole numbers of any width
    """Texts by their places; -1 is null."""
    indices = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(texts, pa.string()))


def type_of(feature: Feature) -> pa.DataType:
    """The type of a feature's column, unless a sum needs more than 64 bits."""
    return TYPES[feature.type]


def _numbers(column: Numbers, rows: Ints | slice) -> pa.Array:
    values, unknown = column.values[rows], ~column.known[rows]
    if values.dtype != np.object_:
        return pa.array(values, mask=unknown)
    plain = [None if is_unknown else value for value, is_unknown in zip(values, unknown, strict=True)]
    return pa.array(plain, WIDE)


def _facts(frame: RecordedFrame, rows: Ints, strictest: Ints) -> dict[str, pa.Array]:
    assert frame.authorized is not None, "it was asked for"
    columns, some = frame.columns, rows.tolist()
    score = columns.numbers(SCORE)
    recorded = texts_of(np.zeros(len(rows), dtype=np.int32), [RECORDED])
    found = {
        "id": pa.array(frame.ids.at(some), pa.string()),
        "transaction_id": pa.array(frame.transaction_ids.at(some), pa.string()),
        "merchant_id": texts_of(frame.merchant[rows], list(frame.merchants)),
        "test_mode": pa.array(np.full(len(rows), frame.wanted.test_mode)),
        "at": pa.array(frame.at_us[rows]).cast(FACTS.field("at").type),
        "stage": array_of(columns.told("stage"), rows),
        "action": texts_of(strictest, [each.value for each in ACTIONS]),
        "authorized": array_of(frame.authorized, rows),
        "probability": pa.array(score.values[rows] / 100, mask=~score.known[rows]),
        "source": recorded,
    }
    return {name: found[name] for name in FACTS.names}


def _first(payment: Ints) -> Ints:
    """The first row of each payment."""
    rows = np.arange(len(payment), dtype=np.int64)
    if np.array_equal(payment, rows):
        return rows
    return np.unique(payment, return_index=True)[1].astype(np.int64)


def _run(rows: Ints) -> Ints | slice:
    """The same rows, which rise, as a slice where they are one behind the other: nothing is copied then."""
    if len(rows) and rows[-1] - rows[0] + 1 == len(rows):
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows
