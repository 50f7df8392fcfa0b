"""What a server has done each hour, beside its own work: closed hours of the ledger become segments.

It is done by a process of its own: read, packed and compressed in this one it would take turns with the decisions.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from api.clock import utc_now

AT_MINUTE: Final = 6
"""Of each hour; the hour before is closed five minutes after its end."""

_ASSAY: Final = "from api.cli import main; main()"

log = structlog.get_logger()


def until_next(now: datetime) -> timedelta:
    """From now to the next hour's minute at which segments are written; never nothing."""
    due = now.replace(minute=AT_MINUTE, second=0, microsecond=0)
    return (due if due > now else due + timedelta(hours=1)) - now


async def next_hour() -> None:
    """Wait for that minute."""
    await asyncio.sleep(until_next(utc_now()).total_seconds())


async def segments_written_hourly(data: Path, wait: Callable[[], Awaitable[None]] = next_hour) -> None:
    """Run `assay segments` on the data folder after each wait, until cancelled; a run under way is then ended.

    A run that is ended, or fails, loses nothing: the next one goes on where the segments end.
    """
    while True:
        await wait()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-c", _ASSAY, "segments", "--data", str(data), "--json"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            process.terminate()
            await process.wait()
            raise
        if code:
            log.warning("segments_failed", code=code)
