"""`assay import --history`: past payments with their features, to learn from; a server may run beside."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from api.console import console_of
from api.importing.asked import Asked, progress, status
from api.importing.history import Historian, HistoryTally
from api.importing.history_rows import Kept
from api.importing.history_summary import history_summary, print_history
from api.importing.history_writing import check_name, histories_held, name_for
from api.importing.mapping_file import bind_history
from api.importing.rejects import write_rejects
from api.importing.tally import Tally
from api.reference_files import reference_of
from api.settings import Settings
from engine.garbage import no_garbage_collection
from models.history import History


def import_history(settings: Settings, asked: Asked, name: str | None, *, is_replaced: bool) -> None:
    """Keep a file's rows as a history of this name, and say what came of it. Raises as `history_imported` does."""
    summary = history_imported(settings, asked, name, is_replaced=is_replaced)
    if asked.as_json:
        typer.echo(json.dumps(summary))
    else:
        print_history(summary, console_of())


def history_imported(
    settings: Settings, asked: Asked, name: str | None = None, *, is_replaced: bool = False
) -> dict[str, Any]:
    """Keep a file's rows as a history of this name; the summary.

    Raises HistoryRefused, MappingInvalid, ImportFileInvalid, ReferenceInvalid, NumberTooLarge or OSError; nothing is
    kept then.
    """
    name, now = name_for(asked.file, name), datetime.now(UTC)
    document, sheet = asked.read()
    bound, mapping = bind_history(asked.mapping, document, sheet.columns, asked.merchant)
    work, source = asked.work(sheet, bound, now), asked.source(sheet)
    tally, more = Tally(rows_read=len(sheet.rows), refused=list(work.plan.refused)), HistoryTally()
    check_name(settings.data, name, source, is_replaced=is_replaced)
    with no_garbage_collection(), progress("importing", len(work.plan.order)) as advance:
        historian = Historian(name=name, mapping=mapping, reference=reference_of(settings), advance=advance)
        kept = historian.keep(work, tally, more)
    refused = (*tally.refused, *tally.labels_refused, *more.events_refused)
    rejects = write_rejects(asked.rejects_path, sheet, bound.card_columns, refused)
    history = None if asked.is_dry_run else _written(settings.data, historian, kept, source, is_replaced=is_replaced)
    return history_summary(work, tally, more, rejects=rejects, history=history)


def _written(data: Path, historian: Historian, kept: Kept, source: dict[str, Any], *, is_replaced: bool) -> History:
    with histories_held(data), status("counting what was seen before each payment, and writing"):
        # Again, now that nobody else can take the name.
        check_name(data, historian.name, source, is_replaced=is_replaced)
        return historian.write(kept, data, source)
