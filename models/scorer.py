"""A model as it is served: one payment's probability with its exact account, by group of reasons."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.features import Catalog, Features, Value
from engine.score import Contribution, Score
from models.foreign import Foreign
from models.forest import Forest
from models.forest_account import account_of
from models.inputs import Inputs
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
        self._inputs = Inputs(model.inputs.inputs, catalog)
        self._calibration = model.calibration
        self._share = model.share
        self._scorecard = model.scorecard.bound_to(catalog)
        self._expected, self._contributions, groups = _accounting(model)
        self._codes = tuple(sorted({*groups, *(item.group for item in model.scorecard.items)} - {OTHER_CODE}))
        places = {code: place for place, code in enumerate((*self._codes, OTHER_CODE))}
        self._places = places
        self._group_of = np.array([places[group] for group in groups], dtype=np.intp)
        self._groups = _speakers(model, self._codes, catalog)

    def content(self) -> bytes:
        """What the id names, as the ledger keeps it."""
        return self._content

    def score(self, features: Features) -> Score:
        """The score of one payment's features, with one contribution a group. Raises ScoreInvalid where it is none."""
        values, share = features.values, self._share
        added = self._contributions(self._inputs.vector(values))
        weights = (np.bincount(self._group_of, weights=added, minlength=len(self._places)) * share).tolist()
        base = share * self._expected
        said: dict[int, Contribution] = {}
        if share < 1:
            card = self._scorecard.score(features)
            base += (1 - share) * card.base
            for part in card.contributions:
                place = self._places[part.code]
                said[place] = part
                weights[place] += (1 - share) * part.weight
        contributions = self._spoken(weights, _Account(added, said, share, self._groups))
        log_odds = base
        for _, weight, _ in contributions:
            log_odds += weight
        probability = self._calibration.probability(log_odds)
        return Score(probability=probability, base=base, contributions=tuple(contributions))

    def _spoken(self, weights: list[float], account: "_Account") -> list[Contribution]:
        """A contribution for each group that says something, and one for all others together: the sum is kept."""
        rest = weights.pop()
        places = [place for place, weight in enumerate(weights) if not -SPEAKING_MIN < weight < SPEAKING_MIN]
        if len(places) > SPEAKING_MAX:
            loud = sorted(places, key=lambda place: abs(weights[place]), reverse=True)[:SPEAKING_MAX]
            places = sorted(loud)
        contributions, codes = [], self._codes
        for place in places:
            contributions.append(Contribution(codes[place], weights[place], _GroupWords((account, place))))
            weights[place] = 0.0
        for weight in weights:
            rest += weight
        if rest:
            contributions.append(Contribution(OTHER_CODE, rest, _OTHER))
        return contributions


_Speaker = tuple[int, int, tuple[Template, Template | None, Template]]
"""An input of a group: its place, its feature's position, and its words known, special (see Said) and unknown."""


class _Account:
    """Who added what to one score: read when reasons are read out."""

    __slots__ = ("_added", "_by_input", "groups", "said", "share")

    def __init__(
        self,
        added: Floats,
        said: Mapping[int, Contribution],
        share: float,
        groups: Sequence[tuple[_Speaker, ...]],
    ) -> None:
        """`added` is by input, `said` are the scorecard's contributions by group."""
        self._added = added
        self._by_input: list[float] | None = None
        self.said = said
        self.share = share
        self.groups = groups

    def by_input(self) -> list[float]:
        """What each input added."""
        if self._by_input is None:
            self._by_input = self._added.tolist()
        return self._by_input


class _GroupWords(tuple[_Account, int]):
    """The words of a group: those of its part that spoke most, in the direction in which the group speaks.

    The account and the group's place, as a plain tuple: a decision makes a dozen and reads out a few.
    """

    __slots__ = ()

    def filled(self, values: tuple[Value, ...]) -> str:
        """The words with the features' values in them."""
        account, place = self
        share, speakers, card = account.share, account.groups[place], account.said.get(place)
        added = account.by_input()
        learnt = [share * added[at] for at, _, _ in speakers]
        of_card = 0.0 if card is None else (1 - share) * card.weight
        is_against = sum(learnt) + of_card > 0
        loudest = (max if is_against else min)(learnt, default=None)
        if card is not None and (loudest is None or (of_card >= loudest if is_against else of_card <= loudest)):
            return card.words.filled(values)
        assert loudest is not None, "a group has a part that speaks"
        _, position, (known, special, unknown) = speakers[learnt.index(loudest)]
        value = values[position]
        if value is None:
            return unknown.filled(values)
        # True is 1 to Python, and 1.0 is no count.
        is_special = value is False or (value.__class__ is int and value == 1)
        return (special if special is not None and is_special else known).filled(values)


_OTHER: Final = Template(parts=(), end=OTHER_WORDS)
_MODEL: Final = Template(parts=(), end=MODEL_WORDS)


def scorer_of(model: Model, catalog: Catalog, role: str, content: bytes | None = None) -> ModelScorer:
    """The scorer of a model, for a catalogue that has the features it reads.

    `content` is what the ledger keeps where it is more than the model: a bundle with its signature.
    """
    return ModelScorer(model, catalog, role, content)


def _accounting(model: Model) -> tuple[float, Callable[[Floats], Floats], tuple[str, ...]]:
    """What the margin expects, what each input adds to it, and the group of each."""
    margin = model.margin
    if isinstance(margin, Forest):
        account = account_of(margin)
        return account.expected, account.contributions, model.inputs.groups
    if isinstance(margin, Linear):
        return margin.expected, margin.contributions, model.inputs.groups
    return 0.0, lambda row: margin.log_odds(row[None]), (MODEL_CODE,)


def _speakers(model: Model, codes: Sequence[str], catalog: Catalog) -> list[tuple[_Speaker, ...]]:
    """The inputs of each group."""
    found: dict[str, list[_Speaker]] = {code: [] for code in (*codes, OTHER_CODE)}
    if isinstance(model.margin, Foreign):
        # Whatever stands at the position is no part of these words.
        found[MODEL_CODE].append((0, 0, (_MODEL, _MODEL, _MODEL)))
        return [tuple(found[code]) for code in codes]
    for at, each in enumerate(model.inputs.inputs):
        assert each.said is not None, "inputs are settled"
        known, special, unknown = (
            template_of(text, each.feature, catalog) if text else None
            for text in (each.said.known, each.said.special, each.said.unknown)
        )
        assert known is not None
        assert unknown is not None
        found[each.group].append((at, catalog.position(each.feature), (known, special, unknown)))
    return [tuple(found[code]) for code in codes]
