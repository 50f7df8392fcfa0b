"""The figures of a backtest: plain data, which orjson writes as it stands. docs/backtests.md says what each means."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """How many payments, and their amounts together in USD cents; an amount without a rate adds nothing."""

    payments: int
    usd_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`count` of `of`, with its 95 % interval; None where `of` is nothing. From 0 to 1."""

    count: int
    of: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """USD cents with their 95 % interval."""

    usd_cents: int
    low_usd_cents: int
    high_usd_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What is known today of some payments: each is in exactly one of the parts.

    `fraud` is what a label says, `good` what passed and no label calls fraud; both apart by whether the payment is old
    enough for its label to have come (matured). What was blocked or declined and has no label says nothing.
    """

    all: Sum
    fraud_matured: Sum
    fraud_not_matured: Sum
    good_matured: Sum
    good_not_matured: Sum
    blocked_unlabelled: Sum
    """Blocked live: nobody knows what they were."""
    declined_unlabelled: Sum
    """Let pass by us and declined by the bank: likewise."""
    amount_unknown: int
    """Payments among all whose amount in USD is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """How far a rule in force acts on the same payments."""

    rule_id: str
    name: str
    payments: int
    """Of the group, on which that rule is true too."""
    frauds: int
    """Of these, known fraud."""
    share: float
    """Of the group's payments: 1 where that rule is true on all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What acting on the group is worth by the merchant's own costs (policy), over the payments that passed live.

    Of a block: `saved` are goods and chargeback fees of known fraud, `lost_margin` the margin of good payments. Of a
    review or 3-D Secure both are what is at stake: `saved` if each fraud is found, and nothing of the margin is lost.
    `review_cost` is what looking at them costs. `net` = saved - lost_margin - review_cost.
    """

    saved: Money
    lost_margin: Money
    review_cost: Money
    net: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Ids of decisions to open, the largest amounts first."""

    fraud: tuple[str, ...]
    good: tuple[str, ...]
    unlabelled: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """All figures of one group of payments, such as those that a rule is true of."""

    group: Group
    precision: Share
    """Fraud among the payments that passed and are matured. Interval: Wilson."""
    precision_so_far: Share
    """Fraud known today among all that passed: it can only grow."""
    recall: Share
    """Of all known fraud of the period, the part in this group, by payments. Interval: Wilson."""
    recall_usd: float | None
    """The same by money, from 0 to 1."""
    recall_usd_low: float | None
    recall_usd_high: float | None
    """Interval: bootstrap by card."""
    fraud_money: Money
    good_money: Money
    frauds_expected: float | None
    """How many frauds there will be when all labels have come, by the curve; None where too little can be known."""
    frauds_expected_low: float | None
    frauds_expected_high: float | None
    value: Value
    overlap: tuple[Overlap, ...]
    in_no_rule: Group
    """The part on which no live rule that asks for an action is true."""
    examples: Examples


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Payments that one setting gives one action and the other another."""

    before: str
    after: str
    all: Sum
    frauds: Sum


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewLoad:
    """Payments a day that a person is to look at."""

    before_per_day: float
    after_per_day: float
    added_per_day: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """What was looked at."""

    decisions: int
    payments: Sum
    days: float
    frauds: Sum
    fraud_rate: Share
    """Of the payments that passed and are matured."""
    matured_payments: int
    mature_after_days: float
    labels_as_of: str
    same_as_recorded: int
    """Payments for which the live setting of today gives the action that was recorded then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of a backtest. Actions are of payments: the strictest of a payment's stages."""

    population: Population
    matched: Caught | None
    """Of one rule: the payments that it is true of, whatever else acts on them. None of a whole ruleset or policy."""
    stricter: Caught
    """Payments that get a stricter action than by the live setting."""
    milder: Caught
    """Payments that get a milder action."""
    moves: tuple[Move, ...]
    review_load: ReviewLoad
    backfilled: tuple[str, ...]
    """Velocities that nobody kept and that were counted for this from the recorded features."""
