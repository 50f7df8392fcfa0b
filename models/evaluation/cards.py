"""Card precision: of the cards that a team of investigators would look at in a day, how many have fraud.

As the Fraud Detection Handbook defines it (chapter 4.5): a card's score is its highest of the day, a card that
was found is not looked at again, and a day's precision is always of the whole number looked at. Cards known as
compromised before the period are to be left out by whoever puts the payments together.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.rules.columns import Ints, Mask
from models.evaluation.draws import Draws
from models.evaluation.scored import DAY_US, Floats, Scored

CARDS_A_DAY: Final = 100
_DEPTH: Final = 4
"""So many times the cards looked at are kept for draws, in which some of the first are missing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Day:
    """The first cards of a day, from the highest score down, without those found before."""

    has_fraud: Mask
    block: Ints
    """The block of each card in the bootstrap."""


def days(scored: Scored, draws: Draws, cards: int = CARDS_A_DAY) -> tuple[Day, ...]:
    """The days of the payments, in order; what was found on one is left out on the next."""
    rows = np.flatnonzero(scored.counted)
    day = scored.at_us[rows] // DAY_US
    # By day, then by card, then from the highest score down: the first of each card is its highest of the day.
    order = np.lexsort((-scored.probability[rows], scored.card[rows], day))
    rows, day = rows[order], day[order]
    found: list[int] = []
    made = []
    for each in np.split(rows, np.flatnonzero(np.diff(day)) + 1) if len(rows) else ():
        kept = each[~np.isin(scored.card[each], found)]
        card, first = np.unique(scored.card[kept], return_index=True)
        has_fraud = np.logical_or.reduceat(scored.is_fraud[kept], first) if len(kept) else np.zeros(0, np.bool_)
        ranked = np.argsort(-scored.probability[kept[first]], kind="stable")[: cards * _DEPTH]
        made.append(Day(has_fraud=has_fraud[ranked], block=draws.block[kept[first]][ranked]))
        found.extend(card[ranked[:cards]][has_fraud[ranked[:cards]]].tolist())
    return tuple(made)


def card_precision(made: tuple[Day, ...], times: Floats, cards: int = CARDS_A_DAY) -> Floats:
    """The mean over days, one a draw; `times` (draws, blocks) how often each block is drawn. NaN without a fraud."""
    if not any(day.has_fraud.any() for day in made):
        return np.full(len(times), np.nan)
    total = np.zeros(len(times))
    for day in made:
        drawn = times[:, day.block]
        before = np.cumsum(drawn, axis=1) - drawn
        total += np.clip(cards - before, 0, drawn) @ day.has_fraud / cards
    return total / len(made)
