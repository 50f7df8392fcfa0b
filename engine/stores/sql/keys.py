"""API keys on SQLite, read from memory: a key is asked for at each request."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from engine.access import ApiKey, Scope
from engine.stores.sql.sqlite import reader_engine
from engine.stores.sql.tables import API_KEYS, instant, microseconds
from engine.stores.sql.writer import Writer


class SqlApiKeys:
    """The keys port on SQLite. What is in memory follows what is durable, never the other way round."""

    def __init__(self, writer: Writer, file: Path) -> None:
        """Load all keys."""
        self._writer = writer
        with reader_engine(file).connect() as connection:
            rows = connection.execute(select(API_KEYS)).all()
        self._keys = {row.id: _key_of(row) for row in rows}

    def add_key(self, key: ApiKey) -> None:
        """Keep a new key durably. Raises LedgerUnavailable."""
        assert key.id not in self._keys, "a key's id is random"
        with self._writer.transaction() as connection:
            connection.execute(insert(API_KEYS).values(_values_of(key)))
        self._keys[key.id] = key

    def revoke_key(self, key_id: str, at: datetime) -> bool:
        """Revoke durably; False where no such key is in force at `at`. Raises LedgerUnavailable."""
        key = self._keys.get(key_id)
        if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= at):
            return False
        with self._writer.transaction() as connection:
            connection.execute(update(API_KEYS).where(API_KEYS.c.id == key_id).values(revoked_at_us=microseconds(at)))
        self._keys[key_id] = replace(key, revoked_at=at)
        return True

    def key(self, key_id: str) -> ApiKey | None:
        """The key of this id, from memory."""
        return self._keys.get(key_id)

    def all(self) -> Sequence[ApiKey]:
        """All keys, oldest first."""
        return sorted(self._keys.values(), key=lambda key: (key.created_at, key.id))


def _values_of(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "secret_sha256": key.secret_sha256,
        "test_mode": key.test_mode,
        "scopes": sorted(scope.value for scope in key.scopes),
        "merchants": None if key.merchants is None else sorted(key.merchants),
        "created_at_us": microseconds(key.created_at),
        "expires_at_us": None if key.expires_at is None else microseconds(key.expires_at),
        "revoked_at_us": None if key.revoked_at is None else microseconds(key.revoked_at),
    }


def _key_of(row: Any) -> ApiKey:  # noqa: ANN401 - a row's columns have no type
    return ApiKey(
        id=row.id,
        name=row.name,
        secret_sha256=row.secret_sha256,
        test_mode=row.test_mode,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        merchants=None if row.merchants is None else frozenset(row.merchants),
        created_at=instant(row.created_at_us),
        expires_at=None if row.expires_at_us is None else instant(row.expires_at_us),
        revoked_at=None if row.revoked_at_us is None else instant(row.revoked_at_us),
    )
