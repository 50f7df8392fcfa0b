"""Policies on SQLite: append-only; the newest of each merchant is in memory, for a decision waits for it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError

from engine.errors import PolicyChanged, PolicyInvalid, StoreInvalid
from engine.policy import PublishedPolicy, policy_of
from engine.stores.sql.sqlite import reader_engine, unavailable
from engine.stores.sql.tables import POLICIES, instant, microseconds
from engine.stores.sql.writer import Writer


class SqlPolicies:
    """The policies port on SQLite. What is in memory follows what is durable, never the other way round."""

    def __init__(self, writer: Writer, file: Path) -> None:
        """Load every merchant's newest. Raises StoreInvalid where one cannot be read."""
        self._writer = writer
        self._readers = reader_engine(file)
        newest = (
            select(POLICIES.c.merchant_id, func.max(POLICIES.c.number).label("number"))
            .group_by(POLICIES.c.merchant_id)
            .subquery()
        )
        is_newest = and_(POLICIES.c.merchant_id == newest.c.merchant_id, POLICIES.c.number == newest.c.number)
        with self._readers.connect() as connection:
            rows = connection.execute(select(POLICIES).join(newest, is_newest)).all()
        self._current = {row.merchant_id: _loaded(file, row) for row in rows}

    def current(self, merchant_id: str) -> PublishedPolicy | None:
        """The newest version, from memory."""
        return self._current.get(merchant_id)

    def all(self) -> Sequence[PublishedPolicy]:
        """The newest version of every merchant that has one."""
        return list(self._current.values())

    def append(self, published: PublishedPolicy) -> None:
        """Keep a version durably. Raises PolicyChanged where its number is taken, LedgerUnavailable."""
        new = insert(POLICIES).values(_values_of(published)).on_conflict_do_nothing()
        with self._writer.transaction() as connection:
            is_new = connection.execute(new).rowcount == 1
        if not is_new:
            raise PolicyChanged(f"Version {published.number} of this policy was published meanwhile.")
        self._current[published.merchant_id] = published

    def history(self, merchant_id: str, *, before: int | None, limit: int) -> Sequence[PublishedPolicy]:
        """At most `limit` versions with numbers below `before`, newest first. Raises LedgerUnavailable."""
        asked = select(POLICIES).where(POLICIES.c.merchant_id == merchant_id)
        if before is not None:
            asked = asked.where(POLICIES.c.number < before)
        try:
            with self._readers.connect() as connection:
                rows = connection.execute(asked.order_by(POLICIES.c.number.desc()).limit(limit)).all()
        except DBAPIError as error:
            raise unavailable(error) from error
        return [_published_of(row) for row in rows]


def _loaded(file: Path, row: Any) -> PublishedPolicy:  # noqa: ANN401 - a row's columns have no type
    try:
        return _published_of(row)
    except PolicyInvalid as error:
        raise StoreInvalid(
            f"{file}: policy {row.number} of the merchant {row.merchant_id!r} cannot be read ({error}). "
            "Start the version of Assay that wrote it, or restore the file from a backup."
        ) from error


def _values_of(published: PublishedPolicy) -> dict[str, object]:
    return {
        "merchant_id": published.merchant_id,
        "number": published.number,
        "published_at_us": microseconds(published.published_at),
        "published_by": published.published_by,
        "version": published.policy.version,
        "content": published.policy.content(),
    }


def _published_of(row: Any) -> PublishedPolicy:  # noqa: ANN401 - a row's columns have no type
    return PublishedPolicy(
        merchant_id=row.merchant_id,
        number=row.number,
        policy=policy_of(row.content),
        published_at=instant(row.published_at_us),
        published_by=row.published_by,
    )
