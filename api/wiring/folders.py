"""A data folder opened for one purpose, without the rest of an installation."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from api.champion import Champion
from api.operator import take_over
from api.parts import Part, first_parts, ruleset_in, unpromoted
from api.promoting import Promoting
from api.publishing import Publishing, publishing
from api.settings import Settings
from engine.access import ApiKeys
from engine.catalog import CATALOG
from engine.decide import Snapshot
from engine.errors import LedgerUnavailable, StoreInvalid
from engine.examined import Examined
from engine.jobs import Jobs
from engine.ledger import Labels, Ledger
from engine.listing import Listing, loaded
from engine.lists import OPERATOR, EntryType, ListName, ListStore
from engine.model_changes import Standing, standing
from engine.policy import Policy
from engine.rules import rules_naming
from engine.score import Scorer
from engine.snapshots import MerchantSnapshots
from engine.stores.sql import Store, examine, has_store, open_reader, open_store
from models.registry import ModelFiles

if TYPE_CHECKING:
    from engine.recorded_frame import Progress, RecordedFrames
    from models.dataset import Asked, Dataset


@contextmanager
def opened_for_reading(folder: Path) -> Iterator[tuple[Ledger, Labels]]:
    """The folder's ledger and labels, read-only and without its lock: a server may run. Raises StoreInvalid."""
    with open_reader(folder) as reading:
        yield reading.ledger, reading.labels


@contextmanager
def opened_for_replay(folder: Path) -> Iterator[tuple[Ledger, ListStore]]:
    """The folder's ledger and lists, read-only and without its lock: a server may run. Raises StoreInvalid."""
    with open_reader(folder) as reading:
        yield reading.ledger, reading.lists


@contextmanager
def opened_frames(folder: Path) -> Iterator[tuple["RecordedFrames", Ledger, Labels]]:
    """The folder's recorded decisions in columns, its ledger and labels, without its lock: a server may run.

    Raises StoreInvalid.
    """
    # Loaded where it is used: pyarrow takes a third of a second that no other command should wait for.
    from engine.stores.frames import LedgerFrames  # noqa: PLC0415

    with open_reader(folder) as reading:
        frames = LedgerFrames(
            data=folder,
            counted=reading.counted,
            versions=reading.ledger.version,
            superseded=reading.ledger.superseded,
        )
        yield frames, reading.ledger, reading.labels


def frames_of_parquet(folder: Path) -> "RecordedFrames":
    """What the folder's segments alone hold, without its ledger. Raises StoreInvalid."""
    from engine.stores.frames import ParquetFrames  # noqa: PLC0415 - as above
    from engine.stores.segments import SegmentKind, manifest_of  # noqa: PLC0415

    manifest = manifest_of(folder)
    decisions, outcomes = ([each.file_in(folder) for each in manifest.of(kind)] for kind in SegmentKind)
    return ParquetFrames(decisions=decisions, outcomes=outcomes)


def dataset_in(folder: Path, asked: "Asked", progress: "Progress" = lambda _: None) -> "Dataset":
    """What is learnt from: the folder's payments of a period, its histories, and what is known of them.

    Without the folder's lock: a server may run. `progress` is told how much is done, from 0 to 1; what it raises passes
    through. Raises StoreInvalid, LedgerUnavailable and HistoryInvalid.
    """
    from models.dataset import build  # noqa: PLC0415 - as above
    from models.history import histories_in  # noqa: PLC0415 - as above

    histories = histories_in(folder)
    if histories and not has_store(folder):
        # A shop with nothing but its past: its ledger is empty, and there from now on.
        open_store(folder).close()
    with opened_frames(folder) as (frames, _, labels):
        return build(frames, labels, asked, histories=histories, progress=progress)


def policies_in(folder: Path) -> Mapping[str, Policy]:
    """The newest policy of each merchant that has one, without the folder's lock. Raises StoreInvalid."""
    with open_reader(folder) as reading:
        return {each.merchant_id: each.policy for each in reading.policies.all()}


def models_in(folder: Path) -> Standing:
    """Where the folder's models stand, without its lock. Raises StoreInvalid."""
    with open_reader(folder) as reading:
        return standing(reading.model_changes.all())


def list_types_in(folder: Path) -> Mapping[str, EntryType]:
    """The operator's named lists, which rules may name, and the types of their entries.

    None where the folder is not there or cannot be read: what is wrong with it is not the rules' fault.
    """
    try:
        with opened_for_replay(folder) as (_, lists):
            return {each.named.list.name: each.named.type for each in lists.named(OPERATOR)}
    except (StoreInvalid, LedgerUnavailable):
        return {}


def segments_written(folder: Path, now: datetime, progress: Callable[[int], None]) -> dict[str, int | str]:
    """Write closed hours as segments, without the folder's lock; how many rows, and how many segments there are now.

    Raises StoreInvalid, SegmentsInUse, LedgerUnavailable or OSError.
    """
    # Loaded where it is used: pyarrow takes a third of a second that no other command should wait for.
    from engine.stores.segments import FOLDER, write_segments  # noqa: PLC0415

    rows = 0

    def note(more: int) -> None:
        nonlocal rows
        rows += more
        progress(more)

    with open_reader(folder) as reading:
        manifest = write_segments(folder, reading.ledger, reading.ledger, reading.outcomes, now, note)
    return {"rows": rows, "segments": len(manifest.segments), "folder": str(folder / FOLDER)}


def examined(folder: Path, progress: Callable[[int], None]) -> Examined:
    """The folder's database looked over, without its lock: a server may run. Raises StoreInvalid.

    `progress` is told how many records were read.
    """
    return examine(folder, progress)


@contextmanager
def opened_keys(folder: Path, *, is_made: bool = False) -> Iterator[ApiKeys]:
    """The folder's API keys alone, under its lock. Raises DataFolderInUse or StoreInvalid.

    A folder that is not there is made where `is_made` says so; else a mistyped one would look like an empty one.
    """
    if not is_made and not folder.exists():
        raise StoreInvalid(f"There is no data folder {folder}: check --data or ASSAY_DATA.")
    store = open_store(folder)
    try:
        take_over(folder, store.keys)
        yield store.keys
    finally:
        store.close()


class Opened:
    """What the routes of lists, rules and jobs need of an installation. No payment comes, so nothing is counted."""

    def __init__(self, settings: Settings, store: Store) -> None:
        """Load the lists; the rules are loaded when they are asked for."""
        self._settings, self._store = settings, store
        self.ledger: Ledger = store.ledger
        self.keys: ApiKeys = store.keys
        self.jobs: Jobs = store.jobs
        files = ModelFiles(settings.data)
        files.clear_staged()
        self._champion = Champion(files=files, standing=lambda: standing(store.model_changes.all()))
        lists = loaded(store.lists)
        self.lists = Listing(
            store.lists,
            lists,
            put=lambda _: None,
            rules_naming=self._rules_naming,
            rules_changing=asyncio.Lock(),
        )

    @cached_property
    def rules(self) -> Publishing:
        """The published rules. Raises RulesInvalid or ReferenceInvalid, as a start would."""
        store, lists = self._store, self.lists.lists
        snapshots = MerchantSnapshots(
            first_parts(self._settings, lists.operators_names(), self._champion).parts,
            ledger=store.ledger,
            policies=store.policies,
            rulesets=store.rulesets,
            keep_velocities=_kept_at_the_next_start,
            lists=lists,
        )
        return publishing(self._settings, store.ledger, snapshots, store.rulesets)

    @cached_property
    def models(self) -> Promoting:
        """The models; what is changed is in force from the next start on."""
        return Promoting(
            self._champion.files,
            self._store.model_changes,
            unpromoted=partial(unpromoted, self._settings),
            put_scorer=_scoring_at_the_next_start,
            put_challengers=lambda _: None,
            scoring=self._scoring,
        )

    def _scoring(self) -> tuple[str, str | None]:
        """What will score from the next start on, and why the champion will not."""
        read = first_parts(self._settings, self.lists.lists.operators_names(), self._champion)
        scorer = read.parts.scorer
        assert scorer is not None, "the shipped scorecard is always there"
        return scorer.id, read.faults.get(Part.MODEL)

    def _rules_naming(self, name: ListName) -> Sequence[str]:
        # Not by what is in force: it takes longer to make than a change of a list may.
        rulesets = self._store.rulesets
        published = rulesets.in_force(None)
        file = published or ruleset_in(self._settings, self.lists.lists.operators_names())
        owned = rulesets.all_in_force() if name.scope == OPERATOR else [rulesets.in_force(name.scope)]
        contents = [file.content, *(each.content for each in owned if each is not None)]
        naming = (rules_naming(content.rules, name.name, CATALOG) for content in contents)
        return sorted({rule for rules in naming for rule in rules})


async def _kept_at_the_next_start(merchant_id: str, snapshot: Snapshot) -> None:
    """There are no counters: a start fills them with what the rules then in force count."""


async def _scoring_at_the_next_start(_: Scorer, commit: Callable[[], None]) -> None:
    """No payment comes, so nothing scores."""
    commit()


@contextmanager
def opened(settings: Settings) -> Iterator[Opened]:
    """The folder's lists and rules, under its lock. Raises DataFolderInUse or StoreInvalid."""
    if not settings.data.exists():
        raise StoreInvalid(f"There is no data folder {settings.data}: check --data or ASSAY_DATA.")
    store = open_store(settings.data)
    try:
        take_over(settings.data, store.keys)
        yield Opened(settings, store)
    finally:
        store.close()
