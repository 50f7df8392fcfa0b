"""Rows of the ledger as Arrow tables: a column for each field, and `feature_<name>` for each feature as recorded."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Final

import orjson
import pyarrow as pa

from engine.decision import RecordedDecision, recorded_decision
from engine.features import FeatureType, Value
from engine.ledger import DecisionRecord, VersionKind
from engine.outcome import Outcome

FEATURE: Final = "feature_"
"""Before a feature's name: a merchant's own fields share no name with the record's."""

Versions = Callable[[VersionKind, str], bytes | None]

_TIME: Final = pa.timestamp("us", tz="UTC")
_WIDE: Final = pa.decimal128(38)
_TYPES: Final = {
    FeatureType.BOOLEAN: pa.bool_(),
    FeatureType.INTEGER: pa.int64(),
    FeatureType.MONEY: pa.int64(),
    FeatureType.NUMBER: pa.float64(),
    FeatureType.STRING: pa.string(),
    FeatureType.COUNTRY: pa.string(),
}
_DECISION: Final = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("merchant_id", pa.string(), nullable=False),
        pa.field("test_mode", pa.bool_(), nullable=False),
        pa.field("transaction_id", pa.string(), nullable=False),
        pa.field("stage", pa.string(), nullable=False),
        pa.field("at", _TIME, nullable=False),
        pa.field("sequence", pa.int64(), nullable=False),
        pa.field("counted_at", _TIME, nullable=False),
        pa.field("supersedes", pa.string()),
        pa.field("action", pa.string(), nullable=False),
        pa.field("probability", pa.float64()),
        pa.field("risk_level", pa.string(), nullable=False),
        pa.field("reasons", pa.list_(pa.string()), nullable=False),
        pa.field("versions", pa.string(), nullable=False),
        pa.field("payment", pa.binary(), nullable=False),
        pa.field("decision", pa.binary(), nullable=False),
    ]
)
_OUTCOME: Final = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("decision_id", pa.string(), nullable=False),
        pa.field("merchant_id", pa.string(), nullable=False),
        pa.field("test_mode", pa.bool_(), nullable=False),
        pa.field("transaction_id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("occurred_at", _TIME),
        pa.field("received_at", _TIME, nullable=False),
        pa.field("details", pa.binary(), nullable=False),
    ]
)


def decisions_table(rows: Sequence[tuple[int, DecisionRecord]], versions: Versions) -> pa.Table:
    """Decisions with the features they were made from, by position; a feature that one's catalogue lacks is null.

    `probability` and `action` are the recorded ones; `payment` and `decision` are canonical JSON. Raises
    LedgerUnavailable.
    """
    read = [(position, record, recorded_decision(record.decision)) for position, record in rows]
    catalogs: dict[str, tuple[pa.Field, ...]] = {}
    tables = []
    for versions_id, group in groupby(read, key=lambda each: each[2].versions_id):
        own = list(group)
        fields = catalogs.get(versions_id)
        if fields is None:
            fields = catalogs[versions_id] = feature_fields(versions_id, versions)
        columns = zip(*(_decision_row(*each) for each in own), strict=True)
        features = zip(*(each[2].values for each in own), strict=True)
        arrays = [pa.array(values, each.type) for each, values in zip(_DECISION, columns, strict=True)]
        table = pa.Table.from_arrays(arrays, schema=_DECISION)
        for each, values in zip(fields, features, strict=True):
            table = table.append_column(*feature_column(each, values))
        tables.append(table)
    return pa.concat_tables(tables, promote_options="permissive").combine_chunks()


def outcomes_table(rows: Sequence[tuple[int, Outcome]]) -> pa.Table:
    """Outcomes by position; `details` is canonical JSON."""
    columns = zip(
        *(
            (
                position,
                each.id,
                each.decision_id,
                each.merchant_id,
                each.test_mode,
                each.transaction_id,
                each.kind.value,
                each.occurred_at,
                each.received_at,
                each.details,
            )
            for position, each in rows
        ),
        strict=True,
    )
    arrays = [pa.array(values, each.type) for each, values in zip(_OUTCOME, columns, strict=True)]
    return pa.Table.from_arrays(arrays, schema=_OUTCOME)


def _decision_row(position: int, record: DecisionRecord, decision: RecordedDecision) -> tuple[object, ...]:
    key = record.key
    return (
        position,
        record.id,
        key.merchant_id,
        key.test_mode,
        key.transaction_id,
        key.stage.value,
        record.at,
        record.sequence,
        record.counted_at,
        record.supersedes,
        decision.action.value,
        decision.probability,
        decision.risk_level,
        decision.reasons,
        decision.versions_id,
        record.payment,
        record.decision,
    )


def feature_fields(versions_id: str, versions: Versions) -> tuple[pa.Field, ...]:
    """A column for each feature of the catalogue that decisions of these versions were made from."""
    said = versions(VersionKind.SNAPSHOT, versions_id)
    assert said is not None, f"the ledger keeps the versions {versions_id} of every decision it holds"
    catalog = versions(VersionKind.CATALOG, orjson.loads(said)["catalog"])
    assert catalog is not None, "the ledger keeps the catalogue of every decision it holds"
    return tuple(
        pa.field(FEATURE + feature["name"], _TYPES[FeatureType(feature["type"])]) for feature in orjson.loads(catalog)
    )


def feature_column(column: pa.Field, values: Sequence[Value]) -> tuple[pa.Field, pa.Array]:
    """A column and its values; where one is over 64 bits, wider."""
    try:
        return column, pa.array(values, column.type)
    except OverflowError:
        # A sum over 92 quadrillion dollars: nonsense, but neither an error nor a wrong number.
        return column.with_type(_WIDE), pa.array(values, _WIDE)
