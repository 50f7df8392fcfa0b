"""Figures as people read them: the same in the report and in the model card."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from models.evaluation.figures import Estimate, Evaluation
from models.evaluation.measure import RATES

Form = Callable[[float], str]
NOT_KNOWN: Final = "cannot be said"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure to show: its name, what it means, where it stands and how it is written."""

    name: str
    meaning: str
    of: Callable[[Evaluation], Estimate]
    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Figures that belong together."""

    title: str
    lead: str
    figures: tuple[Figure, ...]


def share(value: float) -> str:
    """0.0123 as `1.23 %`: the smaller, the more digits."""
    percent = value * 100
    if percent and abs(percent) < 0.1:  # noqa: PLR2004 - for the eye
        return f"{percent:.3f} %"
    return f"{percent:.2f} %" if abs(percent) < 10 else f"{percent:.1f} %"  # noqa: PLR2004 - for the eye


def dollars(cents: float) -> str:
    """USD cents in whole US dollars."""
    return f"-${-cents / 100:,.0f}" if round(cents / 100) < 0 else f"${abs(cents) / 100:,.0f}"


def decimals(value: float) -> str:
    """A number from 0 to 1 or so."""
    return f"{value:.3f}"


def small(value: float) -> str:
    """A number near 0."""
    return f"{value:.5f}"


def value(estimate: Estimate, form: Form) -> str:
    """The figure alone."""
    return NOT_KNOWN if estimate.value is None else form(estimate.value)


def interval(estimate: Estimate, form: Form) -> str:
    """Between what it lies, or nothing."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f"{form(estimate.low)} to {form(estimate.high)}"


def _at_rates() -> Iterator[Figure]:
    for place, rate in enumerate(RATES):
        yield Figure(
            name=f"Fraud found at {rate * 100:g} % false alarms",
            meaning=f"Of all fraud, what scores so high that only {rate * 100:g} % of good payments reach it.",
            of=lambda each, place=place: each.ranking.at_false_positives[place].recall,  # type: ignore[misc]
            form=share,
        )
        yield Figure(
            name=f"Fraud money found at {rate * 100:g} % false alarms",
            meaning="The same by amounts.",
            of=lambda each, place=place: each.ranking.at_false_positives[place].value_recall,  # type: ignore[misc]
            form=share,
        )


GROUPS: Final = (
    Group(
        title="At today's thresholds",
        lead="What the policies' thresholds make of the scores. Rules and lists act beside them and are not in it.",
        figures=(
            Figure(
                name="Fraud stopped",
                meaning="Of all known fraud, the payments that are challenged, reviewed or blocked.",
                of=lambda each: each.policy.recall,
                form=share,
            ),
            Figure(
                name="Fraud money stopped",
                meaning="The same by amounts.",
                of=lambda each: each.policy.value_recall,
                form=share,
            ),
            Figure(
                name="Good payments stopped",
                meaning="Of good payments, those challenged, reviewed or blocked.",
                of=lambda each: each.policy.stopped_good,
                form=share,
            ),
            Figure(
                name="Good payments blocked",
                meaning="The insult rate: customers who could not pay.",
                of=lambda each: each.policy.insult,
                form=share,
            ),
            Figure(
                name="Right when it stops",
                meaning="Precision: of the payments stopped, those that are fraud.",
                of=lambda each: each.policy.precision,
                form=share,
            ),
            Figure(
                name="Payments that simply pass",
                meaning="The approval rate, of all payments.",
                of=lambda each: each.policy.allow,
                form=share,
            ),
            Figure(
                name="Challenged", meaning="Asked for 3-D Secure.", of=lambda each: each.policy.challenge, form=share
            ),
            Figure(
                name="Reviewed", meaning="Held for a person to look at.", of=lambda each: each.policy.review, form=share
            ),
            Figure(name="Blocked", meaning="Refused.", of=lambda each: each.policy.block, form=share),
            Figure(
                name="Losses avoided",
                meaning="Goods and chargeback fees of the fraud stopped; all of it is taken to be found.",
                of=lambda each: each.policy.saved,
                form=dollars,
            ),
            Figure(
                name="Margin lost",
                meaning="On good payments that are blocked.",
                of=lambda each: each.policy.lost_margin,
                form=dollars,
            ),
            Figure(
                name="Cost of reviews",
                meaning="What looking at payments costs in wages.",
                of=lambda each: each.policy.review_cost,
                form=dollars,
            ),
            Figure(
                name="Money saved",
                meaning="Losses avoided, less margin lost, less reviews; beside letting every payment pass.",
                of=lambda each: each.policy.net,
                form=dollars,
            ),
        ),
    ),
    Group(
        title="Whatever the thresholds",
        lead="How well the scores put fraud above good payments.",
        figures=(
            Figure(
                name="Average precision",
                meaning="How pure the top of the list is, over all lengths of the list: 1 is perfect, "
                "the share of fraud is what chance gives.",
                of=lambda each: each.ranking.average_precision,
                form=decimals,
            ),
            *_at_rates(),
            Figure(
                name="Card precision at 100",
                meaning="Of the hundred cards with the highest scores of a day, those with fraud.",
                of=lambda each: each.ranking.card_precision_100,
                form=decimals,
            ),
            Figure(
                name="Area under the ROC curve",
                meaning="The chance that a fraud scores above a good payment. Nearly always high: look at the others.",
                of=lambda each: each.ranking.roc_auc,
                form=decimals,
            ),
        ),
    ),
    Group(
        title="Are the probabilities right?",
        lead="A score of 20 % should mean that one in five is fraud.",
        figures=(
            Figure(
                name="Fraud known per fraud expected",
                meaning="1 is right; above 1 the model expects too little.",
                of=lambda each: each.calibration.observed_per_expected,
                form=decimals,
            ),
            Figure(
                name="Gap in the top 2 %",
                meaning="How far expected and known fraud are apart among the highest scores, on average.",
                of=lambda each: each.calibration.ece_top,
                form=decimals,
            ),
            Figure(
                name="Brier score",
                meaning="Mean squared error of the probability; less is better.",
                of=lambda each: each.calibration.brier,
                form=small,
            ),
            Figure(
                name="Log-loss",
                meaning="How surprised the model is by what came, in nats; less is better.",
                of=lambda each: each.calibration.log_loss,
                form=small,
            ),
        ),
    ),
)
"""Every figure that is shown, in its order."""
