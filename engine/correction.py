"""Corrections: which payment another one may replace, as if it had never been (`event.supersedes`).

Only what never happened is replaced. An attempt that was blocked, or of which an outcome was reported, or on another
card, is counted whatever the caller says: whoever tests cards would else hide each attempt behind the next one.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from engine.decision import Action, recorded_decision
from engine.ledger import DecisionRecord, Ledger, Outcomes
from engine.payment import Payment
from engine.payment_record import payment_of


class NotReplaced(Enum):
    """Why the payment that is named is counted on."""

    UNKNOWN = auto()
    """It was never decided for this merchant and mode."""
    HAPPENED = auto()
    """It happened: it was blocked, or has an outcome, or was on another card, or corrects this payment itself.

    Or a third one has replaced it before.
    """


@dataclass(frozen=True, slots=True)
class Correction:
    """What a payment replaces: the other one's transaction id, or why not; neither where it names none."""

    superseded: str | None = None
    not_replaced: NotReplaced | None = None


_NONE: Final = Correction()


async def correction(payment: Payment, ledger: Ledger, outcomes: Outcomes) -> Correction:
    """What a payment replaces. Raises LedgerUnavailable."""
    named = payment.supersedes
    if named is None:
        return _NONE
    merchant_id, test_mode = payment.merchant_id, payment.test_mode
    records = await ledger.of_transaction(merchant_id, named, test_mode=test_mode)
    if not records:
        return Correction(not_replaced=NotReplaced.UNKNOWN)
    # A later stage of the correction: what it replaces is not counted any more, whatever was reported since.
    replaced_by = await ledger.superseded_by(merchant_id, named, test_mode=test_mode)
    if replaced_by == payment.transaction_id:
        return Correction(superseded=named)
    # Two that replace each other would both be uncounted, and of two that replace a third both would be counted.
    replacement = await ledger.superseded_by(merchant_id, payment.transaction_id, test_mode=test_mode)
    if (
        replaced_by is not None
        or replacement is not None
        or any(_was_blocked(record) or _contradicts(record, payment) for record in records)
        or await outcomes.of_transaction(merchant_id, named, test_mode=test_mode)
    ):
        return Correction(not_replaced=NotReplaced.HAPPENED)
    return Correction(superseded=named)


def _was_blocked(record: DecisionRecord) -> bool:
    return recorded_decision(record.decision).action is Action.BLOCK


def _contradicts(record: DecisionRecord, payment: Payment) -> bool:
    """Whether what was recorded was on another card, or said that it corrects this payment."""
    recorded = payment_of(record.payment)
    cards = {recorded.card_identity, payment.card_identity} - {None}
    return len(cards) > 1 or recorded.supersedes == payment.transaction_id
