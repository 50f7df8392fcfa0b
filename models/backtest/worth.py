"""What acting otherwise is worth, by the merchant's own costs."""

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
    """What a fraud that passes, a good payment that does not, and a review cost, in USD cents and parts of a sale."""

    goods_percent: Cents
    """This and what follows by merchant: the place in the frame's, and one more for none."""
    fee: Cents
    margin_percent: Cents
    review: Cents

    @classmethod
    def of(cls, payments: Payments, setting: Setting) -> "Costs":
        """By the policy of each payment's merchant; of an unknown amount only the fees are counted."""
        policies = [setting.own_policies.get(each, setting.policy) for each in payments.frame.merchants]

        def of_merchant(name: str) -> Any:  # noqa: ANN401 - numbers
            return np.array([*(getattr(policy, name) for policy in policies), 0.0])

        return cls(
            goods_percent=of_merchant("cost_of_goods_percent"),
            fee=of_merchant("chargeback_fee_usd_cents"),
            margin_percent=of_merchant("margin_percent"),
            review=of_merchant("review_cost_usd_cents"),
        )

    def value(self, payments: Payments, some: Mask, before: Places, after: Places) -> Value:
        """What `after` is worth beside `before` over some payments: of those that passed, or that have a label."""
        places = np.flatnonzero(some)
        before, after = before[places], after[places]
        merchant, amounts = payments.frame.merchant[payments.row[places]], payments.usd_cents[places].astype(np.float64)
        stops = (after != _ALLOW).astype(np.int8) - (before != _ALLOW)
        blocks = (after == _BLOCK).astype(np.int8) - (before == _BLOCK)
        reviews = (after == _REVIEW).astype(np.int8) - (before == _REVIEW)
        fraud = amounts * self.goods_percent[merchant] / _PERCENT + self.fee[merchant]
        saved = np.where(payments.is_fraud[places], fraud, 0) * stops
        lost = np.where(payments.is_good[places], amounts * self.margin_percent[merchant] / _PERCENT, 0) * blocks
        cost = self.review[merchant] * reviews
        drawn = payments.drawn
        return Value(
            saved=drawn.money_of(saved, places),
            lost_margin=drawn.money_of(lost, places),
            review_cost=drawn.money_of(cost, places),
            net=drawn.money_of(saved - lost - cost, places),
        )
