"""What outcomes say of the payments of a frame: whether the issuer authorized them or declined."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from engine.outcome import OutcomeKind
from engine.rules.columns import Ints, Mask, Truth
from engine.stores.frame_columns import encoded, places_in
from engine.stores.sql.tables import microseconds

_TEXT: Final = pa.dictionary(pa.int32(), pa.string())
_PLAIN: Final = pa.schema(
    [
        pa.field("merchant_id", pa.string()),
        pa.field("test_mode", pa.bool_()),
        pa.field("transaction_id", pa.string()),
        pa.field("kind", pa.string()),
    ]
)
_WITH_TIMES: Final = _PLAIN.append(pa.field("received_at", pa.int64()))


class Payments(NamedTuple):
    """Rows by what names their payments: a text each, and a merchant's place in `merchants`."""

    transaction_ids: pa.ChunkedArray
    merchant: Any
    merchants: Sequence[str]
    test_mode: bool


def outcome_schema(*, with_times: bool) -> pa.Schema:
    """The columns of outcomes that are read, times in microseconds since the epoch."""
    return _WITH_TIMES if with_times else _PLAIN


def authorized_of(outcomes: Iterable[pa.Table], payments: Payments, *, until: datetime | None) -> Truth:
    """False for the rows of payments that came to be declined and not to be authorized; true for the authorized.

    With `until`, by what was received until then; without it the authorized are told only where they were declined as
    well, which is all that it takes to know the declined.
    """
    tables = [_typed(table, outcome_schema(with_times=until is not None)) for table in outcomes if table.num_rows]
    rows = len(payments.merchant)
    if not tables:
        return Truth.unknown(rows)
    whole = pa.concat_tables(tables)
    codes, kinds = encoded(whole["kind"])
    some = _of_kinds(codes, kinds, OutcomeKind.DECLINED, *([OutcomeKind.AUTHORIZED] if until is not None else []))
    keep = whole["test_mode"].to_numpy() == payments.test_mode
    if until is not None:
        keep &= whole["received_at"].to_numpy() <= microseconds(until)
    ids = whole["transaction_id"].filter(pa.array(keep & some)).unique()
    named = _named(whole["transaction_id"], _merchants(whole, payments.merchants), ids, len(payments.merchants))
    own = _named(payments.transaction_ids, payments.merchant, ids, len(payments.merchants))
    is_told = keep & (named >= 0)
    declined, authorized = (
        _among(own, named[is_told & _of_kinds(codes, kinds, kind)])
        for kind in (OutcomeKind.DECLINED, OutcomeKind.AUTHORIZED)
    )
    return Truth(authorized, declined & ~authorized)


def _typed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The columns of the schema, texts as dictionaries but for the ids."""
    kinds = {"merchant_id": _TEXT, "kind": _TEXT}
    columns = []
    for field in schema:
        kind, column = kinds.get(field.name, field.type), table[field.name]
        if column.type != kind:
            column = column.cast(pa.string()).dictionary_encode() if kind == _TEXT else column.cast(kind)
        columns.append(column)
    return pa.table(columns, names=schema.names)


def _of_kinds(codes: Any, kinds: Sequence[str], *wanted: OutcomeKind) -> Mask:  # noqa: ANN401 - codes
    table = np.array([*(kind in wanted for kind in kinds), False], dtype=np.bool_)
    found: Mask = table[codes]
    return found


def _merchants(whole: pa.Table, merchants: Sequence[str]) -> Ints:
    """The place of each outcome's merchant among these; -1 where it is none of them."""
    codes, told = encoded(whole["merchant_id"])
    places = {name: place for place, name in enumerate(merchants)}
    return np.array([*(places.get(name, -1) for name in told), -1], dtype=np.int64)[codes]


def _named(transaction_ids: pa.ChunkedArray, merchant: Any, ids: pa.Array, merchants: int) -> Ints:  # noqa: ANN401
    """One number for each payment's merchant and id; -1 where one of them is none of these."""
    places = places_in(transaction_ids, ids)
    return np.where((places >= 0) & (merchant >= 0), places * max(merchants, 1) + merchant, -1)


def _among(own: Ints, named: Ints) -> Mask:
    """Which of them are named."""
    found: Mask = np.zeros(len(own), dtype=np.bool_)
    rows = np.flatnonzero(own >= 0)
    found[rows] = np.isin(own[rows], named)
    return found
