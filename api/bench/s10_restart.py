"""S10: what counters hold in memory a payment, and how long a start takes on a ledger of a million."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import orjson

from api.bench.installation import child_environment, own_folder, start_server
from api.bench.long_ledger import make_ledger, setup
from api.bench.measure import BenchFailed, Benchmark, Measure
from api.clock import utc_now
from api.wiring import segments_written

PAYMENTS = 1_000_000
DECIDED = 20_000
"""So many of them are decided."""
START_SECONDS_MAX = 1_800.0
_HELD = "from api.bench.held_memory import main; main()"


def run(_seconds: float, seed: int) -> Mapping[str, float]:
    """Make a ledger and its segments, count it in one process, and start a server on it in another.

    Raises BenchFailed where either does not count each payment.
    """
    with own_folder() as folder:
        asyncio.run(make_ledger(folder, PAYMENTS, DECIDED, seed, utc_now()))
        counting = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-P", "-c", _HELD, str(folder)], stdout=subprocess.PIPE, env=child_environment()
        )
        try:
            segments_written(folder, utc_now(), lambda _: None)
            output, _ = counting.communicate()
        finally:
            counting.kill()
            counting.wait()
        if counting.returncode:
            raise BenchFailed(f"Counting in memory ended with exit code {counting.returncode}.")
        held = orjson.loads(output)
        _require(held["payments"], "Counted one by one")
        return {"bytes_per_payment": held["bytes"] / PAYMENTS, "restart_seconds": _restart_seconds(folder)}


def _restart_seconds(folder: Path) -> float:
    """From the process's start until it is ready."""
    started = time.perf_counter()
    server = start_server(folder, seconds_max=START_SECONDS_MAX)
    seconds = time.perf_counter() - started
    server.stop()
    said = [orjson.loads(line) for line in server.log.read_bytes().splitlines() if line.startswith(b"{")]
    _require(next(each["payments"] for each in said if each["event"] == "restored"), "At the start")
    if any(each["event"] == "restored_otherwise" for each in said):
        raise BenchFailed("The segments were not used.")
    return seconds


def _require(payments: int, when: str) -> None:
    if payments != PAYMENTS:
        raise BenchFailed(f"{when} {payments} payments are held, not {PAYMENTS}.")


def _setup() -> str:
    return (
        f"{setup(PAYMENTS, DECIDED)} Memory: what a process grows by that counts all, one by one, with the default set "
        "of velocities. Restart: from the start of `assay serve` on that folder, whose closed hours are in segments, "
        "until it is ready. --seconds changes nothing."
    )


S10 = Benchmark(
    id="S10",
    title="Counters in memory, and a restart",
    measures=(
        Measure(name="bytes_per_payment", unit="B", reach="<= 1024"),
        Measure(name="restart_seconds", unit="s", reach="<= 30"),
    ),
    setup=_setup,
    run=run,
)
