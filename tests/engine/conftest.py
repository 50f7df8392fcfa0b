"""Builders for the engine's tests: payments, and features over the real catalogue."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.catalog import CATALOG
from engine.decide import Snapshot, snapshot_of
from engine.features import Features, Value
from engine.lists import NO_LISTS
from engine.payment import Order, Payment
from engine.policy import Policy
from engine.reference import Reference, load_reference
from engine.rules import default_source, parse_ruleset
from models.scorecard import Scorecard
from models.scorecard_items import ITEMS
from tests.engine.pipelines import House

AT = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)


@pytest.fixture
def make_payment() -> Callable[..., Payment]:
    """A payment with what is given, and defaults for what it must have."""

    def make(**fields: Any) -> Payment:
        given = {
            "transaction_id": "tx-1",
            "merchant_id": "shop-a",
            "at": AT,
            "order": Order(amount_minor=4990, currency="USD"),
        }
        return Payment(**{**given, **fields})

    return make


@pytest.fixture
def make_features() -> Callable[..., Features]:
    """Features of the real catalogue: what is given by name, all else unknown."""

    def make(causes: dict[str, str] | None = None, **known: Value) -> Features:
        nothing = Features(CATALOG, (None,) * len(CATALOG), causes or {})
        return nothing.replaced(known)

    return make


@pytest.fixture(scope="session")
def reference() -> Reference:
    """The embedded tables, loaded once."""
    return load_reference()


@pytest.fixture
def snapshot(reference: Reference) -> Snapshot:
    """The shipped bundle."""
    return snapshot_of(
        ruleset=parse_ruleset(default_source(), CATALOG, ()),
        lists=NO_LISTS,
        scorer=Scorecard(ITEMS, CATALOG),
        policy=Policy(),
        reference=reference,
    )


@pytest.fixture
def house(tmp_path: Path, snapshot: Snapshot) -> Iterator[House]:
    """A pipeline over a store of its own."""
    house = House(tmp_path / "data", snapshot)
    yield house
    house.store.close()
