"""`assay replay`: law 1, checked on what was recorded."""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from api.commands.options import Data, settings_with
from api.console import console_of
from api.wiring import opened_for_replay
from engine.errors import AssayError
from engine.reference import Rates, Reference, TimeZones
from engine.replay import Replay, Replayed
from models.scorer_file import scorers_of

DIFFERENCES_SHOWN_MAX: Final = 20
_EARLIEST: Final = datetime(1970, 1, 2, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 30, tzinfo=UTC)


class PeriodInvalid(AssayError):
    """A time that cannot be read, or a period that ends before it begins."""

    code = "period_invalid"


@dataclass(slots=True, kw_only=True)
class Found:
    """What a replay found so far. Of the differences the first are kept whole, all are counted by field."""

    same: int = 0
    too_old: Counter[str] = field(default_factory=Counter)
    """Not replayed, for another version of Assay recorded them: how many, by what this one cannot read."""
    fields: Counter[str] = field(default_factory=Counter)
    shown: list[tuple[str, str]] = field(default_factory=list)
    damaged: int = 0
    """Not replayed, for their records cannot be read."""
    damaged_shown: list[str] = field(default_factory=list)

    @property
    def different(self) -> int:
        """How many did not come out as they were recorded."""
        return self.fields.total()

    @property
    def is_whole(self) -> bool:
        """Whether every decision of the period was replayed and came out as it was."""
        return not (self.different or self.too_old or self.damaged)

    def note_damaged(self, decision_id: str) -> None:
        """Count one whose record cannot be read."""
        self.damaged += 1
        if len(self.damaged_shown) < DIFFERENCES_SHOWN_MAX:
            self.damaged_shown.append(decision_id)

    def note(self, replayed: Replayed) -> None:
        """Count one."""
        if replayed.too_old is not None:
            self.too_old[replayed.too_old] += 1
            return
        if replayed.difference is None:
            self.same += 1
            return
        self.fields[replayed.difference] += 1
        if len(self.shown) < DIFFERENCES_SHOWN_MAX:
            self.shown.append((replayed.record.id, replayed.difference))


def replay(
    start: Annotated[str | None, typer.Option("--from", metavar="TIME", help="UTC: 2026-11-23 or with a time.")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="TIME", help="The first moment left out.")] = None,
    *,
    merchant: Annotated[str | None, typer.Option("--merchant", help="One merchant's alone.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The result as one JSON object.")] = False,
    data: Data = None,
) -> None:
    """Decide every recorded payment of a period again and compare the bytes; exit code 1 where any differ.

    So it is where any could not be replayed, as an older version of Assay recorded it or its record is damaged: that is
    said apart.

    Made from what the ledger keeps: recorded features, and the rules, policy and model that decided. It only reads, and
    a server may run meanwhile.
    """
    begins, ends = _instant(start, "--from", _EARLIEST), _instant(end, "--to", _LATEST)
    if begins >= ends:
        raise PeriodInvalid(f"--from {start} is not before --to {end}: the period would be empty.")
    found = Found()
    folder = settings_with(data=data).data
    with opened_for_replay(folder) as (ledger, lists):
        replaying = Replay(ledger, scorers_of(folder), _no_tables(), lists)
        records = ledger.between(begins, ends, merchant, damaged=found.note_damaged)
        for replayed in _shown(replaying.of(records), begins, ends):
            found.note(replayed)
    _tell(found, as_json=as_json)
    if not found.is_whole:
        raise typer.Exit(1)


def _no_tables() -> Reference:
    """What stands where a bundle has its tables: deciding reads none of them, and loading them takes a second."""
    return Reference(ip=None, bins=None, rates=Rates.load(), time_zones=TimeZones.load())


def _instant(text: str | None, option: str, default: datetime) -> datetime:
    if text is None:
        return default
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"{option} {text!r} is no time: write 2026-11-23 or 2026-11-23T14:30:00, in UTC."
        raise PeriodInvalid(message) from error
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _shown(replayed: Iterable[Replayed], begins: datetime, ends: datetime) -> Iterator[Replayed]:
    """The same, with progress by receipt time: what is yet to come is not counted first."""
    columns = (TextColumn("replaying"), BarColumn(), TextColumn("{task.fields[count]:,}"), TimeRemainingColumn())
    with Progress(
        *columns, console=console_of(stderr=True), transient=True, disable=not sys.stderr.isatty()
    ) as progress:
        is_bounded = begins is not _EARLIEST and ends is not _LATEST
        task = progress.add_task(
            "decisions", total=(ends - begins) / timedelta(seconds=1) if is_bounded else None, count=0
        )
        for count, each in enumerate(replayed, start=1):
            progress.update(task, completed=(each.record.at - begins) / timedelta(seconds=1), count=count)
            yield each


def _tell(found: Found, *, as_json: bool) -> None:
    if as_json:
        differences = [{"decision_id": id_, "field": name} for id_, name in found.shown]
        result = {
            "replayed": found.same + found.different,
            "same": found.same,
            "different": found.different,
            "too_old": found.too_old.total(),
            "damaged": found.damaged,
            "damaged_decisions": found.damaged_shown,
        }
        typer.echo(json.dumps({**result, "by_field": dict(found.fields), "differences": differences}))
        return
    console = console_of(soft_wrap=True)
    console.print(f"{found.same + found.different:,} decisions replayed: {found.same:,} byte-equal")
    if found.too_old:
        console.print(f"{found.too_old.total():,} NOT REPLAYED, recorded by a version of Assay too old for this one:")
        for why, count in found.too_old.most_common():
            console.print(f"  {count:,}  {why}")
    if found.damaged:
        console.print(f"{found.damaged:,} NOT REPLAYED, their records are damaged: restore a backup of the database.")
        _list(console, found.damaged_shown, found.damaged)
    if not found.different:
        return
    console.print(f"{found.different:,} DIFFER, by the first field that does:")
    for name, count in found.fields.most_common():
        console.print(f"  {count:,}  {name}")
    _list(console, [f"{id_}  {name}" for id_, name in found.shown], found.different)


def _list(console: Console, lines: Sequence[str], count: int) -> None:
    """The first of so many, and how many are not shown."""
    for line in lines:
        console.print(line)
    if count > len(lines):
        console.print(f"... and {count - len(lines):,} more")
