"""What a payment truly is, apart from what is sent, and what its cardholder's bank will report of it.

Rates and delays follow the project's notes on card fraud, roughly: a bank reports most of what was stolen, the more
surely the dearer it was, warns within days and charges back within weeks. They are no measurement.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import exp, log, log10
from random import Random
from typing import Final

from engine.scheme_report import CaseResult, CaseStage, SchemeReportKind

_DAYS_MIN, _DAYS_MAX, _WARNING_DAYS_MAX = 1.0, 120.0, 90.0
_REPORTED_AT_1_USD, _REPORTED_PER_DECADE = -0.2, 0.9
"""How surely theft is reported, in log-odds: of a dollar, and what ten times the amount adds."""
_CHARGED_BACK: Final = 0.8
_CLAIMED_AS_FRAUD, _ANSWERED, _WON = 0.6, 0.3, 0.4
_SERVICE, _MISTAKEN = 0.0008, 0.0001
"""Shares of genuine payments: a complaint of what was bought, a warning by mistake."""
_FRIENDLY: Final = {"apparel": 0.0008, "electronics": 0.0015, "vr games": 0.003, "tickets": 0.0022}
"""By what a shop sells, the share of genuine payments that their cardholders will not own to."""
_FRAUD_CODES: Final = {"visa": "10.4", "mastercard": "4837"}
_SERVICE_CODES: Final = {"visa": "13.1", "mastercard": "4853"}
WARNING_TYPE: Final = "unauthorized_use_of_card"


class Truth(StrEnum):
    """What a payment is."""

    GENUINE = "genuine"
    FIRST_PARTY_MISUSE = "first-party misuse"
    """The cardholder paid, and will say that she did not."""
    CARD_TESTING = "card testing"
    STOLEN_CARD = "stolen card"
    ACCOUNT_TAKEOVER = "account takeover"

    @property
    def is_fraud(self) -> bool:
        """Whether somebody else paid than the cardholder: what the score is the probability of, where reported."""
        return self not in {Truth.GENUINE, Truth.FIRST_PARTY_MISUSE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One report of a case: `days` after the money was taken; `code` is a reason, or of a warning the type of fraud."""

    kind: SchemeReportKind
    stage: CaseStage
    days: float
    code: str
    result: CaseResult | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What a payment truly is, and what is reported of it if its money is taken: all drawn beforehand.

    A day of waiting lasts `day_seconds`: where a minute has to show what takes months, less than a day has.
    """

    truth: Truth = Truth.GENUINE
    steps: tuple[Step, ...] = ()
    day_seconds: float = 86_400.0


ORDINARY: Final = Aftermath()
"""Paid by the cardholder, and nothing more is heard of it."""


def after_theft(random: Random, truth: Truth, network: str, amount_usd: float, day_seconds: float) -> Aftermath:
    """Third-party fraud: unreported, or warned of and mostly charged back."""
    log_odds = _REPORTED_AT_1_USD + _REPORTED_PER_DECADE * log10(amount_usd)
    steps: list[Step] = []
    if random.random() < 1 / (1 + exp(-log_odds)):
        steps.append(_warning(random))
        if random.random() < _CHARGED_BACK:
            steps.append(_chargeback(_chargeback_days(random), _FRAUD_CODES[network]))
    return Aftermath(truth=truth, steps=tuple(steps), day_seconds=day_seconds)


def after_genuine(random: Random, category: str, network: str, day_seconds: float) -> Aftermath:
    """The cardholder's own payment, which nearly always ends with itself."""
    drawn = random.random() - _FRIENDLY[category]
    if drawn < 0:
        steps = _after_misuse(random, network)
        return Aftermath(truth=Truth.FIRST_PARTY_MISUSE, steps=steps, day_seconds=day_seconds)
    if drawn < _SERVICE:
        complaint = _chargeback(_days(random, 32, 0.6), _SERVICE_CODES[network])
        return Aftermath(steps=(complaint,), day_seconds=day_seconds)
    if drawn < _SERVICE + _MISTAKEN:
        return Aftermath(steps=(_warning(random),), day_seconds=day_seconds)
    return Aftermath(day_seconds=day_seconds)


def _after_misuse(random: Random, network: str) -> tuple[Step, ...]:
    """A chargeback that calls it fraud or complains; the shop answers some, and wins some of these."""
    is_called_fraud = random.random() < _CLAIMED_AS_FRAUD
    days = _days(random, 32, 0.6)
    first = _chargeback(days, (_FRAUD_CODES if is_called_fraud else _SERVICE_CODES)[network])
    if random.random() >= _ANSWERED:
        return (first,)
    answered = Step(
        kind=SchemeReportKind.CHARGEBACK,
        stage=CaseStage.REPRESENTMENT,
        days=days + random.uniform(45, 75),
        code=first.code,
        result=CaseResult.WON if random.random() < _WON else CaseResult.LOST,
    )
    return (first, answered)


def _warning(random: Random) -> Step:
    days = min(_days(random, 9, 0.9), _WARNING_DAYS_MAX)
    return Step(kind=SchemeReportKind.FRAUD_WARNING, stage=CaseStage.WARNING, days=days, code=WARNING_TYPE)


def _chargeback(days: float, code: str) -> Step:
    return Step(kind=SchemeReportKind.CHARGEBACK, stage=CaseStage.CHARGEBACK, days=days, code=code)


def _chargeback_days(random: Random) -> float:
    """Most within a month, a few of those who read their statements late."""
    sort = random.random()
    if sort < 0.6:  # noqa: PLR2004 - shares of the mixture, as is .93
        return _days(random, 15, 0.6)
    return _days(random, 34, 0.4) if sort < 0.93 else random.uniform(60, _DAYS_MAX)  # noqa: PLR2004


def _days(random: Random, median: float, spread: float) -> float:
    return min(max(random.lognormvariate(log(median), spread), _DAYS_MIN), _DAYS_MAX)
