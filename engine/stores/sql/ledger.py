"""The ledger on SQLite."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import bindparam, literal_column, select
from sqlalchemy.dialects.sqlite import insert

from engine.errors import LedgerUnavailable
from engine.ledger import KEYS_A_DECISION_MAX, DecisionRecord, NoteDamaged, PaymentName, VersionKind
from engine.payment import MICROSECOND, PaymentKey
from engine.stores.sql.group_commit import GroupCommit
from engine.stores.sql.records import key_row, readable, record_of, row_of
from engine.stores.sql.seen import Seen
from engine.stores.sql.sqlite import PointReader, compiled, reader_engine, streamed
from engine.stores.sql.steps import DECISION_ROW as ROW
from engine.stores.sql.steps import decisions_of
from engine.stores.sql.tables import DECISIONS, IDEMPOTENCY_KEYS, VERSIONS, microseconds
from engine.stores.sql.writer import Row, Writer

_KEY = ("merchant_id", "test_mode", "transaction_id", "stage")
_IDEMPOTENCY_KEY = ("merchant_id", "test_mode", "idempotency_key")


def _where(*names: str) -> str:
    columns = select(*(DECISIONS.c[name] for name in ROW))
    return compiled(columns.where(*(DECISIONS.c[name] == bindparam(name) for name in names)), *names)


_KEY_IS_NEW = """NOT EXISTS (
    SELECT 1 FROM {table}
    WHERE merchant_id = {merchant_id} AND test_mode = {test_mode} AND idempotency_key = {idempotency_key}
)"""
# In SQLite's own words, for numbered parameters. Two tables hold keys and no constraint spans both: each insert looks
# into the other's, in one transaction; a payment that comes without a key pays nothing for it.
_PLACES = {name: f"?{number}" for number, name in enumerate(ROW, start=1)}
_INTO = f"INSERT INTO decisions ({', '.join(_PLACES)})"
_INSERT_KEYLESS = f"{_INTO} VALUES ({', '.join(_PLACES.values())}) ON CONFLICT DO NOTHING"
"""Where there is no key to look for, all else that the other does still takes a fifth of a row's time."""
_INSERT = f"""
{_INTO}
SELECT {", ".join(_PLACES.values())}
WHERE {_PLACES["idempotency_key"]} IS NULL OR {_KEY_IS_NEW.format(table="idempotency_keys", **_PLACES)}
ON CONFLICT DO NOTHING
"""
_REMEMBER = f"""
INSERT INTO idempotency_keys (merchant_id, test_mode, idempotency_key, decision_id)
SELECT ?1, ?2, ?3, ?4
WHERE {_KEY_IS_NEW.format(table="decisions", merchant_id="?1", test_mode="?2", idempotency_key="?3")}
  AND (SELECT count(*) FROM idempotency_keys WHERE decision_id = ?4) < {KEYS_A_DECISION_MAX}
ON CONFLICT DO NOTHING
"""  # noqa: S608 - a number of ours, no input
_BY_ID, _BY_KEY, _BY_IDEMPOTENCY_KEY = _where("id"), _where(*_KEY), _where(*_IDEMPOTENCY_KEY)
_BY_REMEMBERED_KEY = compiled(
    select(*(DECISIONS.c[name] for name in ROW))
    .join_from(IDEMPOTENCY_KEYS, DECISIONS, DECISIONS.c.id == IDEMPOTENCY_KEYS.c.decision_id)
    .where(*(IDEMPOTENCY_KEYS.c[name] == bindparam(name) for name in _IDEMPOTENCY_KEY)),
    *_IDEMPOTENCY_KEY,
)
_PAYMENT = ("merchant_id", "test_mode", "transaction_id")
_OF_PAYMENT = tuple(DECISIONS.c[name] == bindparam(name) for name in _PAYMENT)
_BY_TRANSACTION = compiled(
    select(*(DECISIONS.c[name] for name in ROW)).where(*_OF_PAYMENT).order_by(DECISIONS.c.at_us, DECISIONS.c.position),
    *_PAYMENT,
)
_HOLDS = compiled(select(literal_column("1")).where(*_OF_PAYMENT), *_PAYMENT)
_COUNT_AT_MOST = "SELECT (SELECT max(position) FROM decisions), (SELECT count(*) FROM idempotency_keys)"
_NAMES = """
SELECT merchant_id, transaction_id FROM decisions
UNION ALL SELECT merchant_id, idempotency_key FROM decisions WHERE idempotency_key IS NOT NULL
UNION ALL SELECT merchant_id, idempotency_key FROM idempotency_keys
"""
_NTH = "SELECT 1 FROM decisions WHERE test_mode = ? {of_merchant} LIMIT 1 OFFSET ?"
_SUPERSEDED_BY = compiled(
    select(DECISIONS.c.transaction_id)
    .where(
        DECISIONS.c.merchant_id == bindparam("merchant_id"),
        DECISIONS.c.test_mode == bindparam("test_mode"),
        DECISIONS.c.supersedes == bindparam("supersedes"),
    )
    .order_by(DECISIONS.c.position.desc()),
    *("merchant_id", "test_mode", "supersedes"),
)
_SUPERSEDED = compiled(
    select(DECISIONS.c.merchant_id, DECISIONS.c.test_mode, DECISIONS.c.supersedes)
    .where(DECISIONS.c.supersedes.is_not(None))
    .distinct()
)
_REPLACING = compiled(
    select(DECISIONS.c.merchant_id, DECISIONS.c.test_mode).where(DECISIONS.c.supersedes.is_not(None)).distinct()
)
_SUPERSEDED_OF_ONE = compiled(
    select(DECISIONS.c.merchant_id, DECISIONS.c.test_mode, DECISIONS.c.supersedes)
    .where(DECISIONS.c.merchant_id == bindparam("merchant_id"), DECISIONS.c.supersedes.is_not(None))
    .distinct(),
    "merchant_id",
)
# In SQLite's own words, as in outcomes.py: INDEXED BY and CROSS JOIN make it walk the index in the order wanted and
# look at a row only when it is wanted; left to plan alone it sorts whole rows, payments and all.
_RECENT = """
WITH newest AS MATERIALIZED (
    SELECT merchant_id, test_mode, max(at_us) AS at_us
    FROM decisions INDEXED BY ix_decisions_observed
    GROUP BY merchant_id, test_mode
)
SELECT id, d.merchant_id, d.test_mode, transaction_id, stage, d.at_us, sequence, counted_at_us,
       idempotency_key, fingerprint, payment, decision, answer, supersedes
FROM decisions AS d INDEXED BY ix_decisions_observed
CROSS JOIN newest AS n ON d.merchant_id = n.merchant_id AND d.test_mode = n.test_mode
WHERE d.at_us > n.at_us - ?
ORDER BY d.sequence, d.at_us
"""
_BETWEEN = """
SELECT id, merchant_id, test_mode, transaction_id, stage, at_us, sequence, counted_at_us,
       idempotency_key, fingerprint, payment, decision, answer, supersedes
FROM decisions INDEXED BY ix_decisions_observed
WHERE at_us >= ? AND at_us < ? AND (? IS NULL OR merchant_id = ?)
ORDER BY sequence, at_us
"""
_BEHIND = compiled(
    select(*(DECISIONS.c[name] for name in (*ROW, "position")))
    .where(DECISIONS.c.position > bindparam("after"))
    .order_by(DECISIONS.c.position)
    .limit(bindparam("limit"))
    .offset(bindparam("offset")),
    *("after", "limit", "offset"),
)
_VERSION = compiled(
    select(VERSIONS.c.content).where(VERSIONS.c.kind == bindparam("kind"), VERSIONS.c.version == bindparam("version")),
    "kind",
    "version",
)


class SqlLedger:
    """The ledger port on SQLite. It belongs to one event loop; `commits` and `appended` are for the metrics."""

    def __init__(
        self, writer: Writer, group: GroupCommit, reader: PointReader, file: Path, *, writes_alone: bool = False
    ) -> None:
        """`file` is read over connections that cannot write; `reader` is kept open for point reads.

        `writes_alone` says that nobody else adds decisions while this is open: what it knows of them stays true.
        """
        self._writer = writer
        self._readers = reader_engine(file)
        self._reader = reader
        self._group = group
        # Nearly no merchant ever replaces a payment, and each payment asks whether it was replaced.
        self._replacing = {row[:2] for row in reader.rows(_REPLACING, ())} if writes_alone else None
        self._writes_alone = writes_alone
        self._seen: Seen | None = None

    @property
    def commits(self) -> int:
        """How many transactions were committed: of decisions, outcomes and labels."""
        return self._group.commits

    @property
    def failures(self) -> int:
        """How many transactions failed."""
        return self._group.failures

    @property
    def appended(self) -> int:
        """How many decisions were made durable."""
        return self._group.appended[_INSERT] + self._group.appended[_INSERT_KEYLESS]

    def know_names(self) -> None:
        """Know from now on without the disk which payments and keys are new; a million take a second to read.

        It is for a server: whoever asks for few has nothing from it. Raises LedgerUnavailable.
        """
        assert self._writes_alone, "another writer's payments would not be known"
        payments, keys = self._reader.row(_COUNT_AT_MOST, ())
        # As many as there are, with as many keys as payments at most, and room for as many again.
        self._seen = Seen(streamed(self._readers, _NAMES, ()), 2 * ((payments or 0) + keys))

    async def find(self, key: PaymentKey, idempotency_key: str | None) -> DecisionRecord | None:
        """The decision under the caller's idempotency key, else under the payment's key. Raises LedgerUnavailable."""
        if self._is_new(key, idempotency_key):
            return None
        record = None if idempotency_key is None else self._named(key, idempotency_key)
        return record or self._one(_BY_KEY, key_row(key))

    async def append(self, record: DecisionRecord) -> DecisionRecord:
        """Record durably, with all that wait; the first writer of a key wins and is returned.

        Raises LedgerUnavailable where it could not be made durable; then nothing was recorded.
        """
        self._note(record)
        statement = _INSERT_KEYLESS if record.idempotency_key is None else _INSERT
        return await self._group.append(statement, (record,), partial(self._standing, record), row_of=row_of)

    def record_all(self, records: Sequence[DecisionRecord]) -> None:
        """As `append` for many at once, in a transaction of their own. It waits for the disk: for a history.

        Raises LedgerUnavailable; then none was recorded.
        """
        for record in records:
            self._note(record)
        if rows := [row_of(each) for each in records]:
            with self._writer.transaction() as connection:
                connection.exec_driver_sql(_INSERT, rows)

    async def remember_key(self, idempotency_key: str, record: DecisionRecord) -> DecisionRecord:
        """Keep durably, with all that wait, that this key names the decision too; what the key names then.

        Raises LedgerUnavailable where it could not be made durable; then nothing was kept.
        """
        named = self._named(record.key, idempotency_key)
        if named is not None:
            return named
        if self._seen is not None:
            self._seen.add((record.key.merchant_id, idempotency_key))
        row = (record.key.merchant_id, record.key.test_mode, idempotency_key, record.id)
        return await self._group.append(_REMEMBER, (row,), partial(self._remembered, idempotency_key, record))

    async def get(self, decision_id: str) -> DecisionRecord | None:
        """The decision of this id. Raises LedgerUnavailable."""
        return self._one(_BY_ID, (decision_id,))

    async def of_transaction(
        self, merchant_id: str, transaction_id: str, *, test_mode: bool
    ) -> Sequence[DecisionRecord]:
        """The decisions of all stages of a payment, oldest first. Raises LedgerUnavailable."""
        return [record_of(row) for row in self._reader.rows(_BY_TRANSACTION, (merchant_id, test_mode, transaction_id))]

    async def holds(self, merchant_id: str, transaction_id: str, *, test_mode: bool) -> bool:
        """Whether any stage of a payment was decided. Raises LedgerUnavailable."""
        return self._reader.row(_HOLDS, (merchant_id, test_mode, transaction_id)) is not None

    async def holds_many(self, merchant_id: str | None, count: int, *, test_mode: bool) -> bool:
        """Whether at least so many decisions are kept, of one merchant or of all. Raises LedgerUnavailable."""
        of_merchant = "" if merchant_id is None else "AND merchant_id = ?"
        asked = (test_mode, count - 1) if merchant_id is None else (test_mode, merchant_id, count - 1)
        return self._reader.row(_NTH.format(of_merchant=of_merchant), asked) is not None

    async def superseded_by(self, merchant_id: str, transaction_id: str, *, test_mode: bool) -> str | None:
        """The transaction id of the newest payment that replaces this one. Raises LedgerUnavailable."""
        if self._replacing is not None and (merchant_id, test_mode) not in self._replacing:
            return None
        row = self._reader.row(_SUPERSEDED_BY, (merchant_id, test_mode, transaction_id))
        return None if row is None else row[0]

    def superseded(self, merchant_id: str | None = None) -> Iterator[PaymentName]:
        """Every payment, of one merchant or all, that another one replaced. Raises LedgerUnavailable."""
        if merchant_id is None:
            rows = streamed(self._readers, _SUPERSEDED, ())
        else:
            rows = streamed(self._readers, _SUPERSEDED_OF_ONE, (merchant_id,))
        return ((merchant_id, bool(test_mode), transaction_id) for merchant_id, test_mode, transaction_id in rows)

    def recent(self, window: timedelta) -> Iterator[DecisionRecord]:
        """Every decision received within `window` before the newest of its merchant and mode, in the order of observe.

        The window is open at its far end, as a velocity's is. Raises LedgerUnavailable.
        """
        return map(record_of, streamed(self._readers, _RECENT, (window // MICROSECOND,)))

    def recent_of(self, merchant_id: str, window: timedelta) -> Iterator[DecisionRecord | None]:
        """As `recent`, one merchant's alone, in small steps: None to pause at. Raises LedgerUnavailable."""
        for row in decisions_of(self._readers, merchant_id, window):
            yield None if row is None else record_of(row)

    def between(
        self, start: datetime, end: datetime, merchant_id: str | None = None, *, damaged: NoteDamaged | None = None
    ) -> Iterator[DecisionRecord]:
        """Every decision received from `start` until before `end`, in the order of observe. Raises LedgerUnavailable.

        The index is read from end to end, and of the rows only those that are wanted.
        """
        parameters = (microseconds(start), microseconds(end), merchant_id, merchant_id)
        rows = streamed(self._readers, _BETWEEN, parameters)
        return map(record_of, rows) if damaged is None else readable(rows, damaged)

    def behind(self, position: int, limit: int) -> Sequence[tuple[int, DecisionRecord]]:
        """The first decisions behind a position by commits, each with its own. Raises LedgerUnavailable."""
        return [(row[-1], record_of(row[:-1])) for row in self._reader.rows(_BEHIND, (position, limit, 0))]

    def keep_version(self, kind: VersionKind, version: str, content: bytes) -> None:
        """Keep durably what a version consists of; the first content stands. Raises LedgerUnavailable."""
        with self._writer.transaction() as connection:
            new = insert(VERSIONS).values(kind=kind.value, version=version, content=content)
            connection.execute(new.on_conflict_do_nothing())

    def version(self, kind: VersionKind, version: str) -> bytes | None:
        """What a version consists of. Raises LedgerUnavailable."""
        row = self._reader.row(_VERSION, (kind.value, version))
        return None if row is None else row[0]

    async def check(self) -> None:
        """Write to the disk and back, unless a commit just did. Raises LedgerUnavailable where it fails or hangs."""
        await self._group.check()

    def _is_new(self, key: PaymentKey, idempotency_key: str | None) -> bool:
        """Whether it is certain that neither the payment nor the key was ever recorded."""
        seen, merchant_id = self._seen, key.merchant_id
        return (
            seen is not None
            and (merchant_id, key.transaction_id) not in seen
            and (idempotency_key is None or (merchant_id, idempotency_key) not in seen)
        )

    def _note(self, record: DecisionRecord) -> None:
        """Know what is about to be recorded; where it fails, one look too many does no harm."""
        key = record.key
        if self._seen is not None:
            self._seen.add((key.merchant_id, key.transaction_id))
            if record.idempotency_key is not None:
                self._seen.add((key.merchant_id, record.idempotency_key))
        if self._replacing is not None and record.supersedes is not None:
            # Look from now on for payments that were replaced at this merchant.
            self._replacing.add((key.merchant_id, key.test_mode))

    def _standing(self, record: DecisionRecord, new: int | None) -> DecisionRecord:
        """The record that stands under this one's keys: this one where it is new, else the one that was first."""
        if new:
            return record
        winner = None if record.idempotency_key is None else self._named(record.key, record.idempotency_key)
        winner = winner or self._one(_BY_KEY, key_row(record.key))
        if winner is None:
            # Only the id can have been in the way: two payments must never share one.
            raise LedgerUnavailable(f"The decision id {record.id} is taken by another payment. Retry.")
        return winner

    def _remembered(self, idempotency_key: str, record: DecisionRecord, new: int | None) -> DecisionRecord:
        """What the key names: this decision where that is new, or where it has too many keys to keep one more."""
        return record if new else self._named(record.key, idempotency_key) or record

    def _named(self, key: PaymentKey, idempotency_key: str) -> DecisionRecord | None:
        """The decision that a caller's key names, its own or one remembered."""
        parameters = (key.merchant_id, key.test_mode, idempotency_key)
        return self._one(_BY_IDEMPOTENCY_KEY, parameters) or self._one(_BY_REMEMBERED_KEY, parameters)

    def _one(self, sql: str, parameters: Row) -> DecisionRecord | None:
        row = self._reader.row(sql, parameters)
        return None if row is None else record_of(row)
