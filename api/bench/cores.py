"""Which core does what: a server and its client on one core would measure each other."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


def cores() -> tuple[int, ...]:
    """The cores that this process may use, by number; none where the system does not say."""
    return tuple(sorted(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else ()


def two_cores() -> tuple[int | None, int | None]:
    """One core for the server and another for the client; None is unpinned, where there are not two."""
    available = cores()
    return (available[0], available[-1]) if len(available) > 1 else (None, None)


def pin(process_id: int, core: int) -> None:
    """Keep a process that has just started on one core; its later threads inherit that."""
    os.sched_setaffinity(process_id, {core})


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Keep the calling thread on one core meanwhile; None leaves it where it is."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
