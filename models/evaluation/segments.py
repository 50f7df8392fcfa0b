"""The figures by merchant, by country, and of new and returning customers: a model can be good on average alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.rules.columns import Ints, Mask, Told
from models.evaluation.acting import Acted
from models.evaluation.draws import Draws
from models.evaluation.figures import Segment
from models.evaluation.measure import MAIN_RATE, Samples, measure, recall_name
from models.evaluation.scored import Scored

SEGMENTS_MAX: Final = 12
"""Of a dimension, those with the most payments."""
PAYMENTS_MIN: Final = 100
"""Fewer say nothing."""
DRAWS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """One segment's samples."""

    dimension: str
    name: str
    payments: int
    frauds: int
    samples: Samples


def parts(scored: Scored) -> Iterator[tuple[str, str, Ints]]:
    """Dimension, name and payments of each segment, those with the most payments first."""
    yield from _of_texts("merchant", scored.merchant)
    yield from _of_texts("country", scored.country)
    for name, those in (("new", scored.is_new.true), ("returning", scored.is_new.false)):
        yield from _enough("customer", name, those)


def measured(scored: Scored, acted: Acted, draws: Draws) -> Iterator[Part]:
    """The samples of each segment, by fewer draws: a row of a table needs no more."""
    fewer = Draws(block=draws.block, times=draws.times[:DRAWS])
    for dimension, name, rows in parts(scored):
        yield Part(
            dimension=dimension,
            name=name,
            payments=len(rows),
            frauds=int((scored.is_fraud & scored.counted)[rows].sum()),
            samples=measure(scored.these(rows), acted.these(rows), fewer.these(rows)),
        )


def segment(part: Part) -> Segment:
    """The figures of a segment."""
    samples = part.samples
    return Segment(
        dimension=part.dimension,
        name=part.name,
        payments=part.payments,
        frauds=part.frauds,
        average_precision=samples["average_precision"].estimate,
        recall=samples[recall_name(MAIN_RATE)].estimate,
        allow=samples["allow"].estimate,
        insult=samples["insult"].estimate,
        stopped_good=samples["stopped_good"].estimate,
        observed_per_expected=samples["observed_per_expected"].estimate,
        net=samples["net"].estimate,
    )


def _of_texts(dimension: str, column: Told) -> Iterator[tuple[str, str, Ints]]:
    counts = np.bincount(column.codes[column.known], minlength=len(column.told))
    for place in np.argsort(-counts, kind="stable")[:SEGMENTS_MAX].tolist():
        yield from _enough(dimension, str(column.told[place]), column.codes == place)


def _enough(dimension: str, name: str, those: Mask) -> Iterator[tuple[str, str, Ints]]:
    if those.sum() >= PAYMENTS_MIN:
        yield dimension, name, np.flatnonzero(those)
