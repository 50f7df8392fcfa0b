"""Out of time: what a learner says of payments that came after those it was fitted on, for calibration and blend."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.payment import EPOCH, MICROSECOND
from models.learners.learner import Fitted, Floats, Parameters, Progress, Training
from models.learners.material import Items, Material, surely_fraud
from models.scorecard_columns import scorecard_log_odds

Fit = Callable[[Training, Progress], Fitted]

SHARES: Final = (0.4, 0.6, 0.8)
"""The first fold is fitted on the payments before this share of the frauds, and so on."""
SHARES_OF_MANY: Final = (0.6,)
"""One fold is enough where there are many frauds, or where each takes long."""
MANY_FRAUDS: Final = 3_000
MANY_NUMBERS: Final = 20_000_000
"""Rows times inputs."""
KNOWN_MIN: Final = 0.5
"""Of the frauds before a fold's end, the share that has to be known at its end."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Later:
    """Items of payments that came later than what was fitted, with their log-odds; arrays of shape (m,)."""

    items: Items
    learnt: Floats
    """Of the learner."""
    said: Floats
    """Of the scorecard."""
    settled: Parameters
    """What the last fold settled."""
    folds: int
    is_known_then: bool
    """Whether each fold was fitted with the labels of its time; else with those of the end, as there were too few."""


def out_of_time(
    material: Material, items: Items, fit: Fit, *, estimator: object, progress: Progress, last_only: bool = False
) -> Later | None:
    """Fit on what came before, score what came after, fold by fold; None where no fold has frauds on both sides.

    Every fold is fitted with the labels that were known at its end, unless too few were; `last_only` leaves out all but
    the last. Of many good payments a part
    is scored, with weights that stand for all.
    """
    cuts = _cuts(material, items)[-1 if last_only else 0 :]
    at_us, said = material.at_us[items.place], material.said()
    parts: list[tuple[Items, Floats, Fitted, bool]] = []
    for number, (start_us, end_us) in enumerate(zip(cuts, [*cuts[1:], np.inf], strict=True)):
        past, is_known_then = _past(material, items, int(start_us))
        after = items.these((at_us >= start_us) & (at_us < end_us))
        if _one_class(past) or not len(after.place):
            continue
        training = material.training(past, later=after if end_us == np.inf else None, estimator=estimator)

        def tell(done: float, number: int = number) -> None:
            progress((number + done) / len(cuts))

        fitted = fit(training, tell)
        some = after.thinned(material.seed, len(material.inputs))
        parts.append((some, scored(material, fitted, some), fitted, is_known_then))
    return _joined(parts, said)


def scored(material: Material, fitted: Fitted, items: Items) -> Floats:
    """The log-odds that were learnt, of items: the margin's, or those of a scorecard that was learnt."""
    if fitted.scorecard is None:
        return fitted.margin.log_odds(material.matrix[items.place])
    return scorecard_log_odds(fitted.scorecard, material.columns(items))


def _cuts(material: Material, items: Items) -> list[int]:
    """When folds start: by shares of the frauds, so that each has some; each time once."""
    is_many = items.frauds > MANY_FRAUDS or material.matrix.size > MANY_NUMBERS
    surely = np.sort(material.at_us[items.place[surely_fraud(items)]])
    if not len(surely):
        return []
    places = [min(int(share * len(surely)), len(surely) - 1) for share in (SHARES_OF_MANY if is_many else SHARES)]
    return sorted({int(surely[place]) for place in places})


def _past(material: Material, items: Items, start_us: int) -> tuple[Items, bool]:
    before = items.these(material.at_us[items.place] < start_us)
    known = material.items_known(EPOCH + start_us * MICROSECOND)
    known = known.these(material.at_us[known.place] < start_us)
    enough = _surely(known) >= KNOWN_MIN * _surely(before)
    return (known, True) if enough else (before, False)


def _surely(items: Items) -> int:
    return int(surely_fraud(items).sum())


def _one_class(items: Items) -> bool:
    return not _surely(items) or bool((items.target > 0).all())


def _joined(parts: list[tuple[Items, Floats, Fitted, bool]], said: Floats) -> Later | None:
    if not parts:
        return None
    items = Items(
        place=np.concatenate([each.place for each, _, _, _ in parts]),
        target=np.concatenate([each.target for each, _, _, _ in parts]),
        weight=np.concatenate([each.weight for each, _, _, _ in parts]),
    )
    if _one_class(items):
        return None
    return Later(
        items=items,
        learnt=np.concatenate([learnt for _, learnt, _, _ in parts]),
        said=said[items.place],
        settled=parts[-1][2].settled,
        folds=len(parts),
        is_known_then=all(is_known for _, _, _, is_known in parts),
    )
