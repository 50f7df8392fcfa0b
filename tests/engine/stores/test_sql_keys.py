"""The API keys port on SQLite."""

import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.access import ApiKey, Scope
from engine.errors import LedgerUnavailable
from engine.stores.sql import Store, open_store

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

WIDE = ApiKey(
    id="wide",
    name="Gateway",
    secret_sha256=b"\x01" * 32,
    test_mode=False,
    scopes=frozenset(Scope),
    merchants=None,
    created_at=NOON,
)
NARROW = ApiKey(
    id="narrow",
    name="Käse & Söhne",
    secret_sha256=b"\x02" * 32,
    test_mode=True,
    scopes=frozenset({Scope.DECISIONS_READ}),
    merchants=frozenset({"m-2", "m-1"}),
    created_at=NOON - HOUR,
    expires_at=NOON + HOUR,
)


def test_keys_are_kept_oldest_first_and_survive_a_reopening(store: Store, tmp_path: Path) -> None:
    store.keys.add_key(WIDE)
    store.keys.add_key(NARROW)
    assert store.keys.all() == [NARROW, WIDE]
    assert store.keys.key("wide") == WIDE
    assert store.keys.key("absent") is None
    store.close()
    again = open_store(tmp_path / "data")
    assert again.keys.all() == [NARROW, WIDE]
    again.close()


def test_a_revoked_key_stays_revoked(store: Store, tmp_path: Path) -> None:
    store.keys.add_key(WIDE)
    assert store.keys.revoke_key("wide", NOON + HOUR)
    revoked = replace(WIDE, revoked_at=NOON + HOUR)
    assert store.keys.key("wide") == revoked
    assert not store.keys.revoke_key("wide", NOON + 2 * HOUR)
    store.close()
    again = open_store(tmp_path / "data")
    assert again.keys.key("wide") == revoked
    again.close()


def test_what_is_not_in_force_cannot_be_revoked(store: Store) -> None:
    store.keys.add_key(NARROW)
    assert not store.keys.revoke_key("absent", NOON)
    assert not store.keys.revoke_key("narrow", NOON + HOUR)


def test_a_key_that_is_not_durable_is_not_in_force(store: Store) -> None:
    store.keys.add_key(NARROW)
    pages = store.writer.driver.execute("PRAGMA page_count").fetchone()[0]
    store.writer.driver.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LedgerUnavailable, match="full"):
        store.keys.add_key(replace(WIDE, name="x" * 100_000))
    assert store.keys.all() == [NARROW]


def test_an_error_quotes_no_values(store: Store) -> None:
    pages = store.writer.driver.execute("PRAGMA page_count").fetchone()[0]
    store.writer.driver.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LedgerUnavailable) as caught:
        store.keys.add_key(replace(WIDE, name="private-" * 10_000))
    assert "private-private" not in "".join(traceback.format_exception(caught.value))
