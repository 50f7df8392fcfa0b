"""run(): a pure function of what was recorded, what is known of it by now, and two settings."""

from datetime import datetime
from typing import Final

import numpy as np

from engine.decision import Action, RuleAction
from engine.errors import AssayError
from engine.ledger import Labels
from engine.recorded_frame import ACTIONS, Progress, RecordedFrame
from models.backtest.catching import Catching, review_load
from models.backtest.figures import Move, Population, Report
from models.backtest.intervals import share
from models.backtest.population import Payments, Places, number
from models.backtest.setting import Setting
from models.backtest.settling import Evaluating, settled
from models.backtest.worth import Costs
from models.maturity import DEFAULT, Curve

_BY_RULE: Final = {
    RuleAction.BLOCK: ACTIONS.index(Action.BLOCK),
    RuleAction.REVIEW: ACTIONS.index(Action.REVIEW),
    RuleAction.REQUEST_3DS: ACTIONS.index(Action.CHALLENGE),
}


class RuleNotFound(AssayError):
    """The rule that is to be looked at is not in the candidate."""

    code = "rule_not_found"


def run(
    frame: RecordedFrame,
    labels: Labels,
    *,
    live: Setting,
    candidate: Setting,
    as_of: datetime,
    rule_id: str | None = None,
    curve: Curve = DEFAULT,
    progress: Progress = lambda _: None,
) -> Report:
    """The figures of `candidate` beside `live` over the recorded payments of the frame.

    One rule: `candidate` is the live ruleset with the rule in it as a live one, and `rule_id` names it. Changed
    thresholds: the same ruleset, another policy. `labels` are read as they were known at `as_of` (UTC). `progress` is
    told now and then how much is done, from 0 to 1; what it raises passes through, which is how a job is cancelled.
    Deterministic: the same input gives the same report. Raises LedgerUnavailable where labels cannot be read, and
    RuleNotFound.
    """
    rules = {compiled.rule.id: compiled.rule for compiled in candidate.ruleset.compiled}
    if rule_id is not None and rule_id not in rules:
        raise RuleNotFound(f"There is no rule {rule_id} in the ruleset: give the id of a rule that is in it.")
    steps = len(live.ruleset.compiled) + len(rules) + 4
    done = iter(range(1, steps + 1))

    def tell() -> None:
        progress(next(done, steps) / steps)

    evaluating = Evaluating(frame, tell)
    now, then = settled(evaluating, live), settled(evaluating, candidate)
    payments = Payments.of(frame, labels, as_of, curve)
    tell()
    before, after = payments.strictest(now.action), payments.strictest(then.action)
    catching = Catching(payments=payments, costs=Costs.of(payments, candidate), live=live, settled=now)
    matched = None
    if rule_id is not None:
        some = payments.any_of(then.true[rule_id])
        matched = catching.caught(some, *_alone(rules[rule_id].action, before), without=rule_id)
    tell()
    stricter = catching.caught(after > before, before, after, without=rule_id)
    tell()
    milder = catching.caught(after < before, before, after, without=rule_id)
    tell()
    days = payments.days(as_of)
    return Report(
        population=_population(payments, before, as_of, days, curve),
        matched=matched,
        stricter=stricter,
        milder=milder,
        moves=_moves(payments, before, after),
        review_load=review_load(before, after, days),
        backfilled=frame.backfilled,
    )


def _alone(action: RuleAction, live: Places) -> tuple[Places, Places]:
    """What a rule makes of payments by itself: of those that would be let pass, or for an allow rule, as they are."""
    allowed = np.zeros(len(live), dtype=np.int8)
    if action is RuleAction.ALLOW:
        return live, allowed
    return allowed, np.full(len(live), _BY_RULE.get(action, 0), dtype=np.int8)


def _population(payments: Payments, live: Places, as_of: datetime, days: float, curve: Curve) -> Population:
    every, matured = np.ones(len(payments), dtype=np.bool_), payments.is_matured & payments.passed
    return Population(
        decisions=payments.frame.columns.rows,
        payments=payments.sum(every),
        days=days,
        frauds=payments.sum(payments.is_fraud),
        fraud_rate=share(number(matured & payments.is_fraud), number(matured)),
        matured_payments=number(payments.is_matured),
        mature_after_days=curve.mature_after_days,
        labels_as_of=as_of.isoformat(),
        same_as_recorded=number(live == payments.recorded),
    )


def _moves(payments: Payments, before: Places, after: Places) -> tuple[Move, ...]:
    found = []
    for one, earlier in enumerate(ACTIONS):
        for other, later in enumerate(ACTIONS):
            some = (before == one) & (after == other)
            if one != other and some.any():
                frauds = payments.sum(some & payments.is_fraud)
                found.append(Move(before=earlier.value, after=later.value, all=payments.sum(some), frauds=frauds))
    return tuple(found)
