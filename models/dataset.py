"""Recorded decisions as a table: what was known about each payment when it was decided (law 5)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
import pandas as pd

from engine.decision import RecordedDecision, recorded_decision
from engine.features import Catalog, FeatureType, Value
from engine.ledger import DecisionRecord, Labels, Ledger, VersionKind
from models.labels import standing

FACTS: Final = (
    "id",
    "at",
    "merchant_id",
    "test_mode",
    "transaction_id",
    "stage",
    "action",
    "probability",
    "risk_level",
    "reasons",
)
"""The columns that come before the features; a feature of the same name (`stage`) is the same value."""

_EVER: Final = timedelta(days=36_500)
_DTYPES: Final[Mapping[FeatureType, str]] = {
    FeatureType.BOOLEAN: "boolean",
    FeatureType.INTEGER: "Int64",
    FeatureType.NUMBER: "Float64",
    FeatureType.MONEY: "Float64",
    FeatureType.STRING: "string",
    FeatureType.COUNTRY: "string",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """What each position of a recorded decision means, by the catalogue of its day."""

    positions: Mapping[str, int]
    types: Mapping[str, FeatureType]

    def value(self, values: tuple[Value, ...], name: str) -> Value:
        """A feature's value, money in main units; unknown where the catalogue of the day had none of the name."""
        position = self.positions.get(name)
        value = None if position is None else values[position]
        if value is not None and self.types[name] is FeatureType.MONEY:
            assert isinstance(value, int), "money is held in hundredths"
            return value / 100
        return value


def decisions_frame(ledger: Ledger, catalog: Catalog | None = None) -> pd.DataFrame:
    """One row a decision, in the order of observe: the columns of FACTS, then one a feature as it was recorded.

    Unknown is NA (law 6), money is in main units, `at` is UTC, `reasons` is a tuple of `source:code`. The features are
    those of `catalog`, or else of every catalogue that the decisions were recorded under; one that a decision's own
    catalogue lacks is unknown there. Reads all of the ledger into memory. Raises LedgerUnavailable.
    """
    layouts: dict[str, _Layout] = {}
    facts: list[tuple[object, ...]] = []
    rows: list[tuple[_Layout, tuple[Value, ...]]] = []
    for record in ledger.recent(_EVER):
        decision = recorded_decision(record.decision)
        if decision.versions_id not in layouts:
            layouts[decision.versions_id] = _layout(ledger, decision.versions_id)
        facts.append(_facts(record, decision))
        rows.append((layouts[decision.versions_id], decision.values))  # noqa: PD011 - no frame
    columns = _fact_columns(facts)
    for name, dtype in _feature_types(layouts.values(), catalog).items():
        if name not in columns:
            columns[name] = pd.Series([layout.value(values, name) for layout, values in rows], dtype=dtype)
    return pd.DataFrame(columns)


def labelled(frame: pd.DataFrame, labels: Labels, as_of: datetime) -> pd.DataFrame:
    """The frame with what was known at `as_of`: `is_fraud` (NA where no label was), `label_kind`, `label_known_at`.

    All stages of a payment get the same label; `models.labels` says which one of several. Raises LedgerUnavailable.
    """
    known = standing(labels, as_of)
    keys = zip(frame["merchant_id"], frame["test_mode"], frame["transaction_id"], strict=True)
    found = [known.get(key) for key in keys]
    return frame.assign(
        is_fraud=_like(frame, [None if label is None else label.is_fraud for label in found], "boolean"),
        label_kind=_like(frame, [None if label is None else label.kind.value for label in found], "string"),
        label_known_at=_like(
            frame, [None if label is None else label.received_at for label in found], "datetime64[us, UTC]"
        ),
    )


def _like(frame: pd.DataFrame, values: Sequence[Any], dtype: str) -> "pd.Series[Any]":
    return pd.Series(values, index=frame.index, dtype=dtype)


def _layout(ledger: Ledger, versions_id: str) -> _Layout:
    versions = ledger.version(VersionKind.SNAPSHOT, versions_id)
    assert versions is not None, f"the ledger keeps the versions {versions_id} of every decision it holds"
    content = ledger.version(VersionKind.CATALOG, orjson.loads(versions)["catalog"])
    assert content is not None, "the ledger keeps the catalogue of every decision it holds"
    features = orjson.loads(content)
    return _Layout(
        positions={feature["name"]: position for position, feature in enumerate(features)},
        types={feature["name"]: FeatureType(feature["type"]) for feature in features},
    )


def _feature_types(layouts: Iterable[_Layout], catalog: Catalog | None) -> dict[str, str]:
    """Each feature's dtype; one that was recorded under two types keeps its values as they are."""
    if catalog is not None:
        return {feature.name: _DTYPES[feature.type] for feature in catalog}
    dtypes: dict[str, str] = {}
    for layout in layouts:
        for name, type_ in layout.types.items():
            dtype = _DTYPES[type_]
            dtypes[name] = dtype if dtypes.get(name, dtype) == dtype else "object"
    return dtypes


def _facts(record: DecisionRecord, decision: RecordedDecision) -> tuple[object, ...]:
    key = record.key
    return (
        record.id,
        record.at,
        key.merchant_id,
        key.test_mode,
        key.transaction_id,
        key.stage.value,
        decision.action.value,
        decision.probability,
        decision.risk_level,
        decision.reasons,
    )


def _fact_columns(facts: list[tuple[object, ...]]) -> dict[str, "pd.Series[Any]"]:
    dtypes = {"at": "datetime64[us, UTC]", "test_mode": "bool", "probability": "Float64", "reasons": "object"}
    columns = zip(*facts, strict=True) if facts else ((),) * len(FACTS)
    return {
        name: pd.Series(list(column), dtype=dtypes.get(name, "string"))
        for name, column in zip(FACTS, columns, strict=True)
    }
