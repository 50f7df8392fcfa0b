"""Which records of decisions cannot be read, though the pages that they lie on are whole."""

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, Final

import orjson

from engine.decision import recorded_decision
from engine.errors import LedgerUnavailable
from engine.payment_record import payment_of
from engine.stores.sql.records import record_of
from engine.stores.sql.steps import DECISION_ROW
from engine.stores.sql.tables import DECISIONS

ROWS_AT_ONCE: Final = 500
"""A query that goes on for minutes would keep a server's WAL from starting anew meanwhile: each reads so few."""

_BEHIND = f"""
SELECT position, {", ".join(DECISION_ROW)} FROM {DECISIONS.name} WHERE position > ? ORDER BY position LIMIT ?
"""  # noqa: S608 - the names of columns, no input


def unreadable_records(driver: sqlite3.Connection, progress: Callable[[int], None]) -> Iterator[str]:
    """The ids of decisions of which a part cannot be unpacked or is not what it should be, oldest first.

    `progress` is told how many records were looked at. Raises sqlite3.Error.
    """
    position, count = -1, 0
    while rows := driver.execute(_BEHIND, (position, ROWS_AT_ONCE)).fetchall():
        yield from (str(row[1]) for row in rows if not _is_readable(row[1:]))
        position, count = rows[-1][0], count + len(rows)
        progress(count)


def _is_readable(row: tuple[Any, ...]) -> bool:
    """Whether a start, a retry and a replay could read the record."""
    try:
        record = record_of(row)
        recorded_decision(record.decision)
        payment_of(record.payment)
        orjson.loads(record.answer)
    except (LedgerUnavailable, AttributeError, LookupError, TypeError, ValueError):
        # What was tampered with need not be of the type that it was.
        return False
    return True
