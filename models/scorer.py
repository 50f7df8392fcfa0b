"""A model as it is served: one payment's probability with its exact account, by group of reasons."""

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.features import Catalog, Features, Value
from engine.score import Contribution, Score
from models.foreign import Foreign
from models.forest import Forest, narrowed
from models.forest_account import account_of
from models.inputs import Input, Inputs
from models.linear import Linear
from models.model import Model, model_id
from models.words import Template, template_of

Floats = npt.NDArray[np.float64]

MODEL_CODE: Final = "model"
"""The one reason of an estimator that cannot say what each input added."""
MODEL_WORDS: Final = "The merchant's own model weighed all that is known; it cannot say what each part added"
OTHER_CODE: Final = "other"
"""What the groups that say little add together."""
OTHER_WORDS: Final = "All else, of little weight each"
SPEAKING_MIN: Final = 0.01
"""In log-odds: a group that adds less goes to `other`."""
SPEAKING_MAX: Final = 10
"""As many groups speak by themselves, so that a decision's record keeps its size."""


class ModelScorer:
    """Scores features by a model. Pure: the same features give the same score."""

    def __init__(self, model: Model, catalog: Catalog, role: str, content: bytes | None = None) -> None:
        """`content` is what the ledger keeps where it is more than the model: a bundle with its signature."""
        own = model.content()
        self.id = model_id(own)
        self.role = role
        self._content = own if content is None else content
        self._calibration = model.calibration
        self._share = model.share
        self._scorecard = model.scorecard.bound_to(catalog)
        expected, self._contributions, asked = _accounting(model)
        self._base = self._share * expected
        if self._share < 1:
            self._base += (1 - self._share) * self._scorecard.base
        self._inputs = Inputs(asked, catalog)
        groups = (MODEL_CODE,) if isinstance(model.margin, Foreign) else self._inputs.groups
        self._codes = tuple(sorted({*groups, *(item.group for item in model.scorecard.items)} - {OTHER_CODE}))
        places = {code: place for place, code in enumerate((*self._codes, OTHER_CODE))}
        self._places = places
        self._group_of = np.array([places[group] for group in groups], dtype=np.intp)
        self._groups = _speakers(model, asked, self._codes, catalog)

    def content(self) -> bytes:
        """What the id names, as the ledger keeps it."""
        return self._content

    def score(self, features: Features) -> Score:
        """The score of one payment's features, with one contribution a group. Raises ScoreInvalid where it is none."""
        values, share = features.values, self._share
        added = self._contributions(self._inputs.vector(values))
        weights = (np.bincount(self._group_of, weights=added, minlength=len(self._places)) * share).tolist()
        said: dict[int, Contribution] = {}
        if share < 1:
            rest, places = 1 - share, self._places
            for part in self._scorecard.contributions(values):
                code, weight, _ = part
                place = places[code]
                said[place] = part
                weights[place] += rest * weight
        contributions = _spoken(self._codes, weights, (added.tolist(), said, share, self._groups))
        log_odds = base = self._base
        for _, weight, _ in contributions:
            log_odds += weight
        probability = self._calibration.probability(log_odds)
        return Score(probability=probability, base=base, contributions=tuple(contributions))


_new = tuple.__new__
_Speaker = tuple[int, int, tuple[Template, Template | None, Template]]
"""An input of a group: its place, its feature's position, and its words known, special (see Said) and unknown."""


_Account = tuple[list[float], Mapping[int, Contribution], float, Sequence[tuple[_Speaker, ...]]]
"""Who added what to one score: the log-odds by input, the scorecard's contributions by group, the model's share, and
the inputs of each group. A plain tuple, as every decision makes one."""


class _GroupWords(tuple[_Account, int, float]):
    """The words of a group: those of its part that spoke most, in the direction in which the group speaks.

    The account, the group's place and its weight, as a plain tuple: a decision makes a dozen and reads out a few.
    """

    __slots__ = ()

    def filled(self, values: tuple[Value, ...]) -> str:
        """The words with the features' values in them."""
        (added, said, share, groups), place, weight = self
        towards = 1.0 if weight > 0 else -1.0
        card, speaker, loudest = said.get(place), None, -inf
        if card is not None:
            loudest = towards * (1 - share) * card.weight
        share *= towards
        for each in groups[place]:
            own = share * added[each[0]]
            if own > loudest:
                speaker, loudest = each, own
        if speaker is None:
            assert card is not None, "a group has a part that speaks"
            return card.words.filled(values)
        _, position, (known, special, unknown) = speaker
        value = values[position]
        if value is None:
            return unknown.filled(values)
        # True is 1 to Python, and 1.0 is no count.
        is_special = value is False or (value.__class__ is int and value == 1)
        return (special if special is not None and is_special else known).filled(values)


def _spoken(codes: Sequence[str], weights: list[float], account: _Account) -> list[Contribution]:
    """A contribution for each group that says something, and one for all others together: the sum is kept.

    `codes` are the groups', `weights` theirs and behind them what `other` adds already, which is taken out.
    """
    rest = weights.pop()
    sizes = [*map(abs, weights)]
    # Of groups that are as loud the first ones speak.
    loudest = sorted(range(len(sizes)), key=sizes.__getitem__, reverse=True)[:SPEAKING_MAX]
    contributions: list[Contribution] = []
    for place in sorted(loudest):
        if sizes[place] >= SPEAKING_MIN:
            # As `Contribution(...)` has it, which takes three times as long.
            weight, weights[place] = weights[place], 0.0
            words = _new(_GroupWords, (account, place, weight))
            contributions.append(_new(Contribution, (codes[place], weight, words)))
    for weight in weights:
        rest += weight
    if rest:
        contributions.append(Contribution(OTHER_CODE, rest, _OTHER))
    return contributions


_OTHER: Final = Template(parts=(), end=OTHER_WORDS)
_MODEL: Final = Template(parts=(), end=MODEL_WORDS)


def scorer_of(model: Model, catalog: Catalog, role: str, content: bytes | None = None) -> ModelScorer:
    """The scorer of a model, for a catalogue that has the features it reads.

    `content` is what the ledger keeps where it is more than the model: a bundle with its signature.
    """
    return ModelScorer(model, catalog, role, content)


def _accounting(model: Model) -> tuple[float, Callable[[Floats], Floats], Sequence[Input]]:
    """What the margin expects, what each input that it asks of adds to it, and these inputs: no other adds anything."""
    margin, inputs = model.margin, model.inputs.inputs
    if isinstance(margin, Forest):
        forest, asked = narrowed(margin)
        account = account_of(forest)
        return account.expected, account.contributions, [inputs[at] for at in asked]
    if isinstance(margin, Linear):
        return margin.expected, margin.contributions, inputs
    return 0.0, lambda row: margin.log_odds(row[None]), inputs


def _speakers(
    model: Model, asked: Sequence[Input], codes: Sequence[str], catalog: Catalog
) -> list[tuple[_Speaker, ...]]:
    """The inputs of each group."""
    found: dict[str, list[_Speaker]] = {code: [] for code in (*codes, OTHER_CODE)}
    if isinstance(model.margin, Foreign):
        # Whatever stands at the position is no part of these words.
        found[MODEL_CODE].append((0, 0, (_MODEL, _MODEL, _MODEL)))
        return [tuple(found[code]) for code in codes]
    for at, each in enumerate(asked):
        assert each.said is not None, "inputs are settled"
        known, special, unknown = (
            template_of(text, each.feature, catalog) if text else None
            for text in (each.said.known, each.said.special, each.said.unknown)
        )
        assert known is not None
        assert unknown is not None
        found[each.group].append((at, catalog.position(each.feature), (known, special, unknown)))
    return [tuple(found[code]) for code in codes]
