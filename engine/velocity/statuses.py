"""Which outcomes are statuses that velocities count."""

from collections.abc import Mapping
from typing import Final

from engine.outcome import OutcomeKind
from engine.velocity.spec import Status

STATUSES: Final[Mapping[OutcomeKind, Status]] = {
    OutcomeKind.AUTHORIZED: Status.AUTHORIZED,
    OutcomeKind.DECLINED: Status.DECLINED,
    OutcomeKind.REFUNDED: Status.REFUNDED,
    OutcomeKind.DISPUTED: Status.DISPUTED,
    OutcomeKind.FRAUD_WARNING: Status.FRAUD_WARNING,
}
"""A capture follows its authorization, and a check changes no state: neither is counted."""
