"""The velocities of a history: its payments, and what became of them, as one stream through the columnar kernel."""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from api.importing.history_rows import FEATURE, Kept
from engine.velocity import Velocity
from engine.velocity.batch import Amounts, Column, Numbers, Stream, Values, numbers
from engine.velocity.batch.stream import PAYMENT, Ints, column_of

_MICROSECONDS = pa.int64()


def counted(kept: Kept, payments: pa.Table, velocities: Sequence[Velocity]) -> Numbers:
    """The velocities of each payment, as counters would have read them live (law 2). Raises NumberTooLarge."""
    return numbers(stream_of(kept, payments, velocities), velocities)


def stream_of(kept: Kept, payments: pa.Table, velocities: Sequence[Velocity]) -> Stream:
    """Payments and events in the order of time; what was learnt at the time of a payment is counted behind it."""
    rows = np.concatenate([np.arange(kept.rows), np.frombuffer(kept.event_rows, dtype=np.int64)])
    paid_us = payments["at"].cast(_MICROSECONDS).to_numpy()
    at_us = np.concatenate([paid_us, np.frombuffer(kept.event_at_us, dtype=np.int64)])
    statuses = np.concatenate(
        [np.full(kept.rows, PAYMENT, dtype=np.int8), np.frombuffer(kept.event_statuses, dtype=np.int8)]
    )
    order = np.lexsort((statuses != PAYMENT, at_us))
    rows = rows[order]
    merchants = column_of(payments["merchant_id"], "merchant_id").codes()
    names = sorted({name for each in velocities for name in each.inputs})
    return Stream(
        at_us=at_us[order],
        status=statuses[order],
        merchant=merchants[rows],
        test_mode=np.zeros(len(rows), dtype=np.bool_),
        payment=rows,
        features={name: _taken(column_of(payments[FEATURE + name], name), rows) for name in names},
    )


def velocities_fingerprint(velocities: Sequence[Velocity]) -> str:
    """A hash of all that the numbers depend on."""
    content = orjson.dumps([specification(each) for each in velocities])
    return hashlib.sha256(content).hexdigest()[:16]


def specification(velocity: Velocity) -> dict[str, object]:
    """A velocity in JSON's types, its words aside."""
    return {
        "name": velocity.name,
        "key": velocity.key,
        "aggregate": type(velocity.aggregate).__name__.lower(),
        "of": velocity.aggregate.measured,
        "window": velocity.window,
        "delay": velocity.delay,
        "status": velocity.status,
        "where": velocity.where,
        "scope": velocity.scope,
        "since": velocity.since,
    }


def _taken(column: Column, rows: npt.NDArray[np.int64]) -> Column:
    if isinstance(column, Amounts):
        return Amounts(column.values[rows], column.known[rows])
    places: Ints = column.places[rows]
    return Values(places, column.told)
