"""Changes of the models in force: who put which one where, when and why. They are kept for ever, and only added to.

The champion scores every payment. Challengers score beside it and decide nothing. What is neither is a candidate, or
retired once it was one of them. All of it follows from the changes: there is no pointer that could say otherwise.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

CHALLENGERS_MAX: Final = 3
"""Each scores every payment too."""
BECAUSE_LENGTH_MAX: Final = 500


class ChangeKind(StrEnum):
    """What was done with a model."""

    PROMOTED = "promoted"
    """It became the champion, on its merits."""
    ROLLED_BACK = "rolled_back"
    """It is the champion again: what was promoted after it was undone."""
    CHALLENGING = "challenging"
    """It scores payments in shadow."""
    RETIRED = "retired"
    """It challenges no more."""


class ModelState(StrEnum):
    """Where a model stands."""

    CANDIDATE = "candidate"
    CHALLENGER = "challenger"
    CHAMPION = "champion"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChange:
    """One change. Its time is the edge's clock, UTC."""

    number: int
    """From 1, without gaps."""
    kind: ChangeKind
    model_id: str | None
    """None: the scorecard, which decides where no model was promoted."""
    at: datetime
    by: str
    """The id of the key."""
    because: str = ""
    is_forced: bool = False
    """Whether the gate did not pass, and a person promoted it all the same."""
    gate: bytes = b""
    """Of a promotion what the gate said, JSON; empty where it said nothing."""


class ModelChanges(Protocol):
    """Where changes are kept."""

    def all(self) -> Sequence[ModelChange]:
        """Every change, oldest first, from memory: a person made each of them."""

    def append(self, change: ModelChange) -> None:
        """Keep a change durably. Raises ModelChanged where its number is taken, LedgerUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the models stand after some changes."""

    champions: tuple[str | None, ...] = (None,)
    """The champion is the last; a rollback leads to the one before it. The first is None: the scorecard."""
    challengers: tuple[str, ...] = ()
    """In the order in which they came."""
    retired: frozenset[str] = frozenset()
    number: int = 0
    """Of the last change."""

    @property
    def champion(self) -> str | None:
        """The model in force; None: the scorecard."""
        return self.champions[-1]

    def state_of(self, model_id: str) -> ModelState:
        """Where a model stands."""
        if model_id == self.champion:
            return ModelState.CHAMPION
        if model_id in self.challengers:
            return ModelState.CHALLENGER
        return ModelState.RETIRED if model_id in self.retired else ModelState.CANDIDATE

    def after(self, change: ModelChange) -> "Standing":
        """Where they stand after one more change."""
        model_id, champions = change.model_id, self.champions
        challengers = tuple(each for each in self.challengers if each != model_id)
        retired = {*self.retired}
        if change.kind is ChangeKind.PROMOTED:
            champions = (*champions, model_id)
        elif change.kind is ChangeKind.ROLLED_BACK:
            champions = _back_to(champions, model_id)
        elif model_id is not None and change.kind is ChangeKind.CHALLENGING:
            challengers = (*challengers, model_id)
        elif model_id is not None:
            retired.add(model_id)
        if self.champion is not None:
            retired.add(self.champion)
        in_use = {champions[-1], *challengers}
        return Standing(
            champions=champions,
            challengers=challengers,
            retired=frozenset(each for each in retired if each not in in_use),
            number=change.number,
        )


def standing(changes: Iterable[ModelChange]) -> Standing:
    """Where the models stand after these changes, oldest first."""
    found = Standing()
    for change in changes:
        found = found.after(change)
    return found


def _back_to(champions: tuple[str | None, ...], model_id: str | None) -> tuple[str | None, ...]:
    """The champions until the newest earlier one that is this model; it is the last where it never was one."""
    for length in range(len(champions) - 1, 0, -1):
        if champions[length - 1] == model_id:
            return champions[:length]
    return (*champions, model_id)


def champion_named(name: object) -> str:
    """The champion in words."""
    return "the scorecard" if name is None else str(name)


def champion_tag(name: str | None) -> str:
    """The champion as a version that calls name: a model's id, or `scorecard`."""
    return "scorecard" if name is None else name
