"""What an import did, counted while it goes on."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from api.importing.preparing import Prepared
from api.importing.refusal import Refusal
from engine.decision import Action
from engine.ledger import Label
from engine.reference import Rates

FRAUD, LEGIT, UNLABELLED = "fraud", "legit", "unlabelled"
STANDINGS = (FRAUD, LEGIT, UNLABELLED)

_SEVERITY = {action.value: rank for rank, action in enumerate(Action)}


@dataclass(slots=True)
class Outcome:
    """Payments that got one action and have one label; those in a currency without a rate add no dollars."""

    payments: int = 0
    usd_minor: int = 0
    without_rate: int = 0


@dataclass(slots=True)
class Tally:
    """Counts of one import, and the most suspicious decision among its rows."""

    rows_read: int
    decided: int = 0
    already_there: int = 0
    refused: list[tuple[int, Refusal]] = field(default_factory=list)
    warnings: Counter[str] = field(default_factory=Counter)
    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    labels_new: int = 0
    labels_there: int = 0
    labels_refused: list[tuple[int, Refusal]] = field(default_factory=list)
    suspicious: dict[str, Any] | None = None

    def refuse(self, index: int, refusal: Refusal) -> None:
        """A row that is not recorded."""
        self.refused.append((index, refusal))

    def checked(self, prepared: Prepared, *, is_there: bool) -> Label | None:
        """A row that is recorded, or in a dry run would be; gives its label to record."""
        if is_there:
            self.already_there += 1
        else:
            self.decided += 1
        self.warnings.update(warning.code for warning in prepared.warnings)
        if isinstance(prepared.label, Refusal):
            self.labels_refused.append((prepared.index, prepared.label))
            return None
        return prepared.label

    def answered(self, prepared: Prepared, body: bytes, rates: Rates) -> datetime:
        """Count what a row's decision was, be it of this import or an earlier one; gives its receipt time."""
        answer = orjson.loads(body)
        label = prepared.label
        standing = (FRAUD if label.is_fraud else LEGIT) if isinstance(label, Label) else UNLABELLED
        outcome = self.outcomes.setdefault((answer["action"], standing), Outcome())
        outcome.payments += 1
        order = prepared.payment.order
        usd_minor = rates.usd_minor(order.amount_minor, order.currency, prepared.at.date())
        outcome.usd_minor += usd_minor or 0
        outcome.without_rate += usd_minor is None
        if self.suspicious is None or _suspicion(answer) > _suspicion(self.suspicious):
            self.suspicious = answer
        return datetime.fromisoformat(answer["created_at"])

    def labelled(self, sent: int, new: int) -> None:
        """Labels recorded, of so many sent."""
        self.labels_new += new
        self.labels_there += sent - new


def _suspicion(answer: dict[str, Any]) -> tuple[int, float]:
    return _SEVERITY[answer["action"]], answer["risk_score"] or 0.0
