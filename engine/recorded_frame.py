"""Recorded decisions in columns: what was known of each payment when it was decided, and what became of it.

Backtests, statistics and training read this; a store makes it of segments and the ledger's tail.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from engine.decision import Action
from engine.features import Feature
from engine.rules.columns import Codes, Columns, Ints, Mask, Truth
from engine.velocity import Velocity

ACTIONS: Final = (Action.ALLOW, Action.CHALLENGE, Action.REVIEW, Action.BLOCK)
"""In `RecordedFrame.action` the place here; the later, the stricter."""

Progress = Callable[[float], None]
"""Told how much is done, from 0 to 1. What it raises ends the work: so a job is cancelled."""


class Ids(Protocol):
    """Texts by row that are not held as such: there are as many different ones as rows."""

    def at(self, rows: Sequence[int]) -> list[str]:
        """Those of some rows."""

    def places_in(self, texts: Sequence[str]) -> Ints:
        """For each row the place of its text among these, which differ; -1 where it is none of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which decisions are read, and what of them. Times are UTC.

    `merchant_id` None reads all merchants'. `features` are read by name, in the type they have here: one that was
    recorded in another type, or that a decision's own catalogue lacks, is unknown there. `custom` are the names of
    custom fields, as requests send them.
    """

    merchant_id: str | None
    test_mode: bool
    start: datetime
    end: datetime
    """The first moment left out."""
    features: Collection[Feature]
    custom: Collection[str] = ()
    velocities: Sequence[Velocity] = ()
    """Those among the features that may not have been kept: counted from what was recorded where a decision's own
    catalogue lacks them."""
    outcomes_until: datetime | None = None
    """Where it is given, `RecordedFrame.authorized` is read, and outcomes received later are not seen."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecordedFrame:
    """One row a decision, a payment's stages beside one another, in the order of receipt.

    A payment that another one replaced is left out. All arrays have `columns.rows` items.
    """

    wanted: Wanted
    columns: Columns
    ids: Ids
    """The decisions' ids."""
    transaction_ids: Ids
    payment: Ints
    """A number for each payment, from 0 on: its stages share it."""
    merchants: tuple[str, ...]
    merchant: Codes
    """The place in `merchants`."""
    at_us: Ints
    """When it was received, in microseconds since the epoch."""
    action: Codes
    """The recorded action: the place in ACTIONS."""
    three_ds_succeeded: Truth
    """What the request said of an earlier 3-D Secure beside its status (`was_3d_secure_successful`)."""
    is_declined: Mask
    """An outcome of the payment says that the bank declined it, and none that it was authorized."""
    authorized: Truth | None = None
    """What outcomes say of the payment: false where it is declined, true where it is authorized (as well); else
    unknown. None where it was not asked for."""
    backfilled: tuple[str, ...] = ()
    """The velocities that were counted for it."""
    is_forced: Mask
    """A test value stood in for the score or for the action; rules and lists had no say."""

    def these(self, rows: Ints) -> "RecordedFrame":
        """Some rows, with the numbers of their payments as they were."""
        return replace(
            self,
            columns=self.columns.these(rows),
            ids=_Some(self.ids, rows),
            transaction_ids=_Some(self.transaction_ids, rows),
            payment=self.payment[rows],
            merchant=self.merchant[rows],
            at_us=self.at_us[rows],
            action=self.action[rows],
            three_ds_succeeded=Truth(self.three_ds_succeeded.true[rows], self.three_ds_succeeded.false[rows]),
            is_declined=self.is_declined[rows],
            authorized=None
            if self.authorized is None
            else Truth(self.authorized.true[rows], self.authorized.false[rows]),
            is_forced=self.is_forced[rows],
        )


@dataclass(frozen=True, slots=True)
class _Some:
    """The texts of some rows."""

    of: Ids
    rows: Ints

    def at(self, rows: Sequence[int]) -> list[str]:
        """Those of some rows of these."""
        return self.of.at(self.rows[list(rows)].tolist())

    def places_in(self, texts: Sequence[str]) -> Ints:
        """For each row the place of its text among these; -1 where it is none of them."""
        return self.of.places_in(texts)[self.rows]


class RecordedFrames(Protocol):
    """Where recorded decisions are read from in columns."""

    def read(self, wanted: Wanted, progress: Progress = ...) -> RecordedFrame:
        """The decisions received from `start` until before `end`.

        Raises LedgerUnavailable, and StoreInvalid where a segment is damaged or does not fit the ledger.
        """
