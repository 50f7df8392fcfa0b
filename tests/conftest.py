"""Fixtures for every test. Builders of payments and features belong beside the tests that use them."""

import os

# Two workers share the cores, and threads of a learner that wait for one spin: so each has one. Before numpy is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import settings

from engine import deadline
from tests.valkey_server import own_valkey, valkey_server

__all__ = ["own_valkey", "valkey_server"]

ROOT = Path(__file__).resolve().parent.parent

# On two shared cores a deadline measures the neighbours. In CI the examples are the same on every run.
settings.register_profile("assay", deadline=None, derandomize=os.environ.get("ASSAY_CI") == "1")
settings.load_profile("assay")


@pytest.fixture(scope="session")
def skip_or_fail() -> Callable[[str], NoReturn]:
    """Call it with a reason where something CI must provide is missing: skips at a desk, fails where ASSAY_CI=1.

    What CI need not have either, such as the data sets of `shared_data`, stays a plain pytest.skip.
    """

    def missing(reason: str) -> NoReturn:
        if os.environ.get("ASSAY_CI") == "1":
            pytest.fail(f"CI must provide this: {reason}")
        pytest.skip(reason)

    return missing


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of optional data sets beside the checkout; skips where there is none, in CI too."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no data sets: ../shared/data is not there")
    return folder


@pytest.fixture(scope="module")
def patience() -> Iterator[None]:
    """Calls have a hundred times their budget: on two shared cores a deadline measures the neighbours."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deadline, "_NANOSECONDS_PER_MS", 100_000_000)
        yield
