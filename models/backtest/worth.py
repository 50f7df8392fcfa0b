"""What acting otherwise is worth, by the merchant's own costs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.decision import Action
from engine.recorded_frame import ACTIONS
from engine.rules.columns import Mask
from models.backtest.figures import Value
from models.backtest.population import Payments, Places
from models.backtest.setting import Setting

_ALLOW, _REVIEW, _BLOCK = (ACTIONS.index(action) for action in (Action.ALLOW, Action.REVIEW, Action.BLOCK))
_PERCENT: Final = 100

Cents = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """What a fraud that passes, a good payment that does not, and a review cost, for each payment in USD cents."""

    fraud: Cents
    """The goods and the chargeback's fee."""
    margin: Cents
    review: Cents

    @classmethod
    def of(cls, payments: Payments, setting: Setting) -> "Costs":
        """By the policy of each payment's merchant; of an unknown amount only the fees are counted."""
        merchant = payments.frame.merchant[payments.row]

        def of_merchant(name: str) -> Any:  # noqa: ANN401 - numbers
            policies = [setting.own_policies.get(each, setting.policy) for each in payments.frame.merchants]
            return np.array([*(getattr(policy, name) for policy in policies), 0.0])[merchant]

        return cls.by(payments.usd_cents.astype(np.float64), of_merchant)

    @classmethod
    def by(cls, usd_cents: Cents, of: Callable[[str], Cents]) -> "Costs":
        """By the amounts (0 where one is unknown) and what a field of each payment's policy says."""
        return cls(
            fraud=usd_cents * of("cost_of_goods_percent") / _PERCENT + of("chargeback_fee_usd_cents"),
            margin=usd_cents * of("margin_percent") / _PERCENT,
            review=of("review_cost_usd_cents"),
        )

    def value(self, payments: Payments, some: Mask, before: Places, after: Places) -> Value:
        """What `after` is worth beside `before` over some payments: of those that passed, or that have a label."""
        places = np.flatnonzero(some)
        before, after = before[places], after[places]
        stops = (after != _ALLOW).astype(np.int8) - (before != _ALLOW)
        blocks = (after == _BLOCK).astype(np.int8) - (before == _BLOCK)
        reviews = (after == _REVIEW).astype(np.int8) - (before == _REVIEW)
        saved = np.where(payments.is_fraud[places], self.fraud[places], 0) * stops
        lost = np.where(payments.is_good[places], self.margin[places], 0) * blocks
        cost = self.review[places] * reviews
        drawn = payments.drawn
        return Value(
            saved=drawn.money_of(saved, places),
            lost_margin=drawn.money_of(lost, places),
            review_cost=drawn.money_of(cost, places),
            net=drawn.money_of(saved - lost - cost, places),
        )
