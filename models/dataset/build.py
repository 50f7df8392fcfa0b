"""build(): what was recorded and imported, and what is known of it, as one data set."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from engine.features import Catalog
from engine.ledger import Labels
from engine.recorded_frame import Progress, RecordedFrames
from models.dataset.asked import Asked
from models.dataset.events import EVENTS, Names, events_of, named_of, rows_of
from models.dataset.fingerprint import fingerprint_of
from models.dataset.imported import imported_labels, imported_table
from models.dataset.labelling import labelled
from models.dataset.manifest import Counts, FeatureFact, HistoryFact, Manifest
from models.dataset.recorded import WIDE, recorded_table, wanted_for
from models.dataset.table import FACTS, FEATURE, LABELS, RECORDED, Dataset, Ints, microseconds, microseconds_of
from models.history import History
from models.maturity import DEFAULT, Curve

_READ, _MERGED, _LABELLED = 0.7, 0.8, 0.9
"""How much is done, of the time that it takes."""


def build(
    frames: RecordedFrames,
    labels: Labels,
    asked: Asked,
    *,
    histories: Sequence[History] = (),
    default: Curve = DEFAULT,
    progress: Progress = lambda _: None,
) -> Dataset:
    """The payments of a period as they were decided, and those of imported histories, with what is known of them.

    A payment is one row, in the order of receipt; one that is both recorded and imported is the recorded one, one of
    two histories that of the newer. Features are those that were recorded (law 5); velocities that were not kept then
    are counted anew (law 2). Labels and outcomes are those known at `asked.as_of`, and maturity is estimated from them,
    with `default` where they say too little. `progress` is told how much is done, from 0 to 1; what it raises passes
    through. Raises LedgerUnavailable, StoreInvalid and HistoryInvalid. No payment at all is no error here.
    """
    frame = frames.read(wanted_for(asked), lambda done: progress(done * _READ))
    recorded = recorded_table(frame, asked)
    backfilled = frame.backfilled
    # What was read is as large as what is made of it.
    del frame
    progress(_READ)
    table, facts, duplicates = _merged(recorded, histories, asked)
    del recorded
    progress(_MERGED)
    said = [named_of(labels.labels_as_of(asked.as_of), test_mode=asked.test_mode)]
    said += [imported_labels(each, asked) for each in histories]
    events = events_of(pa.concat_tables(said), _names(table))
    progress(_LABELLED)
    held = _Held(table=table, events=events, backfilled=backfilled, histories=facts, duplicates=duplicates)
    found = _dataset(held, asked, default)
    progress(1.0)
    return found


def as_known(dataset: Dataset, instant: datetime, *, default: Curve = DEFAULT) -> Dataset:
    """The payments received by an earlier instant, with the labels that were known then.

    What `build` would have given then, but that outcomes stay as they are known now. The instant is aware.
    """
    asked = replace(dataset.asked, as_of=min(instant, dataset.asked.as_of))
    until_us, manifest = microseconds(asked.as_of), dataset.manifest
    rows = np.flatnonzero(dataset.at_us <= until_us)
    number = np.full(len(dataset) + 1, -1, dtype=np.int64)
    number[rows] = np.arange(len(rows))
    row = number[dataset.events["row"].to_numpy()]
    seen = (row >= 0) & (microseconds_of(dataset.events["received_at"]) <= until_us)
    events = dataset.events.set_column(0, EVENTS.field("row"), pa.array(row)).filter(pa.array(seen))
    table = dataset.table.drop_columns(LABELS.names)
    held = _Held(
        table=table if len(rows) == len(dataset) else table.take(pa.array(rows)),
        events=events,
        backfilled=tuple(feature.name for feature in manifest.features if feature.is_backfilled),
        histories=manifest.histories,
        duplicates=manifest.counts.duplicates,
    )
    return _dataset(held, asked, default)


def of_rows(table: pa.Table, events: pa.Table, asked: Asked, *, default: Curve = DEFAULT) -> Dataset:
    """The data set of rows that are held already: FACTS and features in the order of receipt, and EVENTS of them.

    No event is later than `asked.as_of`.
    """
    return _dataset(_Held(table=table, events=events, backfilled=(), histories=(), duplicates=0), asked, default)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Held:
    """Rows without their labels, what was said of them, and where they come from."""

    table: pa.Table
    events: pa.Table
    backfilled: tuple[str, ...]
    histories: tuple[HistoryFact, ...]
    duplicates: int


def _dataset(held: _Held, asked: Asked, default: Curve) -> Dataset:
    made = labelled(held.table, held.events, as_of=asked.as_of, default=default)
    columns = dict(zip(held.table.column_names, held.table.columns, strict=True))
    facts = {name: columns.pop(name) for name in FACTS.names}
    table = pa.table(facts | made.columns | columns)
    imported = int((_sources(table) != RECORDED).sum())
    manifest = Manifest(
        as_of=asked.as_of,
        start=asked.start,
        end=asked.end,
        merchant_id=asked.merchant_id,
        test_mode=asked.test_mode,
        catalog=asked.catalog.fingerprint,
        features=_feature_facts(table, asked, held.backfilled),
        histories=held.histories,
        counts=Counts(
            rows=table.num_rows,
            recorded=table.num_rows - imported,
            imported=imported,
            duplicates=held.duplicates,
            **made.counts,
        ),
        maturity=made.maturity,
        fingerprint=fingerprint_of(table),
    )
    return Dataset(table=table, manifest=manifest, events=held.events, asked=asked)


def _feature_facts(table: pa.Table, asked: Asked, backfilled: Sequence[str]) -> tuple[FeatureFact, ...]:
    return tuple(
        FeatureFact(
            name=feature.name,
            type=feature.type,
            fingerprint=Catalog((feature,)).fingerprint,
            known=table.num_rows - table[FEATURE + feature.name].null_count,
            is_backfilled=feature.name in backfilled,
        )
        for feature in asked.features
    )


def _merged(
    recorded: pa.Table, histories: Sequence[History], asked: Asked
) -> tuple[pa.Table, tuple[HistoryFact, ...], int]:
    """All rows in the order of receipt, what there is of each history, and how many rows were left out as doubles."""
    table, facts, doubles = recorded, [], 0
    for history in sorted(histories, key=_age, reverse=True):
        more, lacking = imported_table(history, asked)
        is_held = rows_of(_names(more), _names(table)) >= 0
        more = more.filter(pa.array(~is_held))
        doubles += int(is_held.sum())
        table = _joined(table, more)
        facts.append(
            HistoryFact(
                name=history.name,
                payments_sha256=history.manifest["payments"]["sha256"],
                labels_sha256=history.manifest["labels"]["sha256"],
                rows=more.num_rows,
                lacking=lacking,
            )
        )
    return _ordered(table), tuple(facts), doubles


def _age(history: History) -> tuple[str, str]:
    return str(history.manifest.get("created_at", "")), history.name


def _joined(one: pa.Table, other: pa.Table) -> pa.Table:
    """Both, one behind the other; a sum of more than 64 bits in one makes its column wide in both."""
    for name in one.column_names:
        kinds = one[name].type, other[name].type
        if kinds[0] != kinds[1] and WIDE in kinds:
            one, other = (
                each.set_column(each.column_names.index(name), name, each[name].cast(WIDE)) for each in (one, other)
            )
    return pa.concat_tables([one, other.select(one.column_names)]).unify_dictionaries()


def _ordered(table: pa.Table) -> pa.Table:
    """By time of receipt; what has the same one stays as it is."""
    at_us: Ints = microseconds_of(table["at"])
    if (at_us[1:] >= at_us[:-1]).all():
        return table
    return table.take(pa.array(np.argsort(at_us, kind="stable")))


def _names(table: pa.Table) -> Names:
    return Names(table["merchant_id"], table["transaction_id"])


def _sources(table: pa.Table) -> Any:  # noqa: ANN401 - texts
    return np.array(table["source"].cast(pa.string()).to_pylist(), dtype=object)
