"""A data folder opened for one purpose, without the rest of an installation."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from api.operator import take_over
from api.parts import ruleset_of
from api.settings import Settings
from engine.access import ApiKeys
from engine.errors import LedgerUnavailable, StoreInvalid
from engine.examined import Examined
from engine.ledger import Labels, Ledger
from engine.listing import Listing, loaded
from engine.lists import OPERATOR, EntryType, ListStore
from engine.stores.sql import examine, open_reader, open_store


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


def examined(folder: Path) -> Examined:
    """The folder's database looked over, without its lock: a server may run. Raises StoreInvalid."""
    return examine(folder)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedLists:
    """What the routes of lists need of an installation."""

    lists: Listing
    ledger: Ledger
    keys: ApiKeys


@contextmanager
def opened_lists(settings: Settings) -> Iterator[OpenedLists]:
    """The folder's lists, under its lock. Raises DataFolderInUse or StoreInvalid."""
    if not settings.data.exists():
        raise StoreInvalid(f"There is no data folder {settings.data}: check --data or ASSAY_DATA.")
    store = open_store(settings.data)
    try:
        take_over(settings.data, store.keys)
        lists = loaded(store.lists)

        def rules_naming(list_name: str) -> tuple[str, ...]:
            ruleset, _ = ruleset_of(settings, lists.operators_names())
            return ruleset.naming(list_name)

        listing = Listing(store.lists, lists, put=lambda _: None, rules_naming=rules_naming)
        yield OpenedLists(lists=listing, ledger=store.ledger, keys=store.keys)
    finally:
        store.close()
