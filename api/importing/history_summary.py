"""The summary of an import of history: as one JSON object, and as tables for a person."""

from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from api.importing.history import HistoryTally
from api.importing.importing import Work
from api.importing.rejects import original_columns
from api.importing.tally import Tally
from models.history import History


def history_summary(
    work: Work, tally: Tally, more: HistoryTally, *, rejects: Path | None, history: History | None
) -> dict[str, Any]:
    """Everything that an import of history tells at its end; `history` is None of a dry run."""
    refused = {
        "rejected_by_code": tally.refused,
        "events_rejected_by_code": more.events_refused,
        "labels_rejected_by_code": tally.labels_refused,
    }
    return {
        "dry_run": history is None,
        "history": None if history is None else history.name,
        "folder": None if history is None else str(history.folder),
        "rows_read": tally.rows_read,
        "kept": tally.decided,
        "already_there": tally.already_there,
        "rejected": len(tally.refused),
        "left_out_by_limit": work.plan.left_out,
        "labels": more.labels,
        "frauds": more.frauds,
        "events": dict(more.events.most_common()),
        **{name: dict(Counter(refusal.code for _, refusal in each).most_common()) for name, each in refused.items()},
        "rejects_file": None if rejects is None else str(rejects),
        "warnings_by_code": dict(tally.warnings.most_common()),
        "unmapped_columns": [name for name in original_columns(work.sheet.columns) if name in work.mapping.unmapped],
    }


def print_history(summary: dict[str, Any], console: Console) -> None:
    """Tables and words to the console."""
    if summary["dry_run"]:
        console.print("Dry run: nothing was kept.")
    console.print(_counts(summary))
    for title, name in (
        ("Rejected, by reason", "rejected_by_code"),
        ("Outcomes and refunds rejected, by reason", "events_rejected_by_code"),
        ("Labels rejected, by reason", "labels_rejected_by_code"),
        ("Warnings: odd values", "warnings_by_code"),
    ):
        if summary[name]:
            console.print(_listing(title, summary[name]))
    if summary["rejects_file"]:
        console.print(f"Rejected rows with their reasons: {summary['rejects_file']}", soft_wrap=True)
    if summary["unmapped_columns"]:
        named = ", ".join(summary["unmapped_columns"])
        console.print(f"Columns that the mapping does not use: {named}", soft_wrap=True)
    if summary["history"]:
        console.print(f"History '{summary['history']}' in {summary['folder']}", soft_wrap=True)


def _counts(summary: dict[str, Any]) -> Table:
    table = Table("rows", "", title="History to learn from", title_justify="left")
    table.columns[1].justify = "right"
    would = "would be " if summary["dry_run"] else ""
    for words, name in (
        ("read", "rows_read"),
        (f"{would}kept", "kept"),
        ("there twice", "already_there"),
        (f"{would}rejected", "rejected"),
        ("left out by --limit", "left_out_by_limit"),
        ("labels", "labels"),
        ("labels of fraud", "frauds"),
    ):
        table.add_row(words, f"{summary[name]:,}")
    for status, count in summary["events"].items():
        table.add_row(status.replace("_", " "), f"{count:,}")
    return table


def _listing(title: str, counts: dict[str, int]) -> Table:
    table = Table("code", "count", title=title, title_justify="left")
    table.columns[1].justify = "right"
    for code, count in counts.items():
        table.add_row(code, f"{count:,}")
    return table
