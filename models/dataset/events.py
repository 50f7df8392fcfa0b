"""What was said of payments, in columns: read from labels, and reduced to the one that stands for each row."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.ledger import Label, LabelKind
from models.dataset.table import TIME, Ints, Mask, microseconds_of
from models.labels import rank_of

KINDS: Final = tuple(LabelKind)
NAMED: Final = pa.schema(
    [
        pa.field("merchant_id", pa.string()),
        pa.field("transaction_id", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("is_fraud", pa.bool_()),
        pa.field("received_at", TIME),
    ]
)
"""What was said, by what the payment is called."""
EVENTS: Final = pa.schema(
    [
        pa.field("row", pa.int64()),
        pa.field("kind", pa.string()),
        pa.field("is_fraud", pa.bool_()),
        pa.field("received_at", TIME),
    ]
)
"""What was said, by the row of the payment; in the order in which it became known."""


def named_of(labels: Iterable[Label], *, test_mode: bool) -> pa.Table:
    """Labels of one mode as a table of NAMED."""
    rows = [
        (label.merchant_id, label.transaction_id, label.kind.value, label.is_fraud, label.received_at)
        for label in labels
        if label.test_mode is test_mode
    ]
    columns = zip(*rows, strict=True) if rows else ((),) * len(NAMED)
    return pa.table([pa.array(each, field.type) for each, field in zip(columns, NAMED, strict=True)], schema=NAMED)


class Names(NamedTuple):
    """Rows by what their payments are called."""

    merchant_ids: pa.ChunkedArray
    transaction_ids: pa.ChunkedArray

    def places_in(self, ids: pa.Array, merchants: pa.Array) -> Ints:
        """One number for each merchant and transaction id, both places in these; -1 where one is none of them."""
        id_ = _places(self.transaction_ids, ids)
        merchant = _places(self.merchant_ids, merchants)
        return np.where((id_ >= 0) & (merchant >= 0), id_ * max(len(merchants), 1) + merchant, -1)


def rows_of(named: Names, rows: Names) -> Ints:
    """For each name the row that has it, -1 where none has; no two rows have the same."""
    ids, merchants = (_plain(column.unique()) for column in (named.transaction_ids, named.merchant_ids))
    own, asked = rows.places_in(ids, merchants), named.places_in(ids, merchants)
    held = np.flatnonzero(own >= 0)
    held = held[np.argsort(own[held])]
    if not len(held):
        return np.full(len(asked), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(own[held], asked), len(held) - 1)
    return np.where((asked >= 0) & (own[held][at] == asked), held[at], -1)


def events_of(named: pa.Table, names: Names) -> pa.Table:
    """What was said of these rows, as a table of EVENTS."""
    rows = rows_of(Names(named["merchant_id"], named["transaction_id"]), names)
    order = np.argsort(microseconds_of(named["received_at"]), kind="stable")
    order = order[rows[order] >= 0]
    said = named.select(EVENTS.names[1:]).take(pa.array(order))
    return said.add_column(0, EVENTS.field("row"), pa.array(rows[order])).cast(EVENTS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """For each of n rows the label that stands; `models.labels.strongest` in columns."""

    has: Mask
    is_fraud: Mask
    kind: npt.NDArray[np.int8]
    """The place in KINDS."""
    known_us: Ints
    """When it became known."""
    first_fraud_us: Ints
    """When a label first said fraud, where the standing one says so."""
    is_contradictory: Mask
    """Other labels say otherwise."""


def standing_of(events: pa.Table, rows: int) -> Standing:
    """The label that stands for each row, by a table of EVENTS."""
    row, received_us = events["row"].to_numpy(), microseconds_of(events["received_at"])
    fraud = events["is_fraud"].to_numpy()
    kind = _places(events["kind"], pa.array([each.value for each in KINDS]))
    rank = np.array([rank_of(each) for each in KINDS])[kind]
    # The last of a row stands: the newest of the strongest.
    order = np.lexsort((np.arange(len(row)), rank, row))
    last = order[np.append(row[order][1:] != row[order][:-1], True)[: len(order)]]
    has, is_fraud, said_fraud, said_none = (np.zeros(rows, dtype=np.bool_) for _ in range(4))
    kinds, known_us = np.zeros(rows, dtype=np.int8), np.zeros(rows, dtype=np.int64)
    has[row[last]] = True
    is_fraud[row[last]], kinds[row[last]], known_us[row[last]] = fraud[last], kind[last], received_us[last]
    said_fraud[row[fraud]], said_none[row[~fraud]] = True, True
    first_us = np.zeros(rows, dtype=np.int64)
    # Backwards, so that the first is written last.
    first_us[row[fraud][::-1]] = received_us[fraud][::-1]
    return Standing(
        has=has,
        is_fraud=is_fraud,
        kind=kinds,
        known_us=known_us,
        first_fraud_us=np.where(is_fraud, first_us, 0),
        is_contradictory=said_fraud & said_none,
    )


def _places(column: pa.ChunkedArray, texts: pa.Array) -> Ints:
    if pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    found: Ints = pc.fill_null(pc.index_in(column, value_set=texts), -1).to_numpy().astype(np.int64)
    return found


def _plain(texts: pa.Array) -> pa.Array:
    return texts.cast(pa.string()) if pa.types.is_dictionary(texts.type) else texts
