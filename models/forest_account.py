"""What each input adds to a forest's log-odds: exact path-dependent Shapley values, in one pass over arrays.

A leaf's value is shared among the inputs asked of on its way (TreeSHAP, Lundberg et al. 2020, algorithm 2). With z, the
share of the training weight that went a question's way, and o, 1 where this payment goes it, input i gets

    value * (o_i - z_i) * integral over t from 0 to 1 of the product over the other inputs j of (t o_j + (1 - t) z_j)

for the weights of Shapley's sum are that integral's. It is a polynomial of t, so Gauss-Legendre nodes give it exactly.
All that can come out is a table: trees are cut into parts of a few questions, and a part has a row for each pattern of
answers. A payment's answers pick one row a part, and the rows' sum is the account.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import Final, cast

import numpy as np

from models.forest import LEAF, Floats, Forest

QUESTIONS_MAX: Final = 8
"""In a part: the answers are one byte."""
TABLE_BYTES_MAX: Final = 48 * 1024 * 1024
"""Of all rows: what does not fit is worked out for each payment, some hundred times slower."""
_FEWEST: Final = 5
"""Questions a part: below, parts are many and rows are short."""
_WORD: Final = 8
"""Bytes of a word."""
_DIGITS: Final = 40
_NEWTON_STEPS: Final = 8


Way = tuple[tuple[int, bool], ...]
"""The questions above a node, as nodes, and whether left was the answer."""


@dataclass(slots=True, kw_only=True)
class _Stretch:
    """All that a way asks of one input: it is in (low, high], or unknown where that is taken."""

    low: float = -np.inf
    high: float = np.inf
    takes_unknown: bool = True
    share: float = 1.0
    """Of the training weight: what went it of what came by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A tree cut to a few questions: those on the way to `node` and all below it."""

    questions: tuple[int, ...]
    """Nodes; the first are on the way."""
    leaves: tuple[tuple[int, Way], ...]
    """Each leaf below, with its way."""


class _Space:
    """What one account is worked out in: memory that is made once costs a third less than new memory each time."""

    __slots__ = ("answers", "asked", "found", "patterns", "places", "rows", "summands", "words", "words_asked")

    def __init__(self, numbers: int, parts: int, questions: int) -> None:
        """For so many numbers that are asked of, and so many parts of so many questions at most."""
        self.found = np.empty(numbers)
        self.answers = np.empty(numbers, dtype=np.bool_)
        self.asked = np.empty((questions, parts), dtype=np.bool_)
        self.words_asked = self.asked.view(np.uint64)
        self.words = np.empty(parts // _WORD, dtype=np.uint64)
        self.patterns = self.words.view(np.uint8)
        self.places = np.empty(parts, dtype=np.intp)
        self.rows = np.empty((parts, questions))
        self.summands = self.rows.reshape(-1)


class TableAccount:
    """The account by tables. `expected` is the log-odds before any contribution: the training rows' mean."""

    def __init__(self, forest: Forest, parts: list[_Part], questions: int) -> None:
        """Work out all rows; `questions` is the most that a part has."""
        self._inputs = forest.inputs
        # Eight parts' answers are one word. What fills the last word up has no answers and a row of zeros, the first.
        count = -(-len(parts) // _WORD) * _WORD
        # Each question is asked once, however many parts have it. The first pads parts: no number is at most NaN.
        numbers: dict[tuple[int, float, float], int] = {(0, 1.0, np.nan): 0}
        self._questions = np.zeros((questions, count), dtype=np.intp)
        self._rows = np.zeros(count, dtype=np.intp)
        # What fills a row up adds 0, to one input after the other: additions to one and the same wait for each other.
        slots = np.arange(count * questions).reshape(count, questions) % self._inputs
        tables, taken, self.expected = [np.zeros((1, questions))], 1, forest.base
        for at, part in enumerate(parts):
            nodes = np.array(part.questions, dtype=np.intp)
            for place, node in enumerate(part.questions):
                self._questions[place, at] = numbers.setdefault(_question(forest, node), len(numbers))
            inputs = sorted(set(forest.feature[nodes].tolist()))
            slots[at, : len(inputs)] = inputs
            table, expected = _table(forest, part, inputs, questions)
            self._rows[at] = taken
            taken += len(table)
            self.expected += expected
            # A bit says of some nodes whether left is the answer, of others whether right is: see `_question`.
            rights = sum(1 << place for place, node in enumerate(part.questions) if forest.missing_left[node])
            tables.append(table[np.arange(len(table)) ^ rights])
        self._asked = np.array([asked for asked, _, _ in numbers], dtype=np.intp)
        self._signs = np.array([sign for _, sign, _ in numbers])
        self._thresholds = np.array([threshold for _, _, threshold in numbers])
        self._table = np.concatenate(tables)
        self._slots = slots.ravel()
        self._bits = np.array([1 << place for place in range(questions)], dtype=np.uint64)
        self._spare: list[_Space] = []

    def contributions(self, row: Floats) -> Floats:
        """What each input adds, shape (k,), of one payment's inputs, shape (k,), NaN unknown; in log-odds."""
        try:
            # Nobody else has it meanwhile, so that several threads may work out accounts at once.
            space = self._spare.pop()
        except IndexError:
            space = _Space(len(self._asked), len(self._rows), len(self._questions))
        # Every index is in range: with `clip` none is looked at.
        found = row.take(self._asked, mode="clip", out=space.found)
        np.multiply(found, self._signs, found)
        np.less_equal(found, self._thresholds, space.answers).take(self._questions, mode="clip", out=space.asked)
        # A product of words packs the answers of eight parts at once: no byte comes to more than 255.
        self._bits.dot(space.words_asked, out=space.words)
        np.add(self._rows, space.patterns, space.places)
        self._table.take(space.places, axis=0, mode="clip", out=space.rows)
        added = np.bincount(self._slots, weights=space.summands, minlength=self._inputs)
        self._spare.append(space)
        return cast("Floats", added)


class WalkedAccount:
    """The account worked out for each payment: for deep trees, whose tables would be too large."""

    def __init__(self, forest: Forest, leaves: list[tuple[int, Way]]) -> None:
        """Lay the ways out in columns, one a leaf."""
        stretches = [_stretches(forest, way) for _, way in leaves]
        shape = (max(1, *map(len, stretches)), len(leaves))
        self._inputs = forest.inputs
        self._asked = np.full(shape, forest.inputs, dtype=np.intp)
        self._low, self._high = np.full(shape, -np.inf), np.full(shape, np.inf)
        self._takes_unknown, self._share = np.ones(shape, dtype=np.bool_), np.ones(shape)
        for at, by_input in enumerate(stretches):
            for place, (asked, stretch) in enumerate(by_input.items()):
                self._asked[place, at] = asked
                self._low[place, at], self._high[place, at] = stretch.low, stretch.high
                self._takes_unknown[place, at], self._share[place, at] = stretch.takes_unknown, stretch.share
        self._values = forest.value[[leaf for leaf, _ in leaves]]
        self._nodes = nodes_and_weights(-(-shape[0] // 2))
        self.expected = forest.base + float((self._values * self._share.prod(axis=0)).cumsum()[-1])

    def contributions(self, row: Floats) -> Floats:
        """What each input adds, shape (k,), of one payment's inputs, shape (k,), NaN unknown; in log-odds."""
        found = np.append(row, np.nan)[self._asked]
        goes = ((found > self._low) & (found <= self._high)) | (np.isnan(found) & self._takes_unknown)
        added = self._values * _shared(goes.astype(np.float64), self._share, self._nodes)
        summed = np.bincount(self._asked.ravel(), weights=added.ravel(), minlength=self._inputs + 1)
        return summed[: self._inputs].astype(np.float64, copy=False)


Account = TableAccount | WalkedAccount


def account_of(forest: Forest) -> Account:
    """The fastest account of a forest that fits in memory."""
    most = min(max(forest.depth + 1, _FEWEST), QUESTIONS_MAX)
    for questions in range(most, forest.depth - 1, -1):
        parts = [part for start in forest.starts.tolist() for part in _parts(forest, start, questions)]
        rows = sum(2 ** len(part.questions) for part in parts)
        if rows * questions * 8 <= TABLE_BYTES_MAX:
            return TableAccount(forest, parts, questions)
    return WalkedAccount(forest, [each for start in forest.starts.tolist() for each in _leaves(forest, start, ())])


def _parts(forest: Forest, root: int, questions: int) -> Iterator[_Part]:
    """A tree in parts of at most so many questions."""
    waiting: list[tuple[int, Way, tuple[tuple[int, Way], ...]]] = [(root, (), ())]
    while waiting:
        node, way, beside = waiting.pop()
        below = _asking(forest, node, questions - len(way))
        if below is not None:
            asked = (*(above for above, _ in way), *below)
            yield _Part(questions=asked, leaves=(*beside, *_leaves(forest, node, way)))
            continue
        children = [(int(forest.left[node]), (*way, (node, True))), (int(forest.right[node]), (*way, (node, False)))]
        # A leaf goes with its sibling's part, which asks all that it does.
        beside = (*beside, *(each for each in children if forest.feature[each[0]] == LEAF))
        for child, own in children:
            if forest.feature[child] != LEAF:
                waiting.append((child, own, beside))
                beside = ()


def _asking(forest: Forest, node: int, most: int) -> tuple[int, ...] | None:
    """The nodes from this one on that are no leaves; None where they are more than `most`."""
    found: list[int] = []
    waiting = [node]
    while waiting:
        at = waiting.pop()
        if forest.feature[at] == LEAF:
            continue
        found.append(at)
        if len(found) > most:
            return None
        waiting += (int(forest.left[at]), int(forest.right[at]))
    return tuple(found)


def _leaves(forest: Forest, node: int, way: Way) -> Iterator[tuple[int, Way]]:
    """Each leaf from a node on, with its way from the root."""
    waiting = [(node, way)]
    while waiting:
        at, above = waiting.pop()
        if forest.feature[at] == LEAF:
            yield at, above
        else:
            waiting += ((int(forest.left[at]), (*above, (at, True))), (int(forest.right[at]), (*above, (at, False))))


def _stretches(forest: Forest, way: Way) -> dict[int, _Stretch]:
    """What a way asks of each input."""
    found: dict[int, _Stretch] = {}
    for node, is_left in way:
        stretch = found.setdefault(int(forest.feature[node]), _Stretch())
        threshold = float(forest.threshold[node])
        if is_left:
            stretch.high = min(stretch.high, threshold)
        else:
            stretch.low = max(stretch.low, threshold)
        stretch.takes_unknown &= bool(forest.missing_left[node]) == is_left
        stretch.share *= float(forest.cover[forest.left[node] if is_left else forest.right[node]] / forest.cover[node])
    return found


def _question(forest: Forest, node: int) -> tuple[int, float, float]:
    """What a node asks as an input, its sign and a threshold: whether the number, so signed, is at most that.

    An unknown is at most nothing. So a node that sends unknowns left is asked whether they go right, which is where a
    number is above its threshold: where the negative number is at most the next one below the negative threshold.
    """
    asked, threshold = int(forest.feature[node]), float(forest.threshold[node])
    if not forest.missing_left[node]:
        return asked, 1.0, threshold
    # Nothing is above infinity.
    return asked, -1.0, math.nextafter(-threshold, -math.inf) if threshold < math.inf else math.nan


def _table(forest: Forest, part: _Part, inputs: list[int], width: int) -> tuple[Floats, float]:
    """What each input adds by each pattern of answers, shape (patterns, width), and the mean of the part's leaves."""
    patterns = np.arange(2 ** len(part.questions))
    answers = {node: (patterns >> place) & 1 == 1 for place, node in enumerate(part.questions)}
    table, expected = np.zeros((len(patterns), width)), 0.0
    for leaf, way in part.leaves:
        stretches = _stretches(forest, way)
        goes = {asked: np.ones(len(patterns), dtype=np.bool_) for asked in stretches}
        for node, is_left in way:
            goes[int(forest.feature[node])] &= answers[node] == is_left
        share = np.array([stretch.share for stretch in stretches.values()])
        value = float(forest.value[leaf])
        expected += value * float(share.prod())
        if stretches:
            went = np.array(list(goes.values()), dtype=np.float64)
            added = value * _shared(went, share[:, None], nodes_and_weights(-(-len(share) // 2)))
            table[:, [inputs.index(asked) for asked in stretches]] += added.T
    return table, expected


def _shared(went: Floats, share: Floats, quadrature: tuple[Floats, Floats]) -> Floats:
    """Each input's part of a value of 1, shape (inputs, n): `went` is 1 where it goes the way, `share` is z."""
    nodes, weights = quadrature
    factors = nodes[:, None, None] * went + (1 - nodes)[:, None, None] * share
    others = factors.prod(axis=1, keepdims=True) / factors
    summed = np.zeros_like(went)
    for weight, other in zip(weights, others, strict=True):
        summed += weight * other
    return (went - share) * summed


@lru_cache(maxsize=32)
def nodes_and_weights(count: int) -> tuple[Floats, Floats]:
    """Gauss-Legendre nodes and weights on (0, 1), each shape (count,): exact for degrees below 2 * count.

    In decimals, by Newton's method from Tricomi's guess: the same floats on every machine, whatever its BLAS, so that
    a decision replays byte for byte.
    """
    nodes, weights = [], []
    with localcontext() as context:
        context.prec = _DIGITS
        for at in range(count):
            root = Decimal(math.cos(math.pi * (at + 0.75) / (count + 0.5)))
            for _ in range(_NEWTON_STEPS):
                value, slope = _legendre(count, root)
                root -= value / slope
            slope = _legendre(count, root)[1]
            nodes.append(float((root + 1) / 2))
            weights.append(float(1 / ((1 - root * root) * slope * slope)))
    return np.array(nodes), np.array(weights)


def _legendre(degree: int, at: Decimal) -> tuple[Decimal, Decimal]:
    """Legendre's polynomial of a degree of at least 1 and its slope."""
    before, value = Decimal(1), at
    for order in range(2, degree + 1):
        before, value = value, ((2 * order - 1) * at * value - (order - 1) * before) / order
    return value, degree * (at * value - before) / (at * at - 1)
