"""Labels as they stand: of all that was said about a payment, what holds."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from engine.ledger import Label, LabelKind, Labels, PaymentName

_RANKS: Final[Mapping[LabelKind, int]] = {LabelKind.CHARGEBACK: 2, LabelKind.FRAUD_WARNING: 1}


def standing(labels: Labels, as_of: datetime) -> dict[PaymentName, Label]:
    """The label that holds for each payment, by what was known at `as_of`.

    Of several, a chargeback's newest word stands (so one that was won clears the payment), else a fraud warning's, else
    the newest of verdict and clearing: what the scheme reported beats what somebody thought. Raises LedgerUnavailable.
    """
    found: dict[PaymentName, Label] = {}
    for label in labels.labels_as_of(as_of):
        key = (label.merchant_id, label.test_mode, label.transaction_id)
        # Labels come oldest first, so of one rank the later one replaces the earlier.
        if key not in found or _rank(label) >= _rank(found[key]):
            found[key] = label
    return found


def _rank(label: Label) -> int:
    return _RANKS.get(label.kind, 0)
