"""Frames and labels put together plainly, for tests of backtests."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from engine.catalog import CATALOG
from engine.decision import Action, Decision
from engine.ledger import Label
from engine.payment import Payment
from engine.recorded_frame import ACTIONS, RecordedFrame, Wanted
from engine.rules.columns import Ints, Truth
from engine.test_values import forced
from tests.engine.rules.rule_columns import columns_of

EARLY, LATE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ListIds:
    texts: Sequence[str]

    def at(self, rows: Sequence[int]) -> list[str]:
        return [self.texts[row] for row in rows]

    def places_in(self, texts: Sequence[str]) -> Ints:
        places = {text: place for place, text in enumerate(texts)}
        return np.array([places.get(text, -1) for text in self.texts], dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    payment: Payment
    decision: Decision
    is_declined: bool = False


def frame_of(decided: Sequence[Decided], *, test_mode: bool = False) -> RecordedFrame:
    """A row each, in this order; ids are `dec-0`, `dec-1`, ..."""
    payments = [each.payment for each in decided]
    merchants = tuple(dict.fromkeys(payment.merchant_id for payment in payments))
    numbers: dict[tuple[str, str], int] = {}
    said = [payment.card.was_3d_secure_successful for payment in payments]
    catalog = decided[0].decision.features.catalog if decided else CATALOG
    return RecordedFrame(
        wanted=Wanted(merchant_id=None, test_mode=test_mode, start=EARLY, end=LATE, features=tuple(catalog)),
        columns=columns_of(
            catalog, [each.decision.features for each in decided], [payment.custom for payment in payments]
        ),
        ids=ListIds([f"dec-{place}" for place in range(len(decided))]),
        transaction_ids=ListIds([payment.transaction_id for payment in payments]),
        payment=np.array(
            [numbers.setdefault((each.merchant_id, each.transaction_id), len(numbers)) for each in payments],
            dtype=np.int64,
        ),
        merchants=merchants,
        merchant=np.array([merchants.index(payment.merchant_id) for payment in payments], dtype=np.int64),
        at_us=np.array([payment.at_us for payment in payments], dtype=np.int64),
        action=np.array([ACTIONS.index(Action(each.decision.action)) for each in decided], dtype=np.int8),
        three_ds_succeeded=Truth(
            np.array([value is True for value in said], dtype=np.bool_),
            np.array([value is False for value in said], dtype=np.bool_),
        ),
        is_declined=np.array([each.is_declined for each in decided], dtype=np.bool_),
        is_forced=np.array([forced(payment) is not None for payment in payments], dtype=np.bool_),
    )


@dataclass(frozen=True, slots=True)
class ListLabels:
    """The labels port."""

    labels: list[Label] = field(default_factory=list)

    def record_labels(self, labels: Sequence[Label]) -> int:
        self.labels.extend(labels)
        return len(labels)

    async def append_labels(self, labels: Sequence[Label]) -> int:
        return self.record_labels(labels)

    async def labels_of(
        self, merchants: Collection[str] | None, instant: datetime, *, test_mode: bool, after: str | None, limit: int
    ) -> Sequence[tuple[str, Label]]:
        asked = (merchants, instant, test_mode, after, limit)
        raise AssertionError(f"a backtest reads labels as of an instant alone, and not {asked}")

    def labels_as_of(self, instant: datetime) -> Iterator[Label]:
        return iter(
            sorted(
                (label for label in self.labels if label.received_at <= instant), key=lambda label: label.received_at
            )
        )
