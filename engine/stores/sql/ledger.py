"""The ledger on SQLite."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from engine.errors import LedgerUnavailable
from engine.ledger import DecisionRecord, VersionKind
from engine.payment import MICROSECOND, PaymentKey, Stage
from engine.stores.sql.group_commit import GroupCommit
from engine.stores.sql.sqlite import compiled, connect_reader, reader_engine, streamed, unavailable
from engine.stores.sql.tables import DECISIONS, VERSIONS, instant, microseconds
from engine.stores.sql.writer import Row, Writer

_ROW = tuple(column.name for column in DECISIONS.c if column.name != "position")
_KEY = ("merchant_id", "test_mode", "transaction_id", "stage")
_IDEMPOTENCY_KEY = ("merchant_id", "test_mode", "idempotency_key")


def _where(*names: str) -> str:
    columns = select(*(DECISIONS.c[name] for name in _ROW))
    return compiled(columns.where(*(DECISIONS.c[name] == bindparam(name) for name in names)), *names)


_INSERT = compiled(insert(DECISIONS).values({name: bindparam(name) for name in _ROW}).on_conflict_do_nothing(), *_ROW)
_BY_ID, _BY_KEY, _BY_IDEMPOTENCY_KEY = _where("id"), _where(*_KEY), _where(*_IDEMPOTENCY_KEY)
# The one statement in SQLite's own words: INDEXED BY and CROSS JOIN make it walk the index in the order wanted and look
# at a row only when it is wanted; left to plan alone it sorts whole rows, payments and all.
_RECENT = """
WITH newest AS MATERIALIZED (
    SELECT merchant_id, test_mode, max(at_us) AS at_us
    FROM decisions INDEXED BY ix_decisions_observed
    GROUP BY merchant_id, test_mode
)
SELECT id, d.merchant_id, d.test_mode, transaction_id, stage, d.at_us, sequence, counted_at_us,
       idempotency_key, fingerprint, payment, decision, answer
FROM decisions AS d INDEXED BY ix_decisions_observed
CROSS JOIN newest AS n ON d.merchant_id = n.merchant_id AND d.test_mode = n.test_mode
WHERE d.at_us > n.at_us - ?
ORDER BY d.sequence, d.at_us
"""
_VERSION = compiled(
    select(VERSIONS.c.content).where(VERSIONS.c.kind == bindparam("kind"), VERSIONS.c.version == bindparam("version")),
    "kind",
    "version",
)


class SqlLedger:
    """The ledger port on SQLite. It belongs to one event loop; `commits` and `appended` are for the metrics."""

    def __init__(self, writer: Writer, file: Path) -> None:
        """`file` is read over connections that cannot write; one is kept for point reads."""
        self._writer = writer
        self._readers = reader_engine(file)
        self._reader = connect_reader(file)
        self._group = GroupCommit(writer, _INSERT, self._stored)

    @property
    def commits(self) -> int:
        """How many transactions were committed."""
        return self._group.commits

    @property
    def appended(self) -> int:
        """How many records were made durable."""
        return self._group.appended

    async def find(self, key: PaymentKey, idempotency_key: str | None) -> DecisionRecord | None:
        """The decision under the caller's idempotency key, else under the payment's key. Raises LedgerUnavailable.

        It reads on the event loop's thread: the pages are in memory, a read takes 10-20 us, and handing it to a thread
        costs more than that, and under load many milliseconds (group_commit.py says why).
        """
        if idempotency_key is not None:
            record = self._one(_BY_IDEMPOTENCY_KEY, (key.merchant_id, key.test_mode, idempotency_key))
            if record is not None:
                return record
        return self._one(_BY_KEY, (key.merchant_id, key.test_mode, key.transaction_id, key.stage.value))

    async def append(self, record: DecisionRecord) -> DecisionRecord:
        """Record durably, with all that wait; the first writer of a key wins and is returned.

        Raises LedgerUnavailable where it could not be made durable; then nothing was recorded.
        """
        return await self._group.append(record, _row_of(record))

    async def get(self, decision_id: str) -> DecisionRecord | None:
        """The decision of this id. Raises LedgerUnavailable."""
        return self._one(_BY_ID, (decision_id,))

    def recent(self, window: timedelta) -> Iterator[DecisionRecord]:
        """Every decision received within `window` before the newest of its merchant and mode, in the order of observe.

        The window is open at its far end, as a velocity's is. Raises LedgerUnavailable.
        """
        return map(_record_of, streamed(self._readers, _RECENT, (window // MICROSECOND,)))

    def keep_version(self, kind: VersionKind, version: str, content: bytes) -> None:
        """Keep durably what a version consists of; the first content stands. Raises LedgerUnavailable."""
        with self._writer.transaction() as connection:
            new = insert(VERSIONS).values(kind=kind.value, version=version, content=content)
            connection.execute(new.on_conflict_do_nothing())

    def version(self, kind: VersionKind, version: str) -> bytes | None:
        """What a version consists of. Raises LedgerUnavailable."""
        row = self._read(_VERSION, (kind.value, version))
        return None if row is None else row[0]

    async def check(self) -> None:
        """Write to the disk and back, unless a commit just did. Raises LedgerUnavailable where it fails or hangs."""
        await self._group.check()

    def close(self) -> None:
        """Commit what waits and answer its callers; what comes later is refused. Again is no fault."""
        self._group.close()
        self._reader.close()

    def _stored(self, record: DecisionRecord) -> DecisionRecord:
        """The record that stands under this one's keys: this one, or the one that was first."""
        if record.idempotency_key is not None:
            scope = (record.key.merchant_id, record.key.test_mode)
            winner = self._one(_BY_IDEMPOTENCY_KEY, (*scope, record.idempotency_key))
            if winner is not None:
                return winner
        winner = self._one(_BY_KEY, _row_of(record)[1:5])
        if winner is None:
            # Only the id can have been in the way: two payments must never share one.
            raise LedgerUnavailable(f"The decision id {record.id} is taken by another payment. Retry.")
        return winner

    def _one(self, sql: str, parameters: Row) -> DecisionRecord | None:
        row = self._read(sql, parameters)
        return None if row is None else _record_of(row)

    def _read(self, sql: str, parameters: Row) -> Any:  # noqa: ANN401 - a driver's row has no type
        try:
            # All rows, though there is at most one: the statement is at its end then, and pins no old state.
            rows = self._reader.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise unavailable(error) from error
        return rows[0] if rows else None


def _row_of(record: DecisionRecord) -> Row:
    key = record.key
    return (
        record.id,
        key.merchant_id,
        key.test_mode,
        key.transaction_id,
        key.stage.value,
        microseconds(record.at),
        record.sequence,
        microseconds(record.counted_at),
        record.idempotency_key,
        record.fingerprint,
        record.payment,
        record.decision,
        record.answer,
    )


def _record_of(row: Any) -> DecisionRecord:  # noqa: ANN401 - a driver's row has no type
    id_, merchant_id, test_mode, transaction_id, stage, at_us, *counted, idempotency_key = row[:9]
    sequence, counted_at_us = counted
    fingerprint, payment, decision, answer = row[9:]
    return DecisionRecord(
        id=id_,
        key=PaymentKey(
            merchant_id=merchant_id, test_mode=bool(test_mode), transaction_id=transaction_id, stage=Stage(stage)
        ),
        at=instant(at_us),
        sequence=sequence,
        counted_at=instant(counted_at_us),
        idempotency_key=idempotency_key,
        fingerprint=fingerprint,
        payment=payment,
        decision=decision,
        answer=answer,
    )
