"""The summary of an import: as one JSON object, and as tables for a person."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from api.importing.refusal import Refusal
from api.importing.tally import STANDINGS, Outcome, Tally
from engine.decision import Action

_CENTS = 100


def summary_of(
    tally: Tally, *, unmapped: tuple[str, ...], left_out: int, rejects: Path | None, data: Path, is_dry_run: bool
) -> dict[str, Any]:
    """Everything that an import tells at its end; amounts are in US dollars as decimal text."""
    return {
        "dry_run": is_dry_run,
        "rows_read": tally.rows_read,
        "decided": tally.decided,
        "already_there": tally.already_there,
        "rejected": len(tally.refused),
        "left_out_by_limit": left_out,
        "rejected_by_code": _by_code(tally.refused),
        "rejects_file": None if rejects is None else str(rejects),
        "warnings_by_code": dict(tally.warnings.most_common()),
        "labels": {
            "recorded": tally.labels_new,
            "already_there": tally.labels_there,
            "rejected_by_code": _by_code(tally.labels_refused),
        },
        "unmapped_columns": list(unmapped),
        "actions": {
            action.value: {standing: _shown(tally.outcomes.get((action.value, standing))) for standing in STANDINGS}
            for action in Action
        },
        "suspicious": None if tally.suspicious is None else _example(tally.suspicious, data),
    }


def print_summary(summary: dict[str, Any], console: Console) -> None:
    """Tables and words to the console."""
    if summary["dry_run"]:
        console.print("Dry run: nothing was recorded.")
    console.print(_counts(summary))
    for title, counts in (
        ("Rejected, by reason", summary["rejected_by_code"]),
        ("Labels rejected, by reason", summary["labels"]["rejected_by_code"]),
        ("Warnings: odd values", summary["warnings_by_code"]),
    ):
        if counts:
            console.print(_listing(title, counts))
    if summary["rejects_file"]:
        console.print(f"Rejected rows with their reasons: {summary['rejects_file']}", soft_wrap=True)
    if summary["unmapped_columns"]:
        named = ", ".join(summary["unmapped_columns"])
        console.print(f"Columns that the mapping does not use: {named}", soft_wrap=True)
    if not summary["dry_run"]:
        console.print(_matrix(summary["actions"]))
    if summary["suspicious"] is not None:
        _print_example(summary["suspicious"], console)


def _counts(summary: dict[str, Any]) -> Table:
    labels = summary["labels"]
    would = "would be " if summary["dry_run"] else ""
    table = Table("rows", "", title="Import", title_justify="left")
    table.columns[1].justify = "right"
    table.add_row("read", f"{summary['rows_read']:,}")
    table.add_row(f"{would}decided", f"{summary['decided']:,}")
    table.add_row("already there", f"{summary['already_there']:,}")
    table.add_row(f"{would}rejected", f"{summary['rejected']:,}")
    if summary["left_out_by_limit"]:
        table.add_row("left out by --limit", f"{summary['left_out_by_limit']:,}")
    if not summary["dry_run"]:
        table.add_row("labels recorded", f"{labels['recorded']:,}")
        table.add_row("labels already there", f"{labels['already_there']:,}")
    return table


def _listing(title: str, counts: dict[str, int]) -> Table:
    table = Table("code", "count", title=title, title_justify="left")
    table.columns[1].justify = "right"
    for code, count in counts.items():
        table.add_row(code, f"{count:,}")
    return table


def _matrix(actions: dict[str, dict[str, dict[str, Any]]]) -> Table:
    table = Table("action", *STANDINGS, title="Actions against labels: payments and US dollars", title_justify="left")
    for action, row in actions.items():
        cells = [
            f"{cell['payments']:,}  ${Decimal(cell['usd']):,}"
            + (f" (+{cell['without_rate']} no rate)" * bool(cell["without_rate"]))
            for cell in row.values()
        ]
        table.add_row(action, *cells)
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def _print_example(example: dict[str, Any], console: Console) -> None:
    score = "no score" if example["risk_score"] is None else f"risk {example['risk_score']} %"
    lines = [f"The most suspicious: {example['id']} ({example['transaction_id']}): {example['action']}, {score}"]
    lines += [f"  - {reason}" for reason in example["reasons"]]
    lines.append(f"See all of it: {example['command']}")
    for line in lines:
        console.print(line, soft_wrap=True)


def _example(answer: dict[str, Any], data: Path) -> dict[str, Any]:
    url = f"http://127.0.0.1:8080/v1/decisions/{answer['id']}"
    show = f'curl -H "Authorization: Bearer $(cat {data}/operator.key)" {url}'
    return {
        "id": answer["id"],
        "transaction_id": answer["transaction_id"],
        "action": answer["action"],
        "risk_score": answer["risk_score"],
        "reasons": [reason["text"] for reason in answer["reasons"]],
        "command": f"assay serve --data {data}, then {show}",
    }


def _by_code(refused: Iterable[tuple[int, Refusal]]) -> dict[str, int]:
    return dict(Counter(refusal.code for _, refusal in refused).most_common())


def _shown(outcome: Outcome | None) -> dict[str, Any]:
    found = outcome or Outcome()
    dollars, cents = divmod(found.usd_minor, _CENTS)
    return {"payments": found.payments, "usd": f"{dollars}.{cents:02}", "without_rate": found.without_rate}
