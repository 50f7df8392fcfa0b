"""The ledger's history in batches, read beside the event loop: a long one holds up no payment."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Final

from engine.velocity import Recorded

BATCH: Final = 200
"""So much is sent to Valkey in one round trip."""
SLICE_SECONDS: Final = 0.002
"""For so long at a time the reading thread keeps the interpreter busy."""


@asynccontextmanager
async def batches(history: Iterable[Recorded | None]) -> AsyncIterator[AsyncIterator[list[Recorded]]]:
    """`history`, begun when the first batch is asked for, in one thread; None in it is a pause. Raises what it does."""
    with ThreadPoolExecutor(1, "counters-history") as thread:
        items = iter(history)

        async def each() -> AsyncGenerator[list[Recorded], None]:
            loop = asyncio.get_running_loop()
            while (batch := await loop.run_in_executor(thread, _next, items)) is not None:
                yield batch

        reading = each()
        try:
            yield reading
        finally:
            await reading.aclose()
            if (close := getattr(items, "close", None)) is not None:
                # Where it was begun, its connection is.
                thread.submit(close)


def _next(items: Iterator[Recorded | None]) -> list[Recorded] | None:
    """What comes next, perhaps nothing yet; None at the end."""
    batch: list[Recorded] = []
    until = time.monotonic() + SLICE_SECONDS
    for item in items:
        if item is not None:
            batch.append(item)
        if len(batch) >= BATCH or time.monotonic() >= until:
            return batch
    return batch or None
