"""A process that counts a ledger in memory and says by how much it grew."""

import sys
from pathlib import Path

import orjson

from api.wiring.measuring import counters_of

_PAGE_BYTES = 4_096


def resident_bytes() -> int:
    """The memory that this process has now (Linux)."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES


def main() -> None:
    """Count the ledger of the folder that is named, and write `payments` and `bytes` as JSON."""
    before = resident_bytes()
    counters = counters_of(Path(sys.argv[1]))
    grown = resident_bytes() - before
    sys.stdout.buffer.write(orjson.dumps({"payments": counters.held()[0], "bytes": grown}))
