"""The figures of one group of payments: those that a rule is true of, or on which two settings differ."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.decision import Action
from engine.recorded_frame import ACTIONS
from engine.rules.columns import Ints, Mask
from models.backtest.figures import Caught, Examples, Overlap, ReviewLoad
from models.backtest.intervals import share
from models.backtest.population import Payments, Places, number
from models.backtest.setting import Setting
from models.backtest.settling import SETTLING, Settled
from models.backtest.worth import Costs

EXAMPLES_MAX: Final = 10
OVERLAPS_MAX: Final = 50
"""So many rules that overlap with a group are listed, the largest."""
"""Of each kind."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Catching:
    """What every group is measured against."""

    payments: Payments
    costs: Costs
    live: Setting
    settled: Settled
    """By the live setting."""

    def caught(self, some: Mask, before: Places, after: Places, *, without: str | None = None) -> Caught:
        """All figures of some payments, whose action would change so; `without` is a rule that is no overlap."""
        payments = self.payments
        fraud, passed = some & payments.is_fraud, some & payments.passed
        matured = passed & payments.is_matured
        recall, low, high = payments.drawn.ratio(payments.usd_cents, some, payments.is_fraud)
        expected = payments.expected(passed)
        rules, is_in_rule = self._overlaps(some, without)
        return Caught(
            group=payments.group(some),
            precision=share(number(matured & payments.is_fraud), number(matured)),
            precision_so_far=share(number(passed & payments.is_fraud), number(passed)),
            recall=share(number(fraud), number(payments.is_fraud)),
            recall_usd=recall,
            recall_usd_low=low,
            recall_usd_high=high,
            fraud_money=payments.drawn.money(payments.usd_cents, fraud),
            good_money=payments.drawn.money(payments.usd_cents, some & payments.is_good),
            frauds_expected=expected[0],
            frauds_expected_low=expected[1],
            frauds_expected_high=expected[2],
            value=self.costs.value(payments, some, before, after),
            overlap=rules[:OVERLAPS_MAX],
            overlaps_left_out=max(len(rules) - OVERLAPS_MAX, 0),
            in_no_rule=payments.group(some & ~is_in_rule),
            examples=self._examples(some),
        )

    def _overlaps(self, some: Mask, without: str | None) -> tuple[tuple[Overlap, ...], Mask]:
        """The rules in force that are true on some of these payments, and where one of them that settles is."""
        payments, count = self.payments, number(some)
        is_in_rule = np.zeros(len(payments), dtype=np.bool_)
        found = []
        for compiled in self.live.ruleset.compiled:
            rule = compiled.rule
            if rule.id == without or rule.id not in self.settled.acting:
                continue
            both = some & payments.any_of(self.settled.acting[rule.id])
            if rule.action in SETTLING:
                is_in_rule |= both
            if both.any():
                found.append(
                    Overlap(
                        rule_id=rule.id,
                        name=rule.name,
                        payments=number(both),
                        frauds=number(both & payments.is_fraud),
                        share=number(both) / count,
                    )
                )
        found.sort(key=lambda overlap: (-overlap.payments, overlap.rule_id))
        return tuple(found), is_in_rule

    def _examples(self, some: Mask) -> Examples:
        payments = self.payments
        return Examples(
            fraud=self._largest(some & payments.is_fraud),
            good=self._largest(some & payments.is_good),
            unlabelled=self._largest(some & ~payments.is_fraud & ~payments.is_good),
        )

    def _largest(self, some: Mask) -> tuple[str, ...]:
        places: Ints = np.flatnonzero(some)
        if len(places) > EXAMPLES_MAX:
            # Only these few are put in order, and what is equal to the last of them.
            amounts = self.payments.usd_cents[places]
            least = np.partition(amounts, len(amounts) - EXAMPLES_MAX)[len(amounts) - EXAMPLES_MAX]
            places = places[amounts >= least]
        # By amount, and of equal ones the newest.
        order = np.lexsort((-self.payments.frame.at_us[self.payments.row[places]], -self.payments.usd_cents[places]))
        rows = self.payments.row[places[order[:EXAMPLES_MAX]]]
        return tuple(self.payments.frame.ids.at(rows.tolist()))


def review_load(before: Places, after: Places, days: float) -> ReviewLoad:
    """Reviews a day by two settings."""
    review = ACTIONS.index(Action.REVIEW)
    counts = [number(actions == review) / days for actions in (before, after)]
    return ReviewLoad(before_per_day=counts[0], after_per_day=counts[1], added_per_day=counts[1] - counts[0])
