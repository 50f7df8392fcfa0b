"""A process that loads the enrichments and their tables, and says how long that took and by how much it grew.

It is run by its file's path: as a module of its package it would have loaded them before it begins.
"""

import sys
import time
from pathlib import Path

import orjson

from engine.payment_record import payment_of

_MEGABYTE = 1_000_000
_PAGE_BYTES = 4_096


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES


def main() -> None:
    """Enrich the payments of standard input (one a line), and write `start_seconds` and `memory_mb` as JSON.

    The tables are loaded, and the first payment enriched, within `start_seconds`.
    """
    payments = [payment_of(line) for line in sys.stdin.buffer.read().splitlines()]
    before, started = _resident_bytes(), time.perf_counter()
    # Here, so that what it imports is counted.
    from engine.enrichment import enrich  # noqa: PLC0415
    from engine.reference import load_reference  # noqa: PLC0415

    reference = load_reference()
    enrich(payments[0], reference)
    took = time.perf_counter() - started
    for payment in payments:
        enrich(payment, reference)
    grown = _resident_bytes() - before
    sys.stdout.buffer.write(orjson.dumps({"start_seconds": took, "memory_mb": grown / _MEGABYTE}))


if __name__ == "__main__":
    main()
