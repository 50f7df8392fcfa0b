"""What a server does beside deciding: where a fault of ours ends it, it is begun again, and that is said."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Final

import structlog

from api.logs import told

AGAIN_SECONDS: Final = 5.0
"""From such an end to the next beginning; a job that it came of is given up once that many attempts are spent."""

Beside = Callable[[], Coroutine[None, None, None]]
"""Begins work that goes on until it is cancelled."""

log = structlog.get_logger()


async def begun_again(work: str, begin: Beside, ended: Counter[str]) -> None:
    """Have the work go on until this is cancelled; `ended` counts, by its name, how often a fault ended it."""
    while True:
        task = asyncio.create_task(begin())
        try:
            await asyncio.wait([task])
        finally:
            # Where this is cancelled the work is too, and comes to its own end first.
            task.cancel()
            await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()) is not None:
            ended[work] += 1
            said = told(error)
            log.error("work_beside_ended", error=said["error"], where=said["where"], code=said.get("code"))
        await asyncio.sleep(AGAIN_SECONDS)
