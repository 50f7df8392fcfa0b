"""The score: a calibrated probability of reported third-party fraud, with contributions in log-odds."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from engine.errors import ScoreInvalid
from engine.features import Features, Value


class Words(Protocol):
    """Words about features, made when they are asked for: most contributions are never read out."""

    def filled(self, values: tuple[Value, ...]) -> str:
        """The words with the features' values in them."""


class Contribution(NamedTuple):
    """What one group of features adds to the log-odds, and its words, which carry the value and the window.

    A named tuple, because a decision makes a dozen: `code` is stable, `weight` is in log-odds.
    """

    code: str
    weight: float
    words: Words


_PERCENT_LEAST: Final = 0.01
_PERCENT_MOST: Final = 99.0
_set = object.__setattr__


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A calibrated probability (0-1) and its exact account: base + weights = the log-odds before calibration.

    Raises ScoreInvalid where the probability is none: the decision is then made without a score.
    """

    probability: float
    base: float
    contributions: tuple[Contribution, ...]
    percent: float = field(init=False)
    """The probability as the answer's `risk_score`: percent, two decimals, 0.01 to 99."""

    def __post_init__(self) -> None:
        """Round once: rules, policy and answer all read it."""
        probability = self.probability
        # NaN is not between any two numbers either.
        if not 0 <= probability <= 1:
            raise ScoreInvalid(f"A scorer gave {probability!r} for a probability.")
        percent = round(probability * 100, 2)
        if not _PERCENT_LEAST <= percent <= _PERCENT_MOST:
            percent = _PERCENT_LEAST if percent < _PERCENT_LEAST else _PERCENT_MOST
        _set(self, "percent", percent)


class Scorer(Protocol):
    """Scores features. Pure: the same features give the same score."""

    @property
    def id(self) -> str:
        """Names the model and its version; recorded with each decision."""

    @property
    def role(self) -> str:
        """`champion`, `cold_start` or `fallback`."""

    def content(self) -> bytes:
        """What the id names, as the ledger keeps it: enough to score again and to say why."""

    def score(self, features: Features) -> Score:
        """The score of one payment's features; a feature that is unknown never counts as a value.

        Raises ScoreInvalid where there is none to give.
        """
