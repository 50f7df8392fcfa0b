"""The policies port, on SQLite and in memory."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.errors import LedgerUnavailable, PolicyChanged, StoreInvalid
from engine.policy import Policies, Policy, PublishedPolicy
from engine.stores.memory_policies import MemoryPolicies
from engine.stores.sql import Store, open_store

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def published(number: int, merchant_id: str = "shop-a") -> PublishedPolicy:
    return PublishedPolicy(
        merchant_id=merchant_id,
        number=number,
        policy=Policy(review_hours=number),
        published_at=NOON + timedelta(hours=number),
        published_by="key",
    )


@pytest.fixture(params=["sql", "memory"])
def policies(request: pytest.FixtureRequest, store: Store) -> Policies:
    return store.policies if request.param == "sql" else MemoryPolicies()


def test_the_newest_is_in_force(policies: Policies) -> None:
    assert policies.current("shop-a") is None
    policies.append(published(1))
    policies.append(published(1, "shop-b"))
    policies.append(published(2))
    assert policies.current("shop-a") == published(2)
    assert sorted(policies.all(), key=lambda each: each.merchant_id) == [published(2), published(1, "shop-b")]


def test_a_number_is_given_once(policies: Policies) -> None:
    policies.append(published(1))
    with pytest.raises(PolicyChanged):
        policies.append(published(1))
    assert policies.current("shop-a") == published(1)


def test_history_pages_back_from_the_newest(policies: Policies) -> None:
    for number in range(1, 6):
        policies.append(published(number))
    assert policies.history("shop-a", before=None, limit=2) == [published(5), published(4)]
    assert policies.history("shop-a", before=4, limit=9) == [published(3), published(2), published(1)]
    assert policies.history("shop-b", before=None, limit=9) == []


def test_policies_survive_a_reopening(store: Store, tmp_path: Path) -> None:
    store.policies.append(published(1))
    store.policies.append(published(2))
    store.close()
    again = open_store(tmp_path / "data")
    assert again.policies.current("shop-a") == published(2)
    again.close()


def test_a_policy_that_cannot_be_read_names_the_file_and_the_mend(store: Store, tmp_path: Path) -> None:
    store.policies.append(published(1))
    store.writer.driver.execute("UPDATE policies SET content = ?", (b'{"moon":1}',))
    store.close()
    with pytest.raises(StoreInvalid, match=r"assay\.db: policy 1 of the merchant 'shop-a' cannot be read .*/moon"):
        open_store(tmp_path / "data")


def test_what_is_not_durable_is_not_in_force(store: Store) -> None:
    store.policies.append(published(1))
    store.writer.driver.execute("PRAGMA query_only = on")
    with pytest.raises(LedgerUnavailable):
        store.policies.append(published(2))
    store.writer.driver.execute("PRAGMA query_only = off")
    assert store.policies.current("shop-a") == published(1)
