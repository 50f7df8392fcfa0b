"""Test values: card tokens with fixed outcomes, for a gateway's own integration tests. In test mode alone."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from engine.decision import Action
from engine.errors import (
    AssayError,
    DeadlineExceeded,
    IdempotencyInProgress,
    LedgerUnavailable,
    Overloaded,
    RateLimited,
)
from engine.payment import Payment, Stage

REASON_CODE: Final = "test_value"
"""The code of the reason that says so, whatever else the answer holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forced:
    """What a test value makes of a payment: an action, a score's band, or no score at all; exactly one of them."""

    name: str
    action: Action | None = None
    """The action, whatever rules and score say; challenge asks for 3-D Secure, review opens a review."""
    risk_level: str | None = None
    """A score in this band takes the model's place; thresholds and rules act on it as on any."""
    is_unscored: bool = False
    """As if no model could score: the fail policy acts."""

    @property
    def text(self) -> str:
        """The reason in words."""
        return f"The test value {self.name} decides this in test mode"

    def percent(self, elevated_at_percent: float, highest_at_percent: float) -> float | None:
        """A risk score in the band that is forced, in percent; None where none is."""
        match self.risk_level:
            case "normal":
                return elevated_at_percent / 2
            case "elevated":
                return (elevated_at_percent + highest_at_percent) / 2
            case "highest":
                return min(99.0, highest_at_percent * 2)
            case _:
                return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestValue:
    """One token that test mode knows, and what it does in words."""

    __test__ = False  # No test class, whatever pytest thinks of the name.

    name: str
    does: str
    action: Action | None = None
    risk_level: str | None = None
    is_unscored: bool = False
    problem: type[AssayError] | None = None
    """The edge answers with this instead of deciding; nothing is recorded or counted."""


TEST_VALUES: Final = (
    TestValue(name="tok_assay_allow", action=Action.ALLOW, does="`action` is allow."),
    TestValue(
        name="tok_assay_challenge",
        action=Action.CHALLENGE,
        does="`action` is challenge, `three_ds` is request. After 3-D Secure: allow where it succeeded, block where "
        "`trans_status` is N or R, else review.",
    ),
    TestValue(name="tok_assay_review", action=Action.REVIEW, does="`action` is review, and a review is opened."),
    TestValue(name="tok_assay_block", action=Action.BLOCK, does="`action` is block."),
    TestValue(name="tok_assay_normal", risk_level="normal", does="A `risk_score` whose `risk_level` is normal."),
    TestValue(name="tok_assay_elevated", risk_level="elevated", does="A `risk_score` whose `risk_level` is elevated."),
    TestValue(name="tok_assay_highest", risk_level="highest", does="A `risk_score` whose `risk_level` is highest."),
    TestValue(
        name="tok_assay_no_score",
        is_unscored=True,
        does="`risk_score` is null, `degraded` names model, and the fail policy acts.",
    ),
    TestValue(
        name="tok_assay_in_progress",
        problem=IdempotencyInProgress,
        does="409 `idempotency_in_progress`, each time.",
    ),
    TestValue(name="tok_assay_rate_limited", problem=RateLimited, does="429 `rate_limited`, each time."),
    TestValue(name="tok_assay_overloaded", problem=Overloaded, does="503 `overloaded`, each time."),
    TestValue(name="tok_assay_deadline", problem=DeadlineExceeded, does="503 `deadline_exceeded`, each time."),
    TestValue(name="tok_assay_unavailable", problem=LedgerUnavailable, does="503 `ledger_unavailable`, each time."),
)
_BY_TOKEN: Final = MappingProxyType({value.name: value for value in TEST_VALUES})


def forced(payment: Payment) -> Forced | None:
    """What a test value makes of this payment; None in live mode, where all tokens are ordinary ones."""
    value = _of(payment)
    if value is None or value.problem is not None:
        return None
    action = _after_3ds(payment) if value.action is Action.CHALLENGE else value.action
    return Forced(name=value.name, action=action, risk_level=value.risk_level, is_unscored=value.is_unscored)


def refuse_if_forced(payment: Payment) -> None:
    """Raise the error that a test value asks for, in test mode alone."""
    value = _of(payment)
    if value is not None and value.problem is not None:
        raise value.problem(f"The test value {value.name} asks for this answer.")


def _of(payment: Payment) -> TestValue | None:
    token = payment.card.token
    return _BY_TOKEN.get(token) if payment.test_mode and token is not None else None


def _after_3ds(payment: Payment) -> Action:
    """What becomes of a challenge: 3-D Secure runs once, and its result decides."""
    status = payment.authentication.trans_status
    if payment.stage is Stage.PRE_AUTH and status is None:
        return Action.CHALLENGE
    if payment.stage is Stage.POST_AUTH:
        return Action.ALLOW
    if status is not None:
        return Action.ALLOW if status in "YA" else Action.BLOCK if status in "NR" else Action.REVIEW
    is_proven = payment.authentication.liability_shift is True or payment.card.was_3d_secure_successful is True
    return Action.ALLOW if is_proven else Action.REVIEW
