"""Hot reload: the files that the settings name are read again and put in force without a dropped request."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from api.champion import Champion
from api.parts import Part, PartState, parts_again, states_of
from api.settings import Settings
from engine.errors import LedgerUnavailable
from engine.score import Scorer
from engine.snapshots import MerchantSnapshots


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadReport:
    """What a reload did: each part as it is in force now, and which of them changed."""

    states: tuple[PartState, ...]
    changed: frozenset[Part]

    @property
    def is_clean(self) -> bool:
        """Whether every file was taken."""
        return all(state.fault is None for state in self.states)


class Reloading:
    """Reads again and swaps, one reload at a time."""

    def __init__(
        self,
        settings: Settings,
        snapshots: MerchantSnapshots,
        states: Sequence[PartState],
        champion: Champion | None = None,
    ) -> None:
        """`states` are those of the start."""
        self._settings = settings
        self._champion = champion
        self._snapshots = snapshots
        self._states = tuple(states)
        self._reloading = asyncio.Lock()
        self.results: Counter[str] = Counter()
        """How many reloads took every file, left out some, or failed: `taken`, `partly`, `failed`."""

    def states(self) -> tuple[PartState, ...]:
        """Each part as it is in force: the ruleset that of the operator's, be it read or published."""
        in_force = self._snapshots.default.ruleset.hash
        return tuple(
            replace(state, version=in_force) if state.part is Part.RULESET else state for state in self._states
        )

    def scoring(self) -> tuple[str, str | None]:
        """The id of what scores, and why the file of what should was not taken."""
        (model,) = (state for state in self._states if state.part is Part.MODEL)
        return model.version, model.fault

    async def reload(self) -> ReloadReport:
        """Read and check off the event loop, then swap; of what fails its checks the last good one stays.

        Raises LedgerUnavailable where the versions could not be made durable; then nothing has changed.
        """
        try:
            report = await self._reload()
        except LedgerUnavailable:
            self.results["failed"] += 1
            raise
        self.results["taken" if report.is_clean else "partly"] += 1
        return report

    async def put_scorer(self, scorer: Scorer, commit: Callable[[], None]) -> None:
        """Put another scorer in force, between two reloads; `commit` makes durable that it is.

        Raises LedgerUnavailable and what `commit` raises; then nothing has changed.
        """
        async with self._reloading:
            await self._snapshots.replace_scorer(scorer, commit)
            file = None if self._champion is None else self._champion.file
            model = PartState(part=Part.MODEL, version=scorer.id, file=file or self._settings.model)
            self._states = tuple(model if state.part is Part.MODEL else state for state in self._states)

    async def _reload(self) -> ReloadReport:
        async with self._reloading:
            last = self._snapshots.parts
            names = self._snapshots.lists.operators_names()
            read = await asyncio.to_thread(parts_again, self._settings, last, names, self._champion)
            before = {state.part: state.version for state in self.states()}
            await self._snapshots.replace_parts(read.parts)
            self._states = states_of(self._settings, read, self._champion)
            states = self.states()
            changed = frozenset(state.part for state in states if state.version != before[state.part])
        return ReloadReport(states=states, changed=changed)
