"""When the figures say less than they seem to: found from the payments, told in the report and in the model card."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from models.evaluation.figures import Caution, Population
from models.evaluation.scored import Scored

FRAUDS_ENOUGH: Final = 200
"""With fewer, intervals are wide, and a better model is hard to tell from a lucky one."""
ENTITIES_ENOUGH: Final = 50
_IMMATURE_SHARE: Final = 0.1
_UNCOUNTED_SHARE: Final = 0.2
_AMOUNTS_SHARE: Final = 0.05


def cautions(scored: Scored, population: Population) -> Iterator[Caution]:
    """Each with a stable code, the gravest first."""
    yield from _of_labels(population)
    if population.counted and np.ptp(scored.probability[scored.counted]) == 0:
        yield Caution(code="scores_equal", text="Every payment has the same score: nothing is told apart.")
    if 0 < population.entities < ENTITIES_ENOUGH:
        text = f"The payments belong to {population.entities} independent customers or cards: intervals are too narrow."
        yield Caution(code="few_entities", text=text)
    if population.amount_unknown > _AMOUNTS_SHARE * population.payments:
        text = f"{population.amount_unknown:,} payments have no amount in US dollars: figures in money leave them out."
        yield Caution(code="amounts_unknown", text=text)


def _of_labels(population: Population) -> Iterator[Caution]:
    if not population.payments:
        yield Caution(code="no_payments", text="There are no payments in the test period: nothing could be judged.")
        return
    if not population.frauds:
        text = "No payment of the test period is known to be fraud: how well fraud is found cannot be said."
        yield Caution(code="no_fraud", text=text)
    elif population.frauds_effective < FRAUDS_ENOUGH:
        text = (
            f"Only {population.frauds_effective:,.0f} known frauds count: look at the intervals, "
            f"and wait for about {FRAUDS_ENOUGH} before small differences mean something."
        )
        yield Caution(code="few_frauds", text=text)
    if population.counted and population.frauds == population.counted:
        yield Caution(code="no_good", text="Every payment is fraud: what good customers would feel cannot be said.")
    if population.immature > _IMMATURE_SHARE * max(population.counted, 1):
        text = (
            f"{population.immature / population.counted * 100:.0f} % of the payments are too young for most "
            "chargebacks to have come: some of the good ones will turn out to be fraud."
        )
        yield Caution(code="immature", text=text)
    uncounted = population.payments - population.counted
    if uncounted > _UNCOUNTED_SHARE * population.payments:
        text = (
            f"{uncounted / population.payments * 100:.0f} % of the payments were blocked, declined or challenged: "
            "nobody knows what they were, and figures of fraud leave them out."
        )
        yield Caution(code="fate_unknown", text=text)
