"""Builders for the engine's tests: payments, and features over the real catalogue."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from engine.catalog import CATALOG
from engine.features import Features, Value
from engine.payment import Order, Payment
from engine.reference import Reference, load_reference

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
