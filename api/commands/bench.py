"""`assay bench`: the promised figures, measured here and now."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Annotated

import typer
from rich.progress import Progress, TimeElapsedColumn
from rich.table import Table

from api.bench import BENCHMARKS
from api.bench.measure import Benchmark, Figure, figures, machine
from api.console import console_of
from engine.errors import AssayError

_COLUMNS = ("id", "measure", "value", "unit", "reach", "runs", "min", "max")
_SAID = console_of(stderr=True)


class UnknownBenchmark(AssayError):
    """No benchmark has this id, or none was named."""

    code = "unknown_benchmark"


def bench(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID...", help="What to measure, such as S1 S2 S3.")] = None,
    is_list: Annotated[
        bool, typer.Option("--list", help="Name the measures and their set-ups, measure nothing.")
    ] = False,
    runs: Annotated[int, typer.Option("--runs", min=1, max=100, help="The value is the median of so many runs.")] = 5,
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", min=0.1, max=60, help="How long one run measures [5; S3: 60].", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Measure on this machine, in temporary data folders of its own; your data folder is never touched."""
    if is_list:
        _show(ids, as_json=as_json)
        return
    chosen = _chosen(ids or [])
    if not chosen:
        raise UnknownBenchmark(f"Name what to measure: {_known()}; 'assay bench --list' says what each is.")
    found: list[Figure] = []
    with Progress(*Progress.get_default_columns(), TimeElapsedColumn(), console=_SAID, transient=True) as progress:
        for benchmark in chosen:
            task = progress.add_task(f"{benchmark.id} {benchmark.title}", total=runs)
            for figure in figures(benchmark, runs, seconds, partial(progress.advance, task)):
                found.append(figure)
                if as_json:
                    typer.echo(json.dumps(figure.row()))
            for measure, reason in benchmark.skipped().items():
                progress.console.print(f"{benchmark.id} {measure} skipped: {reason}")
    if not as_json:
        console_of().print(_table(found))
        loops_ms = [each for figure in found for each in figure.loops_ms]
        _SAID.print(f"{machine()}; {_span(loops_ms)} ms for a loop of a million additions" if loops_ms else machine())


def _chosen(ids: Sequence[str]) -> list[Benchmark]:
    by_id = {benchmark.id.upper(): benchmark for benchmark in BENCHMARKS}
    unknown = [each for each in ids if each.upper() not in by_id]
    if unknown:
        raise UnknownBenchmark(f"There is no benchmark {', '.join(unknown)}. There are: {_known()}.")
    return [by_id[each] for each in dict.fromkeys(each.upper() for each in ids)]


def _known() -> str:
    return ", ".join(benchmark.id for benchmark in BENCHMARKS)


def _show(ids: Sequence[str] | None, *, as_json: bool) -> None:
    for benchmark in _chosen(ids or []) or BENCHMARKS:
        if as_json:
            measures = [
                {"measure": measure.name, "unit": measure.unit, "reach": measure.reach}
                for measure in benchmark.measures
            ]
            row = {"id": benchmark.id, "title": benchmark.title, "setup": benchmark.setup(), "measures": measures}
            typer.echo(json.dumps(row))
            continue
        typer.echo(f"{benchmark.id}  {benchmark.title}")
        for measure in benchmark.measures:
            typer.echo(f"    {measure.name} ({measure.unit}){f', reach {measure.reach}' if measure.reach else ''}")
        typer.echo(f"    Set-up: {benchmark.setup()}")


def _span(values: Sequence[float]) -> str:
    low, high = f"{min(values):.0f}", f"{max(values):.0f}"
    return low if low == high else f"{low}-{high}"


def _table(found: Sequence[Figure]) -> Table:
    table = Table(*_COLUMNS)
    for figure in found:
        row = figure.row()
        table.add_row(*(str("" if row[column] is None else row[column]) for column in _COLUMNS))
    return table
