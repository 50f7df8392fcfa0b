"""Outcomes on SQLite: append-only, each report once."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from engine.errors import LedgerUnavailable
from engine.ledger import DecisionRecord
from engine.outcome import Outcome, OutcomeKind
from engine.payment import MICROSECOND
from engine.stores.sql.group_commit import GroupCommit
from engine.stores.sql.records import record_of
from engine.stores.sql.sqlite import PointReader, compiled, reader_engine, streamed
from engine.stores.sql.steps import DECISION_ROW, outcomes_of
from engine.stores.sql.steps import OUTCOME_ROW as _ROW
from engine.stores.sql.tables import OUTCOMES, instant, microseconds
from engine.stores.sql.writer import Row, Writer

_IDEMPOTENCY_KEY = ("merchant_id", "test_mode", "idempotency_key")
_PAYMENT = ("merchant_id", "test_mode", "transaction_id")
_REPORT = (*_PAYMENT, "decision_id", "fingerprint")
_COLUMNS = select(*(OUTCOMES.c[name] for name in _ROW))


def _where(*names: str) -> str:
    return compiled(_COLUMNS.where(*(OUTCOMES.c[name] == bindparam(name) for name in names)), *names)


_INSERT = compiled(insert(OUTCOMES).values({name: bindparam(name) for name in _ROW}).on_conflict_do_nothing(), *_ROW)
_BY_IDEMPOTENCY_KEY, _BY_REPORT = _where(*_IDEMPOTENCY_KEY), _where(*_REPORT)
_OF_PAYMENT = tuple(OUTCOMES.c[name] == bindparam(name) for name in _PAYMENT)
_BY_TRANSACTION = compiled(_COLUMNS.where(*_OF_PAYMENT).order_by(OUTCOMES.c.id), *_PAYMENT)
# By position: of those received within one microsecond the order of the ids is chance, and a page would skip some.
_POSITION = compiled(
    select(OUTCOMES.c.position).where(
        *_OF_PAYMENT, OUTCOMES.c.decision_id == bindparam("decision_id"), OUTCOMES.c.id == bindparam("id")
    ),
    *(*_PAYMENT, "decision_id", "id"),
)
_BY_DECISION = compiled(
    _COLUMNS.where(
        *_OF_PAYMENT, OUTCOMES.c.decision_id == bindparam("decision_id"), OUTCOMES.c.position > bindparam("after")
    )
    .order_by(OUTCOMES.c.position)
    .limit(bindparam("limit"))
    .offset(bindparam("offset")),
    *(*_PAYMENT, "decision_id", "after", "limit", "offset"),
)
_BEHIND = compiled(
    select(*(OUTCOMES.c[name] for name in (*_ROW, "position")))
    .where(OUTCOMES.c.position > bindparam("after"))
    .order_by(OUTCOMES.c.position)
    .limit(bindparam("limit"))
    .offset(bindparam("offset")),
    *("after", "limit", "offset"),
)
# In SQLite's own words, as in ledger.py: INDEXED BY and CROSS JOIN make it walk the index in the order wanted.
_RECENT = f"""
WITH newest AS MATERIALIZED (
    SELECT merchant_id, test_mode, max(at_us) AS at_us
    FROM (
        SELECT merchant_id, test_mode, max(at_us) AS at_us
        FROM decisions INDEXED BY ix_decisions_observed
        GROUP BY merchant_id, test_mode
        UNION ALL
        SELECT merchant_id, test_mode, max(received_at_us)
        FROM outcomes INDEXED BY ix_outcomes_received
        GROUP BY merchant_id, test_mode
    )
    GROUP BY merchant_id, test_mode
)
SELECT {", ".join(f"o.{name}" for name in _ROW)}, {", ".join(f"d.{name}" for name in DECISION_ROW)}
FROM outcomes AS o INDEXED BY ix_outcomes_received
CROSS JOIN newest AS n ON o.merchant_id = n.merchant_id AND o.test_mode = n.test_mode
CROSS JOIN decisions AS d ON d.id = o.decision_id
WHERE o.received_at_us > n.at_us - ?
ORDER BY o.received_at_us, o.merchant_id, o.test_mode, o.position
"""  # noqa: S608 - the names of columns, no input


class SqlOutcomes:
    """The outcomes port on SQLite. It belongs to one event loop."""

    def __init__(self, writer: Writer, group: GroupCommit, reader: PointReader, file: Path) -> None:
        """`file` is read over connections that cannot write; `reader` is kept open for point reads."""
        self._writer = writer
        self._group = group
        self._reader = reader
        self._readers = reader_engine(file)

    @property
    def appended(self) -> int:
        """How many outcomes were made durable; for the metrics."""
        return self._group.appended[_INSERT]

    async def find(self, decision: DecisionRecord, fingerprint: bytes, idempotency_key: str | None) -> Outcome | None:
        """What stands under the caller's key, else of this decision in this body. Raises LedgerUnavailable."""
        key = decision.key
        payment = (key.merchant_id, key.test_mode, key.transaction_id)
        return self._find((*payment, decision.id, fingerprint), idempotency_key)

    async def append(self, outcome: Outcome) -> Outcome:
        """Record durably, with all that wait; the first writer of a key wins and is returned.

        Raises LedgerUnavailable where it could not be made durable; then nothing was recorded.
        """
        return await self._group.append(_INSERT, (_row_of(outcome),), partial(self._standing, outcome))

    def record_all(self, outcomes: Sequence[Outcome]) -> None:
        """As `append` for many at once, in a transaction of their own. It waits for the disk: for a history.

        Raises LedgerUnavailable; then none was recorded.
        """
        if rows := [_row_of(each) for each in outcomes]:
            with self._writer.transaction() as connection:
                connection.exec_driver_sql(_INSERT, rows)

    async def of_decision(self, decision: DecisionRecord, *, after: str | None, limit: int) -> Sequence[Outcome]:
        """The outcomes of a decision as they were recorded, from behind the one of the id `after` on.

        Raises LedgerUnavailable, and ValueError where `after` is none of them.
        """
        key = decision.key
        named = (key.merchant_id, key.test_mode, key.transaction_id, decision.id)
        last = (0,) if after is None else self._reader.row(_POSITION, (*named, after))
        if last is None:
            raise ValueError
        return [_outcome_of(row) for row in self._reader.rows(_BY_DECISION, (*named, last[0], limit, 0))]

    async def of_transaction(self, merchant_id: str, transaction_id: str, *, test_mode: bool) -> Sequence[Outcome]:
        """The outcomes of all decisions of a payment, by id. Raises LedgerUnavailable."""
        rows = self._reader.rows(_BY_TRANSACTION, (merchant_id, test_mode, transaction_id))
        return [_outcome_of(row) for row in rows]

    def behind(self, position: int, limit: int) -> Sequence[tuple[int, Outcome]]:
        """The first outcomes behind a position in the order of commits, each with its own. Raises LedgerUnavailable."""
        return [(row[-1], _outcome_of(row[:-1])) for row in self._reader.rows(_BEHIND, (position, limit, 0))]

    def recent(self, window: timedelta) -> Iterator[tuple[Outcome, DecisionRecord]]:
        """Every outcome received within `window` before the newest of its merchant and mode, with its decision.

        In the order of receipt; the window is open at its far end, as a velocity's is. Raises LedgerUnavailable.
        """
        width = len(_ROW)
        for row in streamed(self._readers, _RECENT, (window // MICROSECOND,)):
            yield _outcome_of(row[:width]), record_of(row[width:])

    def recent_of(self, merchant_id: str, window: timedelta) -> Iterator[tuple[Outcome, DecisionRecord] | None]:
        """As `recent`, one merchant's alone, in small steps: None to pause at. Raises LedgerUnavailable."""
        width = len(_ROW)
        for row in outcomes_of(self._readers, merchant_id, window):
            yield None if row is None else (_outcome_of(row[:width]), record_of(row[width:]))

    def _standing(self, outcome: Outcome, new: int | None) -> Outcome:
        """The outcome that stands under this one's keys: this one where it is new, else the one that was first."""
        if new:
            return outcome
        payment = (outcome.merchant_id, outcome.test_mode, outcome.transaction_id)
        winner = self._find((*payment, outcome.decision_id, outcome.fingerprint), outcome.idempotency_key)
        if winner is None:
            raise LedgerUnavailable("The outcome was not recorded, and none stands in its place. Retry.")
        return winner

    def _find(self, report: Row, idempotency_key: str | None) -> Outcome | None:
        row = None
        if idempotency_key is not None:
            row = self._reader.row(_BY_IDEMPOTENCY_KEY, (*report[:2], idempotency_key))
        if row is None:
            row = self._reader.row(_BY_REPORT, report)
        return None if row is None else _outcome_of(row)


def _row_of(outcome: Outcome) -> Row:
    return (
        outcome.id,
        outcome.decision_id,
        outcome.merchant_id,
        outcome.test_mode,
        outcome.transaction_id,
        outcome.kind.value,
        None if outcome.occurred_at is None else microseconds(outcome.occurred_at),
        microseconds(outcome.received_at),
        outcome.idempotency_key,
        outcome.fingerprint,
        outcome.details,
        outcome.answer,
    )


def _outcome_of(row: Any) -> Outcome:  # noqa: ANN401 - a driver's row has no type
    id_, decision_id, merchant_id, test_mode, transaction_id, kind, occurred_at_us, received_at_us = row[:8]
    idempotency_key, fingerprint, details, answer = row[8:]
    return Outcome(
        id=id_,
        decision_id=decision_id,
        merchant_id=merchant_id,
        test_mode=bool(test_mode),
        transaction_id=transaction_id,
        kind=OutcomeKind(kind),
        occurred_at=None if occurred_at_us is None else instant(occurred_at_us),
        received_at=instant(received_at_us),
        idempotency_key=idempotency_key,
        fingerprint=fingerprint,
        details=details,
        answer=answer,
    )
