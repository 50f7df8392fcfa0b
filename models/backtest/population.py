"""The payments of a frame, and what is known of each today: labels, maturity, money. One item a payment, not a row."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.decision import Action
from engine.ledger import Labels
from engine.payment import EPOCH, MICROSECOND
from engine.recorded_frame import ACTIONS, RecordedFrame
from engine.rules.columns import Ints, Mask
from models.backtest.figures import Group, Sum
from models.backtest.intervals import Drawn, count_bounds
from models.backtest.reading import ENTITY
from models.labels import standing
from models.maturity import MATURE_SHARE, Curve

TELLING_SHARE: Final = 0.1
"""So much of the labels must have come, on average, before their number says how many there will be."""

_BLOCK: Final = ACTIONS.index(Action.BLOCK)
_DAY_US: Final = 86_400 * 1_000_000

Places = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Payments:
    """What is known of each payment at an instant."""

    frame: RecordedFrame
    row: Ints
    """The first row of each payment."""
    is_fraud: Mask
    is_cleared: Mask
    """A label says that it is none."""
    known: npt.NDArray[np.float64]
    """Of the fraud labels that ever come, the share that has come at a payment's age."""

    @classmethod
    def of(cls, frame: RecordedFrame, labels: Labels, as_of: datetime, curve: Curve) -> "Payments":
        """As labels were known at `as_of`. Raises LedgerUnavailable."""
        row = np.arange(len(frame.payment), dtype=np.int64)
        if not np.array_equal(frame.payment, row):
            # Payments with several stages.
            row = np.unique(frame.payment, return_index=True)[1]
        is_fraud, is_cleared = _labelled(frame, labels, as_of)
        age_us = (as_of - EPOCH) // MICROSECOND - frame.at_us[row]
        return cls(frame, row, is_fraud[row], is_cleared[row], curve.share(age_us))

    def __len__(self) -> int:
        """How many payments there are."""
        return len(self.row)

    @cached_property
    def _is_a_row_each(self) -> bool:
        """Whether no payment has a second stage: then what holds of rows holds of payments."""
        return np.array_equal(self.frame.payment, self.row)

    def _of_first(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Of each payment what its first row has."""
        return rows if self._is_a_row_each else rows[self.row]

    def any_of(self, rows: Mask) -> Mask:
        """The payments of which some row is among these."""
        if self._is_a_row_each:
            return rows
        found = np.zeros(len(self), dtype=np.bool_)
        found[self.frame.payment[rows]] = True
        return found

    def strictest(self, action: Places) -> Places:
        """The strictest action of each payment's stages."""
        if self._is_a_row_each:
            return action
        found = np.zeros(len(self), dtype=np.int8)
        for place in range(1, len(ACTIONS)):
            found[self.frame.payment[action == place]] = place
        return found

    @cached_property
    def recorded(self) -> Places:
        """The strictest recorded action."""
        return self.strictest(self.frame.action.astype(np.int8))

    @cached_property
    def passed(self) -> Mask:
        """Those that went through: a fraud among them comes to be known."""
        found: Mask = (self.recorded != _BLOCK) & ~self._of_first(self.frame.is_declined)
        return found

    @cached_property
    def is_matured(self) -> Mask:
        """Those old enough for nearly all labels to have come."""
        found: Mask = self.known >= MATURE_SHARE
        return found

    @cached_property
    def is_good(self) -> Mask:
        """Those that no label calls fraud, of which one could, or that a label clears."""
        return ~self.is_fraud & (self.passed | self.is_cleared)

    @cached_property
    def usd_cents(self) -> Ints:
        """The amounts; 0 where one is unknown."""
        amounts = self.frame.columns.numbers("amount_in_usd")
        return self._of_first(np.where(amounts.known, amounts.values, 0))

    @cached_property
    def has_amount(self) -> Mask:
        """Where the amount in USD is known."""
        return self._of_first(self.frame.columns.numbers("amount_in_usd").known)

    @cached_property
    def drawn(self) -> Drawn:
        """Intervals by card; a payment without one stands for itself."""
        codes = self._of_first(self.frame.columns.told(ENTITY).codes).astype(np.int64)
        return Drawn.by(np.where(codes >= 0, codes, len(codes) + np.arange(len(codes))))

    def days(self, as_of: datetime) -> float:
        """How many days were looked at: the period, from the first payment on and not beyond what is known; >= 1."""
        if not len(self):
            return 1.0
        end = min(self.frame.wanted.end, as_of)
        start_us = max(_us(self.frame.wanted.start), int(self.frame.at_us.min()))
        return max(1.0, (_us(end) - start_us) / _DAY_US)

    def expected(self, passed: Mask) -> tuple[float | None, float | None, float | None]:
        """How many frauds there will be among payments that passed when all labels have come, and between what.

        What is known, divided by the share of labels that would have come by now, at one rate for all ages. None where
        less than TELLING_SHARE of the labels would have: few days say nothing of what four months will bring.
        """
        exposed, count = float(self.known[passed].sum()), number(passed)
        if exposed <= 0 or exposed < TELLING_SHARE * count:
            return None, None, None
        known = number(passed & self.is_fraud)
        low, high = count_bounds(known)
        # No fewer than are known, and no more than there are payments.
        found = [min(float(count), max(float(known), each * count / exposed)) for each in (known, low, high)]
        return found[0], found[1], found[2]

    def sum(self, some: Mask) -> Sum:
        """How many, and their amounts."""
        places = np.flatnonzero(some)
        return Sum(payments=len(places), usd_cents=int(self.usd_cents[places].sum()))

    def group(self, some: Mask) -> Group:
        """The parts of some payments."""
        fraud, good = some & self.is_fraud, some & self.is_good
        silent = some & ~self.is_fraud & ~self.is_good
        is_known = self.is_matured | self.is_cleared
        blocked = self.recorded == _BLOCK
        return Group(
            all=self.sum(some),
            fraud_matured=self.sum(fraud & self.is_matured),
            fraud_not_matured=self.sum(fraud & ~self.is_matured),
            good_matured=self.sum(good & is_known),
            good_not_matured=self.sum(good & ~is_known),
            blocked_unlabelled=self.sum(silent & blocked),
            declined_unlabelled=self.sum(silent & ~blocked),
            amount_unknown=number(some & ~self.has_amount),
        )


def number(some: Mask) -> int:
    """How many there are: counting bits takes a twentieth of the time of adding them up."""
    return int(np.count_nonzero(some))


def _us(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def _labelled(frame: RecordedFrame, labels: Labels, as_of: datetime) -> tuple[Mask, Mask]:
    """The rows of payments that a label calls fraud, and those that one clears."""
    merchants = {name: place for place, name in enumerate(frame.merchants)}
    said: dict[tuple[int, str], bool] = {
        (merchants[merchant_id], transaction_id): label.is_fraud
        for (merchant_id, test_mode, transaction_id), label in standing(labels, as_of).items()
        if test_mode is frame.wanted.test_mode and merchant_id in merchants
    }
    fraud, cleared = (np.zeros(frame.columns.rows, dtype=np.bool_) for _ in range(2))
    ids = sorted({transaction_id for _, transaction_id in said})
    places: Any = frame.transaction_ids.places_in(ids)
    for row in np.flatnonzero(places >= 0).tolist():
        label = said.get((int(frame.merchant[row]), ids[places[row]]))
        if label is not None:
            (fraud if label else cleared)[row] = True
    return fraud, cleared
