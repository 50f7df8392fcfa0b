"""What happens in the simulated world, each at its time: a request, the report of an outcome, a step of a case."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from random import Random
from typing import Any, Final, Self, TypeVar

from engine.outcome import OutcomeKind
from engine.payment import Stage
from models.simulator.shoppers import Shopper
from models.simulator.shops import Shop
from models.simulator.truth import ORDINARY, Aftermath

_Value = TypeVar("_Value")

_DECLINED, _DECLINED_AGAIN = 0.07, 0.3
"""How many first attempts a bank declines, and how many of those that follow a decline."""
_DECLINE_CODES: Final = {
    "insufficient_funds": 45,
    "do_not_honor": 28,
    "incorrect_cvc": 10,
    "expired_card": 7,
    "card_velocity_exceeded": 6,
    "issuer_unavailable": 4,
}
_TRIES_AGAIN: Final = 0.55
_CHALLENGE_RESULTS: Final = {"Y": 88, "A": 4, "N": 3, "U": 1, "": 4}
"""How 3-D Secure ends (transStatus), of a hundred challenges; where blank, the shopper leaves."""
_AVS_RESULTS: Final = {"Y": 82, "A": 6, "Z": 6, "N": 3, "U": 3}
_CVV_RESULTS: Final = {"M": 97, "U": 2, "P": 1}
_ASKED_BY_BANKS: Final = 0.35
_REFUNDED: Final = 0.05
_DAY_SECONDS: Final = 86_400.0


class EventKind(StrEnum):
    """Which call it is."""

    PAYMENT = "payment"
    """POST /v1/decisions."""
    OUTCOME = "outcome"
    """POST /v1/decisions/{id}/outcome of the payment's latest decision."""
    CHARGEBACK = "chargeback"
    """POST /v1/chargebacks."""
    FRAUD_WARNING = "fraud_warning"
    """POST /v1/fraud-warnings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What will come of an attempt, drawn beforehand, so that what is answered changes nothing else.

    `decline_code` is None where the bank authorizes; `challenge_result` is blank where the shopper leaves 3-D Secure.
    Times are in seconds after what they follow; `refund_seconds` and `again_seconds` are None where nothing follows.
    """

    decline_code: str | None
    avs_result: str
    cvv_result: str
    challenge_result: str
    is_challenged: bool
    """Whether its bank asks for 3-D Secure, where nobody decides (a stream that is written to a file)."""
    challenge_seconds: float
    bank_seconds: float
    ship_seconds: float
    refund_seconds: float | None
    again_seconds: float | None

    @classmethod
    def drawn(cls, random: Random, *, asks_3ds: bool, is_again: bool = False) -> Self:
        """The fate of one attempt; after a decline another one is likelier."""
        is_declined = random.random() < (_DECLINED_AGAIN if is_again else _DECLINED)
        decline_code = one_of(random, _DECLINE_CODES) if is_declined else None
        return cls(
            decline_code=decline_code,
            avs_result=one_of(random, _AVS_RESULTS),
            cvv_result="N" if decline_code == "incorrect_cvc" else one_of(random, _CVV_RESULTS),
            challenge_result=one_of(random, _CHALLENGE_RESULTS),
            is_challenged=asks_3ds and random.random() < _ASKED_BY_BANKS,
            challenge_seconds=random.lognormvariate(3.2, 0.5),
            bank_seconds=random.lognormvariate(-0.2, 0.4),
            ship_seconds=random.uniform(0.1, 2.0) * _DAY_SECONDS,
            refund_seconds=random.uniform(0.2, 20) * _DAY_SECONDS if random.random() < _REFUNDED else None,
            again_seconds=random.lognormvariate(3.6, 0.7) if is_declined and random.random() < _TRIES_AGAIN else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An attempt at an order: its request at the first stage, and what will come of it.

    `first_id` is the transaction id of the order's first attempt; None where this is it. `aftermath` is what it truly
    is, which no request says.
    """

    transaction_id: str
    shop: Shop
    shopper: Shopper
    fate: Fate
    body: Mapping[str, Any]
    attempt: int = 1
    first_attempt_id: str | None = None
    aftermath: Aftermath = ORDINARY

    @property
    def first_id(self) -> str:
        """The transaction id of the order's first attempt, which may be this one."""
        return self.first_attempt_id or self.transaction_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One call at its time (UTC), with the body as the HTTP request takes it.

    `stage` is that of a payment, or of the decision that an outcome is of; `outcome` is None for what is none.
    """

    at: datetime
    kind: EventKind
    order: Order
    stage: Stage
    body: Mapping[str, Any]
    outcome: OutcomeKind | None = None


def one_of(random: Random, weights: Mapping[_Value, int]) -> _Value:
    """One of the values, each as often as its weight says."""
    return random.choices(tuple(weights), tuple(weights.values()))[0]
