"""What is done beside deciding is begun again where a fault ends it, and stops with the server."""

import asyncio
from collections import Counter

import pytest
import structlog

from api import beside


async def test_a_fault_is_said_and_counted_and_the_work_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "AGAIN_SECONDS", 0.0)
    begun, is_up, has_stopped = 0, asyncio.Event(), False

    async def work() -> None:
        nonlocal begun, has_stopped
        begun += 1
        if begun <= 2:
            raise ValueError("shopper@example.com")
        is_up.set()
        try:
            await asyncio.sleep(600)
        finally:
            has_stopped = True

    ended = Counter[str]()
    with structlog.testing.capture_logs() as logged:
        task = asyncio.create_task(beside.begun_again("jobs", work, ended))
        await is_up.wait()
        task.cancel()
        await asyncio.wait([task])
    assert (begun, ended, task.cancelled(), has_stopped) == (3, {"jobs": 2}, True, True)
    assert [(each["event"], each["error"]) for each in logged] == [("work_beside_ended", "ValueError")] * 2
    assert "shopper" not in str(logged)
