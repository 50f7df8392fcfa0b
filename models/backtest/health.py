"""The health of rules: what each did lately, what it adds to the others, and which of them should be looked at.

A rule is named as redundant, decayed or runaway by a figure, which stands beside the name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from engine.decision import Rule
from engine.ledger import Labels
from engine.payment import EPOCH, MICROSECOND
from engine.recorded_frame import Progress, RecordedFrame
from engine.rules.columns import Mask
from models.backtest.ailments import RECENT_DAYS, Finding, Stretch, findings
from models.backtest.figures import Group, Money, Overlap, Share, Sum, Value
from models.backtest.intervals import share
from models.backtest.population import Payments, Places, number
from models.backtest.setting import Setting
from models.backtest.settling import Evaluating, Settled, settled, without
from models.backtest.worth import Costs
from models.maturity import DEFAULT, Curve

RULES_MAX: Final = 400
"""So many rules are listed, so that the health of the largest ruleset is a result that is kept."""
OVERLAPS_MAX: Final = 1_000
"""So many overlaps of all rules together, each rule's largest."""
OVERLAPS_OF_RULE_MAX: Final = 10
_DAY_US: Final = 86_400 * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleHealth:
    """One rule."""

    rule_id: str
    version: str
    name: str
    action: str
    mode: str
    group: Group
    """What it is true of."""
    precision: Share
    """Fraud among matured payments that passed."""
    fraud_money: Money
    good_money: Money
    unknown: int
    """Decisions on which it could not be said."""
    overlap: tuple[Overlap, ...]
    alone: Sum
    """Payments that no other acting rule is true of, and no threshold reaches: without the rule nothing stops them."""
    alone_frauds: Sum
    marginal: Value
    """What the rule is worth beside the score and the other rules: the setting with it against the one without."""
    earlier: Stretch
    recent: Stretch
    last_hit: str | None
    """When it was last true."""
    last_true_hit: str | None
    """When it was last true of a payment that is known to be fraud today."""
    findings: tuple[Finding, ...]
    overlaps_left_out: int = 0
    """How many smaller ones are not in `overlap`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """All rules of a setting."""

    payments: Sum
    frauds: Sum
    days: float
    recent_days: int
    labels_as_of: str
    rules: tuple[RuleHealth, ...]
    """At most RULES_MAX: those that are true of a payment before others, then those with findings, then most hits."""
    rules_left_out: tuple[str, ...] = ()
    """The ids of the others."""


def health(
    frame: RecordedFrame,
    labels: Labels,
    *,
    live: Setting,
    as_of: datetime,
    curve: Curve = DEFAULT,
    progress: Progress = lambda _: None,
) -> Health:
    """The health of every evaluated rule of `live` over the recorded payments, by labels as known at `as_of`.

    `progress` is told how much is done, and may raise to cancel. Raises LedgerUnavailable.
    """
    rules = [compiled.rule for compiled in live.ruleset.compiled]
    steps, done = 2 * len(rules) + 1, 0

    def tell() -> None:
        nonlocal done
        done += 1
        progress(min(done / steps, 1.0))

    evaluating = Evaluating(frame, tell)
    now = settled(evaluating, live)
    payments = Payments.of(frame, labels, as_of, curve)
    examining = _Examining(evaluating, payments, live, now, as_of)
    found = []
    for rule in rules:
        found.append(examining.examined(rule))
        tell()
    listed = {rule.rule_id for rule in sorted(found, key=_rank)[:RULES_MAX]}
    every = np.ones(len(payments), dtype=np.bool_)
    tell()
    return Health(
        payments=payments.sum(every),
        frauds=payments.sum(payments.is_fraud),
        days=payments.days(as_of),
        recent_days=RECENT_DAYS,
        labels_as_of=as_of.isoformat(),
        rules=tuple(rule for rule in found if rule.rule_id in listed),
        rules_left_out=tuple(rule.rule_id for rule in found if rule.rule_id not in listed),
    )


def _rank(rule: RuleHealth) -> tuple[bool, bool, int]:
    """Those that are listed first come first."""
    is_silent = not rule.group.all.payments
    return is_silent, not rule.findings, -rule.group.all.payments


class _Examining:
    """One examination of all rules."""

    def __init__(
        self, evaluating: Evaluating, payments: Payments, live: Setting, now: Settled, as_of: datetime
    ) -> None:
        self._evaluating, self._payments, self._live, self._now = evaluating, payments, live, now
        self._hits = {rule_id: payments.any_of(mask) for rule_id, mask in now.true.items()}
        self._rules = {compiled.rule.id: compiled.rule for compiled in live.ruleset.compiled}
        self._overlaps_max = min(OVERLAPS_OF_RULE_MAX, max(OVERLAPS_MAX // max(len(self._rules), 1), 1))
        self._costs = Costs.of(payments, live)
        self._before = payments.strictest(now.action)
        at_us = payments.frame.at_us[payments.row]
        end_us = min((as_of - EPOCH) // MICROSECOND, int(at_us.max(initial=0)) + 1)
        self._is_recent: Mask = at_us >= end_us - RECENT_DAYS * _DAY_US
        start_us = int(at_us.min(initial=end_us))
        self._days = (
            max((end_us - RECENT_DAYS * _DAY_US - start_us) / _DAY_US, 0.0),
            min((end_us - start_us) / _DAY_US, float(RECENT_DAYS)),
        )
        self._at_us = at_us

    def examined(self, rule: Rule) -> RuleHealth:
        """The figures and findings of one rule."""
        payments, some = self._payments, self._hits[rule.id]
        matured = some & payments.passed & payments.is_matured
        after, is_changed = self._without(rule)
        alone = some & is_changed
        overlap = self._overlap(rule, some)
        earlier, recent = self._stretch(some & ~self._is_recent, 0), self._stretch(some & self._is_recent, 1)
        return RuleHealth(
            rule_id=rule.id,
            version=rule.version,
            name=rule.name,
            action=rule.action.value,
            mode=rule.mode.value,
            group=payments.group(some),
            precision=share(number(matured & payments.is_fraud), number(matured)),
            fraud_money=payments.drawn.money(payments.usd_cents, some & payments.is_fraud),
            good_money=payments.drawn.money(payments.usd_cents, some & payments.is_good),
            unknown=self._now.unknown[rule.id],
            overlap=tuple(overlap[: self._overlaps_max]),
            overlaps_left_out=max(len(overlap) - self._overlaps_max, 0),
            alone=payments.sum(alone),
            alone_frauds=payments.sum(alone & payments.is_fraud),
            marginal=self._costs.value(payments, is_changed, after, self._before),
            earlier=earlier,
            recent=recent,
            last_hit=self._last(some),
            last_true_hit=self._last(some & payments.is_fraud),
            findings=tuple(findings(rule, payments.sum(some), overlap, self._rules, earlier, recent)),
        )

    def _without(self, rule: Rule) -> tuple[Places, Mask]:
        """The actions without the rule, and the payments on which they are others."""
        if rule.id not in self._now.acting:
            return self._before, np.zeros(len(self._payments), dtype=np.bool_)
        after = self._payments.strictest(without(self._evaluating, self._live, self._now, rule.id))
        return after, after != self._before

    def _overlap(self, rule: Rule, some: Mask) -> Sequence[Overlap]:
        count, found = number(some), []
        for other_id in self._now.acting:
            both = some & self._hits[other_id]
            if other_id != rule.id and both.any():
                found.append(
                    Overlap(
                        rule_id=other_id,
                        name=self._rules[other_id].name,
                        payments=number(both),
                        frauds=number(both & self._payments.is_fraud),
                        share=number(both) / count,
                    )
                )
        return sorted(found, key=lambda overlap: (-overlap.payments, overlap.rule_id))

    def _stretch(self, some: Mask, place: int) -> Stretch:
        """`place` 0: the earlier payments, 1: the recent ones."""
        of = number(self._is_recent == bool(place))
        passed = some & self._payments.passed
        count = number(passed)
        rates = [None if each is None else each / count for each in self._payments.expected(passed)]
        return Stretch(
            days=self._days[place],
            hits=number(some),
            share=number(some) / of if of else 0.0,
            precision=share(number(passed & self._payments.is_fraud), count),
            fraud_rate=rates[0],
            fraud_rate_low=rates[1],
            fraud_rate_high=rates[2],
        )

    def _last(self, some: Mask) -> str | None:
        if not some.any():
            return None
        return (EPOCH + int(self._at_us[some].max()) * MICROSECOND).isoformat()
