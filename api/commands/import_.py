"""`assay import`: a merchant's history into a data folder."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from api.commands.options import Data, settings_with
from api.console import console_of
from api.importing.asked import Advance, Asked, progress
from api.importing.importing import Importer, Work, rehearse
from api.importing.mapping_file import bind_mapping
from api.importing.planning import Plan, newest_times, too_late
from api.importing.rejects import original_columns, write_rejects
from api.importing.summary import print_summary, summary_of
from api.importing.tally import Tally
from api.operator import KEY_FILE
from api.settings import Settings
from api.wiring import Assembly, assembled, opened_for_reading
from engine.errors import DataFolderInUse
from engine.ledger import Ledger


def import_payments(  # noqa: PLR0913 - one for each option
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or Parquet: a payment a row.")],
    *,
    mapping: Annotated[Path, typer.Option("--mapping", metavar="MAP.toml", help="Which column gives which field.")],
    merchant: Annotated[
        str | None, typer.Option("--merchant", help="The merchant of every row, if the mapping names none.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the mapping and all rows, record nothing.")] = False,
    rejects: Annotated[
        Path | None, typer.Option("--rejects", help="Where refused rows go [FILE.rejects.csv].", show_default=False)
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the earliest N rows.")] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Keep the rows with their features to learn from; decide nothing.")
    ] = False,
    name: Annotated[str | None, typer.Option("--name", help="The history's name [FILE's].", show_default=False)] = None,
    replace_: Annotated[bool, typer.Option("--replace", help="Put it in place of the history of that name.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The summary as one JSON object.")] = False,
    data: Data = None,
) -> None:
    """Decide past payments row by row, each at its own time, and record the decisions and labels.

    The same command again goes on where it was stopped: nothing is counted twice. With --history nothing is decided:
    the rows get the features that they would have had, for training. docs/importing.md says how.
    """
    settings = settings_with(data=data)
    asked = Asked(
        file=file, mapping=mapping, merchant=merchant, is_dry_run=dry_run, rejects=rejects, limit=limit, as_json=as_json
    )
    if history:
        # Loaded where it is used: numpy and pyarrow take longer than most commands run.
        from api.commands.import_history import import_history  # noqa: PLC0415

        import_history(settings, asked, name, is_replaced=replace_)
    elif name is not None or replace_:
        raise typer.BadParameter("--name and --replace are of --history: add it, or leave them out.")
    else:
        _decide(settings, asked)


def _decide(settings: Settings, asked: Asked) -> None:
    now = datetime.now(UTC)
    document, sheet = asked.read()
    bound = bind_mapping(asked.mapping, document, sheet.columns, asked.merchant)
    work = asked.work(sheet, bound, now)
    tally = Tally(rows_read=len(sheet.rows), refused=list(work.plan.refused))
    with progress("importing", len(work.plan.order)) as advance:
        if asked.is_dry_run:
            _rehearse(settings.data, work, tally, advance)
        else:
            _run(settings, work, tally, advance)
    refused = (*tally.refused, *tally.labels_refused)
    summary = summary_of(
        tally,
        unmapped=tuple(name for name in original_columns(sheet.columns) if name in bound.unmapped),
        left_out=work.plan.left_out,
        rejects=write_rejects(asked.rejects_path, sheet, bound.card_columns, refused),
        data=settings.data,
        is_dry_run=asked.is_dry_run,
    )
    if asked.as_json:
        typer.echo(json.dumps(summary))
    else:
        print_summary(summary, console_of())


def _run(settings: Settings, work: Work, tally: Tally, advance: Advance) -> None:
    with _opened(settings) as assembly:
        importer = Importer(
            pipeline=assembly.pipeline,
            labels=assembly.labels,
            rates=assembly.snapshot.reference.rates,
            advance=advance,
        )
        asyncio.run(_import(importer, work, tally, assembly))


async def _import(importer: Importer, work: Work, tally: Tally, assembly: Assembly) -> None:
    async with assembly.watch as watch:
        # A history that is decided without its past would stay so for ever.
        await watch.until_ready()
        await importer.run(await _without_late(work, assembly.ledger), tally)


def _rehearse(folder: Path, work: Work, tally: Tally, advance: Advance) -> None:
    if not (folder / KEY_FILE).exists():
        # A dry run leaves no trace, so it does not make the folder either.
        asyncio.run(rehearse(work, tally, None, advance))
        return
    with opened_for_reading(folder) as (ledger, _):
        asyncio.run(_rehearse_against(ledger, work, tally, advance))


async def _rehearse_against(ledger: Ledger, work: Work, tally: Tally, advance: Advance) -> None:
    await rehearse(await _without_late(work, ledger), tally, ledger, advance)


@contextmanager
def _opened(settings: Settings) -> Iterator[Assembly]:
    try:
        with assembled(settings, is_live=False) as assembly:
            yield assembly
    except DataFolderInUse as in_use:
        # Who holds it is worth repeating; of the mends, an import has two.
        held = str(in_use).rpartition(": ")[0] or str(in_use)
        message = f"{held}, and an import needs the folder to itself: stop it or import into another --data folder."
        raise DataFolderInUse(message) from in_use


async def _without_late(work: Work, ledger: Ledger) -> Work:
    late = await too_late(work.sheet, work.mapping, work.plan, work.now, newest_times(ledger), ledger)
    if late:
        _warn_of_late(len(late), work.plan)
    return replace(work, late=late)


def _warn_of_late(count: int, planned: Plan) -> None:
    console_of(stderr=True).print(
        f"assay: {count:,} of {len(planned.order):,} rows are older than their merchant's newest recorded payment and "
        "will be rejected. Import history before going live, or into another --data folder.",
        soft_wrap=True,
    )
