"""How many threads a fit takes: one where the work is small, for others wait longer for each other than they work."""

from contextlib import AbstractContextManager
from typing import Final

from threadpoolctl import threadpool_limits

SMALL: Final = 5_000_000
"""Rows times inputs below which one thread is quicker, and on a busy machine much quicker."""


def threads(numbers: int) -> int:
    """How many threads joblib and LightGBM take for a matrix of so many numbers; -1: all cores."""
    return 1 if numbers < SMALL else -1


def limited(numbers: int) -> AbstractContextManager[object]:
    """One thread for OpenMP and linear algebra while a small fit goes on. Enter it with their libraries loaded."""
    limits: AbstractContextManager[object] = threadpool_limits(1 if numbers < SMALL else None)
    return limits
