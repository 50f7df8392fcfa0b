"""Relations: what this payment is beside the past that the velocities tell of its card, mailbox, address and customer.

A relation is made of other features alone, once the velocities are known. Each kind has two forms that give the same
to the last bit: `value` for one payment, and columns for many (engine/velocity/batch/relations.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from operator import itemgetter
from typing import Any, Final

from engine.features import Feature, FeatureType, Value

NO_HISTORY: Final = "no_history"
"""The cause of an unknown relation to a past in which there is nothing."""
RATIO_MAX: Final = 1_000_000.0
FIRST_MONTH_HOURS: Final = 30 * 24
"""An account that is younger than the longest window has all of its payments in that."""
SOURCE: Final = "relation"

_THOUSAND: Final = 1000.0


@dataclass(frozen=True, slots=True)
class OverAverage:
    """An amount divided by the mean of earlier ones, to a thousandth: 3.0 is three times what is usual."""

    amount: str
    total: str
    count: str

    @property
    def reads(self) -> tuple[str, ...]:
        """The features that it is made of, in the order of the arguments of `value`."""
        return (self.amount, self.total, self.count)

    @property
    def type(self) -> FeatureType:
        """A number."""
        return FeatureType.NUMBER

    def value(self, amount: Any, total: Any, count: Any) -> Value:  # noqa: ANN401 - integers or None
        """The ratio; None where something is unknown or nothing was paid before."""
        if amount is None or not total or not count:
            return None
        return ratio(float(amount), float(total) / float(count))


@dataclass(frozen=True, slots=True)
class Share:
    """One count divided by another, to a thousandth: above one where events of older payments came in late."""

    part: str
    whole: str

    @property
    def reads(self) -> tuple[str, ...]:
        """The features that it is made of, in the order of the arguments of `value`."""
        return (self.part, self.whole)

    @property
    def type(self) -> FeatureType:
        """A number."""
        return FeatureType.NUMBER

    def value(self, part: Any, whole: Any) -> Value:  # noqa: ANN401 - integers or None
        """The share; None where one is unknown or there is nothing to have a share in."""
        return None if part is None or not whole else ratio(float(part), float(whole))


@dataclass(frozen=True, slots=True)
class NewTogether:
    """Whether two things that come together were not seen together before, while one of them was."""

    together: str
    alone: str

    @property
    def reads(self) -> tuple[str, ...]:
        """The features that it is made of, in the order of the arguments of `value`."""
        return (self.together, self.alone)

    @property
    def type(self) -> FeatureType:
        """A flag."""
        return FeatureType.BOOLEAN

    def value(self, together: Any, alone: Any) -> Value:  # noqa: ANN401 - integers or None
        """The flag; None where one is unknown, or was never seen."""
        return None if together is None or not alone else together == 0


@dataclass(frozen=True, slots=True)
class FirstOrder:
    """Whether the customer orders for the first time: by what the merchant counts, else by what was seen here.

    What was seen reaches back a month, so that it tells a first order of young accounts only.
    """

    year: str
    day: str
    count: str
    age_hours: str

    @property
    def reads(self) -> tuple[str, ...]:
        """The features that it is made of, in the order of the arguments of `value`."""
        return (self.year, self.day, self.count, self.age_hours)

    @property
    def type(self) -> FeatureType:
        """A flag."""
        return FeatureType.BOOLEAN

    def value(self, year: Any, day: Any, count: Any, age_hours: Any) -> Value:  # noqa: ANN401 - numbers or None
        """The flag; None where neither knows."""
        if year or day or count:
            return False
        if year is not None or (count is not None and age_hours is not None and age_hours < FIRST_MONTH_HOURS):
            return True
        return None


Form = OverAverage | Share | NewTogether | FirstOrder
"""To add a kind: a class here, and its columns."""


def ratio(above: float, below: float) -> float:
    """To a thousandth, halves up, and no more than a million; `below` is above zero."""
    return floor(min(above / below, RATIO_MAX) * _THOUSAND + 0.5) / _THOUSAND


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A feature that is made of others, and how."""

    name: str
    form: Form
    doc: str
    reason: str
    says: str
    denies: str = ""
    direction: int = 0

    def feature(self) -> Feature:
        """Declare the feature that holds its value."""
        return Feature(
            name=self.name,
            type=self.form.type,
            doc=self.doc,
            source=SOURCE,
            direction=self.direction,
            reason=self.reason,
            says=self.says,
            denies=self.denies,
        )


def _over_average(key: str, words: str, reason: str, window: str, when: str) -> Relation:
    return Relation(
        name=f"amount_ratio_to_{key}_average_{window}",
        form=OverAverage("amount_in_usd", f"{key}_amount_usd_{window}", f"{key}_payments_{window}"),
        doc=f"The amount divided by the mean of the payments {words} in {when}, this one not counted: 3 is three times "
        "what is usual. Unknown where there was none.",
        reason=reason,
        says=f"The amount is {{value}} times the mean of the payments {words} in {when}",
    )


def _declined_share(key: str, words: str) -> Relation:
    return Relation(
        name=f"{key}_declined_share_24h",
        form=Share(f"{key}_declined_24h", f"{key}_payments_24h"),
        doc=f"Of the payments {words} in the last 24 hours the share that banks declined, as far as was learnt.",
        reason="declines",
        says=f"{{value}} of the payments {words} in the last 24 hours were declined (1 is all)",
        direction=1,
    )


RELATIONS: Final = (
    Relation(
        name="is_first_order",
        form=FirstOrder(
            "past_transactions_year",
            "past_transactions_day",
            "customer_payments_30d",
            "hours_since_customer_was_created",
        ),
        doc="The customer's first order: by the past transactions that the merchant sends, else by the customer's "
        "payments of 30 days where the account is younger than that. Attempts count as orders.",
        reason="account_history",
        says="The customer's first order",
        denies="The customer ordered before",
    ),
    Relation(
        name="is_new_card_on_email_30d",
        form=NewTogether("card_email_payments_30d", "email_payments_30d"),
        doc="The e-mail address paid in the last 30 days, and never with this card.",
        reason="known_pair",
        says="The e-mail address paid with other cards before, and not with this one",
        denies="The e-mail address paid with this card before",
    ),
    _over_average("card", "with this card", "amount_history", "30d", "the last 30 days"),
    _over_average("email", "with this e-mail address", "amount_history", "30d", "the last 30 days"),
    _over_average("ip", "with this IP address", "amount_history", "30d", "the last 30 days"),
    _over_average("customer", "by this customer", "amount_history", "30d", "the last 30 days"),
    _declined_share("card", "with this card"),
    _declined_share("email", "with this e-mail address"),
    _declined_share("ip", "with this IP address"),
    Relation(
        name="ip_cards_per_payment_24h",
        form=Share("ip_distinct_cards_24h", "ip_payments_24h"),
        doc="Different cards for each payment from the IP address in the last 24 hours: 1 where each payment has a "
        "card of its own, as cards that are tested have.",
        reason="ip_many_cards",
        says="{value} different cards for each payment with this IP address in the last 24 hours",
        direction=1,
    ),
    Relation(
        name="card_payments_24h_of_30d",
        form=Share("card_payments_24h", "card_payments_30d"),
        doc="Of the card's payments in the last 30 days the share of the last 24 hours: near 1 where all came today.",
        reason="card_velocity",
        says="{value} of the card's payments of 30 days came in the last 24 hours (1 is all)",
    ),
)
"""What every installation keeps, in the catalogue's order."""

Related = tuple[tuple[Value, ...], dict[str, str]]
"""The relations' values in their order, and the causes of those that are unknown and have one."""


def reader_of(names: Sequence[str]) -> Callable[[tuple[Value, ...], Mapping[str, str]], Related]:
    """Reads the relations of values that stand in the order of these names, beside the causes of the unknown ones."""
    place = {name: at for at, name in enumerate(names)}
    steps: list[tuple[str, Callable[..., Value], Any, tuple[str, ...]]] = [
        (each.name, each.form.value, itemgetter(*(place[name] for name in each.form.reads)), each.form.reads)
        for each in RELATIONS
    ]

    def related(values: tuple[Value, ...], causes: Mapping[str, str]) -> Related:
        found: list[Value] = []
        why: dict[str, str] = {}
        for name, value_of, take, reads in steps:
            inputs = take(values)
            value = value_of(*inputs)
            found.append(value)
            if value is None:
                cause = causes.get(reads[inputs.index(None)]) if None in inputs else NO_HISTORY
                if cause is not None:
                    why[name] = cause
        return tuple(found), why

    return related
