"""Deadlines: what is in time costs nothing, what is out of time is left to end behind, never cut off."""

import asyncio
import time
from collections.abc import Callable

import pytest

from engine.deadline import Deadline, OutOfTime, within


def seconds(count: float) -> Callable[[], float]:
    return lambda: count


async def test_work_that_never_waits_gets_no_task_and_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> int:
        return 7

    loop = asyncio.get_running_loop()

    def refused(*_: object, **__: object) -> None:
        pytest.fail("a task or a timer was made")

    with monkeypatch.context() as patch:
        patch.setattr(loop, "create_task", refused)
        patch.setattr(loop, "call_later", refused)
        assert await within(work(), seconds(0)) == 7


async def test_work_that_comes_in_time_gets_no_task(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()

    async def work() -> int:
        count = 0
        for _ in range(3):
            came = loop.create_future()
            loop.call_soon(came.set_result, 2)
            count += await came
        return count

    def refused(*_: object, **__: object) -> None:
        pytest.fail("a task was made")

    with monkeypatch.context() as patch:
        patch.setattr(loop, "create_task", refused)
        assert await within(work(), seconds(60)) == 6


async def test_work_that_waits_is_waited_for() -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        return 7

    assert await within(work(), seconds(60)) == 7


@pytest.mark.parametrize("is_waiting", [False, True])
async def test_what_work_raises_is_raised(is_waiting: bool) -> None:
    async def work() -> None:
        if is_waiting:
            await asyncio.sleep(0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await within(work(), seconds(60))


async def test_work_out_of_time_ends_behind() -> None:
    word, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await word.wait()
        ended.set()

    with pytest.raises(OutOfTime):
        await within(work(), seconds(0))
    word.set()
    await ended.wait()


async def test_two_that_wait_for_the_same_are_both_left_to_end() -> None:
    """As two payments of one e-mail domain are, whose mail exchange is asked for once."""
    came: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    ended: list[int] = []

    async def work(number: int) -> None:
        ended.append(number + await came)

    for number in (1, 2):
        with pytest.raises(OutOfTime):
            await within(work(number), seconds(0))
    await asyncio.sleep(0)
    came.set_result(10)
    for _ in range(5):
        await asyncio.sleep(0)
    assert ended == [11, 12]


async def test_work_out_of_time_in_a_later_step_ends_behind() -> None:
    first, second, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
    steps: list[asyncio.Task[None] | None] = []

    async def work() -> None:
        await first.wait()
        steps.append(asyncio.current_task())
        await second.wait()
        steps.append(asyncio.current_task())
        ended.set()

    asyncio.get_running_loop().call_soon(first.set)
    with pytest.raises(OutOfTime):
        await within(work(), seconds(0.005))
    assert steps == [asyncio.current_task()]
    second.set()
    await ended.wait()
    assert steps[1] is not asyncio.current_task()


async def test_what_goes_on_step_by_step_is_out_of_time_too() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        for _ in range(20):
            await asyncio.sleep(0.001)
        ended.set()

    with pytest.raises(OutOfTime):
        await within(work(), seconds(0.005))
    assert not ended.is_set()
    await ended.wait()


async def test_what_is_waited_for_may_be_cancelled() -> None:
    """As where a driver's task was: the work meets it, and so does the caller."""
    loop = asyncio.get_running_loop()
    met: list[str] = []

    async def work() -> None:
        came = loop.create_future()
        loop.call_soon(came.cancel)
        try:
            await came
        except asyncio.CancelledError:
            met.append("work")
            raise

    with pytest.raises(asyncio.CancelledError):
        await within(work(), seconds(60))
    assert met == ["work"]


async def test_a_cancelled_caller_leaves_the_work_to_end() -> None:
    word, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await word.wait()
        ended.set()

    caller = asyncio.ensure_future(within(work(), seconds(60)))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    word.set()
    await ended.wait()


async def test_a_fault_behind_is_nobodys_surprise() -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    word = asyncio.Event()

    async def work() -> None:
        await word.wait()
        raise ZeroDivisionError

    with pytest.raises(OutOfTime):
        await within(work(), seconds(0))
    word.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not complaints


def test_a_deadline_runs_from_when_the_request_was_received() -> None:
    now = 1_000_000_000
    deadline = Deadline.after(lambda: now, 150, now - 100_000_000)
    assert deadline.seconds() == pytest.approx(0.05)
    assert deadline.seconds(20) == pytest.approx(0.02)
    assert not deadline.is_near(now, 5)
    assert deadline.is_near(now, 50)
    assert Deadline.after(lambda: now, 150, None).seconds() == pytest.approx(0.15)
    assert Deadline.after(lambda: now, 150, 0).seconds() == 0


async def test_the_clock_is_the_loops_in_kind() -> None:
    """Deadlines are made on one clock and waited for on the loop's: both go at the same pace."""
    deadline = Deadline.after(time.perf_counter_ns, 60_000, None)
    assert 0 < deadline.seconds() <= 60
