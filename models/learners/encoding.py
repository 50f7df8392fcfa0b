"""Texts as numbers that were known: the relative risk of an issuer, a domain, a country, as of each payment.

Prequential: a payment's number comes from earlier payments and from labels that had come by then, so that no label
explains itself. Empirical Bayes: the frauds of a text are Poisson around its expected ones times a relative risk, and
the risks are gamma-distributed around 1 (Clayton and Kaldor 1987, "Empirical Bayes estimates of age-standardized
relative risks"); the spread is the one that explains best what was known at the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from models.maturity import Curve

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

BLOCKS_MAX: Final = 24
"""Numbers are renewed so many times between the first and the last payment."""
ROWS_MIN: Final = 10
"""A text of fewer payments and without a fraud is as one that was never seen."""
CODES_MAX: Final = 20_000
"""The texts that are kept of one feature: those of the most payments."""

_STRENGTHS: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 64.0)
"""How many frauds a text has to show before it is believed half of what it shows: what is tried."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """What there is to learn of texts, arrays of shape (n,) in the order of receipt.

    Censored payments have no part in it: `counts` is false for them. `known_us` is when a fraud became known, and of no
    meaning for others.
    """

    at_us: Ints
    is_fraud: Mask
    known_us: Ints
    counts: Mask
    end_us: int
    """When the labels were read."""
    curve: Curve
    """How much of the fraud of its age is known."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoding:
    """One feature's texts: `column` has each payment's number as of its time, `codes` each text's as of the end.

    Numbers are natural logarithms of relative risks: 0 is the risk of a text that was never seen.
    """

    column: Floats
    codes: dict[str, float]


def encoded(places: Ints, texts: Sequence[str], history: History) -> Encoding:
    """The numbers of a feature whose texts are `texts[places]`, shape (n,); a place of -1 is unknown, and stays NaN.

    Exact but for one thing: for the share of its fraud that is known, a payment is as old as its block's mean.
    """
    tallies = _Tallies.of(places, len(texts), history)
    risks = np.column_stack([_risks(*tallies.until(bound)) for bound in range(len(tallies.bounds_us))])
    known = places >= 0
    column = np.full(len(places), np.nan)
    column[known] = risks[places[known], tallies.block[known]]
    final, rows = risks[:, -1], tallies.rows.sum(axis=1)
    kept = np.flatnonzero(final)
    kept = np.sort(kept[np.argsort(-rows[kept], kind="stable")][:CODES_MAX])
    return Encoding(column=column, codes={texts[at]: float(final[at]) for at in kept.tolist()})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Tallies:
    """What is known of each text at each bound: the start of each block, and the end of all."""

    block: Ints
    """The block of each payment, shape (n,)."""
    bounds_us: Ints
    """Shape (blocks + 1,)."""
    rows: Floats
    """Payments of a text in a block, shape (texts, blocks)."""
    shares: Floats
    """How much of a block's fraud is known at a bound, shape (blocks, bounds); 0 before its end."""
    frauds: Ints
    """Frauds of a text that are known at a bound, shape (texts, bounds)."""

    @classmethod
    def of(cls, places: Ints, texts: int, history: History) -> "_Tallies":
        ordered = np.sort(history.at_us)
        starts = np.unique(ordered[np.linspace(0, len(ordered), BLOCKS_MAX, endpoint=False).astype(np.int64)])
        blocks = len(starts)
        block = np.searchsorted(starts, history.at_us, side="right") - 1
        bounds = np.append(starts, history.end_us)
        some = history.counts & (places >= 0)
        rows = np.bincount(places[some] * blocks + block[some], minlength=texts * blocks).reshape(texts, blocks)
        counted = np.maximum(np.bincount(block, minlength=blocks), 1)
        # Times since the first, so that their sum is exact enough in a float.
        middle = np.bincount(block, weights=history.at_us - starts[0], minlength=blocks) / counted + starts[0]
        shares = history.curve.share((bounds[None, :] - middle[:, None]).astype(np.int64))
        is_over = np.arange(blocks)[:, None] < np.arange(blocks + 1)[None, :]
        some &= history.is_fraud
        # Known by the bound, and never by the bound that its own block starts with.
        first = np.maximum(np.searchsorted(bounds, history.known_us[some], side="left"), block[some] + 1)
        in_time = first <= blocks
        cells = places[some][in_time] * (blocks + 1) + first[in_time]
        came = np.bincount(cells, minlength=texts * (blocks + 1)).reshape(texts, blocks + 1)
        return cls(
            block=block,
            bounds_us=bounds,
            rows=rows.astype(np.float64),
            shares=np.where(is_over, shares, 0.0),
            frauds=np.cumsum(came, axis=1),
        )

    def until(self, bound: int) -> tuple[Floats, Floats, Ints]:
        """By text: payments before the bound, of those how many have told, and the frauds that are known."""
        return self.rows[:, :bound].sum(axis=1), self.rows @ self.shares[:, bound], self.frauds[:, bound]


def _risks(rows: Floats, told: Floats, frauds: Ints) -> Floats:
    """The logarithm of each text's relative risk; 0 where too little is known."""
    seen = (rows >= ROWS_MIN) | (frauds > 0)
    if not frauds.any() or not told.any():
        return np.zeros(len(rows))
    # A fraud may be known of a block of which nothing should be by the curve: then the curve is no judge.
    told = np.maximum(told, frauds)
    expected = told * (frauds.sum() / told.sum())
    strength = _strength(expected[rows > 0], frauds[rows > 0])
    return np.where(seen, np.log((frauds + strength) / (expected + strength)), 0.0)


def _strength(expected: Floats, frauds: Ints) -> float:
    """The strength of the prior under which the frauds are likeliest (negative binomial, constants left out)."""
    best, likeliest = 1.0, -np.inf
    for strength in _STRENGTHS:
        rising = np.concatenate([[0.0], np.cumsum(np.log(strength + np.arange(frauds.max())))])
        each = rising[frauds] + strength * np.log(strength) - (strength + frauds) * np.log(strength + expected)
        if (likelihood := float(each.sum())) > likeliest:
            best, likeliest = strength, likelihood
    return best
