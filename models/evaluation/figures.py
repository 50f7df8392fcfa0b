"""The figures of an evaluation: plain data, which orjson writes as it stands. docs/learning.md says what each means."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure, and between what it lies with 95 % (bootstrap by entity); None where the payments cannot say."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """What was looked at."""

    payments: int
    counted: int
    """Of which it is known what they were. The others were blocked, declined or challenged."""
    immature: int
    """Of those counted, too young for nine in ten fraud labels to have come."""
    frauds: int
    frauds_effective: float
    """Frauds by their weights: what intervals and the promotion gate go by."""
    fraud_rate: float | None
    """Of those counted; with what is not known yet."""
    usd_cents: int
    fraud_usd_cents: int
    amount_unknown: int
    first_at: str | None
    last_at: str | None
    """Of the payments, ISO 8601 in UTC."""
    entities: int
    merchants: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AtFalsePositives:
    """What is caught where no more than `rate` of the good payments are flagged."""

    rate: float
    recall: Estimate
    value_recall: Estimate
    """Of the money of all fraud."""
    threshold_percent: float | None
    """The score from which payments are flagged; None where the highest score alone flags more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """How well the scores put fraud above good payments, whatever the thresholds."""

    average_precision: Estimate
    roc_auc: Estimate
    card_precision_100: Estimate
    """Of the hundred cards with the highest scores of a day the share that has fraud, on average over the days."""
    at_false_positives: tuple[AtFalsePositives, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AtPolicy:
    """What the policies' thresholds make of the payments, from 0 to 1, and its worth in USD cents."""

    allow: Estimate
    challenge: Estimate
    review: Estimate
    block: Estimate
    insult: Estimate
    """Of good payments, those blocked."""
    stopped_good: Estimate
    """Of good payments, those challenged, reviewed or blocked."""
    recall: Estimate
    """Of frauds, those challenged, reviewed or blocked."""
    value_recall: Estimate
    precision: Estimate
    """Of the challenged, reviewed or blocked, those that are fraud."""
    saved: Estimate
    lost_margin: Estimate
    review_cost: Estimate
    net: Estimate
    """saved - lost_margin - review_cost, beside letting everything pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Payments with neighbouring scores: the fraud that the model expected among them, and what was known."""

    payments: int
    low: float
    high: float
    """The lowest and the highest probability."""
    expected: float
    observed: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Whether the probabilities are right. What is expected is the probability times the label's maturity."""

    brier: Estimate
    log_loss: Estimate
    ece_top: Estimate
    """Mean gap between expected and observed over bins of equal weight in the top 2 % of the scores."""
    observed_per_expected: Estimate
    bins: tuple[Bin, ...]
    """Those of the top 2 %, the highest first; the last is everything below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The figures of the payments of one merchant, one country, or of new or returning customers."""

    dimension: str
    name: str
    payments: int
    frauds: int
    average_precision: Estimate
    recall: Estimate
    """Where no more than 0.5 % of the segment's good payments are flagged."""
    allow: Estimate
    insult: Estimate
    stopped_good: Estimate
    observed_per_expected: Estimate
    net: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """What is drawn."""

    recall: tuple[float, ...]
    precision: tuple[float, ...]
    threshold_percent: tuple[float, ...]
    net_usd_cents: tuple[float, ...]
    """What blocking from each threshold on is worth, and nothing else."""
    score_percent: tuple[float, ...]
    """The edges of bins of scores: one more than there are bins."""
    good_share: tuple[float, ...]
    fraud_share: tuple[float, ...]
    """Of all good payments, and of all frauds, those in each bin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """Why the figures say less than they seem to: a stable code and a sentence."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """How good a model is on payments that it was not trained on."""

    population: Population
    ranking: Ranking
    policy: AtPolicy
    calibration: Calibration
    segments: tuple[Segment, ...]
    curves: Curves
    cautions: tuple[Caution, ...]
