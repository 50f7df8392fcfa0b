"""The kept rows of a history in columns: a batch of Arrow's for every few thousand rows, rows do not pile up."""

from array import array
from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from api.importing.history_events import Happened
from api.importing.preparing import Prepared
from engine.enrichment import ENRICHED
from engine.features import Feature, FeatureType, Value
from engine.ledger import Label
from engine.payment import EPOCH, MICROSECOND
from engine.velocity import Status
from engine.velocity.batch.stream import STATUSES

FEATURE: Final = "feature_"
"""Before a feature's name, as in the segments of the ledger."""
BATCH_ROWS: Final = 8_192

_TIME: Final = pa.timestamp("us", tz="UTC")
_TEXT: Final = pa.dictionary(pa.int32(), pa.string())
TYPES: Final = {
    FeatureType.BOOLEAN: pa.bool_(),
    FeatureType.INTEGER: pa.int64(),
    FeatureType.MONEY: pa.int64(),
    FeatureType.NUMBER: pa.float64(),
    FeatureType.STRING: _TEXT,
    FeatureType.COUNTRY: _TEXT,
}
FACTS: Final = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("transaction_id", pa.string()),
        pa.field("merchant_id", _TEXT),
        pa.field("test_mode", pa.bool_()),
        pa.field("at", _TIME),
        pa.field("stage", _TEXT),
        pa.field("action", pa.string()),
        pa.field("authorized", pa.bool_()),
        pa.field("source", _TEXT),
    ]
)
LABELS: Final = pa.schema(
    [
        pa.field("merchant_id", _TEXT),
        pa.field("test_mode", pa.bool_()),
        pa.field("transaction_id", pa.string()),
        pa.field("kind", _TEXT),
        pa.field("is_fraud", pa.bool_()),
        pa.field("occurred_at", _TIME),
        pa.field("received_at", _TIME),
        pa.field("source", _TEXT),
    ]
)
_OUTCOMES: Final = {Status.AUTHORIZED: True, Status.DECLINED: False}


class Kept:
    """Rows in the order of their times, what became of them, and their labels. Filled once, then read."""

    def __init__(self, name: str, declared: Sequence[Feature]) -> None:
        """`declared` are the features of the mapping's custom fields, which come after the enrichments'."""
        self.features = (*ENRICHED, *declared)
        fields = [pa.field(FEATURE + each.name, TYPES[each.type]) for each in self.features]
        self._payments = _Batches(pa.schema([*FACTS, *fields]))
        self._labels = _Batches(LABELS)
        self._name = name
        self.rows = 0
        self.event_rows, self.event_statuses, self.event_at_us = array("q"), array("b"), array("q")

    def add(self, row: Prepared, values: tuple[Value, ...], events: Sequence[Happened], label: Label | None) -> None:
        """One more row, no earlier than the last one; `events` are those that velocities count."""
        payment, authorized = row.payment, None
        for status, at in events:
            authorized = _OUTCOMES.get(status, authorized)
            self.event_rows.append(self.rows)
            self.event_statuses.append(STATUSES.index(status))
            self.event_at_us.append((at - EPOCH) // MICROSECOND)
        facts = (
            f"{self._name}-{row.index + 1}",
            payment.transaction_id,
            payment.merchant_id,
            payment.test_mode,
            payment.at,
            payment.stage.value,
            None,
            authorized,
            self._name,
        )
        self._payments.add((*facts, *values))
        if label is not None:
            self._labels.add(_label(label))
        self.rows += 1

    def payments(self) -> pa.Table:
        """Facts and features; texts as numbers for the different ones."""
        return self._payments.table()

    def labels(self) -> pa.Table:
        """The labels, in the order of their payments."""
        return self._labels.table()


class _Batches:
    """Rows that become columns a few thousand at a time."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._waiting: list[tuple[Any, ...]] = []
        self._done: list[pa.RecordBatch] = []

    def add(self, row: tuple[Any, ...]) -> None:
        self._waiting.append(row)
        if len(self._waiting) >= BATCH_ROWS:
            self._turn()

    def table(self) -> pa.Table:
        self._turn()
        return pa.Table.from_batches(self._done, self._schema).unify_dictionaries()

    def _turn(self) -> None:
        if not self._waiting:
            return
        columns = zip(*self._waiting, strict=True)
        arrays = [pa.array(values, field.type) for field, values in zip(self._schema, columns, strict=True)]
        self._done.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self._waiting.clear()


def _label(label: Label) -> tuple[Any, ...]:
    return (
        label.merchant_id,
        label.test_mode,
        label.transaction_id,
        label.kind.value,
        label.is_fraud,
        label.occurred_at,
        label.received_at,
        label.source,
    )
