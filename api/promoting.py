"""Promoting models: what the routes of models work with, in a server or by a folder's lock."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import orjson

from engine.errors import ModelChanged, PromotionRefused
from engine.model_changes import (
    CHALLENGERS_MAX,
    ChangeKind,
    ModelChange,
    ModelChanges,
    ModelState,
    Standing,
    champion_named,
    champion_tag,
    standing,
)
from engine.score import Scorer
from models.registry import ModelFiles

CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"

PutScorer = Callable[[Scorer, Callable[[], None]], Awaitable[None]]
"""Puts a scorer in force for all; what it is given makes durable that it is, and is called last."""
PutChallengers = Callable[[Mapping[str, Scorer]], None]
"""Has these score in shadow from now on."""


Scoring = Callable[[], tuple[str, str | None]]
"""The id of what scores now, and why it is not the champion where something stands in for it."""


class GateNotPassed(PromotionRefused):
    """What was measured does not speak for the promotion; a person may force it, and the record says so."""

    code = "gate_not_passed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Who wants a change, when and why."""

    at: datetime
    by: str
    """The id of the key."""
    because: str
    replaces: str | None = None
    """The champion that must stand until now (`champion_named`); None: the one that stands when it is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Whether what was measured speaks for a promotion."""

    passes: bool
    checks: tuple[Mapping[str, Any], ...]
    """Everything that was asked: `code`, `passes`, `text` with figure and limit, in JSON's types."""

    @property
    def against(self) -> tuple[str, ...]:
        """In words what does not pass."""
        return tuple(str(each["text"]) for each in self.checks if not each["passes"])

    def content(self) -> bytes:
        """As it is kept with the promotion (JSON)."""
        return orjson.dumps({"passes": self.passes, "checks": self.checks})


class Promoting:
    """The models of an installation and which are in force. It belongs to one event loop: one change at a time."""

    def __init__(
        self,
        files: ModelFiles,
        changes: ModelChanges,
        *,
        unpromoted: Callable[[], Scorer],
        put_scorer: PutScorer,
        put_challengers: PutChallengers,
        scoring: Scoring,
    ) -> None:
        """`unpromoted` gives what scores where no model was promoted."""
        self.files = files
        self.changes = changes
        self.scoring = scoring
        self._unpromoted = unpromoted
        self._put_scorer = put_scorer
        self._put_challengers = put_challengers
        self._changing = asyncio.Lock()

    def standing(self) -> Standing:
        """Where the models stand."""
        return standing(self.changes.all())

    def gate(self, name: str) -> Gate:
        """What the last judgement of a model says of promoting it now."""
        in_force = self.standing().champion
        if name == in_force:
            return _closed("It is in force already.")
        judged = self.files.judged(name)
        if judged is None:
            return _closed(f"It was never judged beside the champion: run 'assay evaluate {name}'.")
        champion = judged["champion"]
        if champion != in_force:
            beside = champion_named(champion)
            return _closed(
                f"It was judged beside {beside}, which is not the champion now: run 'assay evaluate {name}'."
            )
        return Gate(passes=judged["gate"]["passes"], checks=tuple(judged["gate"]["checks"]))

    async def promote(self, name: str, wanted: Wanted, *, force: bool = False) -> ModelChange:
        """Make a model the champion, for every decision from now on.

        Raises GateNotPassed unless it is forced, PromotionRefused where it is the champion, ModelInvalid where its file
        cannot be used, ModelChanged where another change came first, or LedgerUnavailable; then nothing has changed.
        """
        before = self._stands(wanted)
        async with self._changing:
            self._require_still(before)
            if before.champion == name:
                raise PromotionRefused(f"{name} is the champion already.")
            gate = self.gate(name)
            if not gate.passes and not force:
                raise GateNotPassed(f"The gate does not pass. {' '.join(gate.against)}")
            change = _change(ChangeKind.PROMOTED, name, before, wanted)
            change = replace(change, is_forced=not gate.passes, gate=gate.content())
            scorer = await asyncio.to_thread(self._scorer, name, CHAMPION)
            await self._commit(change, scorer)
        return change

    async def roll_back(self, wanted: Wanted) -> ModelChange:
        """Make the champion before this one the champion again. It was judged when it was promoted: no gate is asked.

        Raises PromotionRefused where there is none before, and as `promote`.
        """
        before = self._stands(wanted)
        async with self._changing:
            self._require_still(before)
            if len(before.champions) == 1:
                raise PromotionRefused("No promoted model is in force: there is nothing to undo.")
            earlier = before.champions[-2]
            scorer = await asyncio.to_thread(self._scorer, earlier, CHAMPION)
            change = _change(ChangeKind.ROLLED_BACK, earlier, before, wanted)
            await self._commit(change, scorer)
        return change

    async def challenge(self, name: str, wanted: Wanted) -> ModelChange:
        """Have a model score in shadow. Raises PromotionRefused, and as `promote`."""
        before = self._stands(wanted)
        async with self._changing:
            self._require_still(before)
            if before.state_of(name) in {ModelState.CHAMPION, ModelState.CHALLENGER}:
                raise PromotionRefused(f"{name} is a {before.state_of(name)} already.")
            if len(before.challengers) >= CHALLENGERS_MAX:
                names = ", ".join(before.challengers)
                raise PromotionRefused(f"{CHALLENGERS_MAX} models are challengers: retire one of {names} first.")
            await asyncio.to_thread(self._scorer, name, CHALLENGER)
            change = _change(ChangeKind.CHALLENGING, name, before, wanted)
            await self._keep(change)
        return change

    async def retire(self, name: str, wanted: Wanted) -> ModelChange:
        """Have a model challenge no more. Raises PromotionRefused, and as `promote`."""
        before = self._stands(wanted)
        async with self._changing:
            self._require_still(before)
            if name == before.champion:
                raise PromotionRefused(f"{name} is the champion: promote another, or roll back.")
            if name not in before.challengers:
                raise PromotionRefused(f"{name} is no challenger.")
            change = _change(ChangeKind.RETIRED, name, before, wanted)
            await self._keep(change)
        return change

    def begin(self) -> None:
        """Have those score in shadow that are challengers already, where their files can be used. At the start."""
        self._put_challengers(self._challengers())

    def _stands(self, wanted: Wanted) -> Standing:
        """Where the models stand as it is asked. Raises ModelChanged where another champion was to be replaced."""
        now = self.standing()
        if wanted.replaces is not None and wanted.replaces != champion_tag(now.champion):
            raise ModelChanged(f"The champion is {champion_named(now.champion)}, not {wanted.replaces}: look again.")
        return now

    def _require_still(self, before: Standing) -> None:
        """Of two that change the models at once the second is told: it asked for something else than what is now."""
        if self.standing().number != before.number:
            raise ModelChanged("Somebody else changed the models just now: look at them, then try again.")

    async def _commit(self, change: ModelChange, scorer: Scorer) -> None:
        await self._put_scorer(scorer, lambda: self.changes.append(change))
        await self._put_shadows()

    async def _keep(self, change: ModelChange) -> None:
        await asyncio.to_thread(self.changes.append, change)
        await self._put_shadows()

    async def _put_shadows(self) -> None:
        self._put_challengers(await asyncio.to_thread(self._challengers))

    def _challengers(self) -> dict[str, Scorer]:
        found = {}
        for name in self.standing().challengers:
            listed = self.files.listed(name)
            if listed.fault is None:
                found[name] = self._scorer(name, CHALLENGER)
        return found

    def _scorer(self, name: str | None, role: str) -> Scorer:
        """The scorer of a model; None: what scores without one. Raises ModelInvalid."""
        return self._unpromoted() if name is None else self.files.scorer(name, role)


def _change(kind: ChangeKind, name: str | None, before: Standing, wanted: Wanted) -> ModelChange:
    return ModelChange(
        number=before.number + 1, kind=kind, model_id=name, at=wanted.at, by=wanted.by, because=wanted.because
    )


def _closed(text: str) -> Gate:
    return Gate(passes=False, checks=({"code": "judged", "passes": False, "text": text},))
