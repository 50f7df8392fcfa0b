"""Python's garbage collector, kept from walking again and again what stays."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

YOUNG_WALKS: Final = (5_000, 2, 50)
"""The collector's thresholds: a walk over the young every 5,000 objects, every third time over all since the last.

So it goes only while calls come without a pause; else `walk_in_calm` was there before. A walk then stops all callers
for 2 to 6 ms. Every 1,000 objects it goes forty times a second under load, mostly over what the waiting calls hold, and
takes 5 % of the time; every 20,000 it stops all for 30 to 80 ms.
"""
CALM_OBJECTS: Final = 500
"""So many new objects are worth a walk while nobody waits."""


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


def walk_in_calm() -> None:
    """Walk the young objects if there are enough of them: for where no call is under way and so none waits for it."""
    if gc.get_count()[0] >= CALM_OBJECTS and gc.isenabled():
        gc.collect(1)


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
