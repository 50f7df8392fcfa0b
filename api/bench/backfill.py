"""Velocities counted for history: all of the default set alone, and some beside DuckDB's windows."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from api.bench.history import History, history, setup
from api.bench.measure import BenchFailed
from engine.velocity import VELOCITIES, Count, Distinct, Total, Velocity
from engine.velocity.batch import Stream, numbers
from engine.velocity.spec import VelocityScope

PAYMENTS: Final = 1_000_000
JOBS: Final = 2
"""Threads of either side."""

_COMPARED_KEYS: Final = (("card",), ("email_normalized",), ("ip_normalized",))


def run(seed: int, *, is_compared: bool) -> Mapping[str, float]:
    """Count all velocities of a million payments; where it is asked for, then some of them in turn with DuckDB."""
    made = history(PAYMENTS, seed, VELOCITIES)
    started = time.perf_counter()
    found = numbers(made.stream, VELOCITIES, jobs=JOBS)
    seconds = time.perf_counter() - started
    if any(len(column) != PAYMENTS for column in found.values):
        raise BenchFailed("A payment has no numbers.")
    return {"seconds": seconds, "ratio_duckdb": _ratio(made)} if is_compared else {"seconds": seconds}


def parts() -> str:
    """What is counted, in words."""
    keys = {(each.key, each.scope) for each in VELOCITIES}
    return (
        f"{len(VELOCITIES)} velocities over {len(keys)} keys for {PAYMENTS:,} payments in columns; {JOBS} threads. "
        f"{setup()} Beside DuckDB: {len(compared())} of them that its windows can count (of payments, three keys; "
        f"counts, sums, distinct), keys as text, from Arrow to Arrow, in turn, {JOBS} threads each, all equal "
        "or no figure. --seconds changes nothing."
    )


def compared() -> tuple[Velocity, ...]:
    """The default velocities that DuckDB's windows can count too: of payments, over three keys."""
    return tuple(
        each
        for each in VELOCITIES
        if each.key in _COMPARED_KEYS
        and each.status is each.delay is each.since is None
        and not each.where
        and each.scope is VelocityScope.MERCHANT
        and each.window_us is not None
        and isinstance(each.aggregate, Count | Total | Distinct)
    )


def _ratio(made: History) -> float:
    """How many times as long DuckDB takes, from Arrow to Arrow; raises BenchFailed where one number differs."""
    velocities = compared()
    names = {name for each in velocities for name in each.inputs}
    columns = made.payments.select(["at_us", "merchant_id", *sorted(names)])
    started = time.perf_counter()
    theirs = _by_duckdb(columns, velocities)
    between = time.perf_counter()
    ours = numbers(Stream.from_arrow(columns, names), velocities, jobs=JOBS).table()
    ended = time.perf_counter()
    # Rows come as the last window left them; no two payments are at one time.
    theirs = theirs.take(pa.array(np.argsort(theirs["at_us"].to_numpy())))
    for each in velocities:
        if not theirs[each.name].combine_chunks().equals(ours[each.name].combine_chunks()):
            raise BenchFailed(f"DuckDB and the kernel differ over {each.name}.")
    return (between - started) / (ended - between)


def _by_duckdb(columns: pa.Table, velocities: Sequence[Velocity]) -> pa.Table:
    import duckdb  # noqa: PLC0415 - an extra: absent where nobody compares

    with duckdb.connect(config={"threads": JOBS}) as connection:
        connection.register("payments", columns)
        found: Any = connection.sql(statement(velocities)).to_arrow_table()
    return found


def statement(velocities: Sequence[Velocity]) -> str:
    """The velocities in SQL: a window for each key and length; no two payments are at one time."""
    windows = {_window(each): each for each in velocities}
    selected = ",\n".join(f"CASE WHEN {_known(each)} THEN {_aggregate(each)} END AS {each.name}" for each in velocities)
    defined = ",\n".join(
        f"{name} AS (PARTITION BY merchant_id, {', '.join(map(_quoted, each.key))} ORDER BY at_us "
        f"RANGE BETWEEN {(each.window_us or 0) - 1} PRECEDING AND 1 PRECEDING)"
        for name, each in windows.items()
    )
    return f"SELECT at_us, {selected}\nFROM payments WINDOW {defined}"


def _known(velocity: Velocity) -> str:
    return " AND ".join(f"{_quoted(name)} IS NOT NULL" for name in velocity.key)


def _aggregate(velocity: Velocity) -> str:
    match velocity.aggregate:
        case Total(amount=name):
            # Their sums are of 128 bits.
            return f"CAST(coalesce(sum({_quoted(name)}) OVER {_window(velocity)}, 0) AS BIGINT)"
        case Distinct(value=name):
            return f"count(DISTINCT {_quoted(name)}) OVER {_window(velocity)}"
        case _:
            return f"count(*) OVER {_window(velocity)}"


def _quoted(name: str) -> str:
    """A feature may be named as a word of SQL is: `order`."""
    return f'"{name}"'


def _window(velocity: Velocity) -> str:
    return f"{'_'.join(velocity.key)}_{velocity.window}"
