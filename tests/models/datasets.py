"""Data sets put together plainly, for tests of what learns from them and judges by them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from engine.catalog import CATALOG
from engine.features import Catalog, Features
from engine.ledger import Label, LabelKind
from engine.recorded_frame import ACTIONS, RecordedFrame, Wanted
from engine.rules.columns import Truth
from models.dataset import Asked, Dataset, build
from models.history import History
from tests.engine.rules.rule_columns import columns_of
from tests.models.backtest.frames import ListIds, ListLabels

START = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A decision as it was recorded; `day` counts from START."""

    id: str
    day: float = 0.0
    merchant_id: str = "shop-a"
    action: str = "allow"
    authorized: bool | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    """Of features by name; others are unknown."""

    @property
    def at(self) -> datetime:
        return START + self.day * DAY

    def label(
        self,
        known_day: float,
        kind: LabelKind = LabelKind.CHARGEBACK,
        *,
        is_fraud: bool = True,
        test_mode: bool = False,
    ) -> Label:
        """What became known of it."""
        return Label(
            merchant_id=self.merchant_id,
            test_mode=test_mode,
            transaction_id=self.id,
            kind=kind,
            is_fraud=is_fraud,
            occurred_at=self.at,
            received_at=START + known_day * DAY,
            source="test",
        )


@dataclass(frozen=True, slots=True)
class RowFrames:
    """The port over rows, which come in the order of receipt; two of one id and merchant are stages of one payment."""

    rows: Sequence[Row]

    def read(self, wanted: Wanted, progress: Callable[[float], None] = lambda _: None) -> RecordedFrame:
        rows = [row for row in self.rows if wanted.start <= row.at < wanted.end]
        if wanted.merchant_id is not None:
            rows = [row for row in rows if row.merchant_id == wanted.merchant_id]
        catalog = Catalog({feature.name: feature for feature in wanted.features}.values())
        features = [Features(catalog, tuple(row.values.get(each.name) for each in catalog)) for row in rows]
        merchants = tuple(dict.fromkeys(row.merchant_id for row in rows))
        numbers: dict[tuple[str, str], int] = {}
        progress(1.0)
        return RecordedFrame(
            wanted=wanted,
            columns=columns_of(catalog, features),
            ids=ListIds([f"dec-{row.id}" for row in rows]),
            transaction_ids=ListIds([row.id for row in rows]),
            payment=np.array(
                [numbers.setdefault((row.merchant_id, row.id), len(numbers)) for row in rows], dtype=np.int64
            ),
            merchants=merchants,
            merchant=np.array([merchants.index(row.merchant_id) for row in rows], dtype=np.int64),
            at_us=np.array([round(row.at.timestamp() * 1e6) for row in rows], dtype=np.int64),
            action=np.array([[each.value for each in ACTIONS].index(row.action) for row in rows], dtype=np.int8),
            three_ds_succeeded=Truth.unknown(len(rows)),
            is_declined=np.array([row.authorized is False for row in rows], dtype=np.bool_),
            authorized=Truth(
                np.array([row.authorized is True for row in rows], dtype=np.bool_),
                np.array([row.authorized is False for row in rows], dtype=np.bool_),
            ),
            is_forced=np.zeros(len(rows), dtype=np.bool_),
        )


def asked(*, until_day: float = 365.0, as_of_day: float | None = None, **given: Any) -> Asked:
    """From START until a day, labels as of then unless it is said."""
    as_of = START + (until_day if as_of_day is None else as_of_day) * DAY
    return replace(Asked(start=START, end=START + until_day * DAY, as_of=as_of), **given)


def dataset_of(
    rows: Sequence[Row],
    labels: Sequence[Label] = (),
    *,
    histories: Sequence[History] = (),
    catalog: Catalog = CATALOG,
    **given: Any,
) -> Dataset:
    """The data set of these rows, and what became known of them; `given` is for `asked`."""
    return build(RowFrames(rows), ListLabels(list(labels)), asked(catalog=catalog, **given), histories=histories)
