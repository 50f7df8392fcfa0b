"""Python's garbage collector, kept from walking again and again what stays."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

YOUNG_WALKS: Final = (1_000, 2, 50)
"""The collector's thresholds: a walk over the young every 1,000 objects, every third time over all since the last.

All walks together take about 1 % of the time, however often they come, for each object is walked over twice. What
differs is how long all callers wait for one: 5 ms at most so, and 30 to 80 ms every 20,000 objects.
"""


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Nothing is collected meanwhile; afterwards as before."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def young_garbage_alone() -> Iterator[None]:
    """Walk young objects alone: what a decision makes is freed by reference counts, and what stays is no garbage.

    A walk over the counters of some tens of thousands of payments takes a tenth of a second, every caller waiting. So
    what outlived two young walks is set apart for good, as is what is held at the start. Cycles that die before that
    are collected. Those that live longer would stay: connections, refused calls and replaced snapshots leave none.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*YOUNG_WALKS)
    gc.callbacks.append(_set_survivors_apart)
    try:
        yield
    finally:
        gc.callbacks.remove(_set_survivors_apart)
        gc.set_threshold(*before)


def _set_survivors_apart(phase: str, info: dict[str, int]) -> None:
    if phase == "stop" and info["generation"] == 1:
        gc.freeze()
