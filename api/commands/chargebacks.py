"""`assay chargebacks`: import a file, list what waits. By the server where one runs, else by the lock."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from api.commands.options import Data, settings_with
from api.console import console_of
from api.importing.mapping_file import file_options, load_mapping
from api.importing.reading import FileOptions, read_sheet
from api.importing.rejects import check_rejects, default_rejects, write_rejects
from api.importing.reports import PATHS, ReportsImporter, ReportsTally
from api.importing.reports_mapping import bind_reports
from api.local import installation_caller
from engine.scheme_report import SchemeReportKind

app = typer.Typer(help="Import and list chargebacks and fraud warnings.", no_args_is_help=True)
console = console_of()

OfWarnings = Annotated[bool, typer.Option("--warnings", help="Fraud warnings (TC40, SAFE), not chargebacks.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or Parquet: one step of a case a row.")],
    *,
    mapping: Annotated[
        Path | None,
        typer.Option("--mapping", metavar="MAP.toml", help="Which column gives which field [its own name]."),
    ] = None,
    merchant: Annotated[
        str | None, typer.Option("--merchant", help="The merchant of every row, if no column names it.")
    ] = None,
    warnings: OfWarnings = False,
    rejects: Annotated[
        Path | None, typer.Option("--rejects", help="Where refused rows go [FILE.rejects.csv].", show_default=False)
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Report a file's rows; exit code 1 where one was refused. Importing again changes nothing."""
    kind = SchemeReportKind.FRAUD_WARNING if warnings else SchemeReportKind.CHARGEBACK
    document = {} if mapping is None else load_mapping(mapping)
    where = mapping or file
    sheet = read_sheet(file, FileOptions() if mapping is None else file_options(where, document))
    bound = bind_reports(kind, where, document, sheet.columns, merchant)
    rejects = rejects or default_rejects(file)
    check_rejects(rejects, sheet)
    tally = ReportsTally()
    with installation_caller(settings_with(data=data)) as caller, _progress(len(sheet.rows)) as advance:
        importer = ReportsImporter(kind=kind, caller=caller, mapping=bound, now=datetime.now(UTC), advance=advance)
        try:
            importer.run(sheet, tally)
        finally:
            # Also of one that broke off: what was refused until then is known.
            written = write_rejects(rejects, sheet, bound.card_columns, tally.refused)
    _tell(_summary(len(sheet.rows), tally, written), as_json=as_json)
    if tally.refused:
        raise typer.Exit(1)


@app.command("list")
def list_(
    *,
    matched: Annotated[
        bool | None, typer.Option("--matched/--unmatched", help="Whether their payment is known.", show_default=False)
    ] = None,
    merchant: Annotated[str | None, typer.Option("--merchant", help="This merchant's alone.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1_000, help="How many.")] = 100,
    warnings: OfWarnings = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List chargebacks, or fraud warnings, in the order of receipt."""
    kind = SchemeReportKind.FRAUD_WARNING if warnings else SchemeReportKind.CHARGEBACK
    said = {"limit": limit, "merchant_id": merchant, "matched": None if matched is None else str(matched).lower()}
    query = urlencode({name: value for name, value in said.items() if value is not None})
    with installation_caller(settings_with(data=data)) as caller:
        page = json.loads(caller.checked("GET", f"{PATHS[kind]}?{query}"))
    if as_json:
        typer.echo(json.dumps(page))
        return
    for each in page["data"]:
        console.print(_line(each), soft_wrap=True)
    if page["has_more"]:
        console.print("There are more: --limit, or the API's cursor.")


def _line(each: dict[str, Any]) -> str:
    if "stage" in each:
        said = [each["stage"], each["result"], each["reason_code"]]
    else:
        said = ["withdrawn" if each["is_withdrawn"] else "warning", each["fraud_type"]]
    words = " ".join(word for word in said if word)
    payment = f"{each['merchant_id']} {each['transaction_id']}{'' if each['is_matched'] else ' (not known)'}"
    return f"{each['received_at']} {payment}: {each['network']} {each['case_id']} {words}"


def _summary(rows: int, tally: ReportsTally, rejects: Path | None) -> dict[str, Any]:
    return {
        "rows_read": rows,
        "new": tally.new,
        "repeated": tally.repeated,
        "unmatched": tally.unmatched,
        "rejected": len(tally.refused),
        "rejected_by_code": dict(Counter(refusal.code for _, refusal in tally.refused).most_common()),
        "warnings_by_code": dict(tally.warnings.most_common()),
        "rejects_file": None if rejects is None else str(rejects),
    }


def _tell(summary: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(summary))
        return
    counts = ", ".join(f"{summary[name]:,} {name}" for name in ("new", "repeated", "unmatched", "rejected"))
    console.print(f"{summary['rows_read']:,} rows: {counts}.", soft_wrap=True)
    for title, name in (("Rejected", "rejected_by_code"), ("Warnings", "warnings_by_code")):
        for code, count in summary[name].items():
            console.print(f"{title}: {code} {count:,}", soft_wrap=True)
    if summary["rejects_file"]:
        console.print(f"Rejected rows with their reasons: {summary['rejects_file']}", soft_wrap=True)


@contextmanager
def _progress(rows: int) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console_of(stderr=True), transient=True, disable=not sys.stderr.isatty()
    ) as progress:
        task = progress.add_task("rows", total=rows)
        yield lambda count: progress.advance(task, count)
